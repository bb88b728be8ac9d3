import { describe, expect, test } from 'vitest';
import { type FrameworkId, milli, type TaskId } from '../core/index.ts';
import { Resources } from '../resources/index.ts';
import {
  AGENT,
  AgentDriver,
  EXIT_0,
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

const OTHER = 2 as FrameworkId;

function runTask(
  driver: AgentDriver,
  taskId: number,
  framework = frameworkInfo(),
  frameworkId = FRAMEWORK,
): void {
  driver.acknowledgeAll(driver.run(taskInfo(taskId), framework, frameworkId));
  driver.acknowledgeAll(driver.started(taskId, frameworkId));
}

// Spec 07 §3.
describe('delivery of updates', () => {
  test('an unacknowledged update is repeated after 10 s, doubling to 10 min, unchanged but for the latest state', () => {
    const driver = AgentDriver.registered();
    const [first] = updates(driver.run(taskInfo(1)));
    driver.started(1);
    const waits: number[] = [];
    for (let retry = 0; retry < 10; retry++) {
      const before = driver.now;
      expect(updates(driver.tickAtDeadline())).toEqual([{ ...first!, latestState: 'TASK_RUNNING' }]);
      waits.push((driver.now - before) / SECOND);
    }
    expect(waits).toEqual([10, 20, 40, 80, 160, 320, 600, 600, 600, 600]);
  });

  test('the next update starts again with 10 s', () => {
    const driver = AgentDriver.registered();
    driver.run(taskInfo(1));
    driver.started(1);
    driver.tickAtDeadline();
    driver.tickAtDeadline();
    driver.acknowledge(1, 1);
    const sent = driver.now;
    expect(words(driver.tickAtDeadline())).toEqual(['TASK_RUNNING 1']);
    expect(driver.now - sent).toBe(10 * SECOND);
  });

  test('nothing is sent while the master is away; everything pending is sent again on re-registration', () => {
    const driver = AgentDriver.registered();
    driver.run(taskInfo(1));
    driver.acknowledgeAll(driver.run(taskInfo(2)));
    driver.step({ kind: 'linkClosed' });
    expect(driver.started(1)).toEqual([]);
    expect(driver.started(2)).toEqual([]);
    expect(driver.machine.nextDeadline()).toBeNull();
    expect(words(driver.reregister())).toEqual(['REREGISTER_AGENT', 'TASK_STARTING 1', 'TASK_RUNNING 2']);
  });

  test('an acknowledgement of an older or another update takes nothing out (bug ledger B12)', () => {
    const driver = AgentDriver.registered();
    driver.run(taskInfo(1));
    driver.started(1);
    driver.acknowledge(1, 1);
    for (const uuid of [1, 3, 99]) expect(driver.acknowledge(1, uuid)).toEqual([]);
    expect(driver.acknowledge(1, 2, OTHER)).toEqual([]);
    expect(driver.acknowledge(9, 2)).toEqual([]);
    expect(words(driver.tickAtDeadline())).toEqual(['TASK_RUNNING 1']);
  });

  test('an acknowledged agent wants no tick, whatever it did before', () => {
    const driver = AgentDriver.registered();
    for (let task = 1; task <= 40; task++) runTask(driver, task);
    expect(driver.machine.nextDeadline()).toBeNull();
  });

  test('forty tasks at once keep their streams apart', () => {
    const driver = AgentDriver.registered();
    for (let task = 1; task <= 40; task++) driver.run(taskInfo(task));
    for (let task = 40; task >= 1; task--) driver.started(task);
    for (let task = 1; task <= 40; task++) driver.exited(task, EXIT_0);
    const pending = driver.reregister().slice(1);
    expect(driver.acknowledgeAll(pending).map(({ status }) => status.state)).toHaveLength(120);
    expect(driver.machine.taskCount).toBe(0);
  });
});

// Spec 07 §4.
describe('reconciliation at re-registration', () => {
  test('a task that only the master knows gets a terminal update, retried until acknowledged', () => {
    const driver = AgentDriver.registered();
    driver.step({ kind: 'linkClosed' });
    const outputs = driver.reregister([
      { frameworkId: FRAMEWORK, taskId: 1 as TaskId, partitionAware: false },
      { frameworkId: OTHER, taskId: 2 as TaskId, partitionAware: true },
    ]);
    expect(updates(outputs)).toMatchObject([
      {
        frameworkId: FRAMEWORK,
        status: { state: 'TASK_LOST', reason: 'REASON_RECONCILIATION', source: 'SOURCE_AGENT', uuid: 1 },
      },
      { frameworkId: OTHER, status: { state: 'TASK_DROPPED', uuid: 2 } },
    ]);
    expect(words(driver.tickAtDeadline())).toEqual(['TASK_LOST 1', 'TASK_DROPPED 2']);
    driver.acknowledge(1, 1);
    driver.acknowledge(2, 2, OTHER);
    expect(driver.machine.taskCount).toBe(0);
    expect(driver.machine.nextDeadline()).toBeNull();
  });

  test('asked again before the acknowledgement, the agent sends the same update; a task it has is left alone', () => {
    const driver = AgentDriver.registered();
    runTask(driver, 5);
    const unreported = [1, 5].map((taskId) => ({
      frameworkId: FRAMEWORK,
      taskId: taskId as TaskId,
      partitionAware: false,
    }));
    driver.step({ kind: 'linkClosed' });
    const [first] = updates(driver.reregister(unreported));
    driver.step({ kind: 'linkClosed' });
    const again = driver.reregister(unreported);
    expect(messages(again)[0]).toMatchObject({ tasks: [{ task: { taskId: 5 } }] });
    expect(updates(again)).toEqual([first]);
  });
});

describe('frameworks', () => {
  test('SHUTDOWN_FRAMEWORK ends its containers and forgets it with its updates; others go on', () => {
    const driver = AgentDriver.registered();
    runTask(driver, 1);
    driver.run(taskInfo(2));
    driver.startGroup(50, [taskInfo(3), taskInfo(4)]);
    runTask(driver, 1, frameworkInfo(), OTHER);
    const outputs = driver.receive({ type: 'SHUTDOWN_FRAMEWORK', frameworkId: FRAMEWORK });
    expect(words(outputs).sort()).toEqual([
      'SIGKILL 1',
      'SIGKILL 2',
      'SIGKILL 3',
      'SIGKILL 4',
      'SIGKILL executor 50',
    ]);
    expect(driver.machine.report()).toMatchObject({
      tasks: [{ frameworkId: OTHER }],
      executors: [],
      frameworks: [{ id: OTHER }],
    });
    expect(driver.machine.nextDeadline()).toBeNull();
    expect(driver.exited(1, SIGKILL_EXIT)).toEqual([]);
    expect(driver.receive({ type: 'SHUTDOWN_FRAMEWORK', frameworkId: FRAMEWORK })).toEqual([]);
    expect(words(driver.exited(1, EXIT_0, OTHER))).toEqual(['TASK_FINISHED 1']);
  });

  test('UPDATE_FRAMEWORK replaces what the agent knows of it', () => {
    const driver = AgentDriver.registered();
    runTask(driver, 1);
    driver.receive({
      type: 'UPDATE_FRAMEWORK',
      frameworkId: FRAMEWORK,
      info: frameworkInfo(['TASK_KILLING_STATE']),
    });
    driver.receive({ type: 'UPDATE_FRAMEWORK', frameworkId: OTHER, info: frameworkInfo() });
    expect(words(driver.kill(1))).toEqual(['TASK_KILLING 1', 'SIGTERM 1']);
    expect(driver.machine.report().frameworks).toHaveLength(1);
  });

  test('a framework is forgotten with its last task', () => {
    const driver = AgentDriver.registered();
    runTask(driver, 1);
    expect(driver.machine.report().frameworks).toHaveLength(1);
    driver.acknowledgeAll(driver.exited(1, EXIT_0));
    expect(driver.machine.report().frameworks).toEqual([]);
  });
});

// Spec 12 §2, 07 §5.
describe('restart', () => {
  test('a restarted agent keeps its id, its running tasks and its unacknowledged updates, and uses no update id twice', () => {
    const before = AgentDriver.registered();
    runTask(before, 1);
    before.run(taskInfo(2));
    const { next, outputs } = before.restarted(true);
    expect(outputs).toEqual([]);
    const back = next.reregister();
    expect(words(back)).toEqual(['REREGISTER_AGENT', 'TASK_STARTING 2']);
    expect(messages(back)[0]).toMatchObject({ info: { id: AGENT }, tasks: { length: 2 } });
    expect(next.started(1)).toEqual([]);
    next.acknowledge(2, 3);
    expect(updates(next.started(2))).toMatchObject([{ status: { state: 'TASK_RUNNING', uuid: 4 } }]);
    expect(words(next.exited(1, EXIT_0))).toEqual(['TASK_FINISHED 1']);
  });

  test('the checkpoint of a restarted agent is the one it started from', () => {
    const before = AgentDriver.registered();
    runTask(before, 1);
    before.startGroup(50, [taskInfo(2), taskInfo(3)]);
    before.started(2);
    before.kill(1, 30);
    before.receive({ type: 'CHECKPOINT_RESOURCES', resources: Resources.ofScalars({ cpus: milli(1) }) });
    const { next } = before.restarted(true);
    expect(next.machine.checkpoint()).toEqual(before.machine.checkpoint());
    expect(next.machine.report()).toEqual(before.machine.report());
    expect(next.machine.nextDeadline()).toBe(30 * SECOND);
    expect(words(next.tickAtDeadline())).toEqual(['SIGKILL 1']);
  });

  test('tasks of frameworks that do not checkpoint are not on the disk', () => {
    const before = AgentDriver.registered();
    runTask(before, 1, frameworkInfo([], false));
    runTask(before, 2, frameworkInfo(), OTHER);
    const checkpoint = before.machine.checkpoint();
    expect(checkpoint.tasks.map(({ taskId }) => taskId)).toEqual([2]);
    expect(checkpoint.frameworks.map(({ id }) => id)).toEqual([OTHER]);
  });

  test('a container that ended meanwhile is reported as it ended, one without trace as lost with its executor', () => {
    const before = AgentDriver.registered();
    runTask(before, 1);
    runTask(before, 2);
    before.acknowledgeAll(before.run(taskInfo(3)));
    const { next } = before.restarted(true);
    next.reregister();
    expect(updates(next.exited(1, EXIT_0))).toMatchObject([{ status: { state: 'TASK_FINISHED' } }]);
    expect(updates(next.exited(2, failure('GONE')))).toMatchObject([
      { status: { state: 'TASK_FAILED', reason: 'REASON_EXECUTOR_TERMINATED' } },
    ]);
    expect(updates(next.exited(3, failure('GONE')))).toMatchObject([
      { status: { state: 'TASK_LOST', reason: 'REASON_AGENT_RESTARTED' } },
    ]);
  });

  test('after a reboot all tasks are LOST, or GONE for a partition-aware framework, and no executor is reported', () => {
    const before = AgentDriver.registered();
    runTask(before, 1);
    runTask(before, 2, frameworkInfo(['PARTITION_AWARE']), OTHER);
    before.startGroup(50, [taskInfo(3)]);
    before.acknowledgeAll(before.run(taskInfo(4)));
    before.exited(4, EXIT_0);
    const { next, outputs } = before.restarted(false);
    expect(outputs).toEqual([]);
    expect(next.machine.report().executors).toEqual([]);
    const back = next.acknowledgeAll(next.reregister());
    expect(back.map(({ status }) => `${status.state} ${status.taskId}`).sort()).toEqual([
      'TASK_FINISHED 4',
      'TASK_GONE 2',
      'TASK_LOST 1',
      'TASK_LOST 3',
      'TASK_STARTING 3',
    ]);
    expect(next.machine.taskCount).toBe(0);
  });

  test('a total changed by operations is registered and survives', () => {
    const before = AgentDriver.registered();
    const resources = Resources.ofScalars({ cpus: milli(3_000) });
    before.receive({ type: 'CHECKPOINT_RESOURCES', resources });
    const { next } = before.restarted(true);
    expect(next.reregister()[0]).toMatchObject({ message: { info: { resources, id: AGENT } } });
  });

  test('an agent that never registered starts afresh', () => {
    const before = new AgentDriver();
    before.start(null, true);
    const { next } = before.restarted(false);
    expect(words(next.step({ kind: 'linkOpened' }))).toEqual(['REGISTER_AGENT']);
  });
});

test('inputs before the start, and a second start, change nothing', () => {
  const driver = new AgentDriver();
  expect(driver.step({ kind: 'linkOpened' })).toEqual([]);
  expect(driver.step({ kind: 'tick' })).toEqual([]);
  driver.start(null, true);
  driver.step({ kind: 'linkOpened' });
  expect(driver.start(null, true)).toEqual([]);
});
