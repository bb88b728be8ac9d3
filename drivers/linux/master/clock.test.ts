import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { WallClock } from './clock.ts';

test('time never goes back, whatever the wall clock does, and meets it again', () => {
  const step = fc.record({
    passes: fc.integer({ min: 0, max: 5_000 }),
    jump: fc.integer({ min: -5_000, max: 5_000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      let wall = 1_700_000_000_000;
      let monotonic = 0;
      const clock = new WallClock(
        () => wall,
        () => monotonic,
      );
      let last = clock.now();
      const go = (passes: number, jump: number): void => {
        monotonic += passes;
        wall += passes + jump;
        const now = clock.now();
        expect(now).toBeGreaterThanOrEqual(last);
        expect(Number.isSafeInteger(now)).toBe(true);
        last = now;
      };
      for (const { passes, jump } of steps) go(passes, jump);
      // Without further jumps it is on the wall clock's time again: it gives up a tenth of what passes.
      for (let second = 0; second < 20 * 5 * 11; second++) go(1_000, 0);
      expect(Math.abs(last - wall * 1_000)).toBeLessThanOrEqual(1_000);
    }),
    { numRuns: 20 },
  );
});
