import { isVisibleOperation, type Viewer, visibleResources } from '../authorization/index.ts';
import type { Task } from '../protocol/index.ts';
import type { AgentView, ExecutorView, FrameworkView } from './agent-view.ts';
import { type ContainerHandle, NO_CONTAINER } from './container.ts';

/**
 * What of an agent a viewer may see (spec 14 §2): frameworks, executors and tasks by their users, each inside of those around it; resources and
 * operations by their roles. The view itself for who sees all. O(tasks).
 */
export function visibleView(view: AgentView, viewer: Viewer): AgentView {
  if (viewer.seesAll) return view;
  return {
    ...view,
    info: { ...view.info, resources: visibleResources(view.info.resources, viewer) },
    operations: view.operations.filter(({ info }) => isVisibleOperation(info, viewer)),
    frameworks: visibleFrameworks(view.frameworks, viewer),
    completedFrameworks: visibleFrameworks(view.completedFrameworks, viewer),
    used: visibleResources(view.used, viewer),
  };
}

function visibleFrameworks(frameworks: readonly FrameworkView[], viewer: Viewer): readonly FrameworkView[] {
  return frameworks
    .filter(({ info }) => viewer.may('view_frameworks', info?.user ?? null))
    .map((framework) => {
      const visible = (executors: readonly ExecutorView[]): readonly ExecutorView[] =>
        executors
          .filter((executor) => viewer.may('view_executors', executorUser(executor, framework)))
          .map((executor) => visibleTasks(executor, framework, viewer));
      return {
        ...framework,
        executors: visible(framework.executors),
        completedExecutors: visible(framework.completedExecutors),
      };
    });
}

function visibleTasks(executor: ExecutorView, framework: FrameworkView, viewer: Viewer): ExecutorView {
  const visible = (tasks: readonly Task[]): readonly Task[] =>
    tasks.filter((task) => viewer.may('view_tasks', taskUser(task, framework)));
  return {
    ...executor,
    queuedTasks: visible(executor.queuedTasks),
    launchedTasks: visible(executor.launchedTasks),
    terminatedTasks: visible(executor.terminatedTasks),
    completedTasks: visible(executor.completedTasks),
  };
}

function taskUser({ template }: Task, { info }: FrameworkView): string | null {
  return template.command?.user ?? template.executor?.command?.user ?? info?.user ?? null;
}

/** Whom an executor runs as; that of a command task runs as the task. Null if nothing says it. */
function executorUser(executor: ExecutorView, framework: FrameworkView): string | null {
  if (executor.info !== null) return executor.info.command?.user ?? framework.info?.user ?? null;
  const task = [executor.launchedTasks, executor.terminatedTasks, executor.completedTasks].find(
    (tasks) => tasks.length > 0,
  )?.[0];
  return task === undefined ? (framework.info?.user ?? null) : taskUser(task, framework);
}

/** Whose the containers of executors are, live and completed. O(tasks). */
export function containerUsers(view: AgentView): ReadonlyMap<ContainerHandle, string | null> {
  const users = new Map<ContainerHandle, string | null>();
  for (const framework of [...view.frameworks, ...view.completedFrameworks]) {
    for (const executor of [...framework.executors, ...framework.completedExecutors]) {
      if (executor.container !== NO_CONTAINER)
        users.set(executor.container, executorUser(executor, framework));
    }
  }
  return users;
}
