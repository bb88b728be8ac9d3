import { assert } from '../../engine/core/index.ts';
import type { ClusterSample, FaultRecord, JobOutcome, TaskOutcome } from '../../engine/workload/index.ts';
import type { JobCounts, RoleSummary, TaskCounts, UserSummaries, UserSummary } from '../summary.ts';
import { ClusterMean } from './cluster-mean.ts';
import { JobGroup, rounded } from './job-group.ts';
import { RoleTotals } from './role-totals.ts';

/** Roles and users that are told apart; what comes later is counted together. At most 130 KB each. */
export const ROLES_MAX = 2_048;
export const USERS_MAX = 2_048;
/** Users that the summary lists. */
export const USERS_TOP = 50;
/** Stands for roles after the first `ROLES_MAX`. No role can have this name: it has a space. */
export const OTHER_ROLES = '(other roles)';

/** All that is kept of a run while it goes: totals and histograms, whose size does not grow with the run. */
export class RunTotals {
  readonly all = new JobGroup();
  readonly cluster = new ClusterMean();
  /** In order of the first mention. */
  readonly #roles = new Map<string, RoleTotals>();
  readonly #users = new Map<string, JobGroup>();
  readonly #laterUsers = new JobGroup();
  readonly #attemptsByState = new Map<string, number>();
  readonly #faultKinds = new Map<string, number>();
  #attempts = 0;
  #faults = 0;
  #samples = 0;
  #lastSample: ClusterSample | null = null;
  #start: number | null = null;
  #firstArrival: number | null = null;
  #lastJobEnd: number | null = null;

  addJob(job: JobOutcome): void {
    this.all.add(job);
    this.#role(job.role, job.arrival).jobs.add(job);
    if (job.user !== null) this.#user(job.user).add(job);
    this.#startsBy(job.arrival);
    if (this.#firstArrival === null || job.arrival < this.#firstArrival) this.#firstArrival = job.arrival;
    if (job.ended !== null && job.ended > (this.#lastJobEnd ?? 0)) this.#lastJobEnd = job.ended;
  }

  addTask(task: TaskOutcome): void {
    this.#attempts++;
    count(this.#attemptsByState, task.state);
    this.#role(task.role, task.arrival).addTask(task);
  }

  addSample(sample: ClusterSample): void {
    this.#samples++;
    this.#startsBy(sample.at);
    this.cluster.sample(sample);
    for (const role of sample.roles) {
      const totals = this.#role(role.role, sample.at);
      if (totals.role === role.role) totals.share.sample(sample.at, role);
    }
    for (const totals of this.#roles.values()) totals.share.endSample(sample.at);
    this.#lastSample = sample;
  }

  addFault(fault: FaultRecord): void {
    this.#faults++;
    count(this.#faultKinds, fault.kind);
  }

  /** Lets what the last sample saw hold until the run's end. */
  end(at: number): void {
    this.cluster.advance(at);
    for (const role of this.#roles.values()) role.share.advance(at);
  }

  /** The first instant that the run told of, µs; 0 if it told nothing. */
  get start(): number {
    return this.#start ?? 0;
  }

  get samples(): number {
    return this.#samples;
  }

  get faults(): number {
    return this.#faults;
  }

  get faultKinds(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#faultKinds);
  }

  /** The run's counters as the last sample has them. */
  get lastSample(): ClusterSample | null {
    return this.#lastSample;
  }

  /** First arrival to last end, µs; null if no job ended. */
  get makespan(): number | null {
    if (this.#firstArrival === null || this.#lastJobEnd === null) return null;
    return this.#lastJobEnd - this.#firstArrival;
  }

  jobCounts(): JobCounts {
    const { jobs, finished, failed, refused, unfinished, wait } = this.all;
    return {
      total: jobs,
      byState: { FINISHED: finished, FAILED: failed, REFUSED: refused, UNFINISHED: unfinished },
      started: wait.count,
    };
  }

  taskCounts(): TaskCounts {
    return {
      total: this.all.tasks,
      attempts: this.#attempts,
      byState: Object.fromEntries(this.#attemptsByState),
      retries: this.all.retries,
    };
  }

  /** Most jobs first. @param span  the time that shares are averaged over, µs */
  roleSummaries(span: number): RoleSummary[] {
    return [...this.#roles.values()]
      .sort((a, b) => b.jobs.jobs - a.jobs.jobs || compareText(a.role, b.role))
      .map((role) => role.summary(span));
  }

  /** Whether the role has totals of its own. */
  knows(role: string): boolean {
    return this.#roles.has(role);
  }

  /** The jobs of a role that `roleSummaries` lists. */
  jobsOf(role: string): JobGroup {
    const totals = this.#roles.get(role);
    assert(totals !== undefined, 'only roles that the run told of are asked for');
    return totals.jobs;
  }

  userSummaries(): UserSummaries {
    const ranked = [...this.#users].sort(
      ([nameA, a], [nameB, b]) => b.jobs - a.jobs || compareText(nameA, nameB),
    );
    const top: UserSummary[] = [];
    const rest = new JobGroup();
    rest.addAll(this.#laterUsers);
    for (const [user, group] of ranked) {
      if (top.length < USERS_TOP) top.push({ user, ...group.summary() });
      else rest.addAll(group);
    }
    return {
      total: ranked.length,
      capped: this.#laterUsers.jobs > 0,
      top,
      rest: rest.jobs === 0 ? null : rest.summary(),
    };
  }

  #role(name: string, at: number): RoleTotals {
    const known = this.#roles.get(name);
    if (known !== undefined) return known;
    if (this.#roles.size >= ROLES_MAX && name !== OTHER_ROLES) return this.#role(OTHER_ROLES, at);
    const role = new RoleTotals(name, at);
    this.#roles.set(name, role);
    return role;
  }

  #user(name: string): JobGroup {
    const known = this.#users.get(name);
    if (known !== undefined) return known;
    if (this.#users.size >= USERS_MAX) return this.#laterUsers;
    const user = new JobGroup();
    this.#users.set(name, user);
    return user;
  }

  #startsBy(at: number): void {
    if (this.#start === null || at < this.#start) this.#start = at;
  }
}

/** Mean over roles of how far each was from its fair share. */
export function meanDeviation(roles: readonly RoleSummary[]): number {
  if (roles.length === 0) return 0;
  let sum = 0;
  for (const role of roles) sum += role.share.deviationMean;
  return rounded(sum / roles.length);
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
