import { assertNever, err, ok, type Result } from '../core/index.ts';
import { type Reservation, type ResourceIdentity, resourceIdentity } from './identity.ts';
import { scalarAmount } from './number-text.ts';
import { type Resource, rangesResource, scalarResource, setResource } from './resource.ts';
import type { ResourceError, TextFault } from './resource-error.ts';
import { DEFAULT_ROLE, validateRole } from './role-name.ts';
import { itemsText, parseValue, rangesText, scalarText } from './value-text.ts';

/**
 * Mesos's text form, `name(role):value` joined by `;` (spec 02 §3): `cpus:24;ports:[21000-24000];cpus(ads):8`. A role is a static
 * reservation. Empty amounts and repeated entries are kept as given; merging is the collection's.
 */
export function parseResourceEntries(text: string): Result<readonly Resource[], ResourceError> {
  const entries: Resource[] = [];
  for (const item of text.split(';')) {
    if (item.trim() === '') continue;
    const entry = parseEntry(item.trim());
    if (!entry.ok) return entry;
    entries.push(entry.value);
  }
  const mixed = mixedTypes(entries);
  return mixed === null ? ok(entries) : err(mixed);
}

/** Refuses one name with two value types. */
export function mixedTypes(entries: readonly Resource[]): ResourceError | null {
  const types = new Map<string, string>();
  for (const { identity } of entries) {
    const type = types.get(identity.name);
    if (type !== undefined && type !== identity.type) return { code: 'TYPES_MIXED', name: identity.name };
    types.set(identity.name, identity.type);
  }
  return null;
}

/** The value alone: `2.5`, `[1-10, 20-30]`, `{a, b}`. */
export function valueText(resource: Resource): string {
  if (resource.ranges !== null) return rangesText(resource.ranges);
  if (resource.items !== null) return itemsText(resource.items);
  return scalarText(resource.scalar);
}

/** `disk(eng,+eng/db@ops){volume=db-0}:512`: the text form with all that an identity says, for people. Copies of a shared volume repeat. */
export function resourceText(resource: Resource): string {
  const text = `${identityText(resource.identity)}:${valueText(resource)}`;
  return Array.from({ length: resource.count }, () => text).join(';');
}

function parseEntry(item: string): Result<Resource, ResourceError> {
  const colon = item.indexOf(':');
  if (colon < 0) return malformed(item, 'COLON_MISSING');
  if (item.includes(':', colon + 1)) return malformed(item, 'COLON_EXTRA');
  const head = parseHead(item, item.slice(0, colon));
  if (!head.ok) return head;
  const { name, role } = head.value;
  if (name === '') return err({ code: 'NAME_EMPTY' });
  const valid = validateRole(role);
  if (!valid.ok) return valid;
  const parsed = parseValue(item.slice(colon + 1));
  if (!parsed.ok) return malformed(item, parsed.error);
  const value = parsed.value;
  const reservations = role === DEFAULT_ROLE ? [] : [staticReservation(role)];
  switch (value.type) {
    case 'SCALAR': {
      const amount = scalarAmount(name, value.scalar);
      return amount.ok ? ok(scalarResource(resourceIdentity({ name, reservations }), amount.value)) : amount;
    }
    case 'RANGES':
      return ok(rangesResource(resourceIdentity({ name, type: 'RANGES', reservations }), value.ranges));
    case 'SET':
      return ok(setResource(resourceIdentity({ name, type: 'SET', reservations }), value.items));
    case 'TEXT':
      return malformed(item, 'VALUE_NOT_A_RESOURCE');
    default:
      return assertNever(value);
  }
}

/** `name` or `name(role)`. */
function parseHead(
  item: string,
  head: string,
): Result<{ readonly name: string; readonly role: string }, ResourceError> {
  const open = head.indexOf('(');
  const close = head.indexOf(')');
  if (open < 0 && close < 0) return ok({ name: head.trim(), role: DEFAULT_ROLE });
  if (open < 0 || close < open || head.slice(close + 1).trim() !== '') {
    return malformed(item, 'PARENTHESES_UNBALANCED');
  }
  return ok({ name: head.slice(0, open).trim(), role: head.slice(open + 1, close).trim() });
}

function malformed(item: string, reason: TextFault): Result<never, ResourceError> {
  return err({ code: 'TEXT_MALFORMED', item, reason });
}

function staticReservation(role: string): Reservation {
  return { type: 'STATIC', role, principal: null, labels: null };
}

function identityText(identity: ResourceIdentity): string {
  const stack = identity.reservations.map(reservationText).join(',');
  const flags = flagTexts(identity).join(',');
  return identity.name + (stack === '' ? '' : `(${stack})`) + (flags === '' ? '' : `{${flags}}`);
}

function reservationText({ type, role, principal, labels }: Reservation): string {
  const by = principal === null ? '' : `@${principal}`;
  const pairs = (labels ?? []).map(({ key, value }) => (value === null ? key : `${key}:${value}`));
  return (type === 'DYNAMIC' ? '+' : '') + role + by + (labels === null ? '' : `#${pairs.join('&')}`);
}

function flagTexts(identity: ResourceIdentity): string[] {
  const flags: string[] = [];
  const { disk } = identity;
  if (disk !== null && disk.persistence !== null) flags.push(`volume=${disk.persistence.id}`);
  if (disk !== null && disk.source !== null) {
    const { type, root, id } = disk.source;
    flags.push(type.toLowerCase() + (root === null ? '' : `=${root}`));
    if (id !== null) flags.push(`id=${id}`);
  }
  if (identity.providerId !== null) flags.push(`provider=${identity.providerId}`);
  if (identity.revocable) flags.push('revocable');
  if (identity.shared) flags.push('shared');
  if (identity.allocationRole !== null) flags.push(`allocated=${identity.allocationRole}`);
  return flags;
}
