import { type Micros, micros } from '../../engine/core/index.ts';

/** When reconciliation goes on, and how long its next wait is. */
export class ReconcileClock {
  readonly #first: Micros;
  readonly #longest: Micros;
  #wait: Micros;
  #deadline = Number.POSITIVE_INFINITY;

  constructor(first: Micros, longest: Micros) {
    this.#first = first;
    this.#longest = longest;
    this.#wait = first;
  }

  get deadline(): number {
    return this.#deadline;
  }

  start(now: Micros): void {
    this.#wait = this.#first;
    this.#deadline = now + this.#wait;
  }

  again(now: Micros): void {
    this.#wait = micros(Math.min(this.#wait * 2, this.#longest));
    this.#deadline = now + this.#wait;
  }

  stop(): void {
    this.#deadline = Number.POSITIVE_INFINITY;
  }
}
