import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { decisionsIn, decisionsOf } from './driver-decisions.ts';
import { violationsIn, violationsOf } from './import-direction.ts';

// Three nets keep engine/ and allocators/ pure and imports one-way: the compiler without ambient types, the linter, and the reading of imports. A
// fourth keeps decisions out of drivers/linux: the linter, and the reading of its text. Each is shown to hold by a planted violation in a copy of the configuration.

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const planted: string[] = [];

afterEach(() => {
  for (const folder of planted.splice(0)) rmSync(folder, { recursive: true });
});

/** A folder with the project's own configuration and one file. */
function plant(file: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'orrery-net-'));
  planted.push(folder);
  for (const name of ['tsconfig.base.json', '.oxlintrc.json']) cpSync(join(root, name), join(folder, name));
  for (const name of ['engine', 'allocators', 'drivers/sim']) {
    mkdirSync(join(folder, name), { recursive: true });
    // The folders that it refers to are not copied.
    const config = JSON.parse(readFileSync(join(root, name, 'tsconfig.json'), 'utf8')) as object;
    writeFileSync(join(folder, name, 'tsconfig.json'), JSON.stringify({ ...config, references: [] }));
  }
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
  return folder;
}

function run(program: string, args: readonly string[], cwd: string) {
  const bin = join(root, 'node_modules', '.bin', program);
  const { status, stdout, stderr } = spawnSync(bin, args, { cwd, encoding: 'utf8' });
  return { status, text: stdout + stderr };
}

test.each(['engine', 'allocators', 'drivers/sim'])(
  'the compiler refuses `process` and `setTimeout` in %s',
  (folder) => {
    const copy = plant(
      `${folder}/planted.ts`,
      'export const a = process.env;\nexport const b = setTimeout(() => {}, 1);\n',
    );
    const { status, text } = run('tsc', ['-p', `${folder}/tsconfig.json`, '--noEmit'], copy);
    expect(status).not.toBe(0);
    expect(text).toContain("'process'");
    expect(text).toContain("'setTimeout'");
  },
);

test.each(['engine', 'allocators', 'drivers/sim'])(
  'the linter refuses clocks and unseeded randomness in %s',
  (folder) => {
    const copy = plant(
      `${folder}/planted.ts`,
      "export const a = Date.now();\nexport const b = Math.random();\nexport const c = new Intl.Collator();\nexport const d = 'a'.localeCompare('b');\n",
    );
    const { status, text } = run('oxlint', ['.'], copy);
    expect(status).not.toBe(0);
    for (const word of ['Date', 'random', 'Intl', 'localeCompare']) expect(text).toContain(word);
  },
);

test('the linter lets the same lines pass outside the pure folders', () => {
  const copy = plant('planted.ts', 'export const a = Date.now();\nexport const b = Math.random();\n');
  expect(run('oxlint', ['.'], copy).status).toBe(0);
});

test.each([
  [
    'engine/master/planted.ts',
    "import { x } from '../../allocators/index.ts';",
    'engine may not import from allocators',
  ],
  ['engine/core/planted.ts', "import fs from 'node:fs';", "engine may not use Node's modules"],
  ['engine/core/planted.ts', "import seedrandom from 'seedrandom';", 'engine may not use packages'],
  [
    'allocators/planted.ts',
    "export { x } from '../frameworks/index.ts';",
    'allocators may not import from frameworks',
  ],
  [
    'frameworks/planted.ts',
    "import type { x } from '../allocators/index.ts';",
    'frameworks may not import from allocators',
  ],
  [
    'drivers/sim/planted.ts',
    "import { x } from '../linux/index.ts';",
    'drivers/sim may not import from drivers/linux',
  ],
  ['drivers/sim/planted.ts', "const x = await import('node:fs');", "drivers/sim may not use Node's modules"],
  [
    'traces/planted.ts',
    "import { x } from '../drivers/sim/index.ts';",
    'traces may not import from drivers/sim',
  ],
  [
    'reports/planted.ts',
    "import { x } from '../drivers/sim/index.ts';",
    'reports may not import from drivers/sim',
  ],
])('the reading of imports refuses, in %s, %s', (file, text, why) => {
  expect(violationsOf(file, text).map((one) => one.why)).toEqual([why]);
});

test('imports in the tree point one way', () => {
  expect(violationsIn(root)).toEqual([]);
});

test.each([
  [
    "import { cycle } from '../../../allocators/hierarchical-drf/cycle.ts';\nexport const a = cycle;\n",
    'Of an allocator a driver takes the factory',
  ],
  [
    "import { addTask } from '../../../engine/master/tasks.ts';\nexport const a = addTask;\n",
    'Of the engine a driver sees what an index lists',
  ],
  [
    "import { isTerminal } from '../../../engine/protocol/index.ts';\nexport const a = isTerminal;\n",
    "What a task's state means is the machines' to know",
  ],
])('the linter refuses in drivers/linux %j', (text, why) => {
  const copy = plant('drivers/linux/master/planted.ts', text);
  const { status, text: said } = run('oxlint', ['.'], copy);
  expect(status).not.toBe(0);
  expect(said).toContain(why);
});

test('the linter lets a driver take factories and what an index lists', () => {
  const text = [
    "import { hierarchicalDrf } from '../../../allocators/hierarchical-drf/index.ts';",
    "import { micros } from '../../../engine/core/index.ts';",
    'export const a = [hierarchicalDrf, micros];\n',
  ].join('\n');
  expect(run('oxlint', ['.'], plant('drivers/linux/master/planted.ts', text)).status).toBe(0);
});

test.each([
  ["import { cycle } from '../../../allocators/hierarchical-drf/cycle.ts';", 'what their index lists'],
  ["import { Sorter } from '../../../allocators/hierarchical-drf/index.ts';", 'takes the factory alone'],
  ["import {\n  isTerminal,\n} from '../../../engine/protocol/index.ts';", 'the machines’ to know'],
  ["const ended = ['TASK_LOST', 'TASK_GONE'];", 'the machines’ to know'],
  ["if (status.state === 'TASK_FINISHED') done();", 'no task’s state is compared'],
  ["switch (state) {\n  case 'TASK_LOST':\n}", 'no task’s state is compared'],
  ["task.state = 'TASK_LOST';", 'no task’s state is written'],
  ["const update = { taskId, state: 'TASK_FAILED' };", 'no task’s state is written'],
  ['const free = total.minus(used);', 'added and divided by machines'],
  ['if (agent.totalResources.contains(task.resources)) launch(task);', 'added and divided by machines'],
  ['const dominantShare = used / all;', 'shares are an allocator’s'],
  ["this.#links.toAgent({ kind: 'toAgent', link, message });", 'orders are given by machines'],
  ['machine.state.allocator.setQuota(now, role, quota);', 'the driver sees its metrics'],
])('the reading of drivers/linux refuses %j', (text, why) => {
  const found = decisionsOf('drivers/linux/master/planted.ts', text).map((one) => one.why);
  expect(found.filter((one) => one.includes(why))).not.toEqual([]);
});

test('the codec may name a task’s state, and neither write nor compare one', () => {
  const file = 'drivers/linux/codec/parts/planted.ts';
  expect(
    decisionsOf(file, "const NAMES = { 1: 'TASK_STARTING' as const };\n// state === 'TASK_LOST'"),
  ).toEqual([]);
  expect(decisionsOf(file, "if (read.state === 'TASK_LOST') forget(read);")).toHaveLength(1);
  expect(decisionsOf(file, "return { ...read, state: 'TASK_LOST' };")).toHaveLength(1);
});

test('the production driver decides nothing', () => {
  expect(decisionsIn(root)).toEqual([]);
});
