import { crc32 } from 'node:zlib';

/**
 * A journal is a folder of segments, `journal-<number>.orj`. A segment is a header and records, each with checksums that cover its place, so
 * that a byte changed, a record moved and a tail torn off can be told apart:
 *
 *     header   magic (8)  format (4)  0 (4)  segment number (8)  crc of the 24 bytes before (4)
 *     record   length (4)  crc of the payload (4)  crc of the 8 bytes before and of the place (4)  payload
 *
 * All little endian. The payload is a value of `ValueWriter`; the dictionary begins anew with each segment.
 */
export const JOURNAL_FORMAT = 1;
export const SEGMENT_HEADER_SIZE = 28;
export const RECORD_HEADER_SIZE = 12;
/** No record is longer: a length beyond it is damage, not a wish for memory. */
export const RECORD_SIZE_MAX = 256 * 1_024 * 1_024;

const MAGIC = Buffer.from('ORRYJRNL', 'latin1');
const DIGITS = 10;
const NAME = /^journal-(\d{10})\.orj$/;

export function segmentName(number: number): string {
  return `journal-${String(number).padStart(DIGITS, '0')}.orj`;
}

/** The number in a segment's name, null for other files. */
export function segmentNumber(name: string): number | null {
  const match = NAME.exec(name);
  return match === null ? null : Number(match[1]);
}

export function segmentHeader(number: number): Buffer {
  const header = Buffer.alloc(SEGMENT_HEADER_SIZE);
  MAGIC.copy(header);
  header.writeUInt32LE(JOURNAL_FORMAT, 8);
  header.writeDoubleLE(number, 16);
  header.writeUInt32LE(crc32(header.subarray(0, 24)), 24);
  return header;
}

/** What is wrong with a header, or null. */
export function headerError(header: Buffer, number: number): string | null {
  if (!header.subarray(0, 8).equals(MAGIC)) return 'it does not begin as a journal does';
  const format = header.readUInt32LE(8);
  if (format !== JOURNAL_FORMAT)
    return `it has format ${format}, this version reads format ${JOURNAL_FORMAT}: replay it with the version that wrote it`;
  if (header.readUInt32LE(24) !== crc32(header.subarray(0, 24))) return 'its header is damaged';
  if (header.readDoubleLE(16) !== number)
    return `it says that it is segment ${header.readDoubleLE(16)}: it was renamed`;
  return null;
}

const placed = Buffer.alloc(24);

/** Checksum of a record's first 8 bytes at its place. */
function placeCrc(length: number, payloadCrc: number, segment: number, offset: number): number {
  placed.writeUInt32LE(length, 0);
  placed.writeUInt32LE(payloadCrc, 4);
  placed.writeDoubleLE(segment, 8);
  placed.writeDoubleLE(offset, 16);
  return crc32(placed);
}

/** Writes the header of a record that begins at `offset` of its segment to `target` at `at`. */
export function writeRecordHeader(
  target: Buffer,
  at: number,
  payload: Buffer,
  segment: number,
  offset: number,
): void {
  const payloadCrc = crc32(payload);
  target.writeUInt32LE(payload.length, at);
  target.writeUInt32LE(payloadCrc, at + 4);
  target.writeUInt32LE(placeCrc(payload.length, payloadCrc, segment, offset), at + 8);
}

/** The payload's length, or null if the header was not written for this place. */
export function recordLength(header: Buffer, segment: number, offset: number): number | null {
  const length = header.readUInt32LE(0);
  const expected = placeCrc(length, header.readUInt32LE(4), segment, offset);
  return header.readUInt32LE(8) !== expected || length > RECORD_SIZE_MAX ? null : length;
}

export function isPayload(header: Buffer, payload: Buffer): boolean {
  return header.readUInt32LE(4) === crc32(payload);
}
