import { type Micros, MICROS_PER_SECOND, micros } from '../core/index.ts';
import type { Reservation, ResourceIdentity } from '../resources/index.ts';

/** Key of the reservation label that says whose it is: the name of a framework (`FrameworkInfo.name`). */
export const OWNER_LABEL = 'owner';
/** Key of the reservation label that says for how many seconds nobody may use what it reserves before it is released. */
export const LEASE_LABEL = 'lease';

const LEASE_SECONDS_MAX = 10 * 365 * 24 * 3_600;

/** The owner that the newest reservation of a stack which names one names, or null. */
export function ownerOf(reservations: readonly Reservation[]): string | null {
  for (let level = reservations.length - 1; level >= 0; level--) {
    const owner = labelOf(reservations[level]!, OWNER_LABEL);
    if (owner !== null) return owner;
  }
  return null;
}

/** Why the reservation's lease means nothing, or null. */
export function leaseFault(reservation: Reservation): string | null {
  const text = labelOf(reservation, LEASE_LABEL);
  return text === null || leaseIn(text) !== null
    ? null
    : `Label '${LEASE_LABEL}' is '${text}': expecting whole seconds from 1 to ${LEASE_SECONDS_MAX}`;
}

/** The newest reservation with a lease: its place on the stack, and how long it lasts unused. Null without one. */
export function leaseOf(
  identity: ResourceIdentity,
): { readonly level: number; readonly lasts: Micros } | null {
  const { reservations } = identity;
  for (let level = reservations.length - 1; level >= 0; level--) {
    // A static reservation is the agent's: nobody can release it.
    if (reservations[level]!.type === 'STATIC') return null;
    const text = labelOf(reservations[level]!, LEASE_LABEL);
    const lasts = text === null ? null : leaseIn(text);
    if (lasts !== null) return { level, lasts };
  }
  return null;
}

function leaseIn(text: string): Micros | null {
  if (!/^[1-9][0-9]{0,9}$/.test(text)) return null;
  const seconds = Number(text);
  return seconds > LEASE_SECONDS_MAX ? null : micros(seconds * MICROS_PER_SECOND);
}

function labelOf({ labels }: Reservation, key: string): string | null {
  if (labels === null) return null;
  for (const label of labels) if (label.key === key && label.value !== null) return label.value;
  return null;
}
