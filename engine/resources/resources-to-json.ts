import { assert, fromMilli } from '../core/index.ts';
import type { DiskInfo, DiskSource, Reservation } from './identity.ts';
import { type LabelsJson, labelsToJson } from './labels-json.ts';
import type { Range } from './ranges.ts';
import type { Resource } from './resource.ts';
import type { Resources } from './resources.ts';
import { DEFAULT_ROLE } from './role-name.ts';

/**
 * How reservations are written (spec 02 §6): `post` for frameworks with RESERVATION_REFINEMENT, `pre` for those without, `endpoint` for all
 * HTTP read endpoints.
 */
export type ResourceFormat = 'pre' | 'post' | 'endpoint';

export interface ReservationJson {
  readonly type?: 'STATIC' | 'DYNAMIC';
  readonly role?: string;
  readonly principal?: string;
  readonly labels?: LabelsJson;
}

/** `Resource.DiskInfo` in v1 JSON. */
export interface DiskJson {
  persistence?: { readonly id: string; readonly principal?: string };
  volume?: { readonly container_path: string; readonly mode: 'RW' | 'RO' };
  source?: DiskSourceJson;
}

export interface DiskSourceJson {
  readonly type: DiskSource['type'];
  path?: { readonly root: string };
  mount?: { readonly root: string };
  vendor?: string;
  id?: string;
  metadata?: LabelsJson;
  profile?: string;
}

/** `Resource` in v1 JSON; fields that are unset are absent. */
export interface ResourceJson {
  provider_id?: { readonly value: string };
  readonly name: string;
  readonly type: 'SCALAR' | 'RANGES' | 'SET';
  scalar?: { readonly value: number };
  ranges?: { readonly range: readonly Range[] };
  set?: { readonly item: readonly string[] };
  role?: string;
  allocation_info?: { readonly role: string };
  reservation?: ReservationJson;
  reservations?: readonly ReservationJson[];
  disk?: DiskJson;
  revocable?: Record<string, never>;
  shared?: Record<string, never>;
}

/** One message per entry, and per copy of a shared volume. Refined reservations cannot be written in the `pre` format: leave them out before. */
export function resourcesToJson(resources: Resources, format: ResourceFormat): ResourceJson[] {
  const messages: ResourceJson[] = [];
  for (const entry of resources.entries) {
    for (let copy = 0; copy < entry.count; copy++) messages.push(resourceToJson(entry, format));
  }
  return messages;
}

/** One copy of an entry. */
export function resourceToJson(resource: Resource, format: ResourceFormat): ResourceJson {
  const { identity, ranges, items, scalar } = resource;
  const json: ResourceJson = { name: identity.name, type: identity.type };
  if (identity.providerId !== null) json.provider_id = { value: identity.providerId };
  if (ranges !== null) json.ranges = { range: ranges.map(({ begin, end }) => ({ begin, end })) };
  else if (items !== null) json.set = { item: [...items] };
  else json.scalar = { value: fromMilli(scalar) };
  writeReservations(json, identity.reservations, format);
  if (identity.allocationRole !== null) json.allocation_info = { role: identity.allocationRole };
  if (identity.disk !== null) json.disk = diskToJson(identity.disk);
  if (identity.revocable) json.revocable = {};
  if (identity.shared) json.shared = {};
  return json;
}

function writeReservations(json: ResourceJson, stack: readonly Reservation[], format: ResourceFormat): void {
  const isRefined = stack.length > 1;
  assert(
    format !== 'pre' || !isRefined,
    'a framework without RESERVATION_REFINEMENT never sees a refined reservation',
  );
  if (format !== 'pre' && stack.length > 0) json.reservations = stack.map(reservationToJson);
  if (format === 'post' || isRefined) return;
  const only = stack[0];
  json.role = only === undefined ? DEFAULT_ROLE : only.role;
  if (only !== undefined && only.type === 'DYNAMIC') json.reservation = ownerToJson(only);
}

function reservationToJson(reservation: Reservation): ReservationJson {
  return { type: reservation.type, role: reservation.role, ...ownerToJson(reservation) };
}

function ownerToJson({ principal, labels }: Reservation): ReservationJson {
  return {
    ...(principal === null ? {} : { principal }),
    ...(labels === null ? {} : { labels: labelsToJson(labels) }),
  };
}

function diskToJson({ source, persistence, volume }: DiskInfo): DiskJson {
  const json: DiskJson = {};
  if (persistence !== null) {
    const { id, principal } = persistence;
    json.persistence = principal === null ? { id } : { id, principal };
  }
  if (volume !== null) json.volume = { container_path: volume.containerPath, mode: volume.mode };
  if (source !== null) json.source = sourceToJson(source);
  return json;
}

function sourceToJson({ type, root, vendor, id, metadata, profile }: DiskSource): DiskSourceJson {
  const json: DiskSourceJson = { type };
  if (root !== null && type === 'PATH') json.path = { root };
  if (root !== null && type === 'MOUNT') json.mount = { root };
  if (vendor !== null) json.vendor = vendor;
  if (id !== null) json.id = id;
  if (metadata !== null) json.metadata = labelsToJson(metadata);
  if (profile !== null) json.profile = profile;
  return json;
}
