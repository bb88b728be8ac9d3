import { GraphMismatch } from './graph-mismatch.ts';

/** Reads what `ByteWriter` wrote. Throws GraphMismatch at a premature end. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#bytes.length - this.#position;
  }

  byte(): number {
    if (this.#position >= this.#bytes.length) throw new GraphMismatch('the bytes end too early');
    return this.#bytes[this.#position++]!;
  }

  /** Passes over `byte` if it comes next. */
  skip(byte: number): boolean {
    if (this.#bytes[this.#position] !== byte) return false;
    this.#position++;
    return true;
  }

  count(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
      if (scale > Number.MAX_SAFE_INTEGER) throw new GraphMismatch('a number has too many bytes');
    }
  }

  /** A count of things that take at least a byte each. */
  length(): number {
    const length = this.count();
    if (length > this.left) throw new GraphMismatch('the bytes end too early');
    return length;
  }

  double(): number {
    if (this.left < 8) throw new GraphMismatch('the bytes end too early');
    const value = this.#view.getFloat64(this.#position, true);
    this.#position += 8;
    return value;
  }

  characters(): string {
    const length = this.length();
    let text = '';
    const units: number[] = [];
    for (let index = 0; index < length; index++) {
      units.push(this.count());
      if (units.length === 1_024) text += String.fromCharCode(...units.splice(0));
    }
    return text + String.fromCharCode(...units);
  }
}
