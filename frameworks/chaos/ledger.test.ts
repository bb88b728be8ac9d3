import { expect, test } from 'vitest';
import {
  type AgentId,
  type ExecutorId,
  micros,
  type TaskId,
  type UpdateId,
} from '../../engine/core/index.ts';
import type { TaskState, TaskStatus } from '../../engine/protocol/index.ts';
import { ChaosLedger } from './ledger.ts';

const NOW = micros(1);
const TASK = 26 as TaskId;
const HERE = 1 as AgentId;
const THERE = 2 as AgentId;

function launch(ledger: ChaosLedger, agentId: AgentId) {
  return ledger.launched(NOW, TASK, agentId, 26 as ExecutorId, false);
}

function status(
  state: TaskState,
  agentId: AgentId,
  uuid: number | null,
  reason: TaskStatus['reason'] = null,
): TaskStatus {
  return {
    taskId: TASK,
    state,
    source: uuid === null ? 'SOURCE_MASTER' : 'SOURCE_EXECUTOR',
    reason,
    message: null,
    agentId,
    executorId: null,
    uuid: uuid as UpdateId | null,
  } as TaskStatus;
}

test('a task that ended and was acknowledged is over', () => {
  const ledger = new ChaosLedger();
  launch(ledger, HERE);
  ledger.told(NOW, status('TASK_FINISHED', HERE, 5));
  expect(ledger.live).toBe(1);
  ledger.acknowledges(HERE, TASK, 5 as UpdateId);
  expect([...ledger.tasks.keys()]).toEqual([]);
  expect(ledger.live).toBe(0);
});

test('of two tasks under one id the end of one leaves the other to be asked about', () => {
  const ledger = new ChaosLedger();
  launch(ledger, HERE);
  launch(ledger, THERE);
  ledger.told(NOW, status('TASK_RUNNING', THERE, 4));
  ledger.told(NOW, status('TASK_KILLED', HERE, 5));
  ledger.acknowledges(HERE, TASK, 5 as UpdateId);
  expect([...ledger.tasks.keys()]).toEqual([TASK]);
  ledger.told(NOW, status('TASK_KILLED', THERE, 6));
  ledger.acknowledges(THERE, TASK, 6 as UpdateId);
  expect([...ledger.tasks.keys()]).toEqual([]);
});

test('of two tasks under one id the second is known to live though the end of the first was never acknowledged', () => {
  const ledger = new ChaosLedger();
  launch(ledger, HERE);
  ledger.told(NOW, status('TASK_KILLED', HERE, 5));
  launch(ledger, THERE);
  ledger.told(NOW, status('TASK_RUNNING', THERE, null, 'REASON_RECONCILIATION'));
  expect(ledger.tasks.get(TASK)).toMatchObject({ state: 'TASK_RUNNING', agentId: THERE, ended: null });
  ledger.told(NOW, status('TASK_KILLED', THERE, 6));
  ledger.acknowledges(THERE, TASK, 6 as UpdateId);
  expect([...ledger.tasks.keys()]).toEqual([]);
});

test('a second launch under a living id that is refused is nobody to wait for', () => {
  const ledger = new ChaosLedger();
  launch(ledger, HERE);
  launch(ledger, HERE);
  ledger.told(NOW, status('TASK_ERROR', HERE, null, 'REASON_TASK_INVALID'));
  ledger.told(NOW, status('TASK_FINISHED', HERE, 5));
  ledger.acknowledges(HERE, TASK, 5 as UpdateId);
  expect([...ledger.tasks.keys()]).toEqual([]);
});
