import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { RollingHash } from './index.ts';

function digest(...parts: readonly (number | string)[]): string {
  const hash = new RollingHash();
  for (const part of parts) {
    if (typeof part === 'number') hash.add(part);
    else hash.addText(part);
  }
  return hash.digest();
}

const parts = fc.array(fc.oneof(fc.maxSafeInteger(), fc.string()), { maxLength: 8 });

test('one history gives one hash, of 16 hexadecimal digits', () => {
  fc.assert(
    fc.property(parts, (history) => {
      expect(digest(...history)).toBe(digest(...history));
      expect(digest(...history)).toMatch(/^[0-9a-f]{16}$/);
    }),
  );
  expect(digest()).toBe('9747b28c811c9dc5');
  expect(digest(1, 'offers', -7, 2 ** 40)).toBe('933330ef8fe2049a');
});

test('order, length, sign and the upper half of a number count', () => {
  const different: readonly (readonly (number | string)[])[] = [
    [],
    [0],
    [0, 0],
    [1],
    [-1],
    [2 ** 32],
    [2 ** 32 + 1],
    [2 ** 53 - 1],
    [1, 2],
    [2, 1],
    ['12'],
    ['1', '2'],
    ['', '12'],
    ['21'],
  ];
  expect(new Set(different.map((history) => digest(...history))).size).toBe(different.length);
});

test('a hundred thousand small histories give as many hashes', () => {
  const seen = new Set<string>();
  for (let a = 0; a < 320; a++) for (let b = 0; b < 320; b++) seen.add(digest(a, b));
  expect(seen.size).toBe(320 * 320);
});

test('a hash goes on from its digest as if it had never stopped', () => {
  fc.assert(
    fc.property(parts, parts, (before, after) => {
      const hash = RollingHash.from(digest(...before));
      expect(hash.digest()).toBe(digest(...before));
      for (const part of after) {
        if (typeof part === 'number') hash.add(part);
        else hash.addText(part);
      }
      expect(hash.digest()).toBe(digest(...before, ...after));
    }),
  );
});
