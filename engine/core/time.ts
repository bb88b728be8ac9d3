import type { Branded } from './branded.ts';

/** An instant or a duration in whole microseconds; exact until 2^53 (year 2255). */
export type Micros = Branded<number, 'Micros'>;

export const MICROS_PER_MILLISECOND = 1_000;
export const MICROS_PER_SECOND = 1_000_000;

/** Whole microseconds from a number that is already an integer of microseconds. Arithmetic results come back through here. */
export function micros(value: number): Micros {
  return value as Micros;
}

/** Microseconds from seconds, rounded to the nearest. `Infinity` and NaN are the caller's to refuse. */
export function secondsToMicros(seconds: number): Micros {
  return Math.round(seconds * MICROS_PER_SECOND) as Micros;
}

/** Seconds, for display and for the wire's `double` fields. */
export function microsToSeconds(value: Micros): number {
  return value / MICROS_PER_SECOND;
}
