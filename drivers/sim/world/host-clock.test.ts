import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Micros, micros } from '../../../engine/core/index.ts';
import { HostClock } from './host-clock.ts';

const change = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), by: fc.integer({ min: -900_000_000, max: 900_000_000 }) }),
  fc.record({ kind: fc.constant('rate' as const), by: fc.integer({ min: -500_000, max: 500_000 }) }),
);

test('what a clock shows never goes back, whatever is done to it', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(100_000_000_000), change)), (changes) => {
      const clock = new HostClock(micros(1_000));
      let now = 0;
      let shown = 0;
      for (const [wait, { kind, by }] of changes) {
        now += wait;
        if (kind === 'set') clock.set(micros(now), by);
        else clock.setRate(micros(now), by);
        const next = clock.read(micros(now));
        expect(next).toBeGreaterThanOrEqual(shown);
        shown = next;
      }
    }),
  );
});

test('a clock shows an instant first when it says that it will', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -500_000, max: 500_000 }),
      fc.nat(10_000_000_000),
      fc.nat(100_000_000_000),
      (ppm, start, ahead) => {
        const clock = new HostClock(micros(5_000_000));
        clock.setRate(micros(0), ppm);
        const now = micros(start);
        const target = micros(clock.read(now) + ahead);
        const at = clock.whenShown(now, target);
        expect(at).toBeGreaterThanOrEqual(now);
        if (at > now) expect(clock.read(micros(at - 1) as Micros)).toBeLessThan(target);
        expect(clock.read(at)).toBeGreaterThanOrEqual(target);
      },
    ),
  );
});

test('after a step back the clock stands still until it has caught up', () => {
  const clock = new HostClock(micros(0));
  expect(clock.read(micros(100))).toBe(100);
  clock.set(micros(100), -30);
  expect(clock.read(micros(110))).toBe(100);
  expect(clock.whenShown(micros(110), micros(101))).toBe(131);
  expect(clock.read(micros(131))).toBe(101);
});
