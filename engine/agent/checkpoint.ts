import type {
  AgentId,
  ExecutorId,
  FrameworkId,
  Micros,
  OperationUuid,
  TaskId,
  UpdateId,
} from '../core/index.ts';
import type {
  AgentInfo,
  CheckStatus,
  ContainerStatus,
  DrainConfig,
  ExecutorInfo,
  FrameworkInfo,
  ReportedOperation,
  TaskInfo,
  TaskState,
  TaskStatus,
} from '../protocol/index.ts';
import type { Resources } from '../resources/index.ts';
import type { ExecutorEnding, ExecutorKind } from './agent-executor.ts';
import type { TaskEnding, TaskPhase } from './agent-task.ts';
import type { ContainerHandle } from './container.ts';

/** What an agent finds on its disk after a restart. The machine makes it and reads it; drivers only keep it (spec 12 §2). */
export interface AgentCheckpoint extends CheckpointedAgent {
  /** Operations whose end is not acknowledged, whatever their frameworks. */
  readonly operations: readonly ReportedOperation[];
  /** Only frameworks with `checkpoint` set; what follows belongs to them, sandboxes excepted. */
  readonly frameworks: readonly CheckpointedFramework[];
  readonly executors: readonly CheckpointedExecutor[];
  readonly tasks: readonly CheckpointedTask[];
  /** Sandboxes of containers that ended, until they are removed. */
  readonly sandboxes: readonly CheckpointedSandbox[];
}

/** Of the agent, not of frameworks: it outlives them and a reboot. */
export interface CheckpointedAgent {
  /** Null before the first registration. */
  readonly agentId: AgentId | null;
  /** As it was configured, null before the first registration; the next process's must be compatible (spec 12 §2). */
  readonly info: AgentInfo | null;
  /** Total after operations, null if there were none. */
  readonly resources: Resources | null;
  /** The drain under way, null without one (spec 10 §2). */
  readonly drain: DrainConfig | null;
  /** The newest operation that came, null before the first: none comes twice. */
  readonly newestOperation: OperationUuid | null;
  /** Ids of status updates below this may have been used. */
  readonly nextUpdate: UpdateId;
  /** Handles of containers below this may have been used. */
  readonly nextContainer: ContainerHandle;
}

export interface CheckpointedFramework {
  readonly id: FrameworkId;
  readonly info: FrameworkInfo;
}

export interface CheckpointedExecutor {
  readonly frameworkId: FrameworkId;
  readonly info: ExecutorInfo;
  readonly role: string;
  readonly kind: ExecutorKind;
  /** It should be running. */
  readonly container: ContainerHandle;
  readonly status: ContainerStatus | null;
  readonly isTerminating: boolean;
  readonly ending: ExecutorEnding;
  /** When it is destroyed, if it is shutting down. */
  readonly deadline: Micros | null;
  readonly nextGroup: number;
}

/** Opaque to drivers except for `container` and `phase`: which containers should be running. */
export interface CheckpointedTask {
  readonly frameworkId: FrameworkId;
  readonly taskId: TaskId;
  readonly executorId: ExecutorId;
  readonly task: TaskInfo;
  readonly role: string;
  /** Which group of its executor, null for a task that came alone. */
  readonly group: number | null;
  /** Whether it belongs to an executor that is recorded. */
  readonly hasExecutor: boolean;
  readonly progress: TaskProgress;
}

/** The parts of a checkpointed task that change. */
export interface TaskProgress {
  /** Its own container, 0 for none. With phase `launching` or `running` it was ordered and has not been seen to end. */
  readonly container: ContainerHandle;
  readonly status: ContainerStatus | null;
  readonly phase: TaskPhase;
  readonly state: TaskState;
  readonly ending: TaskEnding;
  readonly killedAt: Micros | null;
  readonly killGrace: Micros | null;
  readonly deadline: Micros | null;
  /** Latest of its checks, null without. */
  readonly healthy: boolean | null;
  readonly checkStatus: CheckStatus | null;
  /** Unacknowledged updates, oldest first. */
  readonly updates: readonly TaskStatus[];
  /** The executor's own ids of the updates that were recorded, null for built-in executors. */
  readonly recorded: readonly UpdateId[] | null;
}

export interface CheckpointedSandbox {
  readonly container: ContainerHandle;
  readonly frameworkId: FrameworkId;
  readonly executorId: ExecutorId;
  /** When its container ended. */
  readonly since: Micros;
}
