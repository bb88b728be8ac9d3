import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MUTATIONS, PROPERTIES } from '../../drivers/sim/hunt/index.ts';
import { build, orrery, temporaryFolder } from '../testing/command.ts';
import { caseOf, caseText } from './case-arguments.ts';
import { ledgerMarkdown } from './ledger.ts';
import { mutatedText } from './mutated-text.ts';

const DIST = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'dist');

/** Parses every text as a module and prints the ids of those that are none. */
const PARSE = `
  import { readFileSync } from 'node:fs';
  import { SourceTextModule } from 'node:vm';
  const broken = JSON.parse(readFileSync(process.argv[1], 'utf8')).filter(({ text }) => {
    try { new SourceTextModule(text); return false; } catch { return true; }
  });
  process.stdout.write(JSON.stringify(broken.map(({ id }) => id)));
`;

let folder = '';
beforeAll(async () => {
  folder = temporaryFolder();
  await build();
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('mutations', () => {
  test('the ledger names each once, and what ought to find it', () => {
    const ids = MUTATIONS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toHaveLength(43);
    for (const { expects } of MUTATIONS)
      for (const id of expects) expect(Object.keys(PROPERTIES)).toContain(id);
  });

  test('each changes one place of the program for each of its edits, and what comes of it parses', () => {
    const mutants = MUTATIONS.flatMap(({ id, edits }) => {
      const texts = new Map<string, string>();
      for (const edit of edits) {
        const path = join(DIST, edit.file.replace(/\.ts$/, '.js'));
        texts.set(path, mutatedText(texts.get(path) ?? readFileSync(path, 'utf8'), edit));
      }
      return [...texts.values()].map((text) => ({ id, text }));
    });
    expect(mutants.length).toBeGreaterThanOrEqual(MUTATIONS.length);
    const file = join(folder, 'mutants.json');
    writeFileSync(file, JSON.stringify(mutants));
    const { stdout } = spawnSync(
      process.execPath,
      ['--experimental-vm-modules', '--no-warnings', '--input-type=module', '-e', PARSE, file],
      { encoding: 'utf8' },
    );
    expect(stdout).toBe('[]');
  });

  test('an edit whose place is gone, or is there twice, is refused', () => {
    const edit = { file: 'a.ts', find: 'x = 1;', replace: 'x = 2;' };
    expect(mutatedText('let x\n  =  1;', { ...edit, find: 'let x = 1;' })).toBe('x = 2;');
    expect(() => mutatedText('y = 1;', edit)).toThrow('finds 0 places');
    expect(() => mutatedText('x = 1; x = 1;', edit)).toThrow('finds 2 places');
  });
});

test('a case and its command line are two names of one thing', () => {
  const which = caseOf(7, { keep: '3,65540', frameworks: 'none', machines: '2', horizon: '12.5' });
  const words = caseText(which, 'B04').split(' ');
  expect(words).toEqual(
    '--seed 7 --mutation B04 --machines 2 --frameworks none --horizon 12.5 --keep 3,65540'.split(' '),
  );
  expect(which).toMatchObject({ faults: [3, 65_540], frameworks: [], machines: 2, horizon: 12_500_000 });
  expect(() => caseOf(7, { keep: 'x' })).toThrow('--keep: "x"');
});

test('seeds that break nothing: exit code 0, and the same outcome whatever the number of processes', async () => {
  const run = async (workers: string) => {
    const { code, out, err } = await orrery(folder, 'hunt', '--runs', '5', '--workers', workers, '--json');
    expect(err).toBe('');
    expect(code).toBe(0);
    const { seeds, events, faults, duration, failures } = JSON.parse(out) as { [key: string]: number };
    return { seeds, events, faults, duration, failures };
  };
  const alone = await run('1');
  expect(alone).toMatchObject({ seeds: 5, failures: 0 });
  expect(await run('3')).toEqual(alone);
});

test('a mutation is found, its history made short, and the short one replayed: the same failure with the same hash', async () => {
  const hunted = await orrery(folder, 'hunt', '--runs', '1', '--mutation', 'B04');
  expect(hunted.code).toBe(1);
  expect(hunted.out).toMatch(/^broken {4}S1: /m);
  const lines = [...hunted.out.matchAll(/^replay {4}orrery (.*)$/gm)].map(([, words]) => words!.split(' '));
  expect(lines).toHaveLength(2);
  const shrunk = lines[1]!;
  const keep = shrunk[shrunk.indexOf('--keep') + 1]!;
  expect(keep === 'none' || keep.split(',').length < 10).toBe(true);
  const first = await orrery(folder, ...shrunk);
  const second = await orrery(folder, ...shrunk);
  expect(first.code).toBe(1);
  expect(first.out).toContain('broken    S1: ');
  expect(first.out).toMatch(/ s {2}f0 +calls ACCEPT/);
  expect(second.out).toBe(first.out);
  // The same history without the mutation breaks nothing.
  const index = shrunk.indexOf('--mutation');
  const healthy = await orrery(folder, ...shrunk.slice(0, index), ...shrunk.slice(index + 2));
  expect(healthy.code).toBe(0);
  expect(healthy.out).toContain('kept      every promise');
});

test.each([
  [['--mutation', 'B00', '--runs', '1'], 'there is no B00'],
  [['--keep', '1'], 'name it by --seed'],
  [['--runs', '0'], '--runs'],
  [['--seed', '1', '--machines', 'few'], '--machines: "few"'],
])('%s is refused', async (options, message) => {
  const { code, err } = await orrery(folder, 'hunt', ...options);
  expect(code).toBe(2);
  expect(err).toContain(message);
});

test('the table names what was not found', () => {
  const row = {
    id: 'B99',
    title: 'A bug',
    found: false,
    seed: null,
    seeds: 12,
    cpuSeconds: 600,
    property: null,
    what: null,
    expects: [],
    note: 'Elsewhere.',
  };
  const text = ledgerMarkdown(
    [row, { ...row, id: 'B98', found: true, property: 'S1', what: 'S1: a|b' }],
    10,
  ).join('\n');
  expect(text).toContain('| B99 | A bug | **not found** | 12 | 600.0 |  |');
  expect(text).toContain('| B98 | A bug | S1 | 12 | 600.0 | a\\|b |');
  expect(text).toContain('1 of 2 found');
  expect(text).toContain('- **B99**: Elsewhere.');
});
