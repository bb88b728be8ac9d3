import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromMilli, milli, toMilli } from './index.ts';

test('half thousandths round away from zero', () => {
  expect([0.0005, 0.0004, 1.0005, 2.5, 0.0015].map(toMilli)).toEqual([1, 0, 1001, 2500, 2]);
  expect([-0.0005, -0.0004, -1.4994, -2.5].map(toMilli)).toEqual([-1, 0, -1499, -2500]);
});

test('sums of decimals are exact', () => {
  expect(toMilli(0.1) + toMilli(0.2)).toBe(toMilli(0.3));
  expect(fromMilli(milli(toMilli(0.1) + toMilli(0.2)))).toBe(0.3);
});

test('what is written is read back the same, up to 2^40 units', () => {
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 40) * 1000, max: 2 ** 40 * 1000 }), (thousandths) => {
      expect(toMilli(fromMilli(milli(thousandths)))).toBe(thousandths);
    }),
  );
});
