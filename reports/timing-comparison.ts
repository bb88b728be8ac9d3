import { distributionOf, JobGroup, rounded } from './statistics/job-group.ts';
import type { WaitCollector } from './statistics/wait-collector.ts';
import type { Distribution, GroupSummary, RoleSummary } from './summary.ts';

/** The same run under the other timing, as far as it is compared. */
export interface OtherTimingRun {
  /** Of the run that the folder is about: `mesos` or `event`. */
  readonly ownTiming: string;
  readonly timing: string;
  readonly hash: string;
  /** Stopped before its end: it saw fewer jobs. */
  readonly partial: boolean;
  readonly endSeconds: number;
  readonly waits: WaitCollector;
}

/** Waits of this run, of the same run under the other timing, and what they differ by. */
export interface TimingComparison {
  readonly timing: string;
  readonly otherTiming: string;
  readonly otherHash: string;
  readonly otherPartial: boolean;
  readonly otherEndSeconds: number;
  readonly all: WaitPair;
  /** In the order of the summary's roles. */
  readonly roles: readonly RoleWaitPair[];
}

/** Seconds, of jobs that ran. */
export interface WaitPair {
  readonly finished: number;
  readonly otherFinished: number;
  readonly wait: Distribution;
  readonly otherWait: Distribution;
  /** `wait` less `otherWait`, figure by figure: negative where this run's jobs waited less. Null if one of them has no job that ran. */
  readonly difference: WaitDifference | null;
}

export interface RoleWaitPair extends WaitPair {
  readonly role: string;
}

export interface WaitDifference {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Sets the run beside the other one. */
export function compareTimings(
  all: GroupSummary,
  roles: readonly RoleSummary[],
  other: OtherTimingRun,
): TimingComparison {
  return {
    timing: other.ownTiming,
    otherTiming: other.timing,
    otherHash: other.hash,
    otherPartial: other.partial,
    otherEndSeconds: other.endSeconds,
    all: waitPair(all, other.waits.all),
    roles: roles.map((role) => ({
      role: role.role,
      ...waitPair(role, other.waits.jobsOf(role.role) ?? new JobGroup()),
    })),
  };
}

function waitPair(own: GroupSummary, other: JobGroup): WaitPair {
  const otherWait = distributionOf(other.wait);
  return {
    finished: own.finished,
    otherFinished: other.finished,
    wait: own.wait,
    otherWait,
    difference: own.wait.count === 0 || otherWait.count === 0 ? null : difference(own.wait, otherWait),
  };
}

function difference(a: Distribution, b: Distribution): WaitDifference {
  return {
    mean: rounded(a.mean - b.mean),
    p50: rounded(a.p50 - b.p50),
    p90: rounded(a.p90 - b.p90),
    p95: rounded(a.p95 - b.p95),
    p99: rounded(a.p99 - b.p99),
    max: rounded(a.max - b.max),
  };
}
