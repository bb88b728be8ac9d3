import type { Micros } from '../../../engine/core/index.ts';
import type { MasterInput, MasterOutput } from '../../../engine/master/index.ts';
import type { MachineMaking, NameRecord } from './journal-record.ts';
import type { JournalWriter } from './journal-writer.ts';
import { OutputDigest } from './output-digest.ts';

/** Steps, or microseconds, between two checkpoints. */
const CHECKPOINT_STEPS = 1_024;
const CHECKPOINT_MICROS = 1_000_000;

/** Records the steps of one master's machine, so that `replayJournal` takes them again. */
export class FlightRecorder {
  readonly #journal: JournalWriter;
  readonly #version: string;
  readonly #making: MachineMaking;
  readonly #digest = new OutputDigest();
  #checkpointAt: number;

  /** @param making what the machine was made of, just now */
  constructor(journal: JournalWriter, version: string, making: MachineMaking) {
    this.#journal = journal;
    this.#version = version;
    this.#making = making;
    this.#checkpointAt = making.madeAt + CHECKPOINT_MICROS;
    journal.begin(version, making);
  }

  /** Before a step. */
  input(now: Micros, input: MasterInput): void {
    this.#journal.input(now, input);
  }

  /** After the step, with what it put out. */
  stepped(now: Micros, outputs: readonly MasterOutput[]): void {
    this.#digest.add(now, outputs);
    if (this.#digest.steps % CHECKPOINT_STEPS !== 0 && now < this.#checkpointAt) return;
    this.#checkpointAt = now + CHECKPOINT_MICROS;
    this.#checkpoint();
    if (this.#journal.wantsRotation) this.#journal.rotate(this.#version, this.#making);
  }

  /** The text of an id, before the first input that names it. */
  name(of: NameRecord['of'], id: number, text: string): void {
    this.#journal.name(of, id, text);
  }

  async close(reason: string): Promise<void> {
    this.#checkpoint();
    await this.#journal.close(reason);
  }

  #checkpoint(): void {
    this.#journal.checkpoint(this.#digest.steps, this.#digest.text);
  }
}
