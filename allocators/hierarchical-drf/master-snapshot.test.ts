import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Acls, ALL_SEEING } from '../../engine/authorization/index.ts';
import { copied } from '../../engine/core/graph/boxed.ts';
import { graphDifference, reachedClasses } from '../../engine/core/graph/graph-difference.ts';
import { layoutFaults } from '../../engine/core/graph/hidden-names.ts';
import { type Micros, micros, milli } from '../../engine/core/index.ts';
import { EXTENSIONS, STEP_KINDS, type Step, World } from '../../engine/master/history-world.ts';
import {
  type AllocatorFactory,
  type AllocatorOptions,
  LEASE_LABEL,
  MasterMachine,
  type MachineSnapshot,
  type MasterInput,
  type MasterOptions,
  type MasterOutput,
  type OperatorStreamId,
  OWNER_LABEL,
} from '../../engine/master/index.ts';
import { machineClasses, VALUE_CLASSES } from '../../engine/master/snapshot-classes.ts';
import { stateDigest } from '../../engine/master/state-digest.ts';
import {
  drivenOptions,
  MasterDriver,
  policyOptions,
  SECOND,
  TASK_RESOURCES,
} from '../../engine/master/test-kit.ts';
import { Quantities, resourceIdentity, Resources, scalarResource } from '../../engine/resources/index.ts';
import { guarded } from '../contract/index.ts';
import { playCrowded } from './crowded-history.ts';
import { type HierarchicalDrf, hierarchicalDrf } from './index.ts';

// A master with this allocator is taken through a history; at some step a snapshot is taken. The machine that is restored from it must put out the
// same from there on as the one that was never interrupted. Inputs are copied for each machine, as if they were decoded: it has its own.

interface Making {
  readonly options: MasterOptions;
  readonly allocatorOptions: AllocatorOptions;
  readonly factory: AllocatorFactory;
}

interface Recorded {
  readonly now: Micros;
  readonly input: MasterInput;
}

/** Steps beyond those of `STEP_KINDS`. */
const MORE_KINDS = [
  'watch',
  'unwatch',
  'constrain',
  'request',
  'reserve',
  'lend',
  'ponder',
  'fall',
  'tick',
  'tick',
] as const;

const step: fc.Arbitrary<Step> = fc.oneof(
  ...STEP_KINDS.map((kind) => ({
    weight: kind.weight,
    arbitrary: fc.record({ do: fc.constant(kind.do), f: fc.nat(kind.f), n: fc.nat(kind.n) }),
  })),
  {
    weight: 20,
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
    acls: maybe<Acls>({
      permissive: false,
      rules: new Map([
        ['view_frameworks', [{ principals: { type: 'SOME', values: ['alice'] }, objects: { type: 'ANY' } }]],
      ]),
    }),
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

/** The inputs of the last master of a history. */
function recorded(steps: readonly Step[], moods: readonly number[], making: Making): Recorded[] {
  const inputs: Recorded[] = [];
  const { options, factory: policy } = making;
  const world = new World(unchecked, {
    options,
    allocatorOptions: making.allocatorOptions,
    policy,
    recorder: (now, input) => {
      if (input.kind === 'elected') inputs.length = 0;
      inputs.push({ now, input: copied(input, VALUE_CLASSES) });
    },
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
        watching.push(
          driver.watch({ extensions: one.n % 2 === 0, principal: one.n % 3 === 0 ? 'alice' : 'bob' }).stream,
        );
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
              frameworkInfo: {
                ...world.infos.get(id)!,
                capabilities: ['MULTI_ROLE', 'SHARED_RESOURCES', 'REVOCABLE_RESOURCES'],
                offerFilters: new Map(
                  one.n % 2 === 0 ? [] : [['eng', [Quantities.of([['cpus', milli(700)]])]]],
                ),
              },
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
      case 'reserve': {
        const offer = subscribed ? driver.offersOf(id)[0] : undefined;
        if (!subscribed || offer === undefined) break;
        const labels = [
          { key: OWNER_LABEL, value: one.n % 3 === 0 ? 'somebody' : 'test' },
          { key: LEASE_LABEL, value: '60' },
        ];
        const reservation = { type: 'DYNAMIC', role: offer.role, principal: null, labels } as const;
        const made = TASK_RESOURCES.pushReservation(reservation);
        const operations = [{ type: 'RESERVE', id: null, source: Resources.EMPTY, resources: made } as const];
        world.see(driver.accept({ id, stream }, [offer.id], operations));
        break;
      }
      case 'lend': {
        const agent = world.agents[one.f]!;
        const oversubscribed = one.n % 3 === 0 ? Resources.EMPTY : REVOCABLE;
        if (agent.link !== null && agent.registered)
          world.see(
            driver.fromAgent(agent.link, { type: 'UPDATE_AGENT', agentId: agent.id!, oversubscribed }),
          );
        break;
      }
      case 'fall':
        if (one.n % 4 > 0) break;
        world.failOver();
        if (one.n % 8 > 0) world.settle();
        break;
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

const REVOCABLE = Resources.of([
  scalarResource(resourceIdentity({ name: 'cpus', revocable: true }), milli(1_000)),
]);

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
    const { allocator } = this.machine;
    const policy = 'policy' in allocator ? allocator.policy : allocator;
    (policy as HierarchicalDrf).checkInvariants();
  }
}

function made({ options, allocatorOptions: allocator, factory }: Making, now: Micros): MasterMachine {
  return new MasterMachine(options, factory, allocator, now);
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
  const whole = new Run(made(making, inputs[0]!.now));
  let restored: Run | null = null;
  const cuts = new Set(at.map((part) => Math.floor(part * inputs.length)));
  for (const [index, one] of inputs.entries()) {
    if (cuts.has(index)) {
      const snapshot = whole.snapshot();
      if (restored !== null) expectSame(restored, whole);
      const { options, allocatorOptions: allocator, factory } = making;
      restored = new Run(
        MasterMachine.restored(options, factory, allocator, copied(snapshot, VALUE_CLASSES)),
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
/** Of a history, not of doubles: most of those are nearly nothing. */
const part = fc.nat(999).map((part) => part / 1_000);
const making = fc.record({
  options: masterOptions.map(drivenOptions),
  allocatorOptions: allocatorOptions.map(policyOptions),
  factory: fc.constantFrom(hierarchicalDrf, hierarchicalDrf, guarded(hierarchicalDrf, 'guarded')),
});
const moods = fc.array(fc.nat(9), { minLength: 1, maxLength: 9 });

test('a machine that is restored goes on as the one that was never interrupted', () => {
  fc.assert(
    fc.property(
      history,
      moods,
      fc.array(part, { minLength: 1, maxLength: 3 }),
      making,
      (steps, mood, at, how) => {
        compare(recorded(steps, mood, how), at, how);
      },
    ),
    { numRuns: 40 },
  );
});

test('the same where the allocator has much to decide', () => {
  const seed = fc.nat(1_000_000);
  fc.assert(
    fc.property(seed, fc.array(part, { minLength: 1, maxLength: 3 }), making, (drawn, at, how) => {
      const inputs: Recorded[] = [];
      const driver = new MasterDriver({
        options: { ...how.options, authorization: false, rateLimits: null },
        allocatorOptions: how.allocatorOptions,
        policy: hierarchicalDrf,
        recorder: (now, input) => inputs.push({ now, input: copied(input, VALUE_CLASSES) }),
      });
      playCrowded(driver, drawn, 250);
      const { options } = driver.machine.state;
      compare(inputs, at, { ...how, options, factory: hierarchicalDrf });
    }),
    { numRuns: 25 },
  );
});

test('the histories reach every class that takes part, and each lists all its hidden fields', () => {
  const reached = new Set<string>();
  const all = new Set<string>();
  const faults = new Set<string>();
  for (const [steps, mood, how] of fc.sample(fc.tuple(history, moods, making), { numRuns: 60, seed: 3 })) {
    const inputs = recorded(steps, mood, how);
    const run = new Run(made(how, inputs[0]!.now));
    const classes = machineClasses(run.machine.allocator.snapshotParts!()!);
    for (const { name } of classes) all.add(name);
    for (const [index, one] of inputs.entries()) {
      run.take(one);
      if (index % 20 > 0 && index + 1 < inputs.length) continue;
      for (const [name, object] of reachedClasses(run.machine.state, classes)) {
        reached.add(name);
        for (const fault of layoutFaults(classes.named(name)!, object)) faults.add(fault);
      }
    }
  }
  expect([...faults]).toEqual([]);
  expect([...all].filter((name) => !reached.has(name))).toEqual([]);
});
