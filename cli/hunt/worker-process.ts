import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MutationEdit } from '../../drivers/sim/hunt/index.ts';
import type { WorkerAnswer, WorkerAsk } from './messages.ts';

/** A case that a worker did not come back from: it hangs within a step, or it ended. */
export class WorkerLost extends Error {
  override readonly name = 'WorkerLost';
}

/** The compiled worker, whether this file runs compiled or not. */
function workerPath(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const beside = join(here, 'worker.js');
  return existsSync(beside) ? beside : join(here, '..', '..', 'dist', 'cli', 'hunt', 'worker.js');
}

/** One process that runs cases one after the other. After a `WorkerLost` it is of no use any more. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #ready: Promise<void>;
  #isOver = false;

  constructor(edits: readonly MutationEdit[]) {
    this.#child = fork(workerPath(), [], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    this.#ready = this.#answer(START_MAX_MS).then(() => {});
    // Whoever asks first hears of a failed start.
    this.#ready.catch(() => {});
    this.#child.send({ edits });
  }

  /** Asks, and waits for the answer no longer than `maxMs` of real time. */
  async ask(asked: WorkerAsk, maxMs: number): Promise<Exclude<WorkerAnswer, { kind: 'ready' }>> {
    await this.#ready;
    const answer = this.#answer(maxMs);
    this.#child.send(asked);
    const given = await answer;
    if (given.kind === 'ready') throw new WorkerLost('a worker answers what it is asked');
    return given;
  }

  end(): void {
    this.#isOver = true;
    this.#child.kill('SIGKILL');
  }

  #answer(maxMs: number): Promise<WorkerAnswer> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        done();
        this.end();
        reject(new WorkerLost(`no answer within ${maxMs / 1_000} s`));
      }, maxMs);
      const onMessage = (answer: WorkerAnswer): void => {
        done();
        resolve(answer);
      };
      const onExit = (code: number | null, signal: string | null): void => {
        done();
        if (!this.#isOver) reject(new WorkerLost(`the process ended with ${signal ?? code}`));
      };
      const done = (): void => {
        clearTimeout(timer);
        this.#child.off('message', onMessage);
        this.#child.off('exit', onExit);
      };
      this.#child.on('message', onMessage);
      this.#child.on('exit', onExit);
    });
  }
}

const START_MAX_MS = 60_000;
