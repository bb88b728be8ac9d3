import { spawn } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hierarchicalDrf } from '../../allocators/hierarchical-drf/index.ts';
import type { AllocatorFactory } from '../../engine/master/index.ts';
import { compactJournal } from '../../drivers/linux/journal/compact-journal.ts';
import { segmentName, snapshotName } from '../../drivers/linux/journal/journal-format.ts';
import { recordHistory } from '../../drivers/linux/journal/recorded-history.ts';
import { ROOT } from '../testing/documentation.ts';
import { build, finished, ORRERY, orrery, temporaryFolder } from '../testing/command.ts';
import { readVersion } from '../version.ts';

const FIRST = 5;

let folder: string;
let hash: string;
/** Seconds from the first record to the first that is left. */
let begins: string;

beforeAll(async () => {
  await build();
  folder = temporaryFolder();
  const options = { segmentBytes: 10 * 1_024 };
  hash = await recordHistory(join(folder, 'whole'), 3, 1_200, { options, program: readVersion() });
  cpSync(join(folder, 'whole'), join(folder, 'pruned'), { recursive: true });
  const compacted = await orrery(folder, 'replay', 'pruned', '--compact', String(FIRST));
  expect(compacted).toMatchObject({ code: 0, err: '' });
  expect(compacted.out).toMatch(
    /^snapshot {2}pruned\/snapshot-0000000005\.ors: \d+ bytes, for all before it, \d+ inputs of its master\n$/,
  );
  for (let segment = 1; segment < FIRST; segment++) rmSync(join(folder, 'pruned', segmentName(segment)));
  const refused = await orrery(folder, 'replay', 'pruned', '--until', '0s');
  begins = /(\d+(?:\.\d+)?) s, the first instant that is there/.exec(refused.err)![1]!;
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Json {
  readonly machines: readonly {
    readonly hash: string;
    readonly inputs: number;
    readonly snapshot: { readonly segment: number; readonly began: number; readonly inputs: number } | null;
  }[];
}

async function jsonOf(...args: readonly string[]): Promise<Json> {
  const run = await orrery(folder, 'replay', ...args, '--json');
  expect(run).toMatchObject({ code: 0, err: '' });
  return JSON.parse(run.out) as Json;
}

test('a pruned journal replays from its snapshot, and the summary says so', async () => {
  const [whole, pruned] = [await jsonOf('whole'), await jsonOf('pruned')];
  const [machine] = pruned.machines;
  expect(machine).toMatchObject({ hash, snapshot: { segment: FIRST, began: 1 } });
  expect(whole.machines[0]).toMatchObject({ hash, snapshot: null });
  expect(machine!.snapshot!.inputs + machine!.inputs).toBe(whole.machines[0]!.inputs);
  const text = await orrery(folder, 'replay', 'pruned');
  expect(text).toMatchObject({ code: 0, err: '' });
  expect(text.out).toContain(`from the snapshot before segment 5, after ${machine!.snapshot!.inputs} inputs`);
  expect(text.out).toContain(`hash ${hash}`);
  expect(text.out).toContain('every checkpoint has the recorded hash');
});

test('timeline and decision trace go on as those of the whole journal, with the same instants', async () => {
  const linesOf = async (journal: string) => {
    const run = await orrery(folder, 'replay', journal, '--timeline', '--decisions', `${journal}.txt`);
    expect(run.code).toBe(0);
    return {
      timeline: run.out.split('\n').filter((line) => /^ *\d+\.\d{6} s {2}/.test(line)),
      decisions: readFileSync(join(folder, `${journal}.txt`), 'utf8'),
    };
  };
  const [whole, pruned] = [await linesOf('whole'), await linesOf('pruned')];
  expect(pruned.timeline.length).toBeGreaterThan(50);
  expect(pruned.timeline).toEqual(whole.timeline.slice(-pruned.timeline.length));
  expect(pruned.decisions.length).toBeLessThan(whole.decisions.length);
  expect(whole.decisions.endsWith(pruned.decisions)).toBe(true);
});

test('times before the snapshot are refused with the first that is there', async () => {
  for (const [option, more] of [
    ['--until', []],
    ['--at', ['--timing', 'event']],
    ['--at', ['--export', 'early']],
  ] as const) {
    const run = await orrery(folder, 'replay', 'pruned', option, '1s', ...more);
    expect(run).toMatchObject({
      code: 2,
      err: `orrery: ${option} 1s: a snapshot stands for what was before ${begins} s, the first instant that is there\n`,
    });
  }
  expect(existsSync(join(folder, 'early'))).toBe(false);
  expect((await orrery(folder, 'replay', 'pruned', '--until', `${begins}s`)).code).toBe(0);
});

/** Rows of an exported table without the names of jobs, which are numbered from the first record that is there. */
function rowsOf(path: string): string[] {
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.slice(line.indexOf(',')))
    .sort();
}

test('what ran from an instant on is the same by the snapshot as by the whole journal, and what-ifs go on from it', async () => {
  const at = `${Number(begins) + 5}s`;
  for (const journal of ['whole', 'pruned'])
    expect((await orrery(folder, 'replay', journal, '--at', at, '--export', `${journal}-trace`)).code).toBe(
      0,
    );
  const files = readdirSync(join(folder, 'whole-trace')).filter((name) => name.endsWith('.csv'));
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) {
    const left = rowsOf(join(folder, 'pruned-trace', file));
    for (const row of rowsOf(join(folder, 'whole-trace', file))) {
      expect(left, file).toContain(row);
      left.splice(left.indexOf(row), 1);
    }
    // The whole journal has ends that came over links of before, which the master did not heed: to it those tasks run on.
    const ends = new Set(left.map((row) => row.split(',')[7]));
    expect(left.every((row) => row.startsWith(',0,')) && ends.size <= 1, left.join('\n')).toBe(true);
    expect(left.length).toBeLessThan(20);
  }
  const change = ['--quota', 'eng=limit:cpus:1', '--out', 'what-if'];
  const run = await orrery(folder, 'replay', 'pruned', ...change);
  expect(run).toMatchObject({ code: 0 });
  expect(run.out).toMatch(/^jobs +(\d+) +\1 +0$/m);
});

test('a damaged, foreign or missing snapshot is refused in one line that names it', async () => {
  const path = join(folder, 'pruned', snapshotName(FIRST));
  const bytes = readFileSync(path);
  const refused = async (why: RegExp) => {
    const run = await orrery(folder, 'replay', 'pruned');
    expect(run.code).toBe(2);
    expect(run.err.trim().split('\n')).toHaveLength(1);
    expect(run.err).toMatch(why);
  };
  const damaged = Buffer.from(bytes);
  damaged[bytes.length >> 1]! ^= 4;
  writeFileSync(path, damaged);
  await refused(/pruned\/snapshot-0000000005\.ors is damaged between byte \d+ and byte \d+/);
  await compactJournal(join(folder, 'whole'), FIRST, {
    factoryOf: () => hierarchicalDrf,
    program: '9.9.9',
  });
  writeFileSync(path, readFileSync(join(folder, 'whole', snapshotName(FIRST))));
  rmSync(join(folder, 'whole', snapshotName(FIRST)));
  await refused(
    /snapshot-0000000005\.ors was written by version 9\.9\.9.* replay the journal with version 9\.9\.9/,
  );
  rmSync(path);
  await refused(
    /segment 5 goes on with a machine whose beginning was removed, and the snapshot .*snapshot-0000000005\.ors, is not there/,
  );
  writeFileSync(path, bytes);
});

test.each([
  ['1', /segment 1 begins a machine/],
  ['99', /journal-0000000099\.orj is not there; the segments are 1 to \d+/],
  ['soon', /--compact soon: not a whole number/],
])('orrery replay --compact %s is refused in one line', async (segment, why) => {
  const run = await orrery(folder, 'replay', 'whole', '--compact', segment);
  expect(run.code).toBe(2);
  expect(run.err.trim().split('\n')).toHaveLength(1);
  expect(run.err).toMatch(why);
});

test('a policy that keeps no snapshot, and one that decides otherwise than it did, are told apart', async () => {
  const name = join(ROOT, 'docs', 'examples', 'first-come.mjs');
  const { default: factory } = (await import(pathToFileURL(name).href)) as { default: AllocatorFactory };
  const options = { segmentBytes: 5 * 1_024 };
  await recordHistory(join(folder, 'first-come'), 3, 600, { options, allocator: { name, factory } });
  const refused = await orrery(folder, 'replay', 'first-come', '--compact', '3');
  expect(refused.code).toBe(2);
  expect(refused.err).toContain(`the allocation policy ${name} keeps no snapshot`);
  const other = { name, factory: hierarchicalDrf };
  await recordHistory(join(folder, 'other'), 3, 600, { options, allocator: other });
  const diverged = await orrery(folder, 'replay', 'other', '--compact', '3');
  expect(diverged.code).toBe(1);
  expect(diverged.err).toMatch(/DIVERGED at the checkpoint after \d+ inputs \(segment 1, byte \d+\)/);
});

test('a compactor killed at any instant leaves a journal that replays, and the next one finishes', async () => {
  cpSync(join(folder, 'whole'), join(folder, 'killed'), { recursive: true });
  const snapshot = join(folder, 'killed', snapshotName(6));
  const began = performance.now();
  expect((await orrery(folder, 'replay', 'killed', '--compact', '6')).code).toBe(0);
  const whole = readFileSync(snapshot);
  const took = performance.now() - began;
  for (let kill = 0; kill < 5; kill++) {
    rmSync(snapshot, { force: true });
    const child = spawn(process.execPath, [ORRERY, 'replay', 'killed', '--compact', '6'], { cwd: folder });
    const ended = finished(child);
    // The later part is where files are written.
    await sleep(took * (0.5 + kill / 9));
    child.kill('SIGKILL');
    await ended;
    // It is there whole, or not at all.
    if (existsSync(snapshot)) expect(readFileSync(snapshot)).toEqual(whole);
    expect((await jsonOf('killed')).machines[0]).toMatchObject({ hash, snapshot: null });
  }
  expect((await orrery(folder, 'replay', 'killed', '--compact', '6')).code).toBe(0);
  expect(readFileSync(snapshot)).toEqual(whole);
});

test('a compactor ends when its standard input closes, and leaves nothing', async () => {
  cpSync(join(folder, 'whole'), join(folder, 'left'), { recursive: true });
  const args = ['replay', 'left', '--compact', '4', '--until-stdin-closes'];
  const child = spawn(process.execPath, [ORRERY, ...args], { cwd: folder });
  child.stdin.end();
  expect((await finished(child)).code).toBe(1);
  expect(readdirSync(join(folder, 'left'))).toEqual(readdirSync(join(folder, 'whole')));
});
