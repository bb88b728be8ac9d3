import type { JournalOptions } from './journal-options.ts';

/** A segment that is not written to any more. */
export interface SegmentFacts {
  readonly number: number;
  readonly bytes: number;
  readonly writtenMillis: number;
}

/**
 * Number of the oldest segment within the bounds, `current` if only the one that is being written is.
 *
 * @param older the other segments, ascending
 * @param times the bounds are taken so many times as large
 */
export function firstWithin(
  older: readonly SegmentFacts[],
  current: number,
  { segmentBytes, totalBytes, ageMillis }: JournalOptions,
  times: number,
  nowMillis: number,
): number {
  let total = segmentBytes;
  let first = current;
  // Whatever is older than one that goes, goes too: a journal has no holes.
  for (let index = older.length - 1; index >= 0; index--) {
    const { number, bytes, writtenMillis } = older[index]!;
    total += bytes;
    if (total > totalBytes * times || nowMillis - writtenMillis > ageMillis * times) break;
    first = number;
  }
  return first;
}
