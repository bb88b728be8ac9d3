import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { ORRERY } from '../orrery-program.ts';

/** A daemon that has not ended after so long is ended the hard way. */
const END_MILLIS = 30_000;

/** A master or an agent as a process of its own, its output in a file. */
export class Daemon {
  readonly name: string;
  readonly logFile: string;
  readonly #child: ChildProcess;
  /** How it ended. */
  readonly ended: Promise<string>;
  /** Null while it runs. */
  status: string | null = null;
  isEnding = false;

  private constructor(name: string, logFile: string, child: ChildProcess) {
    this.name = name;
    this.logFile = logFile;
    this.#child = child;
    this.ended = once(child, 'exit').then(([code, signal]: unknown[]) => {
      this.status = signal === null ? `exit code ${String(code)}` : (signal as string);
      return this.status;
    });
  }

  /** Starts `orrery ARGS`. Its standard input is a pipe that closes with this process: the daemon ends then, whatever became of us. */
  static async start(name: string, logFile: string, args: readonly string[]): Promise<Daemon> {
    const log = await open(logFile, 'a');
    try {
      const child = spawn(process.execPath, [ORRERY, ...args, '--until_stdin_closes'], {
        stdio: ['pipe', log.fd, log.fd],
        // Ctrl-C is for the command, which ends its daemons in order.
        detached: true,
      });
      await once(child, 'spawn');
      return new Daemon(name, logFile, child);
    } finally {
      await log.close();
    }
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Asks it to end, and waits. */
  async end(signal: NodeJS.Signals): Promise<void> {
    this.isEnding = true;
    if (this.status !== null) return;
    this.#child.kill(signal);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), END_MILLIS);
    await this.ended;
    clearTimeout(timer);
  }

  async lastLine(): Promise<string> {
    const lines = (await readFile(this.logFile, 'utf8')).trim().split('\n');
    return lines.at(-1) ?? '';
  }
}
