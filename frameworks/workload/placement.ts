import { Amounts } from './amounts.ts';
import { type LiveGroup, type LiveJob, pendingOf } from './live-job.ts';
import type { Holding } from './offer-pool.ts';
import type { RoleState } from './role-state.ts';

/** Makes the next waiting task of a group one to launch on a holding, from which its resources were taken. */
export type LaunchNext = (job: LiveJob, group: LiveGroup, holding: Holding) => void;

export interface PlacementRules {
  /** How many jobs behind a blocked head are tried. */
  readonly lookAhead: number;
  /** How often a blocked head may be overtaken. */
  readonly overtakesMax: number;
}

/**
 * Gives held offers to queued tasks, in the queue's order, until the head is blocked; then, as far as the rules let them, to jobs close
 * behind it. Tasks of a job that is no gang start one by one as they fit; a gang starts whole or not at all.
 *
 * A head that was overtaken `overtakesMax` times with no task of it started is not overtaken again: what is freed from then on comes to it.
 */
export function place(role: RoleState, rules: PlacementRules, launchNext: LaunchNext): void {
  const { queue, pool } = role;
  for (let position = 0; pool.size > 0 && position <= rules.lookAhead; ) {
    const job = queue.at(position);
    if (job === undefined) return;
    if (position > 0 && queue.at(0)!.overtaken >= rules.overtakesMax) return;
    const pendingBefore = job.pending;
    if (job.job.gang) placeGang(role, job, launchNext);
    else placeTasks(role, job, launchNext);
    if (job.pending < pendingBefore) {
      if (position > 0) queue.at(0)!.overtaken++;
      else job.overtaken = 0;
    }
    if (job.pending === 0) role.dequeue(position);
    else position++;
  }
}

/**
 * Gives one holding to the head of the queue, and to the next when that one is served, as long as heads are no gangs: most offers are
 * spent or found useless here, in the order of their coming, and the search over all of them in `place` finds little left to do.
 */
export function placeOn(role: RoleState, holding: Holding, launchNext: LaunchNext): void {
  const { queue, pool } = role;
  for (;;) {
    const job = queue.at(0);
    if (job === undefined || job.job.gang) return;
    for (let index = 0; index < job.groups.length; index++) {
      const group = job.groups[index]!;
      while (pendingOf(group) > 0 && pool.fits(holding.position, group.shape)) {
        pool.take(holding, group.shape);
        launchNext(job, group, holding);
      }
    }
    if (job.pending > 0) return;
    role.dequeue(0);
  }
}

function placeTasks(role: RoleState, job: LiveJob, launchNext: LaunchNext): void {
  const { pool } = role;
  for (let index = 0; index < job.groups.length; index++) {
    const group = job.groups[index]!;
    while (pendingOf(group) > 0) {
      const position = pool.find(group.shape);
      if (position < 0) {
        pool.noteFailure(group.shape);
        break;
      }
      const holding = pool.at(position);
      pool.take(holding, group.shape);
      launchNext(job, group, holding);
    }
  }
}

/**
 * Takes room for every task of the gang, and gives all of it back when one finds none. A gang that failed is not tried again until an
 * offer is added: everything else that happens to a pool only makes it smaller.
 */
function placeGang(role: RoleState, job: LiveJob, launchNext: LaunchNext): void {
  const { pool } = role;
  if (job.blockedAt === pool.additions) return;
  const holdings = roomForAll(role, job);
  if (holdings === null) {
    job.blockedAt = pool.additions;
    return;
  }
  let next = 0;
  for (const group of job.packing) {
    for (let count = group.tasks.count; count > 0; count--) launchNext(job, group, holdings[next++]!);
  }
}

/** One holding per task in the order of packing, with the room already taken; or null, with nothing taken. */
function roomForAll(role: RoleState, job: LiveJob): Holding[] | null {
  const { pool } = role;
  const demand = new Amounts();
  for (const group of job.groups) demand.add(group.shape, group.tasks.count);
  if (!pool.total.covers(demand)) return null;
  const holdings: Holding[] = [];
  for (const group of job.packing) {
    for (let count = group.tasks.count; count > 0; count--) {
      const position = pool.find(group.shape);
      if (position < 0) {
        for (let undone = holdings.length - 1; undone >= 0; undone--) pool.giveBack(holdings[undone]!);
        return null;
      }
      const holding = pool.at(position);
      pool.take(holding, group.shape);
      holdings.push(holding);
    }
  }
  return holdings;
}
