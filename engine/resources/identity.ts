import { compareText } from './compare-text.ts';

/** Name of a resource kind: `cpus`, `mem`, `disk`, `gpus`, `ports`, or a custom one. */
export type ResourceKindName = string;

export type ResourceValueType = 'SCALAR' | 'RANGES' | 'SET';

/** Free key-value pairs; equal whatever their order (spec 02 §8). */
export type ResourceLabels = readonly { readonly key: string; readonly value: string | null }[];

/** One entry of a reservation stack (`Resource.ReservationInfo`). */
export interface Reservation {
  readonly type: 'STATIC' | 'DYNAMIC';
  readonly role: string;
  readonly principal: string | null;
  readonly labels: ResourceLabels | null;
}

/** `Resource.DiskInfo.Source`: where a disk that is not the agent's root disk comes from (spec 02 §7). */
export interface DiskSource {
  readonly type: 'PATH' | 'MOUNT' | 'BLOCK' | 'RAW';
  /** Directory of a PATH or MOUNT disk. */
  readonly root: string | null;
  readonly vendor: string | null;
  readonly id: string | null;
  readonly metadata: ResourceLabels | null;
  readonly profile: string | null;
}

/** `Resource.DiskInfo`; `persistence` makes it a persistent volume, `volume` says where a container sees it. */
export interface DiskInfo {
  readonly source: DiskSource | null;
  readonly persistence: { readonly id: string; readonly principal: string | null } | null;
  readonly volume: DiskVolume | null;
}

export interface DiskVolume {
  readonly containerPath: string;
  readonly mode: 'RW' | 'RO';
}

/** Column of the predefined scalars in a collection's vector; `OTHER_COLUMN` for all else. */
export const CPUS_COLUMN = 0;
export const MEM_COLUMN = 1;
export const DISK_COLUMN = 2;
export const GPUS_COLUMN = 3;
export const OTHER_COLUMN = 4;

/** What an identity is, as bits, so that a collection knows what it holds by one number. */
export const RESERVED = 1;
export const REVOCABLE = 2;
export const SHARED = 4;
export const PERSISTENT = 8;
/** Never merged and only taken as a whole: persistent volumes, MOUNT and BLOCK disks, RAW disks with an id. */
export const EXCLUSIVE = 16;
export const WITH_DISK_INFO = 32;
export const OF_PROVIDER = 64;
export const ALLOCATED = 128;
export const NON_SCALAR = 256;
export const REFINED = 512;

/**
 * What makes two amounts the same thing (spec 02 §8). Equal iff `===` or equal `key`: amounts keep the identity object they came with, so
 * `===` decides nearly always. The volume's mount point and principal ride along and are no part of the key.
 */
export interface ResourceIdentity {
  readonly key: string;
  readonly name: ResourceKindName;
  readonly type: ResourceValueType;
  /** Bottom of the stack first; the last entry's role is the reservation's role. */
  readonly reservations: readonly Reservation[];
  readonly disk: DiskInfo | null;
  readonly revocable: boolean;
  readonly shared: boolean;
  readonly providerId: string | null;
  readonly allocationRole: string | null;
  readonly traits: number;
  readonly column: number;
  /** What rides along: orders what the key and the amount leave equal. */
  readonly detail: string;
}

/** What an identity is made of; only `name` is needed. */
export interface IdentityParts {
  readonly name: ResourceKindName;
  readonly type?: ResourceValueType;
  readonly reservations?: readonly Reservation[];
  readonly disk?: DiskInfo | null;
  readonly revocable?: boolean;
  readonly shared?: boolean;
  readonly providerId?: string | null;
  readonly allocationRole?: string | null;
}

const NO_RESERVATIONS: readonly Reservation[] = [];

export const CPUS = makeIdentity('cpus', 'SCALAR', NO_RESERVATIONS, null, false, false, null, null);
export const MEM = makeIdentity('mem', 'SCALAR', NO_RESERVATIONS, null, false, false, null, null);
export const DISK = makeIdentity('disk', 'SCALAR', NO_RESERVATIONS, null, false, false, null, null);
export const GPUS = makeIdentity('gpus', 'SCALAR', NO_RESERVATIONS, null, false, false, null, null);
export const PORTS = makeIdentity('ports', 'RANGES', NO_RESERVATIONS, null, false, false, null, null);

/** An identity of these parts; the constants above where they fit. Parts are trusted to be valid (spec 02 §5). */
export function resourceIdentity(parts: IdentityParts): ResourceIdentity {
  const made = makeIdentity(
    parts.name,
    parts.type ?? 'SCALAR',
    parts.reservations ?? NO_RESERVATIONS,
    parts.disk ?? null,
    parts.revocable ?? false,
    parts.shared ?? false,
    parts.providerId ?? null,
    parts.allocationRole ?? null,
  );
  return predefined(made.key) ?? made;
}

/** The role that it is reserved for, null when unreserved. */
export function reservationRole(identity: ResourceIdentity): string | null {
  const stack = identity.reservations;
  return stack.length === 0 ? null : stack[stack.length - 1]!.role;
}

export function withReservations(
  identity: ResourceIdentity,
  reservations: readonly Reservation[],
): ResourceIdentity {
  return resourceIdentity({ ...identity, reservations });
}

export function withAllocationRole(identity: ResourceIdentity, role: string | null): ResourceIdentity {
  return identity.allocationRole === role
    ? identity
    : resourceIdentity({ ...identity, allocationRole: role });
}

/** The disk that a volume is made of: without persistence, mount point and sharing; a disk's source stays (spec 02 §9). */
export function withoutVolume(identity: ResourceIdentity): ResourceIdentity {
  const source = identity.disk === null ? null : identity.disk.source;
  return resourceIdentity({
    ...identity,
    disk: source === null ? null : { source, persistence: null, volume: null },
    shared: false,
  });
}

function predefined(key: string): ResourceIdentity | null {
  switch (key) {
    case CPUS.key:
      return CPUS;
    case MEM.key:
      return MEM;
    case DISK.key:
      return DISK;
    case GPUS.key:
      return GPUS;
    case PORTS.key:
      return PORTS;
    default:
      return null;
  }
}

/** Every identity is made here, so that all have one shape. */
function makeIdentity(
  name: ResourceKindName,
  type: ResourceValueType,
  reservations: readonly Reservation[],
  disk: DiskInfo | null,
  revocable: boolean,
  shared: boolean,
  providerId: string | null,
  allocationRole: string | null,
): ResourceIdentity {
  const source = disk === null ? null : disk.source;
  const persistence = disk === null ? null : disk.persistence;
  let traits = 0;
  if (reservations.length > 0) traits |= RESERVED;
  if (reservations.length > 1) traits |= REFINED;
  if (revocable) traits |= REVOCABLE;
  if (shared) traits |= SHARED;
  if (disk !== null) traits |= WITH_DISK_INFO;
  if (persistence !== null) traits |= PERSISTENT | EXCLUSIVE;
  if (source !== null && isExclusive(source)) traits |= EXCLUSIVE;
  if (providerId !== null) traits |= OF_PROVIDER;
  if (allocationRole !== null) traits |= ALLOCATED;
  if (type !== 'SCALAR') traits |= NON_SCALAR;
  return {
    key: identityKey(name, type, reservations, disk, revocable, shared, providerId, allocationRole),
    name,
    type,
    reservations,
    disk,
    revocable,
    shared,
    providerId,
    allocationRole,
    traits,
    column: type === 'SCALAR' ? columnOf(name) : OTHER_COLUMN,
    detail: persistence === null ? '' : JSON.stringify([persistence.principal, disk!.volume]),
  };
}

function isExclusive(source: DiskSource): boolean {
  return source.type === 'MOUNT' || source.type === 'BLOCK' || (source.type === 'RAW' && source.id !== null);
}

function columnOf(name: ResourceKindName): number {
  switch (name) {
    case 'cpus':
      return CPUS_COLUMN;
    case 'mem':
      return MEM_COLUMN;
    case 'disk':
      return DISK_COLUMN;
    case 'gpus':
      return GPUS_COLUMN;
    default:
      return OTHER_COLUMN;
  }
}

/** The name first, so that the order of keys groups names; then nothing more for the plain kind; then all that tells identities apart. */
function identityKey(
  name: ResourceKindName,
  type: ResourceValueType,
  reservations: readonly Reservation[],
  disk: DiskInfo | null,
  revocable: boolean,
  shared: boolean,
  providerId: string | null,
  allocationRole: string | null,
): string {
  const head = `${name}\0${type}`;
  const plain =
    reservations.length === 0 &&
    disk === null &&
    !revocable &&
    !shared &&
    providerId === null &&
    allocationRole === null;
  if (plain) return head;
  const source = disk === null ? null : disk.source;
  const persistence = disk === null ? null : disk.persistence;
  const rest = [
    reservations.map((entry) => [entry.type, entry.role, entry.principal, sortedLabels(entry.labels)]),
    disk === null ? 0 : 1,
    source === null
      ? null
      : [source.type, source.root, source.vendor, source.id, sortedLabels(source.metadata), source.profile],
    persistence === null ? null : persistence.id,
    revocable ? 1 : 0,
    shared ? 1 : 0,
    providerId,
    allocationRole,
  ];
  return head + JSON.stringify(rest);
}

function sortedLabels(labels: ResourceLabels | null): (readonly [string, string | null])[] | null {
  if (labels === null) return null;
  const pairs = labels.map(({ key, value }) => [key, value] as const);
  return pairs.sort((a, b) => compareText(JSON.stringify(a), JSON.stringify(b)));
}
