import { assertNever, type MasterEpoch, type Micros, type Sink } from '../../../engine/core/index.ts';
import type { MasterInput, MasterMachine, MasterOutput } from '../../../engine/master/index.ts';
import type { RegistryOperation } from '../../../engine/registry/index.ts';
import type { RegistryStore } from '../storage/registry-store.ts';
import type { Clock } from './clock.ts';
import { TimingWindow } from './timing-window.ts';

/** Carries out what a master orders, beside the registry. Each is called in the order of the outputs. */
export type MasterEffects = {
  readonly [Kind in Exclude<MasterOutput['kind'], 'persist' | 'abdicate'>]: (
    output: Extract<MasterOutput, { readonly kind: Kind }>,
  ) => void;
};

/** Sees all that goes in and comes out, such as the journal; null costs nothing. */
export interface MasterTap {
  /** Before a step. */
  input(now: Micros, input: MasterInput): void;
  /** After the step, before its outputs are carried out. */
  stepped(now: Micros, outputs: readonly MasterOutput[]): void;
}

/** Timers of node reach this far. */
const TIMER_MAX_MS = 2 ** 31 - 1;
const TICK: MasterInput = { kind: 'tick' };

/**
 * The loop around a master's machine: every input goes through `deliver`, one at a time, with the instant at which it is taken; outputs are carried
 * out in order; one timer ticks. An input that an effect brings about waits its turn.
 */
export class MasterLoop {
  readonly #machine: MasterMachine;
  readonly #clock: Clock;
  readonly #registry: RegistryStore;
  #effects: MasterEffects | null = null;
  readonly #tap: MasterTap | null;
  readonly #ended: (reason: string) => void;
  readonly #outputs: MasterOutput[] = [];
  readonly #sink: Sink<MasterOutput> = { push: (output) => this.#outputs.push(output) };
  readonly #waiting: MasterInput[] = [];
  #isStepping = false;
  #isOver = false;
  #lastNow: Micros;
  #timer: NodeJS.Timeout | null = null;
  #timerAt: Micros | null = null;
  // Registry writes: those of the steps since the last append, and the index of the last of them.
  #operations: RegistryOperation[] = [];
  #lastIndex = 0;
  #isAppending = false;
  /** How long the registry took to make writes durable. */
  readonly storeTimes = new TimingWindow();
  /** How long the steps took in which an allocation ran. */
  readonly allocationTimes = new TimingWindow();

  /** @param ended called once when the master cannot go on */
  constructor(
    machine: MasterMachine,
    clock: Clock,
    registry: RegistryStore,
    tap: MasterTap | null,
    ended: (reason: string) => void,
  ) {
    this.#machine = machine;
    this.#clock = clock;
    this.#registry = registry;
    this.#tap = tap;
    this.#ended = ended;
    this.#lastNow = clock.now();
  }

  /** Who carries outputs out: said once, before the first input. */
  carryOutBy(effects: MasterEffects): void {
    this.#effects = effects;
  }

  get machine(): MasterMachine {
    return this.#machine;
  }

  /** Instant of the last step. */
  get now(): Micros {
    return this.#lastNow;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The instant by the loop's clock. */
  instant(): Micros {
    return this.#clock.now();
  }

  /** Inputs that wait for the one under way. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** The only way into the machine. */
  deliver(input: MasterInput): void {
    if (this.#isOver) return;
    if (this.#isStepping) {
      this.#waiting.push(input);
      return;
    }
    this.#isStepping = true;
    try {
      this.#step(input);
      for (let index = 0; index < this.#waiting.length && !this.#isOver; index++)
        this.#step(this.#waiting[index]!);
      this.#waiting.length = 0;
    } catch (error) {
      // Our own error: the books may be half written. The process ends, and its journal tells how it came to this.
      this.stop();
      this.#ended(error instanceof Error ? (error.stack ?? error.message) : String(error));
    } finally {
      this.#isStepping = false;
    }
    if (this.#operations.length > 0 && !this.#isAppending && !this.#isOver) void this.#append();
    this.#arm();
  }

  /** No further step, no timer. */
  stop(): void {
    this.#isOver = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #step(input: MasterInput): void {
    const now = this.#clock.now();
    this.#lastNow = now;
    const outputs = this.#outputs;
    if (this.#tap !== null) this.#tap.input(now, input);
    const before = this.#runs;
    const began = performance.now();
    this.#machine.step(now, input, this.#sink);
    // Mostly a tick's, but whichever call comes first after the deadline may run the cycle that was due.
    if (this.#runs > before) this.allocationTimes.add(performance.now() - began);
    if (this.#tap !== null) this.#tap.stepped(now, outputs);
    for (let index = 0; index < outputs.length; index++) this.#perform(outputs[index]!);
    outputs.length = 0;
  }

  /** Allocation cycles of a master that leads. */
  get #runs(): number {
    return this.#machine.isLeading ? this.#machine.state.allocator.metrics().allocationRuns : 0;
  }

  #perform(output: MasterOutput): void {
    const effects = this.#effects!;
    switch (output.kind) {
      case 'event':
        effects.event(output);
        break;
      case 'toAgent':
        effects.toAgent(output);
        break;
      case 'closeStream':
        effects.closeStream(output);
        break;
      case 'closeLink':
        effects.closeLink(output);
        break;
      case 'refuseCall':
        effects.refuseCall(output);
        break;
      case 'answerCall':
        effects.answerCall(output);
        break;
      case 'operatorEvent':
        effects.operatorEvent(output);
        break;
      case 'closeOperatorStream':
        effects.closeOperatorStream(output);
        break;
      case 'authorize':
        effects.authorize(output);
        break;
      case 'pingAgents':
        effects.pingAgents(output);
        break;
      case 'persist':
        this.#operations.push(output.operation);
        this.#lastIndex = output.index;
        break;
      case 'abdicate':
        this.stop();
        this.#ended(output.reason);
        break;
      default:
        assertNever(output);
    }
  }

  /** One append at a time takes all that has come together meanwhile. */
  async #append(): Promise<void> {
    this.#isAppending = true;
    while (this.#operations.length > 0 && !this.#isOver) {
      const operations = this.#operations;
      const upTo = this.#lastIndex;
      this.#operations = [];
      const began = performance.now();
      try {
        await this.#registry.append(operations);
        this.storeTimes.add(performance.now() - began);
      } catch (error) {
        this.deliver({
          kind: 'registryFailed',
          reason: error instanceof Error ? error.message : String(error),
        });
        // It takes nothing more, and the master was told so once: `#isAppending` stays.
        return;
      }
      this.deliver({ kind: 'registryDurable', upTo });
    }
    this.#isAppending = false;
  }

  #arm(): void {
    if (this.#isOver) return;
    const deadline = this.#machine.nextDeadline();
    if (deadline === this.#timerAt && this.#timer !== null) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#timerAt = deadline;
    if (deadline === null) return;
    const delayMs = Math.max(0, Math.ceil((deadline - this.#clock.now()) / 1_000));
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        const due = this.#machine.nextDeadline();
        if (due !== null && due <= this.#clock.now()) this.deliver(TICK);
        else this.#arm();
      },
      Math.min(delayMs, TIMER_MAX_MS),
    );
  }
}

/** The epoch of the master that is elected after those that a registry knows. */
export function nextEpoch(last: MasterEpoch): MasterEpoch {
  return (last + 1) as MasterEpoch;
}
