import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { micros, milli, secondsToMicros } from '../engine/core/index.ts';
import type { ClusterSample, JobOutcome, RunObserver, TaskOutcome } from '../engine/workload/index.ts';
import { printSummary } from './summary-text.ts';
import { readSummary } from './read-summary.ts';
import { reportErrorText } from './report-error.ts';
import type { RunDescription, RunEnd } from './run-facts.ts';
import { RunWriter } from './run-writer.ts';
import type { Summary } from './summary.ts';
import {
  describeSampleRun,
  endOfSampleRun,
  observeSampleRun,
  otherTimingOfSampleRun,
  SAMPLE_RUN,
} from './test/sample-run.ts';
import { WaitCollector } from './statistics/wait-collector.ts';

const SMALL = { ...SAMPLE_RUN, jobs: 200, hours: 5 };
const ALL_FILES = [
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

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'orrery-report-'));
});
afterEach(() => rmSync(root, { recursive: true }));

interface Wishes {
  readonly folder?: string;
  readonly force?: boolean;
  readonly tasks?: boolean;
  readonly end?: Partial<RunEnd>;
  readonly description?: Partial<RunDescription>;
  readonly observe?: (observer: RunObserver) => void;
}

function open(wishes: Wishes = {}): RunWriter {
  const folder = wishes.folder ?? join(root, 'out');
  const opened = RunWriter.open(
    { folder, force: wishes.force ?? false, tasks: wishes.tasks ?? true },
    { ...describeSampleRun(SMALL), ...wishes.description },
  );
  if (!opened.ok) throw new Error(reportErrorText(opened.error));
  return opened.value;
}

/** A whole run; the summary as it was written. */
function run(wishes: Wishes = {}): Summary {
  const writer = open(wishes);
  (wishes.observe ?? ((observer) => observeSampleRun(observer, SMALL)))(writer);
  const finished = writer.finish({ ...endOfSampleRun(SMALL), ...wishes.end });
  if (!finished.ok) throw new Error(reportErrorText(finished.error));
  const read = readSummary(finished.value.folder);
  if (!read.ok) throw new Error(reportErrorText(read.error));
  expect(read.value).toEqual(JSON.parse(JSON.stringify(finished.value.summary)));
  return read.value;
}

function openError(folder: string, force = false): string {
  const opened = RunWriter.open({ folder, force, tasks: true }, describeSampleRun(SMALL));
  return opened.ok ? 'opened' : opened.error.message;
}

function job(part: Partial<JobOutcome>): JobOutcome {
  return {
    job: 'j',
    role: 'a',
    user: 'u',
    priority: 0,
    gang: false,
    tasks: 1,
    state: 'FINISHED',
    arrival: micros(0),
    firstRunning: secondsToMicros(10),
    ended: secondsToMicros(20),
    ideal: secondsToMicros(5),
    retries: 0,
    ...part,
  };
}

function task(part: Partial<TaskOutcome>): TaskOutcome {
  return {
    job: 'j',
    index: 0,
    attempt: 1,
    role: 'a',
    machine: 0,
    cpus: milli(2_000),
    mem: milli(1_024_000),
    gpus: milli(1_000),
    arrival: micros(0),
    launched: micros(0),
    running: secondsToMicros(0),
    ended: secondsToMicros(3_600),
    state: 'TASK_FINISHED',
    reason: null,
    ...part,
  };
}

function sample(atSeconds: number, allocatedCpus: number, share: number): ClusterSample {
  return {
    at: secondsToMicros(atSeconds),
    total: { cpus: 10_000, mem: 1_000, disk: 0, gpus: 0 },
    allocated: { cpus: allocatedCpus, mem: 0, disk: 0, gpus: 0 },
    offered: { cpus: 0, mem: 0, disk: 0, gpus: 0 },
    agents: 1,
    tasksRunning: 0,
    tasksQueued: 0,
    jobsQueued: 0,
    offersMade: 7,
    offersAccepted: 1,
    offersDeclined: 2,
    offersRescinded: 3,
    offersTimedOut: 2,
    declinersPassedOver: 9,
    tasksFinished: 0,
    tasksFailed: 0,
    allocationRuns: 5,
    masterSteps: 6,
    roles: [{ role: 'a', dominantShare: share, fairShare: 0.5, tasksRunning: 0, tasksQueued: 0 }],
  };
}

test('a run leaves every file, and nothing beside its folder', () => {
  run();
  expect(readdirSync(join(root, 'out')).sort()).toEqual(ALL_FILES);
  expect(readdirSync(root)).toEqual(['out']);
});

test('equal runs leave equal bytes, but for the timing', () => {
  const timing = { wallSeconds: 99, cpuSeconds: 98, peakRssBytes: 97 };
  const first = run({ folder: join(root, 'first') });
  const second = run({ folder: join(root, 'second') });
  for (const file of ALL_FILES) {
    expect(readFileSync(join(root, 'second', file), 'utf8')).toBe(
      readFileSync(join(root, 'first', file), 'utf8'),
    );
  }
  const slower = run({ folder: join(root, 'slower'), end: { timing } });
  expect(second).toEqual(first);
  expect(slower).toEqual({ ...first, timing });
});

test('tables hold a row for everything that was told', () => {
  const told = { jobs: 0, tasks: 0, timeseries: 0, roles: 0, faults: 0 };
  observeSampleRun(
    {
      jobEnded: () => told.jobs++,
      taskEnded: () => told.tasks++,
      sampled: (entry) => {
        told.timeseries++;
        told.roles += entry.roles.length;
      },
      faultInjected: () => told.faults++,
    },
    SMALL,
  );
  const summary = run();
  for (const [table, rows] of Object.entries(told)) {
    expect(summary.tables[table as keyof typeof told]).toEqual({ file: `${table}.csv`, rows });
    const lines = readFileSync(join(root, 'out', `${table}.csv`), 'utf8').split('\n');
    expect(lines).toHaveLength(rows + 2);
  }
  expect(summary.tables.machines?.rows).toBe(SMALL.machines);
});

test('the task table can be left out, and its figures are there all the same', () => {
  const summary = run({ tasks: false });
  expect(summary.tables.tasks).toBeNull();
  expect(existsSync(join(root, 'out', 'tasks.csv'))).toBe(false);
  expect(summary.counts.tasks.attempts).toBeGreaterThan(0);
});

test('waits, slowdowns, hours and shares are what their definitions say', () => {
  const summary = run({
    end: { at: secondsToMicros(100) },
    observe: (observer) => {
      observer.sampled(sample(0, 10_000, 0.5));
      observer.sampled(sample(50, 5_000, 0.1));
      observer.jobEnded(job({}));
      observer.jobEnded(job({ state: 'FAILED', user: null, retries: 3, firstRunning: secondsToMicros(30) }));
      observer.jobEnded(job({ state: 'REFUSED', firstRunning: null, ended: null, role: 'b' }));
      observer.jobEnded(job({ state: 'UNFINISHED', ended: null }));
      observer.taskEnded(task({}));
      observer.taskEnded(task({ state: 'TASK_LOST', ended: secondsToMicros(1_800) }));
      observer.taskEnded(task({ state: 'TASK_ERROR', running: null }));
    },
  });
  expect(summary.counts.jobs).toEqual({
    total: 4,
    byState: { FINISHED: 1, FAILED: 1, REFUSED: 1, UNFINISHED: 1 },
    started: 3,
  });
  expect(summary.counts.tasks).toMatchObject({
    attempts: 3,
    byState: { TASK_FINISHED: 1, TASK_LOST: 1, TASK_ERROR: 1 },
    retries: 3,
  });
  expect(summary.counts.offers).toEqual({ made: 7, accepted: 1, declined: 2, rescinded: 3, timedOut: 2 });
  expect(summary.counts.declinersPassedOver).toBe(9);
  expect(summary.wait).toMatchObject({ count: 3, max: 30 });
  expect(summary.wait.mean).toBeCloseTo(50 / 3, 5);
  expect(summary.slowdown).toMatchObject({ count: 1, mean: 4, max: 4 });
  expect(summary.boundedSlowdown).toMatchObject({ count: 1, mean: 2, max: 2 });
  expect(summary.utilisation).toEqual({ cpus: 0.75, mem: 0, gpus: null, disk: null });
  expect(summary.makespanSeconds).toBe(20);
  const [a, b] = summary.roles;
  expect(a).toMatchObject({
    role: 'a',
    jobs: 3,
    cpuHours: 3,
    cpuHoursLost: 1,
    gpuHours: 1.5,
    gpuHoursLost: 0.5,
  });
  expect(a).toMatchObject({ memGibHours: 1.5, attemptsFinished: 1, attemptsFailed: 2 });
  expect(a?.share).toEqual({ dominantMean: 0.3, fairMean: 0.5, deviationMean: 0.2 });
  expect(b).toMatchObject({ role: 'b', refused: 1 });
  expect(summary.users.top.map((user) => [user.user, user.jobs])).toEqual([['u', 3]]);
});

test('users beyond the first fifty are counted together', () => {
  const summary = run({
    observe: (observer) => {
      for (let user = 0; user < 60; user++) {
        for (let left = user < 2 ? 1 : 2; left > 0; left--) observer.jobEnded(job({ user: `u${user}` }));
      }
    },
  });
  expect(summary.users).toMatchObject({ total: 60, capped: false, rest: { jobs: 18 } });
  expect(summary.users.top).toHaveLength(50);
});

test('a stopped run is whole and says how far it came', () => {
  const summary = run({ end: { partial: true, at: secondsToMicros(7_200) } });
  expect(summary).toMatchObject({ partial: true, virtual: { endSeconds: 7_200 } });
  expect(readFileSync(join(root, 'out', 'report.html'), 'utf8')).toContain('stopped at 2 h of virtual time');
});

test('a run that told nothing leaves a whole result', () => {
  const summary = run({ observe: () => undefined, end: { at: micros(0) } });
  expect(summary).toMatchObject({ makespanSeconds: null, roles: [], counts: { samples: 0 } });
});

test('a folder with something else in it is refused, with force too, and stays as it was', () => {
  const folder = join(root, 'out');
  mkdirSync(folder);
  writeFileSync(join(folder, 'thesis.txt'), 'mine');
  expect(openError(folder)).toContain('is not empty and is not an earlier result');
  expect(openError(folder, true)).toContain('is not empty and is not an earlier result');
  expect(readdirSync(root)).toEqual(['out']);
  expect(readdirSync(folder)).toEqual(['thesis.txt']);
});

test('an earlier result is replaced with force only', () => {
  run();
  expect(openError(join(root, 'out'))).toContain('--force');
  const summary = run({ force: true, end: { hash: 'fedcba9876543210' } });
  expect(summary.hash).toBe('fedcba9876543210');
  expect(readdirSync(root)).toEqual(['out']);
});

test('an empty folder is taken, a file is not', () => {
  mkdirSync(join(root, 'out'));
  run();
  writeFileSync(join(root, 'file'), '');
  expect(openError(join(root, 'file'))).toContain('is a file');
  expect(openError(join(root, 'file', 'below'))).toMatch(/EEXIST|ENOTDIR/);
});

test('two runs at once cannot write one folder', () => {
  const first = open();
  expect(openError(join(root, 'out'))).toContain(`process ${process.pid} is writing`);
  first.abandon();
  expect(openError(join(root, 'out'))).toBe('opened');
});

test('the remains of a process that died are swept away', () => {
  mkdirSync(join(root, 'out.unfinished'));
  writeFileSync(join(root, 'out.unfinished', 'writer.pid'), '999999999\n');
  writeFileSync(join(root, 'out.unfinished', 'jobs.csv'), 'half');
  run();
  expect(readdirSync(root)).toEqual(['out']);
});

test('until a run ends its folder does not exist, and an abandoned run leaves nothing', () => {
  const writer = open();
  observeSampleRun(writer, SMALL);
  expect(existsSync(join(root, 'out'))).toBe(false);
  writer.abandon();
  expect(readdirSync(root)).toEqual([]);
});

test('a folder that was filled while the run went is kept, and the results are kept beside it', () => {
  const writer = open();
  observeSampleRun(writer, SMALL);
  mkdirSync(join(root, 'out'));
  writeFileSync(join(root, 'out', 'thesis.txt'), 'mine');
  const finished = writer.finish(endOfSampleRun(SMALL));
  expect(finished).toMatchObject({ ok: false, error: { code: 'FOLDER_IN_USE' } });
  expect(readdirSync(join(root, 'out'))).toEqual(['thesis.txt']);
  expect(existsSync(join(root, 'out.unfinished', 'report.html'))).toBe(true);
});

test('a result that cannot be completed leaves nothing', () => {
  const writer = open();
  observeSampleRun(writer, SMALL);
  mkdirSync(join(root, 'out.unfinished', 'summary.json'));
  expect(writer.finish(endOfSampleRun(SMALL))).toMatchObject({ ok: false });
  expect(readdirSync(root)).toEqual([]);
});

test('waits under both timings stand side by side, role by role, with their differences', () => {
  const waits = new WaitCollector();
  const other = { ownTiming: 'event', timing: 'mesos', hash: 'ab', partial: false, endSeconds: 9, waits };
  const summary = run({
    observe: (writer) => {
      for (let n = 0; n < 4; n++) {
        writer.jobEnded(job({ role: 'a', firstRunning: secondsToMicros(n) }));
        waits.jobEnded(job({ role: 'a', firstRunning: secondsToMicros(n + 8) }));
      }
      writer.jobEnded(job({ role: 'b', firstRunning: null, state: 'UNFINISHED' }));
      waits.jobEnded(job({ role: 'b', firstRunning: secondsToMicros(1) }));
      waits.jobEnded(job({ role: 'c', firstRunning: secondsToMicros(1) }));
    },
    end: { otherTiming: other },
  });
  const { comparison } = summary;
  expect(comparison).toMatchObject({ timing: 'event', otherTiming: 'mesos', otherHash: 'ab' });
  const [a, b] = comparison!.roles;
  expect(a).toMatchObject({
    role: 'a',
    finished: 4,
    otherFinished: 4,
    wait: { max: 3 },
    otherWait: { max: 11 },
  });
  expect(a!.difference).toMatchObject({ mean: -8, max: -8 });
  for (const figure of ['p50', 'p90', 'p95', 'p99'] as const) {
    expect(a!.difference![figure]).toBeCloseTo(a!.wait[figure] - a!.otherWait[figure], 5);
  }
  expect(b).toMatchObject({ role: 'b', wait: { count: 0 }, otherWait: { count: 1 }, difference: null });
  expect(comparison!.roles).toHaveLength(2);
  expect(comparison!.all.otherWait.count).toBe(6);
  expect(summary.tables.comparison?.rows).toBeGreaterThan(0);
  expect(printSummary(summary).join('\n')).toMatch(/^a +0 s|^a .*−8 s/m);
});

test('a folder without a comparison has no table and no section of it', () => {
  const summary = run();
  expect(summary.comparison).toBeNull();
  expect(summary.tables.comparison).toBeNull();
  expect(readFileSync(join(root, 'out', 'report.html'), 'utf8')).not.toContain('id="timing"');
  const compared = run({ folder: join(root, 'both'), end: { otherTiming: otherTimingOfSampleRun(SMALL) } });
  expect(compared.tables.comparison?.file).toBe('comparison.csv');
  const html = readFileSync(join(root, 'both', 'report.html'), 'utf8');
  expect(html).toContain('id="timing"');
  expect(html).toContain('fedcba9876543210');
});
