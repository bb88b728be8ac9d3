import {
  assert,
  type Micros,
  MICROS_PER_MILLISECOND,
  MICROS_PER_SECOND,
  micros,
} from '../../../engine/core/index.ts';
import { type RegistryOperation, RegistryState } from '../../../engine/registry/index.ts';
import { type Agenda, REGISTRY_TIMEOUT, REGISTRY_WRITTEN } from '../agenda/index.ts';

/** How the registry's store behaves. Durations in µs. */
export interface RegistryOptions {
  /** From the start of a write to its durability. What comes meanwhile waits and is written together (spec 13 §3). */
  readonly writeLatency: Micros;
  /** `--registry_store_timeout`: a write that takes longer has failed, and the master must end. */
  readonly storeTimeout: Micros;
}

export const DEFAULT_REGISTRY_OPTIONS: RegistryOptions = {
  writeLatency: micros(5 * MICROS_PER_MILLISECOND),
  storeTimeout: micros(20 * MICROS_PER_SECOND),
};

/**
 * The store that outlives masters. One write is in flight at a time and carries all operations that waited for it; they become durable
 * together and in order.
 */
export class VirtualRegistry<Payload> {
  readonly state = new RegistryState();
  readonly #agenda: Agenda<Payload>;
  readonly #options: RegistryOptions;
  #writeLatency: Micros;
  #waiting: RegistryOperation[] = [];
  #writing: readonly RegistryOperation[] = [];
  /** Index of the last operation that the master of now asked for, and of the last durable one. */
  #issued = 0;
  #durable = 0;

  constructor(agenda: Agenda<Payload>, options: RegistryOptions) {
    this.#agenda = agenda;
    this.#options = options;
    this.#writeLatency = options.writeLatency;
  }

  /** Takes an operation of the master; `flush` starts its write. */
  persist(index: number, operation: RegistryOperation): void {
    assert(index === this.#issued + 1, 'a master numbers its writes without gap');
    this.#issued = index;
    this.#waiting.push(operation);
  }

  /** Starts a write of what waits, unless one is in flight. REGISTRY_WRITTEN or REGISTRY_TIMEOUT follows, with `detail`. */
  flush(now: Micros, detail: number): void {
    if (this.#writing.length > 0 || this.#waiting.length === 0) return;
    this.#writing = this.#waiting;
    this.#waiting = [];
    const { storeTimeout } = this.#options;
    if (this.#writeLatency > storeTimeout) {
      this.#agenda.push(now + storeTimeout, REGISTRY_TIMEOUT, 0, detail, null);
    } else {
      this.#agenda.push(now + this.#writeLatency, REGISTRY_WRITTEN, 0, detail, null);
    }
  }

  /** REGISTRY_WRITTEN has come: applies the write and returns the index up to which all is durable. */
  written(): number {
    for (const operation of this.#writing) this.state.apply(operation);
    this.#durable += this.#writing.length;
    this.#writing = [];
    return this.#durable;
  }

  /**
   * The master is gone. Of its writes not yet durable a prefix survives: `pick` modulo (their number + 1) of them, so none, some or all.
   * The next master numbers from 1 again.
   */
  masterGone(pick: number): void {
    const pending = [...this.#writing, ...this.#waiting];
    const surviving = pick % (pending.length + 1);
    for (let index = 0; index < surviving; index++) this.state.apply(pending[index]!);
    this.#writing = [];
    this.#waiting = [];
    this.#issued = 0;
    this.#durable = 0;
  }

  /** Writes that start from now on take `latency`; null restores the normal one. */
  setWriteLatency(latency: Micros | null): void {
    this.#writeLatency = latency ?? this.#options.writeLatency;
  }
}
