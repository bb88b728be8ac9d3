import { connect, type Socket } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');

/** One connection for calls that need no answer but a status; they are sent without waiting for the one before (HTTP pipelining). */
export class CallConnection {
  readonly #host: string;
  readonly #port: number;
  /** Null before the first call: a server gives up connections that ask for nothing. */
  #socket: Socket | null = null;
  readonly #head: string;
  #left: Buffer = Buffer.alloc(0);
  #body = 0;
  /** Calls that were not answered 202 or 200, and the last such answer. */
  refused = 0;
  lastRefusal = '';

  constructor(host: string, port: number, path: string, headers: { readonly [name: string]: string }) {
    this.#host = host;
    this.#port = port;
    const lines = Object.entries({ Host: `${host}:${port}`, ...headers }).map(
      ([name, value]) => `${name}: ${value}`,
    );
    this.#head = `POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\nContent-Length: `;
  }

  post(body: Uint8Array): void {
    const socket = (this.#socket ??= this.#connected());
    socket.cork();
    socket.write(`${this.#head}${body.length}\r\n\r\n`, 'latin1');
    socket.write(body);
    process.nextTick(() => {
      socket.uncork();
    });
  }

  close(): void {
    this.#socket?.destroy();
  }

  #connected(): Socket {
    const socket = connect({ host: this.#host, port: this.#port, noDelay: true });
    socket.on('data', (bytes: Buffer) => {
      this.#take(bytes);
    });
    // A master that ends ends its calls too.
    socket.on('error', () => {});
    return socket;
  }

  #take(bytes: Buffer): void {
    let left = this.#left.length === 0 ? bytes : Buffer.concat([this.#left, bytes]);
    for (;;) {
      const skipped = Math.min(this.#body, left.length);
      this.#body -= skipped;
      left = left.subarray(skipped);
      const end = left.indexOf(HEAD_END);
      if (this.#body > 0 || end < 0) break;
      const head = left.toString('latin1', 0, end);
      left = left.subarray(end + HEAD_END.length);
      this.#body = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
      if (!head.startsWith('HTTP/1.1 20')) {
        this.refused++;
        this.lastRefusal = `${head.split('\r\n')[0]!} ${left.toString('latin1', 0, this.#body)}`;
      }
    }
    this.#left = left;
  }
}
