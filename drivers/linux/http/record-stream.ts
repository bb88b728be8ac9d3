import type { ServerResponse } from 'node:http';
import { gatherWrites } from './gather-writes.ts';
import { frameRecord } from './recordio.ts';

/** Milliseconds that a subscriber may take over a buffer full of a large record. */
const PATIENCE_MS = 60_000;

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
    if (this.#response.socket !== null) gatherWrites(this.#response.socket);
    this.#response.write(frameRecord(record));
    // What the socket itself takes counts too: it is bounded by the kernel.
    if (this.#response.writableLength > this.#bufferMax) {
      this.#stop('too slow');
      this.#response.destroy();
    }
  }

  /**
   * One record, perhaps larger than the stream may buffer: written as fast as the subscriber reads. Resolves when it is on its way; a subscriber
   * that reads nothing for `PATIENCE_MS` is dropped.
   */
  async writePieces(pieces: readonly Uint8Array[]): Promise<void> {
    let length = 0;
    for (const piece of pieces) length += piece.length;
    if (!this.#isOpen) return;
    this.#response.write(`${length}\n`);
    for (const piece of pieces) {
      if (!this.#isOpen) return;
      if (!this.#response.write(piece)) await this.#drained();
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

  async #drained(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#stop('too slow');
        this.#response.destroy();
      }, PATIENCE_MS);
      const over = (): void => {
        clearTimeout(timer);
        this.#response.removeListener('drain', over);
        this.#response.removeListener('close', over);
        resolve();
      };
      this.#response.once('drain', over);
      this.#response.once('close', over);
    });
  }

  #stop(end: StreamEnd): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#onEnd(end);
  }
}
