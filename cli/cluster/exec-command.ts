import { randomUUID } from 'node:crypto';
import { RecordParser } from '../../drivers/linux/index.ts';
import { EXIT_FAILED } from '../usage-error.ts';
import { ClusterError } from './cluster-error.ts';
import { send, successText } from './http-call.ts';
import type { Connection } from './master-address.ts';
import { idOf, type Json, list, object, operatorCall, word } from './operator-api.ts';
import { attachInput } from './attach-input.ts';
import { findTask } from './task-files.ts';

const RECORD_MAX = 16 * 1_024 * 1_024;

export interface ExecCommandOptions {
  readonly interactive: boolean;
  readonly tty: boolean;
}

/**
 * `orrery exec TASK -- COMMAND`: runs a command inside a running task's container, with this terminal if asked for. @returns the command's exit code.
 * Throws UsageError, ClusterError.
 */
export async function exec(
  connection: Connection,
  text: string,
  command: readonly string[],
  options: ExecCommandOptions,
): Promise<number> {
  const { task, agent } = await findTask(connection, text);
  const parent = containerOf(task);
  if (parent === null)
    throw new ClusterError(
      `task ${idOf(task['task_id'])} is ${word(task['state'])} and has no container to run anything in`,
    );
  const containerId = { value: randomUUID(), parent };
  const { rows, columns } = process.stdout;
  const answer = await send(agent, {
    method: 'POST',
    path: '/api/v1',
    headers: { Accept: 'application/recordio', 'Message-Accept': 'application/json' },
    json: {
      type: 'LAUNCH_NESTED_CONTAINER_SESSION',
      launch_nested_container_session: {
        container_id: containerId,
        command: { shell: false, value: command[0], arguments: command },
        ...(options.tty
          ? {
              container: {
                type: 'MESOS',
                tty_info: { window_size: { rows: rows ?? 24, columns: columns ?? 80 } },
              },
            }
          : {}),
      },
    },
  });
  if (answer.status !== 200) await successText(answer, 'exec');
  const ended = waitFor(agent, containerId);
  ended.catch(() => {});
  const input = options.interactive ? attachInput(agent, containerId, options.tty) : null;
  try {
    await copyOutput(answer.response);
    return await ended;
  } finally {
    input?.stop();
  }
}

/** The container of a running task, from its latest status. */
function containerOf(task: Json): Json | null {
  for (const status of [...list(task['statuses'])].reverse()) {
    const id = object(object(status['container_status'])['container_id']);
    if (id['value'] !== undefined && word(task['state']) === 'TASK_RUNNING') return id;
  }
  return null;
}

async function copyOutput(response: NodeJS.ReadableStream): Promise<void> {
  const parser = new RecordParser(RECORD_MAX);
  for await (const bytes of response) {
    parser.push(bytes as Buffer, (record) => {
      const { type, data } = JSON.parse(Buffer.from(record).toString()) as Json;
      if (type !== 'DATA') return;
      const piece = object(data);
      const target = piece['type'] === 'STDERR' ? process.stderr : process.stdout;
      target.write(Buffer.from(word(piece['data']), 'base64'));
    });
  }
}

async function waitFor(agent: Connection, containerId: Json): Promise<number> {
  const end = await operatorCall(agent, 'WAIT_NESTED_CONTAINER', { container_id: containerId });
  const status = end['exit_status'];
  if (typeof status !== 'number') return EXIT_FAILED;
  // A wait status: the exit code is its second byte, a signal its lower seven bits (wait(2)).
  const signal = status % 128;
  return signal === 0 ? Math.floor(status / 256) % 256 : 128 + signal;
}
