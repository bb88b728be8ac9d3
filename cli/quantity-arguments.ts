import { type Micros, MICROS_PER_SECOND, micros } from '../engine/core/index.ts';
import { UsageError } from './usage-error.ts';

const SECONDS_PER: Readonly<Record<string, number>> = {
  us: 1e-6,
  ms: 1e-3,
  s: 1,
  secs: 1,
  m: 60,
  min: 60,
  mins: 60,
  h: 3_600,
  hrs: 3_600,
  d: 86_400,
  days: 86_400,
  w: 604_800,
  weeks: 604_800,
};

/** `90s`, `12h`, `2d`, Mesos's `500ms` and `10mins`: a number with a unit. Throws UsageError. */
export function parseDuration(option: string, text: string): Micros {
  const match = /^(\d+(?:\.\d+)?)([a-z]+)$/.exec(text);
  const unit = match === null ? undefined : SECONDS_PER[match[2]!];
  if (match === null || unit === undefined) {
    throw new UsageError(
      `${option} ${text}: not a duration; give a number with a unit, such as 30s, 15m, 12h or 2d`,
    );
  }
  const value = Math.round(Number(match[1]) * unit * MICROS_PER_SECOND);
  if (!Number.isSafeInteger(value)) throw new UsageError(`${option} ${text}: too long`);
  return micros(value);
}

/** A whole number in [min, max]. Throws UsageError. */
export function parseCount(option: string, text: string, min: number, max = 1_000_000_000): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) {
    throw new UsageError(`${option} ${text}: not a whole number from ${min} to ${max}`);
  }
  return value;
}

/**
 * A number in [min, max]. Throws UsageError.
 *
 * @param place what the user wrote, such as `--weight a=2`
 */
export function parseNumber(place: string, text: string, min: number, max: number): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!(value >= min && value <= max)) throw new UsageError(`${place}: not a number from ${min} to ${max}`);
  return value;
}

/** `name=value` pairs, from repeated options or lists with commas. Throws UsageError. */
export function parsePairs(option: string, texts: readonly string[]): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const text of texts.flatMap((one) => one.split(','))) {
    const at = text.indexOf('=');
    if (at <= 0) throw new UsageError(`${option} ${text}: not of the form name=value`);
    const name = text.slice(0, at).trim();
    if (pairs.has(name)) throw new UsageError(`${option}: ${name} is given twice`);
    pairs.set(name, text.slice(at + 1).trim());
  }
  return pairs;
}

/** `1d 02:03:04`, for people. */
export function clockText(instant: Micros): string {
  const seconds = Math.floor(instant / MICROS_PER_SECOND);
  const days = Math.floor(seconds / 86_400);
  const part = (value: number) => String(value).padStart(2, '0');
  const clock = `${part(Math.floor((seconds % 86_400) / 3_600))}:${part(Math.floor((seconds % 3_600) / 60))}:${part(seconds % 60)}`;
  return days > 0 ? `${days}d ${clock}` : clock;
}
