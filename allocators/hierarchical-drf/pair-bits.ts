import { fieldsLayout } from '../../engine/core/graph/index.ts';

import { NO_BITS } from './no-bits.ts';

/** A set of pairs of agent and client: one bit a pair, those of one agent together. */
export class PairBits {
  #bits: Int32Array[] = [];

  has(agent: number, client: number): boolean {
    const word = client >> 5;
    const bits = this.#bits[agent];
    return bits !== undefined && word < bits.length && (bits[word]! & (1 << (client & 31))) !== 0;
  }

  add(agent: number, client: number): void {
    while (this.#bits.length <= agent) this.#bits.push(NO_BITS);
    const word = client >> 5;
    let bits = this.#bits[agent]!;
    if (word >= bits.length) {
      const longer = new Int32Array(word + 4);
      longer.set(bits);
      this.#bits[agent] = longer;
      bits = longer;
    }
    bits[word] = bits[word]! | (1 << (client & 31));
  }

  remove(agent: number, client: number): void {
    const word = client >> 5;
    const bits = this.#bits[agent];
    if (bits !== undefined && word < bits.length) bits[word] = bits[word]! & ~(1 << (client & 31));
  }

  static readonly layout = fieldsLayout({
    take: (it: PairBits) => ({ bits: it.#bits }),
    put: (it, fields) => {
      it.#bits = fields.bits;
    },
  });
}
