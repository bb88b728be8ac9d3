import type { Sink } from '../../../engine/core/index.ts';

/** The sink of one kind of machine, reused for every step: a fresh array per step costs a fifth of a run. */
export class OutputList<Out> implements Sink<Out> {
  #items: Out[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  push(output: Out): void {
    this.#items[this.#count++] = output;
  }

  at(index: number): Out {
    return this.#items[index]!;
  }

  /** Forgets the outputs, so that they can be collected, and keeps the room. A burst's room beyond `ROOM_MAX` is given up. */
  clear(): void {
    if (this.#count > ROOM_MAX) {
      this.#items = [];
    } else {
      for (let index = 0; index < this.#count; index++) this.#items[index] = undefined as Out;
    }
    this.#count = 0;
  }
}

const ROOM_MAX = 4_096;
