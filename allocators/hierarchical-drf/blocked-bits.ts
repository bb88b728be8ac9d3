import { fieldsLayout } from '../../engine/core/graph/index.ts';
import type { Resources } from '../../engine/resources/index.ts';

import { NO_BITS } from './no-bits.ts';

/**
 * Per agent, one bit for each client that is known to have a live filter over what is free there. The bits speak of one value: an offer
 * that comes back whole restores the very same object, so that they last; another value starts with none.
 */
export class BlockedBits {
  #bits: Int32Array[] = [];
  #value: (Resources | null)[] = [];

  /** The bits for `free` on `agent`, client `row` at bit `row & 31` of word `row >> 5`; may be shorter than the clients are many. */
  of(agent: number, free: Resources): Int32Array {
    return agent < this.#value.length && this.#value[agent] === free ? this.#bits[agent]! : NO_BITS;
  }

  set(client: number, agent: number, free: Resources): Int32Array {
    while (this.#value.length <= agent) {
      this.#value.push(null);
      this.#bits.push(NO_BITS);
    }
    const word = client >> 5;
    let bits = this.#bits[agent]!;
    if (this.#value[agent] !== free) {
      this.#value[agent] = free;
      bits.fill(0);
    }
    if (word >= bits.length) {
      const longer = new Int32Array(word + 4);
      longer.set(bits);
      this.#bits[agent] = longer;
      bits = longer;
    }
    bits[word] = bits[word]! | (1 << (client & 31));
    return bits;
  }

  /** A filter of the client on the agent is gone. */
  clear(client: number, agent: number): void {
    if (agent >= this.#bits.length) return;
    const bits = this.#bits[agent]!;
    const word = client >> 5;
    if (word < bits.length) bits[word] = bits[word]! & ~(1 << (client & 31));
  }

  static readonly layout = fieldsLayout({
    take: (it: BlockedBits) => ({ bits: it.#bits, value: it.#value }),
    put: (it, fields) => {
      it.#bits = fields.bits;
      it.#value = fields.value;
    },
  });
}
