import { type Micros, micros, MICROS_PER_SECOND } from '../../../engine/core/index.ts';

/** Microseconds of each unit of a duration (spec 01 §7). */
const DURATION_UNITS: { readonly [unit: string]: number } = {
  ns: 0.001,
  us: 1,
  ms: 1_000,
  secs: MICROS_PER_SECOND,
  mins: 60 * MICROS_PER_SECOND,
  hrs: 3_600 * MICROS_PER_SECOND,
  days: 86_400 * MICROS_PER_SECOND,
  weeks: 604_800 * MICROS_PER_SECOND,
};

const BYTE_UNITS: { readonly [unit: string]: number } = {
  B: 1,
  KB: 1_024,
  MB: 1_024 ** 2,
  GB: 1_024 ** 3,
  TB: 1_024 ** 4,
};

export const DURATION_EXAMPLE =
  'a number with a unit of ns, us, ms, secs, mins, hrs, days or weeks, such as 500ms';
export const BYTES_EXAMPLE = 'a number with a unit of B, KB, MB, GB or TB, such as 4KB';

/** `500ms`, `1.5mins`; null for what is none. */
export function parseDuration(text: string): Micros | null {
  const value = withUnit(text, DURATION_UNITS);
  return value === null ? null : micros(Math.round(value));
}

/** `4KB`, `2GB` as bytes; null for what is none. */
export function parseBytes(text: string): number | null {
  const value = withUnit(text, BYTE_UNITS);
  return value === null ? null : Math.round(value);
}

function withUnit(text: string, units: { readonly [unit: string]: number }): number | null {
  const parts = /^(\d+(?:\.\d+)?)([A-Za-z]+)$/.exec(text.trim());
  if (parts === null) return null;
  const unit = Object.hasOwn(units, parts[2]!) ? units[parts[2]!]! : null;
  if (unit === null) return null;
  const value = Number(parts[1]) * unit;
  return value <= Number.MAX_SAFE_INTEGER ? value : null;
}

/** In the largest unit that leaves a whole number. */
export function durationText(duration: Micros): string {
  for (const unit of ['weeks', 'days', 'hrs', 'mins', 'secs', 'ms']) {
    const size = DURATION_UNITS[unit]!;
    if (duration >= size && duration % size === 0) return `${duration / size}${unit}`;
  }
  return duration === 0 ? '0ns' : `${duration}us`;
}
