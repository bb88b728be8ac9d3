import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { milli } from '../core/index.ts';
import {
  applyOperations,
  type DiskInfo,
  type Reservation,
  type ResourceOperation,
  Resources,
  resourceErrorText,
  resourceIdentity,
  scalarResource,
} from './index.ts';

function parse(text: string): Resources {
  const parsed = Resources.parse(text);
  if (!parsed.ok) throw new Error(resourceErrorText(parsed.error));
  return parsed.value;
}

const DYNAMIC_A: Reservation = { type: 'DYNAMIC', role: 'a', principal: 'ops', labels: null };
const MOUNT = { type: 'MOUNT' as const, root: 'm', vendor: null, id: null, metadata: null, profile: null };

interface DiskParts {
  readonly id?: string;
  readonly source?: DiskInfo['source'];
  readonly isShared?: boolean;
  readonly providerId?: string;
}

/** Disk of role `a` in MiB; a volume when it has an id. */
function disk(size: number, { id, source = null, isShared = false, providerId }: DiskParts = {}): Resources {
  const isPlain = id === undefined && source === null;
  return Resources.of([
    scalarResource(
      resourceIdentity({
        name: 'disk',
        reservations: [{ type: 'STATIC', role: 'a', principal: null, labels: null }],
        disk: isPlain
          ? null
          : {
              source,
              persistence: id === undefined ? null : { id, principal: null },
              volume: id === undefined ? null : { containerPath: 'data', mode: 'RW' },
            },
        shared: isShared,
        providerId: providerId ?? null,
      }),
      milli(size * 1000),
    ),
  ]);
}

function reserve(resources: Resources, source = Resources.EMPTY): ResourceOperation {
  return { type: 'RESERVE', source, resources };
}

/** What remains, or the text of the refusal. */
function apply(held: Resources, ...operations: readonly ResourceOperation[]): string {
  const applied = applyOperations(held, operations);
  return applied.ok ? String(applied.value) : resourceErrorText(applied.error);
}

describe('reservations', () => {
  test('RESERVE pushes one reservation, UNRESERVE pops one', () => {
    const reserved = parse('cpus:1').pushReservation(DYNAMIC_A);
    expect(apply(parse('cpus:3;mem:5'), reserve(reserved))).toBe('cpus:2;cpus(+a@ops):1;mem:5');
    expect(apply(parse('cpus:3'), reserve(reserved), { type: 'UNRESERVE', resources: reserved })).toBe(
      'cpus:3',
    );
  });

  test('RESERVE with a source changes reservations in one step', () => {
    const source = parse('cpus(a):2');
    const target = parse('cpus:2').pushReservation({ ...DYNAMIC_A, role: 'b' });
    expect(apply(parse('cpus(a):3'), reserve(target, source))).toBe('cpus(+b@ops):2;cpus(a):1');
  });

  test('more than there is, or what is not reserved, is refused', () => {
    expect(apply(parse('cpus:1'), reserve(parse('cpus(a):2')))).toBe(
      "RESERVE needs 'cpus:2', which is not contained in 'cpus:1'",
    );
    expect(apply(parse('cpus:1'), { type: 'UNRESERVE', resources: parse('cpus:1') })).toContain(
      'has no reservation',
    );
    expect(apply(parse('cpus:1'), reserve(parse('cpus:1')))).toContain('has no reservation');
  });

  test('a list of which one cannot be done changes nothing', () => {
    const held = parse('cpus:3');
    const result = applyOperations(held, [reserve(parse('cpus(a):2')), reserve(parse('cpus(a):2'))]);
    expect(result.ok).toBe(false);
    expect(String(held)).toBe('cpus:3');
  });
});

describe('volumes', () => {
  test('CREATE cuts a volume out of reserved disk, DESTROY gives it back', () => {
    const volumes = disk(200, { id: '1' });
    expect(apply(parse('disk(a):1000'), { type: 'CREATE', volumes })).toBe(
      'disk(a):800;disk(a){volume=1}:200',
    );
    expect(apply(parse('disk(a):1000'), { type: 'CREATE', volumes }, { type: 'DESTROY', volumes })).toBe(
      'disk(a):1000',
    );
  });

  test('a volume on a mount disk takes all of it', () => {
    const held = disk(200, { source: MOUNT });
    expect(apply(held, { type: 'CREATE', volumes: disk(50, { id: '1', source: MOUNT }) })).toContain(
      'not contained',
    );
    expect(apply(held, { type: 'CREATE', volumes: disk(200, { id: '1', source: MOUNT }) })).toBe(
      'disk(a){volume=1,mount=m}:200',
    );
  });

  test('a shared volume in use elsewhere is not destroyed', () => {
    const volumes = disk(5, { id: '1', isShared: true });
    const held = disk(5).plus(disk(7));
    expect(apply(held, { type: 'CREATE', volumes })).toBe('disk(a):7;disk(a){volume=1,shared}:5');
    expect(apply(volumes.plus(volumes), { type: 'DESTROY', volumes })).toContain('other copies');
    expect(apply(volumes, { type: 'DESTROY', volumes })).toBe('disk(a):5');
    const copies = volumes.plus(volumes);
    expect(apply(copies, { type: 'DESTROY', volumes: copies })).toBe('disk(a):5');
  });

  test('only persistent volumes are created and destroyed', () => {
    expect(apply(disk(5), { type: 'CREATE', volumes: disk(5) })).toContain('no persistent volume');
    expect(apply(disk(5), { type: 'DESTROY', volumes: disk(5) })).toContain('no persistent volume');
  });

  test('a volume grows by plain disk and gives it back when it shrinks', () => {
    const volume = disk(20, { id: '1' });
    const held = volume.plus(disk(30));
    const grow: ResourceOperation = { type: 'GROW_VOLUME', volume, addition: disk(10) };
    expect(apply(held, grow)).toBe('disk(a):20;disk(a){volume=1}:30');
    expect(
      apply(held, grow, { type: 'SHRINK_VOLUME', volume: disk(30, { id: '1' }), subtract: milli(10_000) }),
    ).toBe('disk(a):30;disk(a){volume=1}:20');
  });

  test('each wrong resize is refused with its reason', () => {
    const volume = disk(20, { id: '1' });
    const held = volume.plus(disk(30)).plus(parse('disk:9'));
    const grow = (what: Resources, addition: Resources) =>
      apply(held, { type: 'GROW_VOLUME', volume: what, addition });
    const shrink = (what: Resources, mebibytes: number) =>
      apply(held, { type: 'SHRINK_VOLUME', volume: what, subtract: milli(mebibytes * 1000) });
    expect(grow(volume, parse('disk:5'))).toContain('same reservation');
    expect(grow(volume, disk(5).plus(parse('disk:5')))).toContain('same reservation');
    expect(grow(volume, Resources.EMPTY)).toContain('amount');
    expect(grow(disk(5), disk(5))).toContain('exactly one persistent volume');
    expect(grow(volume.plus(volume), disk(5))).toContain('exactly one persistent volume');
    expect(shrink(volume, 20)).toContain('amount');
    expect(shrink(volume, 0)).toContain('amount');
    expect(shrink(disk(20, { id: '1', isShared: true }), 5)).toContain('shared');
    expect(shrink(disk(20, { id: '1', providerId: 'p' }), 5)).toContain('provider');
    expect(shrink(disk(20, { id: '1', source: MOUNT }), 5)).toContain('whole disk');
    expect(shrink(disk(21, { id: '1' }), 5)).toContain('not contained');
  });
});

test('REMOVE takes away', () => {
  expect(apply(parse('cpus:3'), { type: 'REMOVE', resources: parse('cpus:1') })).toBe('cpus:2');
  expect(apply(parse('cpus:3'), { type: 'REMOVE', resources: parse('mem:1') })).toContain('not contained');
});

test('whatever is done in whatever order, no quantity appears or vanishes', () => {
  const pieces = fc.integer({ min: 1, max: 6 });
  const operation: fc.Arbitrary<ResourceOperation> = fc.oneof(
    pieces.map((size) => reserve(disk(size))),
    pieces.map((size): ResourceOperation => ({ type: 'UNRESERVE', resources: disk(size) })),
    fc.tuple(pieces, fc.constantFrom('1', '2'), fc.boolean()).map(
      ([size, id, isShared]): ResourceOperation => ({
        type: 'CREATE',
        volumes: disk(size, { id, isShared }),
      }),
    ),
    fc.tuple(pieces, fc.constantFrom('1', '2'), fc.boolean()).map(
      ([size, id, isShared]): ResourceOperation => ({
        type: 'DESTROY',
        volumes: disk(size, { id, isShared }),
      }),
    ),
    fc.tuple(pieces, pieces, fc.constantFrom('1', '2')).map(
      ([size, more, id]): ResourceOperation => ({
        type: 'GROW_VOLUME',
        volume: disk(size, { id }),
        addition: disk(more),
      }),
    ),
    fc.tuple(pieces, pieces, fc.constantFrom('1', '2')).map(
      ([size, less, id]): ResourceOperation => ({
        type: 'SHRINK_VOLUME',
        volume: disk(size, { id }),
        subtract: milli(less * 1000),
      }),
    ),
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
      const start = parse('cpus:4;disk:12');
      let held = start;
      for (const each of operations) {
        const applied = applyOperations(held, [each]);
        if (!applied.ok) continue;
        // Two volumes of one id and size, both shared, would be one volume with two copies, whose size counts once.
        const isTwin = each.type === 'CREATE' && held.shared().contains(each.volumes.shared());
        if (isTwin && !each.volumes.shared().isEmpty) continue;
        held = applied.value;
      }
      expect(held.quantities().equals(start.quantities())).toBe(true);
    }),
  );
});
