import { expect, test } from 'vitest';
import { parseAttributes } from './index.ts';

function told(text: string): unknown {
  const parsed = parseAttributes(text);
  return parsed.ok ? parsed.value : parsed.error;
}

test('numbers, ranges and texts are told apart, in order, repeated names kept', () => {
  expect(told(' rack : r 1; cores:16.5;ports:[1-4, 5-9];rack:r2; ')).toEqual([
    { name: 'rack', type: 'TEXT', text: 'r1' },
    { name: 'cores', type: 'SCALAR', scalar: 16500 },
    { name: 'ports', type: 'RANGES', ranges: [{ begin: 1, end: 9 }] },
    { name: 'rack', type: 'TEXT', text: 'r2' },
  ]);
});

test('a name ends at the first colon', () => {
  expect(told('image:repo:5000')).toEqual([{ name: 'image', type: 'TEXT', text: 'repo:5000' }]);
});

test('a negative number is text', () => {
  expect(told('level: - 5')).toEqual([{ name: 'level', type: 'TEXT', text: '-5' }]);
});

test('sets, missing colons, empty names and values are refused', () => {
  expect(told('names:{a,b}')).toEqual({
    code: 'TEXT_MALFORMED',
    item: 'names:{a,b}',
    reason: 'VALUE_NOT_AN_ATTRIBUTE',
  });
  expect(told('rack')).toEqual({ code: 'TEXT_MALFORMED', item: 'rack', reason: 'COLON_MISSING' });
  expect(told('rack:')).toEqual({ code: 'TEXT_MALFORMED', item: 'rack:', reason: 'VALUE_EMPTY' });
  expect(told(':r1')).toEqual({ code: 'NAME_EMPTY' });
  expect(told('level:0.0001')).toEqual({ code: 'SCALAR_TOO_SMALL', name: 'level', value: '0.0001' });
});
