import { type Micros, micros } from '../../../engine/core/index.ts';

const MILLION = 1_000_000;

/**
 * The clock of a host: wrong by an offset and by a rate, and set now and then. What its readers are given never goes back: after a step
 * back it stands still until it has caught up.
 */
export class HostClock {
  /** At world instant `#since` the wall clock showed `#shown`; since then it runs `#ppm` millionths too fast. */
  #since = 0;
  #shown: number;
  #ppm = 0;
  /** Latest instant given out. */
  #last = 0;

  constructor(offset: Micros) {
    this.#shown = offset;
  }

  get ppm(): number {
    return this.#ppm;
  }

  /** What a process on the host takes for the present, when it is `now`. */
  read(now: Micros): Micros {
    const wall = this.#wall(now);
    if (wall > this.#last) this.#last = wall;
    return micros(this.#last);
  }

  /** Whether it does not stand still at `now`: from then on `read` goes by the wall clock alone, until it is set. */
  runs(now: Micros): boolean {
    return this.#wall(now) >= this.#last;
  }

  /** What a reading at `instant` gave, for a clock that has run and not been set since; readings of later instants may have come before. */
  shownAt(instant: Micros): Micros {
    const wall = this.#wall(instant);
    if (wall > this.#last) this.#last = wall;
    return micros(wall);
  }

  /** World instant at which the clock will show `instant`, the first such; `now` if it does already. */
  whenShown(now: Micros, instant: Micros): Micros {
    if (this.#wall(now) >= instant) return now;
    // Runs at 1 + ppm / 10^6; rounding is mended by steps of one.
    const left = instant - this.#shown;
    let elapsed = Math.floor(left / (1 + this.#ppm / MILLION));
    while (this.#shown + this.#run(elapsed) < instant) elapsed++;
    while (elapsed > 0 && this.#shown + this.#run(elapsed - 1) >= instant) elapsed--;
    return micros(Math.max(now, this.#since + elapsed));
  }

  /** Sets the wall clock forward, or back by a negative `step`, µs. */
  set(now: Micros, step: number): void {
    this.#rebase(now);
    this.#shown = Math.max(0, this.#shown + step);
  }

  /** Sets a wall clock that is behind what was given out already to that: it stands still no longer. */
  catchUp(now: Micros): void {
    this.#rebase(now);
    this.#shown = Math.max(this.#shown, this.#last);
  }

  /** Lets the clock run `ppm` millionths too fast from now on; more than -10^6. */
  setRate(now: Micros, ppm: number): void {
    this.#rebase(now);
    this.#ppm = ppm;
  }

  #rebase(now: Micros): void {
    this.#shown = this.#wall(now);
    this.#since = now;
  }

  #wall(now: Micros): number {
    return this.#shown + this.#run(now - this.#since);
  }

  /** What the clock runs in `elapsed` µs of the world, rounded down. In two parts, so that products stay exact. */
  #run(elapsed: number): number {
    const seconds = Math.floor(elapsed / MILLION);
    const rest = elapsed - seconds * MILLION;
    return elapsed + seconds * this.#ppm + Math.floor((rest * this.#ppm) / MILLION);
  }
}
