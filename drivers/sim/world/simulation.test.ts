import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hierarchicalDrf } from '../../../allocators/hierarchical-drf/index.ts';
import { micros, milli } from '../../../engine/core/index.ts';
import { Resources } from '../../../engine/resources/index.ts';
import type { OfferPolicy } from '../../../frameworks/workload/index.ts';
import { Simulation } from './simulation.ts';
import type { SimulationOptions } from './simulation-options.ts';
import { REPLAY_FAULT_KINDS } from '../faults/index.ts';
import {
  anHourOfFaults,
  HOUR,
  job,
  machines,
  onlyFaults,
  optionsFor,
  randomJobs,
  Rows,
  SECOND,
  SMALL_TASK,
} from './test-kit.ts';

const DAY = micros(24 * HOUR);

/** Runs the jobs to their end and lets the dust settle; throws if an invariant breaks on the way. */
function runThrough(options: SimulationOptions, jobs: ReturnType<typeof randomJobs>): Simulation {
  const simulation = new Simulation(options);
  simulation.feed(jobs);
  simulation.endOfWorkload();
  expect(simulation.runUntil(DAY)).toBe('finished');
  expect(simulation.jobsLive).toBe(0);
  simulation.settle(micros(HOUR));
  simulation.checkSettled();
  return simulation;
}

test('the end of a container that outlasted the stall timeout reaches its framework', () => {
  const options = optionsFor(1, hierarchicalDrf);
  const duration = micros(3 * HOUR);
  const tasks = [{ count: 1, resources: SMALL_TASK, duration, constraints: [] }];
  const simulation = runThrough(options, [job({ id: 'long', tasks })]);
  expect(simulation.counters.jobsFinished).toBe(1);
});

describe('with all faults on, everything settles once they are over', () => {
  // `keep` is not among them: a framework that holds all offers of an idle cluster may starve one that comes after a failover.
  const policy = fc.constantFrom<OfferPolicy>('decline', 'suppress', 'demand');

  test('whatever the seed and the policy', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), policy, fc.constantFrom(5, 40, 200), (seed, chosen, factor) => {
        const faults = anHourOfFaults(factor);
        runThrough(optionsFor(seed, hierarchicalDrf, { faults, policy: chosen }), randomJobs(seed, 100));
      }),
      { numRuns: 12 },
    );
  });

  test.each([1, 2])('20 machines, 200 jobs, seed %i, every invariant after every step', (seed) => {
    const options = optionsFor(seed, hierarchicalDrf, {
      faults: anHourOfFaults(40),
      checkInvariants: 'every-step',
    });
    const simulation = runThrough(options, randomJobs(seed, 200));
    expect(simulation.counters.faults).toBeGreaterThan(100);
  });

  test('a terminal update that dies with its agent still ends the task', () => {
    // Found by this seed: the agent crashed and lost its disk before it could deliver the end that the master knew of.
    const options = optionsFor(44, hierarchicalDrf, { faults: anHourOfFaults(200) });
    runThrough(options, randomJobs(44, 100));
  });
});

describe('a run is a function of its options and jobs', () => {
  const faulty = (seed: number): SimulationOptions =>
    optionsFor(seed, hierarchicalDrf, { faults: anHourOfFaults(40) });

  test('the same seed gives the same hash, another seed another one', () => {
    const first = runThrough(faulty(7), randomJobs(7, 60)).hash();
    expect(runThrough(faulty(7), randomJobs(7, 60)).hash()).toBe(first);
    expect(runThrough(faulty(8), randomJobs(7, 60)).hash()).not.toBe(first);
  });

  test('it does not matter in which pieces a run is fed, run, observed or checked', () => {
    const jobs = randomJobs(3, 60);
    const whole = runThrough(faulty(3), jobs);
    const rows = new Rows();
    const pieces = new Simulation({
      ...faulty(3),
      observer: rows,
      sampleInterval: micros(7 * SECOND),
      checkInvariants: 'never',
    });
    let fed = 0;
    for (let until = 0; fed < jobs.length; until += 100 * SECOND) {
      const before = fed;
      while (fed < jobs.length && jobs[fed]!.arrival <= until) fed++;
      pieces.feed(jobs.slice(before, fed));
      if (fed === jobs.length) pieces.endOfWorkload();
      while (pieces.runUntil(micros(until), 37) === 'running' && pieces.now() < until) {
        // On to the next 37 events.
      }
    }
    expect(pieces.runUntil(DAY)).toBe('finished');
    pieces.settle(micros(whole.now() - pieces.now()));
    expect(pieces.hash()).toBe(whole.hash());
    expect(rows.samples.length).toBeGreaterThan(10);
  });
});

describe('faults of one kind', () => {
  test.each(REPLAY_FAULT_KINDS.map((kind) => [kind] as const))(
    '%s: all work is done, and the observer hears of each fault',
    (kind) => {
      const rows = new Rows();
      const options = optionsFor(5, hierarchicalDrf, { faults: onlyFaults(kind, 40), observer: rows });
      runThrough(options, randomJobs(5, 100));
      expect(rows.jobs).toHaveLength(100);
      const struck = rows.faults.filter((fault) => fault.kind === kind);
      expect(struck.length).toBe(rows.faults.length);
      // Not every machine that is picked has a container to strike.
      expect(struck.length).toBeGreaterThan(8);
    },
  );

  test('restarts of agents, duplicates, delays and master crashes lose no task', () => {
    for (const kind of ['messageDuplication', 'messageDelay', 'masterCrash'] as const) {
      const options = optionsFor(6, hierarchicalDrf, { faults: onlyFaults(kind, 40) });
      const { counters } = runThrough(options, randomJobs(6, 100));
      expect(counters.jobsFailed).toBe(0);
    }
  });
});

test('a run without faults finishes every task in its run time and the time of a few messages', () => {
  const rows = new Rows();
  const options = optionsFor(1, hierarchicalDrf, { observer: rows, sampleInterval: micros(10 * SECOND) });
  const simulation = runThrough(options, [job({ id: 'one' })]);
  simulation.finish();
  expect(rows.jobs).toMatchObject([{ job: 'one', state: 'FINISHED', retries: 0 }]);
  const [task] = rows.tasks;
  expect(task!.state).toBe('TASK_FINISHED');
  const took = task!.ended - task!.running!;
  expect(Math.abs(took - 10 * SECOND)).toBeLessThan(0.1 * SECOND);
  const { total, agents } = rows.samples[0]!;
  expect([total.cpus, agents]).toEqual([80_000, 20]);
  expect(rows.samples.at(-1)!.tasksFinished).toBe(1);
});

test('a job that fits no machine, or a gang that fits no cluster, is refused when it is fed', () => {
  const rows = new Rows();
  const simulation = new Simulation(optionsFor(1, hierarchicalDrf, { observer: rows }));
  const huge = Resources.ofScalars({ cpus: milli(5_000) });
  const duration = micros(SECOND);
  const rack = { attribute: 'rack', operator: 'IN', values: ['r1'] } as const;
  simulation.feed([
    job({ id: 'huge', tasks: [{ count: 1, resources: huge, duration, constraints: [] }] }),
    job({ id: 'wide', gang: true, tasks: [{ count: 81, resources: SMALL_TASK, duration, constraints: [] }] }),
    job({ id: 'rack', tasks: [{ count: 1, resources: SMALL_TASK, duration, constraints: [rack] }] }),
    job({ id: 'fine', gang: true, tasks: [{ count: 80, resources: SMALL_TASK, duration, constraints: [] }] }),
  ]);
  expect(rows.jobs.map((outcome) => [outcome.job, outcome.state])).toEqual([
    ['huge', 'REFUSED'],
    ['wide', 'REFUSED'],
    ['rack', 'REFUSED'],
  ]);
  simulation.endOfWorkload();
  expect(simulation.runUntil(DAY)).toBe('finished');
  expect(simulation.counters.jobsFinished).toBe(1);
});

test('a machine that a trace removes takes its tasks along, and they run again elsewhere', () => {
  const rows = new Rows();
  const simulation = new Simulation(
    optionsFor(1, hierarchicalDrf, {
      machines: machines(2),
      machineEvents: [
        { kind: 'REMOVED', at: micros(60 * SECOND), machine: 0 },
        { kind: 'ADDED', at: micros(200 * SECOND), machine: 0 },
      ],
      observer: rows,
    }),
  );
  const tasks = [{ count: 8, resources: SMALL_TASK, duration: micros(100 * SECOND), constraints: [] }];
  simulation.feed([job({ id: 'wide', tasks })]);
  simulation.endOfWorkload();
  expect(simulation.runUntil(DAY)).toBe('finished');
  expect(rows.faults.map((fault) => fault.kind)).toEqual(['machineRemoved', 'machineAdded']);
  expect(rows.jobs).toMatchObject([{ state: 'FINISHED', retries: 4 }]);
  expect(rows.tasks.filter((task) => task.state !== 'TASK_FINISHED').map((task) => task.machine)).toEqual([
    0, 0, 0, 0,
  ]);
});

test('a machine whose first event is ADDED is not there before', () => {
  const rows = new Rows();
  const simulation = new Simulation(
    optionsFor(1, hierarchicalDrf, {
      machines: machines(2),
      machineEvents: [{ kind: 'ADDED', at: micros(100 * SECOND), machine: 1 }],
      observer: rows,
      sampleInterval: micros(50 * SECOND),
    }),
  );
  simulation.runUntil(micros(200 * SECOND));
  expect(rows.samples.map((sample) => sample.agents)).toEqual([1, 1, 2, 2]);
});

test('jobs that can never start end the run after the stall timeout, as unfinished', () => {
  const rows = new Rows();
  const simulation = new Simulation(
    optionsFor(1, hierarchicalDrf, {
      machines: machines(1),
      machineEvents: [{ kind: 'REMOVED', at: micros(SECOND), machine: 0 }],
      observer: rows,
    }),
  );
  simulation.feed([job({ id: 'late', arrival: micros(2 * SECOND) })]);
  simulation.endOfWorkload();
  expect(simulation.runUntil(DAY)).toBe('finished');
  expect(simulation.now()).toBeLessThan(2 * HOUR);
  simulation.finish();
  expect(rows.jobs).toMatchObject([{ job: 'late', state: 'UNFINISHED' }]);
});

test('a run that is cut short tells of every job once', () => {
  const rows = new Rows();
  const jobs = randomJobs(9, 50);
  const simulation = new Simulation(optionsFor(9, hierarchicalDrf, { observer: rows }));
  simulation.feed(jobs);
  expect(simulation.runUntil(micros(300 * SECOND))).toBe('running');
  simulation.finish();
  expect(rows.jobs.map((outcome) => outcome.job).sort()).toEqual(jobs.map((each) => each.id).sort());
});
