import { describe, expect, test } from 'vitest';
import type { ExecutorId, FrameworkId, TaskId, UpdateId } from '../core/index.ts';
import { micros } from '../core/index.ts';
import type { ContainerStatus, ExecutorCall, TaskInfo, TaskState, TaskStatus } from '../protocol/index.ts';
import type { AgentOutput, ContainerHandle, ExecutorClaims, ExecutorStreamId } from './index.ts';
import {
  AGENT,
  AgentDriver,
  EXIT_0,
  EXIT_1,
  executorInfo,
  FRAMEWORK,
  failure,
  frameworkInfo,
  messages,
  SECOND,
  SIGKILL_EXIT,
  taskInfo,
  updates,
  words,
} from './test-kit.ts';

const EXECUTOR = 60 as ExecutorId;
const STREAM = 5 as ExecutorStreamId;
const PARTITION_AWARE = frameworkInfo(['PARTITION_AWARE']);
const STATUS: ContainerStatus = {
  containerId: { value: 'c', parent: null },
  networkInfos: [],
  netClsClassid: null,
  executorPid: 42,
};

/** A task of custom executor 60. */
function customTask(taskId: number): TaskInfo {
  return taskInfo(taskId, { command: null, executor: executorInfo(EXECUTOR, 'CUSTOM') });
}

function runCustom(
  driver: AgentDriver,
  taskId: number,
  launchExecutor = true,
  framework = frameworkInfo(),
): AgentOutput[] {
  return driver.receive({
    type: 'RUN_TASK',
    frameworkId: FRAMEWORK,
    framework,
    role: 'dev',
    task: customTask(taskId),
    launchExecutor,
  });
}

function call(
  driver: AgentDriver,
  executorCall: ExecutorCall,
  stream: ExecutorStreamId | null = null,
  claims: ExecutorClaims | null = null,
): AgentOutput[] {
  return driver.step({ kind: 'executorCalled', request: 1 as never, stream, claims, call: executorCall });
}

function subscribe(
  driver: AgentDriver,
  options: {
    readonly stream?: ExecutorStreamId;
    readonly tasks?: readonly TaskInfo[];
    readonly updates?: readonly TaskStatus[];
  } = {},
): AgentOutput[] {
  const { stream = STREAM, tasks = [], updates: unacknowledgedUpdates = [] } = options;
  return call(
    driver,
    {
      type: 'SUBSCRIBE',
      executorId: EXECUTOR,
      frameworkId: FRAMEWORK,
      unacknowledgedTasks: tasks,
      unacknowledgedUpdates,
    },
    stream,
  );
}

function status(
  taskId: number,
  state: TaskState,
  uuid: number,
  fields: Partial<TaskStatus> = {},
): TaskStatus {
  return {
    taskId: taskId as TaskId,
    state,
    source: 'SOURCE_EXECUTOR',
    reason: null,
    agentId: null,
    executorId: null,
    timestamp: micros(77),
    uuid: uuid as UpdateId,
    message: null,
    details: null,
    ...fields,
  };
}

function update(driver: AgentDriver, sent: TaskStatus): AgentOutput[] {
  return call(driver, { type: 'UPDATE', executorId: EXECUTOR, frameworkId: FRAMEWORK, status: sent });
}

/** An executor that runs, with task 1 given to it and running, everything acknowledged. */
function running(framework = frameworkInfo()): AgentDriver {
  const driver = AgentDriver.registered();
  runCustom(driver, 1, true, framework);
  driver.executorStarted(EXECUTOR);
  subscribe(driver);
  driver.acknowledgeAll(update(driver, status(1, 'TASK_RUNNING', 901)));
  return driver;
}

function told(outputs: readonly AgentOutput[]): string[] {
  return updates(outputs).map(({ status: one }) => `${one.state} ${one.taskId} ${one.reason ?? '-'}`);
}

// Spec 04 §4.
describe('a custom executor', () => {
  test('is launched with what its environment needs and room for its first task', () => {
    const driver = AgentDriver.registered();
    const [launch, ...rest] = runCustom(driver, 1);
    expect(rest).toEqual([]);
    expect(launch).toMatchObject({
      kind: 'launchContainer',
      parent: null,
      spec: {
        kind: 'customExecutor',
        executorId: EXECUTOR,
        resources: { cpus: 1_100 },
        environment: {
          checkpoint: true,
          recoveryTimeout: 900 * SECOND,
          subscriptionBackoffMax: 2 * SECOND,
          shutdownGracePeriod: 5 * SECOND,
        },
      },
    });
    const plain = AgentDriver.registered();
    expect(runCustom(plain, 1, true, frameworkInfo([], false))[0]).toMatchObject({
      spec: { environment: { checkpoint: false, recoveryTimeout: null, subscriptionBackoffMax: null } },
    });
  });

  test('gets its queued tasks when it subscribes, after SUBSCRIBED', () => {
    const driver = AgentDriver.registered();
    runCustom(driver, 1);
    driver.executorStarted(EXECUTOR, STATUS);
    const outputs = subscribe(driver);
    expect(words(outputs)).toEqual(['SUBSCRIBED', 'LAUNCH 1']);
    expect(outputs[0]).toMatchObject({
      stream: STREAM,
      event: {
        executorInfo: { executorId: EXECUTOR },
        agentInfo: { id: AGENT },
        containerId: STATUS.containerId,
      },
    });
  });

  test('gets further tasks only once its container has room for them', () => {
    const driver = running();
    expect(runCustom(driver, 2, false)).toMatchObject([
      { kind: 'updateContainer', resources: { cpus: 2_100 } },
    ]);
    expect(words(driver.updated(EXECUTOR))).toEqual(['LAUNCH 2']);
  });

  test('tasks that come while it registers make it wait for their room, and keep their order', () => {
    const driver = AgentDriver.registered();
    runCustom(driver, 1);
    expect(runCustom(driver, 2, false)).toEqual([]);
    driver.executorStarted(EXECUTOR);
    expect(words(subscribe(driver))).toEqual(['SUBSCRIBED', 'update executor 60']);
    expect(words(driver.updated(EXECUTOR))).toEqual(['LAUNCH 1', 'LAUNCH 2']);
  });

  test('gets a group whole', () => {
    const driver = AgentDriver.registered();
    driver.runGroup(EXECUTOR, [taskInfo(1), taskInfo(2)], { type: 'CUSTOM' });
    driver.executorStarted(EXECUTOR);
    expect(words(subscribe(driver))).toEqual(['SUBSCRIBED', 'LAUNCH_GROUP 1,2']);
  });

  test('that does not subscribe in time is destroyed, and its tasks fail with the reason', () => {
    const driver = AgentDriver.registered();
    runCustom(driver, 1);
    driver.executorStarted(EXECUTOR);
    expect(driver.machine.nextDeadline()).toBe(60 * SECOND);
    expect(words(driver.tickAtDeadline())).toEqual(['SIGKILL executor 60']);
    const outputs = driver.executorExited(EXECUTOR, SIGKILL_EXIT);
    expect(told(outputs)).toEqual(['TASK_FAILED 1 REASON_EXECUTOR_REGISTRATION_TIMEOUT']);
    expect(words(outputs).at(-1)).toBe('EXITED_EXECUTOR');
  });

  test('the registration timeout runs from the start of its container, not from the order', () => {
    const driver = AgentDriver.registered();
    runCustom(driver, 1);
    expect(driver.machine.nextDeadline()).toBeNull();
    driver.now = 300 * SECOND;
    driver.executorStarted(EXECUTOR);
    expect(driver.machine.nextDeadline()).toBe(360 * SECOND);
  });

  test('that cannot be launched fails its tasks with CONTAINER_LAUNCH_FAILED', () => {
    for (const cause of ['LAUNCH_FAILED', 'FETCH_FAILED'] as const) {
      const driver = AgentDriver.registered();
      runCustom(driver, 1);
      expect(told(driver.executorExited(EXECUTOR, failure(cause)))).toEqual([
        'TASK_FAILED 1 REASON_CONTAINER_LAUNCH_FAILED',
      ]);
    }
  });

  test('that exits leaves its tasks FAILED with EXECUTOR_TERMINATED, and its wait status to the master', () => {
    const driver = running();
    const outputs = driver.executorExited(EXECUTOR, EXIT_1);
    expect(words(outputs)).toEqual(['closeExecutorStream', 'TASK_FAILED 1', 'EXITED_EXECUTOR']);
    expect(told(outputs)).toEqual(['TASK_FAILED 1 REASON_EXECUTOR_TERMINATED']);
    expect(messages(outputs).at(-1)).toMatchObject({ executorId: EXECUTOR, status: 256 });
    expect(driver.machine.report().executors).toEqual([]);
  });

  test('that is ended by a limit fails its tasks with the limit of the whole container', () => {
    const driver = running();
    const outputs = driver.executorExited(EXECUTOR, failure('MEMORY_LIMIT'));
    expect(updates(outputs)).toMatchObject([
      {
        status: {
          reason: 'REASON_CONTAINER_LIMITATION_MEMORY',
          details: { limitation: { mem: 96_000 } },
        },
      },
    ]);
    expect(told(running().executorExited(EXECUTOR, failure('DISK_LIMIT')))).toEqual([
      'TASK_FAILED 1 REASON_CONTAINER_LIMITATION_DISK',
    ]);
    expect(told(running().executorExited(EXECUTOR, failure('OTHER_LIMIT')))).toEqual([
      'TASK_FAILED 1 REASON_CONTAINER_LIMITATION',
    ]);
  });

  test('lives on without tasks, and is reported, until it is told to end', () => {
    const driver = running();
    driver.acknowledgeAll(update(driver, status(1, 'TASK_FINISHED', 902)));
    expect(driver.machine.taskCount).toBe(0);
    expect(driver.machine.report().executors).toHaveLength(1);
  });

  test('whose container could not be given its resources is ended, its tasks GONE, or LOST, with CONTAINER_UPDATE_FAILED', () => {
    for (const [framework, state] of [
      [frameworkInfo(), 'TASK_LOST'],
      [PARTITION_AWARE, 'TASK_GONE'],
    ] as const) {
      const driver = running(framework);
      runCustom(driver, 2, false, framework);
      expect(words(driver.updated(EXECUTOR, 'no cgroup'))).toEqual(['SIGKILL executor 60']);
      expect(told(driver.executorExited(EXECUTOR, SIGKILL_EXIT))).toEqual([
        `${state} 1 REASON_CONTAINER_UPDATE_FAILED`,
        `${state} 2 REASON_CONTAINER_UPDATE_FAILED`,
      ]);
    }
  });
});

// Spec 04 §3, §4.
describe('the shutdown of an executor', () => {
  const order = { type: 'SHUTDOWN_EXECUTOR', frameworkId: FRAMEWORK, executorId: EXECUTOR } as const;

  test('SHUTDOWN, and after the grace period SIGKILL', () => {
    const driver = running();
    expect(words(driver.receive(order))).toEqual(['SHUTDOWN']);
    expect(driver.receive(order)).toEqual([]);
    expect(driver.machine.nextDeadline()).toBe(5 * SECOND);
    expect(words(driver.tickAtDeadline())).toEqual(['SIGKILL executor 60']);
    expect(driver.machine.nextDeadline()).toBeNull();
    expect(words(driver.executorExited(EXECUTOR, SIGKILL_EXIT))).toContain('EXITED_EXECUTOR');
  });

  test('its last updates count', () => {
    const driver = running();
    driver.receive(order);
    expect(told(update(driver, status(1, 'TASK_KILLED', 902)))).toEqual(['TASK_KILLED 1 -']);
    expect(told(driver.executorExited(EXECUTOR, EXIT_0))).toEqual([]);
  });

  test('meanwhile it takes no task, and what was queued is KILLED', () => {
    const driver = running(PARTITION_AWARE);
    runCustom(driver, 2, false, PARTITION_AWARE);
    expect(told(driver.receive(order))).toEqual(['TASK_KILLED 2 REASON_TASK_KILLED_DURING_LAUNCH']);
    expect(told(runCustom(driver, 3, false, PARTITION_AWARE))).toEqual([
      'TASK_DROPPED 3 REASON_EXECUTOR_TERMINATED',
    ]);
  });

  test('one that subscribes while it ends is told SHUTDOWN and nothing else', () => {
    const driver = AgentDriver.registered();
    runCustom(driver, 1);
    driver.executorStarted(EXECUTOR);
    driver.receive(order);
    expect(words(subscribe(driver))).toEqual(['SHUTDOWN', 'closeExecutorStream']);
  });

  test('a removed framework’s executor has its grace period, and nobody is told of its tasks', () => {
    const driver = running();
    expect(words(driver.receive({ type: 'SHUTDOWN_FRAMEWORK', frameworkId: FRAMEWORK }))).toEqual([
      'SHUTDOWN',
    ]);
    expect(driver.machine.report()).toMatchObject({ tasks: [], executors: [], frameworks: [] });
    expect(words(update(driver, status(1, 'TASK_KILLED', 902)))).toEqual(['ACKNOWLEDGED 1']);
    expect(words(driver.tickAtDeadline())).toEqual(['SIGKILL executor 60']);
    expect(words(driver.executorExited(EXECUTOR, SIGKILL_EXIT))).toEqual(['closeExecutorStream']);
    expect(driver.machine.liveContainers()).toEqual([]);
  });

  test('the executor’s own grace period goes before the agent’s', () => {
    const driver = AgentDriver.registered();
    const info = { ...executorInfo(EXECUTOR, 'CUSTOM'), shutdownGracePeriod: micros(9 * SECOND) };
    driver.receive({
      type: 'RUN_TASK',
      frameworkId: FRAMEWORK,
      framework: frameworkInfo(),
      role: 'dev',
      task: taskInfo(1, { command: null, executor: info }),
      launchExecutor: true,
    });
    driver.receive(order);
    expect(driver.machine.nextDeadline()).toBe(9 * SECOND);
  });
});

// Spec 04 §1, §2.
describe('calls of executors', () => {
  test('before the agent has recovered every call but HEARTBEAT is refused with 503', () => {
    const driver = new AgentDriver();
    expect(words(subscribe(driver))).toEqual(['RECOVERING']);
    const ids = { executorId: EXECUTOR, frameworkId: FRAMEWORK };
    expect(call(driver, { type: 'HEARTBEAT', ...ids })).toEqual([]);
  });

  test('HEARTBEAT is taken whatever its ids', () => {
    const ids = { executorId: 1 as ExecutorId, frameworkId: 99 as FrameworkId };
    expect(call(AgentDriver.registered(), { type: 'HEARTBEAT', ...ids })).toEqual([]);
  });

  test.each<readonly [string, Partial<TaskStatus>]>([
    ["Expecting 'uuid' to be present", { uuid: null }],
    ['ExecutorID in Call does not match ExecutorID in TaskStatus', { executorId: 61 as ExecutorId }],
    [
      "Received an update with source SOURCE_MASTER, expecting 'SOURCE_EXECUTOR'",
      { source: 'SOURCE_MASTER' },
    ],
    ['Received TASK_STAGING from executor, which is not allowed', { state: 'TASK_STAGING' }],
  ])('an update is refused and leaves no trace: %s', (text, fields) => {
    const driver = running();
    const before = driver.machine.checkpoint();
    expect(update(driver, status(1, 'TASK_RUNNING', 902, fields))).toMatchObject([
      { kind: 'refuseExecutorCall', error: { code: 'CALL_INVALID', text } },
    ]);
    expect(driver.machine.checkpoint()).toEqual(before);
  });

  test('an unknown framework or executor is refused, a pod’s and a command task’s executor included', () => {
    const driver = running();
    driver.runGroup(50, [taskInfo(8)]);
    driver.run(taskInfo(9));
    const heard = (frameworkId: number, executorId: number) =>
      words(
        call(driver, {
          type: 'MESSAGE',
          frameworkId: frameworkId as FrameworkId,
          executorId: executorId as ExecutorId,
          data: new Uint8Array(1),
        }),
      );
    expect(heard(99, EXECUTOR)).toEqual(['FRAMEWORK_UNKNOWN']);
    expect(heard(FRAMEWORK, 61)).toEqual(['EXECUTOR_UNKNOWN']);
    expect(heard(FRAMEWORK, 50)).toEqual(['EXECUTOR_UNKNOWN']);
    expect(heard(FRAMEWORK, 9)).toEqual(['EXECUTOR_UNKNOWN']);
  });

  test('before SUBSCRIBE everything else is refused; after its stream broke, it is taken', () => {
    const driver = AgentDriver.registered();
    runCustom(driver, 1);
    expect(words(update(driver, status(1, 'TASK_RUNNING', 901)))).toEqual(['NOT_SUBSCRIBED']);
    driver.executorStarted(EXECUTOR);
    subscribe(driver);
    driver.step({ kind: 'executorStreamClosed', stream: STREAM });
    expect(words(update(driver, status(1, 'TASK_RUNNING', 901)))).toEqual(['TASK_RUNNING 1']);
  });

  test('claims of a token must be those of the executor', () => {
    const driver = running();
    const container = driver.containerOfExecutor(EXECUTOR);
    const claims = { frameworkId: FRAMEWORK, executorId: EXECUTOR, container };
    const message = {
      type: 'MESSAGE',
      executorId: EXECUTOR,
      frameworkId: FRAMEWORK,
      data: new Uint8Array(3),
    } as const;
    expect(words(call(driver, message, null, claims))).toEqual(['EXECUTOR_TO_FRAMEWORK']);
    const wrong: readonly Partial<ExecutorClaims>[] = [
      { frameworkId: 2 as FrameworkId },
      { executorId: 61 as ExecutorId },
      { container: (container + 1) as ContainerHandle },
    ];
    for (const fields of wrong)
      expect(words(call(driver, message, null, { ...claims, ...fields }))).toEqual(['CLAIMS_MISMATCH']);
  });

  test('an update is recorded under an id of the agent’s, acknowledged to the executor under its own, and counts once', () => {
    const driver = AgentDriver.registered();
    runCustom(driver, 1);
    driver.executorStarted(EXECUTOR, STATUS);
    subscribe(driver);
    const sent = status(1, 'TASK_RUNNING', 901, { message: 'up' });
    const outputs = update(driver, sent);
    expect(words(outputs)).toEqual(['TASK_RUNNING 1', 'ACKNOWLEDGED 1']);
    expect(updates(outputs)[0]!.status).toMatchObject({
      uuid: 1,
      agentId: AGENT,
      executorId: EXECUTOR,
      timestamp: 77,
      message: 'up',
      details: { containerStatus: STATUS },
    });
    expect(outputs[1]).toMatchObject({ event: { uuid: 901 } });
    expect(words(update(driver, sent))).toEqual(['ACKNOWLEDGED 1']);
  });

  test('the first terminal state is final (bug ledger B13): later updates are only acknowledged', () => {
    const driver = running();
    update(driver, status(1, 'TASK_FINISHED', 902));
    expect(words(update(driver, status(1, 'TASK_FAILED', 903)))).toEqual(['ACKNOWLEDGED 1']);
  });

  test('an update about another executor’s task, or none, is only acknowledged', () => {
    const driver = running();
    driver.run(taskInfo(9));
    expect(words(update(driver, status(9, 'TASK_FAILED', 902)))).toEqual(['ACKNOWLEDGED 9']);
    expect(words(update(driver, status(77, 'TASK_FAILED', 903)))).toEqual(['ACKNOWLEDGED 77']);
  });

  test('the end of a task takes its room from the container', () => {
    const outputs = update(running(), status(1, 'TASK_FINISHED', 902));
    expect(outputs).toContainEqual(expect.objectContaining({ kind: 'updateContainer' }));
    expect(outputs.find(({ kind }) => kind === 'updateContainer')).toMatchObject({
      resources: { cpus: 100 },
    });
  });

  test('are counted, valid and invalid', () => {
    const driver = running();
    update(driver, status(1, 'TASK_RUNNING', 901));
    update(driver, status(1, 'TASK_RUNNING', 902, { uuid: null }));
    const data = new Uint8Array();
    call(driver, { type: 'MESSAGE', executorId: EXECUTOR, frameworkId: FRAMEWORK, data });
    driver.step({ kind: 'linkClosed' });
    call(driver, { type: 'MESSAGE', executorId: EXECUTOR, frameworkId: FRAMEWORK, data });
    expect(driver.machine.counts).toMatchObject({
      validUpdates: 1,
      invalidUpdates: 2,
      validMessages: 1,
      invalidMessages: 1,
    });
  });

  test('messages go both ways while both ends are there, and are dropped else', () => {
    const driver = running();
    const data = new Uint8Array([1, 2]);
    const down = {
      type: 'FRAMEWORK_TO_EXECUTOR',
      frameworkId: FRAMEWORK,
      executorId: EXECUTOR,
      data,
    } as const;
    expect(driver.receive(down)).toEqual([
      { kind: 'executorEvent', stream: STREAM, event: { type: 'MESSAGE', data } },
    ]);
    const up = { type: 'MESSAGE', executorId: EXECUTOR, frameworkId: FRAMEWORK, data } as const;
    expect(messages(call(driver, up))).toEqual([
      { type: 'EXECUTOR_TO_FRAMEWORK', agentId: AGENT, frameworkId: FRAMEWORK, executorId: EXECUTOR, data },
    ]);
    driver.step({ kind: 'executorStreamClosed', stream: STREAM });
    expect(driver.receive(down)).toEqual([]);
    driver.step({ kind: 'linkClosed' });
    expect(call(driver, up)).toEqual([]);
  });

  test('a second SUBSCRIBE closes the older stream, and heartbeats go to the newer', () => {
    const driver = running();
    const newer = 6 as ExecutorStreamId;
    expect(words(subscribe(driver, { stream: newer, tasks: [customTask(1)] }))).toEqual([
      'closeExecutorStream',
      'SUBSCRIBED',
    ]);
    // The close of the old one comes late.
    driver.step({ kind: 'executorStreamClosed', stream: STREAM });
    // The first is the registration timeout, which has been met.
    expect(driver.tickAtDeadline()).toEqual([]);
    expect(driver.machine.nextDeadline()).toBe(1_800 * SECOND);
    expect(driver.tickAtDeadline()).toEqual([
      { kind: 'executorEvent', stream: newer, event: { type: 'HEARTBEAT' } },
    ]);
  });
});

// Spec 07 §4, §6.
describe('kills of an executor’s tasks', () => {
  test('a task that is queued is KILLED at once and not delivered any more (bug ledger B09)', () => {
    const driver = running();
    runCustom(driver, 2, false);
    expect(told(driver.kill(2))).toEqual(['TASK_KILLED 2 REASON_TASK_KILLED_DURING_LAUNCH']);
    expect(words(driver.updated(EXECUTOR))).toEqual([]);
  });

  test('two queued tasks, both killed before the first launch, both get their update (bug ledger B10)', () => {
    const driver = running();
    runCustom(driver, 2, false);
    runCustom(driver, 3, false);
    expect(told(driver.kill(2))).toEqual(['TASK_KILLED 2 REASON_TASK_KILLED_DURING_LAUNCH']);
    expect(told(driver.kill(3))).toEqual(['TASK_KILLED 3 REASON_TASK_KILLED_DURING_LAUNCH']);
  });

  test('a queued group goes whole, for a pod and for a custom executor', () => {
    for (const type of ['DEFAULT', 'CUSTOM'] as const) {
      const driver = AgentDriver.registered();
      driver.runGroup(EXECUTOR, [taskInfo(1), taskInfo(2)], { type });
      const outputs = driver.kill(2);
      expect(told(outputs)).toEqual([
        'TASK_KILLED 1 REASON_TASK_KILLED_DURING_LAUNCH',
        'TASK_KILLED 2 REASON_TASK_KILLED_DURING_LAUNCH',
      ]);
      expect(words(outputs).at(-1)).toBe('SIGKILL executor 60');
    }
  });

  test('an executor whose first tasks are all killed is destroyed, and its share comes back (bug ledger B03)', () => {
    const driver = AgentDriver.registered();
    runCustom(driver, 1);
    expect(words(driver.kill(1))).toEqual(['TASK_KILLED 1', 'SIGKILL executor 60']);
    expect(words(driver.executorExited(EXECUTOR, SIGKILL_EXIT))).toEqual(['EXITED_EXECUTOR']);
  });

  test('KILL goes to the executor with the policy of the call; a later one can only shorten it', () => {
    const driver = running();
    const graceOf = (outputs: readonly AgentOutput[]): unknown =>
      outputs.map((output) => (output.kind === 'executorEvent' ? output.event : output.kind));
    expect(graceOf(driver.kill(1))).toEqual([{ type: 'KILL', taskId: 1, killPolicy: null }]);
    const kill = (seconds: number) => ({
      type: 'KILL',
      taskId: 1,
      killPolicy: { gracePeriod: seconds * SECOND },
    });
    expect(graceOf(driver.kill(1, 10))).toEqual([kill(10)]);
    expect(graceOf(driver.kill(1, 60))).toEqual([kill(10)]);
    expect(graceOf(driver.kill(1, 2))).toEqual([kill(2)]);
  });

  test('a KILL that met no connection is sent when the executor subscribes again (bug ledger B34)', () => {
    const driver = running();
    driver.step({ kind: 'executorStreamClosed', stream: STREAM });
    expect(driver.kill(1, 4)).toEqual([]);
    expect(words(subscribe(driver, { tasks: [customTask(1)] }))).toEqual(['SUBSCRIBED', 'KILL 1']);
  });
});

// Spec 04 §4, 12 §2.
describe('after a restart of the agent', () => {
  function restarted(driver: AgentDriver): AgentDriver {
    const { next } = driver.restarted(true);
    next.executorStarted(EXECUTOR);
    return next;
  }

  test('the agent registers only when its executors are back', () => {
    const next = restarted(running());
    expect(next.step({ kind: 'linkOpened' })).toEqual([]);
    expect(words(update(next, status(1, 'TASK_RUNNING', 902)))).toEqual(['NOT_SUBSCRIBED']);
    expect(words(subscribe(next, { tasks: [customTask(1)] }))).toEqual(['SUBSCRIBED', 'REREGISTER_AGENT']);
  });

  test('an executor that is not back in time is destroyed, and the agent goes on without it', () => {
    const next = restarted(running());
    next.step({ kind: 'linkOpened' });
    expect(next.machine.nextDeadline()).toBe(2 * SECOND);
    expect(words(next.tickAtDeadline())).toEqual(['SIGKILL executor 60', 'REREGISTER_AGENT']);
    next.receive({ type: 'AGENT_REREGISTERED', agentId: AGENT, unreported: [], unreportedOperations: [] });
    expect(told(next.executorExited(EXECUTOR, SIGKILL_EXIT))).toEqual([
      'TASK_FAILED 1 REASON_EXECUTOR_REREGISTRATION_TIMEOUT',
    ]);
  });

  test('its unacknowledged updates are taken, each once', () => {
    const driver = running();
    driver.step({ kind: 'linkClosed' });
    update(driver, status(1, 'TASK_KILLING', 902));
    const next = restarted(driver);
    const unacknowledged = [status(1, 'TASK_KILLING', 902), status(1, 'TASK_KILLED', 903)];
    const outputs = subscribe(next, { tasks: [customTask(1)], updates: unacknowledged });
    expect(words(outputs)).toEqual(['SUBSCRIBED', 'ACKNOWLEDGED 1', 'ACKNOWLEDGED 1']);
    const sent = next.acknowledgeAll(next.reregister());
    expect(sent.map(({ status: one }) => one.state)).toEqual(['TASK_KILLING', 'TASK_KILLED']);
  });

  test('a task that was sent and that the executor does not know is DROPPED, or LOST, with AGENT_RESTARTED', () => {
    for (const [framework, state] of [
      [frameworkInfo(), 'TASK_LOST'],
      [PARTITION_AWARE, 'TASK_DROPPED'],
    ] as const) {
      const driver = running(framework);
      runCustom(driver, 2, false, framework);
      driver.updated(EXECUTOR);
      const next = restarted(driver);
      subscribe(next, { tasks: [customTask(1)] });
      const sent = next.acknowledgeAll(next.reregister());
      expect(sent.map(({ status: one }) => `${one.state} ${one.taskId} ${one.reason}`)).toEqual([
        `${state} 2 REASON_AGENT_RESTARTED`,
      ]);
    }
  });

  test('a task that was still queued is given to the executor when there is room', () => {
    const driver = running();
    runCustom(driver, 2, false);
    const next = restarted(driver);
    expect(words(subscribe(next, { tasks: [customTask(1)] }))).toEqual(['SUBSCRIBED', 'update executor 60']);
    expect(words(next.updated(EXECUTOR))).toEqual(['LAUNCH 2']);
  });

  test('an executor of a framework that does not checkpoint is not awaited', () => {
    const { next } = running(frameworkInfo([], false)).restarted(true);
    expect(words(next.step({ kind: 'linkOpened' }))).toEqual(['REREGISTER_AGENT']);
    expect(next.machine.liveContainers()).toEqual([]);
  });

  test('an executor that was shutting down goes on with its grace period', () => {
    const driver = running();
    driver.receive({ type: 'SHUTDOWN_EXECUTOR', frameworkId: FRAMEWORK, executorId: EXECUTOR });
    const next = restarted(driver);
    expect(next.machine.nextDeadline()).toBe(5 * SECOND);
    expect(words(subscribe(next))).toEqual(['SHUTDOWN', 'closeExecutorStream']);
    expect(words(next.tickAtDeadline())).toEqual(['SIGKILL executor 60']);
  });

  test('after a reboot no executor is left, and its tasks are GONE', () => {
    const { next } = running(PARTITION_AWARE).restarted(false);
    const sent = next.acknowledgeAll(next.reregister());
    expect(sent.map(({ status: one }) => one.state)).toEqual(['TASK_GONE']);
    expect(next.machine.report().executors).toEqual([]);
  });
});

// Spec 07 §4.
describe('the master’s view of the executor', () => {
  test('no executor where the master expects one: DROPPED, and no notice of an exit, for none was counted', () => {
    const driver = AgentDriver.registered();
    expect(words(runCustom(driver, 1, false, PARTITION_AWARE))).toEqual(['TASK_DROPPED 1']);
  });

  test('an executor where the master expects none: DROPPED, and the executor ends', () => {
    const driver = running(PARTITION_AWARE);
    expect(words(runCustom(driver, 2, true, PARTITION_AWARE))).toEqual(['TASK_DROPPED 2', 'SHUTDOWN']);
  });

  test('while the agent drains nothing is launched, and an executor that was counted is given back (bug ledger B03)', () => {
    const driver = running();
    driver.receive({ type: 'DRAIN_AGENT', config: { maxGracePeriod: null, markGone: false }, tasks: null });
    const order = runCustom(driver, 2, true, PARTITION_AWARE);
    expect(told(order)).toEqual(['TASK_DROPPED 2 REASON_AGENT_DRAINING']);
    const other = driver.runGroup(70, [taskInfo(3)], { type: 'CUSTOM' });
    expect(words(other)).toEqual(['TASK_LOST 3', 'EXITED_EXECUTOR']);
  });

  test('a drain kills an executor’s tasks, and the idle executor ends with the last (bug ledger B20)', () => {
    const driver = running();
    const order = {
      type: 'DRAIN_AGENT',
      config: { maxGracePeriod: null, markGone: false },
      tasks: null,
    } as const;
    expect(words(driver.receive(order))).toEqual(['KILL 1']);
    const outputs = update(driver, status(1, 'TASK_KILLED', 902));
    expect(words(outputs)).toEqual(['TASK_KILLED 1', 'SHUTDOWN', 'ACKNOWLEDGED 1']);
    driver.acknowledgeAll(outputs);
    driver.executorExited(EXECUTOR, EXIT_0);
    expect(driver.machine.checkpoint().drain).toBeNull();
  });
});
