import type { Rng } from '../../engine/core/index.ts';
import { fieldsLayout } from '../../engine/core/graph/index.ts';

const NONE = -1;

/**
 * Draws slots 0, 1, … without putting them back, each with the odds of its weight among those still in. As orders are seldom read to their
 * end, slots are drawn one at a time, O(log n), over a binary tree of sums. Sums are made of their two parts anew whenever one changes, never by
 * subtraction, so that they carry no error along: what is restored is, bit by bit, what was filled in.
 */
export class WeightedDraw {
  /** `#sums[#leaves + slot]` is what is left of the slot's weight, `#sums[n]` that of `2n` and `2n + 1`. */
  #sums = new Float64Array(2);
  #weights = new Float64Array(1);
  #leaves = 1;
  #drawn = new Int32Array(1);
  #drawnCount = 0;

  /** Begins with `weights`, all of them in. */
  fill(weights: readonly number[]): void {
    this.#leaves = 1;
    while (this.#leaves < weights.length) this.#leaves *= 2;
    if (this.#sums.length < 2 * this.#leaves) {
      this.#sums = new Float64Array(2 * this.#leaves);
      this.#weights = new Float64Array(this.#leaves);
      this.#drawn = new Int32Array(this.#leaves);
    }
    for (let slot = 0; slot < this.#leaves; slot++) {
      // A weight too small for a double would never come to its turn.
      const weight = slot < weights.length ? Math.max(weights[slot]!, Number.MIN_VALUE) : 0;
      this.#weights[slot] = weight;
      this.#sums[this.#leaves + slot] = weight;
    }
    for (let node = this.#leaves - 1; node > 0; node--)
      this.#sums[node] = this.#sums[2 * node]! + this.#sums[2 * node + 1]!;
    this.#drawnCount = 0;
  }

  /** Puts back all that was drawn, but for what was discarded. */
  restore(): void {
    for (let index = 0; index < this.#drawnCount; index++) {
      const slot = this.#drawn[index]!;
      this.#set(slot, this.#weights[slot]!);
    }
    this.#drawnCount = 0;
  }

  /** The next slot, or -1 when all are drawn. */
  draw(rng: Rng): number {
    const sums = this.#sums;
    if (sums[1] === 0) return NONE;
    let left = rng.unit() * sums[1]!;
    let node = 1;
    while (node < this.#leaves) {
      node *= 2;
      // Rounding may leave a little more than there is on the right.
      if (left < sums[node]! || sums[node + 1] === 0) continue;
      left -= sums[node]!;
      node++;
    }
    const slot = node - this.#leaves;
    this.#drawn[this.#drawnCount++] = slot;
    this.#set(slot, 0);
    return slot;
  }

  /** The slot, which was drawn, is not put back until filled again. */
  discard(slot: number): void {
    this.#weights[slot] = 0;
  }

  #set(slot: number, weight: number): void {
    const sums = this.#sums;
    let node = this.#leaves + slot;
    sums[node] = weight;
    for (node >>= 1; node > 0; node >>= 1) sums[node] = sums[2 * node]! + sums[2 * node + 1]!;
  }

  static readonly layout = fieldsLayout({
    take: (it: WeightedDraw) => ({
      sums: it.#sums,
      weights: it.#weights,
      leaves: it.#leaves,
      drawn: it.#drawn,
      drawnCount: it.#drawnCount,
    }),
    put: (it, fields) => {
      it.#sums = fields.sums;
      it.#weights = fields.weights;
      it.#leaves = fields.leaves;
      it.#drawn = fields.drawn;
      it.#drawnCount = fields.drawnCount;
    },
  });
}
