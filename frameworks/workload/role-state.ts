import type { Micros } from '../../engine/core/index.ts';
import { Amounts } from './amounts.ts';
import { type JobOrder, JobQueue } from './job-queue.ts';
import { type LiveJob, pendingOf } from './live-job.ts';
import { type Holding, OfferPool } from './offer-pool.ts';

/** One role of the framework: its queue, its offers, and what the master was last told about it. */
export class RoleState {
  readonly name: string;
  readonly queue: JobQueue;
  readonly pool: OfferPool;
  /** Holdings with tasks to launch at the end of this step, in the order in which they got their first. */
  readonly touched: Holding[] = [];
  /** In the list of roles to settle at the end of this step. */
  isDirty = false;

  /** Its queue was not empty when it was last settled. */
  isWaiting = false;

  // For reports.
  tasksQueued = 0;
  tasksLive = 0;
  tasksRunning = 0;
  jobsQueued = 0;
  /** Of all tasks waiting to be launched. */
  readonly queued = new Amounts();
  /** Of those among them whose jobs do not stand aside. */
  readonly wanted = new Amounts();

  // Hoarding for a blocked head.
  /** The head that offers are held for, with the tasks it had pending when the hold began. */
  holdJob: LiveJob | null = null;
  holdPending = 0;
  /** When the hold ends; it was to last `holdMicros`. */
  holdUntil = 0 as Micros;
  holdMicros = 0;
  /** When the timer for holds fires; infinite while there is none. */
  holdTimerAt = Number.POSITIVE_INFINITY;

  /** The gang that the pool was last sieved for, and the pool's `additions` then. */
  sievedJob: LiveJob | null = null;
  sievedAt = -1;

  // Policies `suppress` and `demand`: what the master was told in this subscription; null when that is not certain.
  isSuppressed: boolean | null = false;
  /** No filter of a decline lives after this. */
  filteredUntil = 0 as Micros;
  /** A job came to the front of the queue since the role was last settled. */
  hasNewFront = false;

  // Policy `demand`.
  /** A REQUEST of this subscription stands. */
  hasStated = false;
  readonly stated = new Amounts();
  /** What was offered since it was sent. */
  readonly offeredSince = new Amounts();
  /** Tasks were queued since then. */
  hasGrown = false;
  /** Tasks were launched since then. */
  hasProgressed = false;
  /** Demands in a row that were covered by offers of which none was of use. */
  vainRequests = 0;
  /** Statements in a row that only the timer caused. */
  repeatedRequests = 0;
  /** When an unfilled demand is stated again. */
  requestAt = 0 as Micros;
  /** When the timer for requests fires; infinite while there is none. */
  requestTimerAt = Number.POSITIVE_INFINITY;

  constructor(name: string, before: JobOrder, frontMax: number) {
    this.name = name;
    this.queue = new JobQueue(before, frontMax);
    this.pool = new OfferPool(this);
  }

  /** Puts a job with waiting tasks into the queue. The tasks are counted already. */
  enqueue(job: LiveJob): void {
    job.place = 'queue';
    if (this.queue.insert(job)) this.hasNewFront = true;
    this.hasGrown = true;
  }

  /** Takes the job at a position of the front out: all its tasks are launched. */
  dequeue(position: number): void {
    this.queue.at(position)!.place = 'none';
    this.queue.removeAt(position);
  }

  /** Takes the job at a position of the front out for a while; its tasks still count as queued. */
  setAside(position: number, until: Micros): LiveJob {
    const job = this.queue.at(position)!;
    this.queue.removeAt(position);
    job.place = 'aside';
    job.asideUntil = until;
    for (const group of job.groups) this.wanted.add(group.shape, -pendingOf(group));
    return job;
  }

  bringBack(job: LiveJob): void {
    for (const group of job.groups) this.wanted.add(group.shape, pendingOf(group));
    this.enqueue(job);
  }
}
