import { isDeepStrictEqual } from 'node:util';
import type { Micros } from '../../../engine/core/index.ts';
import {
  type AllocatorFactory,
  type MasterInput,
  MasterMachine,
  type MasterOutput,
  SnapshotMismatch,
} from '../../../engine/master/index.ts';
import { JournalError } from './journal-error.ts';
import { snapshotName } from './journal-format.ts';
import type { PlacedRecord } from './journal-reader.ts';
import type { MachineMaking, NameRecord } from './journal-record.ts';
import { OutputDigest } from './output-digest.ts';
import type { JournalSnapshot } from './snapshot-file.ts';

/** The snapshot that a machine's replay began with. */
export interface ReplayedFrom {
  /** The segment that it stands before. */
  readonly segment: number;
  /** The segment that the machine began in. */
  readonly began: number;
  /** Inputs of the machine before it; they are not replayed. */
  readonly inputs: number;
  /** Instants of the first and the last of them. */
  readonly from: Micros;
  readonly to: Micros;
}

/** What a replay tells while it runs. Outputs are in an array that is used again. */
export interface ReplayObserver {
  /** A machine begins, or goes on from a snapshot. */
  made?(making: MachineMaking, machine: MasterMachine, snapshot: ReplayedFrom | null): void;
  named?(record: NameRecord): void;
  stepped?(now: Micros, input: MasterInput, outputs: readonly MasterOutput[], machine: MasterMachine): void;
}

/** One machine of a journal: a master from its start, or from a snapshot, to its end. */
export interface ReplayedMachine {
  /** First segment of it that was read. */
  readonly segment: number;
  readonly version: string;
  readonly allocator: string;
  /** Null if it was replayed from its beginning. */
  readonly snapshot: ReplayedFrom | null;
  /** As far as they were replayed: what a snapshot stands for is not counted. */
  inputs: number;
  outputs: number;
  checkpoints: number;
  /** Instants of the first and last input that were replayed, null without any. */
  from: Micros | null;
  to: Micros | null;
  /** Of all its outputs, those before a snapshot included. */
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

export interface MachineReplayOptions {
  /** The policy of that name, or a promise of it. */
  readonly factoryOf: (allocator: string) => AllocatorFactory | Promise<AllocatorFactory>;
  readonly observer: ReplayObserver;
  /** Asked before each input: true ends the replay there. */
  readonly until: (now: Micros) => boolean;
}

/** Takes the machines of a journal through its records, one by one. */
export class MachineReplay {
  readonly machines: ReplayedMachine[] = [];
  divergence: Divergence | null = null;
  machine: MasterMachine | null = null;
  /** The last record was a checkpoint, which agreed. */
  isChecked = false;
  readonly #options: MachineReplayOptions;
  readonly #outputs: MasterOutput[] = [];
  #digest = new OutputDigest();
  /** Given to begin with, until the machine's next segment is opened. */
  #snapshot: JournalSnapshot | null;

  constructor(options: MachineReplayOptions, snapshot: JournalSnapshot | null) {
    this.#options = options;
    this.#snapshot = snapshot;
  }

  /** False when the replay is over. Throws JournalError. */
  async take({ segment, offset, record }: PlacedRecord): Promise<boolean> {
    this.isChecked = false;
    switch (record.kind) {
      case 'opened':
        if (!record.continues) await this.#begin(segment, record.version, record.making);
        else if (this.#snapshot !== null) await this.#goOn(segment, record.making, this.#snapshot);
        this.#snapshot = null;
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
        if (this.#digest.steps === record.inputs && this.#digest.text === record.hash) {
          this.isChecked = true;
          return true;
        }
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

  /** Steps of the machine so far, since it was made. */
  get steps(): number {
    return this.#digest.steps;
  }

  endMachine(): void {
    const current = this.machines.at(-1);
    if (current !== undefined) current.hash = this.#digest.text;
  }

  async #begin(segment: number, version: string, making: MachineMaking): Promise<void> {
    this.endMachine();
    const factory = await this.#options.factoryOf(making.allocator);
    this.machine = new MasterMachine(making.masterOptions, factory, making.allocatorOptions, making.madeAt);
    this.#digest = new OutputDigest();
    this.#enter(segment, version, making, null);
  }

  async #goOn(segment: number, making: MachineMaking, snapshot: JournalSnapshot): Promise<void> {
    if (!isDeepStrictEqual(making, snapshot.making))
      throw new JournalError(
        `${snapshotName(segment)} is of another machine than the one that segment ${segment} goes on with`,
      );
    const { inputs, hash, began, from, to } = snapshot;
    const factory = await this.#options.factoryOf(making.allocator);
    const { masterOptions, allocatorOptions } = making;
    try {
      this.machine = MasterMachine.restored(masterOptions, factory, allocatorOptions, snapshot.machine);
    } catch (error) {
      if (!(error instanceof SnapshotMismatch)) throw error;
      throw new JournalError(
        `${snapshotName(segment)} cannot be used: ${error.message}; replay the journal with the build that wrote it, version ${snapshot.program}`,
        { cause: error },
      );
    }
    this.#digest = OutputDigest.from(inputs, hash);
    this.#enter(segment, snapshot.version, making, { segment, began, inputs, from, to });
    for (const name of snapshot.names) this.#options.observer.named?.(name);
  }

  #enter(segment: number, version: string, making: MachineMaking, snapshot: ReplayedFrom | null): void {
    this.machines.push({
      segment,
      version,
      allocator: making.allocator,
      snapshot,
      inputs: 0,
      outputs: 0,
      checkpoints: 0,
      from: null,
      to: null,
      hash: '',
      closed: null,
    });
    this.#options.observer.made?.(making, this.machine!, snapshot);
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
