import { err, type Milli, ok, type Result, toMilli } from '../core/index.ts';
import type { ResourceError } from './resource-error.ts';

/**
 * The largest amount from outside: 1 EiB in MiB, as Mesos bounds quota (spec 02 §2). Sums of up to 8,191 of them are still exact
 * integers of thousandths.
 */
const SCALAR_MAX = 2 ** 40;

const ZERO = 0x30;
const NINE = 0x39;

/** Thousandths of an amount from outside (spec 02 §2, §3): refuses negative, NaN, infinite, too large, and what only rounding makes 0. */
export function scalarAmount(name: string, value: number): Result<Milli, ResourceError> {
  if (!Number.isFinite(value) || value < 0)
    return err({ code: 'SCALAR_INVALID', name, value: String(value) });
  if (value > SCALAR_MAX) return err({ code: 'SCALAR_TOO_LARGE', name, value: String(value) });
  const amount = toMilli(value);
  if (amount === 0 && value !== 0) return err({ code: 'SCALAR_TOO_SMALL', name, value: String(value) });
  return ok(amount);
}

/** A decimal number, such as `-3`, `.5`, `1.25` or `2e3`, or null. */
export function parseNumber(text: string): number | null {
  let at = text.startsWith('-') ? 1 : 0;
  const whole = digitsFrom(text, at);
  at += whole;
  let fraction = 0;
  if (text[at] === '.') {
    fraction = digitsFrom(text, at + 1);
    at += 1 + fraction;
  }
  if (whole + fraction === 0) return null;
  if (text[at] === 'e' || text[at] === 'E') {
    at += text[at + 1] === '-' || text[at + 1] === '+' ? 2 : 1;
    const exponent = digitsFrom(text, at);
    if (exponent === 0) return null;
    at += exponent;
  }
  return at === text.length ? Number(text) : null;
}

/** A whole number from 0 to 2^53 - 1, or null. */
export function parseWholeNumber(text: string): number | null {
  if (text === '' || digitsFrom(text, 0) !== text.length) return null;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : null;
}

/** How many digits stand at `start`. */
function digitsFrom(text: string, start: number): number {
  let at = start;
  while (at < text.length && text.charCodeAt(at) >= ZERO && text.charCodeAt(at) <= NINE) at++;
  return at - start;
}
