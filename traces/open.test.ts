import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { micros } from '../engine/core/index.ts';
import { FORMATS } from './formats/index.ts';
import { inspectTrace } from './inspect.ts';
import { listTraces } from './list.ts';
import { openTrace, resolveTrace } from './open.ts';
import {
  allJobs,
  inFolder,
  messageOf,
  readFiles,
  reading,
  refusalOf,
  writeFiles,
} from './testing/trace-files.ts';

const PHILLY = 'timestamp,duration,num_gpus,gpu_time,cluster\n';

function rows(count: number): string {
  let text = PHILLY;
  for (let row = 0; row < count; row++) text += `2017-10-09 07:00:00,${row + 1},1,${row + 1},vc${row % 7}\n`;
  return text;
}

test('everything listed opens by its name or says what it needs', async () => {
  const { samples, generators, formats } = listTraces();
  expect(formats).toHaveLength(FORMATS.length);
  for (const { name } of [...samples, ...generators]) {
    const resolved = resolveTrace(name);
    if (resolved.kind === 'data')
      expect(resolved.source.files.some((file) => resolved.format.detect(file))).toBe(true);
    else expect(resolved.generator.name).toBe(name);
  }
});

test('a file of one format is taken for no other', () => {
  for (const sample of listTraces().samples) {
    const resolved = resolveTrace(sample.name);
    if (resolved.kind !== 'data') throw new Error('a sample is data');
    for (const file of resolved.source.files) {
      const takers = FORMATS.filter((format) => format.detect(file)).map((format) => format.name);
      expect([[], [sample.format]]).toContainEqual(takers);
    }
  }
});

test('a name that is nothing is refused with what there is', async () => {
  expect(await messageOf(() => resolveTrace('openb'))).toBe(
    'there is no trace "openb": no such file or folder, no sample (openb-2023, philly-2017, g5k-medium, muri-philly-64gpu, swim-facebook-50, google-2011-slice), ' +
      'no generator (omega-day, omega-month, uniform, bursty, gang-mix)',
  );
});

test.each([
  [
    { 'a.txt': 'hello\n' },
    'a.txt',
    'a.txt: the format is not known, expected one of: orrery-csv, openb-2023, philly-2017, muri, google-2011-jobs, swim, batsim, swf, omega-samples',
  ],
  [{ 'a.csv': '' }, 'a.csv', 'a.csv: the file is empty or cannot be read or unpacked, expected a trace'],
  [
    { 'a.csv.gz': Buffer.from([0x1f, 0x8b, 0, 0]) },
    'a.csv.gz',
    'a.csv.gz: the file is empty or cannot be read or unpacked, expected a trace',
  ],
])('%j is refused', async (files, open, message) => {
  expect(await refusalOf(files, reading(), open)).toContain(message);
});

test('an empty folder is refused', async () => {
  await inFolder(async (folder) => {
    expect(await messageOf(() => openTrace(folder, reading()))).toContain(
      'the folder has no files, expected a trace',
    );
  });
});

test('one of several paths that is not there is refused by its own name', async () => {
  await inFolder(async (folder) => {
    writeFiles(folder, { 'a.csv': PHILLY });
    expect(await messageOf(() => openTrace(`${folder}/a.csv,${folder}/b.csv`, reading()))).toBe(
      `${folder}/b.csv: there is no such file or folder`,
    );
  });
});

test('a format can be named; one that is unknown or does not fit is refused', async () => {
  const files = { 'a.csv': rows(1) };
  expect((await readFiles(files, reading({}, { format: 'philly-2017' }))).jobs).toHaveLength(1);
  expect(await refusalOf(files, reading({}, { format: 'phily' }), 'a.csv')).toBe(
    'unknown trace format "phily", expected one of: orrery-csv, openb-2023, philly-2017, muri, google-2011-jobs, swim, batsim, swf, omega-samples',
  );
  expect(await refusalOf(files, reading({}, { format: 'muri' }), 'a.csv')).toBe(
    'a.csv: no file looks like muri, expected: One row per job: GPUs, submission and duration in milliseconds. Every job is a gang.',
  );
});

test('gzip is recognised by its bytes, whatever the name', async () => {
  expect((await readFiles({ 'a.csv': gzipSync(rows(3)) })).jobs).toHaveLength(3);
});

test('a truncated gzip stream is refused with the line at which it ends', async () => {
  const whole = gzipSync(rows(100_000));
  const message = await refusalOf({ 'a.csv.gz': whole.subarray(0, whole.length / 2) });
  expect(message).toMatch(/^a\.csv\.gz:\d{5}: the gzip stream ends early, expected a whole file$/);
});

test('a damaged gzip stream is refused, even where bad rows are skipped', async () => {
  const whole = gzipSync(rows(100_000));
  const middle = Math.floor(whole.length / 2);
  whole.fill(0, middle, middle + 2_000);
  const message = await refusalOf({ 'a.csv.gz': whole }, reading({}, { strictness: 'skip-bad-rows' }));
  expect(message).toMatch(/^a\.csv\.gz:\d+: the gzip stream is damaged \(Z_\w+\), expected valid gzip data$/);
});

test('a row cut off at the end of a file is refused', async () => {
  expect(await refusalOf({ 'a.csv': rows(3).slice(0, -5) })).toBe(
    'a.csv:4: the row has 4 fields, expected 5 as in the header',
  );
});

test('line ends of Windows, a byte order mark, blank lines and a missing last line end change nothing', async () => {
  const plain = rows(3);
  const { jobs } = await readFiles({ 'a.csv': plain });
  const odd = `\ufeff${plain.replaceAll('\n', '\r\n\r\n').trimEnd()}`;
  const again = await readFiles({ 'a.csv': odd });
  expect(again.jobs.map((job) => [job.arrival, job.role])).toEqual(
    jobs.map((job) => [job.arrival, job.role]),
  );
  expect(again.workload.report().rows).toBe(3);
});

test('a line beyond every measure is refused instead of held', async () => {
  expect(await refusalOf({ 'a.csv': `${PHILLY}${'x'.repeat(17 * 1024 * 1024)}` })).toBe(
    'a.csv:2: the line is longer than 16777216 characters, expected rows of text',
  );
});

test('rows that straddle blocks are whole, and none is lost', async () => {
  const { jobs, workload } = await readFiles({ 'a.csv.gz': gzipSync(rows(50_000)) });
  expect(jobs.map((job) => job.tasks[0]!.duration)).toEqual(
    Array.from({ length: 50_000 }, (_, row) => (row + 1) * 1e6),
  );
  expect(workload.report()).toMatchObject({ rows: 50_000, jobs: 50_000, skippedRows: 0 });
});

test('reading again starts over, and so does the report', async () => {
  const { workload } = await openTrace('uniform', reading({ jobs: '30' }));
  const first = await allJobs(workload);
  expect(await allJobs(workload)).toEqual(first);
  expect(workload.report()).toMatchObject({ rows: 30, jobs: 30 });
});

test('a window keeps the jobs that arrive in it, from 0 on, and stretches their distances', async () => {
  const options = reading(
    { interval: '10' },
    { from: micros(20_000_000), until: micros(60_000_000), timeScale: 0.5, maxJobs: 3 },
  );
  const { workload } = await openTrace('uniform', options);
  const jobs = await allJobs(workload);
  expect(jobs.map((job) => [job.id, job.arrival, job.tasks[0]!.duration])).toEqual([
    ['job-2', 0, 60_000_000],
    ['job-3', 5_000_000, 60_000_000],
    ['job-4', 10_000_000, 60_000_000],
  ]);
  expect(workload.assumptions.slice(-3)).toEqual([
    'only jobs that arrive from 20 s to 60 s of the trace',
    'arrival times are multiplied by 0.5; run times are not',
    'only the first 3 jobs',
  ]);
});

test('a job at the start of a window is in it, one at its end is not', async () => {
  const { workload } = await openTrace(
    'uniform',
    reading({ interval: '10' }, { from: micros(20_000_000), until: micros(40_000_000) }),
  );
  expect((await allJobs(workload)).map((job) => [job.id, job.arrival])).toEqual([
    ['job-2', 0],
    ['job-3', 10_000_000],
  ]);
});

test('a window that ends before it begins and a scale of nothing are refused', async () => {
  const window = reading({}, { from: micros(2), until: micros(2) });
  expect(await messageOf(() => openTrace('uniform', window))).toBe(
    'the window ends before it begins, expected --from below --until',
  );
  for (const timeScale of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(await messageOf(() => openTrace('uniform', reading({}, { timeScale })))).toBe(
      `the time scale is ${timeScale}, expected a number above 0`,
    );
  }
});

test('jobs that no machine can hold are counted by an inspection', async () => {
  const inspection = await inspectTrace('uniform', reading({ jobs: '7', 'task-cpus': '5' }));
  expect(inspection.oversized).toEqual({ jobs: 7, examples: ['job-0', 'job-1', 'job-2', 'job-3', 'job-4'] });
  expect(inspection.load).toMatchObject({ jobs: 7, tasks: 28 });
});
