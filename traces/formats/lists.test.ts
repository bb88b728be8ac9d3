import { expect, test } from 'vitest';
import { readFiles, reading, refusalOf } from '../testing/trace-files.ts';

const MURI_HEADER = 'job_id,num_gpu,submit_time,iterations,model_name,batch_size,duration,interval';

function muri(...rows: string[]) {
  return { 'list.csv': `${[MURI_HEADER, ...rows].join('\n')}\n` };
}

test('muri: milliseconds, gangs over whole machines, one role or one per model', async () => {
  const files = muri('0,1,0,5,dqn,128,2500,0', '1,12,700,8,vgg/16,128,100,700');
  const { jobs, cluster } = await readFiles(files, reading({ 'role-by': 'model' }));
  expect(jobs.map((job) => [job.id, job.arrival, job.role, job.gang])).toEqual([
    ['0', 0, 'dqn', true],
    ['1', 700_000, 'vgg~2f;16', true],
  ]);
  expect(jobs[1]!.tasks.map((tasks) => [tasks.count, tasks.resources.gpus, tasks.duration])).toEqual([
    [1, 8_000, 100_000],
    [1, 4_000, 100_000],
  ]);
  expect(cluster!.machines).toHaveLength(8);
});

test.each([
  ['1,0,700,8,m,1,100,700', 'num_gpu is "0", expected a whole number, from 1 to 100000'],
  ['1,1,5,8,m,1,100,700', 'submit_time is "5", expected rows in order of submission, 10 or later'],
  ['1,1,700,8,m,1,,700', 'duration is "", expected milliseconds, 0 or more'],
])('muri: the row %j is refused', async (row, message) => {
  expect(await refusalOf(muri('0,1,10,5,m,128,2500,0', row))).toBe(`list.csv:3: ${message}`);
});

const RATES = { 'map-rate': '10', 'reduce-rate': '20', 'task-overhead': '1' };
const MIB = 1_048_576;

test('swim: bytes become map and reduce tasks by the stated rates', async () => {
  const text = `job0\t49\t49\t${300 * MIB}\t${2_048 * MIB}\t${2_048 * MIB}\njob1\t50\t1\t0\t0\t5\tpath/x\n`;
  const { jobs, cluster, workload } = await readFiles(
    { 'jobs.tsv': text },
    reading({ ...RATES, machines: '3' }),
  );
  expect(jobs.map((job) => job.tasks.map((tasks) => [tasks.count, tasks.duration]))).toEqual([
    [
      [2, 13_800_000],
      [1, 5_400_000],
      [2, 103_400_000],
    ],
    [[1, 1_000_000]],
  ]);
  expect(cluster!.machines).toHaveLength(3);
  expect(workload.assumptions).toContain(
    'map-rate=10 (given): MiB of input that a map task works through per second',
  );
});

test('swim: without rates the reading is refused, naming both', async () => {
  expect(await refusalOf({ 'jobs.tsv': 'job0\t49\t49\t1\t2\t3\n' })).toBe(
    'swim does not say everything a replay needs; give:\n' +
      '  --assume map-rate=10   MiB of input that a map task works through per second\n' +
      '  --assume reduce-rate=10   MiB of shuffle and output together that a reduce task works through per second',
  );
});

test.each([
  ['job1\t50\t1\t0\t0', 'the row has 5 fields, expected 6 to 7'],
  ['job1\t48\t1\t0\t0\t0', 'submit time is "48", expected rows in order of submission, 49 or later'],
  ['job1\t50\t1\t-1\t0\t0', 'map input bytes is "-1", expected a whole number, 0 or more'],
  ['\t50\t1\t1\t0\t0', 'job name is "", expected a value'],
])('swim: the row %j is refused', async (row, message) => {
  const files = { 'jobs.tsv': `job0\t49\t49\t1\t2\t3\n${row}\n` };
  expect(await refusalOf(files, reading(RATES))).toBe(`jobs.tsv:2: ${message}`);
});

function batsim(
  jobs: string,
  rest = '"nb_res": 4, "profiles": {"d": {"type": "delay", "delay": 2.5}, "p": {"type": "parallel"}}',
) {
  return { 'w.json': `{\n"jobs": [\n${jobs}\n],\n${rest}\n}` };
}

test('batsim: jobs are sorted by submission and take whole machines together', async () => {
  const files = batsim(
    '{"id": 9, "subtime": 5, "res": 1, "profile": "d"},\n{"id": "w!1", "subtime": 0.25, "res": 3, "walltime": 1, "profile": "d"}',
  );
  const { jobs, cluster } = await readFiles(files, reading({ overrun: 'kill' }));
  expect(
    jobs.map((job) => [job.id, job.arrival, job.gang, job.tasks[0]!.count, job.tasks[0]!.duration]),
  ).toEqual([
    ['w!1', 250_000, true, 3, 1_000_000],
    ['9', 5_000_000, true, 1, 2_500_000],
  ]);
  expect(cluster!.machines).toHaveLength(4);
  expect(jobs[0]!.tasks[0]!.resources).toBe(cluster!.machines[0]!.resources);
});

test.each([
  ['{"id": 1, "subtime": -3, "res": 1, "profile": "d"}', 4, 'subtime is -3, expected seconds, 0 or more'],
  ['{"id": 1, "subtime": 0, "res": 0, "profile": "d"}', 4, 'res is 0, expected a whole number, 1 or more'],
  ['{"subtime": 0, "res": 1, "profile": "d"}', 4, 'id is missing, expected a number or a text'],
  [
    '{"id": 1, "subtime": 0, "res": 1, "profile": "x"}',
    4,
    'profile is "x", expected the name of a profile of the document',
  ],
  [
    '{"id": 1, "subtime": 0, "res": 1, "profile": "p"}',
    4,
    'profile "p" has type "parallel", expected "delay": others have no run time of their own',
  ],
  [
    '{"id": 1, "subtime": 0, "res": 1, "profile": "d", "walltime": "1"}',
    4,
    'walltime is "1", expected seconds, 0 or more',
  ],
  ['[1]', 4, 'the job is [1], expected an object'],
  [
    '{"id": 1,, "subtime": 0}',
    4,
    'the document goes on with ", \\"subtime\\": 0}", expected a text in quotes',
  ],
])('batsim: the job %j is refused with its line', async (job, line, message) => {
  const files = batsim(`{"id": 0, "subtime": 0, "res": 1, "profile": "d"},\n${job}`);
  expect(await refusalOf(files)).toBe(`w.json:${line}: ${message}`);
});

test('batsim: a bad job can be skipped', async () => {
  const files = batsim('{"id": 0, "subtime": 0, "res": 1, "profile": "d"},\n{"id": 1, "res": 1}');
  const { jobs, workload } = await readFiles(files, reading({}, { strictness: 'skip-bad-rows' }));
  expect(jobs).toHaveLength(1);
  expect(workload.report()).toMatchObject({
    rows: 2,
    skippedReasons: [{ reason: 'bad row: subtime', rows: 1 }],
  });
});

test.each([
  ['{"profiles": {}}', '"jobs" is no list, expected the list of jobs'],
  ['{"jobs": []}', '"profiles" is no object, expected profiles by name'],
  ['{"jobs": [], "profiles": {}, "nb_res": 0}', '"nb_res" is 0, expected a whole number, 1 or more'],
])('batsim: the document %j is refused', async (text, message) => {
  expect(await refusalOf({ 'w.json': text })).toBe(`w.json: ${message}`);
});

test('batsim: a truncated document is refused where it ends', async () => {
  expect(await refusalOf({ 'w.json': '{\n"jobs": [\n{"id": 1,' })).toBe(
    'w.json:3: the document ends, expected a text in quotes',
  );
});

test('omega samples: jobs are drawn from the three files with the seed', async () => {
  const files = {
    'example_interarrival_cmb.log': 'c p 0 10\nc p 0 20\nc p 1 1000\n',
    'example_csizes_cmb.log': 'c p 0 5\nc p 1 2\n',
    'example_runtimes_cmb.log': 'c p 0 1.5\nc p 1 100\n',
  };
  const given = { hours: '1', 'task-cpus': '1', 'task-mem': '1GiB' };
  const { jobs } = await readFiles(files, reading(given));
  const batch = jobs.filter((job) => job.role === 'batch');
  expect(batch.length).toBeGreaterThan(180);
  expect(batch.length).toBeLessThan(300);
  expect(batch[0]!.tasks[0]).toMatchObject({ count: 5, duration: 1_500_000 });
  expect(jobs.filter((job) => job.role === 'service')).toHaveLength(3);
  expect((await readFiles(files, reading(given))).jobs).toEqual(jobs);
  const { 'example_csizes_cmb.log': _, ...two } = files;
  expect(await refusalOf(two, reading(given))).toContain(
    'no file *_csizes_*.log, expected all three sample files',
  );
});
