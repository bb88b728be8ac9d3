import { type Micros, micros, Rng } from '../../engine/core/index.ts';
import { Resources } from '../../engine/resources/index.ts';
import type { Job, JobTasks } from '../../engine/workload/index.ts';
import type { Assumptions, AssumptionSpec } from '../model/assumptions.ts';
import { uniformFleet } from '../model/fleet.ts';
import { NOTHING } from '../model/shapes.ts';
import { mergeByArrival } from './batches.ts';
import { exponential, geometric } from './draws.ts';
import { type Generated, parameter, type WorkloadGenerator } from './generator.ts';

/** What the two sizes differ in. */
interface OmegaDefaults {
  readonly machines: string;
  readonly batchInterval: string;
  readonly serviceInterval: string;
}

/**
 * Batch and service jobs as in the synthetic runs of the Omega simulator (Schwarzkopf et al., EuroSys 2013): exponential gaps and run
 * times, a geometric number of batch tasks.
 */
function omega(name: string, title: string, defaults: OmegaDefaults): WorkloadGenerator {
  return {
    name,
    title,
    describe:
      'Batch jobs (geometric number of tasks) and service jobs (fixed number), exponential gaps and run times, in two roles or more.',
    parameters: omegaParameters(defaults),
    generate,
  };
}

export const omegaDay = omega('omega-day', 'A day of the Omega mix: 10,000 machines, 0.9 million tasks', {
  machines: '10000',
  batchInterval: '10',
  serviceInterval: '20',
});

export const omegaMonth = omega(
  'omega-month',
  'Ten times the jobs of omega-day on 12,500 machines: 9 million tasks',
  {
    machines: '12500',
    batchInterval: '1',
    serviceInterval: '2',
  },
);

function omegaParameters(defaults: OmegaDefaults): AssumptionSpec[] {
  return [
    parameter('machines', defaults.machines, 'number of machines'),
    parameter('machine-cpus', '4', 'cpus of a machine'),
    parameter('machine-mem', '16GiB', 'memory of a machine'),
    parameter('days', '1', 'days over which jobs arrive'),
    parameter('roles', '2', 'number of roles, each with a framework: half batch, half service, batch if one'),
    parameter('batch-interval', defaults.batchInterval, 'mean seconds between batch jobs, exponential'),
    parameter('batch-tasks', '100', 'mean number of tasks of a batch job, geometric'),
    parameter('batch-duration', '100', 'mean seconds that a batch task runs, exponential per task'),
    parameter('service-interval', defaults.serviceInterval, 'mean seconds between service jobs, exponential'),
    parameter('service-tasks', '10', 'number of tasks of a service job'),
    parameter('service-duration', '500', 'mean seconds that a service task runs, exponential per task'),
    parameter('task-cpus', '1', 'cpus of a task'),
    parameter('task-mem', '2GiB', 'memory of a task'),
  ];
}

/** One of the two kinds of jobs. */
interface JobClass {
  readonly name: 'batch' | 'service';
  readonly interval: Micros;
  readonly duration: Micros;
  readonly roles: readonly string[];
  readonly resources: Resources;
  readonly tasks: (rng: Rng) => number;
}

function generate(parameters: Assumptions, seed: number): Generated {
  const machines = uniformFleet(parameters.count('machines', 1, 10_000_000), {
    ...NOTHING,
    cpus: parameters.milli('machine-cpus', 10),
    mem: parameters.mebibytes('machine-mem', 1),
  });
  const horizon = micros(Math.round(parameters.positive('days') * MICROS_PER_DAY));
  const resources = Resources.ofScalars({
    ...NOTHING,
    cpus: parameters.milli('task-cpus', 10),
    mem: parameters.mebibytes('task-mem', 1),
  });
  const roles = roleNames(parameters.count('roles', 1, 100_000));
  const meanTasks = parameters.positive('batch-tasks');
  const serviceTasks = parameters.count('service-tasks', 1, 1_000_000);
  const batch: JobClass = {
    name: 'batch',
    interval: parameters.seconds('batch-interval'),
    duration: parameters.seconds('batch-duration'),
    roles: roles.batch,
    resources,
    tasks: (rng) => geometric(rng, meanTasks),
  };
  const service: JobClass = {
    name: 'service',
    interval: parameters.seconds('service-interval'),
    duration: parameters.seconds('service-duration'),
    roles: roles.service,
    resources,
    tasks: () => serviceTasks,
  };
  const streams = () => [jobsOf(batch, horizon, seed), jobsOf(service, horizon, seed)];
  return { machines, jobs: () => mergeByArrival(streams()) };
}

const MICROS_PER_DAY = 86_400_000_000;

/** `batch` and `service`, or numbered ones; a single role takes both kinds. */
function roleNames(count: number): { batch: string[]; service: string[] } {
  if (count === 1) return { batch: ['batch'], service: ['batch'] };
  if (count === 2) return { batch: ['batch'], service: ['service'] };
  const numbered = (prefix: string, of: number) =>
    Array.from({ length: of }, (_, index) => `${prefix}-${index + 1}`);
  return {
    batch: numbered('batch', Math.ceil(count / 2)),
    service: numbered('service', Math.floor(count / 2)),
  };
}

/** A stream of its own for each purpose, so that another number of tasks or roles leaves the arrivals as they are. */
function* jobsOf(kind: JobClass, horizon: Micros, seed: number): Generator<Job, void, undefined> {
  const arrivals = Rng.forPurpose(seed, `omega/${kind.name}/arrivals`);
  const sizes = Rng.forPurpose(seed, `omega/${kind.name}/tasks`);
  const durations = Rng.forPurpose(seed, `omega/${kind.name}/durations`);
  const roles = Rng.forPurpose(seed, `omega/${kind.name}/roles`);
  let at = exponential(arrivals, kind.interval);
  for (let number = 0; at < horizon; number++) {
    yield {
      id: `${kind.name}-${number}`,
      arrival: micros(at),
      role: kind.roles[kind.roles.length === 1 ? 0 : roles.below(kind.roles.length)]!,
      user: null,
      priority: 0,
      gang: false,
      tasks: [drawTasks(kind, kind.tasks(sizes), durations)],
    };
    at += exponential(arrivals, kind.interval);
  }
}

function drawTasks(kind: JobClass, count: number, rng: Rng): JobTasks {
  const duration = new Float64Array(count);
  for (let task = 0; task < count; task++) duration[task] = exponential(rng, kind.duration);
  return { count, resources: kind.resources, duration, constraints: [] };
}
