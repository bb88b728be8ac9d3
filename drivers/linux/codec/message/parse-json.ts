import { WireError } from './wire-error.ts';

/** From so many digits on a number may not be exact as a double. */
const DIGITS_EXACT = 15;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * JSON text as values, except that whole numbers too long for a double come as strings of their digits: nanoseconds since 1970 have
 * nineteen (spec 01 §5). Throws WireError.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(/\d{16}/.test(text) ? quoteLongNumbers(text) : text) as unknown;
  } catch (error) {
    throw new WireError('', `The body is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function quoteLongNumbers(text: string): string {
  let result = '';
  let copied = 0;
  for (let index = 0; index < text.length; ) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) {
      index = endOfString(text, index + 1);
    } else if (isDigit(code)) {
      const start = text[index - 1] === '-' ? index - 1 : index;
      while (isDigit(text.charCodeAt(index))) index++;
      const next = text[index];
      const isWhole = next !== '.' && next !== 'e' && next !== 'E';
      if (isWhole && index - start > DIGITS_EXACT) {
        result += `${text.slice(copied, start)}"${text.slice(start, index)}"`;
        copied = index;
      } else {
        // The fraction and the exponent, so that their digits do not count as a number of their own.
        while (/[\d.eE+-]/.test(text[index] ?? '')) index++;
      }
    } else {
      index++;
    }
  }
  return result + text.slice(copied);
}

function endOfString(text: string, from: number): number {
  let index = from;
  while (index < text.length) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) return index + 1;
    index += code === BACKSLASH ? 2 : 1;
  }
  return index;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
