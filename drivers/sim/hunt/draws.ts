import { type Micros, MICROS_PER_SECOND, micros, type Rng } from '../../../engine/core/index.ts';

/** One of the list, each as likely as it stands there. */
export function oneOf<T>(rng: Rng, list: readonly T[]): T {
  return list[rng.below(list.length)]!;
}

/** True `percent` times in a hundred. */
export function chance(rng: Rng, percent: number): boolean {
  return rng.below(100) < percent;
}

/** Whole seconds between the two, both possible. */
export function secondsBetween(rng: Rng, min: number, max: number): Micros {
  return micros((min + rng.below(max - min + 1)) * MICROS_PER_SECOND);
}

/** An integer between the two, small ones likelier: sizes of clusters. */
export function mostlySmall(rng: Rng, min: number, max: number): number {
  const span = max - min + 1;
  const draw = rng.below(4);
  const bound = draw === 0 ? span : Math.max(1, Math.floor(span / (draw === 1 ? 4 : 8)));
  return min + rng.below(bound);
}

/** Each of the list by itself with `percent`. */
export function someOf<T>(rng: Rng, list: readonly T[], percent: number): T[] {
  return list.filter(() => chance(rng, percent));
}
