import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterError } from './cluster-error.ts';
import { tasksOf } from './listings.ts';
import type { Connection } from './master-address.ts';
import { idOf, word } from './operator-api.ts';
import { findTask, readPiece } from './task-files.ts';

const POLL_MILLIS = 300;
const TAIL_BYTES = 65_536;

export interface LogsOptions {
  readonly follow: boolean;
  readonly stderr: boolean;
  /** Last lines to begin with; null for all. */
  readonly lines: number | null;
}

/** `orrery logs TASK`: what a task says, to standard output. With `follow` until the task has ended and all is read. */
export async function logs(connection: Connection, text: string, options: LogsOptions): Promise<void> {
  const { task, agent, sandbox } = await findTask(connection, text);
  const path = `${sandbox}/${options.stderr ? 'stderr' : 'stdout'}`;
  const end = await readPiece(agent, path, 0);
  if (end === null && !options.follow)
    throw new ClusterError(`${path} is not there: the task has not started, or its sandbox was removed`);
  let offset = 0;
  if (end !== null && options.lines !== null) offset = await lastLines(agent, path, end.size, options.lines);
  await follow(agent, path, offset, async () => {
    if (!options.follow) return true;
    return await hasEnded(connection, idOf(task['task_id']));
  });
}

/**
 * Copies a file as it grows until `isOver` and all is read. An agent that is away meanwhile may be restarting: its tasks run on, so it is asked again.
 * Throws ClusterError if it is away when all is over.
 */
export async function follow(
  agent: Connection,
  path: string,
  from: number,
  isOver: () => Promise<boolean>,
  to: NodeJS.WritableStream = process.stdout,
): Promise<void> {
  let offset = from;
  for (;;) {
    // Asked before the last look: what was written before the end is read after it.
    const over = await isOver();
    try {
      for (;;) {
        const part = await readPiece(agent, path, offset);
        if (part === null || part.data.length === 0) break;
        to.write(part.data);
        offset += part.data.length;
      }
    } catch (error) {
      if (over || !(error instanceof ClusterError)) throw error;
    }
    if (over) return;
    await sleep(POLL_MILLIS);
  }
}

const TERMINAL = /^TASK_(FINISHED|FAILED|KILLED|LOST|ERROR|DROPPED|GONE|GONE_BY_OPERATOR)$/;

async function hasEnded(connection: Connection, taskId: string): Promise<boolean> {
  const task = (await tasksOf(connection, true)).find((one) => idOf(one['task_id']) === taskId);
  return task === undefined || TERMINAL.test(word(task['state']));
}

/** Where the last `lines` lines begin, as far back as one read goes. */
async function lastLines(agent: Connection, path: string, size: number, lines: number): Promise<number> {
  const start = Math.max(0, size - TAIL_BYTES);
  const part = await readPiece(agent, path, start);
  if (part === null) return 0;
  const bytes = part.data;
  let at = bytes.length;
  // A newline at the very end ends the last line.
  if (bytes[at - 1] === NEWLINE) at--;
  for (let left = lines; left > 0 && at > 0; left--) at = bytes.lastIndexOf(NEWLINE, at - 1);
  return start + (lines === 0 ? bytes.length : Math.max(0, at + 1));
}

const NEWLINE = 0x0a;
