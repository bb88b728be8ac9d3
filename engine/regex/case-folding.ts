import { CASE_DISTANCE, LOWER_A, LOWER_Z, RUNE_MAX, type RuneRange, UPPER_A, UPPER_Z } from './rune-set.ts';

/** KELVIN SIGN, a third case of `k`. */
const KELVIN = 0x212a;
/** LATIN SMALL LETTER LONG S, a third case of `s`. */
const LONG_S = 0x17f;
const RUNE_SELF = 0x80;

/**
 * Blocks beyond ASCII in which no character has case, in any version of Unicode: controls and Latin-1 signs; kana, CJK and Yi;
 * Hangul with the surrogates; private use.
 */
const CASELESS: readonly RuneRange[] = [
  [RUNE_SELF, 0xa9],
  [0x3000, 0xa63f],
  [0xac00, 0xf8ff],
  [0xf0000, RUNE_MAX],
];

/**
 * The range and every other case of its characters, or null if that depends on the version of Unicode. All code points beyond ASCII
 * at once are closed under case.
 */
export function foldedRanges([lo, hi]: RuneRange): readonly RuneRange[] | null {
  if (!isFoldKnown(lo, hi)) return null;
  const folded: RuneRange[] = [[lo, hi]];
  addShifted(folded, Math.max(lo, UPPER_A), Math.min(hi, UPPER_Z), CASE_DISTANCE);
  addShifted(folded, Math.max(lo, LOWER_A), Math.min(hi, LOWER_Z), -CASE_DISTANCE);
  addOrbit(folded, lo, hi, [0x4b, 0x6b, KELVIN]);
  addOrbit(folded, lo, hi, [0x53, 0x73, LONG_S]);
  return folded;
}

function isFoldKnown(lo: number, hi: number): boolean {
  if (hi < RUNE_SELF) return true;
  if (lo === hi && (lo === KELVIN || lo === LONG_S)) return true;
  const beyond = Math.max(lo, RUNE_SELF);
  if (beyond === RUNE_SELF && hi === RUNE_MAX) return true;
  return CASELESS.some(([first, last]) => first <= beyond && hi <= last);
}

function addShifted(folded: RuneRange[], lo: number, hi: number, distance: number): void {
  if (lo <= hi) folded.push([lo + distance, hi + distance]);
}

function addOrbit(folded: RuneRange[], lo: number, hi: number, orbit: readonly number[]): void {
  if (!orbit.some((rune) => lo <= rune && rune <= hi)) return;
  for (const rune of orbit) folded.push([rune, rune]);
}
