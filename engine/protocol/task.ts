import type { AgentId, ExecutorId, FrameworkId, Micros, TaskId, UpdateId } from '../core/index.ts';
import type { Resources } from '../resources/index.ts';
import type { ContainerStatus } from './agent-api-response.ts';
import type { CheckInfo, CheckStatus, HealthCheck } from './checks.ts';
import type { CommandInfo, ContainerInfo, DiscoveryInfo } from './container.ts';
import type { Labels } from './labels.ts';
import type { StatusReason, StatusSource, TaskState } from './task-state.ts';

/** `KillPolicy`: how long between SIGTERM and SIGKILL (spec 07 §6). */
export interface KillPolicy {
  readonly gracePeriod: Micros | null;
}

/** `ExecutorInfo`. For LAUNCH the master fills `frameworkId` in; for LAUNCH_GROUP the scheduler must (spec 03 §6). */
export interface ExecutorInfo {
  readonly type: 'DEFAULT' | 'CUSTOM' | null;
  readonly executorId: ExecutorId;
  readonly frameworkId: FrameworkId | null;
  readonly command: CommandInfo | null;
  readonly container: ContainerInfo | null;
  readonly resources: Resources;
  readonly name: string;
  readonly shutdownGracePeriod: Micros | null;
  readonly labels: Labels | null;
  readonly data: Uint8Array | null;
}

/** What tasks of one kind have in common; a job of many equal tasks shares one object. All of it is `TaskInfo` on the wire. */
export interface TaskTemplate {
  readonly name: string;
  readonly command: CommandInfo | null;
  readonly executor: ExecutorInfo | null;
  readonly container: ContainerInfo | null;
  readonly killPolicy: KillPolicy | null;
  readonly healthCheck: HealthCheck | null;
  readonly check: CheckInfo | null;
  readonly maxCompletionTime: Micros | null;
  readonly limits: { readonly cpus: number | null; readonly mem: number | null } | null;
  readonly labels: Labels | null;
  readonly discovery: DiscoveryInfo | null;
  readonly data: Uint8Array | null;
  /** Why it could not be read, of a task from outside only: the master refuses the task with it (spec 03 §6). */
  readonly fault?: string;
}

/** A template of nothing but a name: what templates are made from. */
export const BLANK_TEMPLATE: TaskTemplate = {
  name: '',
  command: null,
  executor: null,
  container: null,
  killPolicy: null,
  healthCheck: null,
  check: null,
  maxCompletionTime: null,
  limits: null,
  labels: null,
  discovery: null,
  data: null,
};

/** `TaskInfo`: one task to launch. `resources` carry no allocation info: the role is that of the offers accepted. */
export interface TaskInfo {
  readonly taskId: TaskId;
  readonly agentId: AgentId;
  readonly resources: Resources;
  readonly template: TaskTemplate;
  /** The role that the task itself says its resources are allocated to (`allocation_info`); most leave it to the offers. */
  readonly allocatedTo?: string;
}

/** Rare parts of a status; null on most. */
export interface TaskStatusDetails {
  readonly healthy: boolean | null;
  readonly checkStatus: CheckStatus | null;
  readonly labels: Labels | null;
  readonly data: Uint8Array | null;
  /** When the agent became unreachable (spec 07 §5). */
  readonly unreachableTime: Micros | null;
  /** The limit that was hit, for REASON_CONTAINER_LIMITATION* . */
  readonly limitation: Resources | null;
  /** Where the task runs: addresses and process id (spec 07 §2). */
  readonly containerStatus: ContainerStatus | null;
}

/** `TaskStatus` (spec 07 §2). Acknowledge it iff `uuid` is not null. */
export interface TaskStatus {
  readonly taskId: TaskId;
  readonly state: TaskState;
  readonly source: StatusSource;
  readonly reason: StatusReason | null;
  readonly agentId: AgentId | null;
  readonly executorId: ExecutorId | null;
  readonly timestamp: Micros;
  readonly uuid: UpdateId | null;
  readonly message: string | null;
  readonly details: TaskStatusDetails | null;
}
