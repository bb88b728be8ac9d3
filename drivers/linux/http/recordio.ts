/** What a stream of records is refused with; the connection is of no use any more. */
export class RecordError extends Error {}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const ZERO = 0x30;
const NINE = 0x39;
/** Digits of the largest length that a parser can be told. */
const DIGITS_MAX = 20;

/** RecordIO (spec 01 §5): the record's length in bytes as decimal digits, a newline, the record. */
export function frameRecord(record: Uint8Array): Buffer {
  const head = `${record.length}\n`;
  const frame = Buffer.allocUnsafe(head.length + record.length);
  frame.write(head, 0, 'latin1');
  frame.set(record, head.length);
  return frame;
}

/**
 * Takes RecordIO apart, whatever pieces it comes in. Empty lines before a length are tolerated. A record may be at most `recordMax` bytes, and
 * nothing is put aside for one that announces more. Throws RecordError for what is no framing.
 */
export class RecordParser {
  readonly #recordMax: number;
  /** Digits of the length so far; null while the record itself comes in. */
  #digits: string | null = '';
  #needed = 0;
  #pieces: Uint8Array[] = [];

  constructor(recordMax: number) {
    this.#recordMax = recordMax;
  }

  /** Whether a record has begun and not ended: an end of the stream here cuts it. */
  get isInside(): boolean {
    return this.#digits === null || this.#digits !== '';
  }

  /** Calls `take` for each record that is complete with these bytes. */
  push(bytes: Uint8Array, take: (record: Uint8Array) => void): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#digits === null) {
        const piece = bytes.subarray(at, at + this.#needed);
        this.#pieces.push(piece);
        this.#needed -= piece.length;
        at += piece.length;
        if (this.#needed === 0) this.#finish(take);
      } else {
        this.#length(bytes[at]!, take);
        at++;
      }
    }
  }

  #length(byte: number, take: (record: Uint8Array) => void): void {
    const digits = this.#digits!;
    if (byte >= ZERO && byte <= NINE) {
      if (digits.length === DIGITS_MAX)
        throw new RecordError(`The length of a record has more than ${DIGITS_MAX} digits`);
      this.#digits = digits + String.fromCharCode(byte);
    } else if (byte === NEWLINE) {
      if (digits === '') return;
      const length = Number(digits);
      if (length > this.#recordMax) {
        throw new RecordError(
          `A record of ${digits} bytes is announced; at most ${this.#recordMax} are taken`,
        );
      }
      this.#digits = null;
      this.#needed = length;
      if (length === 0) this.#finish(take);
    } else if (byte !== CARRIAGE_RETURN || digits !== '') {
      throw new RecordError(
        `Expected the length of a record in decimal digits, got the byte 0x${byte.toString(16)}`,
      );
    }
  }

  #finish(take: (record: Uint8Array) => void): void {
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#digits = '';
    take(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces));
  }
}
