import type { AgentId, FrameworkId, MasterEpoch, Micros } from '../core/index.ts';
import type { Resources } from '../resources/index.ts';
import type { AgentInfo, DomainInfo } from './agent-info.ts';
import type { FrameworkInfo } from './framework-info.ts';
import type { DrainInfo, MaintenanceSchedule, MaintenanceStatus } from './maintenance.ts';
import type { Offer } from './offer.ts';
import type { OfferConstraints } from './offer-constraints.ts';
import type { ProcessResponse } from './process-info.ts';
import type { QuotaStatus, WeightInfo } from './quota.ts';
import type { ResourceProviderStatus } from './resource-provider-info.ts';
import type { InverseOffer } from './scheduler-event.ts';
import type { ExecutorInfo } from './task.ts';
import type { Operation, Task } from './task-record.ts';

/** Answers of the master to queries (spec 05 §A; spec 18, `mesos.v1.master.Response`). */
export type OperatorResponse =
  | ProcessResponse
  | ({ readonly type: 'GET_STATE' } & ClusterState)
  | ({ readonly type: 'GET_AGENTS' } & ClusterAgents)
  | ({ readonly type: 'GET_FRAMEWORKS' } & ClusterFrameworks)
  | ({ readonly type: 'GET_EXECUTORS' } & ClusterExecutors)
  | { readonly type: 'GET_OPERATIONS'; readonly operations: readonly Operation[] }
  | ({ readonly type: 'GET_TASKS' } & ClusterTasks)
  | { readonly type: 'GET_ROLES'; readonly roles: readonly RoleStatus[] }
  /** Only what was set. */
  | { readonly type: 'GET_WEIGHTS'; readonly weightInfos: readonly WeightInfo[] }
  | {
      readonly type: 'GET_MASTER';
      readonly masterInfo: MasterInfo;
      readonly startTime: Micros;
      readonly electedTime: Micros;
    }
  | { readonly type: 'GET_MAINTENANCE_STATUS'; readonly status: MaintenanceStatus }
  | { readonly type: 'GET_MAINTENANCE_SCHEDULE'; readonly schedule: MaintenanceSchedule }
  | { readonly type: 'GET_QUOTA'; readonly status: QuotaStatus };

/** `Response.GetState`: the whole cluster at one instant. */
export interface ClusterState {
  readonly getTasks: ClusterTasks;
  readonly getExecutors: ClusterExecutors;
  readonly getFrameworks: ClusterFrameworks;
  readonly getAgents: ClusterAgents;
}

/** `Response.GetAgents`. */
export interface ClusterAgents {
  readonly agents: readonly AgentStatus[];
  /** Known from the registry, not back yet. */
  readonly recoveredAgents: readonly AgentInfo[];
}

/** `Response.GetFrameworks`. */
export interface ClusterFrameworks {
  readonly frameworks: readonly FrameworkStatus[];
  readonly completedFrameworks: readonly FrameworkStatus[];
}

/** `Response.GetExecutors`. */
export interface ClusterExecutors {
  readonly executors: readonly { readonly executorInfo: ExecutorInfo; readonly agentId: AgentId }[];
}

/** `Response.GetTasks`. */
export interface ClusterTasks {
  readonly tasks: readonly Task[];
  readonly unreachableTasks: readonly Task[];
  readonly completedTasks: readonly Task[];
}

/** `Response.GetAgents.Agent`. */
export interface AgentStatus {
  readonly agentInfo: AgentInfo;
  /** False while disconnected or deactivated. */
  readonly active: boolean;
  readonly deactivated: boolean;
  readonly registeredTime: Micros | null;
  readonly reregisteredTime: Micros | null;
  readonly totalResources: Resources;
  readonly allocatedResources: Resources;
  readonly offeredResources: Resources;
  readonly resourceProviders: readonly ResourceProviderStatus[];
  readonly drainInfo: DrainInfo | null;
  readonly estimatedDrainStartTime: Micros | null;
}

/** `Response.GetFrameworks.Framework`. */
export interface FrameworkStatus {
  readonly frameworkInfo: FrameworkInfo;
  readonly active: boolean;
  readonly connected: boolean;
  readonly recovered: boolean;
  readonly registeredTime: Micros | null;
  readonly reregisteredTime: Micros | null;
  readonly unregisteredTime: Micros | null;
  readonly offers: readonly Offer[];
  readonly inverseOffers: readonly InverseOffer[];
  readonly allocatedResources: Resources;
  readonly offeredResources: Resources;
  readonly offerConstraints: OfferConstraints | null;
}

/** `Role`: a known role, ancestors included. */
export interface RoleStatus {
  readonly name: string;
  readonly weight: number;
  readonly frameworks: readonly FrameworkId[];
  readonly resources: Resources;
}

/** `MasterInfo.Capability`. */
export type MasterCapability = 'AGENT_UPDATE' | 'AGENT_DRAINING' | 'QUOTA_V2';

/** `MasterInfo`. Its address and id text are the edge's. */
export interface MasterInfo {
  readonly epoch: MasterEpoch;
  readonly hostname: string;
  readonly port: number;
  readonly version: string;
  readonly domain: DomainInfo | null;
  readonly capabilities: readonly MasterCapability[];
}
