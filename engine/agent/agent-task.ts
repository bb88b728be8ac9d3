import type { ExecutorId, FrameworkId, TaskId } from '../core/index.ts';
import type { TaskInfo, TaskState, TaskStatus } from '../protocol/index.ts';
import type { AgentFramework, DefaultExecutor } from './agent-framework.ts';

/** `none`: never ordered, or ended. */
export type ContainerPhase = 'none' | 'launching' | 'running';

/** Why the agent is ending the container; `none` while it is not. */
export type TaskEnding = 'none' | 'killed' | 'killedDuringLaunch' | 'maxCompletionTime';

/** No timer set. Timers are instants in microseconds. */
export const NEVER = Number.POSITIVE_INFINITY;

/**
 * One task on the agent with its built-in executor's state and its stream of status updates. One class with all fields set in one order:
 * millions of them pass through a replay.
 */
export class AgentTask {
  readonly framework: AgentFramework;
  /** Of `framework`, at hand for the search. */
  readonly frameworkId: FrameworkId;
  readonly taskId: TaskId;
  /** Null for a task that the agent never had and only answers for (spec 07 §4). */
  readonly info: TaskInfo | null;
  readonly role: string;
  readonly executorId: ExecutorId;
  /** Null for a command task. */
  readonly executor: DefaultExecutor | null;
  /** Which group of `executor`; -1 for a command task. */
  readonly group: number;

  /** Latest state that the agent knows; updates behind it may still wait in the stream. */
  state: TaskState = 'TASK_STAGING';
  container: ContainerPhase = 'none';
  ending: TaskEnding = 'none';
  /** First kill: grace periods count from it (spec 07 §6). */
  killedAt = NEVER;
  /** When the executor acts next: SIGKILL after the grace period, or the end of the maximum completion time. */
  executorDeadline = NEVER;

  /** Oldest unacknowledged update, the one that is sent. */
  head: TaskStatus | null = null;
  /** Updates behind `head`, oldest first; null while there never was one. */
  queued: TaskStatus[] | null = null;
  retryAt = NEVER;
  retryDelay = 0;

  /** Row in the task table; the table's alone. */
  row = -1;
  /** Next task with the same id, of another framework; the table's alone. */
  namesake: AgentTask | null = null;

  constructor(
    framework: AgentFramework,
    taskId: TaskId,
    info: TaskInfo | null,
    role: string,
    executorId: ExecutorId,
    executor: DefaultExecutor | null,
    group: number,
  ) {
    this.framework = framework;
    this.frameworkId = framework.id;
    this.taskId = taskId;
    this.info = info;
    this.role = role;
    this.executorId = executorId;
    this.executor = executor;
    this.group = group;
  }
}

/** A command task's executor has the task's number (spec 04 §6). */
export function commandExecutorId(taskId: TaskId): ExecutorId {
  return taskId as number as ExecutorId;
}
