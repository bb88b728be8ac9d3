import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runConformanceCommand } from './conformance.ts';

const SCENARIOS = fileURLToPath(new URL('../allocators/contract/scenarios', import.meta.url));

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conformance-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function run(
  paths: readonly string[],
  options: { readonly json?: boolean; readonly seeds?: number; readonly names?: readonly string[] } = {},
): Promise<{ readonly code: number; readonly out: readonly string[]; readonly err: readonly string[] }> {
  const out: string[] = [];
  const err: string[] = [];
  const io = { out: (line: string) => void out.push(line), err: (line: string) => void err.push(line) };
  const code = await runConformanceCommand(paths, io, {
    json: options.json ?? false,
    seeds: options.seeds ?? 1,
    names: options.names ?? [],
  });
  return { code, out, err };
}

async function write(name: string, content: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function rolesFile(...valid: readonly boolean[]): unknown {
  const head = { kind: 'roles', origin: 'docs', source: 'here', about: 'something' };
  const scenarios = valid.map((is, index) => ({
    ...head,
    name: `s${index}`,
    steps: [{ op: 'validateRole', role: 'a', valid: is }],
  }));
  return { area: 'area', title: 'title', scenarios };
}

test('a file that passes prints the count and exits with 0', async () => {
  const path = join(SCENARIOS, 'hierarchy.json');
  expect(await run([path], { seeds: 2 })).toEqual({ code: 0, out: ['7 passed, 0 failed'], err: [] });
});

test('a folder is searched for scenario files at any depth, other JSON and the schema are left out', async () => {
  await mkdir(join(folder, 'deep', 'er'), { recursive: true });
  await write('deep/er/a.json', rolesFile(true));
  await write('b.json', rolesFile(true, true));
  await write('other.json', { some: 'thing' });
  await write('scenario.schema.json', 'not even JSON');
  await write('notes.txt', 'nothing');
  expect(await run([folder])).toEqual({ code: 0, out: ['3 passed, 0 failed'], err: [] });
});

test('a file named twice runs once', async () => {
  const path = await write('a.json', rolesFile(true));
  expect(await run([path, folder])).toEqual({ code: 0, out: ['1 passed, 0 failed'], err: [] });
});

test('a failure shows a difference and exits with 1', async () => {
  const path = await write('a.json', rolesFile(true, false));
  const { code, out, err } = await run([path]);
  expect({ code, err }).toEqual({ code: 1, err: [] });
  expect(out).toEqual([
    'FAIL area/s1 at step 0 (validateRole): is it a role?\n  - false\n  + true',
    '1 passed, 1 failed',
  ]);
});

test('a malformed scenario and an unknown kind count as failed', async () => {
  const path = await write('a.json', {
    area: 'area',
    title: 'title',
    scenarios: [
      { name: 'broken' },
      { name: 'odd', kind: 'odd', origin: 'docs', source: 's', about: 'a', steps: [{ op: 'x' }] },
    ],
  });
  const { code, out } = await run([path]);
  expect(code).toBe(1);
  expect(out.at(-1)).toBe('0 passed, 2 failed');
  expect(out[0]).toMatch(/^ERROR area\/broken: .*a\.json, scenario broken: origin: expected one of/);
  expect(out[1]).toMatch(/^UNSUPPORTED area\/odd: .*unknown kind "odd"/);
});

test('with JSON every scenario is a line, and the last one is the summary', async () => {
  const path = await write('a.json', rolesFile(true, false));
  const { code, out } = await run([path], { json: true });
  expect(code).toBe(1);
  expect(out.map((line) => JSON.parse(line) as unknown)).toEqual([
    { scenario: 'area/s0', result: 'pass' },
    expect.objectContaining({
      scenario: 'area/s1',
      result: 'fail',
      step: 0,
      op: 'validateRole',
      expected: false,
      actual: true,
    }),
    { summary: { pass: 1, fail: 1, error: 0, unsupported: 0 } },
  ]);
});

test.each([
  ['a missing path', async () => join(folder, 'none.json'), /none\.json: no such file or folder$/],
  ['a file that is not JSON', () => write('bad.json', '{'), /bad\.json: is not JSON: /],
  [
    'a file without scenarios',
    () => write('empty.json', { scenarios: [] }),
    /empty\.json: holds no scenarios/,
  ],
  ['a folder without scenario files', async () => folder, /holds no scenario files/],
])('%s is bad input: one message, nothing run, exit code 2', async (_, make, message) => {
  const good = join(SCENARIOS, 'hierarchy.json');
  const { code, out, err } = await run([good, await make()]);
  expect({ code, out }).toEqual({ code: 2, out: [] });
  expect(err).toHaveLength(1);
  expect(err[0]).toMatch(message);
});

test('a scenario can be chosen by its name, with or without its area', async () => {
  const drf = join(SCENARIOS, 'drf.json');
  const name = 'paper-two-users-9cpu-18gb';
  const chosen = { code: 0, out: [`PASS drf/${name}`, '1 passed, 0 failed'], err: [] };
  expect(await run([drf], { names: [name] })).toEqual(chosen);
  expect(await run([SCENARIOS], { names: [`drf/${name}`] })).toEqual(chosen);
});

test('a chosen scenario that is not there is bad input, and nothing is run', async () => {
  const names = ['paper-two-users-9cpu-18gb', 'paper-three-users'];
  const { code, out, err } = await run([SCENARIOS], { names });
  expect({ code, out }).toEqual({ code: 2, out: [] });
  expect(err).toEqual(['--scenario paper-three-users: no scenario of the files has this name']);
});

test('no path and no seed are bad input', async () => {
  expect((await run([])).code).toBe(2);
  expect((await run([SCENARIOS], { seeds: 0 })).code).toBe(2);
});
