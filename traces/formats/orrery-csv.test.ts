import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { JOB_COLUMNS, MACHINE_COLUMNS, MACHINE_EVENT_COLUMNS } from '../model/orrery-schema.ts';
import { readFiles, reading, refusalOf } from '../testing/trace-files.ts';

const HEADER = JOB_COLUMNS.join(',');

function jobs(...rows: string[]) {
  return { 'jobs.csv': `${[HEADER, ...rows].join('\n')}\n` };
}

test('rows of one job that follow each other are its groups of tasks', async () => {
  const { jobs: read } = await readFiles(
    jobs(
      'a,0.5,r,u,3,true,2,1;2.5,1,512,0,0,',
      'a,0.5,r,u,3,true,1,7,2,0,10.5,0.25,gpu=A|B;zone!=z',
      'b,1,r/s,,,false,1,1,1,0,,,',
    ),
  );
  expect(read).toHaveLength(2);
  expect(read[0]).toMatchObject({ id: 'a', arrival: 500_000, role: 'r', user: 'u', priority: 3, gang: true });
  expect(read[0]!.tasks.map((tasks) => [tasks.count, tasks.duration])).toEqual([
    [2, Float64Array.of(1_000_000, 2_500_000)],
    [1, 7_000_000],
  ]);
  expect(read[0]!.tasks[1]!.constraints).toEqual([
    { attribute: 'gpu', operator: 'IN', values: ['A', 'B'] },
    { attribute: 'zone', operator: 'NOT_IN', values: ['z'] },
  ]);
  expect(read[1]).toMatchObject({ role: 'r/s', user: null, priority: 0 });
});

test('optional columns may be left out, and the file may stand alone under any name', async () => {
  const text = 'job,arrival,role,user,priority,gang,tasks,duration,cpus,mem\na,0,r,,0,false,1,1,1,512\n';
  const { jobs: read, cluster } = await readFiles({ 'mine.csv': text }, reading(), 'mine.csv');
  expect(read[0]!.tasks[0]!.resources.mem).toBe(512_000);
  expect(cluster).toBeNull();
});

test('the README documents every column, and no others', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  for (const [table, columns] of [
    ['jobs.csv', JOB_COLUMNS],
    ['machines.csv', MACHINE_COLUMNS],
    ['machine_events.csv', MACHINE_EVENT_COLUMNS],
  ] as const) {
    const section = readme.slice(readme.indexOf(`### \`${table}\``));
    const rows = [
      ...section.slice(0, section.indexOf('\n\n', section.search(/^\| *--/m))).matchAll(/^\| `(\w+)` +\|/gm),
    ];
    expect(rows.map((row) => row[1])).toEqual([...columns]);
  }
});

test.each([
  ['b,0,a b,,0,false,1,1,1,0,,,', /^jobs.csv:3: role is "a b", expected a valid role name \(.+\)$/],
  ['b,-1,r,,0,false,1,1,1,0,,,', 'jobs.csv:3: arrival is "-1", expected seconds, 0 or more'],
  [
    'b,1,r,,0,false,1,1,1,0,,,\nc,0.5,r,,0,false,1,1,1,0,,,',
    'jobs.csv:4: arrival is "0.5", expected rows in order of arrival, 1 or later',
  ],
  ['b,0,r,,0,yes,1,1,1,0,,,', 'jobs.csv:3: gang is "yes", expected true or false'],
  ['b,0,r,,0,true,0,1,1,0,,,', 'jobs.csv:3: tasks is "0", expected a whole number, from 1 to 100000000'],
  ['b,0,r,,0,true,1,0,1,0,,,', 'jobs.csv:3: duration is "0", expected seconds, 0.000001 or more'],
  [
    'b,0,r,,0,true,3,1;2,1,0,,,',
    'jobs.csv:3: duration is "1;2", expected one duration, or 3 (as tasks) separated by ";"',
  ],
  [
    'b,0,r,,0,true,2,1;x,1,0,,,',
    'jobs.csv:3: duration is "1;x", expected seconds, 0.000001 or more, separated by ";"',
  ],
  ['b,0,r,,0,true,1,1,,0,,,', 'jobs.csv:3: cpus is "", expected a number, 0 or more'],
  ['b,0,r,,0,true,1,1,0,0,,,', 'jobs.csv:3: cpus is "0", expected a task that needs something'],
  [
    'b,0,r,,x,true,1,1,1,0,,,',
    'jobs.csv:3: priority is "x", expected a whole number, from -1000000000 to 1000000000',
  ],
  [
    'b,0,r,,0,true,1,1,1,0,,,oops',
    'jobs.csv:3: constraints is "oops", expected attribute=value|value;attribute!=value',
  ],
  [
    'a,0,r,other,0,false,1,1,1,0,,,',
    'jobs.csv:3: job is "a", expected arrival, role, user, priority and gang as in the row before, or another job',
  ],
  ['b,0,r', 'jobs.csv:3: the row has 3 fields, expected 13 as in the header'],
  ['"b,0,r', 'jobs.csv:3: field 1 opens a quote that is not closed, expected it on the same line'],
])('the row %j is refused', async (row, message) => {
  expect(await refusalOf(jobs('a,0,r,,0,false,1,1,1,0,,,', row))).toMatch(message);
});

test.each([
  [
    `${HEADER},colour\n`,
    'jobs.csv:1: the header names column "colour", expected only job, arrival, role, user, priority, gang, tasks, duration, cpus, mem, disk, gpus, constraints',
  ],
  [`${HEADER},job\n`, 'jobs.csv:1: the header names column "job" twice, expected it once'],
])('the header %j is refused', async (text, message) => {
  expect(await refusalOf({ 'jobs.csv': text })).toBe(message);
});

const MACHINES = 'machine,cpus,mem,disk,gpus,region,zone,attributes\n';

test.each([
  [
    { 'machines.csv': `${MACHINES}m,1,1,,,,,\nm,1,1,,,,,\n` },
    'machines.csv:3: machine is "m", expected a name that no machine before it has',
  ],
  [
    { 'machines.csv': `${MACHINES}m,1,1,,,eu,,\n` },
    'machines.csv:2: zone is "", expected a zone, as region is "eu"',
  ],
  [
    { 'machines.csv': `${MACHINES}m,1,1,,,,z,\n` },
    'machines.csv:2: region is "", expected a region, as zone is "z"',
  ],
  [
    { 'machines.csv': `${MACHINES}m,1,1,,,,,a\n` },
    'machines.csv:2: attributes is "a", expected name=text;name=text',
  ],
  [
    { 'machines.csv': `${MACHINES}m,1,1,,,,,\n`, 'machine_events.csv': 'time,machine,event\n1,n,ADD\n' },
    'machine_events.csv:2: machine is "n", expected the name of a machine of machines.csv',
  ],
  [
    { 'machines.csv': `${MACHINES}m,1,1,,,,,\n`, 'machine_events.csv': 'time,machine,event\n1,m,GONE\n' },
    'machine_events.csv:2: event is "GONE", expected ADD or REMOVE',
  ],
  [
    {
      'machines.csv': `${MACHINES}m,1,1,,,,,\n`,
      'machine_events.csv': 'time,machine,event\n1,m,REMOVE\n0,m,ADD\n',
    },
    'machine_events.csv:3: time is "0", expected rows in order of time',
  ],
])('a bad table of machines is refused (%#)', async (tables, message) => {
  expect(await refusalOf({ ...jobs(), ...tables })).toBe(message);
});
