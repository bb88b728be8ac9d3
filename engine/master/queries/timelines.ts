import type { FrameworkId, TaskId } from '../../core/index.ts';
import type { MasterState } from '../state.ts';
import type { TaskTimeline } from '../task-history.ts';

/**
 * Every state of the tasks of that id that is still kept, the latest task first: an id may be used again once its task has ended. Null if the
 * framework is neither known nor remembered. O(completed tasks kept of the framework).
 */
export function taskTimelines(
  master: MasterState,
  frameworkId: FrameworkId,
  taskId: TaskId,
): readonly TaskTimeline[] | null {
  const framework = master.frameworksById.get(frameworkId) ?? master.completedFrameworks.get(frameworkId);
  if (framework === undefined || framework === null) return null;
  const found: TaskTimeline[] = [];
  if (framework.completedTasks !== null) {
    for (const task of framework.completedTasks) {
      if (task.taskId === taskId && task.history !== null) found.push(task.history.timeline);
    }
  }
  const current = framework.tasks.get(taskId) ?? framework.unreachableTasks.get(taskId);
  if (current !== undefined && current.history !== null) found.push(current.history.timeline);
  return found.reverse();
}
