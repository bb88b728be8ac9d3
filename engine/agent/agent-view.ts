import type { AgentId, ExecutorId, FrameworkId } from '../core/index.ts';
import type {
  AgentInfo,
  ContainerStatus,
  DrainConfig,
  ExecutorInfo,
  FrameworkInfo,
  ReportedOperation,
  Task,
  TaskState,
} from '../protocol/index.ts';
import { Resources } from '../resources/index.ts';
import type { AgentState } from './agent-state.ts';
import type { AgentTask } from './agent-task.ts';
import type { ContainerHandle } from './container.ts';
import { taskRecord } from './task-record.ts';

/** An executor that lives, or has ended; a command task's too, with `info` null. */
export interface ExecutorView {
  readonly executorId: ExecutorId;
  readonly info: ExecutorInfo | null;
  readonly kind: 'command' | 'pod' | 'custom';
  readonly phase: 'registering' | 'running' | 'terminating' | 'ended';
  readonly role: string;
  readonly container: ContainerHandle;
  readonly status: ContainerStatus | null;
  /** Its own and those of its tasks that have not ended. */
  readonly resources: Resources;
  readonly queuedTasks: readonly Task[];
  readonly launchedTasks: readonly Task[];
  /** Ended, with an update that is not acknowledged. */
  readonly terminatedTasks: readonly Task[];
  readonly completedTasks: readonly Task[];
}

export interface FrameworkView {
  readonly id: FrameworkId;
  readonly info: FrameworkInfo | null;
  readonly executors: readonly ExecutorView[];
  readonly completedExecutors: readonly ExecutorView[];
}

/** What operators are shown of an agent (spec 06); made when it is asked for: O(tasks). */
export interface AgentView {
  readonly agentId: AgentId | null;
  readonly info: AgentInfo;
  readonly drain: DrainConfig | null;
  readonly operations: readonly ReportedOperation[];
  readonly frameworks: readonly FrameworkView[];
  readonly completedFrameworks: readonly FrameworkView[];
  /** Of all tasks and executors that live, with the overhead of command executors. */
  readonly used: Resources;
  /** Ends of tasks since the process started. */
  readonly ends: ReadonlyMap<TaskState, number>;
}

export function agentView(state: AgentState, commandOverhead: Resources): AgentView {
  const { completed } = state;
  const byExecutor = new Map<object, AgentTask[]>();
  const commandTasks = new Map<object, AgentTask[]>();
  for (let row = 0; row < state.tasks.size; row++) {
    const task = state.tasks.at(row);
    if (task.info === null) continue;
    const [map, key] = task.executor === null ? [commandTasks, task.framework] : [byExecutor, task.executor];
    const list = map.get(key);
    if (list === undefined) map.set(key, [task]);
    else list.push(task);
  }
  const record = (task: AgentTask): Task => taskRecord(task, task.info!, completed?.statuses(task) ?? []);
  let used = Resources.EMPTY;
  const frameworks = state.frameworks.map((framework): FrameworkView => {
    const executors: ExecutorView[] = [];
    for (const executor of framework.executors ?? []) {
      const tasks = byExecutor.get(executor) ?? [];
      let { resources } = executor.info;
      for (const task of tasks) if (task.phase !== 'ended') resources = resources.plus(task.info!.resources);
      used = used.plus(resources);
      executors.push({
        executorId: executor.info.executorId,
        info: executor.info,
        kind: executor.kind,
        phase: executor.phase,
        role: executor.role,
        container: executor.container,
        status: executor.status,
        resources,
        ...sorted(tasks, record),
        completedTasks: completed === null ? [] : [...completed.tasksOf(executor)],
      });
      byExecutor.delete(executor);
    }
    for (const task of commandTasks.get(framework) ?? []) {
      const lives = task.phase !== 'ended';
      const resources = lives ? task.info!.resources.plus(commandOverhead) : Resources.EMPTY;
      used = used.plus(resources);
      executors.push({
        executorId: task.executorId,
        info: null,
        kind: 'command',
        phase: lives ? (task.phase === 'launching' ? 'registering' : 'running') : 'ended',
        role: task.role,
        container: task.container,
        status: task.status,
        resources,
        ...sorted([task], record),
        completedTasks: [],
      });
    }
    // Their executors have ended, and their updates are not acknowledged yet.
    for (const [executor, tasks] of byExecutor) {
      if (tasks[0]!.framework !== framework) continue;
      byExecutor.delete(executor);
      const { executorId, role } = tasks[0]!;
      executors.push({
        executorId,
        info: tasks[0]!.executor!.info,
        kind: tasks[0]!.executor!.kind,
        phase: 'ended',
        role,
        container: tasks[0]!.executor!.container,
        status: null,
        resources: Resources.EMPTY,
        ...sorted(tasks, record),
        completedTasks: [],
      });
    }
    return {
      id: framework.id,
      info: framework.info,
      executors,
      completedExecutors: completedExecutors(state, framework.id),
    };
  });
  const completedFrameworks: FrameworkView[] = [];
  for (const { id, info, isOver } of completed?.frameworks ?? []) {
    if (isOver)
      completedFrameworks.push({
        id,
        info,
        executors: [],
        completedExecutors: completedExecutors(state, id),
      });
  }
  return {
    agentId: state.agentId,
    info: state.info,
    drain: state.drain,
    operations: state.operations?.report() ?? [],
    frameworks,
    completedFrameworks,
    used,
    ends: completed?.ends ?? new Map(),
  };
}

function sorted(
  tasks: readonly AgentTask[],
  record: (task: AgentTask) => Task,
): Pick<ExecutorView, 'queuedTasks' | 'launchedTasks' | 'terminatedTasks'> {
  return {
    queuedTasks: tasks.filter(({ phase }) => phase === 'queued').map(record),
    launchedTasks: tasks.filter(({ phase }) => phase !== 'queued' && phase !== 'ended').map(record),
    terminatedTasks: tasks.filter(({ phase }) => phase === 'ended').map(record),
  };
}

function completedExecutors({ completed }: AgentState, id: FrameworkId): ExecutorView[] {
  const framework = completed?.framework(id) ?? null;
  if (framework === null) return [];
  return [...framework.executors].map(({ executorId, info, role, container, tasks }) => ({
    executorId,
    info,
    kind: info === null ? 'command' : info.type === 'DEFAULT' ? 'pod' : 'custom',
    phase: 'ended',
    role,
    container,
    status: null,
    resources: Resources.EMPTY,
    queuedTasks: [],
    launchedTasks: [],
    terminatedTasks: [],
    completedTasks: [...tasks],
  }));
}
