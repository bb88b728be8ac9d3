/** Bounds of a journal. */
export interface JournalOptions {
  /** A segment that has grown to this many bytes wants a next one. */
  readonly segmentBytes: number;
  /**
   * All segments together; the oldest go first, the one being written never. While a snapshot is made of those that are to go, up to twice as much
   * is kept; snapshots come on top.
   */
  readonly totalBytes: number;
  /** Segments last written longer ago than this many milliseconds go as well. */
  readonly ageMillis: number;
  /** What was recorded is on the disk after this many milliseconds at most, even if the machine loses power. */
  readonly syncMillis: number;
}

const MIB = 1_024 * 1_024;
export const DEFAULT_JOURNAL_OPTIONS: JournalOptions = {
  segmentBytes: 64 * MIB,
  totalBytes: 1_024 * MIB,
  ageMillis: 7 * 24 * 3_600_000,
  syncMillis: 1_000,
};
