import type { PatternReader } from './pattern-reader.ts';
import { RUNE_MAX } from './rune-set.ts';

/** The code point that an escape sequence stands for, inside a class or outside; the reader is at the backslash. */
export function parseEscape(reader: PatternReader): number {
  const start = reader.position;
  reader.skip(1);
  if (reader.isAtEnd) reader.refuse('ESCAPE_UNFINISHED', start);
  const rune = reader.rune();
  const character = String.fromCodePoint(rune);
  if (character >= '0' && character <= '7') return parseOctal(reader, start);
  switch (character) {
    case 'x':
      return parseHex(reader, start);
    case 'n':
      return 0x0a;
    case 'r':
      return 0x0d;
    case 't':
      return 0x09;
    case 'a':
      return 0x07;
    case 'f':
      return 0x0c;
    case 'v':
      return 0x0b;
    default:
      break;
  }
  if (character === '8' || character === '9') reader.refuse('BACKREFERENCE', start);
  if (rune >= 0x80 || /^[A-Za-z]$/.test(character)) reader.refuse('ESCAPE_UNKNOWN', start);
  return rune;
}

/** Up to three octal digits; a single one other than 0 would be a backreference. */
function parseOctal(reader: PatternReader, start: number): number {
  const digits = start + 1;
  while (reader.position < digits + 3 && /^[0-7]$/.test(reader.peek())) reader.skip(1);
  const text = reader.text(digits);
  if (text.length === 1 && text !== '0') reader.refuse('BACKREFERENCE', start);
  return Number.parseInt(text, 8);
}

/** `\x7f` or `\x{10ffff}`. */
function parseHex(reader: PatternReader, start: number): number {
  const isBraced = reader.skipIf('{');
  const digits = reader.position;
  const end = isBraced ? Number.POSITIVE_INFINITY : digits + 2;
  let value = 0;
  while (/^[0-9A-Fa-f]$/.test(reader.peek()) && reader.position < end) {
    value = value * 16 + Number.parseInt(reader.peek(), 16);
    reader.skip(1);
    if (value > RUNE_MAX) reader.refuse('ESCAPE_UNKNOWN', start);
  }
  const count = reader.position - digits;
  if (isBraced ? count === 0 || !reader.skipIf('}') : count !== 2) {
    reader.refuse('ESCAPE_UNKNOWN', start, Math.max(reader.position, start + 2));
  }
  return value;
}
