import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ORRERY } from '../testing/command.ts';

const PATIENCE_MILLIS = 60_000;

/** A daemon that is ended and started again with the same arguments. */
export class TestDaemon {
  readonly name: string;
  readonly logFile: string;
  readonly #args: () => readonly string[];
  #child: ChildProcess | null = null;
  /** Times that it was started. */
  starts = 0;

  constructor(name: string, logFile: string, args: () => readonly string[]) {
    this.name = name;
    this.logFile = logFile;
    this.#args = args;
  }

  get isRunning(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async start(): Promise<void> {
    this.starts++;
    const log = openSync(this.logFile, 'a');
    try {
      this.#child = spawn(process.execPath, [ORRERY, ...this.#args(), '--until_stdin_closes'], {
        stdio: ['pipe', log, log],
      });
      await once(this.#child, 'spawn');
    } finally {
      closeSync(log);
    }
  }

  /** Of the process that was started last. */
  get pid(): number {
    return this.#child!.pid!;
  }

  /** Sends a signal and waits for the end. @returns exit code, null after a signal */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (child === null || !this.isRunning) return child?.exitCode ?? null;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
    return child.exitCode;
  }

  log(): string {
    return readFileSync(this.logFile, 'utf8');
  }
}

/** Looks until there is something. Fails after a long while with what was waited for. */
export async function eventually<T>(
  what: string,
  look: () => T | null | Promise<T | null>,
  patience = PATIENCE_MILLIS,
): Promise<T> {
  for (let waited = 0; waited < patience; waited += 50) {
    const found = await look();
    if (found !== null) return found;
    await sleep(50);
  }
  throw new Error(`not within ${patience} ms: ${what}`);
}
