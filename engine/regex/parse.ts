import { err, ok, type Result } from '../core/index.ts';
import { parseClass, parsePerlClass, parseUnicodeClass } from './parse-class.ts';
import { parseEscape } from './parse-escape.ts';
import { PatternReader, SyntaxRefused } from './pattern-reader.ts';
import type { RegexError } from './regex-error.ts';
import { foldedRanges } from './case-folding.ts';
import { runeSet } from './rune-set.ts';
import {
  DOT_NEWLINE,
  FOLD_CASE,
  MULTI_LINE,
  NON_GREEDY,
  type RepetitionKind,
  type Syntax,
} from './syntax.ts';
import { SyntaxStack } from './syntax-stack.ts';

/** Greatest bound of a repetition, and of the product of nested ones. */
const REPETITION_MAX = 1000;
/** RE2 has no such limit, but a pattern that nests deeper is too large for it under every limit up to 32 KB. */
const DEPTH_MAX = 1000;
/** Most code points of a pattern. RE2 has no such limit; here it bounds the work that a pattern can cause before it is refused. */
const LENGTH_MAX = 4096;

/**
 * Reads a pattern in RE2's syntax, with the flags that RE2 has by default: Perl's classes, `\b` and operators, classes match newlines, `.`
 * does not, `^` and `$` are the ends of the text. O(length × nesting of counted repetitions).
 */
export function parsePattern(pattern: string): Result<Syntax, RegexError> {
  const reader = new PatternReader(pattern);
  if (reader.length > LENGTH_MAX)
    return err({ code: 'PATTERN_TOO_LONG', length: reader.length, lengthMax: LENGTH_MAX });
  try {
    return ok(parse(reader));
  } catch (refused) {
    if (!(refused instanceof SyntaxRefused)) throw refused;
    const { fault, position, found } = refused;
    return err({ code: 'SYNTAX', fault, position, found });
  }
}

function parse(reader: PatternReader): Syntax {
  const stack = new SyntaxStack();
  /** Where the repetition began that ends here, or null: `a**` is refused, as what Perl means by `a*+` is something else. */
  let repetitionBefore: number | null = null;
  while (!reader.isAtEnd) {
    const start = reader.position;
    const isRepetition = parsePiece(reader, stack);
    if (isRepetition && repetitionBefore !== null) reader.refuse('REPETITION_REPEATED', repetitionBefore);
    repetitionBefore = isRepetition ? start : null;
  }
  if (stack.openGroup !== null) reader.refuse('GROUP_UNCLOSED', stack.openGroup);
  return stack.finish();
}

/** Whether the piece was a repetition. */
function parsePiece(reader: PatternReader, stack: SyntaxStack): boolean {
  const start = reader.position;
  switch (reader.peek()) {
    case '(':
      parseGroup(reader, stack);
      return false;
    case ')':
      reader.skip(1);
      if (!stack.closeGroup()) reader.refuse('GROUP_UNOPENED', start);
      return false;
    case '|':
      reader.skip(1);
      stack.alternative();
      return false;
    case '^':
      reader.skip(1);
      stack.pushAssertion(has(stack, MULTI_LINE) ? 'beginLine' : 'beginText');
      return false;
    case '$':
      reader.skip(1);
      stack.pushAssertion(has(stack, MULTI_LINE) ? 'endLine' : 'dollar');
      return false;
    case '.':
      reader.skip(1);
      if (has(stack, DOT_NEWLINE)) stack.pushAnyRune();
      else stack.pushAllButNewline();
      return false;
    case '[':
      stack.pushClass(parseClass(reader, has(stack, FOLD_CASE)));
      return false;
    case '*':
      return parseRepetition(reader, stack, 'star');
    case '+':
      return parseRepetition(reader, stack, 'plus');
    case '?':
      return parseRepetition(reader, stack, 'quest');
    case '{':
      return parseCount(reader, stack);
    case '\\':
      parseBackslash(reader, stack);
      return false;
    default:
      pushRune(reader, stack, reader.rune(), start);
      return false;
  }
}

function has({ flags }: SyntaxStack, flag: number): boolean {
  return (flags & flag) !== 0;
}

function pushRune(reader: PatternReader, stack: SyntaxStack, rune: number, start: number): void {
  if (!has(stack, FOLD_CASE)) return stack.pushLiteral(rune);
  const folded = foldedRanges([rune, rune]);
  if (folded === null) reader.refuse('CASE_NOT_ASCII', start);
  if (folded.length === 1) stack.pushLiteral(rune);
  else stack.pushClass(runeSet(folded));
}

/** A group that captures or not, or flags for the rest of the group around. */
function parseGroup(reader: PatternReader, stack: SyntaxStack): void {
  const start = reader.position;
  if (stack.depth >= DEPTH_MAX) reader.refuse('GROUP_TOO_DEEP', start, start + 1);
  if (!reader.startsWith('(?')) {
    reader.skip(1);
    stack.openGroupAt(start, true, stack.flags);
    return;
  }
  for (const lookAround of ['(?=', '(?!', '(?<=', '(?<!']) {
    if (reader.startsWith(lookAround)) reader.refuse('LOOK_AROUND', start, start + lookAround.length);
  }
  if (reader.startsWith('(?P=')) reader.refuse('BACKREFERENCE', start, start + 4);
  for (const named of ['(?P<', '(?<']) {
    if (!reader.startsWith(named)) continue;
    reader.skip(named.length);
    while (/^[A-Za-z0-9_]$/.test(reader.peek())) reader.skip(1);
    const isEmpty = reader.position === start + named.length;
    if (isEmpty || reader.peek() !== '>') reader.refuse('GROUP_NAME_INVALID', start, reader.position + 1);
    reader.skip(1);
    stack.openGroupAt(start, true, stack.flags);
    return;
  }
  parseFlags(reader, stack);
}

/** `(?is-mU)` or `(?is-mU:`. */
function parseFlags(reader: PatternReader, stack: SyntaxStack): void {
  const start = reader.position;
  reader.skip(2);
  let flags = stack.flags;
  let isOff = false;
  let isFlagMissing = false;
  for (;;) {
    const letter = reader.peek();
    const flag = flagOf(letter);
    if (flag !== null) {
      flags = isOff ? flags & ~flag : flags | flag;
      isFlagMissing = false;
    } else if (letter === '-' && !isOff) {
      isOff = true;
      isFlagMissing = true;
    } else if ((letter === ':' || letter === ')') && !isFlagMissing) {
      reader.skip(1);
      if (letter === ':') stack.openGroupAt(start, false, flags);
      else stack.flags = flags;
      return;
    } else reader.refuse('GROUP_UNKNOWN', start, reader.position + 1);
    reader.skip(1);
  }
}

function flagOf(letter: string): number | null {
  switch (letter) {
    case 'i':
      return FOLD_CASE;
    case 'm':
      return MULTI_LINE;
    case 's':
      return DOT_NEWLINE;
    case 'U':
      return NON_GREEDY;
    default:
      return null;
  }
}

/** The flags of a repetition that ends here: a `?` behind it turns its greed around. */
function repetitionFlags(reader: PatternReader, stack: SyntaxStack): number {
  return reader.skipIf('?') ? stack.flags ^ NON_GREEDY : stack.flags;
}

function parseRepetition(reader: PatternReader, stack: SyntaxStack, kind: RepetitionKind): true {
  const start = reader.position;
  reader.skip(1);
  if (!stack.repeat(kind, repetitionFlags(reader, stack))) reader.refuse('REPETITION_OF_NOTHING', start);
  return true;
}

/** `{n}`, `{n,}` or `{n,m}`; a `{` that begins none of them is a literal. */
function parseCount(reader: PatternReader, stack: SyntaxStack): boolean {
  const start = reader.position;
  reader.skip(1);
  const min = parseBound(reader);
  const isRange = min !== null && reader.skipIf(',');
  const max = isRange && reader.peek() !== '}' ? parseBound(reader) : isRange ? Infinity : min;
  if (min === null || max === null || !reader.skipIf('}')) {
    reader.rewind(start + 1);
    stack.pushLiteral(0x7b);
    return false;
  }
  const flags = repetitionFlags(reader, stack);
  const bound = max === Infinity ? min : max;
  if (bound < min || bound > REPETITION_MAX) reader.refuse('REPETITION_TOO_LARGE', start);
  const repeated = stack.repeatCounted(min, max === Infinity ? null : max, flags);
  if (repeated === null) reader.refuse('REPETITION_OF_NOTHING', start);
  if (bound >= 2 && repetitionsLeft(repeated, REPETITION_MAX) === 0)
    reader.refuse('REPETITION_TOO_LARGE', start);
  return true;
}

/** Digits without a leading zero, up to nine of them; null if there are none or too many, and then it is no bound. */
function parseBound(reader: PatternReader): number | null {
  let digits = '';
  while (reader.peek() >= '0' && reader.peek() <= '9') {
    digits += reader.peek();
    reader.skip(1);
  }
  if (digits === '' || digits.length > 9 || (digits.length > 1 && digits.startsWith('0'))) return null;
  return Number(digits);
}

/** How often anything may still be repeated within `piece`, if `left` times are allowed for the whole. */
function repetitionsLeft(piece: Syntax, left: number): number {
  switch (piece.op) {
    case 'counted': {
      const times = piece.max ?? piece.min;
      return repetitionsLeft(piece.sub, times > 0 ? Math.floor(left / times) : left);
    }
    case 'repetition':
    case 'capture':
      return repetitionsLeft(piece.sub, left);
    case 'concatenation':
    case 'alternation':
      return piece.subs.reduce((least, sub) => Math.min(least, repetitionsLeft(sub, left)), left);
    default:
      return left;
  }
}

function parseBackslash(reader: PatternReader, stack: SyntaxStack): void {
  const start = reader.position;
  for (const [escape, assertion] of ESCAPED_ASSERTIONS) {
    if (!reader.startsWith(escape)) continue;
    reader.skip(2);
    return stack.pushAssertion(assertion);
  }
  if (reader.startsWith('\\C')) {
    reader.skip(2);
    return stack.pushAnyByte();
  }
  if (reader.startsWith('\\Q')) {
    reader.skip(2);
    while (!reader.isAtEnd && !reader.startsWith('\\E')) {
      const at = reader.position;
      pushRune(reader, stack, reader.rune(), at);
    }
    if (!reader.isAtEnd) reader.skip(2);
    return;
  }
  const fold = has(stack, FOLD_CASE);
  const set = parsePerlClass(reader, fold) ?? parseUnicodeClass(reader, fold);
  if (set !== null) return stack.pushClass(runeSet(set));
  pushRune(reader, stack, parseEscape(reader), start);
}

const ESCAPED_ASSERTIONS = [
  ['\\A', 'beginText'],
  ['\\z', 'endText'],
  ['\\b', 'wordBoundary'],
  ['\\B', 'noWordBoundary'],
] as const;
