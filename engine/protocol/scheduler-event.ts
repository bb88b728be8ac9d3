import type { AgentId, ExecutorId, FrameworkId, MasterEpoch, OfferId } from '../core/index.ts';
import type { Unavailability } from './maintenance.ts';
import type { Offer } from './offer.ts';
import type { OperationStatus } from './operation-status.ts';
import type { TaskStatus } from './task.ts';

/** Events on a scheduler's stream (spec 03 §2; spec 18, `mesos.v1.scheduler.Event`). */
export type SchedulerEvent =
  | SubscribedEvent
  | OffersEvent
  | { readonly type: 'INVERSE_OFFERS'; readonly inverseOffers: readonly InverseOffer[] }
  | { readonly type: 'RESCIND'; readonly offerId: OfferId }
  | { readonly type: 'RESCIND_INVERSE_OFFER'; readonly inverseOfferId: OfferId }
  | UpdateEvent
  | { readonly type: 'UPDATE_OPERATION_STATUS'; readonly status: OperationStatus }
  | {
      readonly type: 'MESSAGE';
      readonly agentId: AgentId;
      readonly executorId: ExecutorId;
      readonly data: Uint8Array;
    }
  | {
      readonly type: 'FAILURE';
      readonly agentId: AgentId | null;
      readonly executorId: ExecutorId | null;
      readonly status: number | null;
    }
  | { readonly type: 'ERROR'; readonly message: string }
  | { readonly type: 'HEARTBEAT' };

export interface SubscribedEvent {
  readonly type: 'SUBSCRIBED';
  readonly frameworkId: FrameworkId;
  readonly heartbeatIntervalSeconds: number;
  readonly master: MasterEpoch;
}

/** Many offers of one allocation in one event. */
export interface OffersEvent {
  readonly type: 'OFFERS';
  readonly offers: readonly Offer[];
}

export interface UpdateEvent {
  readonly type: 'UPDATE';
  readonly status: TaskStatus;
}

/** `InverseOffer`: the master asks for an agent's resources back, all of them (spec 10 §1). */
export interface InverseOffer {
  /** Never that of an offer. */
  readonly id: OfferId;
  readonly frameworkId: FrameworkId;
  readonly agentId: AgentId;
  readonly unavailability: Unavailability;
}
