import type { Micros } from '../../engine/core/index.ts';
import type { CommandInfo, TaskTemplate } from '../../engine/protocol/index.ts';
import {
  type Job,
  type JobOutcome,
  type JobState,
  type JobTasks,
  taskCount,
} from '../../engine/workload/index.ts';
import type { RoleState } from './role-state.ts';
import { type Shape, shapeOf } from './shape.ts';
import type { TaskRun } from './task-table.ts';

/** Tasks of a job that need the same, and which of them wait to be launched. */
export interface LiveGroup {
  readonly tasks: JobTasks;
  readonly shape: Shape;
  /** Index in the job of the first task of the group. */
  readonly first: number;
  /** Tasks of the group from here on were never launched in this attempt of the job. */
  next: number;
  /** Tasks to launch again: index within the group, and the attempt that it will be; parallel. Tasks of gangs never stand here. */
  readonly retryIndexes: number[];
  readonly retryAttempts: number[];
}

/** A job from its arrival to its end. */
export interface LiveJob {
  readonly job: Job;
  readonly role: RoleState;
  /** Breaks ties in the queue. */
  readonly sequence: number;
  readonly tasks: number;
  readonly ideal: Micros;
  readonly template: TaskTemplate;
  /** As the job lists them. */
  readonly groups: readonly LiveGroup[];
  /** The same groups as a gang is packed: constrained ones first, then the large ones. */
  readonly packing: readonly LiveGroup[];
  /** Tasks waiting to be launched. */
  pending: number;
  /** Tasks launched whose attempt has not ended. */
  live: number;
  firstRunning: Micros | null;
  /** Attempts launched beyond the first, summed over tasks. */
  retries: number;
  /** A task of it failed for good. */
  failed: boolean;
  place: 'queue' | 'aside' | 'none';
  /** When a job that stands aside comes back. */
  asideUntil: Micros;
  /** Holds in vain so far. */
  vainHolds: number;
  /** Overtakings while it was the blocked head. */
  overtaken: number;
  /** Gang: attempt of the whole, from 1. */
  attempt: number;
  /** Gang: a task of this attempt was lost; the others are being killed. */
  breaking: boolean;
  /** Gang: live runs by task index; empty for others. */
  readonly runs: (TaskRun | null)[];
  /** Gang: `additions` of the pool when it was last found not to fit; -1 for never. */
  blockedAt: number;
}

/** Tasks of a group waiting to be launched. */
export function pendingOf(group: LiveGroup): number {
  return group.tasks.count - group.next + group.retryIndexes.length;
}

/** Run time of a task of the group, µs. */
export function durationOf(group: LiveGroup, index: number): number {
  const duration = group.tasks.duration;
  return typeof duration === 'number' ? duration : duration[index]!;
}

export function liveJob(job: Job, role: RoleState, sequence: number): LiveJob {
  const groups: LiveGroup[] = [];
  let first = 0;
  for (const tasks of job.tasks) {
    groups.push({ tasks, shape: shapeOf(tasks), first, next: 0, retryIndexes: [], retryAttempts: [] });
    first += tasks.count;
  }
  return {
    job,
    role,
    sequence,
    tasks: first,
    ideal: idealOf(job),
    template: templateOf(job),
    groups,
    packing: job.gang && groups.length > 1 ? [...groups].sort(packsBefore) : groups,
    pending: first,
    live: 0,
    firstRunning: null,
    retries: 0,
    failed: false,
    place: 'none',
    asideUntil: 0 as Micros,
    vainHolds: 0,
    overtaken: 0,
    attempt: 1,
    breaking: false,
    runs: job.gang ? Array.from({ length: first }, () => null) : [],
    blockedAt: -1,
  };
}

export function outcomeOf(live: LiveJob, state: JobState, ended: Micros | null): JobOutcome {
  const { job } = live;
  return {
    job: job.id,
    role: job.role,
    user: job.user,
    priority: job.priority,
    gang: job.gang,
    tasks: live.tasks,
    state,
    arrival: job.arrival,
    firstRunning: live.firstRunning,
    ended,
    ideal: live.ideal,
    retries: live.retries,
  };
}

/** The outcome of a job that never was in a queue. */
export function refusedOutcome(job: Job): JobOutcome {
  return {
    job: job.id,
    role: job.role,
    user: job.user,
    priority: job.priority,
    gang: job.gang,
    tasks: taskCount(job),
    state: 'REFUSED',
    arrival: job.arrival,
    firstRunning: null,
    ended: null,
    ideal: idealOf(job),
    retries: 0,
  };
}

function idealOf(job: Job): Micros {
  let longest = 0;
  for (const tasks of job.tasks) {
    if (typeof tasks.duration === 'number') longest = Math.max(longest, tasks.duration);
    else for (const duration of tasks.duration) longest = Math.max(longest, duration);
  }
  return longest as Micros;
}

/** First-fit decreasing: what is hard to place goes first. The sort is stable, so ties keep the job's order. */
function packsBefore(a: LiveGroup, b: LiveGroup): number {
  return (
    b.shape.constraints.length - a.shape.constraints.length ||
    b.shape.gpus - a.shape.gpus ||
    b.shape.cpus - a.shape.cpus ||
    b.shape.mem - a.shape.mem ||
    b.shape.disk - a.shape.disk
  );
}

const COMMAND: CommandInfo = {
  value: 'workload',
  shell: false,
  args: [],
  user: null,
  environment: [],
  uris: [],
};

function templateOf(job: Job): TaskTemplate {
  return {
    name: job.id,
    command: COMMAND,
    executor: null,
    container: null,
    killPolicy: null,
    healthCheck: null,
    check: null,
    maxCompletionTime: null,
    limits: null,
    labels: null,
    discovery: null,
    data: null,
  };
}
