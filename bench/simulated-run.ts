import { hierarchicalDrf } from '../allocators/hierarchical-drf/index.ts';
import { DEFAULT_SIMULATION_OPTIONS, Simulation, type SimulationOptions } from '../drivers/sim/index.ts';
import { micros } from '../engine/core/index.ts';
import type { OfferPolicy } from '../frameworks/workload/index.ts';
import type { ClusterSample, JobOutcome, RunObserver, TaskOutcome } from '../engine/workload/index.ts';
import { DEFAULT_READ_OPTIONS, openTrace } from '../traces/index.ts';
import { type BenchRow, measured } from './bench-case.ts';
import { boundHeapGrowth } from '../cli/simulate/heap-growth.ts';

/** A workload to run through the whole path. */
export interface SimulatedRun {
  readonly name: string;
  /** Trace or generator. */
  readonly trace: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly policy: OfferPolicy;
  readonly frameworksPerRole: number;
  /** Roles whose frameworks subscribe before the first agent registers: kept offers are shared fairly only among those who are there. */
  readonly roles: readonly string[];
}

/** Counts what ends and how long tasks waited, without keeping anything per task. */
class Tally implements RunObserver {
  tasks = 0;
  jobs = 0;
  waitMicros = 0;

  jobEnded(_outcome: JobOutcome): void {
    this.jobs++;
  }

  taskEnded(outcome: TaskOutcome): void {
    this.tasks++;
    if (outcome.running !== null) this.waitMicros += outcome.running - outcome.arrival;
  }

  sampled(_sample: ClusterSample): void {}

  faultInjected(): void {}
}

/** Runs it to its end, without faults, and measures it. The executors of these loads send RUNNING and the end, not STARTING. */
export async function runSimulated(run: SimulatedRun): Promise<readonly BenchRow[]> {
  const tally = new Tally();
  const { result, ...cost } = await measured(async () => {
    const { workload, cluster } = await openTrace(run.trace, {
      ...DEFAULT_READ_OPTIONS,
      assumptions: new Map(Object.entries(run.parameters)),
    });
    boundHeapGrowth();
    const simulation = new Simulation(optionsOf(run, cluster!.machines, tally));
    for await (const batch of workload.batches()) {
      simulation.feed(batch);
      simulation.runUntil(batch[batch.length - 1]!.arrival);
    }
    simulation.endOfWorkload();
    simulation.runUntil(micros(Number.MAX_SAFE_INTEGER));
    simulation.finish();
    return {
      events: simulation.events(),
      hash: simulation.hash(),
      offers: simulation.counters.offers.made,
      machines: cluster!.machines.length,
    };
  });
  const row: BenchRow = {
    name: run.name,
    size: `${result.machines} machines, ${tally.jobs} jobs, ${run.policy}`,
    ...cost,
    tasks: tally.tasks,
    events: result.events,
    hash: result.hash,
    more: {
      offers: result.offers,
      eventsPerCpuSecond: Math.round(result.events / cost.cpuSeconds),
      microsPerTask: (cost.cpuSeconds * 1e6) / Math.max(1, tally.tasks),
      meanWaitSeconds: tally.waitMicros / 1e6 / Math.max(1, tally.tasks),
    },
  };
  return [row];
}

function optionsOf(
  run: SimulatedRun,
  machines: SimulationOptions['machines'],
  observer: RunObserver,
): SimulationOptions {
  return {
    ...DEFAULT_SIMULATION_OPTIONS,
    seed: 1,
    machines,
    allocator: hierarchicalDrf,
    agent: { ...DEFAULT_SIMULATION_OPTIONS.agent, sendTaskStarting: false },
    // Mesos's own timing: the figures that these are held against were taken with it.
    allocatorOptions: {
      ...DEFAULT_SIMULATION_OPTIONS.allocatorOptions,
      timing: 'mesos',
      declinerGuard: false,
    },
    frameworks: {
      perRole: run.frameworksPerRole,
      roles: run.roles.map((role) => ({ role, weight: 1 })),
      workload: { ...DEFAULT_SIMULATION_OPTIONS.frameworks.workload, policy: run.policy },
    },
    observer,
  };
}
