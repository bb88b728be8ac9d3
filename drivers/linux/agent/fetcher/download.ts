import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { FetchError } from '../agent-containers.ts';
import type { UserIds } from '../users.ts';

const REDIRECTS_MAX = 10;

/** It does not fit where it was to go. */
export class TooLargeError extends FetchError {}

export interface DownloadOptions {
  readonly signal: AbortSignal;
  /** Without a byte for so long it is given up. */
  readonly stallTimeoutMs: number;
  /** Who must be able to read a file of the host; null for the agent itself. */
  readonly reader: UserIds | null;
  /** More bytes than this are refused. */
  readonly sizeMax: number;
}

/** A URI as the fetcher knows it: a file of the host, or something to ask a server for. Throws FetchError. */
export function sourceOf(uri: string, frameworksHome: string | null): URL {
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(uri)) {
    let url: URL;
    try {
      url = new URL(uri);
    } catch {
      throw new FetchError('it is no URL');
    }
    if (!['file:', 'http:', 'https:'].includes(url.protocol))
      throw new FetchError(
        `this agent fetches file, http and https, not ${url.protocol.slice(0, -1)}: copy it to one of those`,
      );
    return url;
  }
  if (uri.startsWith('/'))
    return new URL(`file://${encodeURI(uri).replaceAll('?', '%3F').replaceAll('#', '%23')}`);
  if (frameworksHome === null)
    throw new FetchError(
      'it is a relative path, and the agent has no --frameworks_home that it would begin at',
    );
  return sourceOf(`${frameworksHome.replace(/\/+$/, '')}/${uri}`, null);
}

/** Writes the source to a new file at `path`. @returns its size. Rejects with FetchError, or with the signal's reason. */
export async function download(source: URL, path: string, options: DownloadOptions): Promise<number> {
  const stall = new AbortController();
  const watch = (): NodeJS.Timeout =>
    setTimeout(() => {
      stall.abort(new FetchError(`nothing came for ${options.stallTimeoutMs / 1_000} s`));
    }, options.stallTimeoutMs);
  let timer = watch();
  const signal = AbortSignal.any([options.signal, stall.signal]);
  let size = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      clearTimeout(timer);
      timer = watch();
      size += chunk.length;
      done(
        size > options.sizeMax ? new TooLargeError(`it is larger than ${options.sizeMax} bytes`) : null,
        chunk,
      );
    },
  });
  try {
    const body = await opened(source, options, signal);
    await pipeline(body, counted, createWriteStream(path, { flags: 'wx', mode: 0o644 }), { signal });
    return size;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw error instanceof FetchError ? error : new FetchError((error as Error).message, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

async function opened(source: URL, options: DownloadOptions, signal: AbortSignal): Promise<Readable> {
  if (source.protocol === 'file:') return await openedFile(fileURLToPath(source), options.reader);
  return await openedUrl(source, signal, 0);
}

/** A user gets what that user may read, and not what the agent may. */
async function openedFile(path: string, reader: UserIds | null): Promise<Readable> {
  const stats = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new FetchError(error.code === 'ENOENT' ? 'there is no such file' : error.message);
  });
  if (!stats.isFile()) throw new FetchError('it is no regular file');
  if (reader === null || reader.uid === 0) return createReadStream(path);
  const { uid, gid } = reader;
  const cat = spawn('cat', ['--', path], { uid, gid, stdio: ['ignore', 'pipe', 'pipe'], cwd: '/' });
  let said = '';
  cat.stderr.on('data', (data: Buffer) => {
    said = (said + data.toString()).slice(-500);
  });
  const closed = once(cat, 'close') as Promise<[number | null]>;
  closed.catch(() => {});
  const check = new Transform({
    transform(chunk, _encoding, done) {
      done(null, chunk);
    },
    flush(done) {
      closed.then(
        ([code]) => {
          done(
            code === 0 ? null : new FetchError(said.trim() === '' ? `cat ended with ${code}` : said.trim()),
          );
        },
        (error: unknown) => {
          done(error as Error);
        },
      );
    },
  });
  cat.on('error', (error) => check.destroy(error));
  return cat.stdout.pipe(check);
}

async function openedUrl(url: URL, signal: AbortSignal, redirects: number): Promise<Readable> {
  const make = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = make(url, { agent: false, signal }, resolve);
    request.on('error', reject);
    request.end();
  });
  const status = response.statusCode ?? 0;
  const { location } = response.headers;
  if (status === 200) return response;
  response.destroy();
  if (status < 300 || status > 399 || location === undefined)
    throw new FetchError(`${url.host} answers ${status}`);
  if (redirects === REDIRECTS_MAX) throw new FetchError(`redirected more than ${REDIRECTS_MAX} times`);
  let next: URL;
  try {
    next = new URL(location, url);
  } catch {
    throw new FetchError(`redirected to ${JSON.stringify(location)}, which is no URL`);
  }
  // A server must not be able to name files of this host.
  if (next.protocol !== 'http:' && next.protocol !== 'https:')
    throw new FetchError(`redirected to ${next.protocol}, which is followed to http and https only`);
  return await openedUrl(next, signal, redirects + 1);
}
