import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { DISK } from './journal-files.ts';
import { unfinishedSnapshotName } from './journal-format.ts';
import type { Compactor } from './journal-pruner.ts';

/** What is kept of the words of a process. */
const WORDS_MAX = 4_096;

/**
 * A compactor that is a process of its own, so that the master is never held up: Node with these arguments. It has a standard input that closes
 * when this process ends, however it ends; exit code 0 says that the snapshot is on the disk.
 *
 * @param argvOf the program and its arguments for the snapshot before a segment
 */
export function compactorProcess(argvOf: (folder: string, segment: number) => readonly string[]): Compactor {
  return async (folder, segment, signal) => {
    // As much heap as this process may have: the state that it holds has to fit. A debugger is this process's own.
    const nodeOptions = process.execArgv.filter((option) => !option.startsWith('--inspect'));
    const child = spawn(process.execPath, [...nodeOptions, ...argvOf(folder, segment)], {
      stdio: ['pipe', 'ignore', 'pipe'],
      // Ctrl-C is for the master, which ends it in order.
      detached: true,
      signal,
      killSignal: 'SIGKILL',
    });
    // It may be gone before it closes its side.
    child.stdin.on('error', () => {});
    let words = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-WORDS_MAX);
    });
    const ended = await new Promise<string | null>((resolve) => {
      child.once('close', (code, killedBy) => {
        resolve(code === 0 ? null : (killedBy ?? `exit code ${code}`));
      });
      child.once('error', (error) => {
        // A process that was never started is not closed.
        if (child.pid === undefined) resolve(error.message);
      });
    });
    if (ended === null) return;
    if (child.pid !== undefined) await DISK.remove(join(folder, unfinishedSnapshotName(segment, child.pid)));
    const said = words.trim().split('\n').at(-1) ?? '';
    throw new Error(`the compactor ended with ${ended}${said === '' ? '' : `: ${said}`}`);
  };
}
