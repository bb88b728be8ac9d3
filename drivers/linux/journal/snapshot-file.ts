import { join } from 'node:path';
import { pid } from 'node:process';
import { assert, type Micros } from '../../../engine/core/index.ts';
import type { MachineSnapshot } from '../../../engine/master/index.ts';
import { ValueReader } from '../storage/value-reader.ts';
import { ValueWriter } from '../storage/value-writer.ts';
import { notReadable, readBlocks } from './block-file.ts';
import { JournalError } from './journal-error.ts';
import type { JournalFiles } from './journal-files.ts';
import {
  BLOCK_HEADER_SIZE,
  FILE_HEADER_SIZE,
  fileHeader,
  SNAPSHOT_FILE,
  snapshotName,
  unfinishedSnapshotName,
  writeBlockHeader,
} from './journal-format.ts';
import type { MachineMaking, NameRecord } from './journal-record.ts';

/** Where a recorded master stood when a segment ended, to go on with the next one. */
export interface SnapshotHead {
  /** Version of the program that took it: no other one can go on from it. */
  readonly program: string;
  /** As the machine's segments say it. */
  readonly version: string;
  readonly making: MachineMaking;
  /** The segment that the machine began in. */
  readonly began: number;
  /** Inputs so far, and the hash of all outputs. */
  readonly inputs: number;
  readonly hash: string;
  /** Instants of the first and the last input. */
  readonly from: Micros;
  readonly to: Micros;
}

export interface JournalSnapshot extends SnapshotHead {
  /** Texts of ids that the machine still knows, or that were named last. */
  readonly names: readonly NameRecord[];
  readonly machine: MachineSnapshot;
}

type SnapshotRecord =
  | (SnapshotHead & { readonly kind: 'snapshot'; readonly machine: MachineHead })
  | { readonly kind: 'names'; readonly names: readonly NameRecord[] }
  /** The next bytes of the machine's state. */
  | { readonly kind: 'state'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' };

type MachineHead = Omit<MachineSnapshot, 'bytes'> & { readonly size: number };

/** Damage is named to so many bytes. */
const STATE_BLOCK = 64 * 1_024;
const NAMES_BLOCK = 512;

/** Writes the snapshot that stands for all before a segment. It is whole and on the disk when it resolves, or it is not there. @returns its path */
export async function writeSnapshot(
  folder: string,
  segment: number,
  snapshot: JournalSnapshot,
  files: JournalFiles,
): Promise<string> {
  const path = join(folder, snapshotName(segment));
  const unfinished = join(folder, unfinishedSnapshotName(segment, pid));
  await files.remove(unfinished);
  try {
    await files.write(unfinished, bytesOf(segment, snapshot));
    await files.rename(unfinished, path);
  } catch (error) {
    await files.remove(unfinished);
    throw error;
  }
  return path;
}

function* bytesOf(segment: number, snapshot: JournalSnapshot): Generator<Buffer> {
  yield fileHeader(SNAPSHOT_FILE, segment);
  const values = new ValueWriter();
  let offset = FILE_HEADER_SIZE;
  for (const record of recordsOf(snapshot)) {
    const payload = values.write(record);
    const part = Buffer.allocUnsafe(BLOCK_HEADER_SIZE + payload.length);
    writeBlockHeader(part, 0, payload, segment, offset);
    payload.copy(part, BLOCK_HEADER_SIZE);
    yield part;
    offset += part.length;
  }
}

function* recordsOf({
  names,
  machine: { bytes, ...machine },
  ...head
}: JournalSnapshot): Generator<SnapshotRecord> {
  yield { kind: 'snapshot', ...head, machine: { ...machine, size: bytes.length } };
  for (let at = 0; at < names.length; at += NAMES_BLOCK)
    yield { kind: 'names', names: names.slice(at, at + NAMES_BLOCK) };
  for (let at = 0; at < bytes.length; at += STATE_BLOCK)
    yield { kind: 'state', bytes: bytes.subarray(at, at + STATE_BLOCK) };
  yield { kind: 'end' };
}

/**
 * The snapshot that stands for all before a segment. Throws JournalError for one that is not there, damaged, cut, or of another version of the
 * program.
 *
 * @param program version of this program
 */
export async function readSnapshot(
  folder: string,
  segment: number,
  program: string,
): Promise<JournalSnapshot> {
  const path = join(folder, snapshotName(segment));
  const names: NameRecord[] = [];
  let head: Extract<SnapshotRecord, { kind: 'snapshot' }> | null = null;
  let bytes = new Uint8Array(0);
  let filled = 0;
  let isWhole = false;
  const values = new ValueReader();
  const blocks = readBlocks(path, SNAPSHOT_FILE, segment, (tail) => {
    throw cutAt(path, tail.offset);
  });
  let end = FILE_HEADER_SIZE;
  for await (const { offset, payload } of blocks) {
    const record = recordIn(values, path, offset, payload);
    end = offset;
    switch (record.kind) {
      case 'snapshot':
        if (record.program !== program) throw otherVersion(path, record.program, program);
        head = record;
        bytes = new Uint8Array(record.machine.size);
        break;
      case 'names':
        names.push(...record.names);
        break;
      case 'state':
        bytes.set(record.bytes, filled);
        filled += record.bytes.length;
        break;
      case 'end':
        isWhole = true;
        break;
      default:
        throw new JournalError(
          `${path} has a record at byte ${offset} that this version does not know: replay it with the version that wrote it`,
        );
    }
  }
  if (head === null || !isWhole) throw cutAt(path, end);
  assert(filled === bytes.length, 'a snapshot that was written to its end has all of its state');
  const { kind: _kind, machine, ...rest } = head;
  const { size: _size, ...known } = machine;
  return { ...rest, names, machine: { ...known, bytes } };
}

function recordIn(values: ValueReader, path: string, offset: number, payload: Buffer): SnapshotRecord {
  try {
    return values.read(payload) as SnapshotRecord;
  } catch (error) {
    throw notReadable(path, offset, error);
  }
}

function cutAt(path: string, offset: number): JournalError {
  return new JournalError(`${path} is damaged: it ends after byte ${offset}, before all of it was written`);
}

function otherVersion(path: string, theirs: string, ours: string): JournalError {
  return new JournalError(
    `${path} was written by version ${theirs}, and a machine's state is read by that version alone; this is version ${ours}: replay the journal with version ${theirs}`,
  );
}
