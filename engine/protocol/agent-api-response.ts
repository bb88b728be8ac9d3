import type { ExecutorId, FrameworkId, Micros } from '../core/index.ts';
import type { Resources } from '../resources/index.ts';
import type { AgentInfo } from './agent-info.ts';
import type { ContainerId } from './container-id.ts';
import type { FrameworkInfo } from './framework-info.ts';
import type { Labels } from './labels.ts';
import type { DrainConfig } from './maintenance.ts';
import type { ProcessResponse } from './process-info.ts';
import type { ResourceProviderStatus } from './resource-provider-info.ts';
import type { ResourceStatistics } from './resource-statistics.ts';
import type { ExecutorInfo } from './task.ts';
import type { Operation, Task } from './task-record.ts';
import type { StatusReason, TaskState } from './task-state.ts';

/** Answers of an agent (spec 06 §A; spec 18, `mesos.v1.agent.Response`). */
export type AgentApiResponse =
  | ProcessResponse
  | {
      readonly type: 'GET_STATE';
      readonly getTasks: AgentTasks;
      readonly getExecutors: AgentExecutors;
      readonly getFrameworks: AgentFrameworks;
    }
  | { readonly type: 'GET_CONTAINERS'; readonly containers: readonly ContainerRecord[] }
  | ({ readonly type: 'GET_FRAMEWORKS' } & AgentFrameworks)
  | ({ readonly type: 'GET_EXECUTORS' } & AgentExecutors)
  | { readonly type: 'GET_OPERATIONS'; readonly operations: readonly Operation[] }
  | ({ readonly type: 'GET_TASKS' } & AgentTasks)
  | {
      readonly type: 'GET_AGENT';
      readonly agentInfo: AgentInfo;
      readonly drainConfig: DrainConfig | null;
      readonly estimatedDrainStartTime: Micros | null;
    }
  | {
      readonly type: 'GET_RESOURCE_PROVIDERS';
      readonly resourceProviders: readonly ResourceProviderStatus[];
    }
  | ({ readonly type: 'WAIT_NESTED_CONTAINER' | 'WAIT_CONTAINER' } & ContainerTermination);

/** `Response.GetFrameworks`. */
export interface AgentFrameworks {
  readonly frameworks: readonly FrameworkInfo[];
  readonly completedFrameworks: readonly FrameworkInfo[];
}

/** `Response.GetExecutors`. */
export interface AgentExecutors {
  readonly executors: readonly ExecutorInfo[];
  readonly completedExecutors: readonly ExecutorInfo[];
}

/** `Response.GetTasks`. */
export interface AgentTasks {
  readonly pendingTasks: readonly Task[];
  readonly queuedTasks: readonly Task[];
  readonly launchedTasks: readonly Task[];
  /** Ended, and the last update not acknowledged yet. */
  readonly terminatedTasks: readonly Task[];
  readonly completedTasks: readonly Task[];
}

/** `Response.GetContainers.Container`; without framework and executor for a standalone container. */
export interface ContainerRecord {
  readonly frameworkId: FrameworkId | null;
  readonly executorId: ExecutorId | null;
  readonly executorName: string | null;
  readonly containerId: ContainerId;
  readonly containerStatus: ContainerStatus | null;
  readonly resourceStatistics: ResourceStatistics | null;
}

/** `ContainerStatus`. */
export interface ContainerStatus {
  readonly containerId: ContainerId | null;
  readonly networkInfos: readonly NetworkInfo[];
  /** `CgroupInfo.NetCls.classid`. */
  readonly netClsClassid: number | null;
  readonly executorPid: number | null;
}

/** `NetworkInfo`: one network that a container is in. */
export interface NetworkInfo {
  readonly name: string | null;
  readonly ipAddresses: readonly { readonly protocol: 'IPv4' | 'IPv6'; readonly ipAddress: string | null }[];
  readonly groups: readonly string[];
  readonly labels: Labels | null;
  readonly portMappings: readonly {
    readonly hostPort: number;
    readonly containerPort: number;
    readonly protocol: string | null;
  }[];
}

/** How a container ended; null where it is not known. */
export interface ContainerTermination {
  readonly exitStatus: number | null;
  readonly state: TaskState | null;
  readonly reason: StatusReason | null;
  /** The limit that was hit. */
  readonly limitation: Resources | null;
  readonly message: string | null;
}
