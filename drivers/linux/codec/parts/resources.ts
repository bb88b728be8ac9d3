import type { MessageInitShape } from '@bufbuild/protobuf';
import { fromMilli, milli, type Milli } from '../../../../engine/core/index.ts';
import {
  Quantities,
  type Resource,
  type ResourceFormat,
  resourceErrorText,
  ResourceLimits,
  Resources,
  resourcesFromJson,
  resourceIdentity,
  resourcesToJson,
  scalarAmount,
  scalarResource,
} from '../../../../engine/resources/index.ts';
import { ResourceSchema, type ResourceValid, Value_Type } from '../../proto/generated/mesos/v1/mesos_pb.ts';
import { plainJson } from '../message/plain-json.ts';
import { readJson } from '../message/read-json.ts';
import { WireError } from '../message/wire-error.ts';

export type ResourceInit = MessageInitShape<typeof ResourceSchema>;

/** Identities of plain scalars by name, so that equal ones are one object. */
const plain = new Map<string, ReturnType<typeof resourceIdentity>>();
/** Names beyond it get an identity each time: they come from outside. */
const PLAIN_NAMES_MAX = 1_000;

/**
 * Resources in either reservation format, validated and upgraded (spec 02 §6). `allocation_info` is dropped if it names one role only: the
 * role of an offer, a task or an executor stands beside its resources. Throws WireError.
 */
export function resourcesFromWire(messages: readonly ResourceValid[], path: string): Resources {
  return read(messages, path, false);
}

/** As `resourcesFromWire`, and `allocation_info` stays: for operations, whose resources are held against the offer's role. */
export function allocatedFromWire(messages: readonly ResourceValid[], path: string): Resources {
  return read(messages, path, true);
}

function read(messages: readonly ResourceValid[], path: string, keepsRole: boolean): Resources {
  const role = allocationRole(messages);
  if (keepsRole && role !== null) return validated(messages, path, false);
  const entries: Resource[] = [];
  for (const message of messages) {
    const entry = plainScalar(message);
    // One that is not plain: all go through the validation, which also looks at them together.
    if (entry === null) return validated(messages, path, role !== MIXED);
    entries.push(entry);
  }
  return Resources.of(entries);
}

/** The role that all `allocation_info`s name, null if there is none. Throws WireError if they name several. */
export function allocationRoleOf(messages: readonly ResourceValid[], path: string): string | null {
  const role = allocationRole(messages);
  if (role === MIXED)
    throw new WireError(path, 'the resources are allocated to several roles; one offer has one role');
  return role;
}

const MIXED = Symbol('several roles');

function allocationRole(messages: readonly ResourceValid[]): string | null | typeof MIXED {
  let role: string | null = null;
  for (const { allocationInfo } of messages) {
    if (allocationInfo === undefined) continue;
    if (role !== null && role !== allocationInfo.role) return MIXED;
    role = allocationInfo.role;
  }
  return role;
}

/** Fast path: an unreserved scalar without anything to it. Null for all else, faulty ones included. */
function plainScalar(message: ResourceValid): Resource | null {
  if (
    message.type !== Value_Type.SCALAR ||
    message.scalar === undefined ||
    message.ranges !== undefined ||
    message.set !== undefined ||
    message.name === '' ||
    message.reservation !== undefined ||
    message.reservations.length > 0 ||
    message.disk !== undefined ||
    message.revocable !== undefined ||
    message.shared !== undefined ||
    message.providerId !== undefined ||
    message.role !== '*'
  ) {
    return null;
  }
  const amount = scalarAmount(message.name, message.scalar.value);
  if (!amount.ok) return null;
  let identity = plain.get(message.name);
  if (identity === undefined) {
    identity = resourceIdentity({ name: message.name });
    if (plain.size < PLAIN_NAMES_MAX) plain.set(message.name, identity);
  }
  return scalarResource(identity, amount.value);
}

function validated(messages: readonly ResourceValid[], path: string, hasOneRole: boolean): Resources {
  const json = messages.map((message) => plainJson(ResourceSchema, message));
  const resources = resourcesFromJson(json, path);
  if (!resources.ok) throw new WireError('', resourceErrorText(resources.error));
  return hasOneRole ? resources.value.unallocate() : resources.value;
}

/** Exactly one resource, as a collection. */
export function resourceFromWire(message: ResourceValid, path: string): Resources {
  return resourcesFromWire([message], path);
}

/** Resources as messages; with `role`, allocated to it, else to whom each of them says. */
export function resourcesToWire(
  resources: Resources,
  format: ResourceFormat,
  role: string | null,
): ResourceInit[] {
  return resourcesToJson(resources, format).map((json): ResourceInit => {
    const { scalar } = json;
    const allocatedTo = role ?? json.allocation_info?.role;
    const isPlain =
      scalar !== undefined &&
      json.disk === undefined &&
      json.provider_id === undefined &&
      json.reservation === undefined &&
      json.reservations === undefined &&
      json.shared === undefined;
    if (!isPlain) {
      return readJson(
        ResourceSchema,
        allocatedTo === undefined ? json : { ...json, allocation_info: { role: allocatedTo } },
      );
    }
    return {
      name: json.name,
      type: Value_Type.SCALAR,
      scalar: { value: scalar.value },
      ...(json.role === undefined ? {} : { role: json.role }),
      ...(json.revocable === undefined ? {} : { revocable: {} }),
      ...(allocatedTo === undefined ? {} : { allocationInfo: { role: allocatedTo } }),
    };
  });
}

interface ScalarMap {
  readonly [name: string]: { readonly value: number };
}

export function quantitiesFromWire(map: ScalarMap, path: string): Quantities {
  return Quantities.of(amounts(map, path));
}

export function limitsFromWire(map: ScalarMap, path: string): ResourceLimits {
  return ResourceLimits.of(amounts(map, path));
}

function amounts(map: ScalarMap, path: string): [string, Milli][] {
  return Object.entries(map).map(([name, { value }]) => {
    const amount = scalarAmount(name, value);
    if (!amount.ok) throw new WireError(path, resourceErrorText(amount.error));
    return [name, amount.value];
  });
}

export function amountsToWire(amounts: Quantities | ResourceLimits): { [name: string]: { value: number } } {
  // Of any name, `__proto__` too.
  return Object.fromEntries(
    amounts.names.map((name, index) => [name, { value: fromMilli(amounts.values[index]!) }]),
  );
}

/** Thousandths of a scalar that is not a resource's own amount. */
export function scalarFromWire(name: string, value: number, path: string): Milli {
  const amount = scalarAmount(name, value);
  if (!amount.ok) throw new WireError(path, resourceErrorText(amount.error));
  return milli(amount.value);
}
