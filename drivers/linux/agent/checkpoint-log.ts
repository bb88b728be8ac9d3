import { type FileHandle, mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type AgentCheckpoint,
  CheckpointFold,
  type CheckpointRecord,
  recordsOf,
} from '../../../engine/agent/index.ts';
import type { ExecutorUuids } from '../codec/ids/executor-uuids.ts';
import type { IdTexts } from '../codec/ids/id-texts.ts';
import { ValueFormatError, ValueReader } from '../storage/value-reader.ts';
import { ValueWriter } from '../storage/value-writer.ts';
import { AgentError } from './agent-error.ts';
import {
  FILE_HEADER_SIZE,
  fileHeader,
  fileHeaderFault,
  frame,
  frameAt,
  isDamage,
} from './checkpoint-format.ts';

/** One step's worth: all of it is read again, or none. */
interface Batch {
  /** Of the cluster whose ids the records hold; null while none is known. */
  readonly cluster: string | null;
  /** Numbers of ids in the records that no batch before has named. */
  readonly names: readonly (readonly [number, string])[];
  /** The same of ids that executors gave their updates. */
  readonly uuids: readonly (readonly [number, string])[];
  readonly records: readonly CheckpointRecord[];
}

interface Waiting {
  readonly payload: Buffer;
  readonly records: readonly CheckpointRecord[];
  readonly sequence: number;
}

/** Growth after which the log is written anew, shorter: so many bytes, and as many as it had after the last time. */
const GROWTH_MIN = 4 * 1_024 * 1_024;
const NAME = /^checkpoint\.(\d{8})$/;

export interface CheckpointLogOptions {
  readonly folder: string;
  readonly ids: IdTexts;
  readonly uuids: ExecutorUuids;
  /** Told that all batches up to this number are durable. */
  durable(sequence: number): void;
  /** Told once that nothing can be written any more. */
  failed(error: Error): void;
  readonly growthMin?: number;
}

/**
 * The agent's checkpoint on a disk: a log of batches of records, each durable before `durable` names it; batches that come while one is
 * written are written together. It begins with the parts of a checkpoint, and is written anew when it has grown. A write that a crash cut
 * short is taken away at the start; what was whole once and is not any more is refused.
 */
export class CheckpointLog {
  readonly #options: CheckpointLogOptions;
  readonly #fold: CheckpointFold;
  readonly #writer = new ValueWriter();
  #file: FileHandle;
  #number: number;
  #size: number;
  #sizeAtFirst: number;
  #hasAgent: boolean;
  #sequence = 0;
  #cluster: string | null = null;
  #names: (readonly [number, string])[] = [];
  #uuids: (readonly [number, string])[] = [];
  #waiting: Waiting[] = [];
  #writing: Promise<void> | null = null;
  #failure: Error | null = null;
  /** Bytes that a torn write had left at the end. */
  readonly repaired: number;

  private constructor(options: CheckpointLogOptions, found: Found) {
    this.#options = options;
    this.#fold = found.fold;
    this.#file = found.file;
    this.#number = found.number;
    this.#size = found.size;
    this.#sizeAtFirst = found.size;
    this.#hasAgent = found.hasAgent;
    this.repaired = found.repaired;
    options.ids.names.onNew = (number, text) => this.#names.push([number, text]);
    options.uuids.table.onNew = (number, text) => this.#uuids.push([number, text]);
  }

  /** Reads what is there, and puts its ids into `ids`. Rejects with AgentError. */
  static async open(options: CheckpointLogOptions): Promise<CheckpointLog> {
    const { folder } = options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const numbers = (await readdir(folder)).map((name) => Number(NAME.exec(name)?.[1] ?? -1));
    const newest = Math.max(...numbers, 0);
    const found = newest === 0 ? await begin(folder) : await read(folder, newest, options);
    // Left over where a crash came between two steps of writing anew.
    for (const name of await readdir(folder)) {
      if (name !== fileName(found.number)) await unlink(join(folder, name));
    }
    return new CheckpointLog(options, found);
  }

  /** What the disk holds, null before the first record. */
  get checkpoint(): AgentCheckpoint | null {
    return this.#hasAgent ? this.#fold.checkpoint() : null;
  }

  /** Number of the last batch. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Takes the records of one step; `durable` names the number that this gives. */
  append(records: readonly CheckpointRecord[]): number {
    const { ids } = this.#options;
    const sequence = ++this.#sequence;
    const batch: Batch = {
      cluster: this.#cluster === ids.cluster ? null : ids.cluster,
      names: this.#names,
      uuids: this.#uuids,
      records,
    };
    this.#cluster = ids.cluster;
    this.#names = [];
    this.#uuids = [];
    this.#writer.forget();
    this.#waiting.push({ payload: Buffer.from(this.#writer.write(batch)), records, sequence });
    this.#writing ??= this.#writeAll();
    return sequence;
  }

  /** After what is on its way. */
  async close(): Promise<void> {
    await this.#writing;
    this.#failure ??= new AgentError('the checkpoint is closed');
    this.#options.ids.names.onNew = null;
    this.#options.uuids.table.onNew = null;
    await this.#file.close();
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0 && this.#failure === null) {
      const batches = this.#waiting;
      this.#waiting = [];
      try {
        await this.#write(batches);
      } catch (error) {
        this.#failure = new AgentError(
          `the checkpoint in ${this.#options.folder} cannot be written: ${(error as Error).message}`,
          { cause: error },
        );
        this.#options.failed(this.#failure);
        break;
      }
      this.#options.durable(batches.at(-1)!.sequence);
    }
    this.#writing = null;
  }

  async #write(batches: readonly Waiting[]): Promise<void> {
    const bytes = Buffer.concat(batches.map(({ payload }) => frame(payload, this.#size)));
    await writeWhole(this.#file, bytes, this.#size);
    await this.#file.datasync();
    this.#size += bytes.length;
    for (const { records } of batches) for (const record of records) this.#fold.apply(record);
    this.#hasAgent = true;
    const growth = this.#size - this.#sizeAtFirst;
    if (growth > Math.max(this.#options.growthMin ?? GROWTH_MIN, this.#sizeAtFirst)) await this.#writeAnew();
  }

  /** The new file is whole before it has its name; the old one goes after that. */
  async #writeAnew(): Promise<void> {
    const { folder, ids, uuids } = this.#options;
    const batch: Batch = {
      cluster: ids.cluster,
      names: [...ids.names.entries()],
      uuids: [...uuids.table.entries()],
      records: recordsOf(this.#fold.checkpoint()),
    };
    this.#writer.forget();
    const bytes = Buffer.concat([
      fileHeader(),
      frame(Buffer.from(this.#writer.write(batch)), FILE_HEADER_SIZE),
    ]);
    const number = this.#number + 1;
    const path = join(folder, fileName(number));
    const file = await open(`${path}.new`, 'w', 0o600);
    await writeWhole(file, bytes, 0);
    await file.datasync();
    await rename(`${path}.new`, path);
    await syncFolder(folder);
    await this.#file.close();
    await unlink(join(folder, fileName(this.#number)));
    this.#file = file;
    this.#number = number;
    this.#size = bytes.length;
    this.#sizeAtFirst = bytes.length;
  }
}

type Tables = Pick<CheckpointLogOptions, 'ids' | 'uuids'>;

interface Found {
  readonly fold: CheckpointFold;
  readonly file: FileHandle;
  readonly number: number;
  readonly size: number;
  readonly hasAgent: boolean;
  readonly repaired: number;
}

function fileName(number: number): string {
  return `checkpoint.${String(number).padStart(8, '0')}`;
}

async function begin(folder: string): Promise<Found> {
  const path = join(folder, fileName(1));
  const file = await open(`${path}.new`, 'w', 0o600);
  await writeWhole(file, fileHeader(), 0);
  await file.datasync();
  await rename(`${path}.new`, path);
  await syncFolder(folder);
  const fold = new CheckpointFold();
  return { fold, file, number: 1, size: FILE_HEADER_SIZE, hasAgent: false, repaired: 0 };
}

async function read(folder: string, number: number, tables: Tables): Promise<Found> {
  const path = join(folder, fileName(number));
  const bytes = await readFile(path);
  const fault = fileHeaderFault(bytes);
  if (fault !== null) throw unusable(path, fault);
  const fold = new CheckpointFold();
  const reader = new ValueReader();
  let at = FILE_HEADER_SIZE;
  let hasAgent = false;
  while (at < bytes.length) {
    const found = frameAt(bytes, at);
    if (found === null) break;
    reader.forget();
    apply(path, at, reader, found.payload, fold, tables);
    hasAgent = true;
    at = found.end;
  }
  if (at < bytes.length && isDamage(bytes, at))
    throw unusable(path, `it is damaged at byte ${at}, and what was written later is whole`);
  const file = await open(path, 'r+');
  if (at < bytes.length) {
    await file.truncate(at);
    await file.sync();
  }
  return { fold, file, number, size: at, hasAgent, repaired: bytes.length - at };
}

function apply(
  path: string,
  at: number,
  reader: ValueReader,
  payload: Buffer,
  fold: CheckpointFold,
  { ids, uuids }: Tables,
): void {
  let batch: Batch;
  try {
    batch = reader.read(payload) as Batch;
  } catch (error) {
    if (!(error instanceof ValueFormatError)) throw error;
    throw unusable(path, `its record at byte ${at} cannot be read: ${error.message}`);
  }
  if (batch.cluster !== null) ids.learnCluster(batch.cluster);
  for (const [name, text] of batch.names) ids.names.restore(name, text);
  for (const [uuid, text] of batch.uuids) uuids.table.restore(uuid, text);
  for (const record of batch.records) fold.apply(record);
}

function unusable(path: string, why: string): AgentError {
  return new AgentError(
    `the checkpoint ${path} cannot be used: ${why}. Restore it from a backup; or move it away, and the agent starts as a new one and ends the containers that still run`,
  );
}

async function writeWhole(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync();
  await handle.close();
}
