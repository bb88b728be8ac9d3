import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ALL_SEEING } from '../../engine/authorization/index.ts';
import { copied } from '../../engine/core/graph/boxed.ts';
import { graphDifference } from '../../engine/core/graph/graph-difference.ts';
import { layoutFaults } from '../../engine/core/graph/hidden-names.ts';
import { type Micros, micros, milli } from '../../engine/core/index.ts';
import { EXTENSIONS, STEP_KINDS, type Step, World } from '../../engine/master/history-world.ts';
import {
  type AllocatorOptions,
  MasterMachine,
  type MachineSnapshot,
  type MasterInput,
  type MasterOptions,
  type MasterOutput,
  type OperatorStreamId,
} from '../../engine/master/index.ts';
import { machineClasses, MASTER_CLASSES, VALUE_CLASSES } from '../../engine/master/snapshot-classes.ts';
import { stateDigest } from '../../engine/master/state-digest.ts';
import { drivenOptions, policyOptions, SECOND } from '../../engine/master/test-kit.ts';
import { Quantities } from '../../engine/resources/index.ts';
import { type HierarchicalDrf, hierarchicalDrf } from './index.ts';

// A master with this allocator is taken through a history; at some step a snapshot is taken. The machine that is restored from it must put out the
// same from there on as the one that was never interrupted. Inputs are copied for each machine, as if they were decoded: it has its own.

interface Making {
  readonly options: MasterOptions;
  readonly allocatorOptions: AllocatorOptions;
}

interface Recorded {
  readonly now: Micros;
  readonly input: MasterInput;
}

/** Steps beyond those of `STEP_KINDS`. */
const MORE_KINDS = ['watch', 'unwatch', 'constrain', 'request', 'ponder', 'tick'] as const;

const step: fc.Arbitrary<Step> = fc.oneof(
  ...STEP_KINDS.map((kind) => ({
    weight: kind.weight,
    arbitrary: fc.record({ do: fc.constant(kind.do), f: fc.nat(kind.f), n: fc.nat(kind.n) }),
  })),
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constantFrom(...MORE_KINDS), f: fc.nat(3), n: fc.nat(99) }),
  },
);

const maybe = <T>(value: T) => fc.constantFrom(null, value);

const masterOptions: fc.Arbitrary<Partial<MasterOptions>> = fc
  .record({
    extended: fc.boolean(),
    history: fc.constantFrom('full', 'none'),
    taskTimelineEntries: fc.constantFrom(0, 3),
    maxCompletedTasksPerFramework: fc.constantFrom(1, 3),
    maxCompletedFrameworks: fc.constantFrom(1, 50),
    operatorEventsKept: fc.constantFrom(0, 5),
    authorization: fc.boolean(),
    frameworkMetrics: fc.boolean(),
    reservationOwners: fc.boolean(),
    reservationLeases: fc.boolean(),
    heartbeatInterval: maybe(micros(15 * SECOND)),
    offerTimeout: maybe(micros(20 * SECOND)),
    rateLimits: maybe({
      limits: [{ principal: 'mallory', rate: { milliQps: 100, capacity: null } }],
      aggregateDefault: { milliQps: 3_000, capacity: 8 },
    }),
  })
  .map(({ extended, ...options }) => ({ ...options, ...(extended ? EXTENSIONS : {}) }));

const allocatorOptions: fc.Arbitrary<Partial<AllocatorOptions>> = fc.record({
  timing: fc.constantFrom('mesos', 'event'),
  declinerGuard: fc.boolean(),
  roleSorter: fc.constantFrom('drf', 'random'),
  frameworkSorter: fc.constantFrom('drf', 'random'),
  fairnessExclude: fc.constantFrom([], ['mem']),
  seed: fc.nat(1_000),
});

/** What a world expects is another test's matter, and an authorizer that takes its time is none of it. */
const unchecked = () => ({ toBe() {}, toEqual() {}, toHaveLength() {}, toBeGreaterThan() {} });

/** The inputs of a history that a master with this allocator took part in. */
function recorded(steps: readonly Step[], moods: readonly number[], making: Making): Recorded[] {
  const inputs: Recorded[] = [];
  const { options } = making;
  const world = new World(unchecked, {
    options,
    allocatorOptions: making.allocatorOptions,
    policy: hierarchicalDrf,
    recorder: (now, input) => inputs.push({ now, input: copied(input, VALUE_CLASSES) }),
  });
  let questions = 0;
  const authorizer: typeof world.driver.authorizer = (requests) => {
    const mood = moods[questions++ % moods.length]!;
    return mood === 0 ? null : requests.map((_, index) => mood > 2 || index % 2 === mood - 1);
  };
  world.driver.authorizer = authorizer;
  const watching: OperatorStreamId[] = [];
  for (const one of steps) {
    const { driver } = world;
    const { id, stream } = world.schedulers[one.f % world.schedulers.length]!;
    const subscribed = id !== null && stream !== null;
    switch (one.do) {
      case 'watch':
        watching.push(driver.watch({ extensions: one.n % 2 === 0 }).stream);
        break;
      case 'unwatch': {
        const gone = watching.shift();
        if (gone !== undefined) world.see(driver.step({ kind: 'operatorStreamClosed', stream: gone }));
        break;
      }
      case 'constrain': {
        const selector = { kind: 'pseudoattribute', type: 'HOSTNAME' } as const;
        const predicate = { kind: 'text_matches', regex: `host-[${one.n % 3}-3]` } as const;
        const groups = one.n % 4 === 0 ? [] : [{ attributeConstraints: [{ selector, predicate }] }];
        if (subscribed)
          world.see(
            driver.call(stream, {
              type: 'UPDATE_FRAMEWORK',
              frameworkId: id,
              frameworkInfo: world.infos.get(id)!,
              suppressedRoles: one.n % 5 === 0 ? ['eng'] : [],
              offerConstraints: one.n % 7 === 0 ? null : { roleConstraints: new Map([['eng', { groups }]]) },
            }),
          );
        break;
      }
      case 'request': {
        const quantities = Quantities.of([['cpus', milli(one.n * 100)]]);
        if (subscribed)
          world.see(
            driver.call(stream, {
              type: 'REQUEST',
              frameworkId: id,
              requests: [{ role: 'eng', quantities }],
            }),
          );
        break;
      }
      case 'ponder':
        // The authorizer takes its time from here, or has taken it.
        driver.authorizer = one.n % 3 === 0 ? null : authorizer;
        break;
      case 'tick':
        world.see(driver.wait((one.n % 8) * 300_000));
        break;
      default:
        world.take(one);
    }
  }
  return inputs;
}

/** With what is added up only when it is read. */
function spelledOut(output: MasterOutput): unknown {
  if (output.kind !== 'operatorEvent' || output.event.type !== 'SUBSCRIBED') return output;
  const { agents } = output.event.getState.getAgents;
  return [output, agents.map(({ allocatedResources }) => allocatedResources)];
}

class Run {
  readonly machine: MasterMachine;

  constructor(machine: MasterMachine) {
    this.machine = machine;
  }

  take({ now, input }: Recorded): { outputs: readonly unknown[]; deadline: Micros | null } {
    const outputs: MasterOutput[] = [];
    this.machine.step(now, copied(input, VALUE_CLASSES), outputs);
    return { outputs: outputs.map(spelledOut), deadline: this.machine.nextDeadline() };
  }

  get digest(): string {
    return stateDigest({ machine: this.machine, allocator: { digest: () => '' } as never });
  }

  snapshot(): MachineSnapshot {
    const taken = this.machine.snapshot();
    if (!taken.ok) throw new Error(taken.error.code);
    return taken.value;
  }

  /** All that can be asked of it. */
  answers(now: Micros): unknown {
    const { machine } = this;
    const { frameworks } = machine.state;
    const explanations = [...frameworks].flatMap(({ id, roles }) =>
      roles.map((role) => machine.explain(now, id, role, null)),
    );
    return {
      state: machine.query(now, { type: 'GET_STATE' }, ALL_SEEING),
      quota: machine.query(now, { type: 'GET_QUOTA' }, ALL_SEEING),
      metrics: [...machine.metrics(now, String)],
      orphans: machine.reservationOrphans(),
      explanations,
    };
  }

  check(): void {
    this.machine.checkInvariants();
    (this.machine.allocator as HierarchicalDrf).checkInvariants();
  }
}

function made({ options, allocatorOptions: allocator }: Making, now: Micros): MasterMachine {
  return new MasterMachine(options, hierarchicalDrf, allocator, now);
}

/** Both have the same snapshot; if not, says where. */
function expectSame(one: Run, other: Run): void {
  const [a, b] = [one.snapshot(), other.snapshot()];
  const isSame = a.bytes.length === b.bytes.length && a.bytes.every((byte, index) => byte === b.bytes[index]);
  if (isSame) return;
  const classes = machineClasses(one.machine.allocator.snapshotParts!()!);
  expect(graphDifference(one.machine.state, other.machine.state, classes)).toBe(null);
  expect(a).toEqual(b);
}

/** Whether snapshots at these parts of the history make no difference. */
function compare(inputs: readonly Recorded[], at: readonly number[], making: Making): Run {
  const whole = new Run(made(making, micros(0)));
  let restored: Run | null = null;
  const cuts = new Set(at.map((part) => Math.floor(part * inputs.length)));
  for (const [index, one] of inputs.entries()) {
    if (cuts.has(index)) {
      const snapshot = whole.snapshot();
      if (restored !== null) expectSame(restored, whole);
      const { options, allocatorOptions: allocator } = making;
      restored = new Run(
        MasterMachine.restored(options, hierarchicalDrf, allocator, copied(snapshot, VALUE_CLASSES)),
      );
      expectSame(restored, whole);
      expect(restored.digest).toBe(whole.digest);
      expect(restored.machine.nextDeadline()).toBe(whole.machine.nextDeadline());
      // Checks and answers bring shares up to date that would be later: both are asked, or none.
      if (index % 2 === 0) for (const run of [restored, whole]) run.check();
      if (index % 3 === 0) expect(restored.answers(one.now)).toEqual(whole.answers(one.now));
    }
    const before = whole.take(one);
    if (restored !== null) expect(restored.take(one)).toEqual(before);
  }
  if (restored !== null) {
    const { now } = inputs.at(-1)!;
    for (const run of [restored, whole]) run.check();
    expect(restored.digest).toBe(whole.digest);
    expect(restored.answers(now)).toEqual(whole.answers(now));
    expectSame(restored, whole);
  }
  return whole;
}

const history = fc.array(step, { minLength: 20, maxLength: 120, size: 'max' });
const part = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

test('a machine that is restored goes on as the one that was never interrupted', () => {
  fc.assert(
    fc.property(
      history,
      fc.array(fc.nat(9), { minLength: 1, maxLength: 9 }),
      fc.array(part, { minLength: 1, maxLength: 3 }),
      masterOptions,
      allocatorOptions,
      (steps, moods, at, options, allocator) => {
        const making = { options: drivenOptions(options), allocatorOptions: policyOptions(allocator) };
        compare(recorded(steps, moods, making), at, making);
      },
    ),
    { numRuns: 60 },
  );
});

describe('classes that take part in snapshots', () => {
  const machine = made({ options: drivenOptions(), allocatorOptions: policyOptions() }, micros(0));
  const classes = [...MASTER_CLASSES, ...machine.allocator.snapshotParts!()!.classes];

  test.each(classes.map((known) => [known.name, known] as const))(
    '%s lists all its hidden fields',
    (_, known) => {
      const blank = known.layout.blank?.() ?? null;
      if (blank !== null) expect(layoutFaults(known, blank)).toEqual([]);
    },
  );
});
