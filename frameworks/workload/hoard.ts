import { micros, type OfferId, type Micros, type Rng } from '../../engine/core/index.ts';
import { type LiveJob, pendingOf } from './live-job.ts';
import type { RoleState } from './role-state.ts';

const HOLD_DOUBLINGS_MAX = 5;

/**
 * Takes out of the pool, into `useless`, what could not host any waiting task of the head. Called for a gang that waits for more offers;
 * what is kept for it is nobody else's in the meantime, so no more than necessary is.
 */
export function releaseUseless(role: RoleState, head: LiveJob, useless: OfferId[]): void {
  const { pool } = role;
  if (role.sievedJob === head && role.sievedAt === pool.additions) return;
  role.sievedJob = head;
  role.sievedAt = pool.additions;
  for (let position = pool.size - 1; position >= 0; position--) {
    if (hostsSome(role, head, position)) continue;
    const holding = pool.at(position);
    for (const offer of holding.offers) useless.push(offer.id);
    pool.remove(holding);
  }
}

function hostsSome(role: RoleState, job: LiveJob, position: number): boolean {
  for (const group of job.groups) {
    if (pendingOf(group) > 0 && role.pool.fits(position, group.shape)) return true;
  }
  return false;
}

/**
 * Begins, continues or ends the hold of a role after placement; true when a hold begins. A hold belongs to a head with the tasks that it
 * waits for: another head, or a task of it that found its place, begins a new one.
 */
export function updateHold(
  now: Micros,
  role: RoleState,
  holds: boolean,
  gangHold: Micros,
  rng: Rng,
): boolean {
  const head = role.queue.at(0);
  if (!holds || head === undefined) {
    role.holdJob = null;
    return false;
  }
  if (role.holdJob === head && role.holdPending === head.pending) return false;
  const longest = gangHold * 2 ** Math.min(head.vainHolds, HOLD_DOUBLINGS_MAX);
  role.holdJob = head;
  role.holdPending = head.pending;
  role.holdMicros = longest + Math.floor((longest / 4) * rng.unit());
  role.holdUntil = micros(now + role.holdMicros);
  return true;
}

/**
 * How long a role leaves to others what it held in vain: between half and the whole of the hold. Frameworks that hold what the other one
 * needs end their holds at different instants, for the draws differ by seed and name; the first to give up leaves its offers to the other
 * for longer than one allocation cycle, and so one of them gets everything.
 */
export function backOff(role: RoleState, rng: Rng): Micros {
  return micros(Math.ceil(role.holdMicros * (0.5 + rng.unit() / 2)));
}
