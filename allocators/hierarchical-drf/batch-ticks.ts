import { type Micros, micros } from '../../engine/core/index.ts';
import { fieldsLayout } from '../../engine/core/graph/index.ts';

/** The grid of batch ticks: one each interval, the first an interval after the allocator was made (spec 16 §2). */
export class BatchTicks {
  #interval: Micros;
  #next: Micros;

  constructor(now: Micros, interval: Micros) {
    this.#interval = interval;
    this.#next = micros(now + interval);
  }

  /** The first tick that has not come. */
  get next(): Micros {
    return this.#next;
  }

  /** The next tick has come. */
  pass(): void {
    this.#next = micros(this.#next + this.#interval);
  }

  /** Ticks up to `now` that come before `bound`. */
  countUntil(now: Micros, bound: number): number {
    const due = Math.floor((now - this.#next) / this.#interval) + 1;
    const before = Math.ceil((bound - this.#next) / this.#interval);
    return Math.max(0, Math.min(due, before));
  }

  /** Passes the ticks up to `now` that come before `bound`, and answers how many there are. */
  passUntil(now: Micros, bound: number): number {
    const count = this.countUntil(now, bound);
    this.#next = micros(this.#next + count * this.#interval);
    return count;
  }

  /** The first tick to come that is not before `instant`; null if `instant` never comes. */
  atOrAfter(instant: number): Micros | null {
    if (instant === Infinity) return null;
    const ahead = Math.max(0, Math.ceil((instant - this.#next) / this.#interval));
    return micros(this.#next + ahead * this.#interval);
  }

  static readonly layout = fieldsLayout({
    take: (it: BatchTicks) => ({ interval: it.#interval, next: it.#next }),
    put: (it, fields) => {
      it.#interval = fields.interval;
      it.#next = fields.next;
    },
  });
}
