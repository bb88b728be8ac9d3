import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ALL_SEEING } from '../../../engine/authorization/index.ts';
import type { FrameworkId, TaskId } from '../../../engine/core/index.ts';
import {
  agentStatuses,
  completedFrameworkStatuses,
  executorViews,
  frameworkStatuses,
  taskViews,
} from '../../../engine/master/index.ts';
import type { TaskState } from '../../../engine/protocol/index.ts';
import {
  executorInfo,
  launch,
  MasterDriver,
  type RegisteredAgent,
  reportedTask,
  resources,
  type Scheduler,
  SECOND,
  statusOf,
  taskInfo,
  TASK_RESOURCES,
} from '../../../engine/master/test-kit.ts';
import { IdTexts } from '../codec/ids/id-texts.ts';
import { writeBig } from '../codec/message/big-message.ts';
import { JSON_TYPE, type MediaType, PROTOBUF_TYPE } from '../codec/message/media-type.ts';
import { Slicer } from '../http/slicer.ts';
import { CLUSTER } from './test-kit.ts';
import { bigState, type StateParts } from './big-state.ts';
import { RenderedTexts } from './rendered-texts.ts';
import { StateMessages } from './state-messages.ts';
import { type Poll, type StateSource, StateTexts } from './state-texts.ts';

// What is kept between polls is never seen: at every step of a random history a warm answer is the one that is rendered anew.

const FRAMEWORKS = 3;
const AGENTS = 3;
const TASKS = 40;
const STATES: readonly TaskState[] = ['TASK_STARTING', 'TASK_RUNNING', 'TASK_FINISHED', 'TASK_LOST'];

const DEEDS = [
  'subscribe',
  'closeStream',
  'teardown',
  'register',
  'reregister',
  'closeLink',
  'wait',
  'launch',
  'launch',
  'launch',
  'launchWithExecutor',
  'update',
  'update',
  'acknowledge',
  'administer',
] as const;
const history = fc.array(fc.record({ deed: fc.constantFrom(...DEEDS), n: fc.nat(999), m: fc.nat(999) }), {
  minLength: 20,
  maxLength: 80,
  size: 'max',
});
type Step = typeof history extends fc.Arbitrary<(infer One)[]> ? One : never;

/** Few things, and all that can become of them. */
class Cluster {
  readonly driver = new MasterDriver({
    options: {
      history: 'full',
      maxCompletedFrameworks: 1,
      maxCompletedTasksPerFramework: 5,
      maxUnreachableTasksPerFramework: 3,
    },
  });
  readonly schedulers: (Scheduler | null)[] = Array.from({ length: FRAMEWORKS }, () => null);
  readonly agents: (RegisteredAgent | null)[] = Array.from({ length: AGENTS }, () => null);
  #uuid = 0;

  take({ deed, n, m }: Step): void {
    const { driver } = this;
    const scheduler = this.schedulers[n % FRAMEWORKS]!;
    const agent = this.agents[m % AGENTS]!;
    switch (deed) {
      case 'subscribe':
        this.schedulers[n % FRAMEWORKS] = driver.subscribe({
          name: `f${m}`,
          id: m % 2 === 0 && this.#isKnown(scheduler) ? scheduler!.id : null,
          failoverTimeout: m % 3 === 0 ? 0 : 100,
          roles: ['eng', 'ops'].slice(0, 1 + (m % 2)),
        });
        break;
      case 'closeStream':
        if (scheduler !== null) driver.closeStream(scheduler.stream);
        break;
      case 'teardown':
        if (this.#isKnown(scheduler) && n % 4 === 0)
          driver.operator({ type: 'TEARDOWN', frameworkId: scheduler!.id });
        break;
      case 'register':
        if (agent === null) this.agents[m % AGENTS] = driver.register(m % AGENTS);
        break;
      case 'reregister':
        this.#reregister(agent, m);
        break;
      case 'closeLink':
        if (agent !== null) driver.closeLink(agent.link);
        break;
      case 'wait':
        driver.wait([SECOND, 2 * SECOND, 200 * SECOND, 700 * SECOND][n % 4]!);
        break;
      case 'launch':
      case 'launchWithExecutor':
        this.#launch(scheduler, deed === 'launchWithExecutor', n, m);
        break;
      case 'update':
        this.#update(scheduler, n, m);
        break;
      case 'acknowledge':
        if (this.#isKnown(scheduler) && agent !== null)
          driver.acknowledge(scheduler!, agent.id, 1 + (n % TASKS), this.#uuid);
        break;
      case 'administer':
        this.#administer(agent, n);
        break;
      default:
        throw new Error('a deed that no case takes');
    }
  }

  #isKnown(scheduler: Scheduler | null): boolean {
    return scheduler !== null && this.driver.machine.state.frameworksById.has(scheduler.id);
  }

  #launch(scheduler: Scheduler | null, withExecutor: boolean, n: number, m: number): void {
    const [offer] = scheduler === null ? [] : this.driver.offersOf(scheduler.id);
    if (offer === undefined) return;
    const template = withExecutor ? { executor: executorInfo(90 + (m % 2)), command: null } : {};
    const count = withExecutor ? 1 : 1 + (m % 2);
    const tasks = Array.from({ length: count }, (_, index) =>
      taskInfo(1 + ((n + index) % TASKS), offer.agentId, template, TASK_RESOURCES),
    );
    this.driver.accept(scheduler!, [offer.id], [launch(...tasks)], { refuseSeconds: m % 3 });
  }

  #update(scheduler: Scheduler | null, n: number, m: number): void {
    if (!this.#isKnown(scheduler)) return;
    const tasks = [...this.driver.machine.state.frameworksById.get(scheduler!.id)!.tasks.values()];
    const task = tasks[n % Math.max(tasks.length, 1)];
    const agent = this.agents.find((one) => one?.id === task?.agent.id) ?? null;
    if (task === undefined || agent === null) return;
    const state = STATES[m % STATES.length]!;
    const status = { ...statusOf(task.taskId, agent.id, state, ++this.#uuid), message: `text ${m}` };
    this.driver.fromAgent(agent.link, {
      type: 'STATUS_UPDATE',
      agentId: agent.id,
      frameworkId: scheduler!.id,
      status,
      latestState: state,
    });
  }

  #reregister(agent: RegisteredAgent | null, m: number): void {
    if (agent === null) return;
    const { state } = this.driver.machine;
    const reported = [...state.frameworks].flatMap((framework) =>
      [...framework.tasks.values(), ...framework.unreachableTasks.values()]
        .filter((task) => task.agent.id === agent.id && task.info.template.executor === null)
        .slice(m % 2)
        .map((task) => reportedTask(framework.id, task.info, 'TASK_RUNNING')),
    );
    const frameworks = [...state.frameworks].map(({ id, info }) => ({ id, info: { ...info, id } }));
    const { link } = this.driver.reregister(agent.info, { tasks: reported, frameworks });
    this.agents[m % AGENTS] = { ...agent, link };
  }

  #administer(agent: RegisteredAgent | null, n: number): void {
    if (agent === null) return;
    const agentId = agent.id;
    switch (n % 4) {
      case 0:
        this.driver.operator({ type: 'DEACTIVATE_AGENT', agentId });
        break;
      case 1:
        this.driver.operator({ type: 'REACTIVATE_AGENT', agentId });
        break;
      case 2:
        this.driver.operator({
          type: 'DRAIN_AGENT',
          agentId,
          config: { maxGracePeriod: null, markGone: false },
        } as never);
        break;
      default:
        if (n % 3 !== 0) return;
        this.driver.operator({ type: 'MARK_AGENT_GONE', agentId });
        this.agents[this.agents.indexOf(agent)] = null;
    }
  }
}

/** All that is kept of a cluster's texts and messages, beside each other within one bound. */
class Rendering {
  readonly kept: RenderedTexts;
  readonly texts: StateTexts;
  readonly #messages: StateMessages;
  readonly #source: StateSource;

  constructor({ driver: { machine } }: Cluster, bytesMax: number) {
    const ids = new IdTexts(CLUSTER);
    // Tasks and executors by the numbers that the tests give them.
    for (let number = 0; number < 3_000; number++) ids.task(`task-${number}`);
    this.kept = new RenderedTexts(bytesMax);
    this.#source = { ids, state: () => machine.state, epoch: () => machine.epoch };
    this.texts = new StateTexts(this.#source, this.kept);
    this.#messages = new StateMessages(this.#source, this.kept);
  }

  async all(): Promise<string> {
    const texts = [
      await this.#written((poll) => this.texts.writeAgents(poll, null)),
      `{${await this.#written((poll) => this.texts.writeFrameworks(poll, null))}}`,
      `{${await this.#written((poll) => this.texts.writeSummaries(poll))}}`,
      await this.message(JSON_TYPE),
    ];
    for (const text of texts) JSON.parse(text);
    return [...texts, await this.message(PROTOBUF_TYPE)].join('\n');
  }

  async #written(write: (poll: Poll) => Promise<void>): Promise<string> {
    const poll = this.texts.begin(ALL_SEEING);
    await write(poll);
    return Buffer.concat(poll.sink.finish()).toString();
  }

  async message(type: MediaType): Promise<string> {
    return await this.#encoded(this.#messages.parts(type), type);
  }

  /** As for a viewer for whom nothing is kept. */
  async plainMessage(type: MediaType): Promise<string> {
    const state = this.#source.state();
    const parts: StateParts = {
      getTasks: {
        tasks: taskViews(state, 'live', ALL_SEEING),
        unreachableTasks: taskViews(state, 'unreachable', ALL_SEEING),
        completedTasks: taskViews(state, 'completed', ALL_SEEING),
      },
      getExecutors: { executors: executorViews(state, ALL_SEEING) },
      getFrameworks: {
        frameworks: frameworkStatuses(state, ALL_SEEING),
        completedFrameworks: completedFrameworkStatuses(state, ALL_SEEING),
      },
      getAgents: {
        agents: agentStatuses(state, ALL_SEEING),
        recoveredAgents: state.recoveredAgents.values(),
      },
    };
    return await this.#encoded(parts, type);
  }

  async #encoded(parts: StateParts, type: MediaType): Promise<string> {
    const { ids, epoch } = this.#source;
    const message = bigState(ids, epoch(), parts);
    return Buffer.concat(await writeBig(message, type, new Slicer())).toString('latin1');
  }
}

test('whatever happens, an answer of kept parts is the answer that is rendered anew, however little may be kept', async () => {
  let kept = 0;
  await fc.assert(
    fc.asyncProperty(history, fc.constantFrom(2_000, 20_000, 2 ** 24), async (steps, bytesMax) => {
      const cluster = new Cluster();
      const warm = new Rendering(cluster, bytesMax);
      for (const step of steps) {
        cluster.take(step);
        const cold = new Rendering(cluster, 0);
        const expected = await cold.all();
        expect(await warm.all()).toBe(expected);
        expect(cold.kept.bytes).toBe(0);
        expect(warm.kept.bytes).toBeLessThanOrEqual(bytesMax);
        for (const type of [JSON_TYPE, PROTOBUF_TYPE] as const)
          expect(await warm.message(type)).toBe(await cold.plainMessage(type));
        kept = Math.max(kept, warm.kept.bytes);
      }
    }),
    { numRuns: 50 },
  );
  expect(kept).toBeGreaterThan(20_000);
});

test('the histories reach what they are meant to reach', () => {
  const seen = new Map<string, number>();
  const count = (what: string, is: boolean) => seen.set(what, (seen.get(what) ?? 0) + (is ? 1 : 0));
  for (const steps of fc.sample(history, { numRuns: 100, seed: 7 })) {
    const cluster = new Cluster();
    for (const step of steps) {
      cluster.take(step);
      const { state } = cluster.driver.machine;
      const frameworks = [...state.frameworks];
      count('removed frameworks', state.completedFrameworks.size > 0);
      count(
        'live tasks',
        frameworks.some(({ tasks }) => tasks.size > 1),
      );
      count(
        'unreachable tasks',
        frameworks.some(({ unreachableTasks }) => unreachableTasks.size > 0),
      );
      count(
        'completed tasks',
        frameworks.some(({ completedTasks }) => completedTasks !== null),
      );
      count(
        'executors',
        frameworks.some(({ executors }) => executors.size > 0),
      );
      count('draining agents', state.deactivatedAgents.size > 0);
      count('offers', state.offers.count > 0);
    }
  }
  for (const [what, times] of seen) expect(times, what).toBeGreaterThan(20);
});

/** A cluster of two agents and two frameworks, one with many tasks, and texts that have been polled. */
async function polled(bytesMax = 2 ** 24) {
  const cluster = new Cluster();
  const { driver } = cluster;
  const roomy = { resources: resources('cpus:2000;mem:2048000') };
  const agents = [driver.register(0), driver.register(1, roomy)] as const;
  const small = driver.subscribe({ name: 'small' });
  driver.wait(2 * SECOND);
  driver.launchOn(small, agents[0], 1);
  const large = driver.subscribe({ name: 'large' });
  const { link } = agents[1];
  const tasks = Array.from({ length: 1_000 }, (_, number) =>
    reportedTask(large.id, taskInfo(1_000 + number, agents[1].id, {}, TASK_RESOURCES), 'TASK_RUNNING'),
  );
  driver.closeLink(link);
  const again = driver.reregister(agents[1].info, {
    tasks,
    frameworks: [{ id: large.id, info: driver.machine.state.frameworksById.get(large.id)!.info }],
  });
  const rendering = new Rendering(cluster, bytesMax);
  return {
    cluster,
    driver,
    rendering,
    agents: [agents[0], { ...agents[1], link: again.link }],
    large,
  };
}

async function stateOf({ texts }: Rendering): Promise<readonly Buffer[]> {
  const poll = texts.begin(ALL_SEEING);
  await texts.writeAgents(poll, null);
  await texts.writeFrameworks(poll, null);
  return poll.sink.finish();
}

test('a poll in which nothing changed hands out the bytes of the last one', async () => {
  const { rendering } = await polled();
  const large = (pieces: readonly Buffer[]) => pieces.filter(({ length }) => length > 16_384);
  const first = await stateOf(rendering);
  const { bytes } = rendering.kept;
  const second = await stateOf(rendering);
  expect(rendering.kept.bytes).toBe(bytes);
  expect(large(first).length).toBeGreaterThan(5);
  expect(large(second).map(({ buffer }) => buffer)).toEqual(large(first).map(({ buffer }) => buffer));
  large(second).forEach((piece, index) => {
    expect(piece.buffer).toBe(large(first)[index]!.buffer);
  });
});

test('after a change of one task one block of its list is rendered', async () => {
  const { rendering, driver, agents, large } = await polled();
  const blocks = (pieces: readonly Buffer[]) =>
    new Set(pieces.filter(({ length }) => length > 16_384).map(({ buffer }) => buffer));
  const first = blocks(await stateOf(rendering));
  driver.update(large, agents[1]!, 1_500, 'TASK_RUNNING', 1);
  const second = blocks(await stateOf(rendering));
  const made = [...second].filter((block) => !first.has(block));
  expect([first.size > 5, made.length]).toEqual([true, 1]);
  driver.update(large, agents[1]!, 1_500, 'TASK_FINISHED', 2);
  driver.acknowledge(large, agents[1]!.id, 1_500, 2);
  const third = blocks(await stateOf(rendering));
  expect([...third].filter((block) => !second.has(block)).length).toBeLessThanOrEqual(2);
});

test('what is gone is not kept', async () => {
  const { rendering, driver, large } = await polled();
  await stateOf(rendering);
  const { bytes } = rendering.kept;
  driver.operator({ type: 'TEARDOWN', frameworkId: large.id as FrameworkId });
  const framework = driver.machine.state.completedFrameworks.get(large.id)!;
  expect(framework!.tasks.has(1_500 as TaskId)).toBe(false);
  await stateOf(rendering);
  expect(rendering.kept.bytes).toBeLessThan(bytes / 10);
});
