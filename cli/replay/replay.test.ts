import { existsSync, readFileSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { recordHistory } from '../../drivers/linux/journal/recorded-history.ts';
import { build, orrery, temporaryFolder } from '../testing/command.ts';

let folder: string;
let hash: string;

beforeAll(async () => {
  await build();
  folder = temporaryFolder();
  hash = await recordHistory(join(folder, 'journal'), 3, 600);
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

test('a journal replays with the recorded hash, as text and as JSON', async () => {
  const text = await orrery(folder, 'replay', 'journal');
  expect(text).toMatchObject({ code: 0, err: '' });
  expect(text.out).toContain(`hash ${hash}`);
  expect(text.out).toContain('every checkpoint has the recorded hash');
  const json = await orrery(folder, 'replay', 'journal', '--json');
  expect(JSON.parse(json.out)).toMatchObject({ divergence: null, torn: [], machines: [{ hash }] });
});

test('the decision trace names who goes where, and two replays write the same bytes', async () => {
  for (const name of ['a.txt', 'b.txt'])
    expect((await orrery(folder, 'replay', 'journal', '--decisions', name)).code).toBe(0);
  const trace = readFileSync(join(folder, 'a.txt'), 'utf8');
  expect(trace).toBe(readFileSync(join(folder, 'b.txt'), 'utf8'));
  expect(trace).toMatch(/^\d+ launch task \d+ of framework \d+ in (eng|ops) on agent \d+: cpus:1;mem:512$/m);
  expect(trace).toMatch(/^\d+ update TASK_FINISHED of task \d+ on agent \S+ by SOURCE_EXECUTOR$/m);
  const again = await orrery(folder, 'replay', 'journal', '--decisions', 'a.txt');
  expect(again).toMatchObject({
    code: 2,
    err: 'orrery: --decisions a.txt: it exists already; name a new file\n',
  });
});

test('the timeline has a line per decision with its instant, and ends where it is told to', async () => {
  const whole = await orrery(folder, 'replay', 'journal', '--timeline');
  const part = await orrery(folder, 'replay', 'journal', '--timeline', '--until', '20s');
  const linesOf = (text: string) => text.split('\n').filter((line) => /^ *\d+\.\d{6} s {2}/.test(line));
  expect(linesOf(part.out).length).toBeGreaterThan(5);
  expect(linesOf(whole.out).slice(0, linesOf(part.out).length)).toEqual(linesOf(part.out));
  expect(linesOf(whole.out).length).toBeGreaterThan(linesOf(part.out).length);
});

test('a what-if at an instant without agents is refused, with one at which there were some', async () => {
  const { code, err } = await orrery(folder, 'replay', 'journal', '--add-agents', '1xcpus:1;mem:512');
  expect(code).toBe(2);
  expect(err).toMatch(
    /^orrery: --at 0s: no agent was registered at that instant; the most, \d+, were first there after \d/,
  );
});

test('what ran from an instant on is simulated as recorded and with a change, side by side', async () => {
  const run = await orrery(
    folder,
    'replay',
    'journal',
    ...[
      '--at',
      '30s',
      '--quota',
      'eng=limit:cpus:1',
      '--add-agents',
      '2xcpus:4;mem:4096',
      '--out',
      'what-if',
    ],
  );
  expect(run).toMatchObject({ code: 0 });
  expect(run.out).toMatch(/what if +recorded +changed +difference/);
  expect(run.out).toMatch(/^jobs +(\d+) +\1 +0$/m);
  for (const name of ['recorded', 'changed'])
    expect(existsSync(join(folder, 'what-if', name, 'report.html'))).toBe(true);
  const late = ['--at', '30s', '--timing', 'event', '--out', 'what-if'];
  const again = await orrery(folder, 'replay', 'journal', ...late);
  expect(again.code).toBe(2);
  expect(again.err).toContain('it exists already; give --force to replace it');
});

test('what ran is exported as a trace that the simulator takes', async () => {
  expect((await orrery(folder, 'replay', 'journal', '--export', 'trace')).code).toBe(0);
  const run = await orrery(folder, 'traces', 'validate', 'trace');
  expect(run).toMatchObject({ code: 0 });
});

test.each([
  [['nowhere'], /no journal can be read in nowhere/],
  [['.'], /holds no journal: there is no file like journal-0000000001\.orj/],
  [['journal', '--at', '9d', '--timing', 'event'], /--at 9d: the journal ends before it, after \d+/],
  [['journal', '--until', 'soon'], /--until soon: not a duration/],
  [['journal', '--at', '30s', '--allocator', 'nobody'], /--allocator nobody: unknown/],
  [['journal', '--decisions', 'no/where'], /there is no folder no/],
])('orrery replay %j is refused in one line, with what to do', async (args, why) => {
  const run = await orrery(folder, 'replay', ...args);
  expect(run.code).toBe(2);
  expect(run.err.trim().split('\n')).toHaveLength(1);
  expect(run.err).toMatch(why);
});

test('a damaged journal is refused, and the place is named', async () => {
  await recordHistory(join(folder, 'damaged'), 4, 100);
  const file = await open(join(folder, 'damaged', 'journal-0000000001.orj'), 'r+');
  await file.write(Buffer.from([0xff, 0xff]), 0, 2, 700);
  await file.close();
  const run = await orrery(folder, 'replay', 'damaged');
  expect(run.code).toBe(2);
  expect(run.err).toMatch(/journal-0000000001\.orj is damaged (at|between) byte \d+/);
});
