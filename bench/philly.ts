import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BenchRow, type Benchmark, measured } from './bench-case.ts';
import { runSimulation } from '../cli/simulate/run-simulation.ts';
import { readSimulateOptions } from '../cli/simulate/simulate-options.ts';

/** Everything that `orrery simulate` does for a whole trace, its tables and report included. */
export async function replayWithReport(
  name: string,
  trace: string,
  maxJobs: number | null,
): Promise<BenchRow> {
  const folder = mkdtempSync(join(tmpdir(), 'orrery-bench-'));
  try {
    const options = readSimulateOptions({
      trace,
      allocator: 'hierarchical-drf',
      timing: 'event',
      roleSorter: 'drf',
      frameworkSorter: 'drf',
      seed: '1',
      faults: 'off',
      out: join(folder, 'result'),
      policy: 'suppress',
      refuseSeconds: '5',
      offerTimeout: '5m',
      frameworksPerRole: '1',
      attempts: '10',
      backfill: '0',
      timeScale: '1',
      taskTable: true,
      ...(maxJobs === null ? {} : { maxJobs: String(maxJobs) }),
    });
    const { result, ...cost } = await measured(() =>
      runSimulation(options, {
        version: 'bench',
        command: 'bench',
        makeProgress: () => ({ update() {}, stop() {} }),
        isInterrupted: () => false,
      }),
    );
    const { counts, hash, cluster, wait } = result.summary;
    return {
      name,
      size: `${cluster.machines} machines, ${counts.jobs.total} jobs, with tables and report`,
      ...cost,
      tasks: counts.tasks.attempts,
      events: counts.masterSteps,
      hash,
      more: { offers: counts.offers.made, meanWaitSeconds: wait.mean ?? 0 },
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The whole philly-2017 trace: 82,247 jobs, gangs, with its report. */
export const philly: Benchmark = {
  name: 'philly',
  title: 'a whole philly-2017 replay with its report',
  cases: [
    {
      name: 'philly/report',
      run: async () => [await replayWithReport('philly/report', 'philly-2017', null)],
    },
  ],
};
