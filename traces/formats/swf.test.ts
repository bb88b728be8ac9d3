import { expect, test } from 'vitest';
import { openTrace } from '../open.ts';
import { allJobs, inFolder, readFiles, reading, refusalOf, writeFiles } from '../testing/trace-files.ts';
import { join } from 'node:path';

const HEADER =
  '; Version: 2.2\n; MaxNodes: 4 (one rack)\n; MaxProcs: 62\n; Queue: 1 fast\n; Queue: 2 two words\n';

/** A line of 18 fields of which some are given. */
function line(fields: Partial<Record<number, number | string>>): string {
  const all = Array.from({ length: 18 }, (_, index) => fields[index + 1] ?? -1);
  return all.join(' ');
}

const GOOD = { 1: 1, 2: 10, 4: 60, 5: 4, 8: 8, 9: 30, 11: 1, 12: 7, 13: 3, 15: 1, 16: 2 };

function swf(...lines: string[]) {
  return { 'log.swf': HEADER + lines.map((each) => `${each}\n`).join('') };
}

test('processors are the allocated ones, else the requested ones; the queue is the role', async () => {
  const { jobs, cluster } = await readFiles(
    swf(
      line(GOOD),
      `  ${line({ ...GOOD, 1: 2, 2: '10.5', 5: -1, 15: 2, 12: -1 })}   {1,2,3} node "x"`,
      line({ ...GOOD, 1: 5, 2: 11, 15: 0 }),
      '; a comment',
      '',
    ),
  );
  expect(jobs.map((job) => [job.id, job.arrival, job.role, job.user, job.gang])).toEqual([
    ['1', 10_000_000, 'fast', '7', true],
    ['2', 10_500_000, 'queue-2', null, true],
    ['5', 11_000_000, 'queue-0', '7', true],
  ]);
  expect(
    jobs.map((job) => job.tasks.map((tasks) => [tasks.count, tasks.resources.cpus, tasks.duration])),
  ).toEqual([[[4, 1_000, 60_000_000]], [[8, 1_000, 60_000_000]], [[4, 1_000, 60_000_000]]]);
  expect([cluster!.machines.length, cluster!.machines[0]!.resources.cpus]).toEqual([4, 16_000]);
});

test('tasks of several processors, memory of the trace and a cut at the request are options', async () => {
  const given = { 'processors-per-task': '3', memory: 'trace', overrun: 'kill', 'role-by': 'group' };
  const { jobs } = await readFiles(
    swf(line({ ...GOOD, 7: 1_024, 10: 2_048 }), line({ ...GOOD, 7: 1_024 })),
    reading(given),
  );
  expect(jobs[0]!.role).toBe('group-3');
  expect(
    jobs[0]!.tasks.map((tasks) => [tasks.count, tasks.resources.cpus, tasks.resources.mem, tasks.duration]),
  ).toEqual([
    [1, 3_000, 6_000, 30_000_000],
    [1, 1_000, 2_000, 30_000_000],
  ]);
  expect(jobs[1]!.tasks[1]!.resources.mem).toBe(1_000);
});

test.each([
  ['user', 'user-7'],
  ['partition', 'partition-2'],
  ['none', 'default'],
])('role by %s is %s', async (by, role) => {
  const { jobs } = await readFiles(swf(line(GOOD)), reading({ 'role-by': by }));
  expect(jobs[0]!.role).toBe(role);
});

test('lines that are no whole job that ran are left out and counted by reason', async () => {
  const { jobs, workload } = await readFiles(
    swf(
      line(GOOD),
      line({ ...GOOD, 11: 2 }),
      line({ ...GOOD, 11: 4 }),
      line({ ...GOOD, 11: 5, 4: -1 }),
      line({ ...GOOD, 11: 5, 4: 20 }),
      line({ ...GOOD, 11: 0, 4: -1 }),
      line({ ...GOOD, 5: -1, 8: 0 }),
      line({ ...GOOD, 4: 0 }),
    ),
  );
  expect(jobs.map((job) => job.tasks[0]!.duration)).toEqual([60_000_000, 20_000_000, 1]);
  expect(workload.report()).toEqual({
    rows: 8,
    jobs: 3,
    tasks: 12,
    skippedRows: 5,
    skippedReasons: [
      { reason: 'part of a job (status 2 to 4)', rows: 2 },
      { reason: 'cancelled before it ran (status 5)', rows: 1 },
      { reason: 'no run time', rows: 1 },
      { reason: 'no processors', rows: 1 },
    ],
    firstBadRow: null,
  });
});

test('the parts of jobs alone can be read instead', async () => {
  const { jobs } = await readFiles(
    swf(line(GOOD), line({ ...GOOD, 1: 2, 11: 3 })),
    reading({ partial: 'only' }),
  );
  expect(jobs.map((job) => job.id)).toEqual(['2']);
});

test.each([
  [line(GOOD).split(' ').slice(0, 17).join(' '), 'the line has 17 fields, expected 18'],
  [line({ ...GOOD, 4: 'x' }), 'run time (field 4) is "x", expected a number'],
  [line({ ...GOOD, 13: '1e3' }), 'group id (field 13) is "1e3", expected a number'],
  [line({ ...GOOD, 4: '--1' }), 'run time (field 4) is "--1", expected a number'],
  [line({ ...GOOD, 4: -2 }), 'run time (field 4) is -2, expected seconds, 0 or more, or -1'],
  [line({ ...GOOD, 2: -1 }), 'submit time (field 2) is -1, expected seconds, 0 or more'],
  [line({ ...GOOD, 2: 9 }), 'submit time (field 2) is 9, expected lines in order of submission, 10 or later'],
  [line({ ...GOOD, 5: '1.5' }), 'allocated processors (field 5) is 1.5, expected a whole number'],
  [
    line({ ...GOOD, 2: '99999999999999999999' }),
    'submit time (field 2) is "99999999999999999999", expected a number',
  ],
])('the line %j is refused with its number', async (bad, message) => {
  expect(await refusalOf(swf(line(GOOD), bad))).toBe(`log.swf:7: ${message}`);
  const { jobs, workload } = await readFiles(
    swf(line(GOOD), bad),
    reading({}, { strictness: 'skip-bad-rows' }),
  );
  expect(jobs).toHaveLength(1);
  expect(workload.report().firstBadRow).toContain(message);
});

test('a long log is read as it is consumed, a thousand jobs at a time', async () => {
  let text = HEADER;
  for (let number = 1; number <= 100_000; number++) text += `${line({ ...GOOD, 1: number, 2: number })}\n`;
  await inFolder(async (folder) => {
    writeFiles(folder, { 'log.swf': text });
    const { workload } = await openTrace(join(folder, 'log.swf'), reading());
    for await (const batch of workload.batches()) {
      expect(batch).toHaveLength(1_000);
      break;
    }
    // One block of 256 KB of a text of 6 MB.
    expect(workload.report().rows).toBeLessThan(6_000);
    expect(await allJobs(workload)).toHaveLength(100_000);
    expect(workload.report()).toMatchObject({ rows: 100_000, jobs: 100_000, tasks: 400_000 });
  });
});
