import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { LogHistogram, QUANTILE_ERROR_MAX } from './log-histogram.ts';

const SMALLEST = 2 ** -20;

/** Values of all magnitudes that a run has: microseconds to years in seconds, slowdowns, zero. */
const value = fc.oneof(
  fc.constantFrom(0, 1e-6, 1, 10, 2 ** 20, Number.MAX_SAFE_INTEGER),
  fc.nat(1_000),
  fc.double({ min: 0, max: 1e9, noNaN: true }),
  fc.double({ min: -18, max: 50, noNaN: true }).map((exponent) => 2 ** exponent),
);
const values = fc.array(value, { minLength: 1, maxLength: 300 });
const fraction = fc.oneof(
  fc.constantFrom(0, 0.5, 0.9, 0.95, 0.99, 1),
  fc.double({ min: 0, max: 1, noNaN: true }),
);

function histogramOf(list: readonly number[]): LogHistogram {
  const histogram = new LogHistogram();
  for (const entry of list) histogram.add(entry);
  return histogram;
}

/** Nearest rank over the sorted values. */
function exactQuantile(list: readonly number[], q: number): number {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1]!;
}

test('a quantile is within the stated error of the exact one', () => {
  fc.assert(
    fc.property(values, fraction, (list, q) => {
      const exact = exactQuantile(list, q);
      const found = histogramOf(list).quantile(q);
      if (exact < SMALLEST) expect(found).toBe(0);
      else expect(Math.abs(found - exact)).toBeLessThanOrEqual(QUANTILE_ERROR_MAX * exact * (1 + 1e-12));
    }),
  );
});

test('count and max are exact, and the mean is to rounding', () => {
  fc.assert(
    fc.property(values, (list) => {
      const histogram = histogramOf(list);
      const sum = list.reduce((total, entry) => total + entry, 0);
      expect(histogram.count).toBe(list.length);
      expect(histogram.max).toBe(Math.max(...list));
      expect(Math.abs(histogram.mean - sum / list.length)).toBeLessThanOrEqual(1e-12 * sum);
    }),
  );
});

test('two histograms added are the histogram of both lists', () => {
  fc.assert(
    fc.property(values, values, fraction, (left, right, q) => {
      const added = histogramOf(left);
      added.addAll(histogramOf(right));
      const both = histogramOf([...left, ...right]);
      expect(added.count).toBe(both.count);
      expect(added.max).toBe(both.max);
      expect(added.quantile(q)).toBe(both.quantile(q));
      expect(added.steps()).toEqual(both.steps());
    }),
  );
});

test('steps ascend and end at the number of values', () => {
  fc.assert(
    fc.property(values, (list) => {
      const steps = histogramOf(list).steps();
      for (let index = 1; index < steps.length; index++) {
        expect(steps[index]!.upTo).toBeGreaterThan(steps[index - 1]!.upTo);
        expect(steps[index]!.count).toBeGreaterThan(steps[index - 1]!.count);
      }
      expect(steps.at(-1)!.count).toBe(list.length);
    }),
  );
});

test('an empty histogram has zeros and no step', () => {
  const histogram = new LogHistogram();
  expect([histogram.count, histogram.mean, histogram.max, histogram.quantile(0.5)]).toEqual([0, 0, 0, 0]);
  expect(histogram.steps()).toEqual([]);
});

test('a negative value is refused', () => {
  expect(() => new LogHistogram().add(-1)).toThrow('histogram');
});
