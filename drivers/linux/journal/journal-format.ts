import { crc32 } from 'node:zlib';

/**
 * A journal is a folder of segments, `journal-<number>.orj`, and of snapshots, `snapshot-<number>.ors`, that stand for all before the segment
 * of their number. Either is a header and blocks, each with checksums that cover its place, so that a byte changed, a block moved and a tail
 * torn off can be told apart:
 *
 *     header   magic (8)  format (4)  0 (4)  segment number (8)  crc of the 24 bytes before (4)
 *     block    length (4)  crc of the payload (4)  crc of the 8 bytes before and of the place (4)  payload
 *
 * All little endian. A segment's payloads are records (`RecordWriter`), as many as came within a few milliseconds; a snapshot's, and those of
 * segments of format 1, are one value each (`ValueWriter`). The dictionary begins anew with each file.
 *
 * `pruned-<number>`, an empty file, says that the segments before that number are being removed: they count no more, whether still there or not.
 */
export interface FileKind {
  readonly magic: string;
  /** The one that is written. */
  readonly format: number;
  /** The oldest one that is read. */
  readonly oldest: number;
  readonly what: string;
}

export const SEGMENT_FILE: FileKind = { magic: 'ORRYJRNL', format: 2, oldest: 1, what: 'segment' };
export const SNAPSHOT_FILE: FileKind = { magic: 'ORRYSNAP', format: 1, oldest: 1, what: 'snapshot' };

export const FILE_HEADER_SIZE = 28;
export const BLOCK_HEADER_SIZE = 12;
/** No block is longer: a length beyond it is damage, not a wish for memory. */
export const BLOCK_SIZE_MAX = 256 * 1_024 * 1_024;

const DIGITS = 10;
const SEGMENT = /^journal-(\d{10})\.orj$/;
const SNAPSHOT = /^snapshot-(\d{10})\.ors$/;
const UNFINISHED = /^snapshot-\d{10}\.ors\.\d+\.tmp$/;
const PRUNED = /^pruned-(\d{10})$/;

export function segmentName(number: number): string {
  return `journal-${digits(number)}.orj`;
}

/** The snapshot that stands for all before a segment. */
export function snapshotName(number: number): string {
  return `snapshot-${digits(number)}.ors`;
}

/** A snapshot that a process is writing. */
export function unfinishedSnapshotName(number: number, process: number): string {
  return `${snapshotName(number)}.${process}.tmp`;
}

export function prunedName(number: number): string {
  return `pruned-${digits(number)}`;
}

/** The number in a segment's name, null for other files. */
export function segmentNumber(name: string): number | null {
  return numberIn(SEGMENT, name);
}

export function snapshotNumber(name: string): number | null {
  return numberIn(SNAPSHOT, name);
}

export function prunedNumber(name: string): number | null {
  return numberIn(PRUNED, name);
}

export function isUnfinishedSnapshot(name: string): boolean {
  return UNFINISHED.test(name);
}

function digits(number: number): string {
  return String(number).padStart(DIGITS, '0');
}

function numberIn(pattern: RegExp, name: string): number | null {
  const match = pattern.exec(name);
  return match === null ? null : Number(match[1]);
}

export function fileHeader({ magic, format }: FileKind, number: number): Buffer {
  const header = Buffer.alloc(FILE_HEADER_SIZE);
  header.write(magic, 'latin1');
  header.writeUInt32LE(format, 8);
  header.writeDoubleLE(number, 16);
  header.writeUInt32LE(crc32(header.subarray(0, 24)), 24);
  return header;
}

/** What is wrong with a header, or null. */
export function headerError(header: Buffer, kind: FileKind, number: number): string | null {
  if (header.toString('latin1', 0, 8) !== kind.magic) return `it does not begin as a ${kind.what} does`;
  const format = header.readUInt32LE(8);
  if (format < kind.oldest || format > kind.format)
    return `it has format ${format}, this version reads ${formatsOf(kind)}: replay it with the version that wrote it`;
  if (header.readUInt32LE(24) !== crc32(header.subarray(0, 24))) return 'its header is damaged';
  if (header.readDoubleLE(16) !== number)
    return `it says that it is ${kind.what} ${header.readDoubleLE(16)}: it was renamed`;
  return null;
}

function formatsOf({ format, oldest }: FileKind): string {
  return oldest === format ? `format ${format}` : `formats ${oldest} to ${format}`;
}

/** The format in a header that has no error. */
export function formatOf(header: Buffer): number {
  return header.readUInt32LE(8);
}

const placed = Buffer.alloc(24);

/** Checksum of a block's first 8 bytes at its place. */
function placeCrc(length: number, payloadCrc: number, segment: number, offset: number): number {
  placed.writeUInt32LE(length, 0);
  placed.writeUInt32LE(payloadCrc, 4);
  placed.writeDoubleLE(segment, 8);
  placed.writeDoubleLE(offset, 16);
  return crc32(placed);
}

/** Writes the header of a block that begins at `offset` of its file to `target` at `at`. */
export function writeBlockHeader(
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
export function blockLength(header: Buffer, segment: number, offset: number): number | null {
  const length = header.readUInt32LE(0);
  const expected = placeCrc(length, header.readUInt32LE(4), segment, offset);
  return header.readUInt32LE(8) !== expected || length > BLOCK_SIZE_MAX ? null : length;
}

export function isPayload(header: Buffer, payload: Buffer): boolean {
  return header.readUInt32LE(4) === crc32(payload);
}
