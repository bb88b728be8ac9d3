import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SchedulerCall } from '../../engine/protocol/index.ts';
import { WorkloadFramework } from './framework.ts';
import type { OfferPolicy, WorkloadOptions } from './options.ts';
import { job, optionsFor, SECOND } from './testing/fixtures.ts';
import { type Client, PlainMaster, scalars } from './testing/plain-master.ts';

function world(agents: number, changes: Partial<WorkloadOptions>): { master: PlainMaster; client: Client } {
  const master = new PlainMaster();
  for (let index = 0; index < agents; index++) master.addAgent(scalars(4, 16_384));
  const options = optionsFor('a', ['batch', 'service'], changes);
  return { master, client: master.addFramework(new WorkloadFramework(options), options) };
}

const POLICIES: readonly OfferPolicy[] = ['keep', 'decline', 'suppress', 'demand'];

type Fault =
  | {
      readonly kind: 'crash' | 'partition';
      readonly at: number;
      readonly agent: number;
      readonly lasts: number;
    }
  | { readonly kind: 'disconnect'; readonly at: number; readonly lasts: number }
  | { readonly kind: 'loseCalls'; readonly at: number; readonly lasts: number }
  | { readonly kind: 'rescindAll'; readonly at: number };

const instant = fc.integer({ min: 0, max: 120 });
const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({
    kind: fc.constantFrom<'crash' | 'partition'>('crash', 'partition'),
    at: instant,
    agent: fc.nat(4),
    lasts: fc.integer({ min: 1, max: 150 }),
  }),
  fc.record({
    kind: fc.constant<'disconnect'>('disconnect'),
    at: instant,
    lasts: fc.integer({ min: 0, max: 30 }),
  }),
  fc.record({
    kind: fc.constant<'loseCalls'>('loseCalls'),
    at: instant,
    lasts: fc.integer({ min: 1, max: 5 }),
  }),
  fc.record({ kind: fc.constant<'rescindAll'>('rescindAll'), at: instant }),
);

const sketch = fc.record({
  arrival: fc.integer({ min: 0, max: 100 * SECOND }),
  role: fc.constantFrom('batch', 'service'),
  gang: fc.boolean(),
  count: fc.integer({ min: 1, max: 5 }),
  cpus: fc.integer({ min: 1, max: 4 }),
  duration: fc.integer({ min: 1, max: 60 }),
});

/** Calls are lost for a while, and then the connection that lost them breaks: a connection never has holes. */
function inject(master: PlainMaster, client: Client, each: Fault, lost: { until: number }): void {
  switch (each.kind) {
    case 'crash':
    case 'partition': {
      const agent = master.agents[each.agent]!;
      if (!agent.isUp) return;
      if (each.kind === 'crash') master.crashAgent(agent, 'TASK_LOST');
      else master.partitionAgent(agent);
      master.at(master.now + each.lasts * SECOND, () => master.returnAgent(agent));
      break;
    }
    case 'disconnect':
      master.disconnect(client);
      master.at(master.now + each.lasts * SECOND, () => master.connect(client));
      break;
    case 'loseCalls':
      lost.until = master.now + each.lasts * SECOND;
      master.at(lost.until, () => {
        master.disconnect(client);
        master.connect(client);
      });
      break;
    case 'rescindAll':
      for (const id of master.offers.keys()) master.rescind(id);
      break;
  }
}

type Sketch = typeof sketch extends fc.Arbitrary<infer Value> ? Value : never;

function run(policy: OfferPolicy, sketches: readonly Sketch[], faults: readonly Fault[]) {
  const { master, client } = world(5, { policy, maxAttempts: 4, backfillLookAhead: 2 });
  const lost = { until: -1 };
  master.onCall = (_, call: SchedulerCall) => call.type === 'SUBSCRIBE' || master.now >= lost.until;
  sketches.forEach((each, index) => {
    const made = job({ ...each, id: `j${index}`, resources: scalars(each.cpus, each.cpus * 1_024) });
    master.at(each.arrival, () => master.submit(client, [made]));
  });
  for (const each of faults) master.at(each.at * SECOND, () => inject(master, client, each, lost));
  master.runUntil(300 * SECOND);
  const isDone = master.runUntilIdle(20_000 * SECOND);
  // Time for KILLs of tasks that came back after they were given up.
  master.runUntil(master.now + 1_000 * SECOND);
  return { client, isDone, hash: client.hash.digest() };
}

test('after any faults every job ends, no attempt ends twice, and no task lives on that nobody wants', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...POLICIES),
      fc.array(sketch, { minLength: 1, maxLength: 10 }),
      fc.array(fault, { maxLength: 8 }),
      (policy, sketches, faults) => {
        const { client, isDone } = run(policy, sketches, faults);
        expect(isDone).toBe(true);
        expect(client.outcomes.map((outcome) => outcome.job).sort()).toEqual(
          sketches.map((_, index) => `j${index}`).sort(),
        );
        const ids = client.attempts.map((attempt) => attempt.taskId);
        expect(new Set(ids).size).toBe(ids.length);
        for (const attempt of client.attempts) expect(attempt.attempt).toBeLessThanOrEqual(4);
        expect([...client.tasks.keys()]).toEqual([]);
      },
    ),
  );
});

test('one history gives one hash', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...POLICIES),
      fc.array(sketch, { minLength: 1, maxLength: 6 }),
      fc.array(fault, { maxLength: 4 }),
      (policy, sketches, faults) => {
        expect(run(policy, sketches, faults).hash).toBe(run(policy, sketches, faults).hash);
      },
    ),
    { numRuns: 20 },
  );
});

test('tasks whose launch was lost with the connection are launched again', () => {
  const { master, client } = world(2, { policy: 'suppress' });
  master.onCall = (_, call) => call.type !== 'ACCEPT' || master.now > 10 * SECOND;
  master.at(5 * SECOND, () => master.submit(client, [job({ count: 4 })]));
  master.at(10 * SECOND, () => {
    master.disconnect(client);
    master.connect(client);
  });
  master.runUntil(6 * SECOND);
  expect(master.runUntilIdle(100 * SECOND)).toBe(true);
  expect(client.outcomes).toMatchObject([{ state: 'FINISHED', retries: 4 }]);
  expect(client.attempts.filter((attempt) => attempt.state === 'TASK_GONE')).toHaveLength(4);
});

test('a task that is unreachable for a short time is the same attempt when it comes back', () => {
  const { master, client } = world(1, { policy: 'suppress' });
  master.submit(client, [job({ duration: 100 })]);
  master.at(20 * SECOND, () => master.partitionAgent(master.agents[0]!));
  master.at(50 * SECOND, () => master.returnAgent(master.agents[0]!));
  expect(master.runUntilIdle(1_000 * SECOND)).toBe(true);
  expect(client.attempts).toMatchObject([{ state: 'TASK_FINISHED', attempt: 1 }]);
  expect(client.outcomes).toMatchObject([{ state: 'FINISHED', retries: 0 }]);
});

test('a task that is unreachable for too long is replaced, and killed when it surfaces', () => {
  const { master, client } = world(2, { policy: 'suppress' });
  master.submit(client, [job({ duration: 500 })]);
  let lost = -1;
  master.at(20 * SECOND, () => {
    const task = [...client.tasks.values()][0]!;
    lost = master.agents.indexOf(task.agent);
    master.partitionAgent(task.agent);
  });
  master.at(200 * SECOND, () => {
    expect(client.tasks.size).toBe(2);
    master.returnAgent(master.agents[lost]!);
  });
  master.at(201 * SECOND, () => expect(client.tasks.size).toBe(1));
  expect(master.runUntilIdle(2_000 * SECOND)).toBe(true);
  expect(client.attempts).toMatchObject([
    { state: 'TASK_UNREACHABLE', attempt: 1 },
    { state: 'TASK_FINISHED', attempt: 2 },
  ]);
  expect(client.outcomes).toMatchObject([{ state: 'FINISHED', retries: 1 }]);
});

test('a gang that lost one task is killed and runs again as a whole', () => {
  const { master, client } = world(4, { policy: 'suppress' });
  master.submit(client, [job({ gang: true, count: 4, resources: scalars(4, 1_024), duration: 50 })]);
  master.at(20 * SECOND, () => {
    const agent = master.agents[1]!;
    master.crashAgent(agent, 'TASK_LOST');
    master.at(60 * SECOND, () => master.returnAgent(agent));
  });
  master.at(30 * SECOND, () => expect(client.tasks.size).toBe(0));
  expect(master.runUntilIdle(1_000 * SECOND)).toBe(true);
  const states = client.attempts.map((attempt) => `${attempt.attempt} ${attempt.state}`).sort();
  expect(states).toEqual([
    '1 TASK_KILLED',
    '1 TASK_KILLED',
    '1 TASK_KILLED',
    '1 TASK_LOST',
    ...Array.from({ length: 4 }, () => '2 TASK_FINISHED'),
  ]);
  expect(client.outcomes).toMatchObject([{ state: 'FINISHED', retries: 4 }]);
});

test('a KILL that is lost is sent again until the task is dead', () => {
  const { master, client } = world(2, { policy: 'suppress', maxAttempts: 1 });
  let kills = 0;
  master.onCall = (_, call) => call.type !== 'KILL' || ++kills > 2;
  master.endOf = () => 'TASK_FAILED';
  const sketchOf = { gang: true, resources: scalars(4, 1_024) };
  const failing = job({ ...sketchOf, duration: 5 });
  master.submit(client, [
    { ...failing, tasks: [failing.tasks[0]!, job({ ...sketchOf, duration: 5_000 }).tasks[0]!] },
  ]);
  expect(master.runUntilIdle(1_000 * SECOND)).toBe(true);
  expect(kills).toBe(3);
  expect(client.attempts.map((attempt) => attempt.state).sort()).toEqual(['TASK_FAILED', 'TASK_KILLED']);
  expect(client.outcomes).toMatchObject([{ state: 'FAILED' }]);
});

test('a framework that was removed subscribes as a new one and starts its tasks again', () => {
  const { master, client } = world(2, { policy: 'suppress' });
  master.submit(client, [job({ count: 2, duration: 100 })]);
  master.at(20 * SECOND, () => {
    for (const task of client.tasks.values()) {
      client.tasks.delete(task.info.taskId);
      task.agent.free = task.agent.free.plus(task.info.resources);
      task.state = 'TASK_KILLED';
    }
    master.send(client, { type: 'ERROR', message: 'Framework has been removed' });
  });
  master.at(21 * SECOND, () => {
    expect(client.machine.frameworkId).toBeNull();
    master.disconnect(client);
    master.connect(client);
  });
  expect(master.runUntilIdle(1_000 * SECOND)).toBe(true);
  expect(client.attempts.map((attempt) => attempt.state).sort()).toEqual([
    'TASK_FINISHED',
    'TASK_FINISHED',
    'TASK_KILLED',
    'TASK_KILLED',
  ]);
  expect(client.outcomes).toMatchObject([{ state: 'FINISHED' }]);
});
