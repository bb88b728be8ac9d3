import { type Milli, milli, ZERO_MILLI } from '../core/index.ts';
import { type IdentityParts, type ResourceIdentity, resourceIdentity } from './identity.ts';
import { makeResource, type Resource } from './resource.ts';

/** An entry as plain data: its identity as a text, its value, and how many copies of a shared volume there are, 1 for all else. */
export type PackedResource = readonly [identity: string, value: PackedValue, count: number];

/** A scalar; ranges as their bounds in turn; or items. */
type PackedValue = number | readonly number[] | { readonly items: readonly string[] };

/** No name of a resource begins so. */
const WITH_PARTS = '\0';

export function packResource({ identity, scalar, ranges, items, count }: Resource): PackedResource {
  let value: PackedValue = scalar;
  if (ranges !== null) value = ranges.flatMap(({ begin, end }) => [begin, end]);
  if (items !== null) value = { items };
  return [identityText(identity), value, count];
}

/** @param identities those of texts that came before */
export function unpackResource(
  [text, value, count]: PackedResource,
  identities: Map<string, unknown>,
): Resource {
  let identity = identities.get(text) as ResourceIdentity | undefined;
  if (identity === undefined) {
    identity = resourceIdentity(partsIn(text));
    identities.set(text, identity);
  }
  if (typeof value === 'number') return makeResource(identity, milli(value), null, null, count);
  if ('items' in value) return makeResource(identity, ZERO_MILLI, null, value.items, count);
  const ranges = value.flatMap((begin, index) =>
    index % 2 === 0 ? [{ begin, end: value[index + 1]! }] : [],
  );
  return makeResource(identity, ZERO_MILLI, ranges, null, count);
}

/** The key of what has no parts; else all parts, those too that are not in the key. */
function identityText(identity: ResourceIdentity): string {
  const { key, name, type, reservations, disk, revocable, shared, providerId, allocationRole } = identity;
  if (key === `${name}\0${type}`) return key;
  const parts: Required<IdentityParts> = {
    name,
    type,
    reservations,
    disk,
    revocable,
    shared,
    providerId,
    allocationRole,
  };
  return WITH_PARTS + JSON.stringify(parts);
}

function partsIn(text: string): IdentityParts {
  if (text.startsWith(WITH_PARTS)) return JSON.parse(text.slice(WITH_PARTS.length)) as IdentityParts;
  const end = text.lastIndexOf('\0');
  return { name: text.slice(0, end), type: text.slice(end + 1) as ResourceIdentity['type'] };
}

/** Names and amounts in turn. */
export type PackedAmounts = readonly (string | number)[];

export function packAmounts(names: readonly string[], values: readonly Milli[]): PackedAmounts {
  return names.flatMap((name, index) => [name, values[index]!]);
}

export function unpackAmounts(packed: PackedAmounts): { readonly names: string[]; readonly values: Milli[] } {
  const names: string[] = [];
  const values: Milli[] = [];
  for (let index = 0; index < packed.length; index += 2) {
    names.push(packed[index] as string);
    values.push(milli(packed[index + 1] as number));
  }
  return { names, values };
}
