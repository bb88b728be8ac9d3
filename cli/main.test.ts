import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build, finished, orrery, startOrrery, temporaryFolder } from './testing/command.ts';

// The command line as a process: what it says, where, and with which exit code.

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const SCENARIOS = join(ROOT, 'allocators', 'contract', 'scenarios');
const RESULT_FILES = [
  'distributions.csv',
  'faults.csv',
  'jobs.csv',
  'machines.csv',
  'report.html',
  'roles.csv',
  'summary.json',
  'tasks.csv',
  'timeseries.csv',
];
const JOBS_HEAD = 'job,arrival,role,user,priority,gang,tasks,duration,cpus,mem\n';
const SMALL = ['--trace', 'uniform', '--assume', 'jobs=10'];

let folder = '';

beforeAll(async () => {
  folder = temporaryFolder();
  await build();
  const philly = readFileSync(join(ROOT, 'traces/samples/philly-2017/philly.csv.gz'));
  writeFileSync(
    join(folder, 'malformed.csv'),
    `${JOBS_HEAD}a,0,x,,0,false,1,30,1,64\nb,5,x,,0,false,two,30,1,64\n`,
  );
  writeFileSync(join(folder, 'truncated.csv'), `${JOBS_HEAD}a,0,x,,0,false,1,30,1,64\nb,5,x,,0,fa`);
  writeFileSync(join(folder, 'cut.csv.gz'), philly.subarray(0, 100_000));
  writeFileSync(join(folder, 'unknown.txt'), 'neither fish nor fowl\n');
  writeFileSync(join(folder, 'empty.csv'), '');
  writeFileSync(join(folder, 'a-file'), 'not a folder\n');
  mkdirSync(join(folder, 'holiday'));
  writeFileSync(join(folder, 'holiday', 'photo.jpg'), 'a mountain\n');
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function summaryOf(out: string): {
  readonly [key: string]: unknown;
  readonly partial: boolean;
  readonly hash: string;
} {
  return JSON.parse(readFileSync(join(folder, out, 'summary.json'), 'utf8'));
}

describe('bad input is refused by one line on standard error, with exit code 2, and nothing is written', () => {
  const onCluster = ['--cluster', '2xcpus:4;mem:8192'];
  const g5k = ['--trace', 'g5k-medium'];

  test.concurrent.each<[string, readonly string[], RegExp]>([
    [
      'an unknown trace',
      ['--trace', 'nosuch'],
      /there is no trace "nosuch": .*no sample \(.*no generator \(/,
    ],
    ['a missing file', ['--trace', 'gone/jobs.csv'], /there is no trace "gone\/jobs.csv": no such file/],
    [
      'an unknown format',
      [...g5k, '--format', 'nope'],
      /unknown trace format "nope", expected one of: orrery-csv/,
    ],
    [
      'a file of another format',
      ['--trace', 'malformed.csv', '--format', 'swf'],
      /malformed\.csv: no file looks like swf/,
    ],
    [
      'a file of no format',
      ['--trace', 'unknown.txt'],
      /unknown\.txt: the format is not known, expected one of/,
    ],
    ['an empty file', ['--trace', 'empty.csv', ...onCluster], /empty\.csv: the file is empty/],
    [
      'a malformed row',
      ['--trace', 'malformed.csv', ...onCluster],
      /malformed\.csv:3: tasks is "two", expected a whole number/,
    ],
    [
      'a truncated row',
      ['--trace', 'truncated.csv', ...onCluster],
      /truncated\.csv:3: the row has 6 fields, expected 10/,
    ],
    [
      'a truncated archive',
      ['--trace', 'cut.csv.gz', '--assume', 'machines=10'],
      /cut\.csv\.gz:\d+: .*(damaged|truncated|cut|end)/,
    ],
    [
      'a trace without machines',
      ['--trace', 'truncated.csv'],
      /the trace names no machines; give them, such as --cluster/,
    ],
    [
      'a cluster that can never fit a task',
      ['--trace', 'uniform', '--cluster', '9xcpus:0.5;mem:8192'],
      /9 machines can never run 100 of 100 jobs\. The first is .*, which needs 4 x cpus:1;mem:1024\. Give a larger --cluster/,
    ],
    [
      'a cluster that can never fit a gang at once',
      [...g5k, '--cluster', '4xcpus:1;mem:1024'],
      /4 machines can never run .* all at once\. Give a larger/,
    ],
    [
      'options that contradict each other',
      [...g5k, '--strict', '--skip-bad-rows'],
      /--strict and --skip-bad-rows contradict/,
    ],
    ['an unknown option', [...g5k, '--alocator', 'x'], /unknown option '--alocator' .*--allocator/],
    ['a word too many', [...g5k, 'please'], /too many arguments/],
    ['no trace at all', [], /required option '--trace <name\|path>' not specified/],
    [
      'a duration without unit',
      [...g5k, '--until', '12'],
      /--until 12: not a duration; give a number with a unit/,
    ],
    ['a duration of an unknown unit', [...g5k, '--window', '3moons'], /--window 3moons: not a duration/],
    ['a negative duration', [...g5k, '--from', '-5s'], /--from -5s: not a duration/],
    ['a run of no length', [...g5k, '--until', '0s'], /--until 0s: give 1s or more/],
    [
      'an end before the first job',
      [...g5k, '--from', '10s', '--until', '1s'],
      /--until 1s: the first job arrives only after [\d.]+ s/,
    ],
    [
      'an offer timeout of no length',
      [...g5k, '--offer-timeout', '0s'],
      /--offer-timeout 0s: give 1s or more/,
    ],
    ['a window without jobs', [...g5k, '--from', '900d'], /no job is left to replay; check --from/],
    ['a weight of 0', [...g5k, '--weight', 'default=0'], /--weight default=0: not a number from 0\.0001/],
    ['a weight that is no number', [...g5k, '--weight', 'default=big'], /--weight default=big: not a number/],
    ['a weight without a role', [...g5k, '--weight', '3'], /--weight 3: not of the form name=value/],
    ['a weight given twice', [...g5k, '--weight', 'default=1,default=2'], /--weight: default is given twice/],
    [
      'a weight of a role without jobs',
      [...g5k, '--weight', 'boss=2'],
      /--weight boss: no job has this role; there are default/,
    ],
    ['a weight of what is no role', [...g5k, '--weight', 'a b=2'], /--weight a b=2: Role 'a b' is invalid: /],
    [
      'an unknown kind of fault',
      [...g5k, '--faults', 'meteor=1'],
      /--faults: no kind "meteor"; there are agentCrash/,
    ],
    [
      'an unknown level of faults',
      [...g5k, '--faults', 'some'],
      /--faults some: expected off, light, on, heavy/,
    ],
    [
      'a negative rate of faults',
      [...g5k, '--faults', 'agentCrash=-1'],
      /--faults agentCrash=-1: not a number from 0/,
    ],
    [
      'an unknown policy',
      [...g5k, '--policy', 'greedy'],
      /--policy greedy: expected one of keep, decline, suppress, demand/,
    ],
    [
      'an unknown sorter of roles',
      [...g5k, '--role-sorter', 'fair'],
      /--role-sorter fair: expected one of drf, random/,
    ],
    [
      'an unknown sorter of frameworks',
      [...g5k, '--framework-sorter', 'fair'],
      /--framework-sorter fair: expected one of drf, random/,
    ],
    [
      'an unknown allocator',
      [...g5k, '--allocator', 'lottery'],
      /--allocator lottery: unknown; there is hierarchical-drf/,
    ],
    ['an empty seed', [...g5k, '--seed', ''], /--seed: empty/],
    ['a count that is none', [...g5k, '--attempts', '1.5'], /--attempts 1\.5: not a whole number from 1/],
    [
      'a cluster in no form',
      [...g5k, '--cluster', 'many'],
      /--cluster many: not of the form COUNTxRESOURCES/,
    ],
    [
      'a cluster of impossible resources',
      [...g5k, '--cluster', '2xcpus:-1'],
      /--cluster 2xcpus:-1: .*'cpus' has the value -1/,
    ],
    [
      'an unknown assumption',
      [...g5k, '--assume', 'luck=1'],
      /unknown assumption "luck" for batsim, expected one of/,
    ],
    [
      'an output that is a file',
      [...SMALL, '--out', 'a-file'],
      /a-file: is a file; a folder for the results is wanted/,
    ],
    [
      'an output folder that holds something else, even with --force',
      [...SMALL, '--out', 'holiday', '--force'],
      /holiday: is not empty and is not an earlier result/,
    ],
  ])('%s', async (what, args, message) => {
    const name = what.replaceAll(/\W+/g, '-');
    const { code, out, err } = await orrery(folder, 'simulate', '--out', name, ...args);
    expect(err).toMatch(/^orrery: [^\n]+\n$/);
    expect(err).toMatch(message);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(readdirSync(folder).filter((entry) => entry.startsWith(name))).toEqual([]);
    expect(readdirSync(join(folder, 'holiday'))).toEqual(['photo.jpg']);
  });

  test.concurrent('an output folder in use keeps what it holds', async () => {
    expect((await orrery(folder, 'simulate', ...SMALL, '--out', 'used')).code).toBe(0);
    const before = readFileSync(join(folder, 'used', 'summary.json'), 'utf8');
    const { code, err } = await orrery(folder, 'simulate', ...SMALL, '--seed', '2', '--out', 'used');
    expect(code).toBe(2);
    expect(err).toMatch(/^orrery: .*used: holds an earlier result; .*--force to replace it\n$/);
    expect(readFileSync(join(folder, 'used', 'summary.json'), 'utf8')).toBe(before);
    expect((await orrery(folder, 'simulate', ...SMALL, '--seed', '2', '--out', 'used', '--force')).code).toBe(
      0,
    );
    expect(summaryOf('used')['seed']).toBe('2');
  });

  test.concurrent('what a trace does not say is asked for by name', async () => {
    const { code, err } = await orrery(folder, 'simulate', '--trace', 'swim-facebook-50', '--out', 'swim');
    expect(code).toBe(2);
    expect(err).toMatch(
      /^orrery: swim does not say everything a replay needs; give:\n {2}--assume map-rate=10 /,
    );
    expect(existsSync(join(folder, 'swim'))).toBe(false);
  });

  test.concurrent.each<[string, readonly string[], RegExp]>([
    ['an unknown command', ['simulat'], /unknown command 'simulat' \(Did you mean simulate\?\)/],
    ['an unknown command of traces', ['traces', 'eat'], /unknown command 'eat'/],
    ['a bad row to validate', ['traces', 'validate', 'malformed.csv'], /malformed\.csv:3: tasks is "two"/],
    ['an unknown trace to inspect', ['traces', 'inspect', 'nosuch'], /there is no trace "nosuch"/],
    [
      'an unknown target',
      ['traces', 'convert', 'g5k-medium', '--to', 'xml', '--out', 'x'],
      /--to xml: expected one of/,
    ],
    [
      'a target in use',
      ['traces', 'convert', 'g5k-medium', '--to', 'swf', '--out', 'a-file'],
      /a-file exists already/,
    ],
    ['a report of nothing', ['report', 'gone'], /gone: does not exist/],
    ['a report of something else', ['report', 'holiday'], /holiday: holds no summary\.json/],
    ['scenarios that are not there', ['conformance', 'gone.json'], /gone\.json: no such file or folder/],
    ['no scenarios', ['conformance'], /missing required argument 'paths'/],
    [
      'a scenario of no file',
      ['conformance', SCENARIOS, '--scenario', 'x'],
      /--scenario x: no scenario of the files/,
    ],
    [
      'a number of seeds that is none',
      ['conformance', SCENARIOS, '--seeds', '0'],
      /--seeds 0: not a whole number/,
    ],
  ])('%s', async (_, args, message) => {
    const { code, out, err } = await orrery(folder, ...args);
    expect(err).toMatch(/^orrery: [^\n]+\n$/);
    expect(err).toMatch(message);
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });
});

describe('simulate', () => {
  test.concurrent('leaves a whole result and says where it is', async () => {
    const { code, out } = await orrery(folder, 'simulate', ...SMALL, '--out', 'whole');
    expect(code).toBe(0);
    expect(readdirSync(join(folder, 'whole')).sort()).toEqual(RESULT_FILES);
    expect(existsSync(join(folder, 'whole.unfinished'))).toBe(false);
    expect(out).toContain(`run hash  ${summaryOf('whole').hash}\n`);
    expect(out).toContain('report    ');
    expect(summaryOf('whole')['command']).toBe(
      'npx orrery simulate --trace uniform --assume jobs=10 --out whole',
    );
  });

  test.concurrent('sets the waits of both timings side by side, each run the one that it is alone', async () => {
    const g = ['--trace', 'gang-mix', '--assume', 'jobs=60,interval=20'];
    for (const [out, ...options] of [
      ['both', '--compare-timing'],
      ['event', '--timing', 'event'],
      ['mesos', '--timing', 'mesos'],
    ]) {
      const { code, err } = await orrery(folder, 'simulate', ...g, ...options, '--out', `timing-${out}`);
      expect(code, err).toBe(0);
    }
    const [both, event, mesos] = ['both', 'event', 'mesos'].map((name) => summaryOf(`timing-${name}`));
    expect(both!.hash).toBe(event!.hash);
    expect(both!['comparison']).toMatchObject({
      timing: 'event',
      otherTiming: 'mesos',
      otherHash: mesos!.hash,
      all: { wait: event!['wait'], otherWait: mesos!['wait'] },
    });
    expect(mesos!['comparison']).toBeNull();
  });

  test.concurrent('prints one line of JSON with the hash; one command has one hash, another seed another one', async () => {
    const hashes: string[] = [];
    for (const [out, seed] of [
      ['one', '7'],
      ['two', '7'],
      ['three', '8'],
    ] as const) {
      const {
        code,
        out: text,
        err,
      } = await orrery(
        folder,
        ...['simulate', '--trace', 'bursty', '--assume', 'bursts=3', '--faults', 'heavy'],
        ...['--seed', seed, '--out', out, '--json'],
      );
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(text).toMatch(/^\{[^\n]*\}\n$/);
      const { hash } = JSON.parse(text) as { hash: string };
      expect(hash).toMatch(/^[0-9a-f]{16}$/);
      expect(hash).toBe(summaryOf(out).hash);
      hashes.push(hash);
    }
    expect(hashes[1]).toBe(hashes[0]);
    expect(hashes[2]).not.toBe(hashes[0]);
    for (const table of RESULT_FILES.filter((file) => file.endsWith('.csv'))) {
      const [one, two] = ['one', 'two'].map((out) => readFileSync(join(folder, out, table), 'utf8'));
      expect(two, table).toBe(one);
    }
  });

  test.concurrent('leaves bad rows and jobs that fit nowhere out when it is told to, and counts them', async () => {
    const rows = 'a,0,x,,0,false,1,30,1,64\nb,5,x,,0,false,two,30,1,64\nc,6,x,,0,false,1,30,99,64\n';
    writeFileSync(join(folder, 'mixed.csv'), JOBS_HEAD + rows);
    const args = [
      '--trace',
      'mixed.csv',
      '--cluster',
      '2xcpus:4;mem:8192',
      '--skip-bad-rows',
      '--out',
      'mixed',
      '--json',
    ];
    const { code, out } = await orrery(folder, 'simulate', ...args);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      counts: { jobs: { total: 2, byState: { FINISHED: 1, REFUSED: 1 } } },
    });
    expect(summaryOf('mixed')['skippedRows']).toMatchObject({
      count: 1,
      firstBadRow: expect.stringContaining('mixed.csv:3: tasks is "two"') as string,
    });
  });

  test.concurrent('takes the machines of --cluster instead of the trace’s own, and says so', async () => {
    const args = ['--cluster', '3xcpus:8;mem:8192+1xcpus:2;mem:4096', '--out', 'other'];
    expect((await orrery(folder, 'simulate', ...SMALL, ...args)).code).toBe(0);
    expect(summaryOf('other')['cluster']).toMatchObject({ machines: 4, cpus: 26 });
    const assumptions = summaryOf('other')['assumptions'] as string[];
    expect(
      assumptions.some((line) =>
        line.startsWith("the machines of --cluster take the place of the trace's own"),
      ),
    ).toBe(true);
  });

  test.concurrent('ends at --until, with what runs or waits counted as unfinished', async () => {
    const { code, out } = await orrery(
      folder,
      'simulate',
      '--trace',
      'uniform',
      '--until',
      '45s',
      '--out',
      'until',
      '--json',
    );
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      partial: false,
      counts: { jobs: { total: 5, byState: { FINISHED: 0, UNFINISHED: 5 } } },
      virtual: { endSeconds: 45 },
    });
  });

  test.concurrent('ended by Ctrl-C it leaves a complete result, marked as partial, with exit code 130', async () => {
    const child = startOrrery(folder, [
      'simulate',
      '--trace',
      'omega-day',
      '--assume',
      'machines=1000,days=2',
      '--out',
      'partial',
      '--json',
    ]);
    const end = finished(child);
    const unfinished = join(folder, 'partial.unfinished');
    while (child.exitCode === null && !existsSync(unfinished))
      await new Promise((resume) => setTimeout(resume, 20));
    await new Promise((resume) => setTimeout(resume, 300));
    child.kill('SIGINT');
    const { code, out, err } = await end;
    expect(code).toBe(130);
    expect(err).toContain('partial result');
    expect(JSON.parse(out)).toMatchObject({ partial: true });
    expect(readdirSync(join(folder, 'partial')).sort()).toEqual(RESULT_FILES);
    expect(existsSync(unfinished)).toBe(false);
    const { partial, counts, virtual } = summaryOf('partial') as unknown as {
      partial: boolean;
      counts: { jobs: { total: number } };
      virtual: { endSeconds: number };
    };
    expect(partial).toBe(true);
    const rows = readFileSync(join(folder, 'partial', 'jobs.csv'), 'utf8')
      .trimEnd()
      .split('\n')
      .slice(1);
    expect(rows.length).toBe(counts.jobs.total);
    const unfinishedRows = rows.filter((row) => row.includes(',UNFINISHED,'));
    expect(unfinishedRows.length).toBeGreaterThan(0);
    // Jobs yet to come are no part of it.
    const arrivals = unfinishedRows.map((row) => Number(row.split(',UNFINISHED,')[1]!.split(',')[0]));
    expect(Math.max(...arrivals)).toBeLessThanOrEqual(virtual.endSeconds);
    expect(readFileSync(join(folder, 'partial', 'report.html'), 'utf8')).toMatch(/partial/i);
  });
});

describe('explain', () => {
  const stuck = [
    '--trace',
    'uniform',
    '--assume',
    'jobs=20,interval=60',
    '--policy',
    'decline',
    '--refuse-seconds',
    '3600',
    '--at',
    '5m',
  ];

  test.concurrent('says that a framework waits for its own filters, and that REVIVE would lift them', async () => {
    const { code, out, err } = await orrery(folder, 'explain', ...stuck, '--role', 'role-1');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^at 00:05:00\nframework role-1 has \d+ tasks waiting/);
    expect(out).toMatch(/ 10 agents: declined; the filter on the first lasts another \d+/);
    expect(out).toMatch(/what would help, best first:\n {2}revive role role-1 .*: 10 agents\n/);
  });

  test.concurrent('prints the same as data, and answers for a demand that it is given', async () => {
    const args = [...stuck, '--role', 'role-1', '--demand', 'cpus:4;gpus:3', '--json'];
    const { code, out } = await orrery(folder, 'explain', ...args);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      atSeconds: 300,
      framework: 'role-1',
      demand: 'cpus:4;gpus:3',
      agents: 10,
      offerable: 0,
      reasons: [{ rule: 'filter', agents: 10 }],
      shortage: { kind: 'noAgentHas', name: 'gpus', text: 'no agent has 3 gpus; the most is 0' },
    });
  });

  test.concurrent.each([
    [['--role', 'nobody'], /--role nobody: no job has this role; there are role-1, role-2/],
    [['--role', 'role-1', '--framework', '2'], /--framework 2: the role has 1; --frameworks-per-role/],
    [['--role', 'role-1', '--demand', 'cpus'], /--demand cpus: /],
    [['--role', 'role-1', '--at', '0s'], /--at 0s: /],
  ])('what cannot be explained is refused by one line: %j', async (args, message) => {
    const { code, out, err } = await orrery(folder, 'explain', ...stuck, ...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(message);
    expect(err.trim().split('\n').at(-1)).toMatch(/^orrery: /);
  });
});

describe('the other commands', () => {
  test.concurrent('report makes the same page anew from the other files', async () => {
    expect((await orrery(folder, 'simulate', ...SMALL, '--out', 'again')).code).toBe(0);
    const page = join(folder, 'again', 'report.html');
    const before = readFileSync(page, 'utf8');
    rmSync(page);
    const { code, out } = await orrery(folder, 'report', 'again');
    expect({ code, out }).toEqual({ code: 0, out: 'report    again/report.html\n' });
    expect(readFileSync(page, 'utf8')).toBe(before);
  });

  test.concurrent('conformance exits with 0 when all pass and with 1 when one does not', async () => {
    const weights = await orrery(folder, 'conformance', join(SCENARIOS, 'weights.json'));
    expect(weights).toMatchObject({ code: 0, err: '' });
    expect(weights.out).toMatch(/^\d+ passed, 0 failed\n$/);
    const steps = [{ op: 'validateRole', role: 'a', valid: false }];
    const scenario = { name: 's', kind: 'roles', origin: 'docs', source: 'here', about: 'a thing', steps };
    const file = { area: 'area', title: 'title', scenarios: [scenario] };
    writeFileSync(join(folder, 'failing.json'), JSON.stringify(file));
    const failing = await orrery(folder, 'conformance', 'failing.json');
    expect(failing.code).toBe(1);
    expect(failing.out).toMatch(/^FAIL area\/s [^]*\n {2}- false\n {2}\+ true\n0 passed, 1 failed\n$/);
  });

  test.concurrent('traces are listed, inspected, validated and converted', async () => {
    const list = await orrery(folder, 'traces', 'list', '--json');
    const { samples } = JSON.parse(list.out) as { samples: { name: string }[] };
    expect(samples.map(({ name }) => name)).toContain('g5k-medium');
    const inspected = await orrery(folder, 'traces', 'inspect', 'g5k-medium');
    expect(inspected).toMatchObject({ code: 0, err: '' });
    // Colours are for terminals.
    expect(inspected.out).not.toContain('\u001b');
    const converted = await orrery(
      folder,
      'traces',
      'convert',
      'g5k-medium',
      '--to',
      'swf',
      '--out',
      'g5k.swf',
    );
    expect(converted.code).toBe(0);
    expect(converted.out).toMatch(/^wrote g5k\.swf\nnot kept {4}GPUs, disk/);
    const valid = await orrery(folder, 'traces', 'validate', 'g5k.swf');
    expect(valid).toMatchObject({ code: 0, out: 'g5k.swf: valid swf, 801 rows, 801 jobs, 2180 tasks\n' });
  });

  test.concurrent('help and version go to standard output', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(await orrery(folder, '--version')).toEqual({ code: 0, out: `${version}\n`, err: '' });
    const help = await orrery(folder, 'simulate', '--help');
    expect(help).toMatchObject({ code: 0, err: '' });
    expect(help.out).toContain('--trace <name|path>');
  });
});
