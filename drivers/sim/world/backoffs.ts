import type { Rng } from '../../../engine/core/index.ts';
import { grownFloats, grownInts } from '../agenda/index.ts';
import type { NetworkOptions } from '../network/index.ts';

/** Waits between attempts to connect, per party of one kind: random below a bound that doubles with each failure. */
export class Backoffs {
  readonly #options: NetworkOptions;
  readonly #rng: Rng;
  #bounds = new Float64Array(16);
  /** Number of the wish to connect; a newer wish voids the attempts of older ones. */
  #attempts = new Int32Array(16);

  constructor(options: NetworkOptions, rng: Rng) {
    this.#options = options;
    this.#rng = rng;
  }

  /** A new wish to connect: the wait before its first attempt, µs. */
  first(party: number): number {
    if (party >= this.#bounds.length) this.#grow(party);
    this.#attempts[party]!++;
    this.#bounds[party] = this.#options.backoffMin;
    return this.#draw(party);
  }

  /** A new wish after a connection that led nowhere: as `first`, but the bound goes on growing. */
  again(party: number): number {
    if (party >= this.#bounds.length) this.#grow(party);
    this.#attempts[party]!++;
    const bound = Math.max(this.#options.backoffMin, this.#bounds[party]! * 2);
    this.#bounds[party] = Math.min(bound, this.#options.backoffMax);
    return this.#draw(party);
  }

  /** An attempt failed: the wait before the next, µs. */
  failed(party: number): number {
    this.#bounds[party] = Math.min(this.#bounds[party]! * 2, this.#options.backoffMax);
    return this.#draw(party);
  }

  /** Number of the wish that `first` made last. */
  attempt(party: number): number {
    return this.#attempts[party] ?? 0;
  }

  isCurrent(party: number, attempt: number): boolean {
    return this.#attempts[party] === attempt;
  }

  /** Voids the attempts under way. */
  cancel(party: number): void {
    if (party < this.#attempts.length) this.#attempts[party]!++;
  }

  /** A way takes a latency there and one back, at least. */
  #draw(party: number): number {
    return 2 * this.#options.latency + this.#rng.below(this.#bounds[party]! + 1);
  }

  #grow(party: number): void {
    const capacity = Math.max(this.#bounds.length * 2, party + 1);
    this.#bounds = grownFloats(this.#bounds, capacity);
    this.#attempts = grownInts(this.#attempts, capacity);
  }
}
