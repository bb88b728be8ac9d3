import type { Rng } from '../../engine/core/index.ts';
import { naturalLog } from './natural-log.ts';

/** Exponential with the given mean, rounded to a whole number, 1 at least. `1 - unit` is above 0, so the logarithm is finite. */
export function exponential(rng: Rng, mean: number): number {
  return Math.max(1, Math.round(-naturalLog(1 - rng.unit()) * mean));
}

/** Geometric on 1, 2, … with the given mean, 1 or more: the number of trials up to the first success of probability 1 / mean. */
export function geometric(rng: Rng, mean: number): number {
  if (mean <= 1) return 1;
  return 1 + Math.floor(naturalLog(1 - rng.unit()) / naturalLog(1 - 1 / mean));
}
