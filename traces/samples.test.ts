import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inspectTrace } from './inspect.ts';
import { openTrace } from './open.ts';
import { SAMPLES, samplePath } from './samples.ts';
import { allJobs, reading } from './testing/trace-files.ts';

/** What the samples that refuse to guess have to be told. */
const GIVEN: Readonly<Record<string, Record<string, string>>> = {
  'swim-facebook-50': { 'map-rate': '10', 'reduce-rate': '10' },
  'google-2011-slice': { 'unit-cpus': '16', 'unit-mem': '64GiB' },
};

function inspect(name: string, assumptions: Record<string, string> = {}) {
  return inspectTrace(name, reading({ ...GIVEN[name], ...assumptions }));
}

test('the bundled samples stay below 3 MB', () => {
  let bytes = 0;
  for (const sample of SAMPLES) {
    for (const file of readdirSync(samplePath(sample)))
      bytes += statSync(join(samplePath(sample), file)).size;
  }
  expect(bytes).toBeLessThan(3_000_000);
});

for (const sample of SAMPLES) {
  test(`${sample.name} has a licence, and every file is the one that its README lists`, () => {
    const folder = samplePath(sample);
    const readme = readFileSync(join(folder, 'README.md'), 'utf8');
    const files = readdirSync(folder).filter((file) => file !== 'README.md');
    expect(files.some((file) => file.startsWith('LICENSE'))).toBe(true);
    for (const file of files) {
      const digest = createHash('sha256')
        .update(readFileSync(join(folder, file)))
        .digest('hex');
      expect(readme).toContain(`| ${file} |`);
      expect(readme).toContain(digest);
    }
  });

  test(`${sample.name}: arrivals are in order from 0 on, tasks run and fit a machine`, async () => {
    const { workload } = await openTrace(sample.name, reading(GIVEN[sample.name] ?? {}));
    let previous = 0;
    const ids = new Set<string>();
    const wrong: string[] = [];
    for (const job of await allJobs(workload)) {
      const runs = job.tasks.every((tasks) => tasks.count >= 1 && (tasks.duration as number) >= 1);
      if (job.arrival < previous || job.tasks.length === 0 || !runs) wrong.push(job.id);
      previous = job.arrival;
      ids.add(job.id);
    }
    expect(wrong).toEqual([]);
    const inspection = await inspect(sample.name);
    expect(inspection.report).toMatchObject({ jobs: ids.size, skippedRows: 0, firstBadRow: null });
    if (inspection.oversized !== null) expect(inspection.oversized.jobs).toBe(0);
  });
}

test('openb-2023 has the rows, demands and machines of its README', async () => {
  const inspection = await inspect('openb-2023');
  expect(inspection.report).toMatchObject({ rows: 8_152, jobs: 8_152, tasks: 8_152 });
  expect(inspection.cluster).toMatchObject({ machines: 1_523, cpus: 125_514, gpus: 6_212 });
  expect(inspection.lastArrival).toBeLessThanOrEqual(12_902_960_000_000);
  const jobs = await allJobs((await openTrace('openb-2023', reading())).workload);
  const gpus = jobs.map((job) => job.tasks[0]!.resources.gpus);
  expect(gpus.filter((each) => each === 0)).toHaveLength(1_088);
  expect(gpus.filter((each) => each > 0 && each < 1_000)).toHaveLength(3_078);
  expect(gpus.filter((each) => each > 1_000)).toHaveLength(75);
  expect(Math.round(gpus.reduce((sum, each) => sum + each, 0) / 100) / 10).toBe(6_086.8);
  expect(Math.floor(jobs.reduce((sum, job) => sum + job.tasks[0]!.resources.cpus, 0) / 1_000)).toBe(85_436);
  expect(inspection.roles.map((role) => [role.role, role.jobs])).toEqual([
    ['BE', 3_398],
    ['Burstable', 100],
    ['Guaranteed', 7],
    ['LS', 4_647],
  ]);
});

test('the GPU nodes of openb-2023 are 1,213 with 107,018 cores and 503,828,480 MiB', async () => {
  const { cluster } = await inspect('openb-2023', { nodes: 'gpu' });
  expect(cluster).toMatchObject({ machines: 1_213, cpus: 107_018, gpus: 6_212, memGib: 503_828_480 / 1_024 });
});

test('2,388 pods of the gpuspec33 list accept some GPU models only', async () => {
  const { workload, cluster } = await openTrace('openb-2023', reading({ pods: 'gpuspec33' }));
  const bound = (await allJobs(workload)).filter((job) => job.tasks[0]!.constraints.length > 0);
  expect(bound).toHaveLength(2_388);
  const models = new Set(
    cluster!.machines.flatMap((machine) =>
      machine.attributes.map((attribute) => (attribute.type === 'TEXT' ? attribute.text : '')),
    ),
  );
  for (const job of bound) {
    const [constraint] = job.tasks[0]!.constraints;
    expect(constraint).toMatchObject({ attribute: 'gpu_model', operator: 'IN' });
    expect(constraint!.values.every((value) => models.has(value))).toBe(true);
    expect(new Set(constraint!.values).size).toBe(constraint!.values.length);
  }
});

test('the multi-GPU list of openb-2023 has no times: they are asked for, and then used', async () => {
  const assumptions = { pods: 'multigpu20', 'pod-run-time': '100', 'pod-interval': '10' };
  const jobs = await allJobs((await openTrace('openb-2023', reading(assumptions))).workload);
  expect(jobs).toHaveLength(8_324);
  expect(jobs.filter((job) => job.tasks[0]!.resources.gpus > 1_000)).toHaveLength(247);
  expect(jobs.slice(0, 3).map((job) => [job.arrival, job.tasks[0]!.duration])).toEqual([
    [0, 100_000_000],
    [10_000_000, 100_000_000],
    [20_000_000, 100_000_000],
  ]);
});

test('philly-2017 has the jobs, span and GPU-hours per tenant of its README', async () => {
  const inspection = await inspect('philly-2017');
  expect(inspection.report).toMatchObject({ rows: 82_247, jobs: 82_247 });
  expect(inspection.gangs).toBe(82_247);
  expect(inspection.roles).toHaveLength(15);
  const hours = new Map(inspection.roles.map((role) => [role.role, Math.round(role.gpuHours)]));
  expect([...hours].filter(([, each]) => each >= 160).sort((left, right) => right[1] - left[1])).toEqual([
    ['ee9e8c', 256_112],
    ['7f04ca', 164_931],
    ['b436b2', 125_740],
    ['6214e9', 97_185],
    ['6c71a0', 82_203],
    ['2869ce', 80_695],
    ['0e4a51', 77_556],
    ['103959', 42_880],
    ['11cb48', 28_104],
    ['e13805', 13_558],
    ['ed69ec', 8_937],
  ]);
  expect(inspection.firstArrival).toBe(0);
  // 2017-09-04 to 2017-12-22: 108 days and a part.
  expect(Math.floor(inspection.lastArrival! / 86_400e6)).toBe(108);
  expect(inspection.cluster).toMatchObject({ machines: 352, gpus: 2_816 });
});

test('GPU counts and durations of philly-2017 are those of its README', async () => {
  const jobs = await allJobs((await openTrace('philly-2017', reading())).workload);
  const counts = new Map<number, number>();
  const seconds: number[] = [];
  for (const job of jobs) {
    const gpus = job.tasks.reduce((sum, tasks) => sum + (tasks.count * tasks.resources.gpus) / 1_000, 0);
    counts.set(gpus, (counts.get(gpus) ?? 0) + 1);
    seconds.push((job.tasks[0]!.duration as number) / 1e6);
  }
  seconds.sort((left, right) => left - right);
  expect([1, 2, 4, 8, 16, 32].map((gpus) => counts.get(gpus))).toEqual([
    76_627, 1_818, 1_870, 1_643, 199, 67,
  ]);
  expect([seconds[0], seconds[Math.floor(seconds.length / 2)], seconds.at(-1)]).toEqual([
    1, 1_144, 4_628_226,
  ]);
  expect(Math.round(seconds.reduce((sum, each) => sum + each, 0) / seconds.length)).toBe(13_136);
});

test('g5k-medium has 801 gangs for 32 machines, the one that marks the end at 16,000 s', async () => {
  const { workload, cluster } = await openTrace('g5k-medium', reading());
  const jobs = await allJobs(workload);
  expect(jobs).toHaveLength(801);
  expect(cluster!.machines).toHaveLength(32);
  expect(jobs.find((job) => job.id === '424242')!.arrival).toBe(16_000_000_000);
  expect(jobs[1]).toMatchObject({ id: '1', arrival: 4_709_164, gang: true });
});

test('the lists of muri-philly-64gpu have 1,494 and 992 jobs', async () => {
  expect((await inspect('muri-philly-64gpu')).report.jobs).toBe(1_494);
  const second = await inspect('muri-philly-64gpu', { list: 'trace3' });
  expect(second.report.jobs).toBe(992);
  expect(second.cluster).toMatchObject({ machines: 8, gpus: 64 });
});

test('the fifty SWIM jobs arrive from 49 s to 2,826 s', async () => {
  const inspection = await inspect('swim-facebook-50');
  expect(inspection).toMatchObject({ firstArrival: 49_000_000, lastArrival: 2_826_000_000, cluster: null });
  expect(inspection.report.rows).toBe(50);
});

test('google-2011-slice has 3,513 events of 1,199 jobs, and 8,957 removals of 12,583 machines', async () => {
  const { workload, cluster } = await openTrace('google-2011-slice', reading(GIVEN['google-2011-slice']));
  const jobs = await allJobs(workload);
  expect(workload.report()).toMatchObject({ rows: 3_513, jobs: 1_199 });
  expect(new Set(jobs.map((job) => job.user)).size).toBe(149);
  expect(cluster!.machines).toHaveLength(12_583);
  const removed = cluster!.events.filter((event) => event.kind === 'REMOVED');
  expect(removed).toHaveLength(8_957);
  expect(new Set(removed.map((event) => event.machine)).size).toBe(5_141);
  // 97 never return; everybody else does, before the next removal.
  expect(cluster!.events).toHaveLength(2 * 8_957 - 97);
  const present = new Uint8Array(12_583).fill(1);
  let previous = 0;
  for (const event of cluster!.events) {
    expect(event.at).toBeGreaterThanOrEqual(previous);
    previous = event.at;
    expect(present[event.machine]).toBe(event.kind === 'REMOVED' ? 1 : 0);
    present[event.machine] = event.kind === 'REMOVED' ? 0 : 1;
  }
});
