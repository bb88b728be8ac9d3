import { assertNever, mention } from '../core/index.ts';
import {
  type AgentCapability,
  isSpeculative,
  isTerminal,
  type ResourceOfferOperation,
} from '../protocol/index.ts';
import {
  applyOperations,
  type Reservation,
  type Resource,
  resourceErrorText,
  type ResourceIdentity,
  reservationRole,
  Resources,
  resourceText,
  validateRole,
} from '../resources/index.ts';
import type { AgentRecord } from './agent-record.ts';
import type { FrameworkRecord } from './framework-record.ts';

/** Who asks for an operation, and for whom. */
export interface OperationScope {
  readonly agent: AgentRecord;
  /** Null for an operator. */
  readonly framework: FrameworkRecord | null;
  /** The role that a framework's offers are allocated to, null for an operator. */
  readonly role: string | null;
  /** Whose name reservations and volumes must bear; null leaves any. */
  readonly principal: string | null;
}

const ID_LENGTH_MAX = 255;

/**
 * First rule of spec 09 §2 to §4 and spec 03 §5 that an operation breaks, in words, or null. Whether what it consumes is there is another
 * question: `unavailable`. Resources are valid by themselves (spec 02 §5) and carry no allocation role.
 */
export function validateOperation(scope: OperationScope, operation: ResourceOfferOperation): string | null {
  switch (operation.type) {
    case 'RESERVE':
      return validateReserve(scope, operation.source, operation.resources);
    case 'UNRESERVE':
      return validateUnreserve(operation.resources);
    case 'CREATE':
      return validateCreate(scope, operation.volumes);
    case 'DESTROY':
      return validateDestroy(scope.agent, operation.volumes);
    case 'GROW_VOLUME':
      return validateResize(scope.agent, operation.volume, 'grown');
    case 'SHRINK_VOLUME':
      return validateResize(scope.agent, operation.volume, 'shrunk');
    case 'CREATE_DISK':
      return validateCreateDisk(operation.source, operation.targetProfile);
    case 'DESTROY_DISK':
      return validateDestroyDisk(operation.source);
    default:
      return assertNever(operation);
  }
}

/** Why an id on the operation cannot be served: the agent must be able to tell what became of it (spec 03 §5). */
export function validateFeedback(agent: AgentRecord, operation: ResourceOfferOperation): string | null {
  if (operation.id === null) return null;
  const needed: AgentCapability[] = ['RESOURCE_PROVIDER'];
  if (providerOf(consumedParts(operation)[0]) === null) needed.push('AGENT_OPERATION_FEEDBACK');
  const missing = needed.find((capability) => !agent.info.capabilities.includes(capability));
  return missing === undefined
    ? null
    : `Operation requested feedback, but agent ${mention.agent(agent.id)} does not have the required ${missing} capability`;
}

/** Why the operation cannot be done with what is available, or null. */
export function unavailable(available: Resources, operation: ResourceOfferOperation): string | null {
  if (!isSpeculative(operation)) {
    return available.contains(operation.source)
      ? null
      : `${operation.type} needs '${operation.source.toString()}', which is not part of '${available.toString()}'`;
  }
  const applied = applyOperations(available, [operation]);
  return applied.ok ? null : resourceErrorText(applied.error);
}

function validateReserve(scope: OperationScope, source: Resources, resources: Resources): string | null {
  const { agent, framework, role, principal } = scope;
  if (framework !== null && !source.isEmpty) {
    return "RESERVE with 'source' is not supported for frameworks: unreserve first, or ask an operator";
  }
  if (resources.isEmpty) return 'RESERVE names no resources';
  for (const entry of resources.entries) {
    const { identity } = entry;
    const last = lastReservation(identity);
    if (last?.type !== 'DYNAMIC') return `Resource '${resourceText(entry)}' is not dynamically reserved`;
    if (identity.revocable) return `Resource '${resourceText(entry)}' is revocable: it cannot be reserved`;
    if (identity.disk !== null && identity.disk.persistence !== null) {
      return `Persistent volume '${resourceText(entry)}' cannot be reserved: reserve the disk, then create the volume`;
    }
  }
  const provider = validateOneProvider(resources);
  if (provider !== null) return provider;
  for (const { identity } of resources.entries) {
    const error = validateStack(agent, framework, identity);
    if (error !== null) return error;
  }
  for (const entry of resources.entries) {
    const last = lastReservation(entry.identity)!;
    const error = validatePrincipal('reserve', principal, last.principal, entry);
    if (error !== null) return error;
    if (role !== null && last.role !== role) {
      return `A reserve operation was attempted for resources allocated to role '${role}', but '${resourceText(entry)}' is reserved to role '${last.role}'`;
    }
  }
  if (framework !== null && role !== null && !framework.roles.includes(role)) {
    return `A reserve operation was attempted for role '${role}', but the framework is not subscribed to it`;
  }
  return source.isEmpty ? null : validateSource(source, resources);
}

/** Changing reservations in one step (spec 09 §2). */
function validateSource(source: Resources, resources: Resources): string | null {
  const from = uniformStack(source);
  const to = uniformStack(resources);
  if (from === null || to === null) {
    return "All resources of 'source', and all of 'resources', must have one and the same reservations";
  }
  if (!source.persistentVolumes().isEmpty) return "A persistent volume in 'source' must be destroyed first";
  if (from.slice(commonPrefix(from, to)).some((reservation) => reservation.type === 'STATIC')) {
    return "A static reservation in 'source' cannot be changed";
  }
  return source.toUnreserved().equals(resources.toUnreserved())
    ? null
    : "'source' and 'resources' must be the same but for their reservations";
}

function validateUnreserve(resources: Resources): string | null {
  if (resources.isEmpty) return 'UNRESERVE names no resources';
  for (const entry of resources.entries) {
    if (lastReservation(entry.identity)?.type !== 'DYNAMIC') {
      return `Resource '${resourceText(entry)}' is not dynamically reserved`;
    }
    if (entry.identity.disk !== null && entry.identity.disk.persistence !== null) {
      return `A dynamically reserved persistent volume '${resourceText(entry)}' cannot be unreserved directly: destroy it first, then unreserve the resource`;
    }
  }
  return validateOneProvider(resources);
}

function validateCreate(scope: OperationScope, volumes: Resources): string | null {
  const { agent, framework, principal } = scope;
  if (volumes.isEmpty) return 'CREATE names no volumes';
  for (const entry of volumes.entries) {
    const error = validateVolume(entry);
    if (error !== null) return error;
  }
  const unique = validateUniqueIds(agent, volumes);
  if (unique !== null) return unique;
  for (const entry of volumes.entries) {
    const error = validatePrincipal('create', principal, entry.identity.disk!.persistence!.principal, entry);
    if (error !== null) return error;
  }
  const provider = validateOneProvider(volumes);
  if (provider !== null) return provider;
  if (framework !== null && !volumes.shared().isEmpty && !framework.has('SHARED_RESOURCES')) {
    return 'A create operation was attempted for a shared volume, but the framework does not have the SHARED_RESOURCES capability';
  }
  const disk = volumes.entries.find(({ identity, scalar }) => isPartOfMount(agent, identity, scalar));
  return disk === undefined
    ? null
    : `A volume on a MOUNT disk takes the whole disk: '${resourceText(disk)}' is a part of it`;
}

/** The rules for one volume that is to be made (spec 09 §3). */
function validateVolume(entry: Resource): string | null {
  const { identity } = entry;
  const text = resourceText(entry);
  const persistence = identity.disk?.persistence ?? null;
  if (identity.name !== 'disk' || identity.type !== 'SCALAR' || persistence === null) {
    return `Resource '${text}' is not a persistent volume: expecting 'disk' with 'disk.persistence'`;
  }
  if (lastReservation(identity) === null) return `Persistent volume '${text}' must be made of reserved disk`;
  if (!isValidId(persistence.id)) {
    return `Persistence id '${persistence.id}' is invalid: 1 to ${ID_LENGTH_MAX} characters without '/', '\\' and control characters, not '.' or '..'`;
  }
  const { volume } = identity.disk!;
  if (volume === null) return `Expecting 'volume' to be set for persistent volume '${text}'`;
  if (volume.mode !== 'RW') return `Read-only persistent volume '${text}' is not supported`;
  return identity.revocable ? `Persistent volume '${text}' cannot be made of revocable resources` : null;
}

/** Ids are unique for each agent and reservation role, those of volumes that exist included. */
function validateUniqueIds(agent: AgentRecord, volumes: Resources): string | null {
  const taken = new Set(agent.info.resources.persistentVolumes().entries.map(volumeKey));
  for (const entry of volumes.entries) {
    const volume = volumeKey(entry);
    // Copies of one volume that is to be shared are one.
    if (taken.has(volume) || entry.count > 1) {
      const { id } = entry.identity.disk!.persistence!;
      return `Persistence id '${id}' is not unique for role '${reservationRole(entry.identity)}' on the agent`;
    }
    taken.add(volume);
  }
  return null;
}

function validateDestroy(agent: AgentRecord, volumes: Resources): string | null {
  if (volumes.isEmpty) return 'DESTROY names no volumes';
  for (const entry of volumes.entries) {
    if ((entry.identity.disk?.persistence ?? null) === null) {
      return `Resource '${resourceText(entry)}' is not a persistent volume`;
    }
    if (!agent.info.resources.contains(Resources.of([entry]))) {
      return `Persistent volume '${resourceText(entry)}' is not known on the agent`;
    }
  }
  for (const entry of volumes.entries) {
    if (isInUse(agent, entry.identity)) return `Persistent volume '${resourceText(entry)}' is in use`;
  }
  return null;
}

function validateResize(agent: AgentRecord, volume: Resources, verb: string): string | null {
  if (!agent.info.capabilities.includes('RESIZE_VOLUME')) {
    return `Volume '${volume.toString()}' cannot be ${verb}: the agent does not have the RESIZE_VOLUME capability`;
  }
  return null;
}

function validateCreateDisk(source: Resources, targetProfile: string | null): string | null {
  const disk = validateProviderDisk('CREATE_DISK', source);
  if (typeof disk === 'string') return disk;
  if (disk.type !== 'RAW') return `CREATE_DISK needs a RAW disk, but '${source.toString()}' is ${disk.type}`;
  if ((disk.profile === null) === (targetProfile === null)) {
    return disk.profile === null
      ? "'target_profile' must be set for a RAW disk without profile"
      : "'target_profile' must not be set for a RAW disk that has a profile";
  }
  return null;
}

function validateDestroyDisk(source: Resources): string | null {
  const disk = validateProviderDisk('DESTROY_DISK', source);
  if (typeof disk === 'string') return disk;
  if (disk.type === 'PATH')
    return `DESTROY_DISK needs a MOUNT, BLOCK or RAW disk, but '${source.toString()}' is PATH`;
  return source.persistentVolumes().isEmpty
    ? null
    : `Disk '${source.toString()}' holds a persistent volume: destroy that first`;
}

function validateProviderDisk(operation: string, source: Resources) {
  const entry = source.entries[0];
  if (entry === undefined || source.entries.length > 1)
    return `${operation} needs exactly one disk as 'source'`;
  const disk = entry.identity.disk?.source ?? null;
  if (providerOf(entry) === null || disk === null) {
    return `'source' of ${operation} must be a disk that a resource provider manages: '${source.toString()}' is not`;
  }
  return disk;
}

function validateOneProvider(resources: Resources): string | null {
  const first = providerOf(resources.entries[0]);
  return resources.entries.every((entry) => providerOf(entry) === first)
    ? null
    : 'The resources of an operation must come from one resource provider, or none of them from any';
}

/** Roles are valid, each a strict part of the one below it, and both sides know of such reservations. */
function validateStack(
  agent: AgentRecord,
  framework: FrameworkRecord | null,
  identity: ResourceIdentity,
): string | null {
  const { reservations } = identity;
  for (const { role } of reservations) {
    if (!validateRole(role).ok || role === '*') return `Resources cannot be reserved for role '${role}'`;
    if (role.includes('/') && !agent.info.capabilities.includes('HIERARCHICAL_ROLE')) {
      return `Resources are reserved to hierarchical role '${role}', which the agent does not support: it lacks HIERARCHICAL_ROLE`;
    }
  }
  if (reservations.length === 1) return null;
  if (!agent.info.capabilities.includes('RESERVATION_REFINEMENT')) {
    return 'Resources have refined reservations, which the agent does not support: it lacks RESERVATION_REFINEMENT';
  }
  if (framework !== null && !framework.has('RESERVATION_REFINEMENT')) {
    return 'Resources have refined reservations, which the framework may not make: it lacks RESERVATION_REFINEMENT';
  }
  return null;
}

function validatePrincipal(
  verb: 'reserve' | 'create',
  principal: string | null,
  given: string | null,
  entry: Resource,
): string | null {
  if (principal === null || principal === given) return null;
  const what = given === null ? 'names no principal' : `names principal '${given}'`;
  return `A ${verb} operation was attempted by principal '${principal}', but '${resourceText(entry)}' ${what}`;
}

/** Whether a live task or executor on the agent uses the volume, or a copy of it. */
export function isInUse(agent: AgentRecord, volume: ResourceIdentity): boolean {
  const uses = (resources: Resources) =>
    !resources.isPlain && resources.entries.some(({ identity }) => identity.key === volume.key);
  return (
    agent.tasks.some((task) => !isTerminal(task.state) && uses(task.info.resources)) ||
    agent.executors.some((executor) => uses(executor.info.resources))
  );
}

/** Whether it is a smaller piece of a MOUNT disk that the agent has. */
function isPartOfMount(agent: AgentRecord, identity: ResourceIdentity, scalar: number): boolean {
  const source = identity.disk!.source;
  if (source === null || source.type !== 'MOUNT') return false;
  return agent.info.resources.entries.some(
    (other) =>
      other.identity.disk?.source?.type === 'MOUNT' &&
      other.identity.disk.source.root === source.root &&
      other.scalar !== scalar,
  );
}

function isValidId(id: string): boolean {
  if (id.length === 0 || id.length > ID_LENGTH_MAX || id === '.' || id === '..') return false;
  for (let index = 0; index < id.length; index++) {
    const code = id.charCodeAt(index);
    if (code < 0x20 || code === 0x7f || id[index] === '/' || id[index] === '\\') return false;
  }
  return true;
}

function volumeKey({ identity }: Resource): string {
  return `${reservationRole(identity)}\0${identity.disk!.persistence!.id}`;
}

function lastReservation({ reservations }: ResourceIdentity): Reservation | null {
  return reservations.length === 0 ? null : reservations[reservations.length - 1]!;
}

function providerOf(entry: Resource | undefined): string | null {
  return entry === undefined ? null : entry.identity.providerId;
}

function consumedParts(operation: ResourceOfferOperation): readonly Resource[] {
  switch (operation.type) {
    case 'RESERVE':
    case 'UNRESERVE':
      return operation.resources.entries;
    case 'CREATE':
    case 'DESTROY':
      return operation.volumes.entries;
    case 'GROW_VOLUME':
    case 'SHRINK_VOLUME':
      return operation.volume.entries;
    case 'CREATE_DISK':
    case 'DESTROY_DISK':
      return operation.source.entries;
    default:
      return assertNever(operation);
  }
}

/** The one stack of reservations that all entries have, or null. */
export function uniformStack(resources: Resources): readonly Reservation[] | null {
  const stack = resources.entries[0]?.identity.reservations;
  if (stack === undefined) return null;
  return resources.entries.every(
    ({ identity }) =>
      identity.reservations.length === stack.length &&
      commonPrefix(identity.reservations, stack) === stack.length,
  )
    ? stack
    : null;
}

/** How many levels, from the bottom, two stacks share. */
export function commonPrefix(a: readonly Reservation[], b: readonly Reservation[]): number {
  let level = 0;
  while (level < a.length && level < b.length && isSameReservation(a[level]!, b[level]!)) level++;
  return level;
}

function isSameReservation(a: Reservation, b: Reservation): boolean {
  return (
    a.type === b.type &&
    a.role === b.role &&
    a.principal === b.principal &&
    labelsText(a.labels) === labelsText(b.labels)
  );
}

function labelsText(labels: Reservation['labels']): string {
  if (labels === null) return 'none';
  return labels
    .map(({ key, value }) => JSON.stringify([key, value]))
    .sort((a, b) => (a < b ? -1 : 1))
    .join();
}
