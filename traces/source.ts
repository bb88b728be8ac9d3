import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { TraceSource, TraceSourceFile } from './formats/index.ts';
import { TraceError } from './model/trace-error.ts';
import { readHead } from './text/lines.ts';

/** Parts of a trace in one folder; the largest published one has 500 per table. */
const FILES_MAX = 5_000;

/** The files behind one or more paths; a folder stands for the files in it. Throws `TraceError`. */
export function openSource(name: string, paths: readonly string[]): TraceSource {
  const files: TraceSourceFile[] = [];
  for (const path of paths) {
    for (const file of isFolder(path) ? filesOf(path) : [path]) files.push(sourceFile(file));
  }
  if (files.length === 0) throw new TraceError(`${name}: the folder has no files, expected a trace`);
  if (files.length > FILES_MAX) {
    throw new TraceError(`${name}: ${files.length} files, expected at most ${FILES_MAX} parts of a trace`);
  }
  return { name, files, siblings: () => siblingsOf(files) };
}

function siblingsOf(files: readonly TraceSourceFile[]): TraceSourceFile[] {
  const named = new Set(files.map((file) => file.path));
  const folders = new Set(files.map((file) => dirname(file.path)));
  const siblings: TraceSourceFile[] = [];
  for (const folder of folders) {
    const paths = filesOf(folder);
    // A folder of thousands is a store, not a trace: its tables are named, not found.
    if (paths.length > FILES_MAX) continue;
    for (const path of paths) if (!named.has(path)) siblings.push(sourceFile(path));
  }
  return siblings;
}

function filesOf(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile() && !isDocument(entry.name))
    .map((entry) => entry.name);
  return names
    .sort((left, right) => (left < right ? -1 : left > right ? 1 : 0))
    .map((name) => join(folder, name));
}

function isDocument(name: string): boolean {
  return (
    name.startsWith('.') || name.startsWith('README') || name.startsWith('LICENSE') || name.endsWith('.md')
  );
}

function sourceFile(path: string): TraceSourceFile {
  let head: string | null = null;
  return {
    path,
    shown: path,
    name: basename(path).replace(/\.gz$/, ''),
    get head() {
      head ??= readHead(path);
      return head;
    },
  };
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    throw new TraceError(`${path}: there is no such file or folder`);
  }
}
