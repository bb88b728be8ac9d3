import { type Milli, micros } from '../../engine/core/index.ts';
import { Quantities } from '../../engine/resources/index.ts';
import type { Amount } from './amounts.ts';
import { pendingOf } from './live-job.ts';
import type { RoleState } from './role-state.ts';

const GROWTH = 4;
const VAIN_MAX = 10;
/** Doublings of the wait while offers come that are of no use, and while none come because the cluster is full. */
const VAIN_DOUBLINGS_MAX = 3;
const FULL_DOUBLINGS_MAX = 6;
/** Beyond any cluster (10^12 cpus), and safe to add up. */
const STATED_MAX = 1e15;

/** One entry of a REQUEST. */
export interface StatedDemand {
  readonly role: string;
  readonly quantities: Quantities;
}

/**
 * What to tell the master about a role's demand now, or null for nothing. Called after offers have been placed.
 *
 * A statement stands until offers for all of it were made; then the role rests (`RequestCall`). So it is stated anew when tasks were queued
 * (the new statement replaces the old one), and when it was covered, something of it could be used and tasks still wait. When it was covered
 * by offers of no use at all, such as the last free cpu of many agents for a task that needs four, the timer states it again, four times
 * larger each time, until the offers reach the agents that help: a cluster of n agents is offered whole after log4(n) statements.
 *
 * Nobody starves through a lost message: a REQUEST is lost only with its connection, and every subscription begins with nothing stated.
 * Should both sides count offers differently, or the allocator forget, the timer states the demand again all the same.
 */
export function demandToState(now: number, role: RoleState, requestWait: number): StatedDemand | null {
  if (role.queue.size === 0) {
    const owed = role.hasStated && !role.offeredSince.covers(role.stated);
    role.hasStated = false;
    role.vainRequests = 0;
    role.repeatedRequests = 0;
    role.hasGrown = false;
    role.hasProgressed = false;
    return owed ? { role: role.name, quantities: Quantities.EMPTY } : null;
  }
  const rests = !role.hasStated || role.offeredSince.covers(role.stated);
  if (!role.hasStated || role.hasGrown || (rests && role.hasProgressed)) {
    if (role.hasProgressed && role.vainRequests > 0) role.vainRequests--;
    role.repeatedRequests = 0;
  } else if (now >= role.requestAt) {
    if (rests && role.vainRequests < VAIN_MAX) role.vainRequests++;
    role.repeatedRequests++;
  } else {
    return null;
  }
  const doublingsMax = rests ? VAIN_DOUBLINGS_MAX : FULL_DOUBLINGS_MAX;
  role.requestAt = micros(now + requestWait * 2 ** Math.min(role.repeatedRequests, doublingsMax));
  return state(role);
}

function state(role: RoleState): StatedDemand {
  const scale = GROWTH ** role.vainRequests;
  const { wanted, stated, pool } = role;
  const least = leastDemand(role);
  // What is held for a gang need not be offered again. It may not suffice for reasons of shape, so one more task's worth is always asked for.
  stated.cpus = Math.min(Math.max(wanted.cpus - pool.total.cpus, least.cpus) * scale, STATED_MAX);
  stated.mem = Math.min(Math.max(wanted.mem - pool.total.mem, least.mem) * scale, STATED_MAX);
  stated.gpus = Math.min(Math.max(wanted.gpus - pool.total.gpus, least.gpus) * scale, STATED_MAX);
  stated.disk = Math.min(Math.max(wanted.disk - pool.total.disk, least.disk) * scale, STATED_MAX);
  role.offeredSince.clear();
  role.hasStated = true;
  role.hasGrown = false;
  role.hasProgressed = false;
  return { role: role.name, quantities: quantitiesOf(stated) };
}

/** The shape of the first waiting task of the head. */
function leastDemand(role: RoleState): Amount {
  const head = role.queue.at(0)!;
  for (const group of head.groups) if (pendingOf(group) > 0) return group.shape;
  return head.groups[0]!.shape;
}

function quantitiesOf(amounts: Amount): Quantities {
  return Quantities.of([
    ['cpus', amounts.cpus as Milli],
    ['mem', amounts.mem as Milli],
    ['gpus', amounts.gpus as Milli],
    ['disk', amounts.disk as Milli],
  ]);
}
