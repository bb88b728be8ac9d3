import { BinaryHeap } from './binary-heap.ts';
import type { LiveJob } from './live-job.ts';

/** Whether `a` runs before `b`; a total order. */
export type JobOrder = (a: LiveJob, b: LiveJob) => boolean;

export function fifoOrder(a: LiveJob, b: LiveJob): boolean {
  if (a.job.arrival !== b.job.arrival) return a.job.arrival < b.job.arrival;
  return a.sequence < b.sequence;
}

export function priorityOrder(a: LiveJob, b: LiveJob): boolean {
  if (a.job.priority !== b.job.priority) return a.job.priority > b.job.priority;
  return fifoOrder(a, b);
}

/**
 * Jobs with tasks to launch, in order. The first few stand in a sorted array, so that a bounded look-ahead reads them in order; the rest
 * is a heap. Every job of the front runs before every job of the heap, and the heap is empty unless the front is full.
 * Insert and remove are O(front + log n); only jobs of the front are ever removed.
 */
export class JobQueue {
  readonly #before: JobOrder;
  readonly #frontMax: number;
  readonly #front: LiveJob[] = [];
  readonly #rest: BinaryHeap<LiveJob>;

  /** `frontMax` is 1 or more. */
  constructor(before: JobOrder, frontMax: number) {
    this.#before = before;
    this.#frontMax = frontMax;
    this.#rest = new BinaryHeap(before);
  }

  get size(): number {
    return this.#front.length + this.#rest.size;
  }

  get frontSize(): number {
    return this.#front.length;
  }

  /** The job at a position of the front, 0 for the head. */
  at(position: number): LiveJob | undefined {
    return this.#front[position];
  }

  /** Whether the job went into the front. */
  insert(job: LiveJob): boolean {
    const front = this.#front;
    if (front.length >= this.#frontMax && !this.#before(job, front[front.length - 1]!)) {
      this.#rest.push(job);
      return false;
    }
    let hole = front.length;
    front.push(job);
    while (hole > 0 && this.#before(job, front[hole - 1]!)) {
      front[hole] = front[hole - 1]!;
      hole--;
    }
    front[hole] = job;
    if (front.length > this.#frontMax) this.#rest.push(front.pop()!);
    return true;
  }

  removeAt(position: number): void {
    this.#front.splice(position, 1);
    const next = this.#rest.pop();
    if (next !== undefined) this.#front.push(next);
  }

  *values(): Iterable<LiveJob> {
    yield* this.#front;
    yield* this.#rest.values();
  }
}
