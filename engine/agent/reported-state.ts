import type { AgentToMaster, ReportedExecutor, ReportedTask } from '../protocol/index.ts';
import type { AgentState } from './agent-state.ts';

type Reregistration = Extract<AgentToMaster, { readonly type: 'REREGISTER_AGENT' }>;

/**
 * What the agent tells a master at re-registration: all its tasks, terminal ones with unacknowledged updates included, its executors
 * (those of command tasks are the agent's own affair) and their frameworks (spec 13 §4).
 */
export function reportedState(
  state: AgentState,
): Pick<Reregistration, 'tasks' | 'executors' | 'operations' | 'frameworks'> {
  const tasks: ReportedTask[] = [];
  const executors: ReportedExecutor[] = [];
  const frameworks: Reregistration['frameworks'][number][] = [];
  for (const framework of state.frameworks) {
    const { id, info } = framework;
    if (info === null || framework.isTerminating) continue;
    frameworks.push({ id, info });
    for (const executor of framework.executors ?? []) {
      executors.push({ frameworkId: id, executor: executor.info, role: executor.role });
    }
  }
  for (let row = 0; row < state.tasks.size; row++) {
    const task = state.tasks.at(row);
    // Without info it is only an answer to the master's question; asked again, the agent answers again.
    if (task.info === null) continue;
    tasks.push({
      frameworkId: task.frameworkId,
      task: task.info,
      role: task.role,
      executorId: task.executorId,
      state: task.state,
      statusUpdateState: task.head === null ? null : task.head.state,
      statusUpdateUuid: task.head === null ? null : task.head.uuid,
    });
  }
  return { tasks, executors, operations: state.operations?.report() ?? [], frameworks };
}
