import type { TaskState, TaskStatusDetails } from '../protocol/index.ts';
import type { AgentTask } from './agent-task.ts';

export const NO_DETAILS: TaskStatusDetails = {
  healthy: null,
  checkStatus: null,
  labels: null,
  data: null,
  unreachableTime: null,
  limitation: null,
  containerStatus: null,
};

/**
 * What every update of a task carries beside its own news: where it runs (spec 07 §2), what its check found last (spec 07 §7), and its
 * health while it runs or when that is what it was killed for.
 */
export function standingDetails(
  task: AgentTask,
  state: TaskState,
  details: TaskStatusDetails | null,
): TaskStatusDetails | null {
  const { checks, status, ending } = task;
  const own = details ?? NO_DETAILS;
  const healthy = state === 'TASK_RUNNING' || ending === 'unhealthy' ? (checks?.healthy ?? null) : null;
  const merged: TaskStatusDetails = {
    healthy: own.healthy ?? healthy,
    checkStatus: own.checkStatus ?? checks?.checkStatus ?? null,
    labels: own.labels,
    data: own.data,
    unreachableTime: own.unreachableTime,
    limitation: own.limitation,
    containerStatus: own.containerStatus ?? status,
  };
  const says =
    details !== null ||
    merged.healthy !== null ||
    merged.checkStatus !== null ||
    merged.containerStatus !== null;
  return says ? merged : null;
}
