import { type Micros, microsToSeconds } from '../engine/core/index.ts';
import type { Resources } from '../engine/resources/index.ts';
import { type Job, type JobTasks, taskCount } from '../engine/workload/index.ts';
import type { ReadOptions } from './model/read-options.ts';
import type { Cluster, WorkloadReport } from './model/workload.ts';
import { openTrace } from './open.ts';

/** Sums over jobs: hours are amount × run time of every task. Doubles, for display. */
export interface LoadSum {
  readonly jobs: number;
  readonly tasks: number;
  readonly cpuHours: number;
  readonly gpuHours: number;
  readonly memGibHours: number;
}

export interface RoleLoad extends LoadSum {
  readonly role: string;
}

export interface ClusterSummary {
  readonly name: string;
  readonly machines: number;
  readonly cpus: number;
  readonly memGib: number;
  readonly gpus: number;
  readonly events: number;
}

/** What a reading of the whole trace found. */
export interface TraceInspection {
  readonly name: string;
  readonly format: string;
  readonly assumptions: readonly string[];
  readonly report: WorkloadReport;
  readonly firstArrival: Micros | null;
  readonly lastArrival: Micros | null;
  readonly users: number;
  readonly gangs: number;
  readonly load: LoadSum;
  /** By name. */
  readonly roles: readonly RoleLoad[];
  readonly cluster: ClusterSummary | null;
  /** Jobs with a task that fits no machine, whatever its constraints; the first few by id. Null without a cluster. */
  readonly oversized: { readonly jobs: number; readonly examples: readonly string[] } | null;
}

/** Reads a trace to its end and sums it up: `orrery traces inspect` and `validate`. Throws `TraceError`. */
export async function inspectTrace(nameOrPath: string, options: ReadOptions): Promise<TraceInspection> {
  const { workload, cluster } = await openTrace(nameOrPath, options);
  const total = new LoadCounter();
  const roles = new Map<string, LoadCounter>();
  const users = new Set<string>();
  const fit = cluster === null ? null : new FitCheck(cluster);
  let firstArrival: Micros | null = null;
  let lastArrival: Micros | null = null;
  let gangs = 0;
  for await (const batch of workload.batches()) {
    for (const job of batch) {
      firstArrival ??= job.arrival;
      lastArrival = job.arrival;
      if (job.gang) gangs++;
      if (job.user !== null) users.add(job.user);
      total.add(job);
      let role = roles.get(job.role);
      if (role === undefined) {
        role = new LoadCounter();
        roles.set(job.role, role);
      }
      role.add(job);
      fit?.add(job);
    }
  }
  return {
    name: workload.name,
    format: workload.format,
    assumptions: [...workload.assumptions, ...(cluster?.assumptions ?? [])],
    report: workload.report(),
    firstArrival,
    lastArrival,
    users: users.size,
    gangs,
    load: total.sum(),
    roles: [...roles]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([role, load]) => ({ role, ...load.sum() })),
    cluster: cluster === null ? null : summaryOf(cluster),
    oversized: fit === null ? null : { jobs: fit.oversized, examples: fit.examples },
  };
}

const SECONDS_PER_HOUR = 3_600;
const MEBIBYTES_PER_GIBIBYTE = 1_024;

class LoadCounter {
  #jobs = 0;
  #tasks = 0;
  #cpuSeconds = 0;
  #gpuSeconds = 0;
  #memSeconds = 0;

  add(job: Job): void {
    this.#jobs++;
    this.#tasks += taskCount(job);
    for (const tasks of job.tasks) {
      const seconds = secondsOf(tasks);
      this.#cpuSeconds += (tasks.resources.cpus / 1_000) * seconds;
      this.#gpuSeconds += (tasks.resources.gpus / 1_000) * seconds;
      this.#memSeconds += (tasks.resources.mem / 1_000) * seconds;
    }
  }

  sum(): LoadSum {
    return {
      jobs: this.#jobs,
      tasks: this.#tasks,
      cpuHours: this.#cpuSeconds / SECONDS_PER_HOUR,
      gpuHours: this.#gpuSeconds / SECONDS_PER_HOUR,
      memGibHours: this.#memSeconds / MEBIBYTES_PER_GIBIBYTE / SECONDS_PER_HOUR,
    };
  }
}

function secondsOf(tasks: JobTasks): number {
  if (typeof tasks.duration === 'number') return tasks.count * microsToSeconds(tasks.duration);
  return tasks.duration.reduce((sum, duration) => sum + duration, 0) / 1e6;
}

/** Few shapes of machines against few shapes of tasks: each pair is compared once. */
class FitCheck {
  oversized = 0;
  readonly examples: string[] = [];
  readonly #machines: readonly Resources[];
  readonly #known = new Map<Resources, boolean>();

  constructor(cluster: Cluster) {
    this.#machines = [...new Set(cluster.machines.map((machine) => machine.resources))];
  }

  add(job: Job): void {
    if (job.tasks.every((tasks) => this.#fits(tasks.resources))) return;
    this.oversized++;
    if (this.examples.length < EXAMPLES_MAX) this.examples.push(job.id);
  }

  #fits(needs: Resources): boolean {
    const known = this.#known.get(needs);
    if (known !== undefined) return known;
    if (this.#known.size >= SHAPES_MAX) this.#known.clear();
    const fits = this.#machines.some((machine) => machine.contains(needs));
    this.#known.set(needs, fits);
    return fits;
  }
}

const EXAMPLES_MAX = 5;
const SHAPES_MAX = 65_536;

function summaryOf(cluster: Cluster): ClusterSummary {
  let cpus = 0;
  let mem = 0;
  let gpus = 0;
  for (const { resources } of cluster.machines) {
    cpus += resources.cpus;
    mem += resources.mem;
    gpus += resources.gpus;
  }
  return {
    name: cluster.name,
    machines: cluster.machines.length,
    cpus: cpus / 1_000,
    memGib: mem / 1_000 / MEBIBYTES_PER_GIBIBYTE,
    gpus: gpus / 1_000,
    events: cluster.events.length,
  };
}
