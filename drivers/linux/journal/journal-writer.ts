import { type FileHandle, mkdir, open, readdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { Micros } from '../../../engine/core/index.ts';
import type { MasterInput } from '../../../engine/master/index.ts';
import { ValueWriter } from '../storage/value-writer.ts';
import {
  FILE_HEADER_SIZE,
  fileHeader,
  RECORD_HEADER_SIZE,
  SEGMENT_FILE,
  segmentName,
  segmentNumber,
  writeRecordHeader,
} from './journal-format.ts';
import type { JournalOptions } from './journal-options.ts';
import { type Compactor, JournalPruner, type PruneNotice } from './journal-pruner.ts';
import { readSegment, type TornTail } from './journal-reader.ts';
import type { JournalRecord, MachineMaking, NameRecord } from './journal-record.ts';

const MIB = 1_024 * 1_024;
/** Bytes waiting for the disk beyond which recording ends rather than memory. */
const BACKLOG_MAX = 128 * MIB;
const BUFFER_SIZE = MIB;

export type JournalNotice =
  | { readonly kind: 'repaired'; readonly tail: TornTail }
  /** Recording has ended; the master goes on without. */
  | { readonly kind: 'failed'; readonly reason: string }
  | PruneNotice;

/**
 * Records what a master is told. Recording never holds the master up: records go to memory at once and to the file soon after, and if the
 * disk cannot keep up or fails, recording ends with a notice.
 */
export class JournalWriter {
  readonly #folder: string;
  readonly #options: JournalOptions;
  readonly #pruner: JournalPruner;
  readonly #notice: (notice: JournalNotice) => void;
  readonly #values = new ValueWriter();
  #segment: number;
  /** Bytes of the segment so far, those not written yet included. */
  #offset = 0;
  #file: FileHandle | null = null;
  #buffer: Buffer = Buffer.allocUnsafe(BUFFER_SIZE);
  #filled = 0;
  /** A buffer that has been written, to be filled again. */
  #spare: Buffer | null = null;
  /** Full buffers and orders for the file, in order. */
  #backlog: Work[] = [];
  #backlogBytes = 0;
  #working: Promise<void> | null = null;
  #scheduled = false;
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
    return this.#offset >= this.#options.segmentBytes;
  }

  /** A machine begins: a new segment. */
  begin(version: string, making: MachineMaking): void {
    this.#nextSegment(true);
    this.#append({ kind: 'opened', version, making, continues: false });
  }

  /** The same machine goes on in a new segment. */
  rotate(version: string, making: MachineMaking): void {
    this.#nextSegment(false);
    this.#append({ kind: 'opened', version, making, continues: true });
  }

  input(now: Micros, input: MasterInput): void {
    this.#append({ kind: 'input', now, input });
  }

  checkpoint(inputs: number, hash: string): void {
    this.#append({ kind: 'checkpoint', inputs, hash });
  }

  name(of: NameRecord['of'], id: number, text: string): void {
    this.#append({ kind: 'name', of, id, text });
  }

  /** Everything recorded so far is on the disk when it resolves. */
  async flush(): Promise<void> {
    this.#hand();
    this.#backlog.push({ kind: 'sync' });
    await this.#work();
  }

  /** Ends the machine's record in order. */
  async close(reason: string): Promise<void> {
    if (!this.#ended) this.#append({ kind: 'closed', reason });
    await this.flush();
    this.#ended = true;
    if (this.#syncTimer !== null) clearTimeout(this.#syncTimer);
    await this.#file?.close();
    this.#file = null;
    await this.#pruner.close();
  }

  #append(record: JournalRecord): void {
    if (this.#ended) return;
    const payload = this.#values.write(record);
    const size = RECORD_HEADER_SIZE + payload.length;
    if (this.#filled + size > this.#buffer.length) {
      this.#hand();
      if (size > this.#buffer.length) this.#buffer = Buffer.allocUnsafe(size);
    }
    writeRecordHeader(this.#buffer, this.#filled, payload, this.#segment, this.#offset);
    payload.copy(this.#buffer, this.#filled + RECORD_HEADER_SIZE);
    this.#filled += size;
    this.#offset += size;
    this.#schedule();
  }

  #nextSegment(isBeginning: boolean): void {
    if (this.#ended) return;
    this.#hand();
    this.#segment++;
    this.#offset = FILE_HEADER_SIZE;
    this.#values.forget();
    this.#backlog.push({ kind: 'segment', number: this.#segment, isBeginning });
    this.#schedule();
  }

  /** Hands the filled part of the buffer on to be written. */
  #hand(): void {
    if (this.#filled === 0) return;
    this.#backlog.push({ kind: 'bytes', buffer: this.#buffer, length: this.#filled });
    this.#backlogBytes += this.#filled;
    this.#buffer = this.#spare ?? Buffer.allocUnsafe(BUFFER_SIZE);
    this.#spare = null;
    this.#filled = 0;
    if (this.#backlogBytes > BACKLOG_MAX)
      this.#fail(`the disk is ${this.#backlogBytes} bytes behind, more than ${BACKLOG_MAX}`);
  }

  /** One write for all that an iteration of the event loop records. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      // While the disk is busy the buffer fills on: fewer and larger writes.
      if (this.#working !== null) return;
      this.#hand();
      void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#working ??= this.#workOff();
    await this.#working;
  }

  async #workOff(): Promise<void> {
    try {
      for (let work = this.#backlog.shift(); work !== undefined; work = this.#backlog.shift()) {
        await this.#perform(work);
        if (this.#backlog.length === 0) this.#hand();
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

  #fail(reason: string): void {
    this.#backlog = [];
    this.#backlogBytes = 0;
    this.#filled = 0;
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
