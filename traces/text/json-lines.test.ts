import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { locateJson } from './json-lines.ts';

test('what JSON.parse accepts has no error, whatever its layout', () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(0, 1, 4), (text, indent) => {
      expect(locateJson(JSON.stringify(JSON.parse(text), null, indent), 'jobs').error).toBeNull();
    }),
  );
});

test('a document is in error exactly if JSON.parse refuses it', () => {
  fc.assert(
    fc.property(
      fc.json(),
      fc.nat(),
      fc.constantFrom('', '}', ',', '"', 'x', '0', '\n'),
      (text, position, change) => {
        const at = position % (text.length + 1);
        const damaged = text.slice(0, at) + change + text.slice(at + 1);
        let parses = true;
        try {
          JSON.parse(damaged);
        } catch {
          parses = false;
        }
        expect(locateJson(damaged, 'jobs').error === null).toBe(parses);
      },
    ),
  );
});

test('each element of the wanted list has the line that it begins on', () => {
  const text = '{"a": [1],\n"jobs": [\n{"jobs": [\n7]},\n 2, 3\n]}';
  expect(locateJson(text, 'jobs').elements).toEqual([3, 5, 5]);
});

test('an error has its line and what was expected there', () => {
  expect(locateJson('{\n"a": 1,\n"b" 2}', 'jobs').error).toEqual({
    line: 3,
    problem: 'the document goes on with "2}", expected ":"',
  });
  expect(locateJson('{\n"a": [1,', 'jobs').error).toEqual({
    line: 2,
    problem: 'the document ends, expected a value',
  });
});
