/** Builders of reservations, volumes and operations for the master's own tests. */
import type { FrameworkId, OperationUuid, UpdateId } from '../core/index.ts';
import { milli } from '../core/index.ts';
import type {
  MasterToAgent,
  OfferOperation,
  OperationState,
  OperationStatus,
  ReportedOperation,
  ResourceOfferOperation,
} from '../protocol/index.ts';
import {
  type DiskSource,
  type Reservation,
  type ResourceLabels,
  Resources,
  resourceIdentity,
  scalarResource,
} from '../resources/index.ts';
import type { LinkId } from './input.ts';
import type { MasterOutput } from './output.ts';
import {
  eventsOn,
  type MasterDriver,
  messagesOn,
  type RegisteredAgent,
  resources,
  type Scheduler,
} from './test-kit.ts';

export function dynamic(
  role: string,
  principal: string | null = null,
  labels: ResourceLabels | null = null,
): Reservation {
  return { type: 'DYNAMIC', role, principal, labels };
}

/** `cpus:2` and the like, reserved by one or more reservations. */
export function reserved(text: string, ...stack: readonly Reservation[]): Resources {
  return stack.reduce((sum, reservation) => sum.pushReservation(reservation), resources(text));
}

export interface VolumeParts {
  readonly id: string;
  readonly size: number;
  readonly stack: readonly Reservation[];
  readonly principal: string | null;
  readonly shared: boolean;
  readonly mode: 'RW' | 'RO' | null;
  readonly source: DiskSource | null;
  readonly revocable: boolean;
  readonly providerId: string | null;
}

/** A volume of 64 MB for `eng` called `db`, unless told otherwise. */
export function volume(changes: Partial<VolumeParts> = {}): Resources {
  const { id, size, stack, principal, shared, mode, source, revocable, providerId } = {
    id: 'db',
    size: 64,
    stack: [dynamic('eng')],
    principal: null,
    shared: false,
    mode: 'RW' as const,
    source: null,
    revocable: false,
    providerId: null,
    ...changes,
  };
  const identity = resourceIdentity({
    name: 'disk',
    reservations: stack,
    disk: {
      source,
      persistence: { id, principal },
      volume: mode === null ? null : { containerPath: 'data', mode },
    },
    shared,
    revocable,
    providerId,
  });
  return Resources.of([scalarResource(identity, milli(size * 1_000))]);
}

export function mountDisk(root: string): DiskSource {
  return { type: 'MOUNT', root, vendor: null, id: null, metadata: null, profile: null };
}

/** A disk, reserved or not, that is no volume. */
export function disk(
  size: number,
  parts: Partial<Pick<VolumeParts, 'source' | 'stack' | 'providerId'>> = {},
): Resources {
  const { source = null, stack = [], providerId = null } = parts;
  const identity = resourceIdentity({
    name: 'disk',
    reservations: stack,
    disk: source === null ? null : { source, persistence: null, volume: null },
    providerId,
  });
  return Resources.of([scalarResource(identity, milli(size * 1_000))]);
}

export function reserve(what: Resources, id: string | null = null): ResourceOfferOperation {
  return { type: 'RESERVE', id, source: Resources.EMPTY, resources: what };
}

export function unreserve(what: Resources, id: string | null = null): ResourceOfferOperation {
  return { type: 'UNRESERVE', id, resources: what };
}

export function create(volumes: Resources, id: string | null = null): ResourceOfferOperation {
  return { type: 'CREATE', id, volumes };
}

export function destroy(volumes: Resources, id: string | null = null): ResourceOfferOperation {
  return { type: 'DESTROY', id, volumes };
}

export function grow(what: Resources, addition: Resources, id: string | null = null): ResourceOfferOperation {
  return { type: 'GROW_VOLUME', id, volume: what, addition };
}

export function shrink(what: Resources, megabytes: number, id: string | null = null): ResourceOfferOperation {
  return { type: 'SHRINK_VOLUME', id, volume: what, subtract: milli(megabytes * 1_000) };
}

export type ApplyMessage = Extract<MasterToAgent, { type: 'APPLY_OPERATION' }>;

export function appliedOn(outputs: readonly MasterOutput[], link: LinkId): ApplyMessage[] {
  return messagesOn(outputs, link).filter((message) => message.type === 'APPLY_OPERATION');
}

export function operationStatusesOn(
  outputs: readonly MasterOutput[],
  scheduler: Scheduler,
): OperationStatus[] {
  return eventsOn(outputs, scheduler.stream).flatMap((event) =>
    event.type === 'UPDATE_OPERATION_STATUS' ? [event.status] : [],
  );
}

/** The one status that the outputs tell, as `OPERATION_ERROR: text`. */
export function toldOperation(outputs: readonly MasterOutput[], scheduler: Scheduler): string {
  return operationStatusesOn(outputs, scheduler)
    .map(({ state, message }) => `${state}: ${message}`)
    .join('; ');
}

/** The agent tells how an operation ended. */
export function endOperation(
  driver: MasterDriver,
  agent: Pick<RegisteredAgent, 'id' | 'link'>,
  order: ApplyMessage,
  state: OperationState,
  changes: Partial<OperationStatus> = {},
): MasterOutput[] {
  return driver.fromAgent(agent.link, {
    type: 'UPDATE_OPERATION_STATUS',
    agentId: agent.id,
    frameworkId: order.frameworkId,
    operationUuid: order.operationUuid,
    status: statusOf(agent, order.info, state, changes),
  });
}

export function statusOf(
  agent: Pick<RegisteredAgent, 'id'>,
  info: OfferOperation,
  state: OperationState,
  changes: Partial<OperationStatus> = {},
): OperationStatus {
  return {
    operationId: info.id,
    state,
    message: null,
    convertedResources: null,
    uuid: 9_001 as UpdateId,
    agentId: agent.id,
    resourceProviderId: null,
    ...changes,
  };
}

export function reportedOperation(
  agent: Pick<RegisteredAgent, 'id'>,
  frameworkId: FrameworkId | null,
  uuid: number,
  info: ResourceOfferOperation,
  state: OperationState,
): ReportedOperation {
  return {
    operationUuid: uuid as OperationUuid,
    frameworkId,
    info,
    latestStatus: statusOf(agent, info, state),
  };
}

/** The agent's total as the master has it. */
export function totalOf(driver: MasterDriver, agent: Pick<RegisteredAgent, 'id'>): Resources {
  return driver.machine.state.agentsById.get(agent.id)!.info.resources;
}
