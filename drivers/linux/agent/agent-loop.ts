import type { AgentInput, AgentMachine, AgentOutput, CheckpointRecord } from '../../../engine/agent/index.ts';
import type { Micros, Sink } from '../../../engine/core/index.ts';
import type { Resources } from '../../../engine/resources/index.ts';
import type { Clock } from '../master/clock.ts';
import type { CheckpointLog } from './checkpoint-log.ts';

/** What is carried out once the records of its step, and of all steps before, are on the disk. */
export type CarriedOut = Exclude<AgentOutput, { readonly kind: 'checkpoint' }>;

/** Sees all that goes in and comes out; null costs nothing. */
export interface AgentTap {
  stepped(now: Micros, input: AgentInput, outputs: readonly AgentOutput[]): void;
}

/** What a step wants done, waiting for the disk. */
interface HeldStep {
  readonly outputs: readonly CarriedOut[];
  readonly done: (() => void) | null;
  /** The agent's total, where an operation changed it. */
  readonly total: Resources | null;
  readonly sequence: number;
}

const TIMER_MAX_MS = 2 ** 31 - 1;
const TICK: AgentInput = { kind: 'tick' };

/**
 * The loop around an agent's machine: every input goes through `deliver`, one at a time, with the instant at which it is taken; records go to the
 * disk, and all else is carried out, in order, when they are there; one timer ticks.
 */
export class AgentLoop {
  readonly machine: AgentMachine;
  readonly #clock: Clock;
  readonly #log: Pick<CheckpointLog, 'append' | 'sequence'>;
  readonly #tap: AgentTap | null;
  readonly #ended: (reason: string) => void;
  #carryOut: (output: CarriedOut) => void = () => {};
  #totalChanged: (total: Resources) => void = () => {};
  #total: Resources | null = null;
  readonly #outputs: AgentOutput[] = [];
  readonly #sink: Sink<AgentOutput> = { push: (output) => this.#outputs.push(output) };
  readonly #waiting: { readonly input: AgentInput; readonly done: (() => void) | null }[] = [];
  readonly #held: HeldStep[] = [];
  #isStepping = false;
  #isOver = false;
  #durableUpTo = 0;
  #timer: NodeJS.Timeout | null = null;
  #timerAt: Micros | null = null;

  /** @param ended called once when the agent cannot go on because of an error */
  constructor(
    machine: AgentMachine,
    clock: Clock,
    log: Pick<CheckpointLog, 'append' | 'sequence'>,
    tap: AgentTap | null,
    ended: (reason: string) => void,
  ) {
    this.machine = machine;
    this.#clock = clock;
    this.#log = log;
    this.#tap = tap;
    this.#ended = ended;
  }

  /** Who carries outputs out, and follows what operations do to the total: said once, before the first input. */
  carryOutBy(carryOut: (output: CarriedOut) => void, totalChanged: (total: Resources) => void): void {
    this.#carryOut = carryOut;
    this.#totalChanged = totalChanged;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  instant(): Micros {
    return this.#clock.now();
  }

  /** The only way into the machine. `done` is called once all that the input brought about is durable and carried out. */
  deliver(input: AgentInput, done: (() => void) | null = null): void {
    if (this.#isOver) return;
    this.#waiting.push({ input, done });
    this.#run();
  }

  /** The log's `durable`. */
  durable(sequence: number): void {
    if (this.#isOver) return;
    this.#durableUpTo = sequence;
    this.#isStepping = true;
    try {
      let count = 0;
      while (count < this.#held.length && this.#held[count]!.sequence <= sequence && !this.#isOver)
        this.#perform(this.#held[count++]!);
      this.#held.splice(0, count);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isStepping = false;
    }
    this.#run();
  }

  /** No further step, no timer, nothing further carried out. */
  stop(): void {
    this.#isOver = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #run(): void {
    if (this.#isStepping || this.#isOver) return;
    this.#isStepping = true;
    try {
      for (let index = 0; index < this.#waiting.length && !this.#isOver; index++) {
        const { input, done } = this.#waiting[index]!;
        this.#step(input, done);
      }
      this.#waiting.length = 0;
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isStepping = false;
    }
    this.#arm();
  }

  #step(input: AgentInput, done: (() => void) | null): void {
    const now = this.#clock.now();
    this.machine.step(now, input, this.#sink);
    if (this.#tap !== null) this.#tap.stepped(now, input, this.#outputs);
    const records: CheckpointRecord[] = [];
    const outputs: CarriedOut[] = [];
    for (const output of this.#outputs) {
      if (output.kind === 'checkpoint') records.push(output.record);
      else outputs.push(output);
    }
    const total = this.#newTotal(records);
    this.#outputs.length = 0;
    const sequence = records.length > 0 ? this.#log.append(records) : this.#log.sequence;
    const step = { outputs, done, total, sequence };
    if (this.#held.length > 0 || sequence > this.#durableUpTo) this.#held.push(step);
    else this.#perform(step);
  }

  #newTotal(records: readonly CheckpointRecord[]): Resources | null {
    let total: Resources | null = null;
    for (const record of records) {
      if (record.kind !== 'agent' || record.agent.resources === this.#total) continue;
      this.#total = record.agent.resources;
      total = record.agent.resources;
    }
    return total;
  }

  #perform({ outputs, done, total }: HeldStep): void {
    if (total !== null) this.#totalChanged(total);
    for (const output of outputs) {
      if (this.#isOver) return;
      this.#carryOut(output);
    }
    if (done !== null && !this.#isOver) done();
  }

  /** Our own error: the process ends, containers run on, and the next one starts from the disk. */
  #fail(error: unknown): void {
    this.stop();
    this.#ended(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }

  #arm(): void {
    if (this.#isOver) return;
    const deadline = this.machine.nextDeadline();
    if (deadline === this.#timerAt && this.#timer !== null) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#timerAt = deadline;
    if (deadline === null) return;
    const delayMs = Math.max(0, Math.ceil((deadline - this.#clock.now()) / 1_000));
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        const due = this.machine.nextDeadline();
        if (due !== null && due <= this.#clock.now()) this.deliver(TICK);
        else this.#arm();
      },
      Math.min(delayMs, TIMER_MAX_MS),
    );
  }
}
