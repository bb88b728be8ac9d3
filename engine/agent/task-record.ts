import type { AgentId } from '../core/index.ts';
import type { Task, TaskInfo, TaskStatus } from '../protocol/index.ts';
import type { AgentTask } from './agent-task.ts';

/** A task as operators are shown it. */
export function taskRecord(task: AgentTask, info: TaskInfo, statuses: readonly TaskStatus[]): Task {
  const { head } = task;
  const agentId: AgentId = info.agentId;
  return {
    taskId: task.taskId,
    frameworkId: task.frameworkId,
    executorId: task.executor === null ? null : task.executorId,
    agentId,
    state: task.state,
    role: task.role,
    resources: info.resources,
    statuses: statuses.length > 0 ? statuses : head === null ? [] : [head, ...(task.queued ?? [])],
    statusUpdateState: head === null ? task.state : head.state,
    statusUpdateUuid: head === null ? null : head.uuid,
    user: info.template.command?.user ?? task.framework.info?.user ?? null,
    template: info.template,
  };
}
