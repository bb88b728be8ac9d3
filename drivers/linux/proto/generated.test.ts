import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const FOLDER = resolve(import.meta.dirname);
const BIN = resolve(FOLDER, '../../../node_modules/.bin');

/** Files below a folder by their path in it. */
function filesOf(folder: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(folder.length + 1), readFileSync(path, 'utf8'));
  }
  return files;
}

test('the generated code is what the protos generate', () => {
  if (!existsSync(join(BIN, 'buf'))) {
    if (process.env['CI'] !== undefined) throw new Error('buf is missing: npm ci installs it');
    console.warn('buf is not installed: the generated code is not compared');
    return;
  }
  const out = mkdtempSync(join(tmpdir(), 'orrery-proto-'));
  try {
    execFileSync(join(BIN, 'buf'), ['generate', '--output', out], {
      cwd: FOLDER,
      env: { ...process.env, PATH: `${BIN}:${process.env['PATH'] ?? ''}` },
      stdio: 'pipe',
    });
    expect(filesOf(join(out, 'generated'))).toEqual(filesOf(join(FOLDER, 'generated')));
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
});
