import type { AgentId, ExecutorId, FrameworkId, Milli, OfferId } from '../core/index.ts';
import type { Resources } from '../resources/index.ts';
import type { AgentInfo } from './agent-info.ts';
import type { Unavailability } from './maintenance.ts';
import type { ExecutorInfo, TaskInfo } from './task.ts';

/**
 * `Offer`: resources of one agent for one role of one framework (spec 01 §2). Host name, attributes and domain are
 * those of `agent`, shared by all offers of it; the edge spells them out.
 */
export interface Offer {
  readonly id: OfferId;
  readonly frameworkId: FrameworkId;
  readonly agentId: AgentId;
  readonly agent: AgentInfo;
  /** `allocation_info.role`; the resources themselves carry no allocation info. */
  readonly role: string;
  readonly resources: Resources;
  /** When the agent's machine goes away for maintenance (spec 10 §1); null where nothing is planned. */
  readonly unavailability: Unavailability | null;
  /** The framework's own executors that run on the agent: what they hold need not be paid for again (spec 03 §2). */
  readonly executorIds: readonly ExecutorId[];
}

/** `Filters`: seconds as on the wire; the allocator applies the rules of spec 16 §8 to odd values. Null means the default, 5 s. */
export interface Filters {
  readonly refuseSeconds: number;
}

/** An operation that changes what an agent holds: all but the launches. */
export type ResourceOfferOperation = Exclude<OfferOperation, { readonly type: 'LAUNCH' | 'LAUNCH_GROUP' }>;

/** Whether the master may assume that the operation succeeds: all but those that a resource provider decides (spec 02 §9). */
export function isSpeculative(
  operation: ResourceOfferOperation,
): operation is Exclude<ResourceOfferOperation, { readonly type: 'CREATE_DISK' | 'DESTROY_DISK' }> {
  return operation.type !== 'CREATE_DISK' && operation.type !== 'DESTROY_DISK';
}

/**
 * `Offer.Operation` (spec 03 §5). `id` asks for feedback. `fault` is why an operation on resources, or a group of tasks, could not be read, of
 * one from outside only: the master drops it with that, and the rest of it means nothing.
 */
export type OfferOperation = OperationParts & { readonly fault?: string };

type OperationParts =
  | { readonly type: 'LAUNCH'; readonly id: string | null; readonly taskInfos: readonly TaskInfo[] }
  | {
      readonly type: 'LAUNCH_GROUP';
      readonly id: string | null;
      readonly executor: ExecutorInfo;
      readonly taskInfos: readonly TaskInfo[];
    }
  | {
      readonly type: 'RESERVE';
      readonly id: string | null;
      readonly source: Resources;
      readonly resources: Resources;
    }
  | { readonly type: 'UNRESERVE'; readonly id: string | null; readonly resources: Resources }
  | { readonly type: 'CREATE'; readonly id: string | null; readonly volumes: Resources }
  | { readonly type: 'DESTROY'; readonly id: string | null; readonly volumes: Resources }
  | {
      readonly type: 'GROW_VOLUME';
      readonly id: string | null;
      readonly volume: Resources;
      readonly addition: Resources;
    }
  | {
      readonly type: 'SHRINK_VOLUME';
      readonly id: string | null;
      readonly volume: Resources;
      /** Scalar to take off, in thousandths of a MiB. */
      readonly subtract: Milli;
    }
  | {
      readonly type: 'CREATE_DISK';
      readonly id: string | null;
      readonly source: Resources;
      readonly targetType: 'MOUNT' | 'BLOCK';
      readonly targetProfile: string | null;
    }
  | { readonly type: 'DESTROY_DISK'; readonly id: string | null; readonly source: Resources };
