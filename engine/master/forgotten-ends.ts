import { isTerminal } from '../protocol/index.ts';
import type { AgentRecord } from './agent-record.ts';
import type { FrameworkRecord } from './framework-record.ts';
import { taskTold } from './published.ts';
import type { MasterState } from './state.ts';
import type { TaskRecord } from './task-record.ts';
import { forgetTask, masterStatus } from './tasks.ts';

/*
 * Tasks that have ended, as the master knows, and that their agent knows no more: it has restarted, and nothing of their framework was on its
 * disk. Their end will not be told again, and asked for them the agent would say that it never had them. So the master tells it, for the last
 * time; to a framework that is away, when it is back.
 */

/** @param isReported whether the agent, which is back, still has the task */
export function settleForgottenEnds(
  master: MasterState,
  agent: AgentRecord,
  isReported: (task: TaskRecord) => boolean,
): void {
  for (const task of agent.tasks.filter((one) => isTerminal(one.state) && !isReported(one))) {
    const { framework } = task;
    if (framework.stream === null) (framework.forgottenEnds ??= new Set()).add(task);
    else tell(master, task);
  }
}

/** The framework is back. */
export function tellForgottenEnds(master: MasterState, framework: FrameworkRecord): void {
  const tasks = framework.forgottenEnds ?? [];
  framework.forgottenEnds = null;
  // Its agent may have gone meanwhile, and the task with it.
  for (const task of tasks) if (framework.tasks.get(task.taskId) === task) tell(master, task);
}

function tell(master: MasterState, task: TaskRecord): void {
  const { framework, agent, taskId, state, executorId } = task;
  const text = 'The agent re-registered without the task, which had ended';
  const status = masterStatus(master, taskId, state, 'REASON_RECONCILIATION', text, agent.id, executorId);
  taskTold(master, task, status, false);
  master.send(framework, { type: 'UPDATE', status });
  forgetTask(master, task);
}
