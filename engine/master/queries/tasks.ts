import type { Viewer } from '../../authorization/index.ts';
import { commandExecutorId } from '../../core/index.ts';
import type { ClusterTasks, Task } from '../../protocol/index.ts';
import type { FrameworkRecord } from '../framework-record.ts';
import type { MasterState } from '../state.ts';
import { NO_STATUSES } from '../task-history.ts';
import { type TaskRecord, userOfTask } from '../task-record.ts';

/** Which of a framework's tasks. */
export type TaskKind = 'live' | 'unreachable' | 'completed';

/** GET_TASKS (spec 05 §A): tasks whose user, and whose framework's user, may be viewed; those of removed frameworks among the completed. */
export function clusterTasks(master: MasterState, viewer: Viewer): ClusterTasks {
  return {
    tasks: allViews(master, 'live', viewer),
    unreachableTasks: allViews(master, 'unreachable', viewer),
    completedTasks: allViews(master, 'completed', viewer),
  };
}

/** As `taskViews`, at one instant: a plain loop, which is quicker. */
function allViews(master: MasterState, kind: TaskKind, viewer: Viewer): Task[] {
  const views: Task[] = [];
  const gather = (framework: FrameworkRecord): void => {
    if (!viewer.may('view_frameworks', framework.info.user)) return;
    for (const task of recordsOf(framework, kind))
      if (isVisible(framework, task, viewer)) views.push(taskView(master, task));
  };
  for (const framework of master.frameworks) gather(framework);
  for (const framework of master.completedFrameworks.values()) if (framework !== null) gather(framework);
  return views;
}

function isVisible({ info }: FrameworkRecord, task: TaskRecord, viewer: Viewer): boolean {
  return viewer.seesAll || viewer.may('view_tasks', userOfTask(task) ?? info.user);
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
    if (isVisible(framework, task, viewer)) yield taskView(master, task);
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

/** `Task`. The same object as last time if nothing of it has changed: many tasks are looked at more often than they change. */
export function taskView(master: MasterState, task: TaskRecord): Task {
  const statuses = task.history === null ? NO_STATUSES : task.history.statuses;
  const { view } = task;
  // All that can change of a task.
  if (
    view !== null &&
    view.state === task.state &&
    view.statuses === statuses &&
    view.statusUpdateState === task.statusUpdateState &&
    view.statusUpdateUuid === task.statusUpdateUuid &&
    view.agentId === task.agent.id
  ) {
    return view;
  }
  const { info } = task;
  const made: Task = {
    taskId: task.taskId,
    frameworkId: task.framework.id,
    executorId: isCommandTask(task) ? null : task.executorId,
    agentId: task.agent.id,
    state: task.state,
    role: master.allocator.roleName(task.role),
    resources: info.resources,
    statuses,
    statusUpdateState: task.statusUpdateState,
    statusUpdateUuid: task.statusUpdateUuid,
    user: userOfTask(task),
    template: info.template,
  };
  task.view = made;
  return made;
}
