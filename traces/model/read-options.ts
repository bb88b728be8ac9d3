import type { Micros } from '../../engine/core/index.ts';

/** How a trace is to be read. */
export interface ReadOptions {
  /** What a bad row does: end the reading with its message, or be counted and left out. */
  readonly strictness: 'strict' | 'skip-bad-rows';
  /** What the user assumes, by name; a format lists the names it knows. Parameters of a generator come this way too. */
  readonly assumptions: ReadonlyMap<string, string>;
  /** Of everything drawn: sampled sizes, repair times, generators. A 32-bit integer. */
  readonly seed: number;
  /** Factor on arrivals and on machine events, above 0: 0.5 doubles the load. Run times keep their length. */
  readonly timeScale: number;
  /** Only jobs that arrive in [from, until) of the trace's own time, which becomes 0 at `from`. Null: no bound. */
  readonly from: Micros | null;
  readonly until: Micros | null;
  /** The first so many jobs of the window. */
  readonly maxJobs: number | null;
  /** Name of the format; null: found out from the data. */
  readonly format: string | null;
}

/** Strict, everything, nothing assumed beyond defaults, seed 1. */
export const DEFAULT_READ_OPTIONS: ReadOptions = {
  strictness: 'strict',
  assumptions: new Map(),
  seed: 1,
  timeScale: 1,
  from: null,
  until: null,
  maxJobs: null,
  format: null,
};
