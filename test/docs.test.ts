import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build, orreryLine, temporaryFolder } from '../cli/testing/command.ts';
import { blocksOf, CLUSTER_PAGES, commandsOf, ROOT, textOf } from '../cli/testing/documentation.ts';
import { AGENT_FLAGS, MASTER_FLAGS } from '../drivers/linux/index.ts';
import { DEFAULT_FAULT_OPTIONS, FAULT_KINDS, REPLAY_FAULT_KINDS } from '../drivers/sim/index.ts';

/*
 * The documentation is held to what it says. Every line of a `sh` block that starts with `npx orrery` is run, in a folder of its own for each page, in order; how lines are
 * marked is said in `cli/testing/documentation.ts`. Of other lines, npm's scripts and the files given to vitest have to exist. Pages whose commands need a cluster are run by
 * `cli/e2e/documentation.test.ts`.
 */

const DOCS = ['README.md', ...markdownIn('docs')];
const PAGES = [...DOCS, 'CHANGELOG.md', ...readmes()];

function markdownIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .sort();
}

/** The READMEs of the code's folders. */
function readmes(): string[] {
  const folders = [
    'allocators',
    'bench',
    'cli',
    'drivers',
    'engine',
    'frameworks',
    'reports',
    'traces',
    'web',
  ];
  return folders.flatMap(markdownIn).filter((path) => path.endsWith('README.md'));
}

describe('every command of the documentation does what it should', () => {
  let folder = '';

  beforeAll(async () => {
    folder = temporaryFolder();
    await build();
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  test.concurrent.each(DOCS.filter((page) => !CLUSTER_PAGES.includes(page)))(
    '%s',
    async (page) => {
      const cwd = join(folder, page.replaceAll('/', '-'));
      mkdirSync(cwd);
      for (const name of ['allocators', 'docs']) symlinkSync(join(ROOT, name), join(cwd, name));
      for (const { language, text, file } of blocksOf(page)) {
        if (file !== null) {
          mkdirSync(dirname(join(cwd, file)), { recursive: true });
          writeFileSync(join(cwd, file), text);
        }
        if (language !== 'sh') continue;
        for (const { line, code, isLong } of commandsOf(text)) {
          if (!line.startsWith('npx orrery')) checkOtherLine(line);
          else if (!isLong) {
            const ended = await orreryLine(cwd, line);
            expect(ended.code, `${line}\n${ended.err}`).toBe(code);
          }
        }
      }
    },
    // For a machine that has other things to do: a page takes seconds.
    400_000,
  );

  function checkOtherLine(line: string): void {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
    for (const command of line.split('&&').map((one) => one.trim())) {
      const script = /^npm (?:run (?:-s )?(\w+)|(start|test))\b/.exec(command);
      const tested = /^(?:ORRERY_\w+=\S+ )*npx vitest run (\S+)$/.exec(command);
      if (script !== null) expect(Object.keys(scripts)).toContain(script[1] ?? script[2]);
      else if (tested !== null) expect(existsSync(join(ROOT, tested[1]!)), command).toBe(true);
      else expect(command).toBe('npm ci');
    }
  }
});

describe('what a page names exists', () => {
  test.each(PAGES)('the links of %s lead somewhere', (page) => {
    const links = [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!);
    for (const link of links.filter((one) => !/^https?:/.test(one))) {
      const [path, anchor] = link.split('#') as [string, string?];
      const target = path === '' ? page : relative(ROOT, join(ROOT, dirname(page), path));
      expect(existsSync(join(ROOT, target)), link).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(target), link).toContain(anchor);
    }
  });

  test.each(PAGES)('the source files of %s are there', (page) => {
    for (const [, file] of textOf(page).matchAll(/`((?:[\w.-]+\/)+[\w.-]+\.(?:ts|mjs|json))`/g)) {
      const isThere = existsSync(join(ROOT, file!)) || existsSync(join(ROOT, dirname(page), file!));
      // What the project's own commands write is not in a clone.
      expect(isThere || /^(?:dist|orrery-out)\//.test(file!), file).toBe(true);
    }
  });

  test.each(DOCS)('the functions of %s are in their files', (page) => {
    for (const [, name, file] of textOf(page).matchAll(/`(#?\w+)`\s+in\s+`([\w./-]+\.ts)`/g)) {
      const source = readFileSync(join(ROOT, file!), 'utf8');
      const isThere = new RegExp(`(?<![\\w#])${name!}\\b`).test(source);
      expect(isThere, `${name} in ${file}`).toBe(true);
    }
  });

  test.each(DOCS)('the options of %s are options', (page) => {
    const commands = readdirSync(join(ROOT, 'cli'), { recursive: true, encoding: 'utf8' })
      .filter((name) => /(?<!\.test)\.ts$/.test(name))
      .map((name) => `cli/${name.replaceAll('\\', '/')}`);
    const source = [...commands, 'bench/main.ts', 'bin/mutation-testing.mjs'].map(textOf).join('');
    // Flags of the daemons by their names, those with underscores too.
    const flags = new Set([...Object.keys(MASTER_FLAGS), ...Object.keys(AGENT_FLAGS)]);
    for (const [, option] of textOf(page).matchAll(/`[^`\n]*?(--[a-z][a-z_-]*)(?![\w-])/g)) {
      const isOption =
        source.includes(option!) || flags.has(option!.replace(/^--(?:no-)?/, '')) || option === '--help';
      expect(isOption, option).toBe(true);
    }
    if (!CLUSTER_PAGES.includes(page)) return;
    for (const [, flag] of textOf(page).matchAll(/--(?:no-)?([a-z]+(?:_[a-z]+)+)/g))
      expect(flags.has(flag!), flag).toBe(true);
  });

  function anchorsOf(page: string): string[] {
    return [...textOf(page).matchAll(/^#+ (.+)$/gm)].map((match) =>
      match[1]!
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    );
  }
});

test('the tables of faults have every kind, those of replays with their default rates', () => {
  const text = textOf('docs/faults.md');
  const rows = [...text.matchAll(/^\| `(\w+)` \| ([\d.]+|–) \|/gm)];
  expect(rows.map((row) => [row[1], row[2] === '–' ? 0 : Number(row[2])])).toEqual(
    REPLAY_FAULT_KINDS.map((kind) => [kind, DEFAULT_FAULT_OPTIONS.perHour[kind]]),
  );
  const named = [...text.matchAll(/^\| (`\w+`(?:, `\w+`)*) \|/gm)].flatMap((row) => row[1]!.split(', '));
  for (const kind of FAULT_KINDS) expect(named).toContain(`\`${kind}\``);
});

test('every option of simulate and explain is documented', () => {
  const source = textOf('cli/main.ts');
  const simulate = source.slice(source.indexOf('function addRunOptions'), source.indexOf('DEMO'));
  const explained = textOf('docs/explain.md') + textOf('docs/simulate.md') + textOf('docs/traces.md');
  for (const [, option] of simulate.matchAll(/'(--[a-z-]+)/g)) expect(explained).toContain(option);
});

test('pages name no path of a machine', () => {
  for (const page of PAGES)
    expect(textOf(page), page).not.toMatch(/(?:^|[\s(`'"])\/(?:work|tmp|home|root|usr)\//m);
});
