import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type AgentId,
  assert,
  type FrameworkId,
  type Micros,
  micros,
  type OfferId,
  type TaskId,
  type UpdateId,
} from '../../engine/core/index.ts';
import {
  isTerminal,
  type Offer,
  type SchedulerCall,
  type SchedulerEvent,
  TASK_STATE_NUMBERS,
  type TaskInfo,
  type TaskState,
} from '../../engine/protocol/index.ts';
import { Resources } from '../../engine/resources/index.ts';
import type { Job } from '../../engine/workload/index.ts';
import { WorkloadFramework } from './framework.ts';
import type { WorkloadInput, WorkloadOutput } from './framework-io.ts';
import type { WorkloadOptions } from './options.ts';
import { job, optionsFor, SECOND } from './testing/fixtures.ts';
import { PlainMaster, scalars, statusOf } from './testing/plain-master.ts';

const AGENTS = 3;
const FRAMEWORK = 7 as FrameworkId;
const MAX_ATTEMPTS = 3;

interface LaunchedTask {
  readonly info: TaskInfo;
  readonly job: string;
  hasEnded: boolean;
}

/**
 * Feeds one framework any inputs, in any order that a driver may deliver, and holds every output against what the framework may do. It
 * knows of the framework only what was said to it and by it.
 */
class Referee {
  readonly framework: WorkloadFramework;
  now = 0 as Micros;
  isConnected = false;
  isSubscribed = false;
  readonly outstanding = new Map<OfferId, Offer>();
  readonly tasks: LaunchedTask[] = [];
  readonly byId = new Map<TaskId, LaunchedTask>();
  readonly jobs = new Map<
    string,
    { readonly job: Job; readonly tasks: number; hasEnded: boolean; readonly attempts: Set<string> }
  >();
  readonly killed: TaskId[] = [];
  readonly asked: TaskId[] = [];
  outputs: WorkloadOutput[] = [];
  #nextOffer = 1;
  #nextUpdate = 1;
  #nextJob = 0;
  readonly #agents = Array.from({ length: AGENTS }, () => new PlainMaster().addAgent(scalars(4, 4_096)));

  constructor(options: WorkloadOptions) {
    this.framework = new WorkloadFramework(options);
  }

  step(input: WorkloadInput): WorkloadOutput[] {
    const outputs: WorkloadOutput[] = [];
    this.framework.step(this.now, input, outputs);
    this.framework.checkInvariants();
    this.outputs = outputs;
    this.#judge(outputs);
    return outputs;
  }

  event(event: SchedulerEvent): void {
    if (!this.isConnected) return;
    if (event.type === 'SUBSCRIBED') {
      this.outstanding.clear();
      this.isSubscribed = true;
    }
    if (event.type === 'ERROR') {
      this.outstanding.clear();
      this.isSubscribed = false;
    }
    const outputs = this.step({ kind: 'event', event });
    const acknowledged = outputs.filter(
      (output) => output.kind === 'call' && output.call.type === 'ACKNOWLEDGE',
    );
    const due = this.isSubscribed && event.type === 'UPDATE' && event.status.uuid !== null ? 1 : 0;
    expect(acknowledged).toHaveLength(due);
  }

  connect(): void {
    this.isConnected = true;
    this.isSubscribed = false;
    this.outstanding.clear();
    this.step({ kind: 'connected' });
  }

  disconnect(): void {
    this.isConnected = false;
    this.isSubscribed = false;
    this.outstanding.clear();
    this.step({ kind: 'disconnected' });
  }

  subscribed(): void {
    this.event({
      type: 'SUBSCRIBED',
      frameworkId: FRAMEWORK,
      heartbeatIntervalSeconds: 15,
      master: 1 as never,
    });
  }

  offer(shapes: readonly (readonly [number, number, string])[]): void {
    if (!this.isSubscribed) return;
    const offers: Offer[] = shapes.map(([agent, cpus, role]) => ({
      id: this.#nextOffer++ as OfferId,
      frameworkId: FRAMEWORK,
      agentId: this.#agents[agent]!.id as AgentId,
      agent: this.#agents[agent]!.info,
      role,
      resources: scalars(cpus, cpus * 1_024),
      unavailability: null,
      executorIds: [],
    }));
    for (const offer of offers) this.outstanding.set(offer.id, offer);
    this.event({ type: 'OFFERS', offers });
  }

  rescind(which: number): void {
    const ids = [...this.outstanding.keys()];
    const id = ids.length === 0 ? (0 as OfferId) : ids[which % ids.length]!;
    this.outstanding.delete(id);
    this.event({ type: 'RESCIND', offerId: id });
  }

  update(which: number, state: TaskState, hasUuid: boolean, times: number): void {
    const task = this.tasks.length === 0 ? undefined : this.tasks[which % this.tasks.length]!;
    const id = task?.info.taskId ?? (99 as TaskId);
    const agentId = task?.info.agentId ?? (1 as AgentId);
    const uuid = hasUuid ? (this.#nextUpdate++ as UpdateId) : null;
    for (let time = 0; time < times; time++) {
      this.event({ type: 'UPDATE', status: statusOf(id, state, agentId, this.now, uuid) });
    }
  }

  submit(
    sketches: readonly { gang: boolean; count: number; cpus: number; role: string; priority: number }[],
  ): void {
    const jobs = sketches.map((sketch) =>
      job({
        ...sketch,
        id: `j${this.#nextJob++}`,
        arrival: this.now,
        resources: scalars(sketch.cpus, sketch.cpus * 1_024),
      }),
    );
    for (const [index, made] of jobs.entries()) {
      this.jobs.set(made.id, {
        job: made,
        tasks: sketches[index]!.count,
        hasEnded: false,
        attempts: new Set(),
      });
    }
    this.step({ kind: 'jobsArrived', jobs });
  }

  /** Lets time pass, with ticks when they are wanted. */
  pass(micro: number): void {
    const end = this.now + micro;
    for (let ticks = 0; ; ticks++) {
      const deadline = this.framework.nextDeadline();
      if (deadline === null || deadline > end) break;
      assert(ticks < 10_000, 'time passes');
      this.now = micros(Math.max(deadline, this.now));
      const outputs = this.step({ kind: 'tick' });
      if (outputs.some((output) => output.kind === 'reconnect')) this.disconnect();
    }
    this.now = micros(end);
  }

  #judge(outputs: readonly WorkloadOutput[]): void {
    const gangLaunches = new Map<string, number>();
    for (const output of outputs) {
      switch (output.kind) {
        case 'call':
          this.#judgeCall(output.call, gangLaunches);
          break;
        case 'attemptEnded': {
          const { attempt } = output;
          const task = this.byId.get(attempt.taskId);
          assert(task !== undefined && !task.hasEnded, 'an attempt ends once, after its launch');
          task.hasEnded = true;
          const known = this.jobs.get(attempt.job)!;
          assert(attempt.attempt >= 1 && attempt.attempt <= MAX_ATTEMPTS, 'attempts are bounded');
          const key = `${attempt.index}/${attempt.attempt}`;
          assert(!known.attempts.has(key), 'an attempt of a task is made once');
          known.attempts.add(key);
          break;
        }
        case 'jobEnded': {
          const known = this.jobs.get(output.outcome.job)!;
          assert(!known.hasEnded, 'a job ends once');
          known.hasEnded = true;
          const isOver = this.tasks.every((task) => task.job !== output.outcome.job || task.hasEnded);
          assert(isOver, 'a job ends after all its tasks');
          break;
        }
        case 'reconnect':
          break;
      }
    }
    for (const [id, count] of gangLaunches) {
      assert(count === this.jobs.get(id)!.tasks, 'a gang is launched whole or not at all');
    }
  }

  #judgeCall(call: SchedulerCall, gangLaunches: Map<string, number>): void {
    if (call.type === 'SUBSCRIBE') {
      assert(this.isConnected && !this.isSubscribed, 'a framework subscribes once per connection');
      return;
    }
    assert(this.isSubscribed && call.frameworkId === FRAMEWORK, 'calls are made by a subscribed framework');
    if (call.type === 'DECLINE') for (const id of call.offerIds) this.#spend(id);
    if (call.type === 'KILL') this.killed.push(call.taskId);
    if (call.type === 'RECONCILE') this.asked.push(...call.tasks.map((task) => task.taskId));
    if (call.type !== 'ACCEPT') return;
    const offers = call.offerIds.map((id) => this.#spend(id));
    let rest = Resources.EMPTY;
    for (const offer of offers) {
      assert(offer.agentId === offers[0]!.agentId && offer.role === offers[0]!.role, 'one agent, one role');
      rest = rest.plus(offer.resources);
    }
    for (const operation of call.operations) {
      assert(operation.type === 'LAUNCH', 'only LAUNCH is used');
      for (const info of operation.taskInfos) {
        assert(info.agentId === offers[0]!.agentId, 'a task runs where its offer is');
        assert(rest.contains(info.resources), 'no more is launched than was offered');
        rest = rest.minus(info.resources);
        assert(!this.byId.has(info.taskId), 'a task id comes once');
        const id = info.template.name;
        const known = this.jobs.get(id)!;
        assert(!known.hasEnded, 'nothing is launched for a job that has ended');
        assert(known.job.role === offers[0]!.role, 'a task runs on offers of its role');
        if (known.job.gang) gangLaunches.set(id, (gangLaunches.get(id) ?? 0) + 1);
        const task: LaunchedTask = { info, job: id, hasEnded: false };
        this.tasks.push(task);
        this.byId.set(info.taskId, task);
      }
    }
  }

  #spend(id: OfferId): Offer {
    const offer = this.outstanding.get(id);
    assert(offer !== undefined, 'only outstanding offers are used, and once');
    this.outstanding.delete(id);
    return offer;
  }
}

const STATES = Object.keys(TASK_STATE_NUMBERS) as TaskState[];
const role = fc.constantFrom('batch', 'service');
const act = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('connect' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('disconnect' as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('subscribed' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('error' as const), removed: fc.boolean() }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('offers' as const),
      shapes: fc.array(fc.tuple(fc.nat(AGENTS - 1), fc.integer({ min: 1, max: 4 }), role), {
        minLength: 1,
        maxLength: 6,
      }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rescind' as const), which: fc.nat(20) }) },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('update' as const),
      which: fc.nat(50),
      state: fc.constantFrom(...STATES),
      hasUuid: fc.boolean(),
      times: fc.integer({ min: 1, max: 2 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('submit' as const),
      jobs: fc.array(
        fc.record({
          gang: fc.boolean(),
          count: fc.integer({ min: 1, max: 4 }),
          cpus: fc.integer({ min: 1, max: 4 }),
          role,
          priority: fc.nat(1),
        }),
        { minLength: 1, maxLength: 3 },
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), seconds: fc.integer({ min: 0, max: 90 }) }),
  },
);
type Act = typeof act extends fc.Arbitrary<infer Value> ? Value : never;

const options = fc.record({
  policy: fc.constantFrom<WorkloadOptions['policy']>('keep', 'decline', 'suppress', 'demand'),
  order: fc.constantFrom<WorkloadOptions['order']>('fifo', 'priority'),
  backfillLookAhead: fc.constantFrom(0, 2),
  refuseSeconds: fc.constantFrom(0, 5),
});

function perform(referee: Referee, each: Act): void {
  switch (each.kind) {
    case 'connect':
      if (!referee.isConnected) referee.connect();
      break;
    case 'disconnect':
      if (referee.isConnected) referee.disconnect();
      break;
    case 'subscribed':
      if (!referee.isConnected) referee.connect();
      if (!referee.isSubscribed) referee.pass(70 * SECOND);
      if (!referee.isConnected) referee.connect();
      referee.subscribed();
      break;
    case 'error':
      if (!referee.isConnected) break;
      referee.event({
        type: 'ERROR',
        message: each.removed ? 'Framework has been removed' : 'Framework failed over',
      });
      referee.disconnect();
      break;
    case 'offers':
      referee.offer(each.shapes);
      break;
    case 'rescind':
      referee.rescind(each.which);
      break;
    case 'update':
      referee.update(each.which, each.state, each.hasUuid, each.times);
      break;
    case 'submit':
      referee.submit(each.jobs);
      break;
    case 'pass':
      referee.pass(each.seconds * SECOND);
      break;
  }
}

/** From here on nothing fails: updates of everything, and offers of whole agents. */
function heal(referee: Referee): void {
  if (referee.isConnected) referee.disconnect();
  referee.pass(100 * SECOND);
  referee.connect();
  referee.subscribed();
  for (let round = 0; round < 400 && [...referee.jobs.values()].some((each) => !each.hasEnded); round++) {
    for (const task of referee.tasks.slice()) {
      if (task.hasEnded) continue;
      const { taskId, agentId } = task.info;
      const state: TaskState = referee.killed.includes(taskId) ? 'TASK_KILLED' : 'TASK_FINISHED';
      referee.event({ type: 'UPDATE', status: statusOf(taskId, state, agentId, referee.now, null) });
    }
    for (const name of ['batch', 'service'])
      referee.offer([0, 1, 2].map((agent) => [agent, 4, name] as const));
    referee.pass(10 * SECOND);
    if (!referee.isConnected) {
      referee.connect();
      referee.subscribed();
    }
  }
}

test('whatever happens, offers are used once and while they stand, gangs start whole, attempts and jobs end once, and books balance', () => {
  fc.assert(
    fc.property(options, fc.array(act, { maxLength: 60 }), (changes, acts) => {
      const referee = new Referee(
        optionsFor('f', ['batch', 'service'], { ...changes, maxAttempts: MAX_ATTEMPTS }),
      );
      referee.connect();
      referee.subscribed();
      for (const each of acts) perform(referee, each);
      heal(referee);
      const fits = (known: { readonly job: Job }) =>
        !known.job.gang || known.job.tasks[0]!.count * known.job.tasks[0]!.resources.cpus <= AGENTS * 4_000;
      for (const known of referee.jobs.values()) if (fits(known)) expect(known.hasEnded).toBe(true);
    }),
  );
});

test('an update that comes twice changes nothing the second time but is acknowledged', () => {
  fc.assert(
    fc.property(options, fc.constantFrom(...STATES), fc.constantFrom(...STATES), (changes, first, second) => {
      const referee = new Referee(optionsFor('f', ['batch'], { ...changes, maxAttempts: 1 }));
      referee.connect();
      referee.subscribed();
      referee.submit([{ gang: false, count: 1, cpus: 1, role: 'batch', priority: 0 }]);
      referee.offer([[0, 1, 'batch']]);
      expect(referee.tasks).toHaveLength(1);
      referee.update(0, first, true, 1);
      referee.update(0, second, true, 1);
      const counts = referee.framework.roleCounts('batch');
      referee.update(0, second, true, 1);
      expect(referee.framework.roleCounts('batch')).toEqual(counts);
      expect(referee.outputs).toHaveLength(1);
      expect(referee.tasks[0]!.hasEnded).toBe(
        [first, second].some((state) => isTerminal(state) || state === 'TASK_UNKNOWN'),
      );
    }),
  );
});

test('after a new subscription every live task is asked for until it is answered', () => {
  const referee = new Referee(
    optionsFor('f', ['batch'], { heartbeatsMissedMax: null, launchWait: micros(1e12) }),
  );
  referee.connect();
  referee.subscribed();
  referee.submit([{ gang: false, count: 3, cpus: 1, role: 'batch', priority: 0 }]);
  referee.offer([[0, 3, 'batch']]);
  referee.disconnect();
  referee.connect();
  referee.subscribed();
  expect(referee.asked).toHaveLength(3);
  referee.update(0, 'TASK_RUNNING', false, 1);
  referee.pass(5 * SECOND);
  expect(referee.asked).toHaveLength(5);
  referee.update(1, 'TASK_STAGING', false, 1);
  referee.pass(10 * SECOND);
  expect(referee.asked).toHaveLength(6);
  referee.update(2, 'TASK_GONE', false, 1);
  referee.pass(1_000 * SECOND);
  expect(referee.asked).toHaveLength(6);
});
