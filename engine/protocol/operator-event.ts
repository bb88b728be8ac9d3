import type { AgentId, FrameworkId, OfferId } from '../core/index.ts';
import type { FrameworkInfo } from './framework-info.ts';
import type { Offer } from './offer.ts';
import type { AgentStatus, ClusterState, FrameworkStatus } from './operator-response.ts';
import type { QuotaConfig, WeightInfo } from './quota.ts';
import type { TaskStatus } from './task.ts';
import type { Task } from './task-record.ts';
import type { TaskState } from './task-state.ts';

/** Events on an operator's stream (spec 05 §B; spec 18, `mesos.v1.master.Event`). */
export type OperatorEvent =
  /** First: the whole state; no event between it and the stream is lost. */
  | {
      readonly type: 'SUBSCRIBED';
      readonly getState: ClusterState;
      readonly heartbeatIntervalSeconds: number;
    }
  | { readonly type: 'TASK_ADDED'; readonly task: Task }
  /** `state` is the latest of the task and may be ahead of `status.state`. */
  | {
      readonly type: 'TASK_UPDATED';
      readonly frameworkId: FrameworkId;
      readonly status: TaskStatus;
      readonly state: TaskState;
    }
  | { readonly type: 'AGENT_ADDED'; readonly agent: AgentStatus }
  | { readonly type: 'AGENT_REMOVED'; readonly agentId: AgentId }
  | { readonly type: 'FRAMEWORK_ADDED' | 'FRAMEWORK_UPDATED'; readonly framework: FrameworkStatus }
  | { readonly type: 'FRAMEWORK_REMOVED'; readonly frameworkInfo: FrameworkInfo }
  | { readonly type: 'HEARTBEAT' };

/** Events that Mesos does not have, sent to subscribers that ask for them; on the wire they are JSON only. */
export type ExtensionEvent =
  /** It connected or disconnected, was (de)activated, drained, or has other resources, attributes or an outage planned. */
  | { readonly type: 'AGENT_UPDATED'; readonly agent: AgentStatus }
  | { readonly type: 'OFFER_ADDED'; readonly offer: Offer }
  /** It was answered, rescinded or discarded. */
  | { readonly type: 'OFFER_REMOVED'; readonly offerId: OfferId }
  /** Without guarantee and limit the quota was removed. */
  | { readonly type: 'QUOTA_UPDATED'; readonly quotaConfig: QuotaConfig }
  | { readonly type: 'WEIGHT_UPDATED'; readonly weightInfo: WeightInfo };
