/** Whole numbers from `begin` to `end`, both included (spec 02 §1). */
export interface Range {
  readonly begin: number;
  readonly end: number;
}

/** Ranges in normal form are ascending, and neither overlap nor touch. All functions here but `coalesce` take and give that form. */
export type Ranges = readonly Range[];

/** The normal form of any ranges. Those of one message are few; O(n log n). */
export function coalesce(ranges: readonly Range[]): Ranges {
  const ascending = [...ranges].sort((a, b) => a.begin - b.begin);
  const joined: Range[] = [];
  for (const range of ascending) append(joined, range);
  return joined;
}

/** Integers of either. */
export function unionOfRanges(a: Ranges, b: Ranges): Ranges {
  const joined: Range[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const takeA = j === b.length || (i < a.length && a[i]!.begin <= b[j]!.begin);
    append(joined, takeA ? a[i++]! : b[j++]!);
  }
  return joined;
}

/** Integers of `a` that are not in `b`. */
export function differenceOfRanges(a: Ranges, b: Ranges): Ranges {
  const left: Range[] = [];
  let j = 0;
  for (const range of a) {
    let begin = range.begin;
    while (j < b.length && b[j]!.end < begin) j++;
    for (let k = j; k < b.length && b[k]!.begin <= range.end; k++) {
      if (b[k]!.begin > begin) left.push({ begin, end: b[k]!.begin - 1 });
      begin = b[k]!.end + 1;
    }
    if (begin <= range.end) left.push({ begin, end: range.end });
  }
  return left;
}

/** Whether every integer of `b` is in `a`. */
export function rangesContain(a: Ranges, b: Ranges): boolean {
  let i = 0;
  for (const range of b) {
    while (i < a.length && a[i]!.end < range.begin) i++;
    if (i === a.length || a[i]!.begin > range.begin || a[i]!.end < range.end) return false;
  }
  return true;
}

export function compareRanges(a: Ranges, b: Ranges): number {
  for (let index = 0; index < a.length && index < b.length; index++) {
    const begin = a[index]!.begin - b[index]!.begin;
    if (begin !== 0) return begin;
    const end = a[index]!.end - b[index]!.end;
    if (end !== 0) return end;
  }
  return a.length - b.length;
}

/** How many integers they hold; inexact above 2^53. */
export function sizeOfRanges(ranges: Ranges): number {
  let size = 0;
  for (const range of ranges) size += range.end - range.begin + 1;
  return size;
}

/** Adds a range that begins no earlier than the last one. */
function append(joined: Range[], range: Range): void {
  const last = joined.length === 0 ? null : joined[joined.length - 1]!;
  if (last === null || range.begin > last.end + 1) joined.push(range);
  else if (range.end > last.end) joined[joined.length - 1] = { begin: last.begin, end: range.end };
}
