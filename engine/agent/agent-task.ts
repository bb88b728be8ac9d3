import type { ExecutorId, FrameworkId, TaskId, UpdateId } from '../core/index.ts';
import type { ContainerStatus, TaskInfo, TaskState, TaskStatus } from '../protocol/index.ts';
import type { AgentExecutor } from './agent-executor.ts';
import type { AgentFramework } from './agent-framework.ts';
import { type ContainerHandle, NO_CONTAINER } from './container.ts';
import type { TaskChecks } from './task-checks.ts';

/**
 * `queued`: waits for its executor. `launching`, `running`: its own container is ordered, or runs. `delivered`: with a custom executor.
 * `ended`: over, or never begun.
 */
export type TaskPhase = 'queued' | 'launching' | 'running' | 'delivered' | 'ended';

/** Why the agent is ending the task; `none` while it is not. */
export type TaskEnding =
  | 'none'
  | 'killed'
  | 'killedDuringLaunch'
  | 'maxCompletionTime'
  | 'unhealthy'
  | 'preempted';

/** What was said of a task's kill. */
export interface TaskKill {
  /** First kill: grace periods count from it (spec 07 §6). NEVER if none is known. */
  readonly at: number;
  /** The shortest grace period that a kill has named; NEVER if none did. */
  grace: number;
}

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
  readonly executor: AgentExecutor | null;
  /** Which group of `executor`; -1 for a task that came alone. */
  readonly group: number;

  /** Latest state that the agent knows; updates behind it may still wait in the stream. */
  state: TaskState = 'TASK_STAGING';
  phase: TaskPhase = 'ended';
  ending: TaskEnding = 'none';
  /** Its own, which stays when it has ended; NO_CONTAINER if it never had one. Set through the task table. */
  container: ContainerHandle = NO_CONTAINER;
  /** Null before the first kill. */
  kill: TaskKill | null = null;
  /** When the executor acts next: SIGKILL after the grace period, or the end of the maximum completion time. */
  executorDeadline = NEVER;
  /** Null without a health check and a check. */
  checks: TaskChecks | null = null;
  /** Null if the runtime said nothing of it. */
  status: ContainerStatus | null = null;

  /** Oldest unacknowledged update, the one that is sent. */
  head: TaskStatus | null = null;
  /** Updates behind `head`, oldest first; null while there never was one. */
  queued: TaskStatus[] | null = null;
  retryAt = NEVER;
  retryDelay = 0;
  /** A custom executor's own ids of the updates recorded; null while there is none. */
  recorded: UpdateId[] | null = null;

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
    executor: AgentExecutor | null,
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

  /** Whether its own container was ordered and has not ended. */
  get hasContainer(): boolean {
    return this.phase === 'launching' || this.phase === 'running';
  }
}

/** A command task's executor has the task's number (spec 04 §6). */
export function commandExecutorId(taskId: TaskId): ExecutorId {
  return taskId as number as ExecutorId;
}
