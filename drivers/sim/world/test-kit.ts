import { micros, milli, Rng } from '../../../engine/core/index.ts';
import type { AllocatorFactory } from '../../../engine/master/index.ts';
import { Resources } from '../../../engine/resources/index.ts';
import type {
  ClusterSample,
  FaultRecord,
  Job,
  JobOutcome,
  MachineSpec,
  RunObserver,
  TaskOutcome,
} from '../../../engine/workload/index.ts';
import type { OfferPolicy } from '../../../frameworks/workload/index.ts';
import { DEFAULT_FAULT_OPTIONS, type FaultOptions, scaledFaults } from '../faults/index.ts';
import { DEFAULT_SIMULATION_OPTIONS, type SimulationOptions } from './simulation-options.ts';

/** Small worlds for tests of runs. */

export const SECOND = 1_000_000;
export const HOUR = 3_600 * SECOND;

export const MACHINE = Resources.ofScalars({ cpus: milli(4_000), mem: milli(16_384_000) });
export const SMALL_TASK = Resources.ofScalars({ cpus: milli(1_000), mem: milli(2_048_000) });
export const LARGE_TASK = Resources.ofScalars({ cpus: milli(3_000), mem: milli(1_024_000) });

export function machines(count: number): MachineSpec[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `m${index}`,
    resources: MACHINE,
    attributes: [],
    domain: null,
  }));
}

export function job(fields: Partial<Job> & { readonly id: string }): Job {
  return {
    arrival: micros(0),
    role: 'a',
    user: null,
    priority: 0,
    gang: false,
    tasks: [{ count: 1, resources: SMALL_TASK, duration: micros(10 * SECOND), constraints: [] }],
    ...fields,
  };
}

/** Jobs of three roles, some of them gangs, 15 s apart on average. */
export function randomJobs(seed: number, count: number): Job[] {
  const rng = Rng.forPurpose(seed, 'jobs');
  let arrival = 0;
  return Array.from({ length: count }, (_, index) => {
    arrival += rng.below(30 * SECOND);
    return job({
      id: `j${index}`,
      arrival: micros(arrival),
      role: ['a', 'b', 'c'][rng.below(3)]!,
      priority: rng.below(3),
      gang: rng.below(10) < 3,
      tasks: [
        {
          count: 1 + rng.below(10),
          resources: rng.below(10) < 3 ? LARGE_TASK : SMALL_TASK,
          duration: micros(1 + rng.below(200 * SECOND)),
          constraints: [],
        },
      ],
    });
  });
}

/** All kinds of faults, `factor` times as often as by default, during the first hour. */
export function anHourOfFaults(factor: number): FaultOptions {
  return { ...scaledFaults(DEFAULT_FAULT_OPTIONS, factor), until: micros(HOUR) };
}

/** Faults of one kind only, `perHour` of them during the first hour. */
export function onlyFaults(kind: keyof FaultOptions['perHour'], perHour: number): FaultOptions {
  const none = scaledFaults(DEFAULT_FAULT_OPTIONS, 0);
  return { ...none, perHour: { ...none.perHour, [kind]: perHour }, until: micros(HOUR) };
}

export function optionsFor(
  seed: number,
  allocator: AllocatorFactory,
  fields: Partial<SimulationOptions> & { readonly policy?: OfferPolicy } = {},
): SimulationOptions {
  const { policy = 'suppress', ...rest } = fields;
  const { workload } = DEFAULT_SIMULATION_OPTIONS.frameworks;
  return {
    ...DEFAULT_SIMULATION_OPTIONS,
    seed,
    machines: machines(20),
    allocator,
    frameworks: {
      perRole: 1,
      roles: [
        { role: 'a', weight: 1 },
        { role: 'b', weight: 2 },
      ],
      workload: { ...workload, policy },
    },
    ...rest,
  };
}

/** Keeps all rows that a run tells. */
export class Rows implements RunObserver {
  readonly jobs: JobOutcome[] = [];
  readonly tasks: TaskOutcome[] = [];
  readonly samples: ClusterSample[] = [];
  readonly faults: FaultRecord[] = [];

  jobEnded(outcome: JobOutcome): void {
    this.jobs.push(outcome);
  }

  taskEnded(outcome: TaskOutcome): void {
    this.tasks.push(outcome);
  }

  sampled(sample: ClusterSample): void {
    this.samples.push(sample);
  }

  faultInjected(fault: FaultRecord): void {
    this.faults.push(fault);
  }
}
