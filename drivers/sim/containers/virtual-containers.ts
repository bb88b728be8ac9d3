import type { ContainerHandle } from '../../../engine/agent/index.ts';
import { type Micros, MICROS_PER_MILLISECOND, micros } from '../../../engine/core/index.ts';
import { type Agenda, CONTAINER_EXITED, CONTAINER_STARTED } from '../agenda/index.ts';
import {
  CONTAINER_ENDING,
  CONTAINER_RUNNING,
  CONTAINER_STARTING,
  ContainerTable,
} from './container-table.ts';

export const SIGKILL = 9;
export const SIGTERM = 15;
// Where a signal's number may stand: ends that no signal brings.
export const LAUNCH_FAILURE = 251;
export const MEMORY_LIMIT = 252;
export const DISK_LIMIT = 253;
/** The process ends by itself, before its time. */
export const CRASH = 254;

/** How virtual containers behave. Durations in µs. */
export interface ContainerOptions {
  /** From the order to launch to the start of the run time. */
  readonly startLatency: Micros;
  /** From a signal to the end that it brings. */
  readonly signalLatency: Micros;
}

export const DEFAULT_CONTAINER_OPTIONS: ContainerOptions = {
  startLatency: micros(50 * MICROS_PER_MILLISECOND),
  signalLatency: micros(10 * MICROS_PER_MILLISECOND),
};

/** The containers of all machines: they start after a latency, run for a known time, and end by themselves or by a signal. */
export class VirtualContainers<Payload> {
  readonly table: ContainerTable;
  readonly #agenda: Agenda<Payload>;
  readonly #options: ContainerOptions;
  /** What hangs: by slot, of which generation and how long. */
  readonly #hanging = new Map<number, { readonly generation: number; readonly until: Micros }>();
  /** Launches on the machine fail before that instant. */
  readonly #failing: Float64Array;

  constructor(agenda: Agenda<Payload>, options: ContainerOptions, machines: number) {
    this.table = new ContainerTable(machines);
    this.#agenda = agenda;
    this.#options = options;
    this.#failing = new Float64Array(machines);
  }

  /**
   * Begins a launch; CONTAINER_STARTED follows. `parent` is the container that it is nested in: if that does not run, CONTAINER_EXITED follows
   * alone.
   */
  launch(
    now: Micros,
    machine: number,
    handle: ContainerHandle,
    parent: ContainerHandle | null,
    run: number,
  ): void {
    const parentSlot = parent === null ? -1 : this.table.find(machine, parent);
    const slot = this.table.add(machine, handle, parentSlot, run);
    if (parent !== null && (parentSlot < 0 || this.table.state(parentSlot) !== CONTAINER_RUNNING)) {
      this.#end(now, slot, LAUNCH_FAILURE);
      return;
    }
    this.#agenda.push(
      now + this.#options.startLatency,
      CONTAINER_STARTED,
      slot,
      this.table.generation(slot),
      null,
    );
  }

  /** CONTAINER_STARTED has come: true if the container runs now; CONTAINER_EXITED follows, if it ends by itself. */
  started(now: Micros, slot: number, generation: number): boolean {
    const { table } = this;
    if (!table.isCurrent(slot, generation) || table.state(slot) !== CONTAINER_STARTING) return false;
    if (now < this.#failing[table.machine(slot)]!) {
      this.#end(now, slot, LAUNCH_FAILURE);
      return false;
    }
    table.setState(slot, CONTAINER_RUNNING);
    const run = table.run(slot);
    if (run !== Infinity) this.#agenda.push(now + run, CONTAINER_EXITED, slot, generation, null);
    return true;
  }

  /**
   * CONTAINER_EXITED has come: whether it is about a container that lives, and in which none is nested any more. The caller reads the slot and
   * removes it. If something is, that ends first, and CONTAINER_EXITED comes again.
   */
  isLive(now: Micros, slot: number, generation: number): boolean {
    if (!this.table.isCurrent(slot, generation)) return false;
    if (this.table.run(slot) === Infinity && this.#hasNested(slot)) {
      this.#endNested(now, this.table.machine(slot), slot);
      this.#agenda.push(now + this.#options.signalLatency, CONTAINER_EXITED, slot, generation, null);
      return false;
    }
    if (this.#hanging.size === 0) return true;
    const until = this.#hangsUntil(slot);
    // An end by force is an end; one that comes by itself comes when it goes on.
    if (until === null || until <= now || this.table.state(slot) === CONTAINER_ENDING) return true;
    this.#agenda.push(until, CONTAINER_EXITED, slot, generation, null);
    return false;
  }

  /** Signals a container; one that is gone is no error. */
  signal(now: Micros, machine: number, handle: ContainerHandle, signal: number): void {
    const { table } = this;
    const slot = table.find(machine, handle);
    if (slot < 0 || table.state(slot) === CONTAINER_ENDING) return;
    if (signal === SIGTERM && this.#hanging.size > 0) {
      const until = this.#hangsUntil(slot);
      if (until !== null && until > now) return;
    }
    if (signal === SIGKILL && table.run(slot) === Infinity) this.#endNested(now, machine, slot);
    this.#end(now, slot, signal);
  }

  // Faults.

  /** A running container ends so, and what is nested in it with it: LAUNCH_FAILURE, MEMORY_LIMIT, DISK_LIMIT or CRASH. */
  strike(now: Micros, slot: number, how: number): void {
    this.#endNested(now, this.table.machine(slot), slot);
    this.#end(now, slot, how);
  }

  /** A container neither ends nor heeds SIGTERM before `until`. */
  hang(slot: number, until: Micros): void {
    this.#hanging.set(slot, { generation: this.table.generation(slot), until });
  }

  /** Containers that are to start on the machine before `until` fail to. */
  failLaunches(machine: number, until: Micros): void {
    this.#failing[machine] = Math.max(this.#failing[machine]!, until);
  }

  /** Until when a container hangs, null if it does not. */
  hangsUntil(machine: number, handle: ContainerHandle): Micros | null {
    if (this.#hanging.size === 0) return null;
    const slot = this.table.find(machine, handle);
    return slot < 0 ? null : this.#hangsUntil(slot);
  }

  /** Whether a container can be given other resources: it has started and is not gone. */
  isThere(machine: number, handle: ContainerHandle): boolean {
    const slot = this.table.find(machine, handle);
    return slot >= 0 && this.table.state(slot) !== CONTAINER_STARTING;
  }

  /** A container without a run time of its own ends by itself, now. */
  exit(now: Micros, machine: number, handle: ContainerHandle): void {
    const slot = this.table.find(machine, handle);
    if (slot >= 0) this.#agenda.push(now, CONTAINER_EXITED, slot, this.table.generation(slot), null);
  }

  #hangsUntil(slot: number): Micros | null {
    const hanging = this.#hanging.get(slot);
    if (hanging === undefined) return null;
    if (hanging.generation === this.table.generation(slot)) return hanging.until;
    this.#hanging.delete(slot);
    return null;
  }

  /** Ends all containers of a machine without a word. */
  killAll(machine: number): void {
    for (let slot = this.table.first(machine); slot >= 0; slot = this.table.first(machine)) {
      this.table.remove(slot);
    }
  }

  #hasNested(parent: number): boolean {
    const { table } = this;
    for (let slot = table.first(table.machine(parent)); slot >= 0; slot = table.next(slot)) {
      if (table.parent(slot) === parent) return true;
    }
    return false;
  }

  /** Nested containers end before the one that they are in. */
  #endNested(now: Micros, machine: number, parent: number): void {
    const { table } = this;
    for (let slot = table.first(machine); slot >= 0; slot = table.next(slot)) {
      if (table.parent(slot) === parent && table.state(slot) !== CONTAINER_ENDING)
        this.#end(now, slot, SIGKILL);
    }
  }

  #end(now: Micros, slot: number, signal: number): void {
    const { table } = this;
    table.setState(slot, CONTAINER_ENDING);
    table.setSignal(slot, signal);
    this.#agenda.push(
      now + this.#options.signalLatency,
      CONTAINER_EXITED,
      slot,
      table.generation(slot),
      null,
    );
  }
}
