import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ddmin } from './ddmin.ts';

test('what is left still fails, and nothing of it can be left out', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(40), { maxLength: 20 }),
      fc.uniqueArray(fc.nat(40), { maxLength: 5 }),
      (items, needed) => {
        const all = [...new Set([...items, ...needed])];
        const fails = (subset: readonly number[]): boolean => needed.every((one) => subset.includes(one));
        const left = ddmin(all, fails);
        expect(new Set(left)).toEqual(new Set(needed));
        expect(left).toHaveLength(needed.length);
      },
    ),
  );
});

test('asked enough, it answers with what it has found so far', () => {
  let asked = 0;
  const items = Array.from({ length: 64 }, (_, index) => index);
  const left = ddmin(items, (subset) => (++asked > 8 ? null : subset.includes(63)));
  expect(left.length).toBeLessThan(64);
  expect(left).toContain(63);
});
