/** Where in a trace something is wrong. `line` counts from 1; null where the file has no lines, such as a JSON document. */
export interface TracePlace {
  readonly file: string;
  readonly line: number | null;
}

/**
 * What a user gave us cannot be read: one precise message, `file:line: what, what was expected`.
 * The command line prints it and exits with 2; it is never a fault of this program.
 */
export class TraceError extends Error {
  override readonly name = 'TraceError';
  readonly place: TracePlace | null;

  constructor(problem: string, place: TracePlace | null = null) {
    super(
      place === null ? problem : `${place.file}${place.line === null ? '' : `:${place.line}`}: ${problem}`,
    );
    this.place = place;
  }
}

/** One row is wrong. The reader turns it into a `TraceError` with its place, or counts it, as the user chose. */
export class BadRow extends Error {
  override readonly name = 'BadRow';
  /** Groups bad rows in the report: the column, not the value, so that the list stays short. */
  readonly reason: string;

  constructor(reason: string, problem: string) {
    super(problem);
    this.reason = reason;
  }
}
