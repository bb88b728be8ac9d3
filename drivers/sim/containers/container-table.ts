import type { ContainerHandle } from '../../../engine/agent/index.ts';
import { assert } from '../../../engine/core/index.ts';
import { grownFloats, grownInts, grownOctets } from '../agenda/index.ts';

const NONE = -1;

/** Where a container stands. */
export const CONTAINER_GONE = 0;
export const CONTAINER_STARTING = 1;
export const CONTAINER_RUNNING = 2;
/** A signal is on its way to end it. */
export const CONTAINER_ENDING = 3;

/**
 * Virtual containers in slots with a free list, and per machine a list of its own. A slot's generation tells a container from an earlier
 * one in the same slot, so that its late events are recognised.
 *
 * Memory: 37 bytes per container at the peak, nothing per container that ever was.
 */
export class ContainerTable {
  #machines = new Int32Array(256);
  #handles = new Float64Array(256);
  #runs = new Float64Array(256);
  #states = new Uint8Array(256);
  #generations = new Int32Array(256);
  /** Signal that ends it, 0 for none. */
  #signals = new Uint8Array(256);
  /** Slot of the container that it is nested in, -1 for none. */
  #parents = new Int32Array(256);
  #next = new Int32Array(256);
  #previous = new Int32Array(256);
  #free: number[] = [];
  #slotCount = 0;
  #count = 0;
  readonly #heads: Int32Array;

  constructor(machines: number) {
    this.#heads = new Int32Array(machines).fill(NONE);
  }

  /** Containers that live. */
  get count(): number {
    return this.#count;
  }

  /** Adds a container that is starting. `run` is how long it runs once started, µs; Infinity: until it is ended. Returns its slot. */
  add(machine: number, handle: ContainerHandle, parent: number, run: number): number {
    const slot = this.#free.pop() ?? this.#slotCount++;
    if (slot === this.#machines.length) this.#grow();
    this.#machines[slot] = machine;
    this.#handles[slot] = handle;
    this.#parents[slot] = parent;
    this.#runs[slot] = run;
    this.#states[slot] = CONTAINER_STARTING;
    this.#signals[slot] = 0;
    const head = this.#heads[machine]!;
    this.#previous[slot] = NONE;
    this.#next[slot] = head;
    if (head !== NONE) this.#previous[head] = slot;
    this.#heads[machine] = slot;
    this.#count++;
    return slot;
  }

  remove(slot: number): void {
    assert(this.#states[slot] !== CONTAINER_GONE, 'a container ends once');
    const next = this.#next[slot]!;
    const previous = this.#previous[slot]!;
    if (next !== NONE) this.#previous[next] = previous;
    if (previous === NONE) this.#heads[this.#machines[slot]!] = next;
    else this.#next[previous] = next;
    this.#states[slot] = CONTAINER_GONE;
    this.#generations[slot]!++;
    this.#free.push(slot);
    this.#count--;
  }

  /** The machine's container of that handle, or -1. O(containers of the machine). */
  find(machine: number, handle: ContainerHandle): number {
    for (let slot = this.#heads[machine]!; slot !== NONE; slot = this.#next[slot]!) {
      if (this.#handles[slot] === handle) return slot;
    }
    return NONE;
  }

  /** First container of the machine, -1 for none; `next` goes on, newest first. */
  first(machine: number): number {
    return this.#heads[machine]!;
  }

  next(slot: number): number {
    return this.#next[slot]!;
  }

  isCurrent(slot: number, generation: number): boolean {
    return this.#generations[slot] === generation && this.#states[slot] !== CONTAINER_GONE;
  }

  generation(slot: number): number {
    return this.#generations[slot]!;
  }

  machine(slot: number): number {
    return this.#machines[slot]!;
  }

  handle(slot: number): ContainerHandle {
    return this.#handles[slot]! as ContainerHandle;
  }

  /** Slot of the container that it is nested in, -1 for none. */
  parent(slot: number): number {
    return this.#parents[slot]!;
  }

  run(slot: number): number {
    return this.#runs[slot]!;
  }

  state(slot: number): number {
    return this.#states[slot]!;
  }

  setState(slot: number, state: number): void {
    this.#states[slot] = state;
  }

  signal(slot: number): number {
    return this.#signals[slot]!;
  }

  setSignal(slot: number, signal: number): void {
    this.#signals[slot] = signal;
  }

  #grow(): void {
    const capacity = this.#machines.length * 2;
    this.#machines = grownInts(this.#machines, capacity);
    this.#handles = grownFloats(this.#handles, capacity);
    this.#runs = grownFloats(this.#runs, capacity);
    this.#states = grownOctets(this.#states, capacity);
    this.#generations = grownInts(this.#generations, capacity);
    this.#signals = grownOctets(this.#signals, capacity);
    this.#parents = grownInts(this.#parents, capacity);
    this.#next = grownInts(this.#next, capacity);
    this.#previous = grownInts(this.#previous, capacity);
  }
}
