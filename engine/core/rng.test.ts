import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Rng } from './index.ts';

function draws(rng: Rng, count: number): number[] {
  return Array.from({ length: count }, () => rng.next());
}

test('xoshiro128** draws what its authors’ code draws from the state 1, 2, 3, 4', () => {
  expect(draws(Rng.fromWords(1, 2, 3, 4), 10)).toEqual([
    11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
  ]);
});

test('a state of zeros is replaced', () => {
  expect(draws(Rng.fromWords(0, 0, 0, 0), 20).some((drawn) => drawn !== 0)).toBe(true);
});

test('one seed and purpose give one stream, on any machine', () => {
  const expected = [3526714222, 648448263, 3157147414, 1210830702];
  expect(draws(Rng.forPurpose(1, 'placement'), 4)).toEqual(expected);
  expect(draws(Rng.forPurpose(1, 'placement'), 4)).toEqual(expected);
});

test('other seeds and purposes give other streams', () => {
  const seeds = [0, 1, 2, -1, 2 ** 31];
  const purposes = ['placement', 'latency', 'loss', 'crash', 'sorter', 'arrivals'];
  const streams = new Set(
    seeds.flatMap((seed) => purposes.map((name) => draws(Rng.forPurpose(seed, name), 4).join())),
  );
  expect(streams.size).toBe(seeds.length * purposes.length);
});

test('neighbouring seeds and one-letter purposes are kept apart', () => {
  expect(draws(Rng.forPurpose(1, 'b'), 4)).not.toEqual(draws(Rng.forPurpose(2, 'a'), 4));
  expect(draws(Rng.forPurpose(1, 'a'), 4)).not.toEqual(draws(Rng.forPurpose(2 ** 32 + 1, 'a'), 4));
});

test('words continue the stream where it stands', () => {
  const rng = Rng.forPurpose(7, 'words');
  draws(rng, 10);
  expect(draws(Rng.fromWords(...rng.words()), 5)).toEqual(draws(rng, 5));
});

test('a bounded draw stays below its bound and reaches every value', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(2 ** 31, 2 ** 32)),
      (seed, bound) => {
        const rng = Rng.forPurpose(seed, 'below');
        for (let draw = 0; draw < 50; draw++) {
          const drawn = rng.below(bound);
          expect(drawn >= 0 && drawn < bound && Number.isInteger(drawn)).toBe(true);
        }
      },
    ),
  );
  const rng = Rng.forPurpose(1, 'below');
  const counts = [0, 0, 0, 0, 0, 0];
  for (let draw = 0; draw < 60_000; draw++) counts[rng.below(6)]!++;
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
});

test('a bound that 2^32 is no multiple of favours no value', () => {
  // Without rejection the lower third of 3 × 2^30 would be drawn half of the time.
  const rng = Rng.forPurpose(1, 'bias');
  let low = 0;
  for (let draw = 0; draw < 30_000; draw++) if (rng.below(3 * 2 ** 30) < 2 ** 30) low++;
  expect(Math.abs(low - 10_000)).toBeLessThan(500);
});

test('a unit draw is in [0, 1)', () => {
  const rng = Rng.forPurpose(1, 'unit');
  let sum = 0;
  for (let draw = 0; draw < 10_000; draw++) {
    const drawn = rng.unit();
    expect(drawn >= 0 && drawn < 1).toBe(true);
    sum += drawn;
  }
  expect(Math.abs(sum / 10_000 - 0.5)).toBeLessThan(0.02);
});

test('a shuffle permutes the first entries and leaves the others', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 0, max: 8 }), (seed, count) => {
      const array = Int32Array.from([0, 1, 2, 3, 4, 5, 6, 7]);
      Rng.forPurpose(seed, 'shuffle').shuffle(array, count);
      expect([...array.subarray(count)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7].slice(count));
      expect([...array.subarray(0, count)].sort((a, b) => a - b)).toEqual(
        [0, 1, 2, 3, 4, 5, 6, 7].slice(0, count),
      );
    }),
  );
});

test('every order of three comes up equally often', () => {
  const rng = Rng.forPurpose(1, 'orders');
  const counts = new Map<string, number>();
  for (let round = 0; round < 12_000; round++) {
    const array = Int32Array.from([0, 1, 2]);
    rng.shuffle(array, 3);
    counts.set(array.join(), (counts.get(array.join()) ?? 0) + 1);
  }
  expect(counts.size).toBe(6);
  for (const count of counts.values()) expect(Math.abs(count - 2_000)).toBeLessThan(200);
});
