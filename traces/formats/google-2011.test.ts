import { expect, test } from 'vitest';
import { readFiles, reading, refusalOf } from '../testing/trace-files.ts';

const FIXED = { 'tasks-per-job': '2', 'task-cpus': '0.5', 'task-mem': '1GiB' };
const WINDOW = 600_000_000;

/** A job_events row at seconds after the window's start; null: before it. */
function event(seconds: number | null, job: string, type: number, user = 'u/1', schedulingClass = 2): string {
  const at = seconds === null ? 0 : WINDOW + seconds * 1e6;
  return `${at},,${job},${type},${user},${schedulingClass},n=,l=`;
}

function events(...rows: string[]) {
  return { 'job_events.csv': rows.map((row) => `${row}\n`).join('') };
}

test('a job runs from its first schedule to its last end, and one without an end to the last row', async () => {
  const { jobs, workload } = await readFiles(
    events(
      event(null, '1', 0),
      event(null, '1', 1),
      event(10, '2', 0, 'v', 0),
      event(11, '2', 1, 'v', 0),
      event(12, '3', 0),
      event(20, '2', 2, 'v', 0),
      event(21, '2', 0, 'v', 0),
      event(22, '2', 1, 'v', 0),
      event(30, '4', 0),
      event(31, '4', 1),
      event(32, '4', 8),
      event(40, '2', 4, 'v', 0),
      event(50, '1', 5),
      event(60, '3', 5),
      '9223372036854775807,,4,4,u/1,2,n=,l=',
    ),
    reading(FIXED),
  );
  expect(
    jobs.map((job) => [job.id, job.arrival, job.role, job.user, job.priority, job.tasks[0]!.duration]),
  ).toEqual([
    ['1', 0, 'u~2f;1', 'u/1', 2, 50_000_000],
    ['2', 10_000_000, 'v', 'v', 0, 29_000_000],
    ['4', 30_000_000, 'u~2f;1', 'u/1', 2, 29_000_000],
  ]);
  expect(jobs[0]!.tasks[0]).toMatchObject({ count: 2 });
  expect(workload.report()).toMatchObject({
    rows: 15,
    skippedReasons: [{ reason: 'job ended before it was scheduled', rows: 1 }],
  });
});

test('sizes are drawn by scheduling class from the initial state, the same for the same seed', async () => {
  const rows: string[] = [];
  for (let job = 0; job < 40; job++)
    rows.push(event(job, `${job}`, 0, 'u', job % 2), event(job, `${job}`, 1, 'u', job % 2));
  const files = {
    ...events(...rows),
    'init-cluster-state.log':
      '11 0 1 1 0 4 2 8388608\n11 0 2 0 1 10 1 0\n11 0 3 0 1 20 100 20971520\n12 9 1 0 1 1\n',
  };
  const { jobs } = await readFiles(files, reading({ 'role-by': 'class' }, { seed: 5 }));
  for (const job of jobs) {
    const { count, resources } = job.tasks[0]!;
    if (job.role === 'class-0') expect([count, resources.cpus, resources.mem]).toEqual([4, 500, 2_000]);
    else
      expect([
        [10, 100, 1_000],
        [20, 5_000, 1_000],
      ]).toContainEqual([count, resources.cpus, resources.mem]);
  }
  expect((await readFiles(files, reading({ 'role-by': 'class' }, { seed: 5 }))).jobs).toEqual(jobs);
  expect((await readFiles(files, reading({ 'role-by': 'class' }, { seed: 6 }))).jobs).not.toEqual(jobs);
});

test('parts are read in order of their names', async () => {
  const files = {
    'part-2.csv': `${event(5, '1', 4)}\n`,
    'part-1.csv': `${event(1, '1', 0)}\n${event(2, '1', 1)}\n`,
  };
  const { jobs } = await readFiles(files, reading(FIXED));
  expect(jobs.map((job) => [job.arrival, job.tasks[0]!.duration])).toEqual([[1_000_000, 3_000_000]]);
});

const MACHINES = {
  ...events(event(0, '1', 0)),
  'machine_shapes.csv':
    'cpu,memory,capacity,number_of_machines,machine_percentage\n1.0,1.0,1.0,1,50\n0.5,0.2493,0.3,2,50\n',
  'machine_removals.csv':
    'time_us,machine_id,cpus,memory,platform_id\n610000000,7,0.5,0.2493,p\n620000000,7,0.5,0.2493,p\n620000000,8,0.5,0.2493,p\n',
  'never_returned.csv': 'machine_id,last_removal_us\n8,620000000\n',
};
const UNITS = { ...FIXED, 'unit-cpus': '16', 'unit-mem': '64GiB' };

test('a removed machine returns after its repair, before its next removal, and never if the trace says so', async () => {
  const given = { ...UNITS, 'repair-time': '30', 'repair-distribution': 'fixed' };
  const { cluster } = await readFiles(MACHINES, reading(given));
  expect(cluster!.machines.map((machine) => machine.resources.cpus)).toEqual([16_000, 8_000, 8_000]);
  expect(cluster!.machines[1]!.resources.mem).toBe(Math.round(0.2493 * 65_536_000));
  expect(cluster!.events).toEqual([
    { kind: 'REMOVED', at: 10_000_000, machine: 1 },
    { kind: 'ADDED', at: 15_000_000, machine: 1 },
    { kind: 'REMOVED', at: 20_000_000, machine: 1 },
    { kind: 'REMOVED', at: 20_000_000, machine: 2 },
    { kind: 'ADDED', at: 50_000_000, machine: 1 },
  ]);
});

test('machine events follow the window and the time scale', async () => {
  const given = { ...UNITS, 'repair-time': '30', 'repair-distribution': 'fixed' };
  const window = { from: 12_000_000, until: 50_000_000, timeScale: 2 } as never;
  const { cluster } = await readFiles(MACHINES, reading(given, window));
  expect(cluster!.events.map((event) => [event.kind, event.at])).toEqual([
    ['REMOVED', 0],
    ['ADDED', 6_000_000],
    ['REMOVED', 16_000_000],
    ['REMOVED', 16_000_000],
  ]);
});

test('the unit machine is asked for, never guessed', async () => {
  expect(await refusalOf(MACHINES, reading(FIXED))).toBe(
    'google-2011-jobs does not say everything a replay needs; give:\n' +
      '  --assume unit-cpus=16   cpus of the largest machine: the trace gives fractions of it\n' +
      '  --assume unit-mem=64GiB   memory of the largest machine: the trace gives fractions of it',
  );
});

test('more machine ids than machines are refused', async () => {
  const removals = `${MACHINES['machine_removals.csv']}620000000,9,0.5,0.25,p\n620000000,10,1,1,p\n`;
  expect(await refusalOf({ ...MACHINES, 'machine_removals.csv': removals }, reading(UNITS))).toBe(
    'machine_removals.csv:6: machine 10 is one more than machine_shapes.csv has, expected at most as many',
  );
});

test.each([
  ['1,,2,0,u,1,n', 'the row has 7 fields, expected 8'],
  ['x,,2,0,u,1,n,l', 'timestamp is "x", expected whole microseconds, 0 or more'],
  ['1,,2,9,u,1,n,l', 'event type is "9", expected a whole number, from 0 to 8'],
  ['1,,,0,u,1,n,l', 'job id is "", expected a value'],
  ['1,,2,0,u,4,n,l', 'scheduling class is "4", expected a whole number, from 0 to 3'],
  ['0,,2,0,u,1,n,l', 'timestamp is "0", expected rows in order of time, 1 or later'],
])('the row %j is refused', async (row, message) => {
  expect(await refusalOf(events('1,,1,0,u,1,n,l', row), reading(FIXED))).toBe(`job_events.csv:2: ${message}`);
});

test('without the initial state the size of jobs is asked for', async () => {
  expect(await refusalOf(events(event(0, '1', 0)))).toContain('--assume tasks-per-job=10');
});
