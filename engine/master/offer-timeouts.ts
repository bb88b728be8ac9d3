import type { Micros, OfferId } from '../core/index.ts';
import { fieldsLayout } from '../core/graph/index.ts';

/** Entries dropped from the front before the queue is cut. */
const SPENT_MAX = 4_096;

/**
 * When outstanding offers time out (`--offer_timeout`). All have the same time, so a queue in the order of their making is in the order of
 * their deadlines; an offer that was answered meanwhile is dropped when its turn comes.
 */
export class OfferTimeouts {
  #ids: OfferId[] = [];
  #deadlines: Micros[] = [];
  #head = 0;

  /** `deadline` is not before that of any offer added earlier. */
  add(id: OfferId, deadline: Micros): void {
    this.#ids.push(id);
    this.#deadlines.push(deadline);
  }

  /** Deadline of the earliest offer that is still out, or null. */
  earliest(isOutstanding: (id: OfferId) => boolean): Micros | null {
    while (this.#head < this.#ids.length) {
      if (isOutstanding(this.#ids[this.#head]!)) return this.#deadlines[this.#head]!;
      this.#drop();
    }
    return null;
  }

  /** Takes out the earliest offer if its deadline has come; null if none has. */
  pop(now: Micros, isOutstanding: (id: OfferId) => boolean): OfferId | null {
    const deadline = this.earliest(isOutstanding);
    if (deadline === null || deadline > now) return null;
    const id = this.#ids[this.#head]!;
    this.#drop();
    return id;
  }

  #drop(): void {
    this.#head++;
    if (this.#head < SPENT_MAX || this.#head * 2 < this.#ids.length) return;
    this.#ids.splice(0, this.#head);
    this.#deadlines.splice(0, this.#head);
    this.#head = 0;
  }

  static readonly layout = fieldsLayout({
    take: (it: OfferTimeouts) => ({ ids: it.#ids, deadlines: it.#deadlines, head: it.#head }),
    put: (it, fields) => {
      it.#ids = fields.ids;
      it.#deadlines = fields.deadlines;
      it.#head = fields.head;
    },
  });
}
