import { assertNever, err, ok, type Result, ZERO_MILLI } from '../../engine/core/index.ts';
import {
  resourceErrorText,
  isStrictSubrole,
  type Reservation,
  type Resource,
  type ResourceIdentity,
  Resources,
  rangesResource,
  resourceIdentity,
  scalarResource,
  setResource,
  validateRole,
} from '../../engine/resources/index.ts';
import { type ItemText, parseItems, type StackEntryText } from './item-text.ts';

/**
 * The value of a resources text in the notation of the scenarios (conformance README §2), which says more than Mesos's own text form:
 * reservation stacks, volumes, disk sources, providers, revocable and shared ones.
 */
export function parseResources(text: string): Result<Resources, string> {
  const items = parseItems(text);
  if (!items.ok) return items;
  const entries: Resource[] = [];
  for (const item of items.value) {
    const entry = resourceOf(item);
    if (!entry.ok) return err(`"${item.name}": ${entry.error}`);
    if (entry.value !== null) entries.push(entry.value);
  }
  return ok(Resources.of(entries));
}

/** Null for an amount that stands for nothing. */
function resourceOf(item: ItemText): Result<Resource | null, string> {
  const stack = reservationsOf(item.stack);
  if (!stack.ok) return stack;
  const hasDisk = item.volume !== null || item.source !== null;
  if (hasDisk && item.name !== 'disk') return err('only disk may be a volume or have a source');
  if (item.shared && item.volume === null) return err('only a volume may be shared');
  const identity = resourceIdentity({
    name: item.name,
    type: item.value.type,
    reservations: stack.value,
    disk: hasDisk ? diskOf(item) : null,
    revocable: item.revocable,
    shared: item.shared,
    providerId: item.provider,
  });
  switch (item.value.type) {
    case 'SCALAR':
      return ok(item.value.scalar === ZERO_MILLI ? null : scalarResource(identity, item.value.scalar));
    case 'RANGES':
      return ok(item.value.ranges.length === 0 ? null : rangesResource(identity, item.value.ranges));
    case 'SET':
      return ok(item.value.items.length === 0 ? null : setResource(identity, item.value.items));
    default:
      return assertNever(item.value);
  }
}

function diskOf(item: ItemText): ResourceIdentity['disk'] {
  return {
    source:
      item.source === null ? null : { ...item.source, vendor: null, id: null, metadata: null, profile: null },
    persistence: item.volume === null ? null : { id: item.volume, principal: null },
    volume: null,
  };
}

function reservationsOf(stack: readonly StackEntryText[]): Result<readonly Reservation[], string> {
  const reservations: Reservation[] = [];
  for (const [index, entry] of stack.entries()) {
    const role = validateRole(entry.role);
    if (!role.ok) return err(resourceErrorText(role.error));
    if (entry.role === '*') return err('nothing can be reserved for the role *');
    const below = stack[index - 1];
    if (below !== undefined) {
      if (!entry.dynamic)
        return err(`the reservation for "${entry.role}" is static but not the first of its stack`);
      if (!isStrictSubrole(entry.role, below.role)) {
        return err(`"${entry.role}" is no strict subrole of "${below.role}" below it`);
      }
    }
    reservations.push({
      type: entry.dynamic ? 'DYNAMIC' : 'STATIC',
      role: entry.role,
      principal: entry.principal,
      labels: entry.labels === null ? null : [{ key: entry.labels, value: null }],
    });
  }
  return ok(reservations);
}
