import { describe, expect, test } from 'vitest';
import { type AgentId, micros, type TaskId } from '../core/index.ts';
import type { TaskStatus } from '../protocol/index.ts';
import { RegistryState } from '../registry/index.ts';
import {
  agentInfo,
  eventsOn,
  MasterDriver,
  MINUTE,
  NOT_PARTITION_AWARE,
  type Scheduler,
  SECOND,
  toldOf,
} from './test-kit.ts';

// Spec 03 §8: the table of reconciliation, partition-aware or not.

const RECOVERED = 11 as AgentId;
const UNREACHABLE = 12 as AgentId;
const GONE = 13 as AgentId;
const NOBODY = 14 as AgentId;
const SINCE = micros(5 * SECOND);

/** A master whose registry knows an agent that is not back, one that is unreachable and one that is gone. */
function scene(partitionAware: boolean, withRecovered: boolean) {
  const registry = new RegistryState();
  for (const id of withRecovered ? [RECOVERED, UNREACHABLE] : [UNREACHABLE])
    registry.apply({ kind: 'agentAdmitted', id, info: agentInfo(id, { id }) });
  registry.apply({ kind: 'agentMarkedUnreachable', id: UNREACHABLE, at: SINCE });
  registry.apply({ kind: 'agentMarkedGone', id: GONE, at: SINCE });
  const driver = new MasterDriver({ registry });
  const agent = driver.register(1);
  const scheduler = driver.subscribe(partitionAware ? {} : { capabilities: NOT_PARTITION_AWARE });
  driver.launchOn(scheduler, agent, 1);
  return { driver, scheduler, agent };
}

type Which = 'registered' | 'recovered' | 'unreachable' | 'gone' | 'unknown' | 'none';

const CELLS: readonly (readonly [string, number, Which, boolean, string | null, string | null])[] = [
  ['a known task', 1, 'none', true, 'TASK_STAGING', 'TASK_STAGING'],
  ['a known task, its agent given', 1, 'registered', true, 'TASK_STAGING', 'TASK_STAGING'],
  ['a known task, another agent given', 1, 'unknown', false, 'TASK_STAGING', 'TASK_STAGING'],
  ['a task of an agent that is not back yet', 2, 'recovered', true, null, null],
  ['a task of no agent while one is not back yet', 2, 'none', true, null, null],
  ['a task unknown to its registered agent', 2, 'registered', true, 'TASK_GONE', 'TASK_LOST'],
  ['a task of an unreachable agent', 2, 'unreachable', true, 'TASK_UNREACHABLE', 'TASK_LOST'],
  ['a task of a gone agent', 2, 'gone', true, 'TASK_GONE_BY_OPERATOR', 'TASK_LOST'],
  ['a task of an unknown agent', 2, 'unknown', true, 'TASK_UNKNOWN', 'TASK_LOST'],
  ['a task of no agent when all are back', 2, 'none', false, 'TASK_UNKNOWN', 'TASK_LOST'],
];

describe('explicit reconciliation of', () => {
  test.each(CELLS)(
    '%s (task %i, agent %s, some agent not back: %s) is answered %s, or %s without PARTITION_AWARE',
    (_name, taskId, which, withRecovered, ...answers) => {
      for (const [index, partitionAware] of [true, false].entries()) {
        const { driver, scheduler, agent } = scene(partitionAware, withRecovered);
        const ids = {
          registered: agent.id,
          recovered: RECOVERED,
          unreachable: UNREACHABLE,
          gone: GONE,
          unknown: NOBODY,
          none: null,
        };
        const updates = driver.reconcile(scheduler, [{ taskId, agentId: ids[which] }]);
        const state = answers[index]!;
        expect(toldOf(updates)).toEqual(state === null ? [] : [`${taskId} ${state} REASON_RECONCILIATION`]);
        for (const status of updates) {
          expect(status).toMatchObject({ source: 'SOURCE_MASTER', uuid: null });
          expect(status.details?.data ?? null).toBeNull();
          const isUnreachable = status.state === 'TASK_UNREACHABLE';
          expect(status.details?.unreachableTime ?? null).toBe(isUnreachable ? SINCE : null);
        }
      }
    },
  );

  test('several tasks is answered one by one, in order', () => {
    const { driver, scheduler, agent } = scene(true, false);
    const asked = [2, 1, 2].map((taskId) => ({ taskId, agentId: agent.id }));
    expect(driver.reconcile(scheduler, asked).map((status) => status.taskId)).toEqual([2, 1, 2]);
  });

  test('a task whose agent was just marked unreachable names that instant', () => {
    const { driver, scheduler, agent } = scene(true, false);
    driver.closeLink(agent.link);
    driver.wait(10 * MINUTE);
    const [status] = driver.reconcile(scheduler, [{ taskId: 1, agentId: agent.id }]);
    expect(status).toMatchObject({ state: 'TASK_UNREACHABLE', details: { unreachableTime: driver.now } });
  });
});

test('a known task is answered with its latest acknowledgeable state, not its latest', () => {
  const { driver, scheduler, agent } = scene(true, false);
  const answer = () => driver.reconcile(scheduler, [{ taskId: 1, agentId: null }])[0]!;
  expect(answer()).toMatchObject({ state: 'TASK_STAGING', agentId: agent.id, executorId: 1 });
  driver.update(scheduler, agent, 1, 'TASK_RUNNING', 1, 'TASK_FINISHED');
  expect(driver.stateOf(scheduler.id, 1)).toBe('TASK_FINISHED');
  expect(answer()).toMatchObject({ state: 'TASK_RUNNING' });
});

test('an answer repeats whether the task is healthy and what its check said, without data', () => {
  const { driver, scheduler, agent } = scene(true, false);
  const details: TaskStatus['details'] = {
    healthy: false,
    checkStatus: { type: 'COMMAND', exitCode: 3 },
    labels: null,
    data: new Uint8Array([1]),
    unreachableTime: null,
    limitation: null,
    containerStatus: null,
  };
  driver.fromAgent(agent.link, {
    type: 'STATUS_UPDATE',
    agentId: agent.id,
    frameworkId: scheduler.id,
    latestState: 'TASK_RUNNING',
    status: {
      taskId: 1 as TaskId,
      state: 'TASK_RUNNING',
      source: 'SOURCE_EXECUTOR',
      reason: null,
      agentId: agent.id,
      executorId: null,
      timestamp: driver.now,
      uuid: 5 as never,
      message: null,
      details,
    },
  });
  const [status] = driver.reconcile(scheduler, [{ taskId: 1, agentId: null }]);
  expect(status!.details).toEqual({ ...details, data: null });
});

describe('implicit reconciliation', () => {
  test('names every known task, terminal ones that are not acknowledged included', () => {
    const { driver, scheduler, agent } = scene(true, true);
    driver.wait(SECOND);
    driver.launchOn(scheduler, agent, 2, 3);
    driver.update(scheduler, agent, 2, 'TASK_FINISHED', 1);
    driver.update(scheduler, agent, 3, 'TASK_FINISHED', 2);
    driver.acknowledge(scheduler, agent.id, 3, 2);
    const told = toldOf(driver.reconcile(scheduler, []));
    expect(told).toEqual(['1 TASK_STAGING REASON_RECONCILIATION', '2 TASK_FINISHED REASON_RECONCILIATION']);
  });

  test('leaves unreachable tasks out', () => {
    const { driver, scheduler, agent } = scene(true, false);
    driver.closeLink(agent.link);
    driver.wait(10 * MINUTE);
    expect(driver.reconcile(scheduler, [])).toEqual([]);
  });

  test('of one framework does not speak of another’s tasks', () => {
    const { driver } = scene(true, false);
    const other: Scheduler = driver.subscribe();
    const outputs = driver.call(other.stream, { type: 'RECONCILE', frameworkId: other.id, tasks: [] });
    expect(eventsOn(outputs, other.stream)).toEqual([]);
  });
});
