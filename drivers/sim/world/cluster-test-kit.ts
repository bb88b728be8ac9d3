import { micros, Rng } from '../../../engine/core/index.ts';
import type { AllocatorFactory } from '../../../engine/master/index.ts';
import type { FaultRecord } from '../../../engine/workload/index.ts';
import {
  DEFAULT_FAULT_OPTIONS,
  type FaultKind,
  type FaultOptions,
  NO_FAULTS_PER_HOUR,
} from '../faults/index.ts';
import { Cluster } from './cluster.ts';
import { DEFAULT_ENSEMBLE_OPTIONS } from './ensemble-options.ts';
import { SchedulerFleet } from './scheduler-fleet.ts';
import { DEFAULT_SIMULATION_OPTIONS, type SimulationOptions } from './simulation-options.ts';
import { steadyFactory, type SteadyScheduler } from './steady-scheduler.ts';
import { machines, Rows, SECOND } from './test-kit.ts';

/** Clusters of several masters for tests, with steady frameworks. */

export type SteadyCluster = Cluster<SchedulerFleet<SteadyScheduler>>;

export const MINUTE = 60 * SECOND;

/** Faults of the given rates per hour for some minutes, all whole again a minute later. */
export function faultsFor(minutes: number, perHour: Partial<Record<FaultKind, number>>): FaultOptions {
  return {
    ...DEFAULT_FAULT_OPTIONS,
    perHour: { ...NO_FAULTS_PER_HOUR, ...perHour },
    until: micros(minutes * MINUTE),
    healsBy: micros((minutes + 1) * MINUTE),
    partitionPercentMax: 50,
  };
}

export function clusterOptions(
  seed: number,
  allocator: AllocatorFactory,
  fields: Partial<SimulationOptions> = {},
): SimulationOptions {
  return {
    ...DEFAULT_SIMULATION_OPTIONS,
    seed,
    machines: machines(6),
    allocator,
    ensemble: DEFAULT_ENSEMBLE_OPTIONS,
    frameworks: {
      ...DEFAULT_SIMULATION_OPTIONS.frameworks,
      roles: [
        { role: 'a', weight: 1 },
        { role: 'b', weight: 2 },
      ],
    },
    ...fields,
  };
}

/** Three frameworks that want work until faults are over. */
export function steadyCluster(options: SimulationOptions): SteadyCluster {
  const until = options.faults?.until ?? micros(10 * MINUTE);
  const factory = steadyFactory(3, 6, until, ['a', 'b']);
  return new Cluster(options, (world, masters) => new SchedulerFleet(world, factory, masters));
}

/** Lets the cluster run to an instant, with its books checked once in so many events, drawn. */
export function runChecked(cluster: SteadyCluster, until: number, checkEvery = 64): void {
  const rng = Rng.forPurpose(1, 'checks');
  let left = 1 + rng.below(2 * checkEvery);
  while (cluster.nextTime <= until) {
    cluster.advanceOne();
    if (--left > 0) continue;
    left = 1 + rng.below(2 * checkEvery);
    cluster.checkInvariants();
  }
}

export class Struck extends Rows {
  ofKind(kind: string): readonly FaultRecord[] {
    return this.faults.filter((fault) => fault.kind === kind);
  }
}
