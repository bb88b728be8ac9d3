import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AgentId } from '../core/index.ts';
import { isTerminal, type TaskState } from '../protocol/index.ts';
import { ALL_SEEING } from '../authorization/index.ts';
import type { OperatorStreamId } from './input.ts';
import { EXTENSIONS, STEP_KINDS, type Step, World } from './history-world.ts';
import { OperatorReader } from './operator-reader.ts';
import type { MasterOptions } from './options.ts';
import type { MasterOutput } from './output.ts';
import { stateDigest } from './state-digest.ts';
import type { MasterDriver } from './test-kit.ts';
import { VersionWatch } from './version-watch.ts';

const step = fc.oneof(
  ...STEP_KINDS.map((kind) => ({
    weight: kind.weight,
    arbitrary: fc.record({ do: fc.constant(kind.do), f: fc.nat(kind.f), n: fc.nat(kind.n) }),
  })),
);
// Full length: nothing much happens in ten steps.
const history = fc.array(step, { maxLength: 120, size: 'max' });

function run(steps: readonly Step[], options: Partial<MasterOptions> = {}): World {
  const world = new World(expect, { options });
  for (const one of steps) world.take(one);
  return world;
}

test('whatever happens, the books balance, refused calls change nothing and nothing is said before it is durable', () => {
  fc.assert(
    fc.property(history, (steps) => {
      run(steps);
    }),
    { numRuns: 300 },
  );
});

test('the same with an authorizer that allows, denies and fails: nothing is left waiting, and no agent is shut down for it', () => {
  fc.assert(
    fc.property(history, fc.array(fc.nat(9), { minLength: 1, maxLength: 9 }), (steps, moods) => {
      const world = new World(expect, {
        options: { authorization: true, history: 'full', frameworkMetrics: true },
      });
      let questions = 0;
      world.driver.authorizer = (requests) => {
        const mood = moods[questions++ % moods.length]!;
        if (mood === 0) return null;
        return requests.map((_, index) => mood > 2 || index % 2 === mood - 1);
      };
      world.witness = (outputs) => {
        // Operators shut agents down, by machines and for ever; an authorizer does not.
        const shutDowns = outputs.flatMap((one) =>
          one.kind === 'toAgent' && one.message.type === 'SHUTDOWN' ? [one.message.message] : [],
        );
        for (const text of shutDowns) expect(text).toMatch(/has been marked gone|is down for maintenance/);
      };
      for (const one of steps) {
        world.take(one);
        const { asked, queues, subscribing, registering } = world.driver.machine.state.authorizations!;
        expect(asked.size + queues.size + subscribing.size + registering.size).toBe(0);
      }
    }),
    { numRuns: 100 },
  );
});

test('with the extensions of Orrery it is the same: drains in waves and cancelled, removals undone or by rate', () => {
  fc.assert(
    fc.property(history, (steps) => {
      run(steps, EXTENSIONS);
    }),
    { numRuns: 150 },
  );
});

test.each([
  ['as it is', {}],
  [
    'with extensions and little memory',
    {
      ...EXTENSIONS,
      maxCompletedFrameworks: 1,
      maxCompletedTasksPerFramework: 2,
      maxUnreachableTasksPerFramework: 1,
    },
  ],
])('what operators see changes only with the versions of it (%s)', (_, options: Partial<MasterOptions>) => {
  let changes = 0;
  fc.assert(
    fc.property(history, fc.nat(119), (steps, failsAt) => {
      const world = new World(expect, { options: { history: 'full', taskTimelineEntries: 4, ...options } });
      let watch = new VersionWatch();
      steps.forEach((one, index) => {
        if (index === failsAt) {
          world.failOver();
          changes += watch.changes;
          watch = new VersionWatch();
        }
        world.take(one);
        watch.check(world.driver.machine.state);
      });
      changes += watch.changes;
    }),
    { numRuns: 150 },
  );
  expect(changes).toBeGreaterThan(1_000);
});

test('what an operator was granted outlives masters, agents that are away, and what happens in between', () => {
  const parts = fc.array(history, { minLength: 2, maxLength: 3 });
  fc.assert(
    fc.property(parts, fc.boolean(), fc.nat(1), (parts, isExtended, settled) => {
      const world = new World(expect, { options: isExtended ? EXTENSIONS : {} });
      for (const [index, steps] of parts.entries()) {
        for (const one of steps) world.take(one);
        // With writes, registrations and operations on their way, or with all of them done.
        if ((index + settled) % 2 === 0) world.settle();
        // The last calls are asked for, and perhaps not written, when the master falls.
        for (const one of steps.filter((each) => each.do === 'administer').slice(-3)) world.take(one);
        world.failOver();
        world.see(world.driver.makeDurable());
        world.model.check(world.driver.machine.state);
      }
    }),
    { numRuns: 100 },
  );
});

test('one history gives one list of outputs', () => {
  fc.assert(
    fc.property(history, (steps) => {
      expect(run(steps).hash.digest()).toBe(run(steps).hash.digest());
    }),
    { numRuns: 50 },
  );
});

function ascending(ids: readonly AgentId[]): AgentId[] {
  return [...ids].sort((a, b) => a - b);
}

test('the registry holds what the master believes: admitted, unreachable since when, gone', () => {
  fc.assert(
    fc.property(history, (steps) => {
      const world = run(steps);
      const { driver } = world;
      if (driver.written.length > 0) world.see(driver.makeDurable());
      // Writes follow upon writes: an agent at the address of another is admitted once that one is removed.
      while (driver.written.length > 0) world.see(driver.makeDurable());
      const { agents, unreachableAgents, goneAgents, recoveredAgents } = driver.machine.state;
      const { admitted, unreachable, gone } = driver.registry.snapshot();
      const believed = [...[...agents].map((agent) => agent.id), ...recoveredAgents.keys()];
      expect(ascending([...admitted.keys()])).toEqual(ascending(believed));
      expect([...unreachable]).toEqual([...unreachableAgents]);
      expect([...gone]).toEqual([...goneAgents]);
    }),
    { numRuns: 200 },
  );
});

/** A framework uses the id of a task that it believes lost with its agent, which comes back. */
const ID_USED_TWICE: Step[] = [
  { do: 'connect', f: 2, n: 0 },
  { do: 'durable', f: 0, n: 0 },
  { do: 'subscribe', f: 2, n: 1 },
  { do: 'call', f: 2, n: 2_938 },
  { do: 'closeLink', f: 2, n: 0 },
  { do: 'connect', f: 0, n: 0 },
  { do: 'durable', f: 0, n: 0 },
  { do: 'launch', f: 2, n: 280 },
];

test('a new master reaches the same agents and the same live tasks once the agents are back', () => {
  fc.assert(
    fc.property(history, fc.array(step, { maxLength: 20, size: 'max' }), (steps, later) => {
      const world = run(steps);
      world.settle();
      /** Live tasks by id; of two tasks with one id, the first agent's is the framework's, and the other is killed. */
      const onAgents = () => {
        const byId = new Map<string, TaskState>();
        for (const { tasks } of world.agents) {
          for (const [id, { report }] of tasks) if (!byId.has(id)) byId.set(id, report.state);
        }
        return [...byId].flatMap(([id, state]) => (isTerminal(state) ? [] : [id])).sort();
      };
      const before = { agents: ascending([...world.driver.registry.snapshot().admitted.keys()]) };
      world.failOver();
      world.settle();
      const registered = ascending([...world.driver.machine.state.agents].map((agent) => agent.id));
      // One whose drain was to end so, and had nothing left to wait for once it reported, is gone by now.
      const { recoveredAgents, goneAgents } = world.driver.machine.state;
      expect(before.agents.filter((id) => !registered.includes(id) && !goneAgents.has(id))).toEqual(
        ascending([...recoveredAgents.keys()]),
      );
      expect(world.liveTasks()).toEqual(onAgents());
      for (const one of later) world.take(one);
    }),
    { numRuns: 200, examples: [[ID_USED_TWICE, []]] },
  );
});

/** Listens to a world's master from its first step, and comes back after each cut where it was. */
class Watch {
  readonly #world: World;
  readonly #extensions: boolean;
  #driver: MasterDriver;
  #stream: OperatorStreamId | null = null;
  #reader: OperatorReader | null = null;
  #seen: number | null = null;
  snapshots = 0;
  resumed = 0;

  constructor(world: World, extensions: boolean) {
    this.#world = world;
    this.#extensions = extensions;
    this.#driver = world.driver;
    world.witness = (outputs) => {
      this.#see(outputs);
    };
    this.connect();
  }

  #see(outputs: readonly MasterOutput[]): void {
    for (const output of outputs) {
      if (output.kind !== 'operatorEvent' || output.stream !== this.#stream) continue;
      const { event, sequence } = output;
      if (this.#seen !== null && event.type !== 'SUBSCRIBED') {
        const isHeartbeat = event.type === 'HEARTBEAT';
        if (isHeartbeat || this.#extensions) expect(sequence).toBe(this.#seen + (isHeartbeat ? 0 : 1));
        else expect(sequence).toBeGreaterThan(this.#seen);
      }
      this.#seen = sequence;
      if (event.type === 'SUBSCRIBED') this.#reader = new OperatorReader(event.getState);
      else this.#reader!.take(event);
      if (event.type === 'SUBSCRIBED') this.snapshots++;
    }
  }

  connect(): void {
    this.#driver = this.#world.driver;
    const snapshots = this.snapshots;
    const resume = this.#seen;
    const { stream, outputs } = this.#driver.watch({
      extensions: this.#extensions,
      ...(resume === null ? {} : { resume }),
    });
    // A subscription over a master that does not lead yet is closed.
    this.#stream = outputs.some(({ kind }) => kind === 'closeOperatorStream') ? null : stream;
    this.#see(outputs);
    if (this.#stream !== null && this.snapshots === snapshots) this.resumed++;
  }

  cut(): void {
    if (this.#stream !== null && this.#driver === this.#world.driver)
      this.#driver.step({ kind: 'operatorStreamClosed', stream: this.#stream });
    this.#stream = null;
  }

  check(): void {
    if (this.#stream === null || this.#driver !== this.#world.driver) return;
    const { machine, now } = this.#driver;
    const before = stateDigest(this.#driver);
    const answer = machine.query(now, { type: 'GET_STATE' }, ALL_SEEING);
    expect(stateDigest(this.#driver)).toBe(before);
    if (!answer.ok || answer.value.type !== 'GET_STATE')
      throw new Error('The master does not tell its state');
    const fresh = new OperatorReader(answer.value);
    expect(this.#reader!.digest(this.#extensions)).toBe(fresh.digest(this.#extensions));
  }
}

test.each([false, true])(
  'a snapshot and the events since are a fresh snapshot, at every step and over every cut (events of our own: %s)',
  (extensions) => {
    let snapshots = 0;
    let resumed = 0;
    const cuts = fc.array(fc.nat(119), { maxLength: 12 });
    fc.assert(
      fc.property(history, cuts, (steps, at) => {
        const world = new World(expect, {
          options: { operatorEventsKept: 24, history: 'full', taskTimelineEntries: 4 },
        });
        world.settle();
        const watch = new Watch(world, extensions);
        steps.forEach((one, index) => {
          if (at.includes(index)) watch.cut();
          else if (at.includes(index - 3)) watch.connect();
          if (index === 70) {
            world.failOver();
            world.settle();
            watch.connect();
          }
          world.take(one);
          watch.check();
        });
        ({ snapshots, resumed } = {
          snapshots: snapshots + watch.snapshots,
          resumed: resumed + watch.resumed,
        });
      }),
      { numRuns: 80 },
    );
    expect(snapshots).toBeGreaterThan(30);
    expect(resumed).toBeGreaterThan(30);
  },
);

test('the histories reach what they are meant to reach', () => {
  const seen = new Map<string, number>();
  const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
  for (const steps of fc.sample(history, { numRuns: 450, seed: 12 })) {
    const world = new World(expect);
    for (const one of steps) {
      const { state } = world.driver.machine;
      world.take(one);
      if (state.unreachableAgents.size > 0) count('unreachable agents');
      if (state.draining.size > 0) count('agents that drain');
      if ([...state.draining].some((agent) => agent.link === null)) count('agents that drain and are away');
      if (state.machinesDown.size > 0) count('machines that are down');
      if (state.goneAgents.size > 0) count('gone agents');
      if (state.inverseOffers.size > 0) count('inverse offers');
      if (state.quotas.size > 0) count('quotas');
      for (const id of state.unreachableAgents.keys())
        if (state.deactivatedAgents.has(id)) count('unreachable agents that are deactivated');
      if (state.completedFrameworks.size > 0) count('removed frameworks');
      if ([...state.agents].some((agent) => agent.executors.length > 0)) count('executors');
      if ([...state.agents].some((agent) => agent.link === null && agent.tasks.length > 0))
        count('tasks of disconnected agents');
      if ([...state.frameworks].some((framework) => framework.unreachableTasks.size > 0))
        count('unreachable tasks');
      if ([...state.agents].some((agent) => agent.tasks.some((task) => isTerminal(task.state))))
        count('ended tasks');
      if ([...state.agents].some((agent) => !agent.info.resources.reserved().isEmpty)) count('reservations');
      if ([...state.agents].some((agent) => !agent.info.resources.persistentVolumes().isEmpty))
        count('volumes');
      if ([...state.agents].some((agent) => !agent.info.resources.shared().isEmpty)) count('shared volumes');
      if ([...state.agents].some((agent) => agent.tasks.some((task) => !task.info.resources.isPlain)))
        count('tasks on reservations');
      if (state.operations.size > 0) count('operations that are watched');
      if (world.agents.some((agent) => [...agent.operations.values()].some(({ info }) => info === null)))
        count('operations that never came');
      if ([...state.agents].filter((agent) => agent.offerHead !== -1).length > 1) count('several offers');
    }
  }
  for (const what of [
    'unreachable agents',
    'agents that drain',
    'agents that drain and are away',
    'machines that are down',
    'gone agents',
    'inverse offers',
    'quotas',
    'unreachable agents that are deactivated',
    'removed frameworks',
    'executors',
    'tasks of disconnected agents',
    'unreachable tasks',
    'ended tasks',
    'several offers',
    'reservations',
    'volumes',
    'shared volumes',
    'tasks on reservations',
    'operations that are watched',
    'operations that never came',
  ])
    expect(seen.get(what) ?? 0, what).toBeGreaterThan(10);
});
