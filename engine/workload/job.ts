import type { Micros } from '../core/index.ts';
import type { Resources } from '../resources/index.ts';

/** A condition on an attribute of the agent that a task may run on. An absent attribute satisfies NOT_IN only. */
export interface PlacementConstraint {
  readonly attribute: string;
  readonly operator: 'IN' | 'NOT_IN';
  readonly values: readonly string[];
}

/** Tasks of a job that need the same. */
export interface JobTasks {
  /** 1 or more. */
  readonly count: number;
  /** What one task needs; equal shapes share one object where there are many. */
  readonly resources: Resources;
  /** Run time of each task, µs, 1 or more; one number for all, or one entry per task (length `count`). */
  readonly duration: Micros | Float64Array;
  readonly constraints: readonly PlacementConstraint[];
}

/** One job of the normalised workload: what a trace's row, or rows, become (spec traces.md §0). */
export interface Job {
  readonly id: string;
  readonly arrival: Micros;
  /** A valid role name: the trace's queue, virtual cluster or tenant. */
  readonly role: string;
  readonly user: string | null;
  /** Larger runs first within a role. */
  readonly priority: number;
  /** All tasks start together or none. */
  readonly gang: boolean;
  readonly tasks: readonly JobTasks[];
}

/** Number of tasks of a job. */
export function taskCount(job: Job): number {
  let count = 0;
  for (const group of job.tasks) count += group.count;
  return count;
}
