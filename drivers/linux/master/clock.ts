import { type Micros, micros } from '../../../engine/core/index.ts';

/** Instants in µs that never go back. */
export interface Clock {
  now(): Micros;
}

/** How fast an advance over the wall clock is given up: this share of the time that passes. */
const SLEW = 0.1;
/** Between two looks at the wall clock. */
const LOOK_MS = 1_000;

/**
 * The wall clock without its jumps back: time passes as the monotonic clock says; once a second the wall clock is looked at. If it is ahead, time
 * jumps to it; if it is behind, time goes slower until they meet.
 */
export class WallClock implements Clock {
  readonly #wallMs: () => number;
  readonly #monotonicMs: () => number;
  #lastMonotonic: number;
  #nextLook: number;
  /** Milliseconds since 1970. */
  #time: number;
  /** Milliseconds that it is ahead of the wall clock. */
  #ahead = 0;

  constructor(wallMs: () => number = Date.now, monotonicMs: () => number = () => performance.now()) {
    this.#wallMs = wallMs;
    this.#monotonicMs = monotonicMs;
    this.#lastMonotonic = monotonicMs();
    this.#nextLook = this.#lastMonotonic + LOOK_MS;
    this.#time = wallMs();
  }

  now(): Micros {
    const monotonic = this.#monotonicMs();
    let passed = Math.max(0, monotonic - this.#lastMonotonic);
    this.#lastMonotonic = monotonic;
    if (this.#ahead > 0) {
      const given = Math.min(this.#ahead, passed * SLEW);
      this.#ahead -= given;
      passed -= given;
    }
    this.#time += passed;
    if (monotonic >= this.#nextLook) {
      this.#nextLook = monotonic + LOOK_MS;
      const wall = this.#wallMs();
      if (wall > this.#time) this.#time = wall;
      this.#ahead = this.#time - wall;
    }
    return micros(Math.floor(this.#time * 1_000));
  }
}
