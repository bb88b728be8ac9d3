import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { csvField } from '../export/csv-text.ts';
import { BadRow } from '../model/trace-error.ts';
import { splitFields } from './table.ts';

const field = fc.string({ unit: 'grapheme' }).filter((text) => !/[\r\n]/.test(text));

test('fields written with quotes where they need them split into the same fields', () => {
  fc.assert(
    fc.property(fc.array(field, { minLength: 1, maxLength: 6 }), (fields) => {
      const line = fields.map((text) => csvField(text, 'the field')).join(',');
      expect(splitFields(line, ',')).toEqual(fields);
    }),
  );
});

test('blanks of any number and kind separate fields', () => {
  expect(splitFields('  11\t 0   3418309 ', 'blanks')).toEqual(['11', '0', '3418309']);
});

test.each([
  ['a,"b', 'field 2 opens a quote that is not closed, expected it on the same line'],
  ['"a"b,c', 'field 1 goes on after its closing quote, expected ","'],
])('%j is refused', (line, message) => {
  expect(() => splitFields(line, ',')).toThrow(new BadRow('quotes', message));
});

test('a field with a line break is refused, since a row is a line', () => {
  expect(() => csvField('a\nb', 'the user')).toThrow(
    'the user "a\\nb" holds a line break, expected one line',
  );
});
