import type { Micros } from '../../../engine/core/index.ts';
import {
  type AllocatorFactory,
  MasterMachine,
  type MasterInput,
  type MasterOutput,
} from '../../../engine/master/index.ts';
import { JournalError, type PlacedRecord, readJournal, type TornTail } from './journal-reader.ts';
import type { JournalRecord, MachineMaking } from './journal-record.ts';
import { OutputDigest } from './output-digest.ts';

/** What a replay tells while it runs. Outputs are in an array that is used again. */
export interface ReplayObserver {
  /** A machine begins. */
  made?(making: MachineMaking, machine: MasterMachine): void;
  named?(record: Extract<JournalRecord, { kind: 'name' }>): void;
  stepped?(now: Micros, input: MasterInput, outputs: readonly MasterOutput[], machine: MasterMachine): void;
}

/** One machine of a journal: a master from its start to its end. */
export interface ReplayedMachine {
  /** Segment that it begins in. */
  readonly segment: number;
  readonly version: string;
  readonly allocator: string;
  inputs: number;
  outputs: number;
  checkpoints: number;
  /** Instants of its first and last input, null without any. */
  from: Micros | null;
  to: Micros | null;
  /** Of all its outputs. */
  hash: string;
  /** Why it ended; null when its process just died, or lives. */
  closed: string | null;
}

/** The outputs of the replay are not those of the run, at or before this checkpoint. */
export interface Divergence {
  readonly segment: number;
  readonly offset: number;
  readonly inputs: number;
  readonly recorded: string;
  readonly replayed: string;
}

export interface ReplayResult {
  readonly machines: readonly ReplayedMachine[];
  readonly torn: readonly TornTail[];
  /** The first one; the replay ends there. */
  readonly divergence: Divergence | null;
  /** The machine at the end, or at `until`; null for a journal without records. */
  readonly machine: MasterMachine | null;
}

export interface ReplayOptions {
  /** The policy of that name, or a promise of it. */
  readonly factoryOf: (allocator: string) => AllocatorFactory | Promise<AllocatorFactory>;
  readonly observer: ReplayObserver;
  /** Asked before each input: true ends the replay there. */
  readonly until: (now: Micros) => boolean;
}

/**
 * Takes a recorded master through its inputs again and compares what it puts out with the recorded checkpoints. Throws JournalError for a
 * journal that cannot be read.
 */
export async function replayJournal(folder: string, options: ReplayOptions): Promise<ReplayResult> {
  const torn: TornTail[] = [];
  const replay = new Replay(options);
  for await (const placed of readJournal(folder, (tail) => torn.push(tail))) {
    if (!(await replay.take(placed))) break;
  }
  replay.endMachine();
  return { machines: replay.machines, torn, divergence: replay.divergence, machine: replay.machine };
}

class Replay {
  readonly machines: ReplayedMachine[] = [];
  divergence: Divergence | null = null;
  machine: MasterMachine | null = null;
  readonly #options: ReplayOptions;
  readonly #outputs: MasterOutput[] = [];
  #digest = new OutputDigest();

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  /** False when the replay is over. */
  async take({ segment, offset, record }: PlacedRecord): Promise<boolean> {
    switch (record.kind) {
      case 'opened':
        if (!record.continues) await this.#begin(segment, record.version, record.making);
        else if (this.machine === null) throw new JournalError(beginsMidway(segment));
        return true;
      case 'name':
        this.#options.observer.named?.(record);
        return true;
      case 'input':
        if (this.#options.until(record.now)) return false;
        this.#step(record.now, record.input);
        return true;
      case 'checkpoint': {
        const current = this.machines.at(-1)!;
        current.checkpoints++;
        if (this.#digest.steps === record.inputs && this.#digest.text === record.hash) return true;
        this.divergence = {
          segment,
          offset,
          inputs: record.inputs,
          recorded: record.hash,
          replayed: this.#digest.text,
        };
        return false;
      }
      case 'closed':
        this.machines.at(-1)!.closed = record.reason;
        return true;
      default:
        throw new JournalError(
          `segment ${segment} has a record at byte ${offset} that this version does not know: replay it with the version that wrote it`,
        );
    }
  }

  endMachine(): void {
    const current = this.machines.at(-1);
    if (current !== undefined) current.hash = this.#digest.text;
  }

  async #begin(segment: number, version: string, making: MachineMaking): Promise<void> {
    this.endMachine();
    const factory = await this.#options.factoryOf(making.allocator);
    this.machine = new MasterMachine(making.masterOptions, factory, making.allocatorOptions, making.madeAt);
    this.#enter(segment, version, making, this.machine);
  }

  #enter(segment: number, version: string, making: MachineMaking, machine: MasterMachine): void {
    this.#digest = new OutputDigest();
    this.machines.push({
      segment,
      version,
      allocator: making.allocator,
      inputs: 0,
      outputs: 0,
      checkpoints: 0,
      from: null,
      to: null,
      hash: '',
      closed: null,
    });
    this.#options.observer.made?.(making, machine);
  }

  #step(now: Micros, input: MasterInput): void {
    const machine = this.machine!;
    const outputs = this.#outputs;
    outputs.length = 0;
    machine.step(now, input, outputs);
    this.#digest.add(now, outputs);
    const current = this.machines.at(-1)!;
    current.inputs++;
    current.outputs += outputs.length;
    current.from ??= now;
    current.to = now;
    this.#options.observer.stepped?.(now, input, outputs, machine);
  }
}

function beginsMidway(segment: number): string {
  return `segment ${segment} goes on with a machine whose beginning was removed: a journal is replayed from the beginning of a machine`;
}
