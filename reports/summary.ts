import type { JobState } from '../engine/workload/index.ts';
import type { OptionValue, SkippedRows, WaitingRole, Timing, TraceFacts } from './run-facts.ts';
import type { TimingComparison } from './timing-comparison.ts';

/** Counts up when a field changes its meaning or goes. */
export const SUMMARY_SCHEMA = 'orrery.summary/1';

/** Whether a file's text claims to be a summary of any schema version. */
export function isSummaryText(text: string): boolean {
  return /"schema":\s*"orrery\.summary\//.test(text.slice(0, 200));
}

/**
 * `summary.json`: a run in numbers. Times are in seconds, mem and disk in MiB, shares and utilisation from 0 to 1. Everything outside `timing` is the
 * same when the run is repeated.
 */
export interface Summary {
  readonly schema: typeof SUMMARY_SCHEMA;
  readonly name: string;
  readonly version: string;
  readonly command: string;
  readonly seed: string;
  readonly options: Readonly<Record<string, OptionValue>>;
  readonly trace: TraceFacts;
  readonly assumptions: readonly string[];
  readonly skippedRows: SkippedRows;
  /** Why tasks wait that had not been launched when the run ended. */
  readonly waiting: readonly WaitingRole[];
  /** The run was stopped before its end. */
  readonly partial: boolean;
  /** Rolling hash of the run's outputs. */
  readonly hash: string;
  readonly virtual: VirtualSpan;
  readonly timing: Timing;
  readonly cluster: ClusterTotals;
  readonly counts: Counts;
  /** Over all jobs. */
  readonly wait: Distribution;
  readonly slowdown: Distribution;
  readonly boundedSlowdown: Distribution;
  /** Waits beside those of the same run under the other timing; null if these were not asked for. */
  readonly comparison: TimingComparison | null;
  /** Time-weighted mean of what was in use over what was there; null for a kind that no machine has. */
  readonly utilisation: Amounts<number | null>;
  /** First arrival to the last end of a job, s; null if no job ended. */
  readonly makespanSeconds: number | null;
  readonly fairness: Fairness;
  /** Most jobs first, then by name. */
  readonly roles: readonly RoleSummary[];
  readonly users: UserSummaries;
  /** What the folder's tables hold; null for one that was not asked for. */
  readonly tables: Readonly<Record<TableName, TableFacts | null>>;
}

export type TableName =
  | 'jobs'
  | 'tasks'
  | 'machines'
  | 'timeseries'
  | 'roles'
  | 'faults'
  | 'distributions'
  | 'comparison';

export interface TableFacts {
  readonly file: string;
  readonly rows: number;
}

export interface VirtualSpan {
  /** First sample or arrival. */
  readonly startSeconds: number;
  /** The instant reached. */
  readonly endSeconds: number;
  readonly spanSeconds: number;
}

/** An amount per resource kind. */
export interface Amounts<T> {
  readonly cpus: T;
  readonly mem: T;
  readonly gpus: T;
  readonly disk: T;
}

export interface ClusterTotals extends Amounts<number> {
  readonly machines: number;
}

export interface Counts {
  readonly jobs: JobCounts;
  readonly tasks: TaskCounts;
  readonly offers: {
    readonly made: number;
    readonly accepted: number;
    readonly declined: number;
    readonly rescinded: number;
    /** Of the rescinded: those that nobody answered in time, such as a hoarder's. */
    readonly timedOut: number;
  };
  /** Times that a framework was passed over for an agent because it had declined there what others had not seen. */
  readonly declinersPassedOver: number;
  readonly allocationRuns: number;
  readonly masterSteps: number;
  readonly faults: number;
  /** By kind, in order of the first one. */
  readonly faultKinds: Readonly<Record<string, number>>;
  readonly samples: number;
}

export interface JobCounts {
  readonly total: number;
  readonly byState: Readonly<Record<JobState, number>>;
  /** Ended or not, whose first task did run: those that `wait` is about. */
  readonly started: number;
}

export interface TaskCounts {
  /** Of all jobs, launched or not. */
  readonly total: number;
  /** Attempts that reached a terminal state that their framework learnt of. */
  readonly attempts: number;
  /** Attempts by terminal state, in order of the first one. */
  readonly byState: Readonly<Record<string, number>>;
  /** Attempts beyond the first. */
  readonly retries: number;
}

/** Quantiles by nearest rank, within 0.8 %; mean and max are exact. Zeros when `count` is 0. */
export interface Distribution {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface Fairness {
  /** Mean over roles of their `deviationMean`; 0 without roles. */
  readonly deviationMean: number;
}

/** What jobs have in common that share a role or a user. */
export interface GroupSummary {
  readonly jobs: number;
  readonly finished: number;
  readonly failed: number;
  readonly refused: number;
  readonly unfinished: number;
  readonly tasks: number;
  readonly retries: number;
  /** From arrival to the first task running, s, of jobs that ran. */
  readonly wait: Distribution;
  /** From arrival to the end, over the run time alone, of finished jobs. */
  readonly slowdown: Distribution;
  /** As `slowdown`, with run times below 10 s counted as 10 s, and at least 1. */
  readonly boundedSlowdown: Distribution;
}

export interface RoleSummary extends GroupSummary {
  readonly role: string;
  /** Attempts that finished. */
  readonly attemptsFinished: number;
  readonly attemptsFailed: number;
  /** Held from the first TASK_RUNNING to the end, over all attempts. */
  readonly cpuHours: number;
  readonly memGibHours: number;
  readonly gpuHours: number;
  /** The part of `cpuHours` that attempts took that did not finish. */
  readonly cpuHoursLost: number;
  readonly gpuHoursLost: number;
  readonly share: RoleShare;
}

/** Means over the samples' time. */
export interface RoleShare {
  readonly dominantMean: number;
  readonly fairMean: number;
  /** Of |dominant share − fair share|. */
  readonly deviationMean: number;
}

export interface UserSummary extends GroupSummary {
  readonly user: string;
}

export interface UserSummaries {
  /** Distinct users; at least this many if `capped`. */
  readonly total: number;
  /** There were more than `USERS_MAX` users: jobs of later ones are in `rest`, and `total` does not count them. */
  readonly capped: boolean;
  /** Those with the most jobs, then by name. */
  readonly top: readonly UserSummary[];
  /** All others together. */
  readonly rest: GroupSummary | null;
}

/** The roles that a report shows first: largest mean dominant share, then most jobs, then by name. */
export function rolesByShare(roles: readonly RoleSummary[]): RoleSummary[] {
  return [...roles].sort(
    (a, b) => b.share.dominantMean - a.share.dominantMean || b.jobs - a.jobs || (a.role < b.role ? -1 : 1),
  );
}
