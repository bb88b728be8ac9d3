import { open } from 'node:fs/promises';
import { ValueFormatError } from '../storage/value-reader.ts';
import { ChunkedFile } from './chunked-file.ts';
import { JournalError } from './journal-error.ts';
import {
  BLOCK_HEADER_SIZE,
  blockLength,
  FILE_HEADER_SIZE,
  type FileKind,
  formatOf,
  headerError,
  isPayload,
} from './journal-format.ts';

/** The payload of a block, valid until the next one is asked for, and the byte of the file that it begins at. */
export interface PlacedBlock {
  readonly offset: number;
  readonly payload: Buffer;
  /** The file's. */
  readonly format: number;
}

/** The end of a file is missing from `offset` on: its writer died in the middle of a block. What is before it is whole. */
export interface Torn {
  readonly offset: number;
  readonly bytes: number;
}

/**
 * The blocks of a segment or a snapshot. A torn tail is told to `torn` and ends it. Throws JournalError at the first byte that is not what was
 * written, with the file and the byte.
 */
export async function* readBlocks(
  path: string,
  kind: FileKind,
  number: number,
  torn: (tail: Torn) => void,
): AsyncGenerator<PlacedBlock> {
  const file = await opened(path);
  try {
    const { size } = await file.stat();
    const bytes = new ChunkedFile(file, size);
    const header = await bytes.take(0, FILE_HEADER_SIZE);
    if (header === null) {
      torn({ offset: 0, bytes: size });
      return;
    }
    const wrong = headerError(header, kind, number);
    if (wrong !== null) throw new JournalError(`${path} cannot be read: ${wrong}`);
    const format = formatOf(header);
    let offset = FILE_HEADER_SIZE;
    while (offset < size) {
      const payload = await takePayload(bytes, path, number, offset);
      if (payload === null) {
        torn({ offset, bytes: size - offset });
        return;
      }
      yield { offset: offset + BLOCK_HEADER_SIZE, payload, format };
      offset += BLOCK_HEADER_SIZE + payload.length;
    }
  } finally {
    await file.close();
  }
}

/** The error for a block whose checksums agree and whose payload was not written by this program. */
export function notReadable(path: string, offset: number, error: unknown): unknown {
  if (!(error instanceof ValueFormatError)) return error;
  return new JournalError(`${path} has a block at byte ${offset} that holds no records: ${error.message}`, {
    cause: error,
  });
}

async function opened(path: string): ReturnType<typeof open> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new JournalError(
      `${path} is gone: a master that writes the journal has pruned it meanwhile; read the journal again`,
      { cause: error },
    );
  }
}

/** The payload of the block at `offset`; null where the file ends before it does. */
async function takePayload(
  bytes: ChunkedFile,
  path: string,
  segment: number,
  offset: number,
): Promise<Buffer | null> {
  const header = await bytes.take(offset, BLOCK_HEADER_SIZE);
  if (header === null) return null;
  const length = blockLength(header, segment, offset);
  if (length === null) {
    // A file system may lengthen a file before it fills it: zeros to the end were never written.
    if (await bytes.isZeroFrom(offset)) return null;
    throw new JournalError(
      `${path} is damaged at byte ${offset}: the header of the block there is not what was written`,
    );
  }
  const body = await bytes.take(offset + BLOCK_HEADER_SIZE, length);
  if (body === null) return null;
  if (isPayload(header, body)) return body;
  if (length > 0 && (await bytes.isZeroFrom(offset + BLOCK_HEADER_SIZE))) return null;
  throw new JournalError(
    `${path} is damaged between byte ${offset + BLOCK_HEADER_SIZE} and byte ${offset + BLOCK_HEADER_SIZE + length}: ` +
      'the block there is not what was written',
  );
}
