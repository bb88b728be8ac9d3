import type { AgentId, ExecutorId, FrameworkId, OfferId, TaskId, UpdateId } from '../core/index.ts';
import type { Quantities } from '../resources/index.ts';
import type { FrameworkInfo } from './framework-info.ts';
import type { Filters, OfferOperation } from './offer.ts';
import type { OfferConstraints } from './offer-constraints.ts';
import type { KillPolicy } from './task.ts';

/** Calls of `POST /api/v1/scheduler` (spec 03 §5, §7; spec 18, `mesos.v1.scheduler.Call`). */
export type SchedulerCall =
  | SubscribeCall
  | { readonly type: 'TEARDOWN'; readonly frameworkId: FrameworkId }
  | AcceptCall
  | DeclineCall
  | {
      readonly type: 'ACCEPT_INVERSE_OFFERS' | 'DECLINE_INVERSE_OFFERS';
      readonly frameworkId: FrameworkId;
      readonly inverseOfferIds: readonly OfferId[];
      readonly filters: Filters | null;
    }
  /** Empty `roles` means all. */
  | {
      readonly type: 'REVIVE' | 'SUPPRESS';
      readonly frameworkId: FrameworkId;
      readonly roles: readonly string[];
    }
  | KillCall
  | {
      readonly type: 'SHUTDOWN';
      readonly frameworkId: FrameworkId;
      readonly executorId: ExecutorId;
      readonly agentId: AgentId;
    }
  | AcknowledgeCall
  | {
      readonly type: 'ACKNOWLEDGE_OPERATION_STATUS';
      readonly frameworkId: FrameworkId;
      readonly agentId: AgentId | null;
      readonly resourceProviderId: string | null;
      readonly operationId: string;
      readonly uuid: UpdateId;
    }
  | ReconcileCall
  | {
      readonly type: 'RECONCILE_OPERATIONS';
      readonly frameworkId: FrameworkId;
      readonly operations: readonly {
        readonly operationId: string;
        readonly agentId: AgentId | null;
        readonly resourceProviderId: string | null;
      }[];
    }
  | {
      readonly type: 'MESSAGE';
      readonly frameworkId: FrameworkId;
      readonly agentId: AgentId;
      readonly executorId: ExecutorId;
      readonly data: Uint8Array;
    }
  | RequestCall
  | {
      readonly type: 'UPDATE_FRAMEWORK';
      readonly frameworkId: FrameworkId;
      readonly frameworkInfo: FrameworkInfo;
      readonly suppressedRoles: readonly string[];
      readonly offerConstraints: OfferConstraints | null;
    };

export interface SubscribeCall {
  readonly type: 'SUBSCRIBE';
  readonly frameworkId: FrameworkId | null;
  readonly frameworkInfo: FrameworkInfo;
  readonly suppressedRoles: readonly string[];
  readonly offerConstraints: OfferConstraints | null;
}

export interface AcceptCall {
  readonly type: 'ACCEPT';
  readonly frameworkId: FrameworkId;
  readonly offerIds: readonly OfferId[];
  readonly operations: readonly OfferOperation[];
  readonly filters: Filters | null;
}

export interface DeclineCall {
  readonly type: 'DECLINE';
  readonly frameworkId: FrameworkId;
  readonly offerIds: readonly OfferId[];
  readonly filters: Filters | null;
}

export interface KillCall {
  readonly type: 'KILL';
  readonly frameworkId: FrameworkId;
  readonly taskId: TaskId;
  readonly agentId: AgentId | null;
  readonly killPolicy: KillPolicy | null;
}

export interface AcknowledgeCall {
  readonly type: 'ACKNOWLEDGE';
  readonly frameworkId: FrameworkId;
  readonly agentId: AgentId;
  readonly taskId: TaskId;
  readonly uuid: UpdateId;
}

/** Empty `tasks` asks for implicit reconciliation (spec 03 §8). */
export interface ReconcileCall {
  readonly type: 'RECONCILE';
  readonly frameworkId: FrameworkId;
  readonly tasks: readonly { readonly taskId: TaskId; readonly agentId: AgentId | null }[];
}

/**
 * Mesos accepts REQUEST and its built-in allocator ignores it. Here it states demand: the role is offered agents until what was offered
 * since covers `quantities`, then rests like a suppressed one until the next REQUEST or REVIVE. Replaces the demand stated before.
 */
export interface RequestCall {
  readonly type: 'REQUEST';
  readonly frameworkId: FrameworkId;
  readonly requests: readonly { readonly role: string; readonly quantities: Quantities }[];
}
