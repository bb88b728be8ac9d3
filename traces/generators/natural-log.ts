/**
 * ln x for a positive, finite x, by additions, multiplications and divisions only: these round alike on every machine (IEEE 754),
 * which the language does not promise of `Math.log`. So a seed makes the same workload everywhere. Within 2 units in the last place
 * of the true value for x away from 1, and 2e-16 absolute near it.
 *
 * x = m · 2^e with m in [√½, √2); ln m = 2 artanh((m - 1) / (m + 1)), whose series gains 1.5 digits a term.
 */
export function naturalLog(x: number): number {
  let mantissa = x;
  let exponent = 0;
  while (mantissa < 2 ** -32) {
    mantissa *= 2 ** 32;
    exponent -= 32;
  }
  while (mantissa >= 2 ** 32) {
    mantissa /= 2 ** 32;
    exponent += 32;
  }
  while (mantissa < HALF_ROOT) {
    mantissa *= 2;
    exponent--;
  }
  while (mantissa >= ROOT) {
    mantissa /= 2;
    exponent++;
  }
  const ratio = (mantissa - 1) / (mantissa + 1);
  const square = ratio * ratio;
  let sum = 0;
  for (let power = 23; power >= 1; power -= 2) sum = sum * square + 1 / power;
  // ln 2 in two parts, so that many exponents lose no digits.
  return 2 * ratio * sum + exponent * LN_2_LOW + exponent * LN_2_HIGH;
}

const ROOT = Math.SQRT2;
const HALF_ROOT = Math.SQRT1_2;
const LN_2_HIGH = 0.6931471803691238;
const LN_2_LOW = 1.9082149292705877e-10;
