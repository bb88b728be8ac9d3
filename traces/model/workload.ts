import type { Job, MachineEvent, MachineSpec } from '../../engine/workload/index.ts';

/** Rows that became no job, by reason. */
export interface SkippedRows {
  readonly reason: string;
  readonly rows: number;
}

/** What a reading has counted so far; complete once `batches()` has ended. */
export interface WorkloadReport {
  /** Data rows read: header and blank lines do not count. */
  readonly rows: number;
  readonly jobs: number;
  readonly tasks: number;
  /** Rows that became no job: bad ones (with `skip-bad-rows`), and those that the format's rules leave out. */
  readonly skippedRows: number;
  readonly skippedReasons: readonly SkippedRows[];
  /** The first bad row's message, with file and line. */
  readonly firstBadRow: string | null;
}

/** A normalised workload, read as it goes. */
export interface Workload {
  /** Sample, file or generator that it comes from. */
  readonly name: string;
  /** Name of the format or the generator. */
  readonly format: string;
  /** One sentence each: what the trace does not say and was assumed, given or default. */
  readonly assumptions: readonly string[];
  /**
   * Jobs in order of arrival, times from 0 = start of the replay, about a thousand at a time. Each call reads anew and resets the report.
   * Throws `TraceError`.
   */
  batches(): AsyncIterable<readonly Job[]>;
  report(): WorkloadReport;
}

/** The machines that a trace comes with, or that were assumed for it. */
export interface Cluster {
  readonly name: string;
  readonly machines: readonly MachineSpec[];
  /** In order of time, times as the workload's. */
  readonly events: readonly MachineEvent[];
  readonly assumptions: readonly string[];
}

/** A trace or a generator, opened. `cluster` is null where neither the data nor an assumption gives the machines. */
export interface OpenedTrace {
  readonly workload: Workload;
  readonly cluster: Cluster | null;
}
