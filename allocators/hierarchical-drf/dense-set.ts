import { fieldsLayout } from '../../engine/core/graph/index.ts';

/** Fewer than one number in so many is a member: sorting is cheaper than looking at all. */
const SPARSE = 16;

/**
 * Set of small integers with a list of its members at hand: add, remove and test in O(1), a pass over the members touches nothing else.
 * Members are in the order that additions and swap-removals left, so equal histories give equal orders.
 */
export class DenseSet {
  #members = new Int32Array(16);
  /** Place in `#members` plus one, by member; 0 for what is no member. */
  #places = new Int32Array(16);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(member: number): boolean {
    return member < this.#places.length && this.#places[member] !== 0;
  }

  add(member: number): void {
    if (member >= this.#places.length) this.#places = grown(this.#places, member + 1);
    if (this.#places[member] !== 0) return;
    if (this.#size === this.#members.length) this.#members = grown(this.#members, this.#size + 1);
    this.#members[this.#size] = member;
    this.#size++;
    this.#places[member] = this.#size;
  }

  remove(member: number): void {
    if (!this.has(member)) return;
    const place = this.#places[member]! - 1;
    this.#size--;
    const last = this.#members[this.#size]!;
    this.#members[place] = last;
    this.#places[last] = place + 1;
    this.#places[member] = 0;
  }

  /** As `copyTo`, smallest first: by a look at every number if many are members, by sorting if few are. */
  copyAscendingTo(target: Int32Array): number {
    if (this.#size * SPARSE < this.#places.length) {
      const count = this.copyTo(target);
      target.subarray(0, count).sort();
      return count;
    }
    let count = 0;
    for (let member = 0; count < this.#size; member++) {
      if (this.#places[member] !== 0) target[count++] = member;
    }
    return count;
  }

  /** Writes the members to the front of `target`, which must have room for them, and answers how many there are. */
  copyTo(target: Int32Array): number {
    target.set(this.#members.subarray(0, this.#size));
    return this.#size;
  }

  static readonly layout = fieldsLayout({
    take: (it: DenseSet) => ({ members: it.#members, places: it.#places, size: it.#size }),
    put: (it, fields) => {
      it.#members = fields.members;
      it.#places = fields.places;
      it.#size = fields.size;
    },
  });
}

/** A copy of at least `length` entries, the new ones 0; doubles, so that growing step by step stays linear. */
export function grown(array: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(Math.max(length, array.length * 2));
  larger.set(array);
  return larger;
}
