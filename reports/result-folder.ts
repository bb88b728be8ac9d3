import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { err, ok, type Result } from '../engine/core/index.ts';
import { causeText, type ReportError } from './report-error.ts';
import { isSummaryText } from './summary.ts';

export const SUMMARY_FILE = 'summary.json';

/** Names the process that writes an unfinished folder, so that a dead one's remains can be told from a live one's work. */
const WRITER_FILE = 'writer.pid';

/**
 * The folder of a run's results. It is written as `<target>.unfinished` beside the target and renamed at the end, so that the target
 * holds a whole result or none.
 */
export class ResultFolder {
  /** Where files are written until `commit`. */
  readonly unfinished: string;
  readonly #target: string;
  readonly #force: boolean;

  private constructor(target: string, unfinished: string, force: boolean) {
    this.#target = target;
    this.unfinished = unfinished;
    this.#force = force;
  }

  /**
   * Claims `target`. Refuses a file, a folder with anything in it, and a folder that a live process is writing. With `force` an earlier
   * result may be replaced, other content never.
   */
  static claim(target: string, force: boolean): Result<ResultFolder, ReportError> {
    const path = resolve(target);
    const refusal = occupied(path, force);
    if (refusal !== null) return err(refusal);
    const unfinished = join(dirname(path), `${basename(path)}.unfinished`);
    try {
      mkdirSync(dirname(path), { recursive: true });
      const writer = liveWriter(unfinished);
      if (writer !== null) {
        const message = `process ${writer} is writing a result for this folder: wait for it or choose another folder; if it is no run, remove ${unfinished}`;
        return err({ code: 'FOLDER_IN_USE', path, message });
      }
      rmSync(unfinished, { recursive: true, force: true });
      mkdirSync(unfinished);
      writeFileSync(join(unfinished, WRITER_FILE), `${process.pid}\n`);
    } catch (cause) {
      return err({ code: 'FOLDER_NOT_WRITABLE', path, message: causeText(cause) });
    }
    return ok(new ResultFolder(path, unfinished, force));
  }

  /** The path of a file in the folder while it is being written. */
  file(name: string): string {
    return join(this.unfinished, name);
  }

  /** Puts the finished folder in its place. On a refusal the unfinished folder stays, and the message says where. */
  commit(): Result<string, ReportError> {
    const refusal = occupied(this.#target, this.#force);
    if (refusal !== null) {
      return err({ ...refusal, message: `${refusal.message}; the results are in ${this.unfinished}` });
    }
    const replaced = `${this.#target}.replaced`;
    try {
      rmSync(join(this.unfinished, WRITER_FILE));
      rmSync(replaced, { recursive: true, force: true });
      if (existsSync(this.#target)) renameSync(this.#target, replaced);
      renameSync(this.unfinished, this.#target);
      rmSync(replaced, { recursive: true, force: true });
    } catch (cause) {
      const message = `${causeText(cause)}; the results are in ${this.unfinished}`;
      return err({ code: 'FOLDER_NOT_WRITABLE', path: this.#target, message });
    }
    return ok(this.#target);
  }

  /** Removes what was written; the target stays as it was. */
  abandon(): void {
    rmSync(this.unfinished, { recursive: true, force: true });
  }
}

/** Why `path` cannot become a result folder, or null. */
function occupied(path: string, force: boolean): ReportError | null {
  if (!existsSync(path)) return null;
  if (!statSync(path).isDirectory()) {
    return { code: 'FOLDER_IN_USE', path, message: 'is a file; a folder for the results is wanted' };
  }
  if (readdirSync(path).length === 0) return null;
  if (!holdsResult(path)) {
    const message = 'is not empty and is not an earlier result; choose another folder';
    return { code: 'FOLDER_IN_USE', path, message };
  }
  if (force) return null;
  const message = 'holds an earlier result; choose another folder, or say --force to replace it';
  return { code: 'FOLDER_IN_USE', path, message };
}

/** Whether `path` has a summary that says it is ours, damaged or not. */
function holdsResult(path: string): boolean {
  try {
    return isSummaryText(readFileSync(join(path, SUMMARY_FILE), 'utf8'));
  } catch {
    return false; // no summary, or not readable: either way nothing that we may replace
  }
}

/** The process that writes `unfinished`, or null if there is none alive. */
function liveWriter(unfinished: string): number | null {
  const file = join(unfinished, WRITER_FILE);
  if (!existsSync(file)) return null;
  const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
  if (!Number.isSafeInteger(pid) || pid <= 0) return null;
  try {
    process.kill(pid, 0);
    return pid;
  } catch (cause) {
    // EPERM: alive, but another user's
    return cause instanceof Error && 'code' in cause && cause.code === 'EPERM' ? pid : null;
  }
}
