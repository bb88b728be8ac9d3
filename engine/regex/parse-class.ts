import { foldedRanges } from './case-folding.ts';
import { type NamedClass, perlClass, posixClass, unicodeClass } from './named-classes.ts';
import { parseEscape } from './parse-escape.ts';
import type { PatternReader } from './pattern-reader.ts';
import { complement, type RuneRange, type RuneSet, runeSet } from './rune-set.ts';

/** `[…]`; the reader is at its bracket. With `fold`, characters stand for their other cases as well. */
export function parseClass(reader: PatternReader, fold: boolean): RuneSet {
  const start = reader.position;
  reader.skip(1);
  const isNegated = reader.skipIf('^');
  const ranges: RuneRange[] = [];
  // A bracket that closes nothing yet is a literal.
  for (let isFirst = true; isFirst || reader.peek() !== ']'; isFirst = false) {
    if (reader.isAtEnd) reader.refuse('CLASS_UNCLOSED', start);
    const named =
      parsePosixClass(reader, fold) ?? parseUnicodeClass(reader, fold) ?? parsePerlClass(reader, fold);
    for (const range of named ?? parseRange(reader, start, fold)) ranges.push(range);
  }
  reader.skip(1);
  const set = runeSet(ranges);
  return isNegated ? complement(set) : set;
}

/** `\d` and its like, or null if there is none here. */
export function parsePerlClass(reader: PatternReader, fold: boolean): readonly RuneRange[] | null {
  if (reader.peek() !== '\\') return null;
  const named = perlClass(reader.peek(1));
  if (named === null) return null;
  const start = reader.position;
  reader.skip(2);
  return resolved(reader, start, named, fold);
}

/** `\pX`, `\p{Name}`, `\P{…}` or `\p{^…}`, or null if there is none here. */
export function parseUnicodeClass(reader: PatternReader, fold: boolean): readonly RuneRange[] | null {
  if (!reader.startsWith('\\p') && !reader.startsWith('\\P')) return null;
  const start = reader.position;
  const isOpposite = reader.peek(1) === 'P';
  reader.skip(2);
  if (reader.isAtEnd) reader.refuse('ESCAPE_UNKNOWN', start);
  let name = reader.peek();
  reader.skip(1);
  if (name === '{') {
    const begin = reader.position;
    while (!reader.isAtEnd && reader.peek() !== '}') reader.skip(1);
    name = reader.text(begin);
    if (!reader.skipIf('}')) reader.refuse('ESCAPE_UNKNOWN', start);
  }
  const named = unicodeClass(name);
  if (named === null) reader.refuse('UNICODE_CLASS', start);
  return resolved(reader, start, { set: named.set, negated: named.negated !== isOpposite }, fold);
}

/** `[:alpha:]` and its like, or null if there is none here. */
function parsePosixClass(reader: PatternReader, fold: boolean): readonly RuneRange[] | null {
  if (!reader.startsWith('[:')) return null;
  const start = reader.position;
  for (let length = 2; reader.peek(length) !== ''; length++) {
    if (reader.peek(length) !== ':' || reader.peek(length + 1) !== ']') continue;
    reader.skip(length + 2);
    const named = posixClass(reader.text(start + 2, start + length));
    if (named === null) reader.refuse('CLASS_NAME_UNKNOWN', start);
    return resolved(reader, start, named, fold);
  }
  return null;
}

function parseRange(reader: PatternReader, classStart: number, fold: boolean): readonly RuneRange[] {
  const start = reader.position;
  const lo = parseCharacter(reader, classStart);
  let hi = lo;
  if (reader.peek() === '-' && reader.peek(1) !== ']' && reader.peek(1) !== '') {
    reader.skip(1);
    hi = parseCharacter(reader, classStart);
    if (hi < lo) reader.refuse('CLASS_RANGE_REVERSED', start);
  }
  return resolvedRanges(reader, start, [[lo, hi]], fold);
}

function parseCharacter(reader: PatternReader, classStart: number): number {
  if (reader.isAtEnd) reader.refuse('CLASS_UNCLOSED', classStart);
  return reader.peek() === '\\' ? parseEscape(reader) : reader.rune();
}

/** The opposite of a class under (?i) is the opposite of the class with all its cases. */
function resolved(reader: PatternReader, start: number, named: NamedClass, fold: boolean): RuneSet {
  const set = runeSet(resolvedRanges(reader, start, named.set, fold));
  return named.negated ? complement(set) : set;
}

function resolvedRanges(
  reader: PatternReader,
  start: number,
  ranges: readonly RuneRange[],
  fold: boolean,
): readonly RuneRange[] {
  if (!fold) return ranges;
  return ranges.flatMap((range) => foldedRanges(range) ?? reader.refuse('CASE_NOT_ASCII', start));
}
