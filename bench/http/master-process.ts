import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Pauses } from './loop-pauses.ts';

export interface MasterQuestion {
  readonly id: number;
  /** `memory` collects garbage first; `record` and `rest` switch the recorder of `recording-main`. */
  readonly what: 'usage' | 'memory' | 'record' | 'rest' | 'stop';
}

export interface MasterAnswer {
  readonly id: number;
  readonly port: number;
  /** Of the whole process since it began. */
  readonly cpuMicros: number;
  readonly rssBytes: number;
  /** Of the JavaScript heap, and what it holds outside. */
  readonly heapBytes: number;
  /** Since the last answer. */
  readonly pauses: Pauses;
  /** Registered, and tasks that have not ended. */
  readonly agents: number;
  readonly tasks: number;
}

const HERE = dirname(fileURLToPath(import.meta.url));
const COMPILED = import.meta.url.endsWith('.ts') ? join(HERE, '../../dist/bench/http') : HERE;
/** Names a folder that gets a CPU profile of each master: `node --cpu-prof`. */
const PROFILES = 'ORRERY_BENCH_PROFILES';

/** A master in a process of its own. */
export class MasterProcess {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: MasterAnswer) => void>();
  #asked = 0;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
    child.on('message', (answer: MasterAnswer) => {
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
  }

  /**
   * @param flags of `orrery master`, or the arguments of another `main`
   * @param main the program
   */
  static async start(flags: readonly string[], main = 'master-main'): Promise<MasterProcess> {
    const profiles = process.env[PROFILES];
    const child = fork(join(COMPILED, `${main}.js`), [...flags], {
      execArgv: profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const ended = once(child, 'exit').then(() => {
      throw new Error('the master ended before it listened');
    });
    const [first] = (await Promise.race([once(child, 'message'), ended])) as [MasterAnswer];
    ended.catch(() => {});
    return new MasterProcess(child, first.port);
  }

  async ask(what: Exclude<MasterQuestion['what'], 'stop'>): Promise<MasterAnswer> {
    const id = ++this.#asked;
    return await new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#child.send({ id, what } satisfies MasterQuestion);
    });
  }

  /** Ends it in order. */
  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.send({ id: 0, what: 'stop' } satisfies MasterQuestion);
    await ended;
  }

  /** As the power going would. */
  async kill(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}
