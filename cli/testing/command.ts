import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The command line as users have it: a process that runs the compiled program. */

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const ORRERY = join(ROOT, 'bin', 'orrery.mjs');

const TIMEOUT_MS = 120_000;
const LOCK = join(ROOT, 'node_modules', '.orrery-build');
const LOCK_MAX_MS = 120_000;
const LOCK_POLL_MS = 50;

export interface Finished {
  /** Null if it was ended by a signal, as by its time limit. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Compiles what changed. Test files run side by side, and two compilers must not write `dist` at once. */
export async function build(): Promise<void> {
  await takeLock();
  try {
    const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
    const { status, stdout } = spawnSync(tsc, ['-b'], { cwd: ROOT, encoding: 'utf8', timeout: TIMEOUT_MS });
    if (status !== 0) throw new Error(`the build failed:\n${stdout}`);
  } finally {
    rmSync(LOCK, { recursive: true, force: true });
  }
}

async function takeLock(): Promise<void> {
  for (;;) {
    try {
      mkdirSync(LOCK);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      // Its holder may have been killed.
      const since = statSync(LOCK, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
      if (Date.now() - since > LOCK_MAX_MS) rmSync(LOCK, { recursive: true, force: true });
      else await new Promise((resume) => setTimeout(resume, LOCK_POLL_MS));
    }
  }
}

/** A folder of its own for a test; the caller removes it. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'orrery-cli-'));
}

/** @param timeout milliseconds after which it is ended; 0 for never */
export function startOrrery(cwd: string, args: readonly string[], timeout = TIMEOUT_MS): ChildProcess {
  return spawn(process.execPath, [ORRERY, ...args], { cwd, timeout });
}

/** Runs `orrery ARGS` in `cwd` to its end. */
export function orrery(cwd: string, ...args: readonly string[]): Promise<Finished> {
  return finished(startOrrery(cwd, args));
}

/** Runs a line as the documentation gives it, `npx orrery …`, by a shell. */
export function orreryLine(cwd: string, line: string): Promise<Finished> {
  const command = line.replace(/^npx orrery/, '"$NODE" "$ORRERY"');
  const env = { ...process.env, NODE: process.execPath, ORRERY };
  return finished(spawn('sh', ['-c', command], { cwd, env, timeout: TIMEOUT_MS }));
}

/** What a process said and how it ended. */
export function finished(child: ChildProcess): Promise<Finished> {
  let out = '';
  let err = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, out, err });
    });
  });
}
