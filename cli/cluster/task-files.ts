import { ClusterError } from './cluster-error.ts';
import { agentConnection, agentId, agentsOf, findOne } from './find-one.ts';
import { successText } from './http-call.ts';
import { tasksOf } from './listings.ts';
import type { Connection } from './master-address.ts';
import { idOf, type Json, object, operatorAnswer, word } from './operator-api.ts';

const READ_MAX = 65_536;

/** A task with the agent that it runs, or ran, on. */
export interface PlacedTask {
  readonly task: Json;
  readonly agent: Connection;
  /** Folder of its sandbox among the agent's files. */
  readonly sandbox: string;
}

/** Finds a task by id, those that have ended included. Throws UsageError, ClusterError. */
export async function findTask(connection: Connection, text: string): Promise<PlacedTask> {
  const tasks = await tasksOf(connection, true);
  const task = findOne('task', text, tasks, (one) => idOf(one['task_id']));
  const agents = await agentsOf(connection);
  const agent = agents.find((one) => agentId(one) === idOf(task['agent_id']));
  if (agent === undefined)
    throw new ClusterError(
      `task ${idOf(task['task_id'])} is on agent ${idOf(task['agent_id'])}, which is not there`,
    );
  return { task, agent: agentConnection(agent, connection), sandbox: sandboxOf(task) };
}

/** The virtual path of a task's sandbox (spec 06 §E). */
export function sandboxOf(task: Json): string {
  const taskId = idOf(task['task_id']);
  const executor = idOf(task['executor_id']);
  const path = `/frameworks/${idOf(task['framework_id'])}/executors/${executor === '' ? taskId : executor}/runs/latest`;
  // A task of a default executor has a folder of its own below the executor's.
  return executor === '' || executor === taskId || object(task['container'])['type'] === undefined
    ? path
    : `${path}/tasks/${taskId}`;
}

/** A piece of a file, and how long the file is now. */
export interface FilePiece {
  readonly size: number;
  readonly data: Buffer;
}

/** Reads a file of an agent from `offset`. Null while it is not there. Throws ClusterError. */
export async function readPiece(agent: Connection, path: string, offset: number): Promise<FilePiece | null> {
  const fields = { path, offset, length: READ_MAX };
  const answer = await operatorAnswer(agent, 'READ_FILE', fields);
  if (answer.status === 404) {
    answer.response.resume();
    return null;
  }
  const body = JSON.parse(await successText(answer, `READ_FILE ${path}`)) as Json;
  const { size, data } = object(body['read_file']);
  return { size: Number(size), data: Buffer.from(word(data), 'base64') };
}
