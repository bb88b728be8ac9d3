import { describe, expect, test } from 'vitest';
import type { ExecutorId } from '../core/index.ts';
import { type FrameworkId, micros } from '../core/index.ts';
import {
  AGENT,
  AgentDriver,
  EXIT_0,
  EXIT_1,
  FRAMEWORK,
  failure,
  frameworkInfo,
  messages,
  SECOND,
  SIGKILL_EXIT,
  SIGTERM_EXIT,
  taskInfo,
  updates,
  words,
} from './test-kit.ts';

const KILLING = frameworkInfo(['TASK_KILLING_STATE']);

/** A running task 1 whose updates are acknowledged. */
function running(template: Parameters<typeof taskInfo>[1] = {}, framework = frameworkInfo()): AgentDriver {
  const driver = AgentDriver.registered();
  driver.acknowledgeAll(driver.run(taskInfo(1, template), framework));
  driver.acknowledgeAll(driver.started(1));
  return driver;
}

/** A registered agent with group 1, 2, 3 under executor 50, all running and acknowledged. */
function runningGroup(framework = frameworkInfo()): AgentDriver {
  const driver = AgentDriver.registered();
  driver.acknowledgeAll(driver.startGroup(50, [taskInfo(1), taskInfo(2), taskInfo(3)], { framework }));
  for (const task of [1, 2, 3]) driver.acknowledgeAll(driver.started(task));
  return driver;
}

// Spec 04 §6.
describe('the command executor', () => {
  test('a task starts, runs and finishes, one update at a time', () => {
    const driver = AgentDriver.registered();
    const launch = driver.run(taskInfo(1));
    expect(words(launch)).toEqual(['TASK_STARTING 1', 'launch 1']);
    expect(updates(launch)[0]!.status).toEqual({
      taskId: 1,
      state: 'TASK_STARTING',
      source: 'SOURCE_EXECUTOR',
      reason: null,
      agentId: 7,
      executorId: 1,
      timestamp: 0,
      uuid: 1,
      message: null,
      details: null,
    });
    expect(driver.started(1)).toEqual([]);
    expect(driver.exited(1, EXIT_0)).toEqual([]);
    const after = updates(driver.acknowledge(1, 1));
    expect(after).toMatchObject([
      { status: { state: 'TASK_RUNNING', uuid: 2 }, latestState: 'TASK_FINISHED' },
    ]);
    expect(words(driver.acknowledge(1, 2))).toEqual(['TASK_FINISHED 1']);
    expect(driver.acknowledge(1, 3)).toEqual([]);
    expect(driver.machine.taskCount).toBe(0);
    expect(driver.machine.nextDeadline()).toBeNull();
  });

  test('without TASK_STARTING the first update is RUNNING', () => {
    const driver = AgentDriver.registered({ sendTaskStarting: false });
    expect(words(driver.run(taskInfo(1)))).toEqual(['launch 1']);
    expect(words(driver.started(1))).toEqual(['TASK_RUNNING 1']);
  });

  test('a command task gets the overhead of its executor, from the agent', () => {
    const [, launch] = AgentDriver.registered().run(taskInfo(1));
    expect(launch).toMatchObject({
      kind: 'launchContainer',
      parent: null,
      spec: { kind: 'commandTask', overhead: { cpus: 100, mem: 32_000 } },
    });
  });

  test('a container that cannot start fails its task', () => {
    const driver = AgentDriver.registered({ sendTaskStarting: false });
    driver.run(taskInfo(1));
    expect(updates(driver.exited(1, failure('LAUNCH_FAILED')))).toMatchObject([
      { status: { state: 'TASK_FAILED', reason: 'REASON_CONTAINER_LAUNCH_FAILED', source: 'SOURCE_AGENT' } },
    ]);
  });

  test('a second start or exit of a container says nothing', () => {
    const driver = running();
    expect(driver.started(1)).toEqual([]);
    driver.exited(1, EXIT_1);
    expect(driver.exited(1, EXIT_0)).toEqual([]);
    expect(driver.started(1)).toEqual([]);
  });

  test('an order that was delivered twice launches once', () => {
    const driver = AgentDriver.registered();
    driver.run(taskInfo(1));
    expect(driver.run(taskInfo(1))).toEqual([]);
  });

  test('a task for another agent is not launched', () => {
    const driver = AgentDriver.registered();
    expect(driver.run(taskInfo(1, {}, 8 as never))).toEqual([]);
    expect(driver.machine.taskCount).toBe(0);
  });

  test('two frameworks may use one task id', () => {
    const driver = AgentDriver.registered({ sendTaskStarting: false });
    const other = 2 as FrameworkId;
    driver.run(taskInfo(1));
    expect(words(driver.run(taskInfo(1), frameworkInfo(), other))).toEqual(['launch 1']);
    expect(driver.started(1, other)).toMatchObject([{ message: { frameworkId: other } }]);
  });

  test('a task past its maximum completion time is killed at once and FAILED (spec 04 §6)', () => {
    const driver = running({ maxCompletionTime: micros(20 * SECOND) }, KILLING);
    driver.now = 0;
    expect(driver.machine.nextDeadline()).toBe(20 * SECOND);
    expect(words(driver.tickAtDeadline())).toEqual(['TASK_KILLING 1', 'SIGKILL 1']);
    expect(driver.kill(1)).toEqual([]);
    driver.exited(1, SIGKILL_EXIT);
    expect(updates(driver.acknowledge(1, 3))).toMatchObject([
      { status: { state: 'TASK_FAILED', reason: 'REASON_MAX_COMPLETION_TIME_REACHED' } },
    ]);
  });
});

// Spec 07 §6.
describe('kill', () => {
  test('SIGTERM, after three seconds SIGKILL, KILLED when the container is gone', () => {
    const driver = running();
    expect(words(driver.kill(1))).toEqual(['SIGTERM 1']);
    expect(driver.machine.nextDeadline()).toBe(3 * SECOND);
    expect(words(driver.tickAtDeadline())).toEqual(['SIGKILL 1']);
    expect(driver.machine.nextDeadline()).toBeNull();
    expect(updates(driver.exited(1, SIGKILL_EXIT))).toMatchObject([
      { status: { state: 'TASK_KILLED', message: 'Command terminated with signal Killed' } },
    ]);
  });

  test('a task that heeds SIGTERM is not sent SIGKILL', () => {
    const driver = running();
    driver.kill(1);
    driver.acknowledgeAll(driver.exited(1, SIGTERM_EXIT));
    expect(driver.machine.nextDeadline()).toBeNull();
  });

  test('TASK_KILLING is sent once, and only to a framework that knows it', () => {
    const driver = running({}, KILLING);
    expect(words(driver.kill(1))).toEqual(['TASK_KILLING 1', 'SIGTERM 1']);
    expect(driver.kill(1)).toEqual([]);
  });

  test('the grace period is the call’s before the task’s before the default', () => {
    const policy = { killPolicy: { gracePeriod: micros(7 * SECOND) } };
    const deadline = (driver: AgentDriver, grace: number | null): number | null => {
      driver.kill(1, grace);
      return driver.machine.nextDeadline();
    };
    expect(deadline(running(policy), 9)).toBe(9 * SECOND);
    expect(deadline(running(policy), null)).toBe(7 * SECOND);
    expect(deadline(running({ killPolicy: { gracePeriod: null } }), null)).toBe(3 * SECOND);
  });

  test('a later kill shortens the wait, counted from the first kill, and never lengthens it', () => {
    const driver = running();
    driver.kill(1, 60);
    driver.now = 5 * SECOND;
    expect(driver.kill(1, 20)).toEqual([]);
    expect(driver.kill(1, 90)).toEqual([]);
    driver.step({ kind: 'tick' });
    const due: number[] = [];
    while (driver.machine.nextDeadline() !== null) {
      if (driver.tickAtDeadline().length > 0) due.push(driver.now);
    }
    expect(due).toEqual([20 * SECOND]);
  });

  test('a later kill whose grace is over ends the task at once', () => {
    const driver = running();
    driver.kill(1, 60);
    driver.now = 5 * SECOND;
    expect(words(driver.kill(1, 4))).toEqual(['SIGKILL 1']);
    expect(driver.kill(1, 1)).toEqual([]);
  });

  test('no grace, or a senseless one, is SIGKILL at once', () => {
    for (const grace of [0, -5, Number.NaN]) {
      expect(words(running().kill(1, grace))).toEqual(['SIGTERM 1', 'SIGKILL 1']);
    }
  });

  test('a kill before the container runs ends the launch: no RUNNING, then KILLED with the reason (bug ledger B09)', () => {
    const driver = AgentDriver.registered({ sendTaskStarting: false });
    driver.run(taskInfo(1), KILLING);
    expect(words(driver.kill(1))).toEqual(['SIGKILL 1']);
    expect(words(driver.started(1))).toEqual(['SIGKILL 1']);
    expect(updates(driver.exited(1, SIGKILL_EXIT))).toMatchObject([
      { status: { state: 'TASK_KILLED', reason: 'REASON_TASK_KILLED_DURING_LAUNCH' } },
    ]);
  });

  test('two launching tasks of a framework, both killed at once, both get their update (bug ledger B10)', () => {
    const driver = AgentDriver.registered({ sendTaskStarting: false });
    driver.run(taskInfo(1));
    driver.run(taskInfo(2));
    driver.kill(1);
    driver.kill(2);
    expect(words(driver.exited(1, SIGKILL_EXIT))).toEqual(['TASK_KILLED 1']);
    expect(words(driver.exited(2, SIGKILL_EXIT))).toEqual(['TASK_KILLED 2']);
  });

  test('a kill of a task that is unknown or over is ignored', () => {
    const driver = running();
    expect(driver.kill(99)).toEqual([]);
    driver.exited(1, EXIT_0);
    expect(driver.kill(1)).toEqual([]);
  });
});

// Spec 04 §6, 07 §8.
describe('the default executor', () => {
  test('all tasks of a group enter STARTING before the first is launched', () => {
    const driver = AgentDriver.registered();
    const order = driver.runGroup(50, [taskInfo(1), taskInfo(2)]);
    expect(words(order)).toEqual(['launch executor 50']);
    // Its own resources and those of the group.
    expect(order[0]).toMatchObject({ parent: null, spec: { kind: 'pod', resources: { cpus: 2_100 } } });
    const outputs = driver.executorStarted(50);
    expect(words(outputs)).toEqual(['TASK_STARTING 1', 'TASK_STARTING 2', 'launch 1', 'launch 2']);
    expect(outputs.at(-1)).toMatchObject({
      parent: driver.containerOfExecutor(50),
      spec: { kind: 'podTask' },
    });
  });

  test('a task that fails takes the rest of its group with it', () => {
    const driver = runningGroup(KILLING);
    expect(words(driver.exited(2, EXIT_1))).toEqual([
      'TASK_FAILED 2',
      'TASK_KILLING 1',
      'SIGTERM 1',
      'TASK_KILLING 3',
      'SIGTERM 3',
      'update executor 50',
    ]);
  });

  test('a task that finishes leaves its group alone', () => {
    expect(words(runningGroup().exited(2, EXIT_0))).toEqual(['TASK_FINISHED 2', 'update executor 50']);
  });

  test('a kill of one task kills its group', () => {
    const driver = runningGroup();
    expect(words(driver.kill(2, 10))).toEqual(['SIGTERM 2', 'SIGTERM 1', 'SIGTERM 3']);
    expect(words(driver.tickAtDeadline())).toEqual(['SIGKILL 1', 'SIGKILL 3']);
    expect(driver.now).toBe(3 * SECOND);
    expect(words(driver.tickAtDeadline())).toEqual(['SIGKILL 2']);
    expect(driver.now).toBe(10 * SECOND);
  });

  test('a kill of a task that is launching kills its group during launch', () => {
    const driver = AgentDriver.registered({ sendTaskStarting: false });
    driver.startGroup(50, [taskInfo(1), taskInfo(2)]);
    driver.started(2);
    expect(words(driver.kill(1))).toEqual(['SIGKILL 1', 'SIGTERM 2']);
  });

  test('other groups of the executor live on, and it ends with the last', () => {
    const driver = runningGroup();
    driver.acknowledgeAll(driver.startGroup(50, [taskInfo(4)], { launchExecutor: false }));
    driver.acknowledgeAll(driver.started(4));
    expect(words(driver.exited(1, EXIT_1)).slice(0, 3)).toEqual(['TASK_FAILED 1', 'SIGTERM 2', 'SIGTERM 3']);
    driver.exited(2, SIGTERM_EXIT);
    expect(words(driver.exited(3, SIGTERM_EXIT))).toEqual(['TASK_KILLED 3', 'update executor 50']);
    expect(driver.machine.report().executors).toHaveLength(1);
    expect(words(driver.exited(4, EXIT_0)).at(-1)).toBe('SIGKILL executor 50');
    const last = driver.executorExited(50, SIGKILL_EXIT);
    expect(messages(last).at(-1)).toEqual({
      type: 'EXITED_EXECUTOR',
      agentId: 7,
      frameworkId: FRAMEWORK,
      executorId: 50,
      status: 9,
    });
    expect(driver.machine.report().executors).toEqual([]);
  });

  test('an executor that ended while the master was away is not reported any more (bug ledger B06)', () => {
    const driver = runningGroup();
    expect(driver.machine.report().executors).toMatchObject([{ executor: { executorId: 50 }, role: 'dev' }]);
    driver.step({ kind: 'linkClosed' });
    for (const task of [1, 2, 3]) expect(updates(driver.exited(task, EXIT_0))).toEqual([]);
    expect(driver.executorExited(50, SIGKILL_EXIT)).toEqual([]);
    const outputs = driver.reregister();
    expect(outputs[0]).toMatchObject({
      message: { type: 'REREGISTER_AGENT', executors: [], tasks: { length: 3 } },
    });
    // Nor told of: the master may have launched another with its id by now.
    expect(words(outputs)).not.toContain('EXITED_EXECUTOR');
  });

  test('an executor that ends between the report and its answer is told of once registered again', () => {
    const driver = runningGroup();
    driver.step({ kind: 'linkClosed' });
    expect(words(driver.step({ kind: 'linkOpened' }))).toEqual(['REREGISTER_AGENT']);
    for (const task of [1, 2, 3]) driver.exited(task, EXIT_0);
    expect(driver.executorExited(50, SIGKILL_EXIT)).toEqual([]);
    const answered = driver.receive({
      type: 'AGENT_REREGISTERED',
      agentId: AGENT,
      unreported: [],
      unreportedOperations: [],
    });
    expect(words(answered).at(-1)).toBe('EXITED_EXECUTOR');
    driver.step({ kind: 'linkClosed' });
    expect(words(driver.reregister()).filter((word) => word === 'EXITED_EXECUTOR')).toEqual([]);
  });

  test('a group is dropped when the master is wrong about its executor (spec 07 §4)', () => {
    const none = AgentDriver.registered().runGroup(50, [taskInfo(1)], { launchExecutor: false });
    expect(updates(none)).toMatchObject([
      { status: { state: 'TASK_LOST', reason: 'REASON_EXECUTOR_TERMINATED' } },
    ]);
    const aware = { launchExecutor: true, framework: frameworkInfo(['PARTITION_AWARE']) };
    // As in Mesos, an executor that the master does not count is asked to end.
    expect(words(runningGroup().runGroup(50, [taskInfo(4), taskInfo(5)], aware))).toEqual([
      'TASK_DROPPED 4',
      'TASK_DROPPED 5',
      'SIGTERM 1',
      'SIGTERM 2',
      'SIGTERM 3',
    ]);
  });

  test('SHUTDOWN_EXECUTOR kills its tasks; meanwhile it takes no group', () => {
    const driver = runningGroup();
    const order = {
      type: 'SHUTDOWN_EXECUTOR',
      frameworkId: FRAMEWORK,
      executorId: 50 as ExecutorId,
    } as const;
    expect(words(driver.receive(order))).toEqual(['SIGTERM 1', 'SIGTERM 2', 'SIGTERM 3']);
    expect(driver.receive(order)).toEqual([]);
    expect(words(driver.runGroup(50, [taskInfo(4)], { launchExecutor: false }))).toEqual(['TASK_LOST 4']);
    expect(driver.receive({ ...order, executorId: 51 as ExecutorId })).toEqual([]);
    for (const task of [1, 2]) driver.exited(task, SIGTERM_EXIT);
    expect(words(driver.exited(3, SIGTERM_EXIT))).toEqual(['TASK_KILLED 3', 'SIGKILL executor 50']);
    expect(words(driver.executorExited(50, SIGKILL_EXIT))).toEqual(['EXITED_EXECUTOR']);
  });

  test('a senseless group changes nothing: empty, a task twice, a task that is here, another agent', () => {
    const driver = running();
    expect(driver.runGroup(50, [])).toEqual([]);
    expect(driver.runGroup(50, [taskInfo(2), taskInfo(2)])).toEqual([]);
    expect(driver.runGroup(50, [taskInfo(2), taskInfo(1)])).toEqual([]);
    expect(driver.runGroup(50, [taskInfo(2, {}, 8 as never)])).toEqual([]);
    expect(driver.machine.taskCount).toBe(1);
  });
});
