import type { Duplex } from 'node:stream';
import { gatherWrites } from './gather-writes.ts';
import { frameRecord, RecordError, RecordParser } from './recordio.ts';

export interface SocketRecordsOwner {
  /** One whole record. What it throws ends the connection. */
  record(bytes: Uint8Array): void;
  /** Once, and not for an end that `end` or `destroy` asked for. */
  closed(reason: string): void;
}

/** Records in RecordIO in both directions of one connection, bounded like `RecordStream`. */
export class SocketRecords {
  readonly #socket: Duplex;
  readonly #bufferMax: number;
  readonly #owner: SocketRecordsOwner;
  #isOpen = true;

  constructor(socket: Duplex, limits: { bufferMax: number; recordMax: number }, owner: SocketRecordsOwner) {
    this.#socket = socket;
    this.#bufferMax = limits.bufferMax;
    this.#owner = owner;
    const parser = new RecordParser(limits.recordMax);
    const take = (record: Uint8Array): void => {
      if (this.#isOpen) owner.record(record);
    };
    const push = (bytes: Buffer): void => {
      if (!this.#isOpen) return;
      try {
        parser.push(bytes, take);
      } catch (error) {
        this.#stop(error instanceof RecordError ? error.message : String(error));
      }
    };
    socket.on('data', push);
    socket.on('end', () => {
      this.#stop('the peer ended the connection');
    });
    socket.on('close', () => {
      this.#stop('the connection is closed');
    });
    socket.on('error', (error) => {
      this.#stop(error.message);
    });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  write(record: Uint8Array): void {
    if (!this.#isOpen) return;
    gatherWrites(this.#socket);
    this.#socket.write(frameRecord(record));
    if (this.#socket.writableLength > this.#bufferMax) {
      this.#stop(`the peer reads too slowly: more than ${this.#bufferMax} bytes wait for it`);
    }
  }

  /** After what was written has gone out. */
  end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#socket.end();
    // The peer may never end its side.
    setTimeout(() => {
      this.#socket.destroy();
    }, 1_000).unref();
  }

  destroy(): void {
    this.#isOpen = false;
    this.#socket.destroy();
  }

  #stop(reason: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#socket.destroy();
    this.#owner.closed(reason);
  }
}
