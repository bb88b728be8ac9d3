import { isTerminal, type KillCall } from '../protocol/index.ts';
import type { FrameworkRecord } from './framework-record.ts';
import { reconcileTask } from './reconciliation.ts';
import type { MasterState } from './state.ts';

/** KILL (spec 03 §7): forwarded each time; an unknown task is reconciled instead; an agent that is away is told when it returns. */
export function kill(master: MasterState, framework: FrameworkRecord, call: KillCall): void {
  const task = framework.tasks.get(call.taskId);
  if (task === undefined) {
    reconcileTask(master, framework, call.taskId, call.agentId);
    return;
  }
  if (call.agentId !== null && call.agentId !== task.agent.id) return;
  if (isTerminal(task.state)) return;
  task.killRequested = true;
  task.killPolicy = call.killPolicy;
  master.tell(task.agent, {
    type: 'KILL_TASK',
    frameworkId: framework.id,
    taskId: task.taskId,
    killPolicy: call.killPolicy,
  });
}
