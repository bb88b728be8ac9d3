import { type FileHandle, mkdir, open, readdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { Micros } from '../../../engine/core/index.ts';
import type { MasterInput } from '../../../engine/master/index.ts';
import {
  BLOCK_HEADER_SIZE,
  FILE_HEADER_SIZE,
  fileHeader,
  SEGMENT_FILE,
  segmentName,
  segmentNumber,
  writeBlockHeader,
} from './journal-format.ts';
import type { JournalOptions } from './journal-options.ts';
import { type Compactor, JournalPruner, type PruneNotice } from './journal-pruner.ts';
import { readSegment, type TornTail } from './journal-reader.ts';
import type { JournalRecord, MachineMaking, NameRecord } from './journal-record.ts';
import { formOf } from './frequent-inputs.ts';
import { RecordWriter } from './record-codec.ts';

const MIB = 1_024 * 1_024;
/** Bytes waiting for the disk beyond which recording ends rather than memory. */
const BACKLOG_MAX = 128 * MIB;
/** A block that has grown to this is handed on to be written. */
const BLOCK_SIZE = 64 * 1_024;
/** Room for the record that makes it so large; a larger one gets a buffer of its own. */
const BUFFER_SIZE = 2 * BLOCK_SIZE;
/**
 * A record waits so long for others to share a block, its checksum and a write. What a killed master loses of its journal stays far below what
 * a machine that loses power does.
 */
const GATHER_MILLIS = 10;
/**
 * Inputs that have a form are encoded together, so many at once or when their block is made: each by itself would find the encoder's code and
 * tables out of the processor's caches (`http/recording` shows the difference). Nobody changes such an input; others are encoded at once.
 */
const WAITING_MAX = 128;

export type JournalNotice =
  | { readonly kind: 'repaired'; readonly tail: TornTail }
  /** Recording has ended; the master goes on without. */
  | { readonly kind: 'failed'; readonly reason: string }
  | PruneNotice;

/**
 * Records what a master is told. Recording never holds the master up: records go to memory at once and to the file some milliseconds after,
 * many in a block, and if the disk cannot keep up or fails, recording ends with a notice.
 */
export class JournalWriter {
  readonly #folder: string;
  readonly #options: JournalOptions;
  readonly #pruner: JournalPruner;
  readonly #notice: (notice: JournalNotice) => void;
  readonly #records = new RecordWriter();
  /** Inputs that wait to be encoded, and their instants. */
  readonly #inputs: MasterInput[] = [];
  readonly #instants: Micros[] = [];
  #segment: number;
  /** Where the block that is being filled begins in its segment. */
  #offset = 0;
  #file: FileHandle | null = null;
  /** A buffer that has been written, to be filled again. */
  #spare: Buffer | null = null;
  /** Full buffers and orders for the file, in order. */
  #backlog: Work[] = [];
  #backlogBytes = 0;
  #working: Promise<void> | null = null;
  #gatherTimer: NodeJS.Timeout | null = null;
  #syncTimer: NodeJS.Timeout | null = null;
  #ended = false;

  private constructor(
    folder: string,
    options: JournalOptions,
    segment: number,
    pruner: JournalPruner,
    notice: (notice: JournalNotice) => void,
  ) {
    this.#folder = folder;
    this.#options = options;
    this.#pruner = pruner;
    this.#segment = segment;
    this.#notice = notice;
    this.#records.begin(Buffer.allocUnsafe(BUFFER_SIZE), BLOCK_HEADER_SIZE);
  }

  /**
   * Opens the journal in `folder`, made if it is not there, cuts off a torn tail and finishes a pruning that was cut short. Throws JournalError
   * if its last segment is damaged.
   *
   * @param compactor makes a snapshot before segments go; null lets them go without
   */
  static async open(
    folder: string,
    options: JournalOptions,
    notice: (notice: JournalNotice) => void,
    compactor: Compactor | null = null,
  ): Promise<JournalWriter> {
    await mkdir(folder, { recursive: true });
    const pruner = new JournalPruner(folder, options, compactor, notice);
    await pruner.tidy();
    const numbers = (await readdir(folder)).map(segmentNumber).filter((number) => number !== null);
    const last = Math.max(0, ...numbers);
    const isLastLeft = last === 0 || (await repair(folder, last, notice));
    return new JournalWriter(folder, options, isLastLeft ? last : last - 1, pruner, notice);
  }

  /** Whether recording goes on. */
  get isRecording(): boolean {
    return !this.#ended;
  }

  /** Whether the segment is large enough for the next one; see `rotate`. */
  get wantsRotation(): boolean {
    return this.#offset + this.#records.length >= this.#options.segmentBytes;
  }

  /** A machine begins: a new segment. */
  begin(version: string, making: MachineMaking): void {
    this.#nextSegment(true);
    this.#any({ kind: 'opened', version, making, continues: false });
  }

  /** The same machine goes on in a new segment. */
  rotate(version: string, making: MachineMaking): void {
    this.#nextSegment(false);
    this.#any({ kind: 'opened', version, making, continues: true });
  }

  input(now: Micros, input: MasterInput): void {
    if (this.#ended) return;
    this.#instants.push(now);
    this.#inputs.push(input);
    if (formOf(input) === null || this.#inputs.length === WAITING_MAX) this.#encode();
    this.#gather();
  }

  checkpoint(inputs: number, hash: string): void {
    this.#any({ kind: 'checkpoint', inputs, hash });
  }

  name(of: NameRecord['of'], id: number, text: string): void {
    if (this.#ended) return;
    // It may come before inputs that wait, which do not name it.
    this.#records.name(of, id, text);
    this.#gather();
  }

  /** Everything recorded so far is on the disk when it resolves. */
  async flush(): Promise<void> {
    this.#seal();
    this.#backlog.push({ kind: 'sync' });
    await this.#work();
  }

  /** Ends the machine's record in order. */
  async close(reason: string): Promise<void> {
    this.#any({ kind: 'closed', reason });
    await this.flush();
    this.#ended = true;
    if (this.#syncTimer !== null) clearTimeout(this.#syncTimer);
    if (this.#gatherTimer !== null) clearTimeout(this.#gatherTimer);
    await this.#file?.close();
    this.#file = null;
    await this.#pruner.close();
  }

  #any(record: JournalRecord): void {
    if (this.#ended) return;
    this.#encode();
    if (this.#ended) return;
    this.#records.any(record);
    this.#gather();
  }

  /** Writes the inputs that wait to the block. */
  #encode(): void {
    const inputs = this.#inputs;
    const records = this.#records;
    for (let index = 0; index < inputs.length; index++) {
      const before = records.length;
      try {
        records.input(this.#instants[index]!, inputs[index]!);
      } catch (error) {
        // Half a record is none, and the dictionary is ahead of the file now: what is before it is the last that can be read.
        records.truncate(before);
        this.#forgetInputs();
        this.#seal();
        void this.#work();
        this.#end(`an input cannot be written: ${(error as Error).message}`);
        return;
      }
      if (records.length >= BLOCK_SIZE) this.#sealBlock();
    }
    this.#forgetInputs();
  }

  #forgetInputs(): void {
    this.#instants.length = 0;
    this.#inputs.length = 0;
  }

  /** After each record: it is written soon. */
  #gather(): void {
    this.#gatherTimer ??= setTimeout(() => {
      this.#gatherTimer = null;
      // While the disk is busy the block fills on: fewer and larger writes.
      if (this.#working !== null) return;
      this.#seal();
      void this.#work();
    }, GATHER_MILLIS);
  }

  #nextSegment(isBeginning: boolean): void {
    if (this.#ended) return;
    this.#seal();
    this.#segment++;
    this.#offset = FILE_HEADER_SIZE;
    this.#records.forget();
    this.#backlog.push({ kind: 'segment', number: this.#segment, isBeginning });
  }

  /** Makes a block of all since the last one, to be written. */
  #seal(): void {
    this.#encode();
    this.#sealBlock();
  }

  #sealBlock(): void {
    const { length } = this.#records;
    if (length === BLOCK_HEADER_SIZE) return;
    const buffer = this.#records.take();
    writeBlockHeader(buffer, 0, buffer.subarray(BLOCK_HEADER_SIZE, length), this.#segment, this.#offset);
    this.#offset += length;
    this.#backlog.push({ kind: 'bytes', buffer, length });
    this.#backlogBytes += length;
    this.#records.begin(this.#spare ?? Buffer.allocUnsafe(BUFFER_SIZE), BLOCK_HEADER_SIZE);
    this.#spare = null;
    if (this.#backlogBytes > BACKLOG_MAX)
      this.#fail(`the disk is ${this.#backlogBytes} bytes behind, more than ${BACKLOG_MAX}`);
  }

  async #work(): Promise<void> {
    // Without work it would be over before it is noted as going on.
    if (this.#working === null && this.#backlog.length === 0) return;
    this.#working ??= this.#workOff();
    await this.#working;
  }

  async #workOff(): Promise<void> {
    try {
      for (let work = this.#backlog.shift(); work !== undefined; work = this.#backlog.shift()) {
        await this.#perform(work);
        if (this.#backlog.length === 0) this.#seal();
      }
    } catch (error) {
      this.#fail((error as Error).message);
    }
    this.#working = null;
  }

  async #perform(work: Work): Promise<void> {
    switch (work.kind) {
      case 'bytes':
        await writeAll(this.#file!, work.buffer, work.length);
        this.#backlogBytes -= work.length;
        if (work.buffer.length === BUFFER_SIZE) this.#spare = work.buffer;
        this.#armSync();
        break;
      case 'sync':
        await this.#file?.datasync();
        break;
      case 'segment':
        await this.#file?.datasync();
        await this.#file?.close();
        this.#file = null;
        this.#file = await open(join(this.#folder, segmentName(work.number)), 'wx', 0o600);
        await writeAll(this.#file, fileHeader(SEGMENT_FILE, work.number), FILE_HEADER_SIZE);
        await this.#pruner.segmentBegun(work.number, work.isBeginning);
        break;
    }
  }

  #armSync(): void {
    if (this.#syncTimer !== null || this.#ended) return;
    this.#syncTimer = setTimeout(() => {
      this.#syncTimer = null;
      this.#backlog.push({ kind: 'sync' });
      void this.#work();
    }, this.#options.syncMillis);
    this.#syncTimer.unref();
  }

  /** What waits for the disk is given up with it. */
  #fail(reason: string): void {
    this.#backlog = [];
    this.#backlogBytes = 0;
    this.#forgetInputs();
    this.#records.truncate(BLOCK_HEADER_SIZE);
    this.#end(reason);
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#notice({
      kind: 'failed',
      reason: `the journal in ${this.#folder} has ended: ${reason}; the master goes on without it`,
    });
  }
}

type Work =
  | { readonly kind: 'bytes'; readonly buffer: Buffer; readonly length: number }
  | { readonly kind: 'sync' }
  | { readonly kind: 'segment'; readonly number: number; readonly isBeginning: boolean };

async function writeAll(file: FileHandle, bytes: Buffer, length: number): Promise<void> {
  for (let done = 0; done < length; ) {
    const { bytesWritten } = await file.write(bytes, done, length - done);
    done += bytesWritten;
  }
}

/** The last segment's torn tail is cut off. False if nothing was left of the segment. */
async function repair(
  folder: string,
  segment: number,
  notice: (notice: JournalNotice) => void,
): Promise<boolean> {
  let torn: TornTail | null = null;
  const records = readSegment(folder, segment, (tail) => {
    torn = tail;
  });
  for await (const _record of records);
  const tail = torn as TornTail | null;
  if (tail === null) return true;
  const path = join(folder, segmentName(segment));
  if (tail.offset === 0) await rm(path);
  else await truncate(path, tail.offset);
  notice({ kind: 'repaired', tail });
  return tail.offset > 0;
}
