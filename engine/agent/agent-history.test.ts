import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AgentId, ExecutorId, FrameworkId, OperationUuid, TaskId, UpdateId } from '../core/index.ts';
import { assertNever, micros, milli } from '../core/index.ts';
import {
  isTerminal,
  type MasterToAgent,
  type OperationStatusUpdateMessage,
  type ResourceOfferOperation,
  type StatusUpdateMessage,
  type TaskState,
} from '../protocol/index.ts';
import { type Reservation, Resources } from '../resources/index.ts';
import type { AgentOutput, ContainerExit } from './index.ts';
import {
  AGENT,
  AGENT_INFO,
  AgentDriver,
  EXIT_0,
  EXIT_1,
  executorInfo,
  failure,
  frameworkInfo,
  messages,
  SIGKILL_EXIT,
  SIGTERM_EXIT,
  taskInfo,
  updates,
} from './test-kit.ts';

const frameworkId = fc.nat(2).map((id) => id as FrameworkId);
const taskId = fc.nat(9).map((id) => id as TaskId);
const agentId = fc.oneof({ weight: 9, arbitrary: fc.constant(AGENT) }, fc.constant(8 as AgentId));
const seconds = fc.constantFrom(0, 1, 3, 60, -1, Number.NaN).map((value) => micros(value * 1_000_000));
const policy = fc.option(fc.record({ gracePeriod: fc.option(seconds) }));
const exit = fc.constantFrom<ContainerExit>(
  EXIT_0,
  EXIT_1,
  SIGTERM_EXIT,
  SIGKILL_EXIT,
  failure('LAUNCH_FAILED'),
  failure('MEMORY_LIMIT'),
  failure('DISK_LIMIT'),
  failure('GONE'),
);

/** One definition per framework: a framework never changes its `checkpoint`. */
function framework(id: FrameworkId) {
  return frameworkInfo(id === 0 ? [] : ['PARTITION_AWARE', 'TASK_KILLING_STATE'], id !== 2);
}

const task = fc
  .record({ id: taskId, agent: agentId, custom: fc.boolean(), limited: fc.boolean(), killPolicy: policy })
  .map(({ id, agent, custom, limited, killPolicy }) =>
    taskInfo(
      id,
      {
        killPolicy,
        maxCompletionTime: limited ? micros(5_000_000) : null,
        executor: custom && id === 9 ? executorInfo(9, 'CUSTOM') : null,
      },
      agent,
    ),
  );

const operationUuid = fc.nat(20).map((id) => id as OperationUuid);
const FOR_DEV: Reservation = { type: 'DYNAMIC', role: 'dev', principal: null, labels: null };

/** Small reservations that come and go; some fit and some do not. */
const operation: fc.Arbitrary<ResourceOfferOperation> = fc
  .record({
    cpus: fc.integer({ min: 1, max: 3_000 }),
    isReserve: fc.boolean(),
    id: fc.option(fc.constant('o')),
  })
  .map(({ cpus, isReserve, id }) => {
    const resources = Resources.ofScalars({ cpus: milli(cpus) }).pushReservation(FOR_DEV);
    return isReserve
      ? { type: 'RESERVE', id, source: Resources.EMPTY, resources }
      : { type: 'UNRESERVE', id, resources };
  });

const message: fc.Arbitrary<MasterToAgent> = fc.oneof(
  fc.record({ type: fc.constant('AGENT_REGISTERED' as const), agentId }),
  fc.record({
    type: fc.constant('AGENT_REREGISTERED' as const),
    agentId,
    unreported: fc.array(fc.record({ frameworkId, taskId, partitionAware: fc.boolean() }), { maxLength: 3 }),
    unreportedOperations: fc.array(
      fc.record({
        frameworkId: fc.option(frameworkId),
        // A master asks about none whose end it was told.
        operationUuid: fc.integer({ min: 30, max: 34 }).map((id) => id as OperationUuid),
        operationId: fc.constant('o'),
      }),
      { maxLength: 2 },
    ),
  }),
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('APPLY_OPERATION' as const),
      frameworkId: fc.option(frameworkId),
      operationUuid,
      info: operation,
    }),
  },
  fc.record({
    type: fc.constant('ACKNOWLEDGE_OPERATION_STATUS' as const),
    operationUuid,
    uuid: fc.integer({ min: -1, max: 40 }).map((id) => id as UpdateId),
  }),
  {
    weight: 4,
    arbitrary: fc
      .record({ type: fc.constant('RUN_TASK' as const), frameworkId, task, launchExecutor: fc.boolean() })
      .map((order) => ({ ...order, framework: framework(order.frameworkId), role: 'dev' })),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({
        type: fc.constant('RUN_TASK_GROUP' as const),
        frameworkId,
        tasks: fc.array(task, { maxLength: 3 }),
        launchExecutor: fc.boolean(),
        executorType: fc.constantFrom('DEFAULT' as const, 'DEFAULT' as const, 'CUSTOM' as const),
        executor: fc.integer({ min: 50, max: 51 }),
      })
      .map(({ executorType, executor, ...order }) => ({
        ...order,
        framework: framework(order.frameworkId),
        role: 'dev',
        executor: executorInfo(executor, executorType),
      })),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('KILL_TASK' as const),
      frameworkId,
      taskId,
      killPolicy: policy,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('STATUS_UPDATE_ACKNOWLEDGEMENT' as const),
      frameworkId,
      taskId,
      uuid: fc.integer({ min: -1, max: 40 }).map((id) => id as UpdateId),
    }),
  },
  fc.record({ type: fc.constant('SHUTDOWN_FRAMEWORK' as const), frameworkId }),
  fc.record({
    type: fc.constant('SHUTDOWN_EXECUTOR' as const),
    frameworkId,
    executorId: fc.integer({ min: 50, max: 51 }).map((id) => id as ExecutorId),
  }),
  fc
    .record({ type: fc.constant('UPDATE_FRAMEWORK' as const), frameworkId })
    .map((order) => ({ ...order, info: framework(order.frameworkId) })),
  fc.constant({ type: 'CHECKPOINT_RESOURCES' as const, resources: AGENT_INFO.resources }),
  fc.record({
    type: fc.constant('DRAIN_AGENT' as const),
    config: fc.record({ maxGracePeriod: fc.option(seconds), markGone: fc.boolean() }),
    tasks: fc.option(fc.array(fc.record({ frameworkId, taskId }), { maxLength: 3 })),
  }),
  fc.constant({ type: 'STOP_DRAINING' as const }),
);

/** What the first update of a task can say: it starts, or it never ran. */
const FIRST_STATES: readonly TaskState[] = ['TASK_STARTING', 'TASK_ERROR', 'TASK_LOST', 'TASK_DROPPED'];

type Event =
  | { readonly kind: 'message'; readonly message: MasterToAgent }
  | { readonly kind: 'input'; readonly input: 'linkOpened' | 'linkClosed' | 'pingsMissed' | 'tick' }
  | { readonly kind: 'acknowledgeSent' }
  | { readonly kind: 'duplicateSent' }
  | { readonly kind: 'acknowledgeEnd' }
  | { readonly kind: 'started'; readonly frameworkId: FrameworkId; readonly taskId: TaskId }
  | {
      readonly kind: 'exited';
      readonly frameworkId: FrameworkId;
      readonly taskId: TaskId;
      readonly exit: ContainerExit;
    }
  | { readonly kind: 'wait'; readonly micros: number }
  | { readonly kind: 'restart'; readonly containersAlive: boolean };

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('message' as const), message }) },
  fc.record({
    kind: fc.constant('input' as const),
    input: fc.constantFrom(
      'linkOpened' as const,
      'linkClosed' as const,
      'pingsMissed' as const,
      'tick' as const,
    ),
  }),
  { weight: 4, arbitrary: fc.constant({ kind: 'acknowledgeSent' as const }) },
  fc.constant({ kind: 'duplicateSent' as const }),
  { weight: 2, arbitrary: fc.constant({ kind: 'acknowledgeEnd' as const }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('started' as const), frameworkId, taskId }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('exited' as const), frameworkId, taskId, exit }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), micros: fc.nat(20_000_000) }) },
  fc.record({ kind: fc.constant('restart' as const), containersAlive: fc.boolean() }),
);

function ends(outputs: readonly AgentOutput[]): OperationStatusUpdateMessage[] {
  return messages(outputs).filter((one) => one.type === 'UPDATE_OPERATION_STATUS');
}

function endAcknowledgement({ operationUuid: uuid, status }: OperationStatusUpdateMessage): MasterToAgent {
  return { type: 'ACKNOWLEDGE_OPERATION_STATUS', operationUuid: uuid, uuid: status.uuid! };
}

/** Plays a history against a registered agent and keeps what it sent. */
class Play {
  driver = AgentDriver.registered();
  readonly sent: StatusUpdateMessage[] = [];
  /** Hash of each process's outputs: what two plays of one history share. */
  readonly hashes: string[] = [];
  /** Ids of updates that were sent, and acknowledged while the agent listened. */
  readonly acknowledged = new Set<number>();
  /** The one end that each operation has. */
  readonly ends = new Map<OperationUuid, OperationStatusUpdateMessage>();
  readonly endsAcknowledged = new Set<OperationUuid>();
  readonly violations: string[] = [];

  perform(events: readonly Event[]): void {
    for (const each of events) this.#one(each);
    this.hashes.push(this.driver.hash.digest());
  }

  #one(each: Event): void {
    switch (each.kind) {
      case 'message':
        this.#note(each.message);
        this.#take(this.driver.receive(each.message));
        break;
      case 'started':
        this.#take(this.driver.started(each.taskId, each.frameworkId));
        break;
      case 'exited':
        this.#take(this.driver.exited(each.taskId, each.exit, each.frameworkId));
        break;
      case 'wait':
        this.#wait(this.driver.now + each.micros);
        break;
      case 'acknowledgeSent':
        this.#acknowledge(this.sent.at(-1));
        break;
      case 'acknowledgeEnd': {
        const end = [...this.ends.values()].at(-1);
        if (end === undefined) break;
        if (this.driver.machine.isRegistered) this.endsAcknowledged.add(end.operationUuid);
        this.#take(this.driver.receive(endAcknowledgement(end)));
        break;
      }
      case 'duplicateSent':
        this.#acknowledge(this.sent.at(-2));
        break;
      case 'restart': {
        const { next, outputs } = this.driver.restarted(each.containersAlive);
        this.hashes.push(this.driver.hash.digest());
        this.driver = next;
        this.#take(outputs);
        break;
      }
      case 'input':
        this.#take(this.driver.step({ kind: each.input }));
        break;
      default:
        assertNever(each);
    }
  }

  #wait(end: number): void {
    for (let deadline = this.driver.machine.nextDeadline(); deadline !== null && deadline <= end; ) {
      this.#take(this.driver.tickAtDeadline());
      deadline = this.driver.machine.nextDeadline();
    }
    this.driver.now = end;
  }

  #acknowledge(update: StatusUpdateMessage | undefined): void {
    if (update === undefined) return;
    const { taskId, uuid } = update.status;
    const order = {
      type: 'STATUS_UPDATE_ACKNOWLEDGEMENT',
      frameworkId: update.frameworkId,
      taskId,
      uuid: uuid!,
    } as const;
    this.#note(order);
    this.#take(this.driver.receive(order));
  }

  /** An acknowledgement counts if the update was sent and the agent listens. */
  #note(order: MasterToAgent): void {
    if (order.type !== 'STATUS_UPDATE_ACKNOWLEDGEMENT' || !this.driver.machine.isRegistered) return;
    const known = this.sent.some(
      ({ frameworkId: of, status }) =>
        of === order.frameworkId && status.taskId === order.taskId && status.uuid === order.uuid,
    );
    if (known) this.acknowledged.add(order.uuid);
  }

  #take(outputs: readonly AgentOutput[]): void {
    for (const update of updates(outputs)) {
      if (this.acknowledged.has(update.status.uuid!))
        this.violations.push(`sent after its acknowledgement: ${update.status.uuid}`);
      this.sent.push(update);
    }
    for (const end of ends(outputs)) {
      const { operationUuid: uuid, status } = end;
      if (this.endsAcknowledged.has(uuid))
        this.violations.push(`end sent after its acknowledgement: ${uuid}`);
      const before = this.ends.get(uuid);
      if (
        before !== undefined &&
        before.status.uuid !== status.uuid &&
        before.status.state === 'OPERATION_FINISHED'
      )
        this.violations.push(`operation ${uuid} ended twice`);
      this.ends.delete(uuid);
      this.ends.set(uuid, end);
    }
    const { cpus, mem } = this.driver.machine.checkpoint().resources ?? AGENT_INFO.resources;
    if (cpus !== AGENT_INFO.resources.cpus || mem !== AGENT_INFO.resources.mem)
      this.violations.push('operations make or lose resources');
  }
}

const history = fc.array(event, { maxLength: 150 });

describe('any history, valid or not', () => {
  test('never throws, keeps the invariants, and never sends an update after its acknowledgement', () => {
    fc.assert(
      fc.property(history, (events) => {
        const play = new Play();
        play.perform(events);
        expect(play.violations).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  test('gives the same outputs every time', () => {
    fc.assert(
      fc.property(history, (events) => {
        const [one, two] = [new Play(), new Play()];
        one.perform(events);
        two.perform(events);
        expect(one.sent).toEqual(two.sent);
        expect(one.hashes).toEqual(two.hashes);
      }),
    );
  });

  test('the next update of a task comes after its acknowledgement, with a higher id; after a terminal one a new life begins', () => {
    fc.assert(
      fc.property(history, (events) => {
        const play = new Play();
        // A removed framework and a restart without checkpoint drop streams with what they hold: such lives prove nothing here.
        const steady = events.filter(
          (each) =>
            each.kind !== 'restart' &&
            !(each.kind === 'message' && each.message.type === 'SHUTDOWN_FRAMEWORK'),
        );
        play.perform(steady);
        const latest = new Map<string, StatusUpdateMessage>();
        for (const update of play.sent) {
          const key = `${update.frameworkId} ${update.status.taskId}`;
          const before = latest.get(key)?.status;
          latest.set(key, update);
          const { uuid, state } = update.status;
          if (before === undefined || before.uuid === uuid) continue;
          expect(uuid!).toBeGreaterThan(before.uuid!);
          expect(play.acknowledged.has(before.uuid!)).toBe(true);
          if (isTerminal(before.state)) expect(FIRST_STATES).toContain(state);
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** Containers end, nested ones first, until none is left. */
function endContainers(driver: AgentDriver, delivered: StatusUpdateMessage[]): void {
  for (let live = driver.machine.liveContainers(); live.length > 0; live = driver.machine.liveContainers()) {
    for (const container of live)
      delivered.push(
        ...driver.acknowledgeAll(driver.step({ kind: 'containerExited', container, exit: EXIT_0 })),
      );
  }
}

describe('once the faults stop', () => {
  test('every task the agent holds reaches one terminal state that is delivered, and the agent is idle', () => {
    fc.assert(
      fc.property(history, (events) => {
        const play = new Play();
        play.perform(events);
        const { driver } = play;
        // Executors of a former process have their time to come back.
        driver.now += 10_000_000;
        driver.step({ kind: 'tick' });
        driver.step({ kind: 'linkOpened' });
        const held = driver.machine.checkpoint().agentId;
        const outputs = driver.receive({
          type: 'AGENT_REREGISTERED',
          agentId: held!,
          unreported: [],
          unreportedOperations: [],
        });
        const { tasks } = driver.machine.report();
        for (const end of ends(outputs)) driver.receive(endAcknowledgement(end));
        const delivered = driver.acknowledgeAll(outputs);
        endContainers(driver, delivered);
        for (const { frameworkId: of, task: info } of tasks) {
          const terminal = delivered.filter(
            (update) =>
              update.frameworkId === of &&
              update.status.taskId === info.taskId &&
              isTerminal(update.status.state),
          );
          expect(terminal).toHaveLength(1);
        }
        expect(driver.machine.taskCount).toBe(0);
        expect(driver.machine.nextDeadline()).toBeNull();
        expect(driver.machine.report()).toEqual({ tasks: [], executors: [], operations: [], frameworks: [] });
      }),
      { numRuns: 300 },
    );
  });
});
