import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { MergedSeries } from './merged-series.ts';

const CAPACITY = 8;
const steps = fc.array(fc.record({ level: fc.nat(100), growth: fc.nat(50) }), {
  minLength: 1,
  maxLength: 200,
});

interface Fed {
  readonly series: MergedSeries;
  readonly levels: number[];
  readonly totals: number[];
}

function feed(list: readonly { level: number; growth: number }[]): Fed {
  const series = new MergedSeries(['mean', 'first'], CAPACITY);
  const totals: number[] = [];
  let total = 0;
  list.forEach(({ level, growth }, index) => {
    total += growth;
    totals.push(total);
    series.push(index * 10, [level, total]);
  });
  return { series, levels: list.map((step) => step.level), totals };
}

test('points hold the means and first values of equal runs of samples', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const { series, levels, totals } = feed(list);
      const { stride } = series;
      expect(series.points).toBe(Math.ceil(list.length / stride));
      expect(series.points).toBeLessThanOrEqual(CAPACITY);
      for (let point = 0; point < series.points; point++) {
        const part = levels.slice(point * stride, (point + 1) * stride);
        const mean = part.reduce((sum, level) => sum + level, 0) / part.length;
        expect(series.starts()[point]).toBe(point * stride * 10);
        expect(series.column(0)[point]).toBeCloseTo(mean, 9);
        expect(series.column(1)[point]).toBe(totals[point * stride]);
      }
    }),
  );
});

test('growth over full points adds up to the growth of the total', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const { series, totals } = feed(list);
      const growth = series.growth(1);
      expect(growth).toHaveLength(series.points);
      const full = growth.slice(0, -1).reduce((sum, part) => sum + part, 0);
      expect(full).toBe(totals[(series.points - 1) * series.stride]! - totals[0]!);
    }),
  );
});

test('the growth of a last point that is shorter is scaled to the length of the others', () => {
  const { series } = feed(Array.from({ length: 15 }, () => ({ level: 0, growth: 4 })));
  expect(series.stride).toBe(2);
  expect(series.growth(1)).toEqual(Array.from({ length: 8 }, () => 8));
});

test('a series without samples has no points', () => {
  const series = new MergedSeries(['mean', 'first'], CAPACITY);
  expect([series.points, series.starts(), series.column(0), series.growth(1)]).toEqual([0, [], [], []]);
});
