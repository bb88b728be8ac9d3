import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ValueReader } from '../storage/value-reader.ts';
import {
  headerError,
  isPayload,
  RECORD_HEADER_SIZE,
  recordLength,
  SEGMENT_HEADER_SIZE,
  segmentName,
  segmentNumber,
} from './journal-format.ts';
import type { JournalRecord } from './journal-record.ts';

const CHUNK = 4 * 1_024 * 1_024;

/** A record and where it stands. */
export interface PlacedRecord {
  readonly segment: number;
  readonly offset: number;
  readonly record: JournalRecord;
}

/** A segment whose end is missing: its writer died in the middle of a record. What is before it is whole. */
export interface TornTail {
  readonly segment: number;
  readonly offset: number;
  readonly bytes: number;
}

/** The journal cannot be read; the message names the segment, the byte, and what is wrong. */
export class JournalError extends Error {}

/** Numbers of the segments of a journal, ascending. Throws JournalError if there is none or one is missing in between. */
export async function journalSegments(folder: string): Promise<readonly number[]> {
  let names: readonly string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    throw new JournalError(`no journal can be read in ${folder}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const numbers = names
    .map(segmentNumber)
    .filter((number) => number !== null)
    .sort((a, b) => a - b);
  if (numbers.length === 0)
    throw new JournalError(`${folder} holds no journal: there is no file like ${segmentName(1)}`);
  numbers.forEach((number, index) => {
    const before = numbers[index - 1];
    if (before !== undefined && number !== before + 1)
      throw new JournalError(
        `${join(folder, segmentName(before + 1))} is missing, though ${segmentName(number)} is there`,
      );
  });
  return numbers;
}

/**
 * The records of a journal in order. A torn tail is told to `torn` and skipped: the segment after it begins a new machine or there is none.
 * Throws JournalError at the first byte that is not what was written.
 */
export async function* readJournal(
  folder: string,
  torn: (tail: TornTail) => void,
): AsyncGenerator<PlacedRecord> {
  for (const segment of await journalSegments(folder)) yield* readSegment(folder, segment, torn);
}

/** The records of one segment. */
export async function* readSegment(
  folder: string,
  segment: number,
  torn: (tail: TornTail) => void,
): AsyncGenerator<PlacedRecord> {
  const path = join(folder, segmentName(segment));
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const bytes = new ChunkedFile(file, size);
    const header = await bytes.take(0, SEGMENT_HEADER_SIZE);
    if (header === null) {
      torn({ segment, offset: 0, bytes: size });
      return;
    }
    const wrong = headerError(header, segment);
    if (wrong !== null) throw new JournalError(`${path} cannot be read: ${wrong}`);
    const values = new ValueReader();
    let offset = SEGMENT_HEADER_SIZE;
    while (offset < size) {
      const payload = await takePayload(bytes, path, segment, offset);
      if (payload === null) {
        torn({ segment, offset, bytes: size - offset });
        return;
      }
      let record: JournalRecord;
      try {
        record = values.read(payload) as JournalRecord;
      } catch (error) {
        throw new JournalError(
          `${path} has a record at byte ${offset} that is no value: ${(error as Error).message}`,
          {
            cause: error,
          },
        );
      }
      yield { segment, offset, record };
      offset += RECORD_HEADER_SIZE + payload.length;
    }
  } finally {
    await file.close();
  }
}

/** The payload of the record at `offset`; null where the file ends before it does. */
async function takePayload(
  bytes: ChunkedFile,
  path: string,
  segment: number,
  offset: number,
): Promise<Buffer | null> {
  const header = await bytes.take(offset, RECORD_HEADER_SIZE);
  if (header === null) return null;
  const length = recordLength(header, segment, offset);
  if (length === null) {
    // A file system may lengthen a file before it fills it: zeros to the end were never written.
    if (await bytes.isZeroFrom(offset)) return null;
    throw new JournalError(
      `${path} is damaged at byte ${offset}: the header of the record there is not what was written`,
    );
  }
  const body = await bytes.take(offset + RECORD_HEADER_SIZE, length);
  if (body === null) return null;
  if (isPayload(header, body)) return body;
  if (length > 0 && (await bytes.isZeroFrom(offset + RECORD_HEADER_SIZE))) return null;
  throw new JournalError(
    `${path} is damaged between byte ${offset + RECORD_HEADER_SIZE} and byte ${offset + RECORD_HEADER_SIZE + length}: ` +
      'the record there is not what was written',
  );
}

/** Reads a file from front to back in large pieces. */
class ChunkedFile {
  readonly #file: Awaited<ReturnType<typeof open>>;
  readonly #size: number;
  #chunk: Buffer = Buffer.alloc(0);
  #start = 0;

  constructor(file: Awaited<ReturnType<typeof open>>, size: number) {
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
