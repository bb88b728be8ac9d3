import { assert, type Micros, micros } from '../../engine/core/index.ts';
import { fieldsLayout } from '../../engine/core/graph/index.ts';

/**
 * When the next event cycle is due, with timing `event`: one delay after the first thing that happened since the last cycle over all agents
 * and left something to do. What happens within the delay is dealt with in the same cycle.
 */
export class EventTiming {
  #delay: Micros;
  #due: Micros | null = null;

  constructor(delay: Micros) {
    assert(delay > 0, 'a cycle is due after what it answers');
    this.#delay = delay;
  }

  get due(): Micros | null {
    return this.#due;
  }

  /** Something happens at `now`. `isIdle`: nothing that happened before it waits for a cycle. */
  note(now: Micros, isIdle: boolean): void {
    if (this.#due === null || isIdle) this.#due = micros(now + this.#delay);
  }

  /** A cycle over all agents saw to what there was. */
  served(): void {
    this.#due = null;
  }

  static readonly layout = fieldsLayout({
    take: (it: EventTiming) => ({ delay: it.#delay, due: it.#due }),
    put: (it, fields) => {
      it.#delay = fields.delay;
      it.#due = fields.due;
    },
  });
}
