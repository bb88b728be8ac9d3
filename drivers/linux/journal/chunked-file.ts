import type { FileHandle } from 'node:fs/promises';

const CHUNK = 4 * 1_024 * 1_024;

/** Reads a file from front to back in large pieces. */
export class ChunkedFile {
  readonly #file: FileHandle;
  readonly #size: number;
  #chunk: Buffer = Buffer.alloc(0);
  #start = 0;

  constructor(file: FileHandle, size: number) {
    this.#file = file;
    this.#size = size;
  }

  /** `length` bytes from `offset`, valid until the next call; null if the file ends before. */
  async take(offset: number, length: number): Promise<Buffer | null> {
    if (offset + length > this.#size) return null;
    const end = this.#start + this.#chunk.length;
    if (offset < this.#start || offset + length > end) {
      const chunk = Buffer.allocUnsafe(Math.min(Math.max(CHUNK, length), this.#size - offset));
      let filled = 0;
      while (filled < chunk.length) {
        const { bytesRead } = await this.#file.read(chunk, filled, chunk.length - filled, offset + filled);
        // The file was cut while it was read.
        if (bytesRead === 0) return null;
        filled += bytesRead;
      }
      this.#chunk = chunk;
      this.#start = offset;
    }
    return this.#chunk.subarray(offset - this.#start, offset - this.#start + length);
  }

  async isZeroFrom(offset: number): Promise<boolean> {
    for (let at = offset; at < this.#size; ) {
      const part = await this.take(at, Math.min(CHUNK, this.#size - at));
      if (part === null) return true;
      if (part.some((byte) => byte !== 0)) return false;
      at += part.length;
    }
    return true;
  }
}
