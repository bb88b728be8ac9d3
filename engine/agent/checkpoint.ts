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
  DrainConfig,
  ExecutorInfo,
  FrameworkInfo,
  ReportedOperation,
  TaskInfo,
  TaskState,
  TaskStatus,
} from '../protocol/index.ts';
import type { Resources } from '../resources/index.ts';
import type { ContainerPhase, TaskEnding } from './agent-task.ts';

/** What an agent finds on its disk after a restart. The machine makes it and reads it; drivers only keep it (spec 12 §2). */
export interface AgentCheckpoint {
  /** Null before the first registration. */
  readonly agentId: AgentId | null;
  /** Next id of a status update: ids are not used again after a restart. */
  readonly nextUpdate: UpdateId;
  /** Total after operations, null if there were none. Of the agent, not of frameworks: it outlives them and a reboot. */
  readonly resources: Resources | null;
  /** The drain under way, null without one (spec 10 §2). */
  readonly drain: DrainConfig | null;
  /** Operations whose end is not acknowledged, whatever their frameworks. */
  readonly operations: readonly ReportedOperation[];
  /** The newest operation that came, null before the first: none comes twice. */
  readonly newestOperation: OperationUuid | null;
  /** Only frameworks with `checkpoint` set; what follows belongs to them. */
  readonly frameworks: readonly { readonly id: FrameworkId; readonly info: FrameworkInfo }[];
  readonly executors: readonly CheckpointedExecutor[];
  readonly tasks: readonly CheckpointedTask[];
}

export interface CheckpointedExecutor {
  readonly frameworkId: FrameworkId;
  readonly info: ExecutorInfo;
  readonly role: string;
  readonly terminating: boolean;
}

/** Opaque to drivers except for the ids and `container`: which containers should be running. */
export interface CheckpointedTask {
  readonly frameworkId: FrameworkId;
  readonly taskId: TaskId;
  readonly executorId: ExecutorId;
  /** Not `none`: the container was ordered and has not been seen to end. */
  readonly container: ContainerPhase;
  readonly task: TaskInfo;
  readonly role: string;
  /** Which group of its executor, null for a command task. */
  readonly group: number | null;
  readonly state: TaskState;
  readonly ending: TaskEnding;
  readonly killedAt: Micros | null;
  readonly deadline: Micros | null;
  /** Unacknowledged updates, oldest first. */
  readonly updates: readonly TaskStatus[];
}
