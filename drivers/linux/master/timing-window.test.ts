import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { TimingWindow } from './timing-window.ts';

test('a window tells of its latest samples: their extremes, their ranks and the last one', () => {
  expect(new TimingWindow().metrics('x_ms')).toEqual([]);
  fc.assert(
    fc.property(fc.array(fc.nat(1_000), { minLength: 1, maxLength: 3_000 }), (samples) => {
      const window = new TimingWindow();
      for (const sample of samples) window.add(sample);
      const told = Object.fromEntries(window.metrics('x_ms').map(({ name, value }) => [name, value]));
      const kept = samples.slice(-1_024).sort((a, b) => a - b);
      expect(told).toMatchObject({
        x_ms: samples.at(-1)!,
        'x_ms/count': samples.length,
        'x_ms/min': kept[0]!,
        'x_ms/max': kept.at(-1)!,
        'x_ms/p50': kept[Math.floor(kept.length / 2)]!,
      });
    }),
  );
});
