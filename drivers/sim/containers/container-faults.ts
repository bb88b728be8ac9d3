import type { Micros } from '../../../engine/core/index.ts';
import type { ContainerFaults } from '../faults/index.ts';
import { CONTAINER_RUNNING } from './container-table.ts';
import { CRASH, DISK_LIMIT, MEMORY_LIMIT, type VirtualContainers } from './virtual-containers.ts';

/** Faults of virtual containers. An executor is a container: a command task's own, or the one that a group's tasks are nested in. */
export class VirtualContainerFaults<Payload> implements ContainerFaults {
  readonly #containers: VirtualContainers<Payload>;
  readonly #nameOf: (machine: number) => string;

  constructor(containers: VirtualContainers<Payload>, nameOf: (machine: number) => string) {
    this.#containers = containers;
    this.#nameOf = nameOf;
  }

  executorDies(now: Micros, machine: number, pick: number): string | null {
    const slot = this.#choose(machine, pick, true);
    if (slot === null) return null;
    this.#containers.strike(now, slot, CRASH);
    return this.#name(machine, slot);
  }

  executorHangs(_now: Micros, machine: number, pick: number, until: Micros): string | null {
    const slot = this.#choose(machine, pick, true);
    if (slot === null) return null;
    this.#containers.hang(slot, until);
    return this.#name(machine, slot);
  }

  launchFails(_now: Micros, machine: number, until: Micros): string {
    this.#containers.failLaunches(machine, until);
    return this.#nameOf(machine);
  }

  containerLimit(
    now: Micros,
    machine: number,
    pick: number,
    limit: 'MEMORY_LIMIT' | 'DISK_LIMIT',
  ): string | null {
    const slot = this.#choose(machine, pick, false);
    if (slot === null) return null;
    this.#containers.strike(now, slot, limit === 'MEMORY_LIMIT' ? MEMORY_LIMIT : DISK_LIMIT);
    return this.#name(machine, slot);
  }

  /** A running container of the machine, one that is not nested if asked for; null if there is none. O(containers of the machine). */
  #choose(machine: number, pick: number, isOuter: boolean): number | null {
    const { table } = this.#containers;
    const slots: number[] = [];
    for (let slot = table.first(machine); slot >= 0; slot = table.next(slot)) {
      if (table.state(slot) === CONTAINER_RUNNING && (!isOuter || table.parent(slot) < 0)) slots.push(slot);
    }
    return slots.length === 0 ? null : slots[pick % slots.length]!;
  }

  #name(machine: number, slot: number): string {
    return `container ${this.#containers.table.handle(slot)} on ${this.#nameOf(machine)}`;
  }
}
