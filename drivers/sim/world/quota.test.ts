import { describe, expect, test } from 'vitest';
import { hierarchicalDrf } from '../../../allocators/hierarchical-drf/index.ts';
import { micros } from '../../../engine/core/index.ts';
import type { QuotaConfig } from '../../../engine/protocol/index.ts';
import { Quantities, ResourceLimits } from '../../../engine/resources/index.ts';
import type { Job } from '../../../engine/workload/index.ts';
import { Simulation } from './simulation.ts';
import { DEFAULT_ALLOCATOR_OPTIONS, type SimulationOptions } from './simulation-options.ts';
import { HOUR, job, onlyFaults, optionsFor, Rows, SECOND, SMALL_TASK } from './test-kit.ts';

// 20 machines of 4 cpus and 16 GiB, on which 80 tasks of 1 cpu and 2 GiB run at once.

const DAY = micros(24 * HOUR);

function quota(role: string, guarantees: string, limits: string): QuotaConfig {
  const [guaranteed, limited] = [Quantities.parse(guarantees), ResourceLimits.parse(limits)];
  if (!guaranteed.ok || !limited.ok) throw new Error(`The test's own quota of ${role} is malformed`);
  return { role, guarantees: guaranteed.value, limits: limited.value };
}

/** `count` tasks of one cpu that last `seconds`. */
function work(role: string, count: number, seconds: number, arrival = 0): Job {
  const duration = micros(seconds * SECOND);
  const tasks = [{ count, resources: SMALL_TASK, duration, constraints: [] }];
  return job({ id: `${role}-${arrival}`, role, arrival: micros(arrival * SECOND), tasks });
}

/** The rows of a run to the end of all jobs, with every invariant checked after every step. */
function run(
  quotas: readonly QuotaConfig[],
  jobs: readonly Job[],
  fields: Partial<SimulationOptions> = {},
): { readonly rows: Rows; readonly simulation: Simulation } {
  const rows = new Rows();
  const simulation = new Simulation({
    ...optionsFor(1, hierarchicalDrf, { quotas, observer: rows, ...fields }),
    sampleInterval: micros(SECOND / 2),
    checkInvariants: 'every-step',
  });
  simulation.feed(jobs);
  simulation.endOfWorkload();
  expect(simulation.runUntil(DAY)).toBe('finished');
  simulation.finish();
  expect(rows.jobs.map(({ state }) => state)).toEqual(jobs.map(() => 'FINISHED'));
  return { rows, simulation };
}

/** Of each sample, what `role` has. */
function samplesOf(rows: Rows, role: string) {
  return rows.samples.map(({ roles }) => roles.find((one) => one.role === role)!);
}

/** From the arrival of the role's first job to the start of its last task. */
function longestWait(rows: Rows, role: string): number {
  return Math.max(
    ...rows.tasks.filter((task) => task.role === role).map((task) => task.running! - task.arrival),
  );
}

describe('a role with a limit', () => {
  test('never holds more of it, and has all of it as long as it wants more', () => {
    const { rows } = run([quota('b', '', 'cpus:8;mem:32768')], [work('b', 40, 60)]);
    const samples = samplesOf(rows, 'b');
    for (const { dominantShare } of samples) expect(dominantShare).toBeLessThanOrEqual(0.1);
    const hungry = samples.filter(({ tasksQueued, tasksRunning }) => tasksQueued > 0 && tasksRunning > 0);
    expect(hungry.length).toBeGreaterThan(400);
    const full = hungry.filter(({ tasksRunning }) => tasksRunning === 8);
    expect(full.length / hungry.length).toBeGreaterThan(0.95);
  });

  test('holds more without it', () => {
    const { rows } = run([], [work('b', 40, 60)]);
    expect(Math.max(...samplesOf(rows, 'b').map(({ tasksRunning }) => tasksRunning))).toBe(40);
  });

  test('keeps to it across master crashes', () => {
    const { rows } = run([quota('b', '', 'cpus:8')], [work('a', 200, 60), work('b', 80, 60)], {
      faults: onlyFaults('masterCrash', 60),
      // Nothing is offered before all agents are back, so what the role holds is known whenever something is.
      allocatorOptions: { ...DEFAULT_ALLOCATOR_OPTIONS, agentRecoveryFactor: 1 },
    });
    expect(rows.faults.filter(({ at }) => at < rows.samples.at(-1)!.at).length).toBeGreaterThan(3);
    for (const { tasksRunning } of samplesOf(rows, 'b')) expect(tasksRunning).toBeLessThanOrEqual(8);
  });
});

describe('a guarantee, with a greedy role that came first', () => {
  const jobs = [work('a', 160, 300), work('b', 8, 60, 100)];

  test('is served at once', () => {
    const { rows } = run([quota('b', 'cpus:8;mem:16384', '')], jobs);
    expect(longestWait(rows, 'b')).toBeLessThan(2 * SECOND);
    const running = samplesOf(rows, 'a').map(({ tasksRunning }) => tasksRunning);
    expect(Math.max(...running)).toBe(72);
  });

  test('is what makes the difference', () => {
    const { rows } = run([], jobs);
    expect(longestWait(rows, 'b')).toBeGreaterThan(190 * SECOND);
  });

  test('is still kept free by the master after next', () => {
    const later = [work('a', 600, 300), work('b', 8, 60, 500)];
    const { rows } = run([quota('b', 'cpus:8;mem:16384', '')], later, {
      faults: { ...onlyFaults('masterCrash', 60), until: micros(400 * SECOND) },
      allocatorOptions: { ...DEFAULT_ALLOCATOR_OPTIONS, agentRecoveryFactor: 1 },
    });
    expect(rows.faults.length).toBeGreaterThan(2);
    expect(longestWait(rows, 'b')).toBeLessThan(2 * SECOND);
    const running = samplesOf(rows, 'a').map(({ tasksRunning }) => tasksRunning);
    expect(Math.max(...running)).toBe(72);
  });
});

test('the same quotas give the same run, and other quotas another', () => {
  const quotas = [quota('b', 'cpus:8', 'cpus:16')];
  const jobs = [work('a', 8, 10), work('b', 8, 10)];
  expect(run(quotas, jobs).simulation.hash()).toBe(run(quotas, jobs).simulation.hash());
  expect(run(quotas, jobs).simulation.hash()).not.toBe(run([], jobs).simulation.hash());
});
