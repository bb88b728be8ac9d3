import type { Reservation } from './identity.ts';
import { resourceIdentity } from './identity.ts';
import type { JsonFaults, JsonObject } from './json-object.ts';
import { labelsFromJson } from './labels-json.ts';
import type { ReservationFault } from './resource-error.ts';
import { DEFAULT_ROLE, isStrictSubrole, validateRole } from './role-name.ts';

/** How a message states its reservation (spec 02 §6); an unreserved one is in both formats. */
export type ReservationFormat = 'pre' | 'post' | 'either';

/** The reservation stack that a `Resource` message states in either format, or both where they agree. */
export function reservationsFromJson(
  name: string,
  object: JsonObject,
  faults: JsonFaults,
): { readonly reservations: readonly Reservation[]; readonly format: ReservationFormat } {
  const stack = stackFromJson(name, object, faults);
  const legacy = legacyFromJson(name, object, faults);
  if (stack.length === 0) return { reservations: legacy, format: legacy.length === 0 ? 'either' : 'pre' };
  if (object.has('role') && !isSameStack(stack, legacy)) {
    faults.report({ code: 'RESERVATION_INVALID', name, reason: 'LEGACY_FIELDS_CONFLICT' });
  }
  return { reservations: stack, format: 'post' };
}

/** `reservations`: the post-refinement format. */
function stackFromJson(name: string, object: JsonObject, faults: JsonFaults): readonly Reservation[] {
  const refuse = (reason: ReservationFault) => faults.report({ code: 'RESERVATION_INVALID', name, reason });
  const stack: Reservation[] = [];
  for (const entry of object.objects('reservations')) {
    const type = entry.text('type');
    const role = entry.text('role');
    const below = stack.length === 0 ? null : stack[stack.length - 1]!;
    if (type !== 'STATIC' && type !== 'DYNAMIC') refuse('TYPE_MISSING');
    if (role === null) refuse('ROLE_MISSING');
    else checkRole(role, faults);
    if (role === DEFAULT_ROLE) refuse('ROLE_DEFAULT');
    if (below !== null && type === 'STATIC') refuse('STATIC_NOT_FIRST');
    if (below !== null && role !== null && !isStrictSubrole(role, below.role)) refuse('NOT_A_SUBROLE');
    stack.push({
      type: type === 'STATIC' ? 'STATIC' : 'DYNAMIC',
      role: role ?? '',
      principal: entry.text('principal'),
      labels: labelsFromJson(entry, 'labels'),
    });
  }
  return stack;
}

/** `role` and `reservation`: the pre-refinement format. */
function legacyFromJson(name: string, object: JsonObject, faults: JsonFaults): readonly Reservation[] {
  const role = object.text('role') ?? DEFAULT_ROLE;
  checkRole(role, faults);
  const reservation = object.object('reservation');
  if (reservation === null) {
    return role === DEFAULT_ROLE ? [] : [{ type: 'STATIC', role, principal: null, labels: null }];
  }
  if (reservation.has('type') || reservation.has('role')) {
    faults.report({ code: 'RESERVATION_INVALID', name, reason: 'LEGACY_TYPE_OR_ROLE' });
  }
  if (role === DEFAULT_ROLE) {
    faults.report({ code: 'RESERVATION_INVALID', name, reason: 'LEGACY_UNRESERVED' });
  }
  const principal = reservation.text('principal');
  return [{ type: 'DYNAMIC', role, principal, labels: labelsFromJson(reservation, 'labels') }];
}

function checkRole(role: string, faults: JsonFaults): void {
  const valid = validateRole(role);
  if (!valid.ok) faults.report(valid.error);
}

function isSameStack(a: readonly Reservation[], b: readonly Reservation[]): boolean {
  const name = 'reservation';
  return resourceIdentity({ name, reservations: a }).key === resourceIdentity({ name, reservations: b }).key;
}
