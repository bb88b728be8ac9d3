import { MICROS_PER_SECOND } from '../../engine/core/index.ts';
import type { JobOutcome } from '../../engine/workload/index.ts';
import type { Distribution, GroupSummary } from '../summary.ts';
import { LogHistogram } from './log-histogram.ts';

/** τ of bounded slowdown, µs: run times below it count as this much (Feitelson and Rudolph, 1998). */
const SLOWDOWN_BOUND_MICROS = 10 * MICROS_PER_SECOND;

/** Totals over the jobs that share a role or a user, or over all. Memory does not grow with the number of jobs. */
export class JobGroup {
  readonly wait = new LogHistogram();
  readonly slowdown = new LogHistogram();
  readonly boundedSlowdown = new LogHistogram();
  jobs = 0;
  finished = 0;
  failed = 0;
  refused = 0;
  unfinished = 0;
  tasks = 0;
  retries = 0;

  add(job: JobOutcome): void {
    this.jobs++;
    this.tasks += job.tasks;
    this.retries += job.retries;
    if (job.state === 'FINISHED') this.finished++;
    else if (job.state === 'FAILED') this.failed++;
    else if (job.state === 'REFUSED') this.refused++;
    else this.unfinished++;
    const wait = waitMicros(job);
    if (wait !== null) this.wait.add(wait / MICROS_PER_SECOND);
    const slowdown = slowdownOf(job);
    if (slowdown !== null) this.slowdown.add(slowdown);
    const bounded = boundedSlowdownOf(job);
    if (bounded !== null) this.boundedSlowdown.add(bounded);
  }

  /** Adds everything that `other` counted. */
  addAll(other: JobGroup): void {
    this.wait.addAll(other.wait);
    this.slowdown.addAll(other.slowdown);
    this.boundedSlowdown.addAll(other.boundedSlowdown);
    this.jobs += other.jobs;
    this.finished += other.finished;
    this.failed += other.failed;
    this.refused += other.refused;
    this.unfinished += other.unfinished;
    this.tasks += other.tasks;
    this.retries += other.retries;
  }

  summary(): GroupSummary {
    return {
      jobs: this.jobs,
      finished: this.finished,
      failed: this.failed,
      refused: this.refused,
      unfinished: this.unfinished,
      tasks: this.tasks,
      retries: this.retries,
      wait: distributionOf(this.wait),
      slowdown: distributionOf(this.slowdown),
      boundedSlowdown: distributionOf(this.boundedSlowdown),
    };
  }
}

/** Arrival to the first task running, µs; null if none ran. */
export function waitMicros(job: JobOutcome): number | null {
  return job.firstRunning === null ? null : Math.max(0, job.firstRunning - job.arrival);
}

/** Arrival to end over the longest run time of its tasks; null unless it finished. */
export function slowdownOf(job: JobOutcome): number | null {
  if (job.state !== 'FINISHED' || job.ended === null) return null;
  return (job.ended - job.arrival) / Math.max(1, job.ideal);
}

export function boundedSlowdownOf(job: JobOutcome): number | null {
  if (job.state !== 'FINISHED' || job.ended === null) return null;
  return Math.max(1, (job.ended - job.arrival) / Math.max(SLOWDOWN_BOUND_MICROS, job.ideal));
}

export function distributionOf(histogram: LogHistogram): Distribution {
  return {
    count: histogram.count,
    mean: rounded(histogram.mean),
    p50: rounded(histogram.quantile(0.5)),
    p90: rounded(histogram.quantile(0.9)),
    p95: rounded(histogram.quantile(0.95)),
    p99: rounded(histogram.quantile(0.99)),
    max: rounded(histogram.max),
  };
}

/** To six decimals: as exact as the inputs, and short to read. */
export function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
