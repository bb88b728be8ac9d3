import { type Micros, micros } from '../../engine/core/index.ts';

/** Run time of a task for one that a trace gives: the model's tasks run 1 µs at least, and a trace's 0 means "less than its clock shows". */
export function runTime(recorded: number): Micros {
  return micros(Math.max(1, recorded));
}
