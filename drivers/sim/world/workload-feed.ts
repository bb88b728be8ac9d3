import { assert, type Micros } from '../../../engine/core/index.ts';
import type { Job } from '../../../engine/workload/index.ts';

/** Jobs to come, in the order of arrival. The reader of a trace feeds it in pieces, so that a trace is never whole in memory. */
export class WorkloadFeed {
  #jobs: (Job | null)[] = [];
  #head = 0;
  #lastArrival = 0;

  get isEmpty(): boolean {
    return this.#head === this.#jobs.length;
  }

  /** Arrival of the next job; `Infinity` when there is none. */
  get nextArrival(): number {
    return this.#jobs[this.#head]?.arrival ?? Infinity;
  }

  add(now: Micros, job: Job): void {
    assert(job.arrival >= this.#lastArrival, `job ${job.id} arrives before one fed earlier`);
    assert(job.arrival >= now, `job ${job.id} arrives in the past`);
    this.#lastArrival = job.arrival;
    this.#jobs.push(job);
  }

  /** The next job if it has arrived by `now`, else null. */
  take(now: Micros): Job | null {
    const job = this.#jobs[this.#head] ?? null;
    if (job === null || job.arrival > now) return null;
    this.#jobs[this.#head++] = null;
    if (this.#head === this.#jobs.length || this.#head >= COMPACT_AT) {
      this.#jobs.splice(0, this.#head);
      this.#head = 0;
    }
    return job;
  }
}

/** Jobs taken before the room they stood in is given back. */
const COMPACT_AT = 16_384;
