/** What an instruction does. */
export const FAIL = 0;
/** Goes on at `out` and at `arg`. */
export const ALT = 1;
/** Takes one byte of the range in `arg` (see `byteRange`). */
export const BYTE = 2;
/** Goes on if the assertions in `arg` hold here (a set of `ASSERT_…`). */
export const ASSERT = 3;
/** Marks where a group begins or ends. Nobody asks for the text of groups, but RE2 counts the marks. */
export const CAPTURE = 4;
export const NOP = 5;
export const MATCH = 6;

export const ASSERT_BEGIN_LINE = 1;
export const ASSERT_END_LINE = 2;
export const ASSERT_BEGIN_TEXT = 4;
export const ASSERT_END_TEXT = 8;
export const ASSERT_WORD_BOUNDARY = 16;
export const ASSERT_NO_WORD_BOUNDARY = 32;

/** An inclusive range of bytes as one number; with `fold` it holds upper case letters whose lower case it holds. */
export function byteRange(lo: number, hi: number, fold: boolean): number {
  return lo | (hi << 8) | (fold ? FOLD : 0);
}

export function isInRange(range: number, byte: number): boolean {
  const folded = (range & FOLD) !== 0 && byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
  return folded >= (range & 0xff) && folded <= ((range >> 8) & 0xff);
}

const FOLD = 1 << 16;

/** Instructions as columns; row 0 is FAIL. */
export interface Program {
  readonly opcodes: readonly number[];
  readonly outs: readonly number[];
  readonly args: readonly number[];
  /** Where a match from the beginning of the text begins. */
  readonly start: number;
  /** The same behind a loop over any bytes, which a search would use; `start` itself if the pattern is anchored. */
  readonly startUnanchored: number;
}
