import { fieldsLayout } from './graph/index.ts';
import { assert } from './assert.ts';

/** The last `capacity` things pushed, oldest first; what is pushed beyond it takes the place of the oldest. O(1) each. */
export class Ring<T> {
  readonly capacity: number;
  #items: T[] = [];
  /** Where the oldest stands once the ring is full. */
  #start = 0;

  /** @param capacity 1 or more. */
  constructor(capacity: number) {
    assert(Number.isSafeInteger(capacity) && capacity > 0, 'a ring holds at least one thing');
    this.capacity = capacity;
  }

  get length(): number {
    return this.#items.length;
  }

  push(item: T): void {
    if (this.#items.length < this.capacity) {
      this.#items.push(item);
      return;
    }
    this.#items[this.#start] = item;
    this.#start = this.#start + 1 === this.capacity ? 0 : this.#start + 1;
  }

  /** `index` counts from the oldest, 0, to `length - 1`. */
  at(index: number): T {
    assert(index >= 0 && index < this.#items.length, 'only what the ring holds is read');
    return this.#items[(this.#start + index) % this.#items.length]!;
  }

  /** Oldest first. */
  *[Symbol.iterator](): Iterator<T> {
    for (let index = 0; index < this.#items.length; index++) yield this.at(index);
  }

  static readonly layout = fieldsLayout({
    blank: () => new Ring<unknown>(1),
    take: (it: Ring<unknown>) => ({ items: it.#items, start: it.#start }),
    put: (it, fields) => {
      it.#items = fields.items;
      it.#start = fields.start;
    },
  });
}
