/**
 * Decimal text times 10^`decimals`, rounded half away from zero, as an exact integer: `parseScaled('12.5', 6)` is 12,500,000.
 * NaN if `text` is no decimal number (`-12`, `12.`, `.5` and `1e3` are; blanks, `+1`, `0x1` and '' are not), or beyond 2^53.
 *
 * A long decimal does not pass through a double, which would lose digits (spec traces.md §0); one with an exponent does.
 */
export function parseScaled(text: string, decimals: number): number {
  const length = text.length;
  let index = 0;
  const negative = text.charCodeAt(0) === 45;
  if (negative) index = 1;
  let value = 0;
  let digits = 0;
  let code = text.charCodeAt(index);
  while (code >= 48 && code <= 57) {
    value = value * 10 + (code - 48);
    digits++;
    code = text.charCodeAt(++index);
  }
  let kept = 0;
  let roundUp = false;
  if (code === 46) {
    code = text.charCodeAt(++index);
    while (code >= 48 && code <= 57) {
      if (kept < decimals) {
        value = value * 10 + (code - 48);
        kept++;
      } else if (kept === decimals) {
        roundUp = code >= 53;
        kept++;
      }
      digits++;
      code = text.charCodeAt(++index);
    }
  }
  if (digits === 0) return Number.NaN;
  if (index < length) return parseExponent(text, index, decimals);
  for (let power = kept; power < decimals; power++) value *= 10;
  if (roundUp) value += 1;
  if (value > Number.MAX_SAFE_INTEGER) return Number.NaN;
  return negative && value !== 0 ? -value : value;
}

const EXPONENT = /^[eE][+-]?\d{1,3}$/;

function parseExponent(text: string, at: number, decimals: number): number {
  if (!EXPONENT.test(text.slice(at))) return Number.NaN;
  const scaled = Number(text) * 10 ** decimals;
  const rounded = scaled < 0 ? -Math.round(-scaled) : Math.round(scaled);
  return Math.abs(rounded) > Number.MAX_SAFE_INTEGER ? Number.NaN : rounded + 0;
}

/** The decimal text of `value` / 10^`decimals`, without trailing zeros: the inverse of `parseScaled`. */
export function formatScaled(value: number, decimals: number): string {
  const digits = String(Math.abs(value)).padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return `${value < 0 ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}
