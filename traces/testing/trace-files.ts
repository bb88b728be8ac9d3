import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Job } from '../../engine/workload/index.ts';
import { DEFAULT_READ_OPTIONS, type ReadOptions } from '../model/read-options.ts';
import { TraceError } from '../model/trace-error.ts';
import type { OpenedTrace, Workload } from '../model/workload.ts';
import { openTrace } from '../open.ts';

/** A folder of its own for a test, gone after `use`. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'orrery-traces-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export type Files = Readonly<Record<string, string | Buffer>>;

export function writeFiles(folder: string, files: Files): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
}

/** The default options with some changed; assumptions as a plain object. */
export function reading(
  assumptions: Readonly<Record<string, string>> = {},
  changes: Partial<ReadOptions> = {},
): ReadOptions {
  return { ...DEFAULT_READ_OPTIONS, assumptions: new Map(Object.entries(assumptions)), ...changes };
}

export async function allJobs(workload: Workload): Promise<Job[]> {
  const jobs: Job[] = [];
  for await (const batch of workload.batches()) for (const job of batch) jobs.push(job);
  return jobs;
}

/** Opens and reads what `files` hold in a folder of their own. */
export function readFiles(
  files: Files,
  options: ReadOptions = DEFAULT_READ_OPTIONS,
  open = '',
): Promise<OpenedTrace & { readonly jobs: readonly Job[] }> {
  return inFolder(async (folder) => {
    writeFiles(folder, files);
    const opened = await openTrace(join(folder, open), options);
    return { ...opened, jobs: await allJobs(opened.workload) };
  });
}

/** The message with which a reading is refused, without the folder; fails if it is not refused. */
export async function refusalOf(
  files: Files,
  options: ReadOptions = DEFAULT_READ_OPTIONS,
  open = '',
): Promise<string> {
  return inFolder(async (folder) => {
    writeFiles(folder, files);
    return (
      await messageOf(async () => {
        const { workload } = await openTrace(join(folder, open), options);
        await allJobs(workload);
      })
    ).replaceAll(`${folder}/`, '');
  });
}

/** The message of the `TraceError` that `act` ends in. */
export async function messageOf(act: () => unknown): Promise<string> {
  try {
    await act();
  } catch (error) {
    if (error instanceof TraceError) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}
