import { describe, expect, test } from 'vitest';
import { fieldsLayout } from '../core/graph/index.ts';
import { InvariantError, micros } from '../core/index.ts';
import type { AllocatorFactory, SnapshotParts } from './allocator.ts';
import { type MachineSnapshot, SnapshotMismatch } from './machine-snapshot.ts';
import { MasterMachine } from './master-machine.ts';
import { PlainAllocator } from './plain-allocator.ts';
import { ALLOCATOR_OPTIONS, drivenOptions } from './test-kit.ts';

// What a snapshot refuses. That a restored machine goes on as the one before is tested with the real allocator.

/** An allocator that keeps nothing. */
class IdleAllocator extends PlainAllocator {
  static readonly layout = fieldsLayout({ kept: Object.keys(new PlainAllocator(...made())) });

  snapshotParts(): SnapshotParts {
    return { kind: 'idle', classes: [IdleAllocator], constants: {} };
  }
}

function made(): ConstructorParameters<typeof PlainAllocator> {
  return [micros(0), ALLOCATOR_OPTIONS, { allocated() {}, inverseOffer() {} }];
}

const idle: AllocatorFactory = (...given) => new IdleAllocator(...given);
const plain: AllocatorFactory = (...given) => new PlainAllocator(...given);
const OPTIONS = drivenOptions();

function machine(factory: AllocatorFactory = idle): MasterMachine {
  return new MasterMachine(OPTIONS, factory, ALLOCATOR_OPTIONS, micros(5));
}

function taken(changes: Partial<MachineSnapshot> = {}): MachineSnapshot {
  const snapshot = machine().snapshot();
  if (!snapshot.ok) throw new Error(snapshot.error.code);
  return { ...snapshot.value, ...changes };
}

test('an allocator without a part in snapshots has none', () => {
  expect(machine(plain).snapshot()).toEqual({ ok: false, error: { code: 'ALLOCATOR_KEEPS_NO_SNAPSHOT' } });
});

test('a snapshot is the same each time, and knows when its machine was made', () => {
  expect(taken()).toEqual(taken());
  const again = MasterMachine.restored(OPTIONS, idle, ALLOCATOR_OPTIONS, taken());
  expect(again.state.startTime).toBe(5);
});

test('state of a class that no snapshot knows is our own mistake, and says where it is', () => {
  const broken = machine();
  broken.state.inverseOffers.set(3 as never, new Date(0) as never);
  expect(() => broken.snapshot()).toThrow(InvariantError);
  expect(() => broken.snapshot()).toThrow('class Date is not known: .inverseOffers[3]');
});

describe('a snapshot that does not fit is refused, with the reason', () => {
  test.each([
    ['another format', { format: 99 }, 'The snapshot has format 99; this version reads format 1'],
    [
      'another allocator',
      { allocator: 'other' },
      "The snapshot is of a master with the allocator 'other'; this one has 'idle'",
    ],
    [
      'no bytes',
      { bytes: new Uint8Array() },
      'The snapshot does not fit this version: the bytes end too early',
    ],
  ] as const)('%s', (_, changes, why) => {
    const act = () => MasterMachine.restored(OPTIONS, idle, ALLOCATOR_OPTIONS, taken(changes));
    expect(act).toThrow(SnapshotMismatch);
    expect(act).toThrow(why);
  });

  test('an allocator without snapshots', () => {
    expect(() => MasterMachine.restored(OPTIONS, plain, ALLOCATOR_OPTIONS, taken())).toThrow(
      "The snapshot is of a master with the allocator 'idle'; this one has one without snapshots",
    );
  });

  test('other options, one more or one less', () => {
    const slow = { ...OPTIONS, agentPingTimeout: micros(1) };
    expect(() => MasterMachine.restored(slow, idle, ALLOCATOR_OPTIONS, taken())).toThrow(
      "The snapshot is of a master with another value of the option 'agentPingTimeout'",
    );
    const seeded = { ...ALLOCATOR_OPTIONS, seed: 2 };
    expect(() => MasterMachine.restored(OPTIONS, idle, seeded, taken())).toThrow(
      "The snapshot is of a master with another value of the option 'allocator.seed'",
    );
    const { seed: _, ...unseeded } = ALLOCATOR_OPTIONS;
    expect(() => MasterMachine.restored(OPTIONS, idle, unseeded as never, taken())).toThrow(
      "The snapshot is of a master with the option 'allocator.seed', which this one lacks",
    );
    const more = { ...OPTIONS, news: 1 };
    expect(() => MasterMachine.restored(more, idle, ALLOCATOR_OPTIONS, taken())).toThrow(
      "The snapshot is of a master with another value of the option 'news'",
    );
  });
});
