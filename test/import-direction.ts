import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative, sep } from 'node:path';

/**
 * Which folders the files of a folder may import from, itself always included (DESIGN.md, "The map"). Longest prefix wins. Packages are listed by
 * name; `node:` stands for every module of Node.
 */
export const ALLOWED: { readonly [folder: string]: readonly string[] } = {
  engine: [],
  allocators: ['engine'],
  frameworks: ['engine'],
  'drivers/sim': ['engine', 'allocators', 'frameworks', 'seedrandom', 'heap-js'],
  'drivers/linux': ['engine', 'allocators', 'frameworks', 'node:', '*'],
  traces: ['engine', 'node:', '*'],
  reports: ['engine', 'node:', '*'],
  bench: ['engine', 'allocators', 'frameworks', 'drivers', 'traces', 'reports', 'cli', 'node:', '*'],
  cli: ['engine', 'allocators', 'frameworks', 'drivers', 'traces', 'reports', 'node:', '*'],
  web: ['engine', 'allocators', 'frameworks', 'drivers', 'traces', 'reports', 'node:', '*'],
};

/** What tests may import on top. */
const TEST_PACKAGES = ['vitest', 'fast-check', 'heap-js', 'seedrandom', 'node:', 'playwright-core'];

export interface Violation {
  readonly file: string;
  readonly imported: string;
  readonly why: string;
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s(?:[^'";]*?\sfrom\s)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g;

/** Imports of one file that point the wrong way. `file` is relative to the root, with `/`. */
export function violationsOf(file: string, text: string): Violation[] {
  const home = folderOf(file);
  if (home === null) return [];
  const isTest = file.endsWith('.test.ts');
  const allowed = [...ALLOWED[home]!, ...(isTest ? TEST_PACKAGES : [])];
  const found: Violation[] = [];
  for (const match of text.matchAll(IMPORT)) {
    const imported = match[1] ?? match[2]!;
    const why = imported.startsWith('.')
      ? wrongFolder(file, home, imported, allowed)
      : wrongPackage(home, imported, allowed);
    if (why !== null) found.push({ file, imported, why });
  }
  return found;
}

function wrongFolder(
  file: string,
  home: string,
  imported: string,
  allowed: readonly string[],
): string | null {
  const target = normalize(join(dirname(file), imported))
    .split(sep)
    .join('/');
  const folder = folderOf(target);
  if (folder === home) return null;
  if (folder === null) return `${target} lies in no folder of the layout`;
  if (!allowed.some((one) => folder === one || folder.startsWith(`${one}/`)))
    return `${home} may not import from ${folder}`;
  return null;
}

function wrongPackage(home: string, imported: string, allowed: readonly string[]): string | null {
  if (imported.startsWith('node:'))
    return allowed.includes('node:') ? null : `${home} may not use Node's modules`;
  if (allowed.includes('*')) return null;
  return allowed.some((one) => imported === one || imported.startsWith(`${one}/`))
    ? null
    : `${home} may not use packages`;
}

function folderOf(file: string): string | null {
  const names = Object.keys(ALLOWED).filter((folder) => file.startsWith(`${folder}/`));
  names.sort((a, b) => b.length - a.length);
  return names[0] ?? null;
}

/** Every violation in the tree below `root`. */
export function violationsIn(root: string): Violation[] {
  const found: Violation[] = [];
  const walk = (folder: string) => {
    for (const name of readdirSync(folder)) {
      if (name === 'node_modules' || name === 'dist' || name.startsWith('.')) continue;
      const path = join(folder, name);
      if (statSync(path).isDirectory()) walk(path);
      else if (name.endsWith('.ts')) {
        found.push(...violationsOf(relative(root, path).split(sep).join('/'), readFileSync(path, 'utf8')));
      }
    }
  };
  for (const folder of new Set(Object.keys(ALLOWED).map((name) => name.split('/')[0]!))) {
    try {
      statSync(join(root, folder));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      throw error;
    }
    walk(join(root, folder));
  }
  return found;
}
