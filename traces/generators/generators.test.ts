import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { RollingHash, Rng } from '../../engine/core/index.ts';
import { type Job, taskCount } from '../../engine/workload/index.ts';
import { openTrace } from '../open.ts';
import { allJobs, messageOf, reading } from '../testing/trace-files.ts';
import { exponential, geometric } from './draws.ts';
import { GENERATORS } from './index.ts';
import { naturalLog } from './natural-log.ts';

const SMALL: Record<string, Record<string, string>> = {
  'omega-day': { machines: '10', days: '0.1' },
  'omega-month': { machines: '10', days: '0.01' },
};

function open(name: string, seed: number, parameters: Record<string, string> = {}) {
  return openTrace(name, reading({ ...SMALL[name], ...parameters }, { seed }));
}

function hashOf(jobs: readonly Job[]): string {
  const hash = new RollingHash();
  for (const job of jobs) {
    hash.addText(`${job.id} ${job.role} ${job.gang} ${job.priority}`);
    hash.add(job.arrival);
    for (const tasks of job.tasks) {
      hash.addText(`${tasks.count} ${tasks.resources.toString()}`);
      if (typeof tasks.duration === 'number') hash.add(tasks.duration);
      else for (const duration of tasks.duration) hash.add(duration);
    }
  }
  return hash.digest();
}

test('the hand-written logarithm agrees with the library to the last digits', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (x) => {
      const expected = Math.log(x);
      expect(Math.abs(naturalLog(x) - expected)).toBeLessThanOrEqual(4e-16 * Math.max(1, Math.abs(expected)));
    }),
  );
});

test('the logarithm gives the same bits on every machine', () => {
  expect([0.1, 0.25, 0.75, 1, 3, 2 ** -53].map((x) => naturalLog(x))).toEqual([
    -2.3025850929940455, -1.3862943611198906, -0.2876820724517809, 0, 1.0986122886681098, -36.7368005696771,
  ]);
});

test('exponential and geometric draws have their means and are whole and positive', () => {
  const rng = Rng.forPurpose(7, 'test');
  const draws = 200_000;
  let times = 0;
  let sizes = 0;
  let odd = 0;
  for (let draw = 0; draw < draws; draw++) {
    const time = exponential(rng, 1_000_000);
    const size = geometric(rng, 100);
    if (!Number.isInteger(time) || time < 1 || !Number.isInteger(size) || size < 1) odd++;
    times += time;
    sizes += size;
  }
  expect(odd).toBe(0);
  expect(Math.abs(times / draws / 1_000_000 - 1)).toBeLessThan(0.01);
  expect(Math.abs(sizes / draws / 100 - 1)).toBeLessThan(0.01);
});

test('a geometric draw of mean 1 is 1', () => {
  expect(geometric(Rng.forPurpose(1, 'test'), 1)).toBe(1);
});

for (const { name } of GENERATORS) {
  test(`${name}: one seed gives one list of jobs, another seed another`, async () => {
    const first = hashOf(await allJobs((await open(name, 3)).workload));
    expect(hashOf(await allJobs((await open(name, 3)).workload))).toBe(first);
    if (name !== 'uniform') expect(hashOf(await allJobs((await open(name, 4)).workload))).not.toBe(first);
  });

  test(`${name}: jobs come in order of arrival, each runs somewhere, ids are unique`, async () => {
    const { workload, cluster } = await open(name, 5);
    const jobs = await allJobs(workload);
    const shapes = new Set(cluster!.machines.map((machine) => machine.resources));
    let previous = 0;
    for (const job of jobs) {
      expect(job.arrival).toBeGreaterThanOrEqual(previous);
      previous = job.arrival;
      for (const tasks of job.tasks) {
        expect([...shapes].some((machine) => machine.contains(tasks.resources))).toBe(true);
      }
    }
    expect(new Set(jobs.map((job) => job.id)).size).toBe(jobs.length);
    expect(workload.report()).toMatchObject({ rows: jobs.length, jobs: jobs.length, skippedRows: 0 });
  });
}

test('omega-day is the same day on every machine', async () => {
  const jobs = await allJobs((await openTrace('omega-day', reading({ days: '0.02' }, { seed: 1 }))).workload);
  expect({ jobs: jobs.length, hash: hashOf(jobs) }).toMatchInlineSnapshot(`
    {
      "hash": "ec90f33d567400a6",
      "jobs": 247,
    }
  `);
});

test('a whole omega-day has 10,000 machines and about 0.9 million tasks of the stated means', async () => {
  const { workload, cluster } = await openTrace('omega-day', reading({}, { seed: 1 }));
  const sums = { batch: { jobs: 0, tasks: 0, micros: 0 }, service: { jobs: 0, tasks: 0, micros: 0 } };
  for await (const batch of workload.batches()) {
    expect(batch.length).toBeLessThanOrEqual(1_000);
    for (const job of batch) {
      const sum = sums[job.role as 'batch' | 'service'];
      const { duration } = job.tasks[0]!;
      expect(duration).toBeInstanceOf(Float64Array);
      expect((duration as Float64Array).length).toBe(taskCount(job));
      sum.jobs++;
      sum.tasks += taskCount(job);
      for (const each of duration as Float64Array) sum.micros += each;
    }
  }
  expect(cluster!.machines).toHaveLength(10_000);
  expect(cluster!.machines[0]!.resources.toString()).toContain('16384');
  expect(Math.abs(sums.batch.jobs / 8_640 - 1)).toBeLessThan(0.05);
  expect(Math.abs(sums.service.jobs / 4_320 - 1)).toBeLessThan(0.05);
  expect(Math.abs(sums.batch.tasks / sums.batch.jobs / 100 - 1)).toBeLessThan(0.05);
  expect(sums.service.tasks).toBe(sums.service.jobs * 10);
  expect(Math.abs(sums.batch.micros / sums.batch.tasks / 100e6 - 1)).toBeLessThan(0.01);
  expect(Math.abs(sums.service.micros / sums.service.tasks / 500e6 - 1)).toBeLessThan(0.02);
});

test('another number of roles changes neither arrivals nor sizes', async () => {
  const two = await allJobs((await open('omega-day', 9)).workload);
  const many = await allJobs((await open('omega-day', 9, { roles: '7' })).workload);
  expect(many.map((job) => [job.arrival, taskCount(job)])).toEqual(
    two.map((job) => [job.arrival, taskCount(job)]),
  );
  expect(new Set(many.map((job) => job.role))).toEqual(
    new Set(['batch-1', 'batch-2', 'batch-3', 'batch-4', 'service-1', 'service-2', 'service-3']),
  );
});

test('uniform is what its parameters say', async () => {
  const { workload } = await open('uniform', 1, { jobs: '3', tasks: '2', interval: '1.5', roles: '2' });
  expect((await allJobs(workload)).map((job) => [job.id, job.arrival, job.role, taskCount(job)])).toEqual([
    ['job-0', 0, 'role-1', 2],
    ['job-1', 1_500_000, 'role-2', 2],
    ['job-2', 3_000_000, 'role-1', 2],
  ]);
});

test('a parameter that a generator does not have is refused', async () => {
  expect(await messageOf(() => open('uniform', 1, { seeds: '3' }))).toBe(
    'unknown assumption "seeds" for uniform, expected one of: machines, jobs, interval, tasks, duration, task-cpus, task-mem, roles',
  );
});
