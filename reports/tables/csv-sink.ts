import { closeSync, openSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import { assert } from '../../engine/core/index.ts';
import { causeText } from '../report-error.ts';

const COMMA = 0x2c;
const NEWLINE = 0x0a;
const QUOTE = 0x22;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;

const BUFFER_BYTES = 1 << 18;
/** Room kept for what a number may take. */
const NUMBER_BYTES = 32;
/** Longer texts take the slow path, which needs no room in the buffer. */
const PLAIN_TEXT_MAX = 4_096;
const BILLION = 1_000_000_000;
const MILLION = 1_000_000;

/**
 * Writes a CSV file (RFC 4180, UTF-8, lines end in \n, one header line) field by field into a buffer. Formats by hand: a task's row costs a
 * few hundred nanoseconds and allocates nothing. An empty field is an absent value; an empty text is `""`. Throws what the disk refuses.
 */
export class CsvSink {
  readonly name: string;
  #rows = 0;
  readonly #descriptor: number;
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #used = 0;
  #open = true;

  constructor(path: string, header: readonly string[]) {
    this.name = basename(path);
    this.#descriptor = openSync(path, 'wx');
    for (const column of header) this.text(column);
    this.endRow();
    this.#rows = 0;
  }

  /** Rows written, without the header. */
  get rows(): number {
    return this.#rows;
  }

  /** A text, quoted if it must be; null is an absent value. */
  text(value: string | null): void {
    if (value === null) {
      this.absent();
      return;
    }
    if (value.length === 0 || value.length > PLAIN_TEXT_MAX) {
      this.#quoted(value);
      return;
    }
    this.#reserve(value.length + 1);
    const buffer = this.#buffer;
    let used = this.#used;
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (code < 0x20 || code > 0x7e || code === QUOTE || code === COMMA) {
        this.#quoted(value);
        return;
      }
      buffer[used++] = code;
    }
    buffer[used++] = COMMA;
    this.#used = used;
  }

  /** A whole number. */
  integer(value: number): void {
    assert(Number.isSafeInteger(value), 'a whole number is written as one');
    this.#reserve(NUMBER_BYTES);
    this.#digits(this.#sign(value));
    this.#buffer[this.#used++] = COMMA;
  }

  /** A whole number of millionths, as units with up to six decimals: microseconds become seconds. Null is an absent value. */
  millionths(value: number | null): void {
    if (value === null) {
      this.absent();
      return;
    }
    assert(Number.isSafeInteger(value), 'millionths are whole');
    this.#reserve(NUMBER_BYTES);
    const size = this.#sign(value);
    const whole = Math.floor(size / MILLION);
    this.#digits(whole);
    this.#decimals(size - whole * MILLION, MILLION / 10);
    this.#buffer[this.#used++] = COMMA;
  }

  /** A whole number of thousandths, as units with up to three decimals. Null is an absent value. */
  thousandths(value: number | null): void {
    if (value === null) {
      this.absent();
      return;
    }
    assert(Number.isSafeInteger(value), 'thousandths are whole');
    this.#reserve(NUMBER_BYTES);
    const size = this.#sign(value);
    const whole = Math.floor(size / 1_000);
    this.#digits(whole);
    this.#decimals(size - whole * 1_000, 100);
    this.#buffer[this.#used++] = COMMA;
  }

  absent(): void {
    this.#reserve(1);
    this.#buffer[this.#used++] = COMMA;
  }

  endRow(): void {
    this.#buffer[this.#used - 1] = NEWLINE;
    this.#rows++;
  }

  /** Writes what is buffered and closes the file. A second call does nothing. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    try {
      this.#flush();
    } finally {
      closeSync(this.#descriptor);
    }
  }

  /** Closes the file without caring for what is buffered. */
  discard(): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.#descriptor);
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes > BUFFER_BYTES) this.#flush();
  }

  #flush(): void {
    this.#write(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }

  #write(bytes: Buffer): void {
    let written = 0;
    try {
      while (written < bytes.length) {
        written += writeSync(this.#descriptor, bytes, written, bytes.length - written);
      }
    } catch (cause) {
      throw new Error(`${this.name}: ${causeText(cause)}`, { cause });
    }
  }

  #quoted(value: string): void {
    const bytes = Buffer.from(`"${value.replaceAll('"', '""')}"`);
    this.#reserve(bytes.length + 1);
    if (bytes.length < BUFFER_BYTES) {
      bytes.copy(this.#buffer, this.#used);
      this.#used += bytes.length;
    } else {
      this.#write(bytes);
    }
    this.#buffer[this.#used++] = COMMA;
  }

  /** Writes the sign and returns the size. */
  #sign(value: number): number {
    if (value >= 0) return value;
    this.#buffer[this.#used++] = MINUS;
    return -value;
  }

  #digits(value: number): void {
    if (value >= BILLION) {
      const high = Math.floor(value / BILLION);
      this.#digits(high);
      this.#padded(value - high * BILLION, BILLION / 10);
      return;
    }
    let scale = 1;
    while (scale * 10 <= value) scale *= 10;
    this.#padded(value, scale);
  }

  /** Writes `value` (< 10 × `scale`) with one digit for each power of ten from `scale` down to 1. */
  #padded(value: number, scale: number): void {
    let rest = value | 0;
    for (let power = scale; power >= 1; power = (power / 10) | 0) {
      const digit = (rest / power) | 0;
      this.#buffer[this.#used++] = ZERO + digit;
      rest -= digit * power;
    }
  }

  /** Writes the point and the decimals of `value` (< 10 × `scale`) without trailing zeros; nothing for 0. */
  #decimals(value: number, scale: number): void {
    if (value === 0) return;
    this.#buffer[this.#used++] = POINT;
    this.#padded(value, scale);
    while (this.#buffer[this.#used - 1] === ZERO) this.#used--;
  }
}
