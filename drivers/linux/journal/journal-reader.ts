import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { JournalError } from './journal-error.ts';
import { prunedNumber, SEGMENT_FILE, segmentName, segmentNumber } from './journal-format.ts';
import type { JournalRecord } from './journal-record.ts';
import { notReadable, readBlocks, type Torn } from './block-file.ts';
import { type RecordReader, recordReader } from './record-codec.ts';

/** A record and where it stands. */
export interface PlacedRecord {
  readonly segment: number;
  readonly offset: number;
  readonly record: JournalRecord;
}

/** A segment whose end is missing: its writer died in the middle of a block. What is before it is whole. */
export interface TornTail extends Torn {
  readonly segment: number;
}

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
  const numbers = segmentsAmong(names);
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

/** Numbers of the segments among the files of a journal's folder, ascending; those that are being removed count no more. */
export function segmentsAmong(names: readonly string[]): number[] {
  const first = Math.max(0, ...names.map((name) => prunedNumber(name) ?? 0));
  return names
    .map(segmentNumber)
    .filter((number) => number !== null && number >= first)
    .sort((a, b) => a! - b!) as number[];
}

/**
 * The records of a journal in order. A torn tail is told to `torn` and skipped: the segment after it begins a new machine or there is none.
 * Throws JournalError at the first byte that is not what was written.
 */
export async function* readJournal(
  folder: string,
  torn: (tail: TornTail) => void,
): AsyncGenerator<PlacedRecord> {
  yield* readSegments(folder, await journalSegments(folder), torn);
}

/** The records of these segments. */
export async function* readSegments(
  folder: string,
  segments: readonly number[],
  torn: (tail: TornTail) => void,
): AsyncGenerator<PlacedRecord> {
  for (const segment of segments) yield* readSegment(folder, segment, torn);
}

/** The records of one segment. */
export async function* readSegment(
  folder: string,
  segment: number,
  torn: (tail: TornTail) => void,
): AsyncGenerator<PlacedRecord> {
  const path = join(folder, segmentName(segment));
  const blocks = readBlocks(path, SEGMENT_FILE, segment, (tail) => {
    torn({ segment, ...tail });
  });
  let reader: RecordReader | null = null;
  for await (const { offset, payload, format } of blocks) {
    reader ??= recordReader(format);
    try {
      for (const { at, record } of reader.read(payload)) yield { segment, offset: offset + at, record };
    } catch (error) {
      throw notReadable(path, offset, error);
    }
  }
}

/** How a segment begins; null if nothing of it was written. Throws JournalError. */
export async function openingOf(
  folder: string,
  segment: number,
): Promise<Extract<JournalRecord, { kind: 'opened' }> | null> {
  for await (const { record } of readSegment(folder, segment, () => {})) {
    if (record.kind === 'opened') return record;
    throw new JournalError(`${join(folder, segmentName(segment))} does not say which machine it is of`);
  }
  return null;
}
