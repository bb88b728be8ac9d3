import { assert, type ExecutorId, type FrameworkId, type Micros, micros, type Sink } from '../core/index.ts';
import type { CheckpointedSandbox } from './checkpoint.ts';
import type { CheckpointJournal } from './checkpoint-journal.ts';
import type { ContainerHandle } from './container.ts';
import type { AgentOutput } from './output.ts';

/** When sandboxes of containers that ended are removed (spec 12 §4). */
export interface GarbageCollection {
  /** They are kept so long (`--gc_delay`) while there is room. */
  readonly delay: Micros;
  /** Share of the disk that is to stay free (`--gc_disk_headroom`), 0 to 1. */
  readonly diskHeadroom: number;
}

/** `--gc_delay` and `--gc_disk_headroom` (spec 17). */
export const DEFAULT_GARBAGE_COLLECTION: GarbageCollection = {
  delay: micros(7 * 86_400 * 1_000_000),
  diskHeadroom: 0.1,
};

/** How old a sandbox may get with the disk filled to `usage`: `delay × max(0, 1 − headroom − usage)`, whole µs. */
export function maxAllowedAge(options: GarbageCollection, usage: number): Micros {
  return micros(Math.floor(options.delay * Math.max(0, 1 - options.diskHeadroom - usage)));
}

/** Sandboxes of containers that ended, oldest first, until they are removed. */
export class Sandboxes {
  readonly #options: GarbageCollection;
  /** Not ordered to be removed yet, by the end of their container. */
  #kept: CheckpointedSandbox[] = [];
  /** Ordered, not answered. */
  readonly #removing = new Map<ContainerHandle, CheckpointedSandbox>();
  #succeeded = 0;
  #failed = 0;
  #maxAge: Micros;

  constructor(options: GarbageCollection) {
    this.#options = options;
    this.#maxAge = options.delay;
  }

  /** When the oldest has been kept long enough; Infinity for none. */
  get deadline(): number {
    return this.#kept.length === 0 ? Number.POSITIVE_INFINITY : this.#kept[0]!.since + this.#options.delay;
  }

  get pending(): number {
    return this.#kept.length + this.#removing.size;
  }

  get succeeded(): number {
    return this.#succeeded;
  }

  get failed(): number {
    return this.#failed;
  }

  /** By the last report of the disk's usage. */
  get maxAllowedAge(): Micros {
    return this.#maxAge;
  }

  ended(
    now: Micros,
    container: ContainerHandle,
    frameworkId: FrameworkId,
    executorId: ExecutorId,
    journal: CheckpointJournal | null,
  ): void {
    const sandbox = { container, frameworkId, executorId, since: now };
    this.#kept.push(sandbox);
    journal?.sandboxAdded(sandbox);
  }

  /** Removes what has been kept for `delay`. */
  tick(now: Micros, outputs: Sink<AgentOutput>): void {
    this.#prune(now - this.#options.delay, outputs);
  }

  /** The fuller the disk, the younger the sandboxes that go. */
  diskUsage(now: Micros, fraction: number, outputs: Sink<AgentOutput>): void {
    this.#maxAge = maxAllowedAge(this.#options, fraction);
    this.#prune(now - this.#maxAge, outputs);
  }

  /** One that could not be removed is tried again after another delay. */
  removed(
    now: Micros,
    container: ContainerHandle,
    failure: string | null,
    journal: CheckpointJournal | null,
  ): void {
    const sandbox = this.#removing.get(container);
    if (sandbox === undefined) return;
    this.#removing.delete(container);
    if (failure === null) {
      this.#succeeded++;
      journal?.sandboxForgotten(container);
    } else {
      this.#failed++;
      const again = { ...sandbox, since: now };
      this.#kept.push(again);
      journal?.sandboxAdded(again);
    }
  }

  restore(sandboxes: readonly CheckpointedSandbox[]): void {
    this.#kept = [...sandboxes].sort((a, b) => a.since - b.since || a.container - b.container);
  }

  /** In the order in which they are due; those being removed first, for a new process has to order that again. */
  checkpoint(): CheckpointedSandbox[] {
    return [...this.#removing.values(), ...this.#kept];
  }

  checkInvariants(): void {
    for (let row = 1; row < this.#kept.length; row++) {
      assert(
        this.#kept[row - 1]!.since <= this.#kept[row]!.since,
        'sandboxes stand in the order of their end',
      );
    }
    for (const { container } of this.#kept) {
      assert(!this.#removing.has(container), 'a sandbox is kept or being removed');
    }
  }

  #prune(until: number, outputs: Sink<AgentOutput>): void {
    let count = 0;
    while (count < this.#kept.length && this.#kept[count]!.since <= until) count++;
    for (const sandbox of this.#kept.splice(0, count)) {
      const { container, frameworkId, executorId } = sandbox;
      this.#removing.set(container, sandbox);
      outputs.push({ kind: 'removeSandbox', container, frameworkId, executorId });
    }
  }
}
