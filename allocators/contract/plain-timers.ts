import type { Micros } from '../../engine/core/index.ts';

/** Something to be done at an instant. */
interface Timer {
  readonly at: Micros;
  /** Breaks ties: timers of one instant fire in the order in which they were scheduled. */
  readonly sequence: number;
  readonly fire: (now: Micros) => void;
}

/** Timers of conformance README §4 in a plain list. */
export class PlainTimers {
  #timers: Timer[] = [];
  #scheduled = 0;

  schedule(at: Micros, fire: (now: Micros) => void): void {
    this.#timers.push({ at, sequence: this.#scheduled++, fire });
  }

  next(): Micros | null {
    return this.#first()?.at ?? null;
  }

  /** Fires all that is due up to `now`, each at its own instant, timers scheduled meanwhile included. */
  advance(now: Micros): void {
    for (let first = this.#first(); first !== null && first.at <= now; first = this.#first()) {
      const fired = first;
      this.#timers = this.#timers.filter((timer) => timer !== fired);
      fired.fire(fired.at);
    }
  }

  #first(): Timer | null {
    const [first] = [...this.#timers].sort((a, b) => a.at - b.at || a.sequence - b.sequence);
    return first ?? null;
  }
}
