import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, gzip } from 'node:zlib';
import { promisify } from 'node:util';
import { JSON_TYPE } from '../codec/message/media-type.ts';
import type { HttpLimits } from './limits.ts';
import { accepts } from './negotiation.ts';
import { type BodyBudget, readBody } from './request-body.ts';
import { Refusal } from './refusal.ts';

const compress = promisify(gzip);
/** Smaller answers cost more to compress than to send. */
const GZIP_MIN = 1_400;
/** Longer answers are sent piece by piece. */
const PIECES_MIN = 262_144;
const CALLBACK = /^[A-Za-z_$][\w$.[\]]{0,127}$/;

/** One request and its answer. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly limits: HttpLimits;
  /** Who asks: set by the authentication, null without one. */
  principal: string | null = null;
  readonly #budget: BodyBudget;

  constructor(request: IncomingMessage, response: ServerResponse, limits: HttpLimits, budget: BodyBudget) {
    this.request = request;
    this.response = response;
    this.limits = limits;
    this.#budget = budget;
    const target = request.url ?? '/';
    const mark = target.indexOf('?');
    this.path = decodePath(mark < 0 ? target : target.slice(0, mark));
    this.query = new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1));
  }

  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  async body(): Promise<Buffer> {
    return await readBody(this.request, this.limits, this.#budget);
  }

  /** A body of `a=1&b=2`, as the endpoints of old take it. */
  async form(): Promise<URLSearchParams> {
    return new URLSearchParams((await this.body()).toString('utf8'));
  }

  /** An answer without a body. */
  empty(status: number, headers: { readonly [name: string]: string } = {}): void {
    this.response.writeHead(status, { 'Content-Length': '0', ...headers });
    this.response.end();
  }

  text(status: number, body: string, headers: { readonly [name: string]: string } = {}): void {
    const bytes = Buffer.from(body);
    this.response.writeHead(status, {
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Length': bytes.length,
      ...headers,
    });
    this.response.end(this.request.method === 'HEAD' ? undefined : bytes);
  }

  async bytes(
    body: Uint8Array,
    type: string,
    headers: { readonly [name: string]: string } = {},
  ): Promise<void> {
    const zips = body.length >= GZIP_MIN && accepts(this.header('accept-encoding') ?? 'identity', 'gzip');
    const sent = zips ? await compress(body) : body;
    this.response.writeHead(200, {
      'Content-Type': type,
      'Content-Length': sent.length,
      ...(zips ? { 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' } : {}),
      ...headers,
    });
    this.response.end(this.request.method === 'HEAD' ? undefined : sent);
  }

  /** A long body in pieces, sent as fast as the peer reads and no faster. */
  async pieces(
    pieces: readonly Uint8Array[],
    type: string,
    headers: { readonly [name: string]: string } = {},
  ): Promise<void> {
    let length = 0;
    for (const piece of pieces) length += piece.length;
    if (length <= PIECES_MIN) {
      await this.bytes(Buffer.concat(pieces), type, headers);
      return;
    }
    const { response } = this;
    const zips = accepts(this.header('accept-encoding') ?? 'identity', 'gzip');
    response.writeHead(200, {
      'Content-Type': type,
      ...(zips ? { 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' } : { 'Content-Length': length }),
      ...headers,
    });
    if (this.request.method === 'HEAD') {
      response.end();
      return;
    }
    const source = Readable.from(pieces, { objectMode: true });
    try {
      if (zips) await pipeline(source, createGzip({ level: 1 }), response);
      else await pipeline(source, response);
    } catch {
      // The peer went away, which is its right.
      response.destroy();
    }
  }

  /** JSON text, wrapped for tools that ask with `?jsonp=` (spec 05 §C). */
  async json(text: string): Promise<void> {
    const callback = this.jsonp();
    if (callback === null) await this.bytes(Buffer.from(text), JSON_TYPE);
    else await this.bytes(Buffer.from(`${callback}(${text});`), 'text/javascript');
  }

  /** The function of `?jsonp=`, null without one. It is put into a script: only a name may be. Throws Refusal. */
  jsonp(): string | null {
    const callback = this.query.get('jsonp');
    if (callback === null || callback === '') return null;
    if (CALLBACK.test(callback)) return callback;
    throw new Refusal(400, "Expecting 'jsonp' to be the name of a function");
  }

  refuse(refusal: Refusal): void {
    if (this.response.headersSent) {
      this.response.destroy();
      return;
    }
    this.text(refusal.status, refusal.message, refusal.headers);
    // What still comes in of the body is not wanted: the connection may not be used again.
    if (!this.request.complete) this.request.resume();
  }
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new Refusal(400, 'The path is not properly percent-encoded');
  }
}
