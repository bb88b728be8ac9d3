import type { FlatProgram } from './flatten.ts';
import {
  ASSERT,
  ASSERT_BEGIN_LINE,
  ASSERT_BEGIN_TEXT,
  ASSERT_END_LINE,
  ASSERT_END_TEXT,
  ASSERT_NO_WORD_BOUNDARY,
  ASSERT_WORD_BOUNDARY,
  BYTE,
  byteRange,
  CAPTURE,
  isInRange,
  MATCH,
  NOP,
} from './program.ts';
import type { Prefix, Regex } from './regex.ts';
import { appendUtf8, utf8 } from './utf8.ts';

const NEWLINE = 0x0a;

/**
 * Thompson's simulation: all places of the program at which the text read so far can be, byte by byte. A place is entered once per byte,
 * so that a match takes at most (bytes + 1) × rows steps.
 */
export class Matcher implements Regex {
  readonly #program: FlatProgram;
  /** One range per byte of the text that comes first. */
  readonly #prefix: readonly number[];
  /** Rows of bytes that may come next, and the same after the byte. */
  #current: Int32Array;
  #next: Int32Array;
  /** Per row where a run begins: one more than the place in the text for which it was last entered. */
  readonly #entered: Int32Array;
  readonly #pending: Int32Array;
  #steps = 0;

  constructor(program: FlatProgram, prefix: Prefix | null) {
    const rows = program.opcodes.length;
    this.#program = program;
    this.#prefix = prefixRanges(prefix);
    this.#current = new Int32Array(rows);
    this.#next = new Int32Array(rows);
    this.#entered = new Int32Array(rows);
    this.#pending = new Int32Array(rows);
  }

  get programSize(): number {
    return this.#program.opcodes.length;
  }

  /** Rows looked at by the last match. */
  get steps(): number {
    return this.#steps;
  }

  matchesWhole(text: string): boolean {
    this.#steps = 0;
    const bytes = utf8(text);
    if (!this.#hasPrefix(bytes)) return false;
    const { opcodes, outs, args } = this.#program;
    this.#entered.fill(0);
    let at = this.#prefix.length;
    this.#isMatch = false;
    let count = this.#enter(this.#program.start, bytes, at, this.#current, 0);
    for (; at < bytes.length && count > 0; at++) {
      let nextCount = 0;
      this.#isMatch = false;
      for (let place = 0; place < count; place++) {
        const row = this.#current[place]!;
        this.#steps++;
        if (opcodes[row] === BYTE && isInRange(args[row]!, bytes[at]!))
          nextCount = this.#enter(outs[row]!, bytes, at + 1, this.#next, nextCount);
      }
      [this.#current, this.#next] = [this.#next, this.#current];
      count = nextCount;
    }
    return at === bytes.length && this.#isMatch;
  }

  /** Whether a run that was entered at the last place matches there. */
  #isMatch = false;

  /** Enters a run and those it leads to without a byte; the rows of theirs that take one join `rows`, now `count` of them. */
  #enter(run: number, bytes: readonly number[], at: number, rows: Int32Array, count: number): number {
    const { opcodes, outs, args, lasts } = this.#program;
    const mark = at + 1;
    if (this.#entered[run] === mark) return count;
    this.#entered[run] = mark;
    let length = count;
    let pendingCount = 0;
    this.#pending[pendingCount++] = run;
    while (pendingCount > 0) {
      for (let row = this.#pending[--pendingCount]!; ; row++) {
        this.#steps++;
        const opcode = opcodes[row]!;
        if (opcode === BYTE) rows[length++] = row;
        else if (opcode === MATCH) this.#isMatch = true;
        else if (
          opcode === NOP ||
          opcode === CAPTURE ||
          (opcode === ASSERT && areHolding(args[row]!, bytes, at))
        ) {
          const target = outs[row]!;
          if (this.#entered[target] !== mark) {
            this.#entered[target] = mark;
            this.#pending[pendingCount++] = target;
          }
        }
        if (lasts[row] === 1) break;
      }
    }
    return length;
  }

  #hasPrefix(bytes: readonly number[]): boolean {
    if (bytes.length < this.#prefix.length) return false;
    return this.#prefix.every((range, at) => isInRange(range, bytes[at]!));
  }
}

function prefixRanges(prefix: Prefix | null): readonly number[] {
  const bytes: number[] = [];
  for (const rune of prefix?.runes ?? []) appendUtf8(bytes, rune);
  return bytes.map((byte) => byteRange(byte, byte, prefix?.fold === true && byte < 0x80));
}

/** Whether the assertions hold before the byte at `at`. */
function areHolding(assertions: number, bytes: readonly number[], at: number): boolean {
  const isBegin = at === 0;
  const isEnd = at === bytes.length;
  switch (assertions) {
    case ASSERT_BEGIN_TEXT:
      return isBegin;
    case ASSERT_END_TEXT:
      return isEnd;
    case ASSERT_BEGIN_LINE:
      return isBegin || bytes[at - 1] === NEWLINE;
    case ASSERT_END_LINE:
      return isEnd || bytes[at] === NEWLINE;
    case ASSERT_WORD_BOUNDARY:
    case ASSERT_NO_WORD_BOUNDARY: {
      const isBoundary = isWordByte(bytes, at - 1) !== isWordByte(bytes, at);
      return isBoundary === (assertions === ASSERT_WORD_BOUNDARY);
    }
    default:
      return false;
  }
}

/** Letters, digits and `_` of ASCII; nothing beyond the ends. */
function isWordByte(bytes: readonly number[], at: number): boolean {
  const byte = bytes[at];
  if (byte === undefined) return false;
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    byte === 0x5f ||
    (byte >= 0x61 && byte <= 0x7a)
  );
}
