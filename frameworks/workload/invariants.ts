import { assert, type OfferId } from '../../engine/core/index.ts';
import { Amounts } from './amounts.ts';
import { type LiveJob, pendingOf } from './live-job.ts';
import type { Holding } from './offer-pool.ts';
import type { RoleState } from './role-state.ts';
import type { TaskTable } from './task-table.ts';

/** Compares every running count with one made anew from jobs, tasks and offers, between steps. */
export function verifyBooks(
  roles: Iterable<RoleState>,
  jobs: Iterable<LiveJob>,
  table: TaskTable,
  held: ReadonlyMap<OfferId, Holding>,
): void {
  const books = new Map<RoleState, Book>();
  for (const role of roles) books.set(role, new Book());
  const runsOf = new Map<LiveJob, number>();
  let live = 0;
  for (const run of table.values()) {
    live++;
    const job = run.job!;
    const book = books.get(job.role)!;
    book.tasksLive++;
    if (run.running >= 0) book.tasksRunning++;
    runsOf.set(job, (runsOf.get(job) ?? 0) + 1);
    if (job.job.gang) assert(job.runs[run.index] === run, 'a gang knows the run of each of its live tasks');
  }
  assert(live === table.live, 'the table counts its live runs');
  for (const job of jobs) {
    verifyJob(job, runsOf.get(job) ?? 0);
    books.get(job.role)!.addJob(job);
    runsOf.delete(job);
  }
  assert(runsOf.size === 0, 'every live run belongs to a live job');
  let offers = 0;
  for (const [role, book] of books) {
    book.verify(role);
    offers += verifyPool(role, held);
  }
  assert(offers === held.size, 'every held offer is in one pool');
}

class Book {
  tasksQueued = 0;
  tasksLive = 0;
  tasksRunning = 0;
  jobsQueued = 0;
  jobsInQueue = 0;
  readonly queued = new Amounts();
  readonly wanted = new Amounts();

  addJob(job: LiveJob): void {
    this.tasksQueued += job.pending;
    if (job.pending > 0) this.jobsQueued++;
    if (job.place === 'queue') this.jobsInQueue++;
    for (const group of job.groups) {
      const pending = pendingOf(group);
      this.queued.add(group.shape, pending);
      if (job.place === 'queue') this.wanted.add(group.shape, pending);
    }
  }

  verify(role: RoleState): void {
    assert(role.tasksQueued === this.tasksQueued, 'tasksQueued counts the waiting tasks');
    assert(role.tasksLive === this.tasksLive, 'tasksLive counts the live runs');
    assert(role.tasksRunning === this.tasksRunning, 'tasksRunning counts the runs seen running');
    assert(role.jobsQueued === this.jobsQueued, 'jobsQueued counts the jobs with waiting tasks');
    assert(role.queue.size === this.jobsInQueue, 'the queue holds the jobs that say so');
    assert(role.queued.equals(this.queued), 'queued sums up the waiting tasks');
    assert(role.wanted.equals(this.wanted), 'wanted sums up the waiting tasks of jobs in the queue');
    assert(role.touched.length === 0 && !role.isDirty, 'nothing is left to be settled between steps');
  }
}

function verifyJob(job: LiveJob, runs: number): void {
  let pending = 0;
  for (const group of job.groups) pending += pendingOf(group);
  assert(job.pending === pending, 'a job counts its waiting tasks');
  assert(job.live === runs, 'a job counts its live runs');
  assert(job.pending + job.live > 0, 'a live job has something to wait for');
  assert(
    (job.place !== 'none') === job.pending > 0,
    'a job stands in the queue or aside iff tasks of it wait',
  );
  if (job.job.gang) assert(pending === 0 || pending === job.tasks, 'a gang waits whole or not at all');
  if (job.job.gang) assert(pending === 0 || runs === 0, 'a gang does not wait while tasks of it run');
}

/** Number of offers in the pool. */
function verifyPool(role: RoleState, held: ReadonlyMap<OfferId, Holding>): number {
  const { pool } = role;
  const total = new Amounts();
  let offers = 0;
  for (let position = 0; position < pool.size; position++) {
    const holding = pool.at(position);
    assert(holding.position === position, 'a holding knows its row');
    assert(
      holding.taken.length === 0 && holding.taskInfos.length === 0,
      'nothing is half launched between steps',
    );
    for (const offer of holding.offers) {
      assert(held.get(offer.id) === holding, 'the index finds each held offer');
      total.add(offer.resources, 1);
      offers++;
    }
  }
  assert(total.equals(pool.total), 'the pool sums up what it holds');
  return offers;
}
