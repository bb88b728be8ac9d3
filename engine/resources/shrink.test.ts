import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { milli } from '../core/index.ts';
import {
  type DiskInfo,
  Quantities,
  ResourceLimits,
  Resources,
  resourceErrorText,
  resourceIdentity,
  scalarResource,
  shrinkToLimits,
  shrinkToQuantities,
} from './index.ts';

function parse(text: string): Resources {
  const parsed = Resources.parse(text);
  if (!parsed.ok) throw new Error(resourceErrorText(parsed.error));
  return parsed.value;
}

function disk(amount: number, info: Partial<DiskInfo>, isShared = false): Resources {
  const parts = { source: null, persistence: null, volume: null, ...info };
  return Resources.of([
    scalarResource(
      resourceIdentity({
        name: 'disk',
        reservations: [{ type: 'STATIC', role: 'a', principal: null, labels: null }],
        disk: parts,
        shared: isShared,
      }),
      milli(amount),
    ),
  ]);
}

const MOUNT = {
  source: { type: 'MOUNT' as const, root: 'm', vendor: null, id: null, metadata: null, profile: null },
};
const VOLUME = { persistence: { id: '1', principal: null } };

/** Few entries of every sort, some of which cannot be divided. */
const POOL = [
  parse('cpus:2;cpus(a):3'),
  parse('mem:4'),
  parse('disk:5;disk(a):2'),
  parse('ports:[1-3];names:{a}'),
  disk(3000, MOUNT),
  disk(2000, VOLUME),
  disk(1000, VOLUME, true),
];
const resources = fc
  .array(fc.constantFrom(...POOL), { maxLength: 8 })
  .map((parts) => parts.reduce((sum, part) => sum.plus(part), Resources.EMPTY));
const bounds = fc
  .dictionary(fc.constantFrom('cpus', 'mem', 'disk', 'gpus'), fc.integer({ min: 0, max: 9000 }))
  .map((record) => Object.entries(record).map(([name, value]) => [name, milli(value)] as const));

/** Some order of entries, drawn from `seed`. */
function visiting(seed: number) {
  return (n: number) => {
    const indices = Array.from({ length: n }, (_, index) => index);
    return seed % 2 === 0
      ? indices.reverse()
      : [...indices.slice(seed % (n + 1)), ...indices.slice(0, seed % (n + 1))];
  };
}

test('what shrinks is part of what was there and within the bounds, whatever the order', () => {
  fc.assert(
    fc.property(resources, bounds, fc.nat(7), (whole, entries, seed) => {
      const target = Quantities.of(entries);
      const limits = ResourceLimits.of(entries);
      const toTarget = shrinkToQuantities(whole, target, visiting(seed));
      const toLimits = shrinkToLimits(whole, limits, visiting(seed));
      expect(target.contains(toTarget.quantities())).toBe(true);
      expect(limits.contains(toLimits.quantities())).toBe(true);
      for (const part of [toTarget, toLimits]) {
        expect(whole.contains(part)).toBe(true);
        // Copies of a shared volume count once, so they are kept or dropped together.
        const volumes = part.shared();
        expect(volumes.isEmpty || volumes.equals(whole.shared())).toBe(true);
      }
    }),
  );
});

test('what can be divided fills the bounds', () => {
  fc.assert(
    fc.property(bounds, fc.nat(7), (entries, seed) => {
      const whole = parse('cpus:2;cpus(a):3;mem:4;disk:5;disk(a):2');
      const have = whole.quantities();
      const part = shrinkToQuantities(whole, Quantities.of(entries), visiting(seed)).quantities();
      for (const [name, bound] of entries) expect(part.get(name)).toBe(Math.min(bound, have.get(name)));
    }),
  );
});

describe('rules by example', () => {
  test('empty quantities leave nothing, empty limits leave all', () => {
    const whole = parse('cpus:2;ports:[1-3]');
    expect(shrinkToQuantities(whole, Quantities.EMPTY)).toBe(Resources.EMPTY);
    expect(shrinkToLimits(whole, ResourceLimits.UNLIMITED)).toBe(whole);
  });

  test('names without bound, ranges and sets are dropped by quantities and kept by limits', () => {
    const whole = parse('cpus:2;mem:5;ports:[1-3];names:{a}');
    const bound = [['cpus', milli(1000)]] as const;
    expect(String(shrinkToQuantities(whole, Quantities.of(bound)))).toBe('cpus:1');
    expect(String(shrinkToLimits(whole, ResourceLimits.of(bound)))).toBe(
      'cpus:1;mem:5;names:{a};ports:[1-3]',
    );
  });

  test('what already fits is the same object', () => {
    const whole = parse('cpus:2;mem:5;ports:[1-3]');
    expect(shrinkToLimits(whole, ResourceLimits.of([['cpus', milli(2000)]]))).toBe(whole);
  });

  test('a mount disk or a volume is kept whole or dropped', () => {
    for (const info of [MOUNT, VOLUME]) {
      const whole = disk(3000, info);
      expect(shrinkToQuantities(whole, Quantities.of([['disk', milli(2999)]]))).toBe(Resources.EMPTY);
      expect(shrinkToQuantities(whole, Quantities.of([['disk', milli(3000)]]))).toBe(whole);
    }
  });

  test('the order says which entry of a name is kept', () => {
    const whole = parse('cpus:2;cpus(a):3');
    const target = Quantities.of([['cpus', milli(3000)]]);
    expect(String(shrinkToQuantities(whole, target))).toBe('cpus:2;cpus(a):1');
    expect(String(shrinkToQuantities(whole, target, () => [1, 0]))).toBe('cpus(a):3');
  });
});
