import { assertNever, err, ok, type Result, ZERO_MILLI } from '../core/index.ts';
import { diskFromJson } from './disk-from-json.ts';
import { type ResourceIdentity, resourceIdentity, type ResourceValueType } from './identity.ts';
import { JsonFaults, JsonObject } from './json-object.ts';
import { scalarAmount } from './number-text.ts';
import { coalesce, type Range, sizeOfRanges } from './ranges.ts';
import { type ReservationFormat, reservationsFromJson } from './reservation-from-json.ts';
import { type Resource, rangesResource, scalarResource, setResource } from './resource.ts';
import type { ResourceError } from './resource-error.ts';
import { Resources } from './resources.ts';

/**
 * One `Resource` message in v1 JSON, in either reservation format, validated (spec 02 §5) and upgraded to the reservation stack. An amount
 * of zero is valid and stands for nothing.
 */
export function resourceFromJson(json: unknown, path = 'resource'): Result<Resource, ResourceError> {
  const read = readResource(json, path);
  return read.ok ? ok(read.value.resource) : read;
}

/** A list of `Resource` messages. The reservation formats must not be mixed in it; unreserved resources belong to both. */
export function resourcesFromJson(json: unknown, path = 'resources'): Result<Resources, ResourceError> {
  const entries = resourceEntriesFromJson(json, path);
  return entries.ok ? ok(Resources.of(entries.value)) : entries;
}

/** As `resourcesFromJson`, entries as given. */
export function resourceEntriesFromJson(
  json: unknown,
  path: string,
): Result<readonly Resource[], ResourceError> {
  if (!Array.isArray(json)) return err({ code: 'JSON_MALFORMED', path, expected: 'an array' });
  const entries: Resource[] = [];
  const formats = new Set<ReservationFormat>();
  for (let index = 0; index < json.length; index++) {
    const read = readResource(json[index], `${path}[${index}]`);
    if (!read.ok) return read;
    entries.push(read.value.resource);
    formats.add(read.value.format);
  }
  return formats.has('pre') && formats.has('post') ? err({ code: 'FORMATS_MIXED' }) : ok(entries);
}

function readResource(
  json: unknown,
  path: string,
): Result<{ readonly resource: Resource; readonly format: ReservationFormat }, ResourceError> {
  const faults = new JsonFaults();
  const object = JsonObject.read(json, path, faults);
  if (object === null) return err(faults.first!);
  const name = object.requiredText('name');
  if (faults.first === null && name === '') return err({ code: 'NAME_EMPTY' });
  const type = object.requiredText('type');
  if (faults.first !== null) return err(faults.first);
  if (!isValueType(type)) return err({ code: 'TYPE_INVALID', name, type });
  const { reservations, format } = reservationsFromJson(name, object, faults);
  const disk = diskFromJson(name, object, faults);
  const provider = object.object('provider_id');
  const allocation = object.object('allocation_info');
  const isShared = object.object('shared') !== null;
  if (isShared && (disk === null || disk.persistence === null)) {
    faults.report({ code: 'SHARED_NOT_PERSISTENT', name });
  }
  const identity = resourceIdentity({
    name,
    type,
    reservations,
    disk,
    revocable: object.object('revocable') !== null,
    shared: isShared,
    providerId: provider === null ? null : provider.requiredText('value'),
    allocationRole: allocation === null ? null : allocation.text('role'),
  });
  const resource = readValue(identity, object, faults);
  return faults.first === null ? ok({ resource, format }) : err(faults.first);
}

function isValueType(type: string): type is ResourceValueType {
  return type === 'SCALAR' || type === 'RANGES' || type === 'SET';
}

/** The value must be in the field of the type, and no other value field may be there. */
function readValue(identity: ResourceIdentity, object: JsonObject, faults: JsonFaults): Resource {
  const { name, type } = identity;
  for (const [field, fieldType] of [
    ['scalar', 'SCALAR'],
    ['ranges', 'RANGES'],
    ['set', 'SET'],
  ] as const) {
    if (object.has(field) !== (fieldType === type)) faults.report({ code: 'VALUE_MISMATCH', name, type });
  }
  switch (type) {
    case 'SCALAR':
      return readScalar(identity, object.object('scalar'), faults);
    case 'RANGES':
      return readRanges(identity, object.object('ranges'), faults);
    case 'SET':
      return readSet(identity, object.object('set'), faults);
    default:
      return assertNever(type);
  }
}

function readScalar(identity: ResourceIdentity, value: JsonObject | null, faults: JsonFaults): Resource {
  const amount = scalarAmount(identity.name, value === null ? 0 : value.requiredNumber('value'));
  if (!amount.ok) faults.report(amount.error);
  return scalarResource(identity, amount.ok ? amount.value : ZERO_MILLI);
}

function readRanges(identity: ResourceIdentity, value: JsonObject | null, faults: JsonFaults): Resource {
  const { name } = identity;
  const ranges: Range[] = [];
  for (const object of value === null ? [] : value.objects('range')) {
    const begin = object.requiredNumber('begin');
    const end = object.requiredNumber('end');
    if (!isBound(begin) || !isBound(end) || begin > end) {
      faults.report({ code: 'RANGE_INVALID', name, range: `[${begin}-${end}]` });
    }
    ranges.push({ begin, end });
  }
  if (faults.first === null && sizeOfRanges(ranges) !== sizeOfRanges(coalesce(ranges))) {
    faults.report({ code: 'RANGES_OVERLAP', name });
  }
  return rangesResource(identity, ranges);
}

function isBound(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function readSet(identity: ResourceIdentity, value: JsonObject | null, faults: JsonFaults): Resource {
  const items = value === null ? [] : value.texts('item');
  const seen = new Set<string>();
  for (const item of items) {
    if (seen.has(item)) faults.report({ code: 'SET_REPEATS', name: identity.name, item });
    seen.add(item);
  }
  return setResource(identity, items);
}
