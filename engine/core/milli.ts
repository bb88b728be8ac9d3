import type { Branded } from './branded.ts';

/** Thousandths of a unit, an integer: Mesos keeps three decimals of every scalar (spec 02 §2). */
export type Milli = Branded<number, 'Milli'>;

export const MILLI_PER_UNIT = 1_000;
export const ZERO_MILLI = 0 as Milli;

/** Thousandths from a number that is already an integer of thousandths, such as a sum of two. */
export function milli(value: number): Milli {
  return value as Milli;
}

/**
 * Thousandths of a scalar as it stands on the wire, rounded half away from zero (spec 02 §2).
 * The caller refuses NaN, infinities, and a non-zero value that rounds to zero.
 */
export function toMilli(value: number): Milli {
  const scaled = Math.abs(value) * MILLI_PER_UNIT;
  const rounded = Math.round(scaled);
  return (value < 0 && rounded > 0 ? -rounded : rounded) as Milli;
}

/** The scalar as the wire and the reports show it. */
export function fromMilli(value: Milli): number {
  return value / MILLI_PER_UNIT;
}
