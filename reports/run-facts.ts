import type { Micros, Milli } from '../engine/core/index.ts';
import type { OtherTimingRun } from './timing-comparison.ts';

export type OptionValue = string | number | boolean | null;

/** What is known before a run starts. Everything here is the same when the run is repeated. */
export interface RunDescription {
  /** What was run, as a title: the trace's or generator's name. */
  readonly name: string;
  /** Orrery's version. */
  readonly version: string;
  /** The command line that repeats the run. */
  readonly command: string;
  readonly seed: string;
  /** The options in force, defaults included, in the order to show them. */
  readonly options: Readonly<Record<string, OptionValue>>;
  readonly trace: TraceFacts;
  /** The cluster; `TaskOutcome.machine` is an index into it. */
  readonly machines: readonly MachineFacts[];
}

export interface TraceFacts {
  readonly name: string;
  /** The reader or generator. */
  readonly format: string;
  /** What was read; empty for a generator. */
  readonly files: readonly string[];
}

/** A machine of the cluster; mem and disk in thousandths of a MiB. */
export interface MachineFacts {
  readonly name: string;
  readonly cpus: Milli;
  readonly mem: Milli;
  readonly gpus: Milli;
  readonly disk: Milli;
}

/** What is known when a run has ended. */
export interface RunEnd {
  /** The virtual instant reached. */
  readonly at: Micros;
  /** The run was stopped before its end; what is there is complete up to `at`. */
  readonly partial: boolean;
  /** The rolling hash of the run's outputs. */
  readonly hash: string;
  /** What was assumed where the trace says nothing, one sentence each. */
  readonly assumptions: readonly string[];
  readonly skippedRows: SkippedRows;
  /** Roles with tasks in their queues when the run ended, and why those are not offered what they need. */
  readonly waiting: readonly WaitingRole[];
  /** The same run under the other timing; null if it was not asked for. */
  readonly otherTiming: OtherTimingRun | null;
  readonly timing: Timing;
}

/** A role whose tasks wait, explained by the allocator in lines of text. */
export interface WaitingRole {
  readonly role: string;
  readonly tasksQueued: number;
  readonly lines: readonly string[];
}

/** Rows of the trace that were left out, by a rule of the format or at the user's wish. */
export interface SkippedRows {
  readonly count: number;
  readonly reasons: readonly SkippedReason[];
  /** Where the first malformed row is and what is wrong with it; null if all were well formed. */
  readonly firstBadRow: string | null;
}

export interface SkippedReason {
  readonly reason: string;
  readonly rows: number;
}

/** What the run cost on this machine: the only facts that differ when a run is repeated. */
export interface Timing {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
}
