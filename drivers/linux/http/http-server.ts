import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions as TlsOptions } from 'node:https';
import {
  type AddressInfo,
  createServer as createNetServer,
  type Server as NetServer,
  type Socket,
} from 'node:net';
import type { Duplex } from 'node:stream';
import { Exchange } from './exchange.ts';
import type { HttpLimits } from './limits.ts';
import { Refusal } from './refusal.ts';
import { BodyBudget } from './request-body.ts';
import type { Handler } from './router.ts';

/** The first byte of a TLS handshake; no HTTP method begins with it. */
const TLS_HANDSHAKE = 0x16;

export interface HttpServerOptions {
  readonly limits: HttpLimits;
  readonly handle: Handler;
  /** Of requests that ask for another protocol on their connection (RFC 9110 §7.8); null refuses them. */
  readonly upgrade: ((request: IncomingMessage, socket: Duplex, head: Buffer) => void) | null;
  /** An error in our own code; the peer is told 500 and no more. */
  readonly failed: (error: unknown) => void;
  readonly tls: { readonly options: TlsOptions; readonly allowsPlain: boolean } | null;
}

/** HTTP/1.1 on one port, TLS on the same one if wanted, within limits. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #budget = new BodyBudget();
  readonly #plain: Server;
  readonly #tls: Server | null;
  /** What listens: `#plain` itself, or a sorter of connections when there is TLS. */
  readonly #listener: NetServer;
  readonly #sockets = new Set<Socket>();

  constructor(options: HttpServerOptions) {
    this.#options = options;
    const { limits, tls } = options;
    const server = { maxHeaderSize: limits.headersMax, connectionsCheckingInterval: 1_000 };
    this.#plain = this.#prepare(createServer(server));
    if (tls === null) {
      this.#tls = null;
      this.#listener = this.#plain;
    } else {
      this.#tls = this.#prepare(createTlsServer({ ...server, ...tls.options }));
      this.#listener = createNetServer((socket) => {
        this.#sort(socket, tls.allowsPlain);
      });
    }
    this.#listener.maxConnections = limits.connectionsMax;
    this.#listener.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  get connections(): number {
    return this.#sockets.size;
  }

  async listen(port: number, host: string): Promise<AddressInfo> {
    return await new Promise((resolve, reject) => {
      this.#listener.once('error', reject);
      this.#listener.listen({ port, host, backlog: 4_096 }, () => {
        this.#listener.removeListener('error', reject);
        this.#listener.on('error', this.#options.failed);
        resolve(this.#listener.address() as AddressInfo);
      });
    });
  }

  /** Takes no new connections, ends the open ones. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#listener.close(() => {
        resolve();
      });
    });
    this.#plain.closeIdleConnections();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #prepare<S extends Server>(server: S): S {
    const { limits, upgrade } = this.#options;
    server.headersTimeout = limits.headersTimeoutMs;
    server.requestTimeout = limits.headersTimeoutMs + limits.bodyTimeoutMs;
    server.keepAliveTimeout = limits.idleTimeoutMs;
    server.maxHeadersCount = 100;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void this.#answer(request, response);
    });
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (upgrade === null)
        socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      else upgrade(request, socket, head);
    });
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
      refuseBytes(error, socket);
    });
    // Without a listener node answers by itself: a body may come.
    return server;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let exchange: Exchange;
    try {
      exchange = new Exchange(request, response, this.#options.limits, this.#budget);
    } catch (error) {
      response.writeHead(error instanceof Refusal ? error.status : 400, { 'Content-Length': '0' });
      response.end();
      return;
    }
    try {
      await this.#options.handle(exchange);
    } catch (error) {
      if (error instanceof Refusal) {
        exchange.refuse(error);
      } else if (!request.destroyed || request.complete) {
        this.#options.failed(error);
        exchange.refuse(new Refusal(500, 'An error of this server; its log has it'));
      }
    }
  }

  /** To TLS or plain HTTP by the first byte. */
  #sort(socket: Socket, allowsPlain: boolean): void {
    const timer = setTimeout(() => {
      socket.destroy();
    }, this.#options.limits.headersTimeoutMs);
    timer.unref();
    socket.once('error', () => {
      socket.destroy();
    });
    socket.once('readable', () => {
      clearTimeout(timer);
      const first = socket.read() as Buffer | null;
      if (first === null) {
        socket.destroy();
        return;
      }
      socket.unshift(first);
      if (first[0] === TLS_HANDSHAKE) this.#tls!.emit('connection', socket);
      else if (allowsPlain) this.#plain.emit('connection', socket);
      else socket.destroy();
    });
  }
}

/** An answer to bytes that are no request. */
function refuseBytes(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  socket.destroySoon?.();
}

declare module 'node:stream' {
  interface Duplex {
    /** Of sockets: closes once what was written has gone out. */
    destroySoon?(): void;
  }
}
