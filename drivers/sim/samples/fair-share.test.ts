import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Claim, fairShares } from './fair-share.ts';

test('two roles that want everything of one kind share it by weight', () => {
  const shares = fairShares([
    { weight: 1, demand: [5] },
    { weight: 3, demand: [5] },
  ]);
  expect(shares[0]).toBeCloseTo(0.25);
  expect(shares[1]).toBeCloseTo(0.75);
});

test('what a modest role leaves goes to the others', () => {
  const shares = fairShares([
    { weight: 1, demand: [0.1] },
    { weight: 1, demand: [2] },
    { weight: 1, demand: [2] },
  ]);
  expect(shares[0]).toBeCloseTo(0.1);
  expect(shares[1]).toBeCloseTo(0.45);
  expect(shares[2]).toBeCloseTo(0.45);
});

test('the example of the DRF paper: 9 cpus and 18 GB, tasks of <1, 4> and <3, 1>, come to two thirds each', () => {
  const shares = fairShares([
    { weight: 1, demand: [100 / 9, 400 / 18] },
    { weight: 1, demand: [300 / 9, 100 / 18] },
  ]);
  expect(shares[0]).toBeCloseTo(2 / 3);
  expect(shares[1]).toBeCloseTo(2 / 3);
});

test('a role that wants nothing has no share', () => {
  expect(fairShares([{ weight: 1, demand: [0, 0] }])).toEqual([0]);
  expect(fairShares([])).toEqual([]);
});

const claim: fc.Arbitrary<Claim> = fc.record({
  weight: fc.constantFrom(0.5, 1, 2, 7),
  demand: fc.tuple(
    fc.constantFrom(0, 0.1, 0.3, 1, 4),
    fc.constantFrom(0, 0.2, 0.9, 2),
    fc.constantFrom(0, 0.5),
  ),
});

test('nobody gets more than wanted, no kind is given out twice, and who gets less hit a full kind', () => {
  fc.assert(
    fc.property(fc.array(claim, { maxLength: 8 }), (claims) => {
      const shares = fairShares(claims);
      const used = [0, 0, 0];
      claims.forEach((each, index) => {
        const dominant = Math.max(...each.demand);
        expect(shares[index]!).toBeGreaterThanOrEqual(0);
        expect(shares[index]!).toBeLessThanOrEqual(dominant + 1e-9);
        each.demand.forEach((part, kind) => {
          if (dominant > 0) used[kind]! += (shares[index]! * part) / dominant;
        });
      });
      for (const sum of used) expect(sum).toBeLessThanOrEqual(1 + 1e-9);
      claims.forEach((each, index) => {
        const dominant = Math.max(...each.demand);
        if (shares[index]! > dominant - 1e-9) return;
        expect(each.demand.some((part, kind) => part > 0 && used[kind]! > 1 - 1e-9)).toBe(true);
      });
    }),
  );
});
