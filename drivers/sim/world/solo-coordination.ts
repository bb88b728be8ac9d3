import type { MasterEpoch, Micros } from '../../../engine/core/index.ts';
import type { RegistryOperation, RegistryState } from '../../../engine/registry/index.ts';
import { REGISTRY_WRITTEN } from '../agenda/index.ts';
import { VirtualRegistry } from '../registry/index.ts';
import type { Coordination, MasterSide } from './coordination.ts';
import { NO_MASTER } from './leader-view.ts';
import type { Message, World } from './world.ts';

const REGISTRY_FAILURE = 'store timed out';
const MASTER = 0;

/** One master, elected as soon as its process is there, and a store of its own: what a replay needs, at no cost. */
export class SoloCoordination implements Coordination {
  readonly store: VirtualRegistry<Message>;
  readonly #side: MasterSide;
  /** Processes of the master that there have been: what the store has to say to one is nothing to the next. */
  #processes = 0;
  /** Whether the master's process is there. */
  #isThere = false;

  constructor(world: World, side: MasterSide, content: readonly RegistryOperation[]) {
    this.#side = side;
    this.store = new VirtualRegistry(world.agenda, world.options.registry);
    for (const operation of content) this.store.state.apply(operation);
  }

  get registry(): RegistryState {
    return this.store.state;
  }

  get leader(): number {
    return this.#isThere ? MASTER : NO_MASTER;
  }

  /** Its write takes effect when the master hears of it. */
  isWriting(): boolean {
    return false;
  }

  started(now: Micros, master: number): void {
    this.#isThere = true;
    this.#processes++;
    const epoch = (this.store.state.epoch + 1) as MasterEpoch;
    this.#side.elected(now, master, epoch, this.store.state.snapshot());
  }

  ended(_now: Micros, _master: number, survivingWrites: number): void {
    this.#isThere = false;
    this.store.masterGone(survivingWrites);
  }

  persist(_now: Micros, _master: number, index: number, operation: RegistryOperation): void {
    this.store.persist(index, operation);
  }

  flush(now: Micros): void {
    this.store.flush(now, this.#processes);
  }

  leaderFor(): number {
    return this.leader;
  }

  setWriteLatency(latency: Micros | null): void {
    this.store.setWriteLatency(latency);
  }

  disturbs(): void {
    // It keeps no lease.
  }

  clockSet(): void {
    // The store is not measured by the master's clock.
  }

  turnedAway(): void {
    // There is no other to be sent to.
  }

  /** REGISTRY_WRITTEN, REGISTRY_TIMEOUT. */
  happened(now: Micros, kind: number, target: number, detail: number): void {
    if (!this.#isThere || detail !== this.#processes) return;
    const again = (later: Micros): void => this.happened(later, kind, target, detail);
    if (this.#side.defers(MASTER, again)) return;
    if (kind === REGISTRY_WRITTEN) {
      this.#side.durable(now, MASTER, this.store.written());
      if (this.#isThere) this.store.flush(now, this.#processes);
    } else {
      this.#side.storeFailed(now, MASTER, REGISTRY_FAILURE);
    }
  }
}
