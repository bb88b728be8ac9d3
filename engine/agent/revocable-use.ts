import { Resources } from '../resources/index.ts';
import type { AgentExecutor } from './agent-executor.ts';
import type { AgentState } from './agent-state.ts';
import type { AgentTask } from './agent-task.ts';

/** Revocable resources of executors and tasks that have not ended, without their roles. */
export function allocatedRevocable(state: AgentState): Resources {
  let allocated = Resources.EMPTY;
  for (const { executors } of state.frameworks) {
    for (const { info } of executors ?? []) allocated = allocated.plus(info.resources.revocable());
  }
  for (let row = 0; row < state.tasks.size; row++) {
    const task = state.tasks.at(row);
    if (task.phase !== 'ended') allocated = allocated.plus(task.info!.resources.revocable());
  }
  return allocated.unallocate();
}

/** Command tasks and executors that run on revocable resources. */
export function revocableUsers(state: AgentState): {
  readonly tasks: readonly AgentTask[];
  readonly executors: readonly AgentExecutor[];
} {
  const tasks: AgentTask[] = [];
  const executors = new Set<AgentExecutor>();
  for (const framework of state.frameworks) {
    for (const executor of framework.executors ?? []) {
      if (!executor.info.resources.revocable().isEmpty) executors.add(executor);
    }
  }
  for (let row = 0; row < state.tasks.size; row++) {
    const task = state.tasks.at(row);
    if (task.phase === 'ended' || task.info!.resources.revocable().isEmpty) continue;
    if (task.executor === null) tasks.push(task);
    else executors.add(task.executor);
  }
  return { tasks, executors: [...executors] };
}
