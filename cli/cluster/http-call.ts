import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text as textOf } from 'node:stream/consumers';
import { ClusterError } from './cluster-error.ts';
import type { Connection } from './master-address.ts';

/** One request. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** Sent as JSON; absent for none. */
  readonly json?: unknown;
  readonly headers?: { readonly [name: string]: string };
  /** Ends the call, and its stream. */
  readonly signal?: AbortSignal;
}

/** An answer, its body not read yet. */
export interface Answer {
  readonly status: number;
  readonly response: IncomingMessage;
  /** Where it was given, after redirects; without a slash at the end. */
  readonly url: string;
}

const REDIRECTS_MAX = 5;
const CONNECT_MILLIS = 10_000;

/** Sends a request, to the leader if the master says who leads. Throws ClusterError if nobody answers. */
export async function send(connection: Connection, call: Call): Promise<Answer> {
  let { url } = connection;
  for (let hops = 0; hops <= REDIRECTS_MAX; hops++) {
    const response = await once(connection, url, call);
    const { location } = response.headers;
    const status = response.statusCode ?? 0;
    if ((status !== 307 && status !== 308) || location === undefined) return { status, response, url };
    response.resume();
    const to = new URL(location, url);
    url = `${to.protocol}//${to.host}`;
  }
  throw new ClusterError(`${connection.url} sends requests in a circle of masters; try again when one leads`);
}

function once(connection: Connection, url: string, call: Call): Promise<IncomingMessage> {
  const body = call.json === undefined ? null : Buffer.from(JSON.stringify(call.json));
  const options: RequestOptions & { ca?: string } = {
    method: call.method,
    headers: {
      Accept: 'application/json',
      ...(body === null ? {} : { 'Content-Type': 'application/json', 'Content-Length': body.length }),
      ...(connection.authorization === null ? {} : { Authorization: connection.authorization }),
      ...call.headers,
    },
    agent: false,
    ...(call.signal === undefined ? {} : { signal: call.signal }),
    ...(connection.ca === null ? {} : { ca: connection.ca }),
  };
  const make = url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = make(`${url}${call.path}`, options, resolve);
    const timer = setTimeout(() => {
      request.destroy(new ClusterError(`${url} has not answered for ${CONNECT_MILLIS / 1_000} s`));
    }, CONNECT_MILLIS);
    request.once('response', () => {
      clearTimeout(timer);
    });
    request.once('error', (error) => {
      clearTimeout(timer);
      reject(
        error instanceof ClusterError || call.signal?.aborted === true
          ? error
          : unreachable(connection, url, error),
      );
    });
    request.end(body ?? undefined);
  });
}

function unreachable({ isAgent }: Connection, url: string, error: NodeJS.ErrnoException): ClusterError {
  const why = error.code === 'ECONNREFUSED' ? 'nothing listens there' : error.message;
  return new ClusterError(
    isAgent === true
      ? `the agent cannot be reached at ${url}: ${why}. Try again when it is back`
      : `no master can be reached at ${url}: ${why}. Start one with \`orrery local\`, or name another by --master or ORRERY_MASTER`,
    { cause: error },
  );
}

/** The body of an answer that must be a success. Throws ClusterError with what the cluster says. */
export async function successText({ status, response, url }: Answer, what: string): Promise<string> {
  const body = await textOf(response);
  if (status >= 200 && status < 300) return body;
  throw new ClusterError(`${what}: ${url} answers ${status}: ${refusal(status, body)}`);
}

function refusal(status: number, body: string): string {
  const said = body.trim().replaceAll(/\s*\n\s*/g, ' ');
  switch (status) {
    case 401:
      return 'it wants to know who asks; give --principal and --secret-file';
    case 403:
      return said === '' ? 'this principal may not' : said;
    case 503:
      return said === '' ? 'no master leads now; try again' : said;
    default:
      return said === '' ? 'without a word' : said;
  }
}
