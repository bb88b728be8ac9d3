import type { AgentId, TaskId } from '../core/index.ts';
import type { ReconcileCall, TaskState } from '../protocol/index.ts';
import type { FrameworkRecord } from './framework-record.ts';
import type { MasterState } from './state.ts';
import type { TaskRecord } from './task-record.ts';
import { masterStatus } from './tasks.ts';

/** RECONCILE (spec 03 §8): implicit when no task is named, else one answer per task, or none while it cannot be known. */
export function reconcile(master: MasterState, framework: FrameworkRecord, call: ReconcileCall): void {
  if (call.tasks.length === 0) {
    for (const task of framework.tasks.values()) answerKnown(master, framework, task);
    return;
  }
  for (const { taskId, agentId } of call.tasks) reconcileTask(master, framework, taskId, agentId);
}

/** One row of the table of spec 03 §8. */
export function reconcileTask(
  master: MasterState,
  framework: FrameworkRecord,
  taskId: TaskId,
  agentId: AgentId | null,
): void {
  const task = framework.tasks.get(taskId);
  if (task !== undefined) {
    answerKnown(master, framework, task);
    return;
  }
  if (agentId === null ? master.recoveredAgents.size > 0 : master.recoveredAgents.has(agentId)) return;
  if (agentId !== null && master.agentsById.has(agentId)) {
    answer(master, framework, taskId, 'TASK_GONE', 'Reconciliation: Task is unknown to the agent', agentId);
  } else if (agentId !== null && master.unreachableAgents.has(agentId)) {
    const since = master.unreachableAgents.get(agentId)!;
    const message = 'Reconciliation: Task is unreachable';
    if (framework.partitionAware) {
      const status = masterStatus(
        master,
        taskId,
        'TASK_UNREACHABLE',
        'REASON_RECONCILIATION',
        message,
        agentId,
        null,
        since,
      );
      master.send(framework, { type: 'UPDATE', status });
    } else {
      answer(master, framework, taskId, 'TASK_LOST', message, agentId);
    }
  } else if (agentId !== null && master.goneAgents.has(agentId)) {
    const message = 'Reconciliation: Task is gone, its agent was marked so by an operator';
    answer(master, framework, taskId, 'TASK_GONE_BY_OPERATOR', message, agentId);
  } else {
    answer(master, framework, taskId, 'TASK_UNKNOWN', 'Reconciliation: Task is unknown', agentId);
  }
}

/** The latest state that could be acknowledged, or the state if no update came yet. */
function answerKnown(master: MasterState, framework: FrameworkRecord, task: TaskRecord): void {
  const status = masterStatus(
    master,
    task.taskId,
    task.statusUpdateState ?? task.state,
    'REASON_RECONCILIATION',
    'Reconciliation: Latest task state',
    task.agent.id,
    task.executorId,
  );
  const { statusDetails } = task;
  const details = statusDetails === null ? null : { ...statusDetails, data: null };
  master.send(framework, { type: 'UPDATE', status: details === null ? status : { ...status, details } });
}

/** A state of the partition-aware kind; others are told TASK_LOST. */
function answer(
  master: MasterState,
  framework: FrameworkRecord,
  taskId: TaskId,
  state: TaskState,
  message: string,
  agentId: AgentId | null,
): void {
  const told = framework.partitionAware ? state : 'TASK_LOST';
  const status = masterStatus(master, taskId, told, 'REASON_RECONCILIATION', message, agentId);
  master.send(framework, { type: 'UPDATE', status });
}
