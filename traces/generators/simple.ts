import { micros, milli, Rng, ZERO_MILLI } from '../../engine/core/index.ts';
import { Resources } from '../../engine/resources/index.ts';
import type { Job } from '../../engine/workload/index.ts';
import { uniformFleet } from '../model/fleet.ts';
import { exponential } from './draws.ts';
import { parameter, type WorkloadGenerator } from './generator.ts';

/** Equal jobs at equal distances: what a test can work out by hand. */
export const uniform: WorkloadGenerator = {
  name: 'uniform',
  title: 'Equal jobs at equal distances',
  describe: 'Every job has the same tasks and arrives a fixed time after the one before; roles take turns.',
  parameters: [
    parameter('machines', '10', 'number of machines of 4 cpus and 16 GiB'),
    parameter('jobs', '100', 'number of jobs'),
    parameter('interval', '10', 'seconds between jobs'),
    parameter('tasks', '4', 'tasks of a job'),
    parameter('duration', '60', 'seconds that a task runs'),
    parameter('task-cpus', '1', 'cpus of a task'),
    parameter('task-mem', '1GiB', 'memory of a task'),
    parameter('roles', '2', 'number of roles'),
  ],
  generate(parameters) {
    const machines = smallFleet(parameters.count('machines', 1, 10_000_000));
    const jobs = parameters.count('jobs', 1);
    const interval = parameters.seconds('interval');
    const roles = parameters.count('roles', 1, 100_000);
    const tasks = [
      {
        count: parameters.count('tasks', 1, 1_000_000),
        resources: Resources.ofScalars({
          cpus: parameters.milli('task-cpus', 10),
          mem: parameters.mebibytes('task-mem', 1),
        }),
        duration: parameters.seconds('duration'),
        constraints: [],
      },
    ];
    return {
      machines,
      *jobs() {
        for (let number = 0; number < jobs; number++) {
          yield { ...job(number, number * interval, `role-${(number % roles) + 1}`, false), tasks };
        }
      },
    };
  },
};

/** Many jobs at once, then nothing: for queues, fairness under contention and back-off. */
export const bursty: WorkloadGenerator = {
  name: 'bursty',
  title: 'Bursts of jobs with pauses between',
  describe: 'Every burst brings jobs of one role within moments; run times are exponential per job.',
  parameters: [
    parameter('machines', '10', 'number of machines of 4 cpus and 16 GiB'),
    parameter('bursts', '20', 'number of bursts'),
    parameter('period', '600', 'seconds from one burst to the next'),
    parameter('jobs', '30', 'jobs of a burst'),
    parameter('spread', '5', 'seconds within which the jobs of a burst arrive'),
    parameter('tasks', '4', 'tasks of a job'),
    parameter('duration', '60', 'mean seconds that a job runs, exponential'),
    parameter('roles', '3', 'number of roles'),
  ],
  generate(parameters, seed) {
    const machines = smallFleet(parameters.count('machines', 1, 10_000_000));
    const bursts = parameters.count('bursts', 1);
    const period = parameters.seconds('period');
    const jobs = parameters.count('jobs', 1, 1_000_000);
    const spread = parameters.seconds('spread');
    const count = parameters.count('tasks', 1, 1_000_000);
    const mean = parameters.seconds('duration');
    const roles = parameters.count('roles', 1, 100_000);
    const resources = Resources.ofScalars(ONE_CPU);
    return {
      machines,
      *jobs() {
        const arrivals = Rng.forPurpose(seed, 'bursty/arrivals');
        const durations = Rng.forPurpose(seed, 'bursty/durations');
        let last = 0;
        for (let burst = 0; burst < bursts; burst++) {
          const offsets = Array.from({ length: jobs }, () => Math.floor(arrivals.unit() * spread));
          offsets.sort((left, right) => left - right);
          for (let index = 0; index < jobs; index++) {
            // Bursts may overlap where the spread exceeds the period: arrivals stay in order all the same.
            last = Math.max(last, burst * period + offsets[index]!);
            const duration = micros(exponential(durations, mean));
            const role = `role-${(burst % roles) + 1}`;
            yield {
              ...job(burst * jobs + index, last, role, false),
              tasks: [{ count, resources, duration, constraints: [] }],
            };
          }
        }
      },
    };
  },
};

/** Gangs of one to many GPUs among single tasks: for all-or-nothing placement. */
export const gangMix: WorkloadGenerator = {
  name: 'gang-mix',
  title: 'GPU gangs of mixed sizes',
  describe:
    'Jobs of 1, 2, 4, … tasks of one GPU, the next size half as frequent as the one before; all of them gangs, in several roles.',
  parameters: [
    parameter('machines', '16', 'number of machines of 8 GPUs, 32 cpus and 256 GiB'),
    parameter('jobs', '500', 'number of jobs'),
    parameter('interval', '120', 'mean seconds between jobs, exponential'),
    parameter('duration', '3600', 'mean seconds that a job runs, exponential'),
    parameter('size-max', '32', 'largest number of tasks, each of 1 GPU, 4 cpus and 32 GiB'),
    parameter('roles', '4', 'number of roles'),
    parameter('priorities', '3', 'number of priorities'),
  ],
  generate(parameters, seed) {
    const machines = uniformFleet(parameters.count('machines', 1, 10_000_000), GPU_MACHINE);
    const jobs = parameters.count('jobs', 1);
    const interval = parameters.seconds('interval');
    const mean = parameters.seconds('duration');
    const sizeMax = parameters.count('size-max', 1, 1_000_000);
    const roles = parameters.count('roles', 1, 100_000);
    const priorities = parameters.count('priorities', 1, 1_000);
    const resources = Resources.ofScalars(ONE_GPU);
    return {
      machines,
      *jobs() {
        const arrivals = Rng.forPurpose(seed, 'gang-mix/arrivals');
        const sizes = Rng.forPurpose(seed, 'gang-mix/sizes');
        const durations = Rng.forPurpose(seed, 'gang-mix/durations');
        const tenants = Rng.forPurpose(seed, 'gang-mix/roles');
        let at = 0;
        for (let number = 0; number < jobs; number++) {
          at += exponential(arrivals, interval);
          let count = 1;
          while (count * 2 <= sizeMax && sizes.below(2) === 1) count *= 2;
          const duration = micros(exponential(durations, mean));
          yield {
            ...job(number, at, `role-${tenants.below(roles) + 1}`, true),
            priority: tenants.below(priorities),
            tasks: [{ count, resources, duration, constraints: [] }],
          };
        }
      },
    };
  },
};

const GIBIBYTE = 1_024_000;
const ONE_CPU = { cpus: milli(1_000), mem: milli(GIBIBYTE) };
const ONE_GPU = { cpus: milli(4_000), mem: milli(32 * GIBIBYTE), gpus: milli(1_000) };
const GPU_MACHINE = {
  cpus: milli(32_000),
  mem: milli(256 * GIBIBYTE),
  disk: ZERO_MILLI,
  gpus: milli(8_000),
};

function smallFleet(count: number) {
  return uniformFleet(count, {
    cpus: milli(4_000),
    mem: milli(16 * GIBIBYTE),
    disk: ZERO_MILLI,
    gpus: ZERO_MILLI,
  });
}

function job(number: number, at: number, role: string, gang: boolean): Omit<Job, 'tasks'> {
  return { id: `job-${number}`, arrival: micros(at), role, user: null, priority: 0, gang };
}
