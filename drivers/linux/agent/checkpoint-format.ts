import { crc32 } from 'node:zlib';

/** Of the checkpoint's files; another one is refused, never guessed at. */
export const CHECKPOINT_FORMAT = 1;
const MAGIC = Buffer.from('ORRAGENT');
/**
 * Header of a file: magic, format (u32), checksum of the 12 bytes before (u32).
 *
 * A frame: mark (u32), length of the payload (u32), where the write began that it was a part of (f64), checksum of the payload (u32), checksum
 * of the 20 bytes before (u32); payload. All little-endian.
 */
export const FILE_HEADER_SIZE = 16;
export const FRAME_HEADER_SIZE = 24;
const MARK = 0x3143524f;
export const FRAME_SIZE_MAX = 2 ** 30;

export function fileHeader(): Buffer {
  const header = Buffer.alloc(FILE_HEADER_SIZE);
  MAGIC.copy(header);
  header.writeUInt32LE(CHECKPOINT_FORMAT, 8);
  header.writeUInt32LE(crc(header.subarray(0, 12)), 12);
  return header;
}

/** What is wrong with a file's header, or null. */
export function fileHeaderFault(bytes: Buffer): string | null {
  if (bytes.length < FILE_HEADER_SIZE || !bytes.subarray(0, 8).equals(MAGIC))
    return 'it does not begin as a checkpoint does';
  if (bytes.readUInt32LE(12) !== crc(bytes.subarray(0, 12))) return 'its header is damaged';
  const format = bytes.readUInt32LE(8);
  return format === CHECKPOINT_FORMAT
    ? null
    : `it has format ${format}, this version reads format ${CHECKPOINT_FORMAT}: start the version that wrote it`;
}

/** @param writeStart where in the file the write begins that the frame is a part of */
export function frame(payload: Uint8Array, writeStart: number): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_SIZE + payload.length);
  bytes.writeUInt32LE(MARK, 0);
  bytes.writeUInt32LE(payload.length, 4);
  bytes.writeDoubleLE(writeStart, 8);
  bytes.writeUInt32LE(crc(payload), 16);
  bytes.writeUInt32LE(crc(bytes.subarray(0, 20)), 20);
  bytes.set(payload, FRAME_HEADER_SIZE);
  return bytes;
}

export interface FoundFrame {
  readonly payload: Buffer;
  readonly writeStart: number;
  readonly end: number;
}

/** The frame at `at`, or null if there is no whole one. */
export function frameAt(bytes: Buffer, at: number): FoundFrame | null {
  if (at + FRAME_HEADER_SIZE > bytes.length) return null;
  const header = bytes.subarray(at, at + FRAME_HEADER_SIZE);
  if (header.readUInt32LE(0) !== MARK || header.readUInt32LE(20) !== crc(header.subarray(0, 20))) return null;
  const end = at + FRAME_HEADER_SIZE + header.readUInt32LE(4);
  if (end > bytes.length) return null;
  const payload = bytes.subarray(at + FRAME_HEADER_SIZE, end);
  return header.readUInt32LE(16) === crc(payload)
    ? { payload, writeStart: header.readDoubleLE(8), end }
    : null;
}

const markBytes = Buffer.alloc(4);
markBytes.writeUInt32LE(MARK, 0);

/**
 * Whether something after `at`, where there is no frame, was written later than it: then it had been written whole once and is damaged; else
 * the last write was cut short by a crash.
 */
export function isDamage(bytes: Buffer, at: number): boolean {
  for (let next = bytes.indexOf(markBytes, at + 1); next !== -1; next = bytes.indexOf(markBytes, next + 1)) {
    const found = frameAt(bytes, next);
    if (found !== null && found.writeStart > at) return true;
  }
  return false;
}

/** CRC-32 as zip has it. */
function crc(bytes: Uint8Array): number {
  return crc32(bytes);
}
