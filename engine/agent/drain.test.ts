import { describe, expect, test } from 'vitest';
import { micros, type TaskId } from '../core/index.ts';
import type { FrameworkCapability, MasterToAgent } from '../protocol/index.ts';
import type { AgentOutput } from './index.ts';
import {
  AGENT,
  AgentDriver,
  EXIT_0,
  FRAMEWORK,
  frameworkInfo,
  messages,
  SECOND,
  SIGTERM_EXIT,
  taskInfo,
  updates,
  words,
} from './test-kit.ts';

const PARTITION_AWARE = frameworkInfo(['PARTITION_AWARE', 'TASK_KILLING_STATE']);
const REREGISTERED: MasterToAgent = {
  type: 'AGENT_REREGISTERED',
  agentId: AGENT,
  unreported: [],
  unreportedOperations: [],
};

function drainOrder(
  maxGraceSeconds: number | null = null,
  markGone = false,
  taskIds: readonly number[] | null = null,
): MasterToAgent {
  return {
    type: 'DRAIN_AGENT',
    config: {
      maxGracePeriod: maxGraceSeconds === null ? null : micros(maxGraceSeconds * SECOND),
      markGone,
    },
    tasks:
      taskIds === null
        ? null
        : taskIds.map((taskId) => ({ frameworkId: FRAMEWORK, taskId: taskId as TaskId })),
  };
}

/** Runs tasks to TASK_RUNNING, all updates acknowledged. */
function running(
  driver: AgentDriver,
  taskIds: readonly number[],
  graceSeconds: number | null = null,
  framework = PARTITION_AWARE,
): void {
  for (const taskId of taskIds) {
    const killPolicy = graceSeconds === null ? null : { gracePeriod: micros(graceSeconds * SECOND) };
    driver.acknowledgeAll(driver.run(taskInfo(taskId, { killPolicy }), framework));
    driver.acknowledgeAll(driver.started(taskId));
  }
}

function toldOf(outputs: readonly AgentOutput[]): string[] {
  return updates(outputs).map(({ status }) => `${status.state} ${status.taskId} ${status.reason ?? '-'}`);
}

/** Seconds until SIGKILL. */
function graceOf(driver: AgentDriver): number {
  return (driver.machine.nextDeadline()! - driver.now) / SECOND;
}

describe('DRAIN_AGENT', () => {
  test('every task is killed, those still launching at once, and their updates say REASON_AGENT_DRAINING', () => {
    const driver = AgentDriver.registered();
    running(driver, [1]);
    driver.acknowledgeAll(driver.run(taskInfo(2), PARTITION_AWARE));
    const outputs = driver.receive(drainOrder());
    expect(words(outputs)).toEqual(['TASK_KILLING 1', 'SIGTERM 1', 'SIGKILL 2']);
    const told = [
      ...driver.acknowledgeAll(outputs),
      ...driver.acknowledgeAll(driver.exited(1, SIGTERM_EXIT)),
      ...driver.acknowledgeAll(driver.exited(2, SIGTERM_EXIT)),
    ];
    expect(told.map(({ status }) => `${status.state} ${status.reason}`)).toEqual([
      'TASK_KILLING REASON_AGENT_DRAINING',
      'TASK_KILLED REASON_AGENT_DRAINING',
      'TASK_KILLED REASON_AGENT_DRAINING',
    ]);
  });

  test('a task that is over keeps its end: only the acknowledgement is waited for', () => {
    const driver = AgentDriver.registered();
    running(driver, [1]);
    const end = driver.exited(1, EXIT_0);
    expect(words(driver.receive(drainOrder(null, true)))).toEqual([]);
    expect(driver.acknowledgeAll(end).map(({ status }) => status.state)).toEqual(['TASK_FINISHED']);
    expect(driver.machine.checkpoint().drain).toBeNull();
  });

  test.each<readonly [string, number | null, number | null, number]>([
    ['its own grace period if that is shorter', 5, 60, 5],
    ['the drain’s if its own is longer', 600, 60, 60],
    ['the drain’s if it has none of its own', null, 60, 60],
    ['its own if the drain has none', 20, null, 20],
    ['the agent’s default if neither has one', null, null, 3],
  ])('a task gets %s', (_name, own, max, expected) => {
    const driver = AgentDriver.registered();
    running(driver, [1], own);
    driver.acknowledgeAll(driver.receive(drainOrder(max)));
    expect(graceOf(driver)).toBe(expected);
  });

  test('the tasks of a group each get the drain’s grace period, not the default of those who die with another', () => {
    const driver = AgentDriver.registered();
    const framework = PARTITION_AWARE;
    driver.acknowledgeAll(driver.startGroup(50, [taskInfo(1), taskInfo(2)], { framework }));
    driver.acknowledgeAll(driver.started(1));
    driver.acknowledgeAll(driver.started(2));
    driver.acknowledgeAll(driver.receive(drainOrder(60)));
    expect(graceOf(driver)).toBe(60);
  });

  test('with a drain that ends in gone, partition-aware frameworks are told TASK_GONE_BY_OPERATOR and others TASK_KILLED', () => {
    const toldTo = (capabilities: readonly FrameworkCapability[]) => {
      const driver = AgentDriver.registered();
      running(driver, [1], null, frameworkInfo(capabilities));
      driver.acknowledgeAll(driver.receive(drainOrder(null, true)));
      return toldOf(driver.exited(1, SIGTERM_EXIT));
    };
    expect(toldTo(['PARTITION_AWARE'])).toEqual(['TASK_GONE_BY_OPERATOR 1 REASON_AGENT_DRAINING']);
    expect(toldTo([])).toEqual(['TASK_KILLED 1 REASON_AGENT_DRAINING']);
  });

  test('launches that come meanwhile are dropped with REASON_AGENT_DRAINING, a group’s executor is reported gone', () => {
    const driver = AgentDriver.registered();
    running(driver, [1]);
    driver.receive(drainOrder());
    expect(toldOf(driver.run(taskInfo(5), PARTITION_AWARE))).toEqual([
      'TASK_DROPPED 5 REASON_AGENT_DRAINING',
    ]);
    expect(toldOf(driver.run(taskInfo(6), frameworkInfo()))).toEqual(['TASK_LOST 6 REASON_AGENT_DRAINING']);
    const group = driver.startGroup(50, [taskInfo(7), taskInfo(8)], { framework: PARTITION_AWARE });
    expect(toldOf(group)).toEqual([
      'TASK_DROPPED 7 REASON_AGENT_DRAINING',
      'TASK_DROPPED 8 REASON_AGENT_DRAINING',
    ]);
    expect(messages(group).at(-1)).toMatchObject({ type: 'EXITED_EXECUTOR', executorId: 50 });
  });

  test('a wave kills the tasks that it names, and the groups of these, and no other', () => {
    const driver = AgentDriver.registered();
    running(driver, [1, 2]);
    const framework = PARTITION_AWARE;
    driver.acknowledgeAll(driver.startGroup(50, [taskInfo(3), taskInfo(4)], { framework }));
    driver.acknowledgeAll(driver.started(3));
    driver.acknowledgeAll(driver.started(4));
    const first = driver.receive(drainOrder(null, false, [1, 3, 99]));
    expect(words(first)).toEqual([
      'TASK_KILLING 1',
      'SIGTERM 1',
      'TASK_KILLING 3',
      'SIGTERM 3',
      'TASK_KILLING 4',
      'SIGTERM 4',
    ]);
    driver.acknowledgeAll(first);
    expect(words(driver.receive(drainOrder(null, false, [2])))).toEqual(['TASK_KILLING 2', 'SIGTERM 2']);
  });

  test('said again, it kills nothing twice and a shorter grace period holds', () => {
    const driver = AgentDriver.registered();
    running(driver, [1], 600);
    driver.acknowledgeAll(driver.receive(drainOrder(60)));
    expect(words(driver.receive(drainOrder(60)))).toEqual([]);
    expect(graceOf(driver)).toBe(60);
    expect(words(driver.receive(drainOrder(10)))).toEqual([]);
    expect(graceOf(driver)).toBe(10);
  });
});

describe('the end of a drain', () => {
  test('an agent with nothing on it has carried the order out at once (bug ledger B20)', () => {
    const driver = AgentDriver.registered();
    driver.receive(drainOrder());
    expect(driver.machine.checkpoint().drain).toBeNull();
    expect(words(driver.run(taskInfo(1)))).toContain('launch 1');
  });

  test('it is over once the last end is acknowledged, and not before', () => {
    const driver = AgentDriver.registered();
    running(driver, [1]);
    driver.acknowledgeAll(driver.receive(drainOrder()));
    const end = driver.exited(1, SIGTERM_EXIT);
    expect(driver.machine.checkpoint().drain).not.toBeNull();
    driver.acknowledgeAll(end);
    expect(driver.machine.checkpoint().drain).toBeNull();
  });

  test('STOP_DRAINING: launches are taken again, and kills under way go on', () => {
    const driver = AgentDriver.registered();
    running(driver, [1]);
    driver.acknowledgeAll(driver.receive(drainOrder()));
    driver.receive({ type: 'STOP_DRAINING' });
    expect(words(driver.run(taskInfo(2)))).toContain('launch 2');
    expect(words(driver.tickAtDeadline())).toContain('SIGKILL 1');
  });
});

describe('a drain outlives', () => {
  test('the agent’s process: what ends before a master is there says so too, and an empty agent has nothing to outlive', () => {
    const driver = AgentDriver.registered();
    running(driver, [1]);
    driver.acknowledgeAll(driver.receive(drainOrder(null, true)));
    const { next } = driver.restarted(true);
    next.exited(1, SIGTERM_EXIT);
    expect(toldOf(next.reregister())).toEqual(['TASK_GONE_BY_OPERATOR 1 REASON_AGENT_DRAINING']);
  });

  test('no registration with a master that says nothing of it', () => {
    const driver = AgentDriver.registered();
    running(driver, [1, 2]);
    driver.acknowledgeAll(driver.receive(drainOrder(null, false, [1])));
    driver.step({ kind: 'linkOpened' });
    driver.receive(REREGISTERED);
    expect(words(driver.run(taskInfo(3)))).toContain('launch 3');
    expect(words(driver.receive(drainOrder()))).toContain('SIGTERM 2');
    driver.receive(REREGISTERED);
    expect(words(driver.run(taskInfo(4)))).toContain('launch 4');
  });
});
