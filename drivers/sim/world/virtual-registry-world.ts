import type { FoundRegistry, RegistryNews, RegistryWorld } from '../../../engine/contracts/index.ts';
import {
  assert,
  type MasterEpoch,
  type Micros,
  MICROS_PER_MILLISECOND,
  MICROS_PER_SECOND,
  micros,
} from '../../../engine/core/index.ts';
import type { RegistryOperation, RegistrySnapshot } from '../../../engine/registry/index.ts';
import type { Coordination, MasterSide } from './coordination.ts';
import type { World } from './world.ts';

const MASTER = 0;
const LOOK = micros(MICROS_PER_MILLISECOND);
const PATIENCE = micros(300 * MICROS_PER_SECOND);
/** Longer than masters wait for a write. */
const TOO_LONG = micros(30 * MICROS_PER_SECOND);

/** A master's process reduced to what it writes, over one of the simulator's stores; for contract tests. */
export class VirtualRegistryWorld implements RegistryWorld {
  told: RegistryNews[] = [];
  readonly #world: World;
  readonly #coordination: Coordination;
  #epoch = 0 as MasterEpoch;
  #found: RegistrySnapshot | null = null;
  #kills = 0;

  constructor(world: World, make: (world: World, side: MasterSide) => Coordination) {
    this.#world = world;
    this.#coordination = make(world, {
      elected: (_now, _master, epoch, registry) => {
        this.#epoch = epoch;
        this.#found = registry;
      },
      durable: (_now, _master, upTo) => this.told.push({ kind: 'registryDurable', upTo }),
      storeFailed: () => this.told.push({ kind: 'registryFailed' }),
      deposed: () => {},
      defers: () => false,
      instantAt: (now) => now,
      whenShown: (now, _master, instant) => micros(Math.max(now, instant)),
      clockOf: () => null,
    });
  }

  persist(index: number, operations: readonly RegistryOperation[]): void {
    const { now } = this.#world;
    operations.forEach((operation, n) => {
      this.#coordination.persist(now, MASTER, index + n, operation);
    });
    this.#coordination.flush(now, MASTER, this.#epoch);
  }

  pass(duration: Micros): Promise<void> {
    this.#advanceTo(micros(this.#world.now + duration));
    return Promise.resolve();
  }

  until(holds: () => boolean): Promise<boolean> {
    const end = this.#world.now + PATIENCE;
    while (!holds()) {
      if (this.#world.now >= end) return Promise.resolve(false);
      this.#advanceTo(micros(this.#world.now + LOOK));
    }
    return Promise.resolve(true);
  }

  kill(): Promise<void> {
    // Each time another part of what is under way survives.
    this.#coordination.ended(this.#world.now, MASTER, this.#kills++, false);
    return Promise.resolve();
  }

  async start(): Promise<FoundRegistry> {
    this.#coordination.setWriteLatency(null);
    this.told = [];
    this.#found = null;
    this.#coordination.started(this.#world.now, MASTER);
    assert(await this.until(() => this.#found !== null), 'the master is elected');
    return { epoch: this.#epoch, roles: [...this.#found!.weights.keys()] };
  }

  breakDown(): Promise<void> {
    this.#coordination.setWriteLatency(TOO_LONG);
    return Promise.resolve();
  }

  #advanceTo(instant: Micros): void {
    const { agenda } = this.#world;
    while (agenda.nextTime <= instant && agenda.pop()) {
      const now = micros(agenda.time);
      this.#world.now = now;
      this.#coordination.happened(now, agenda.kind, agenda.target, agenda.detail);
    }
    if (instant > this.#world.now) this.#world.now = instant;
  }
}
