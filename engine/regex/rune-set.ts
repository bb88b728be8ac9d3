/** Greatest code point. */
export const RUNE_MAX = 0x10ffff;

/** An inclusive range of code points. */
export type RuneRange = readonly [lo: number, hi: number];

/** A set of code points: ranges in ascending order that neither overlap nor touch. */
export type RuneSet = readonly RuneRange[];

/** Ranges in any order, overlapping or not, as a set. */
export function runeSet(ranges: Iterable<RuneRange>): RuneSet {
  const merged: [number, number][] = [];
  for (const [lo, hi] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last !== undefined && lo <= last[1] + 1) last[1] = Math.max(last[1], hi);
    else merged.push([lo, hi]);
  }
  return merged;
}

/** Every code point that is not in `set`. */
export function complement(set: RuneSet): RuneSet {
  const rest: RuneRange[] = [];
  let next = 0;
  for (const [lo, hi] of set) {
    if (next < lo) rest.push([next, lo - 1]);
    next = hi + 1;
  }
  if (next <= RUNE_MAX) rest.push([next, RUNE_MAX]);
  return rest;
}

export function isFull(set: RuneSet): boolean {
  return set.length === 1 && set[0]![0] === 0 && set[0]![1] === RUNE_MAX;
}

export function sameSet(a: RuneSet, b: RuneSet): boolean {
  return a.length === b.length && a.every(([lo, hi], at) => lo === b[at]![0] && hi === b[at]![1]);
}

export function contains(set: RuneSet, rune: number): boolean {
  return set.some(([lo, hi]) => lo <= rune && rune <= hi);
}

/** Whether the set holds an ASCII letter in both cases or in none. */
export function foldsAscii(set: RuneSet): boolean {
  for (let upper = UPPER_A; upper <= UPPER_Z; upper++) {
    if (contains(set, upper) !== contains(set, upper + CASE_DISTANCE)) return false;
  }
  return true;
}

export const UPPER_A = 0x41;
export const UPPER_Z = 0x5a;
export const LOWER_A = 0x61;
export const LOWER_Z = 0x7a;
export const CASE_DISTANCE = LOWER_A - UPPER_A;
