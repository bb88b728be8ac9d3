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

  constructor(agenda: Agenda<Payload>, options: ContainerOptions, machines: number) {
    this.table = new ContainerTable(machines);
    this.#agenda = agenda;
    this.#options = options;
  }

  /** Begins a launch; CONTAINER_STARTED follows. `parent` is the container that it is nested in. */
  launch(
    now: Micros,
    machine: number,
    handle: ContainerHandle,
    parent: ContainerHandle | null,
    run: number,
  ): void {
    const parentSlot = parent === null ? -1 : this.table.find(machine, parent);
    const slot = this.table.add(machine, handle, parentSlot, run);
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
    table.setState(slot, CONTAINER_RUNNING);
    const run = table.run(slot);
    if (run !== Infinity) this.#agenda.push(now + run, CONTAINER_EXITED, slot, generation, null);
    return true;
  }

  /** CONTAINER_EXITED has come: whether it is about a container that lives. The caller reads the slot and removes it. */
  isLive(slot: number, generation: number): boolean {
    return this.table.isCurrent(slot, generation);
  }

  /** Signals a container; one that is gone is no error. */
  signal(now: Micros, machine: number, handle: ContainerHandle, signal: number): void {
    const { table } = this;
    const slot = table.find(machine, handle);
    if (slot < 0 || table.state(slot) === CONTAINER_ENDING) return;
    if (signal === SIGKILL && table.run(slot) === Infinity) this.#endNested(now, machine, slot);
    this.#end(now, slot, signal);
  }

  /** Ends all containers of a machine without a word. */
  killAll(machine: number): void {
    for (let slot = this.table.first(machine); slot >= 0; slot = this.table.first(machine)) {
      this.table.remove(slot);
    }
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
