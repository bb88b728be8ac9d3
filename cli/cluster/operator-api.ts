import { ClusterError } from './cluster-error.ts';
import { type Answer, send, successText } from './http-call.ts';
import type { Connection } from './master-address.ts';

/** A JSON object of an API. */
export interface Json {
  readonly [name: string]: unknown;
}

/** Calls an operator API (`POST /api/v1`): the value of the answer's sub-message of that name, or an empty object. Throws ClusterError. */
export async function operatorCall(
  connection: Connection,
  type: string,
  fields: Json | null = null,
): Promise<Json> {
  const answer = await operatorAnswer(connection, type, fields);
  const text = await successText(answer, type);
  if (text === '') return {};
  const body = parsed(text, `${answer.url}/api/v1`);
  return (body[type.toLowerCase()] as Json | undefined) ?? {};
}

/** The same, its body not read: for streams. */
export async function operatorAnswer(
  connection: Connection,
  type: string,
  fields: Json | null,
  signal: AbortSignal | null = null,
): Promise<Answer> {
  const json = { type, ...(fields === null ? {} : { [type.toLowerCase()]: fields }) };
  return await send(connection, {
    method: 'POST',
    path: '/api/v1',
    json,
    ...(signal === null ? {} : { signal }),
  });
}

/** GET of a read endpoint. Throws ClusterError. */
export async function getJson(connection: Connection, path: string): Promise<unknown> {
  const answer = await send(connection, { method: 'GET', path });
  const text = await successText(answer, path);
  return parsed(text, `${answer.url}${path}`);
}

function parsed(text: string, where: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new ClusterError(`${where} answers what is no JSON: is it a master?`, { cause: error });
  }
}

/** A sub-object, empty where it is absent. */
export function object(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

/** A list, empty where it is absent. */
export function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

/** A text or number as text, empty where it is absent. */
export function word(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : '';
}

/** The text of an id message. */
export function idOf(value: unknown): string {
  return word(object(value)['value']);
}
