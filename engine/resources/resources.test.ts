import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { milli } from '../core/index.ts';
import {
  CPUS,
  type DiskInfo,
  MEM,
  PORTS,
  Quantities,
  type Reservation,
  type Resource,
  Resources,
  rangesResource,
  resourceErrorText,
  resourceIdentity,
  scalarResource,
  setResource,
} from './index.ts';

/** What the plain oracle knows of a thing: a label that is equal iff the identity is, and how it behaves (spec 02 §8). */
interface Kind {
  readonly label: string;
  readonly name: string;
  readonly behaviour: 'adds' | 'units' | 'apart' | 'copies';
  readonly isReserved: boolean;
  readonly make: (amount: readonly number[]) => Resource;
}

function reservation(type: 'STATIC' | 'DYNAMIC', role: string, principal: string | null = null): Reservation {
  return { type, role, principal, labels: null };
}

function volume(id: string, source: DiskInfo['source'] = null, containerPath = 'data'): DiskInfo {
  return { source, persistence: { id, principal: null }, volume: { containerPath, mode: 'RW' } };
}

function source(type: 'PATH' | 'MOUNT' | 'RAW' | 'BLOCK', id: string | null = null): DiskInfo['source'] {
  return { type, root: 'd', vendor: null, id, metadata: null, profile: null };
}

function disk(from: DiskInfo['source']): DiskInfo {
  return { source: from, persistence: null, volume: null };
}

type Parts = Parameters<typeof resourceIdentity>[0];

function scalarKind(label: string, behaviour: Kind['behaviour'], parts: Parts): Kind {
  return {
    label,
    behaviour,
    name: parts.name,
    isReserved: parts.reservations !== undefined,
    make: (amount) =>
      scalarResource(resourceIdentity(parts), milli(amount.reduce((sum, part) => sum + part, 0))),
  };
}

const IN_A = [reservation('STATIC', 'a')];

/** Few things, near each other, so that they collide. */
const KINDS: readonly Kind[] = [
  scalarKind('cpus', 'adds', { name: 'cpus' }),
  scalarKind('mem', 'adds', { name: 'mem' }),
  scalarKind('disk', 'adds', { name: 'disk' }),
  scalarKind('cpus(a)', 'adds', { name: 'cpus', reservations: IN_A }),
  scalarKind('cpus(+a)', 'adds', { name: 'cpus', reservations: [reservation('DYNAMIC', 'a')] }),
  scalarKind('cpus(+a@p)', 'adds', { name: 'cpus', reservations: [reservation('DYNAMIC', 'a', 'p')] }),
  scalarKind('cpus(a,+a/b)', 'adds', {
    name: 'cpus',
    reservations: [...IN_A, reservation('DYNAMIC', 'a/b')],
  }),
  scalarKind('cpus{revocable}', 'adds', { name: 'cpus', revocable: true }),
  scalarKind('cpus{allocated=a}', 'adds', { name: 'cpus', allocationRole: 'a' }),
  scalarKind('cpus{provider=p}', 'adds', { name: 'cpus', providerId: 'p' }),
  scalarKind('disk{path}', 'adds', { name: 'disk', disk: disk(source('PATH')) }),
  scalarKind('disk{raw}', 'adds', { name: 'disk', disk: disk(source('RAW')) }),
  scalarKind('disk{raw=1}', 'apart', { name: 'disk', disk: disk(source('RAW', '1')) }),
  scalarKind('disk{mount}', 'apart', { name: 'disk', disk: disk(source('MOUNT')) }),
  scalarKind('disk{block}', 'apart', { name: 'disk', disk: disk(source('BLOCK')) }),
  scalarKind('disk(a){volume=1}', 'apart', { name: 'disk', reservations: IN_A, disk: volume('1') }),
  // The mount point is no part of the identity: the same label.
  scalarKind('disk(a){volume=1}', 'apart', {
    name: 'disk',
    reservations: IN_A,
    disk: volume('1', null, 'other'),
  }),
  scalarKind('disk(a){volume=2}', 'apart', { name: 'disk', reservations: IN_A, disk: volume('2') }),
  scalarKind('disk(a){volume=1,mount}', 'apart', {
    name: 'disk',
    reservations: IN_A,
    disk: volume('1', source('MOUNT')),
  }),
  scalarKind('disk(a){volume=1,shared}', 'copies', {
    name: 'disk',
    reservations: IN_A,
    disk: volume('1'),
    shared: true,
  }),
  scalarKind('disk(a){volume=1,shared}', 'copies', {
    name: 'disk',
    reservations: IN_A,
    disk: volume('1', null, 'other'),
    shared: true,
  }),
  {
    label: 'ports',
    name: 'ports',
    behaviour: 'units',
    isReserved: false,
    make: (amount) => rangesResource(PORTS, amount.map(at)),
  },
  {
    label: 'ports(a)',
    name: 'ports',
    behaviour: 'units',
    isReserved: true,
    make: (amount) =>
      rangesResource(resourceIdentity({ name: 'ports', type: 'RANGES', reservations: IN_A }), amount.map(at)),
  },
  {
    label: 'names',
    name: 'names',
    behaviour: 'units',
    isReserved: false,
    make: (amount) => setResource(resourceIdentity({ name: 'names', type: 'SET' }), amount.map(String)),
  },
];

function at(port: number) {
  return { begin: port, end: port };
}

interface Thing {
  readonly kind: Kind;
  readonly amount: readonly number[];
}

const units = fc.oneof(
  { weight: 8, arbitrary: fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { maxLength: 4 }) },
  { weight: 1, arbitrary: fc.constant([2 ** 40]) },
);
/** What is taken as a whole meets its equal only if there are few sizes. */
const sizes = fc.constantFrom([1], [2]);
/** Things of a few kinds only, so that equal ones meet within a list and across two. */
const pool = fc.uniqueArray(fc.constantFrom(...KINDS), { minLength: 1, maxLength: 4 });
const things = pool.chain(thingsOf);
const pairs = pool.chain((kinds) => fc.tuple(thingsOf(kinds), thingsOf(kinds)));

function thingsOf(kinds: readonly Kind[]): fc.Arbitrary<Thing[]> {
  const thing = fc.constantFrom(...kinds).chain((kind) => {
    const amount = kind.behaviour === 'apart' || kind.behaviour === 'copies' ? sizes : units;
    return fc.record({ kind: fc.constant(kind), amount });
  });
  return fc.array(thing, { maxLength: 10 });
}

/** The oracle: per label a sum, a set of units, a bag of amounts, or a bag of copies. Nothing is sorted, merged or shared. */
class PlainCollection {
  readonly amounts = new Map<string, { behaviour: Kind['behaviour']; values: number[] }>();

  static of(list: readonly Thing[]): PlainCollection {
    const collection = new PlainCollection();
    for (const { kind, amount } of list) collection.add(kind.label, kind.behaviour, amount);
    return collection;
  }

  add(label: string, behaviour: Kind['behaviour'], amount: readonly number[]): void {
    const sum = amount.reduce((total, part) => total + part, 0);
    if (behaviour === 'units' ? amount.length === 0 : sum === 0) return;
    const held = this.amounts.get(label) ?? { behaviour, values: [] };
    if (behaviour === 'adds') held.values = [(held.values[0] ?? 0) + sum];
    else if (behaviour === 'units') held.values = [...new Set([...held.values, ...amount])];
    else held.values = [...held.values, sum];
    this.amounts.set(label, held);
  }

  plus(other: PlainCollection): PlainCollection {
    const result = new PlainCollection();
    for (const collection of [this, other]) {
      for (const [label, { behaviour, values }] of collection.amounts) {
        if (behaviour === 'adds' || behaviour === 'units') result.add(label, behaviour, values);
        else for (const value of values) result.add(label, behaviour, [value]);
      }
    }
    return result;
  }

  minus(other: PlainCollection): PlainCollection {
    const result = this.plus(new PlainCollection());
    for (const [label, { behaviour, values }] of other.amounts) {
      const held = result.amounts.get(label);
      if (held === undefined) continue;
      if (behaviour === 'adds')
        held.values = [Math.max(0, held.values[0]! - values[0]!)].filter((v) => v > 0);
      else {
        for (const value of values) {
          const index = held.values.indexOf(value);
          if (index >= 0) held.values.splice(index, 1);
        }
      }
      if (held.values.length === 0) result.amounts.delete(label);
    }
    return result;
  }

  contains(other: PlainCollection): boolean {
    return [...other.amounts].every(([label, { behaviour, values }]) => {
      const held = this.amounts.get(label)?.values ?? [];
      if (behaviour === 'adds') return (held[0] ?? 0) >= values[0]!;
      return values.every(
        (value) => held.filter((v) => v === value).length >= values.filter((v) => v === value).length,
      );
    });
  }

  /** Scalars of one name; copies count once. */
  scalarSum(name: string): number {
    let sum = 0;
    for (const [label, { behaviour, values }] of this.amounts) {
      if (label.split(/[({]/)[0] !== name || behaviour === 'units') continue;
      for (const value of behaviour === 'copies' ? new Set(values) : values) sum += value;
    }
    return sum;
  }

  toString(): string {
    const lines = [...this.amounts].map(
      ([label, { values }]) => `${label}:${values.sort((a, b) => a - b).join()}`,
    );
    return lines.sort().join('\n');
  }
}

const LABELS = new Map(KINDS.map((kind) => [kind.make([1]).identity.key, kind]));

/** What a collection holds, told in the oracle's way. */
function plain(resources: Resources): PlainCollection {
  const collection = new PlainCollection();
  for (const entry of resources.entries) {
    const { label, behaviour } = LABELS.get(entry.identity.key)!;
    const units = entry.items?.map(Number) ?? entry.ranges?.flatMap(({ begin, end }) => span(begin, end));
    for (let copy = 0; copy < entry.count; copy++) collection.add(label, behaviour, units ?? [entry.scalar]);
  }
  return collection;
}

function span(begin: number, end: number): number[] {
  return Array.from({ length: end - begin + 1 }, (_, index) => begin + index);
}

function collect(list: readonly Thing[]): Resources {
  return Resources.of(list.map(({ kind, amount }) => kind.make(amount)));
}

function parse(text: string): Resources {
  const parsed = Resources.parse(text);
  if (!parsed.ok) throw new Error(resourceErrorText(parsed.error));
  return parsed.value;
}

describe('against the plain oracle', () => {
  test('collecting things gives what was put in', () => {
    fc.assert(
      fc.property(things, (list) => {
        expect(String(plain(collect(list)))).toBe(String(PlainCollection.of(list)));
      }),
    );
  });

  test('a sum holds what both hold', () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const sum = collect(a).plus(collect(b));
        expect(String(plain(sum))).toBe(String(PlainCollection.of(a).plus(PlainCollection.of(b))));
      }),
    );
  });

  test('a difference holds what is left', () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const rest = collect(a).minus(collect(b));
        expect(String(plain(rest))).toBe(String(PlainCollection.of(a).minus(PlainCollection.of(b))));
      }),
    );
  });

  test('containment and equality are those of the oracle', () => {
    fc.assert(
      fc.property(pairs, fc.boolean(), ([a, b], isPart) => {
        // A random pair is hardly ever contained: half of the time the right side is made a part of the left.
        const left = isPart ? [...a, ...b] : a;
        const [x, y] = [PlainCollection.of(left), PlainCollection.of(b)];
        expect(collect(left).contains(collect(b))).toBe(x.contains(y));
        expect(collect(left).equals(collect(b))).toBe(x.contains(y) && y.contains(x));
      }),
    );
  });

  test('the scalar fields and the quantities are the sums by name', () => {
    fc.assert(
      fc.property(things, (list) => {
        const resources = collect(list);
        const oracle = PlainCollection.of(list);
        const { cpus, mem, disk: disks, gpus } = resources;
        expect({ cpus, mem, disk: disks, gpus }).toEqual({
          cpus: oracle.scalarSum('cpus'),
          mem: oracle.scalarSum('mem'),
          disk: oracle.scalarSum('disk'),
          gpus: 0,
        });
        const quantities = resources.quantities();
        expect([quantities.get('cpus'), quantities.get('mem'), quantities.get('disk')]).toEqual([
          cpus,
          mem,
          disks,
        ]);
        expect(quantities.get('ports')).toBe(0);
      }),
    );
  });
});

describe('laws', () => {
  test('a collection does not depend on the order in which it was put together', () => {
    fc.assert(
      fc.property(
        things.chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
        ),
        ([list, shuffled]) => {
          expect(collect(shuffled).toString()).toBe(collect(list).toString());
          expect(collect(shuffled).equals(collect(list))).toBe(true);
          const oneByOne = shuffled.reduce((sum, each) => sum.plus(collect([each])), Resources.EMPTY);
          expect(oneByOne.toString()).toBe(collect(list).toString());
          expect(oneByOne.entries.map((entry) => entry.identity.detail)).toEqual(
            collect(list).entries.map((entry) => entry.identity.detail),
          );
        },
      ),
    );
  });

  test('what is taken and given back is what was there', () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const part = collect(b);
        const whole = collect(a).plus(part);
        expect(whole.contains(part)).toBe(true);
        expect(whole.minus(part).plus(part).equals(whole)).toBe(true);
      }),
    );
  });

  test('nothing, itself, and unknown things change nothing', () => {
    fc.assert(
      fc.property(things, (list) => {
        const a = collect(list);
        expect(a.plus(Resources.EMPTY)).toBe(a);
        expect(Resources.EMPTY.plus(a)).toBe(a);
        expect(a.minus(Resources.EMPTY)).toBe(a);
        expect(a.minus(parse('unheard:1'))).toBe(a);
        expect(a.minus(a)).toBe(Resources.EMPTY);
        expect(a.minus(collect(list))).toBe(Resources.EMPTY);
        expect(a.filter(() => true)).toBe(a);
        expect(a.filter(() => false)).toBe(Resources.EMPTY);
      }),
    );
  });

  test('a filter and its opposite part a collection', () => {
    fc.assert(
      fc.property(things, (list) => {
        const a = collect(list);
        expect(a.revocable().plus(a.nonRevocable()).equals(a)).toBe(true);
        expect(a.shared().plus(a.nonShared()).equals(a)).toBe(true);
        expect(a.reserved().plus(a.unreserved()).equals(a)).toBe(true);
        const isReserved = new Set(KINDS.filter((kind) => kind.isReserved).map((kind) => kind.label));
        for (const label of plain(a.reserved()).amounts.keys()) expect(isReserved.has(label)).toBe(true);
        for (const label of plain(a.unreserved()).amounts.keys()) expect(isReserved.has(label)).toBe(false);
      }),
    );
  });

  test('a reservation pushed and popped, and an allocation made and undone, leave the same', () => {
    fc.assert(
      fc.property(things, (list) => {
        const a = collect(list).unallocate();
        expect(
          a
            .pushReservation(reservation('DYNAMIC', 'a/b/c', 'p'))
            .popReservation()
            .equals(a),
        ).toBe(true);
        expect(a.allocate('x').allocate('y').unallocate().equals(a)).toBe(true);
        expect(a.toUnreserved().quantities().equals(a.toUnreserved().unreserved().quantities())).toBe(true);
      }),
    );
  });
});

describe('ranges', () => {
  // Small universe: every pair of subsets of 0..6, by bits.
  const universe = 7;
  const subsets = Array.from({ length: 2 ** universe }, (_, bits) => bits);
  const ranges = subsets.map((bits) =>
    Resources.of([
      rangesResource(
        PORTS,
        span(0, universe - 1)
          .filter((port) => bits & (1 << port))
          .map(at),
      ),
    ]),
  );

  test('every pair of subsets of seven ports unites, differs and contains as bits do', () => {
    for (const a of subsets) {
      for (const b of subsets) {
        const isSame =
          ranges[a]!.plus(ranges[b]!).equals(ranges[a | b]!) &&
          ranges[a]!.minus(ranges[b]!).equals(ranges[a & ~b]!) &&
          ranges[a]!.contains(ranges[b]!) === ((a & b) === b) &&
          ranges[a]!.equals(ranges[b]!) === (a === b);
        if (!isSame) expect.fail(`${ranges[a]!.toString()} and ${ranges[b]!.toString()}`);
      }
    }
  });

  test('touching and overlapping ranges are one', () => {
    expect(String(parse('ports:[1-4, 9-10, 20-22, 26-30]').plus(parse('ports:[5-8, 23-25]')))).toBe(
      'ports:[1-10, 20-30]',
    );
  });

  test('bounds up to 2^53 - 1 are exact', () => {
    const all = parse('ports:[0-9007199254740991]');
    const last = parse('ports:[9007199254740991-9007199254740991]');
    expect(String(all.minus(last))).toBe('ports:[0-9007199254740990]');
    expect(all.minus(last).plus(last).equals(all)).toBe(true);
    expect(all.contains(last)).toBe(true);
    expect(all.sizes().get('ports')).toBeLessThanOrEqual(Number.MAX_SAFE_INTEGER);
  });
});

describe('rules by example', () => {
  test('thousandths add up without drift', () => {
    expect(parse('cpus:0.1').plus(parse('cpus:0.2')).equals(parse('cpus:0.3'))).toBe(true);
  });

  test('an amount below what is taken leaves nothing, never less', () => {
    expect(parse('cpus:1').minus(parse('cpus:2'))).toBe(Resources.EMPTY);
  });

  test('zero, no ranges and no items stand for nothing', () => {
    expect(parse('cpus:0;ports:[];names:{}')).toBe(Resources.EMPTY);
    expect(Resources.ofScalars({ cpus: milli(0), mem: milli(5) }).entries).toHaveLength(1);
  });

  test('volumes of one id stay two, and only an equal one takes one away', () => {
    const one = collect([{ kind: KINDS.find((kind) => kind.label === 'disk(a){volume=1}')!, amount: [5] }]);
    const two = one.plus(one);
    expect(two.entries).toHaveLength(2);
    expect(two.minus(one).equals(one)).toBe(true);
    expect(one.contains(two)).toBe(false);
  });

  test('of things that differ in the mount point only, neither order nor choice depends on which came first', () => {
    for (const label of ['disk(a){volume=1}', 'disk(a){volume=1,shared}']) {
      const [one, other] = KINDS.filter((kind) => kind.label === label).map((kind) =>
        collect([{ kind, amount: [5] }]),
      );
      const sums = [one!.plus(other!), other!.plus(one!), Resources.of([...one!.entries, ...other!.entries])];
      for (const sum of sums) {
        expect(sum.equals(sums[0]!)).toBe(true);
        expect(sum.entries.map((entry) => entry.identity)).toEqual(
          sums[0]!.entries.map((entry) => entry.identity),
        );
      }
      expect(one!.equals(other!)).toBe(true);
    }
  });

  test('copies of a shared volume are counted and its size is counted once', () => {
    const one = collect([{ kind: KINDS.find((kind) => kind.label.endsWith('shared}'))!, amount: [5] }]);
    const two = one.plus(one);
    expect(two.entries.map((entry) => entry.count)).toEqual([2]);
    expect(two.disk).toBe(5);
    expect(two.quantities().equals(one.quantities())).toBe(true);
    expect(one.contains(two)).toBe(false);
    expect(two.equals(one)).toBe(false);
    expect(two.minus(one).equals(one)).toBe(true);
  });

  test('labels are equal in any order, and an empty list differs from none', () => {
    const labelled = (labels: Reservation['labels']) =>
      resourceIdentity({
        name: 'cpus',
        reservations: [{ type: 'DYNAMIC', role: 'a', principal: null, labels }],
      }).key;
    const k = { key: 'k', value: '1' };
    const l = { key: 'l', value: null };
    expect(labelled([k, l])).toBe(labelled([l, k]));
    expect(labelled([])).not.toBe(labelled(null));
    expect(labelled([{ key: 'k', value: '' }])).not.toBe(labelled([{ key: 'k', value: null }]));
  });

  test('plain kinds are the same identity object wherever they come from', () => {
    const sum = parse('cpus:1;mem:2;ports:[1-2]').plus(Resources.ofScalars({ cpus: milli(1) }));
    expect(sum.entries.map((entry) => entry.identity)).toEqual([CPUS, MEM, PORTS]);
    expect(sum.entries[0]!.identity).toBe(CPUS);
    expect(resourceIdentity({ name: 'ports', type: 'RANGES' })).toBe(PORTS);
  });

  test('plain means unreserved and without any mark, ranges included', () => {
    expect(parse('cpus:1;ports:[1-2]').isPlain).toBe(true);
    expect(parse('cpus:1;mem(a):1').isPlain).toBe(false);
    expect(parse('cpus:1').allocate('a').isPlain).toBe(false);
    expect(Resources.EMPTY.isPlain).toBe(true);
  });

  test('a role may use what is unreserved, its own reservations and those above it', () => {
    const all = parse('cpus:1;cpus(a):2;cpus(a/bx):4;cpus(a/b):8;cpus(a/bx/c):16');
    expect(String(all.allocatableTo('a/bx'))).toBe('cpus:1;cpus(a):2;cpus(a/bx):4');
    expect(String(all.allocatableTo('*'))).toBe('cpus:1');
    expect(String(all.reserved('a'))).toBe('cpus(a):2');
    expect(all.reserved('*')).toBe(Resources.EMPTY);
  });

  test('sizes count the integers of ranges and the items of sets', () => {
    expect(parse('cpus:2;ports:[1-3];ports(a):[1-2];names:{x,y}').sizes().toString()).toBe(
      'cpus:2;names:2;ports:5',
    );
    expect(
      parse('cpus:2;ports:[1-3]')
        .quantities()
        .equals(Quantities.of([['cpus', milli(2000)]])),
    ).toBe(true);
  });

  test('popping a reservation that is not there is our own mistake', () => {
    expect(() => parse('cpus:1').popReservation()).toThrow('only reserved resources');
  });
});
