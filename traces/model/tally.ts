import { BadRow, TraceError } from './trace-error.ts';
import type { WorkloadReport } from './workload.ts';

/** Counts one reading and decides what a bad row does. */
export class Tally {
  rows = 0;
  jobs = 0;
  tasks = 0;
  readonly #strict: boolean;
  readonly #skipped = new Map<string, number>();
  #firstBadRow: string | null = null;

  constructor(strictness: 'strict' | 'skip-bad-rows') {
    this.#strict = strictness === 'strict';
  }

  /** A row that the format's rules leave out: no fault of the data. */
  leaveOut(reason: string): void {
    this.#skipped.set(reason, (this.#skipped.get(reason) ?? 0) + 1);
  }

  /** A `BadRow` ends the reading with a `TraceError`, or is counted; anything else passes through. */
  refuse(problem: unknown, file: string, line: number | null): void {
    if (!(problem instanceof BadRow)) throw problem;
    const error = new TraceError(problem.message, { file, line });
    if (this.#strict) throw error;
    this.#firstBadRow ??= error.message;
    this.leaveOut(`bad row: ${problem.reason}`);
  }

  report(): WorkloadReport {
    let skippedRows = 0;
    for (const rows of this.#skipped.values()) skippedRows += rows;
    return {
      rows: this.rows,
      jobs: this.jobs,
      tasks: this.tasks,
      skippedRows,
      skippedReasons: [...this.#skipped].map(([reason, rows]) => ({ reason, rows })),
      firstBadRow: this.#firstBadRow,
    };
  }
}
