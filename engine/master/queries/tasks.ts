import type { Viewer } from '../../authorization/index.ts';
import { commandExecutorId } from '../../core/index.ts';
import type { ClusterTasks, Task } from '../../protocol/index.ts';
import type { FrameworkRecord } from '../framework-record.ts';
import type { MasterState } from '../state.ts';
import { type TaskRecord, userOfTask } from '../task-record.ts';

/** Which of a framework's tasks. */
export type TaskKind = 'live' | 'unreachable' | 'completed';

/** GET_TASKS (spec 05 §A): tasks whose user, and whose framework's user, may be viewed; those of removed frameworks among the completed. */
export function clusterTasks(master: MasterState, viewer: Viewer): ClusterTasks {
  return {
    tasks: [...taskViews(master, 'live', viewer)],
    unreachableTasks: [...taskViews(master, 'unreachable', viewer)],
    completedTasks: [...taskViews(master, 'completed', viewer)],
  };
}

/** One by one, each of the instant it is asked for: a driver may let the master go on in between. */
export function* taskViews(master: MasterState, kind: TaskKind, viewer: Viewer): Generator<Task> {
  for (const framework of master.frameworks) yield* taskViewsOf(master, framework, kind, viewer);
  for (const framework of master.completedFrameworks.values()) {
    if (framework !== null) yield* taskViewsOf(master, framework, kind, viewer);
  }
}

/** The tasks of one framework. Unchanged as long as `framework.tasksVersion` is. */
export function* taskViewsOf(
  master: MasterState,
  framework: FrameworkRecord,
  kind: TaskKind,
  viewer: Viewer,
): Generator<Task> {
  if (!viewer.may('view_frameworks', framework.info.user)) return;
  for (const task of recordsOf(framework, kind)) {
    if (viewer.seesAll || viewer.may('view_tasks', userOfTask(task) ?? framework.info.user))
      yield taskView(master, task);
  }
}

function recordsOf(framework: FrameworkRecord, kind: TaskKind): Iterable<TaskRecord> {
  switch (kind) {
    case 'live':
      return framework.tasks.values();
    case 'unreachable':
      return framework.unreachableTasks.values();
    case 'completed':
      return framework.completedTasks ?? NO_TASKS;
  }
}

const NO_TASKS: readonly TaskRecord[] = [];

/** A task that runs in an executor made for it alone, which operators do not see (spec 05 §D). */
function isCommandTask(task: TaskRecord): boolean {
  return task.info.template.executor === null && task.executorId === commandExecutorId(task.taskId);
}

/** `Task`. */
export function taskView(master: MasterState, task: TaskRecord): Task {
  const { info } = task;
  return {
    taskId: task.taskId,
    frameworkId: task.framework.id,
    executorId: isCommandTask(task) ? null : task.executorId,
    agentId: task.agent.id,
    state: task.state,
    role: master.allocator.roleName(task.role),
    resources: info.resources,
    statuses: task.history === null ? [] : task.history.statuses,
    statusUpdateState: task.statusUpdateState,
    statusUpdateUuid: task.statusUpdateUuid,
    user: userOfTask(task),
    template: info.template,
  };
}
