import type { ServerResponse } from 'node:http';
import { frameRecord } from './recordio.ts';

/** Why a stream ended, as its owner is told. */
export type StreamEnd = 'closed by the peer' | 'too slow';

/**
 * The server's side of a streaming response: records in RecordIO (spec 01 §5). What a subscriber does not read waits here, up to `bufferMax`
 * bytes; then the subscriber is dropped, never the server. `onEnd` is called once, and not for an end that `end` asked for.
 */
export class RecordStream {
  readonly #response: ServerResponse;
  readonly #bufferMax: number;
  readonly #onEnd: (end: StreamEnd) => void;
  #isOpen = true;

  constructor(response: ServerResponse, bufferMax: number, onEnd: (end: StreamEnd) => void) {
    this.#response = response;
    this.#bufferMax = bufferMax;
    this.#onEnd = onEnd;
    response.on('close', () => {
      this.#stop('closed by the peer');
    });
    response.on('error', () => {
      this.#stop('closed by the peer');
    });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Bytes that wait for the subscriber. */
  get waiting(): number {
    return this.#response.writableLength;
  }

  write(record: Uint8Array): void {
    if (!this.#isOpen) return;
    this.#response.write(frameRecord(record));
    // What the socket itself takes counts too: it is bounded by the kernel.
    if (this.#response.writableLength > this.#bufferMax) {
      this.#stop('too slow');
      this.#response.destroy();
    }
  }

  /** After what was written has gone out. */
  end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#response.end();
  }

  /** At once. */
  destroy(): void {
    this.#isOpen = false;
    this.#response.destroy();
  }

  #stop(end: StreamEnd): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#onEnd(end);
  }
}
