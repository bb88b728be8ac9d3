import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { micros, microsToSeconds, secondsToMicros } from './index.ts';

test('seconds round to the nearest microsecond', () => {
  expect([0, 1, 0.1, 5.0000005, 1e-7].map(secondsToMicros)).toEqual([0, 1_000_000, 100_000, 5_000_001, 0]);
});

test('an instant keeps its microseconds through seconds for as long as a century', () => {
  const century = 100 * 366 * 86_400 * 1_000_000;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: century }), (instant) => {
      expect(secondsToMicros(microsToSeconds(micros(instant)))).toBe(instant);
    }),
  );
});
