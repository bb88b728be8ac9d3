import { fieldsLayout } from './graph/index.ts';

/**
 * Seeded generator, xoshiro128** (Blackman and Vigna, 2018): 32 bits a draw, state of four integers.
 * A stream is made for one purpose (`placement`, `latency`, …), so that a draw added in one feature does not shift another's.
 */
export class Rng {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  private constructor(a: number, b: number, c: number, d: number) {
    this.#a = a | 0;
    this.#b = b | 0;
    this.#c = c | 0;
    this.#d = d | 0;
    if ((this.#a | this.#b | this.#c | this.#d) === 0) this.#a = 1;
  }

  /** A stream from four words, as seedrandom or a parent stream draws them. All zero is replaced by a fixed non-zero state. */
  static fromWords(a: number, b: number, c: number, d: number): Rng {
    return new Rng(a, b, c, d);
  }

  /** A stream named `purpose` below an integer `seed`; equal names give equal streams. */
  static forPurpose(seed: number, purpose: string): Rng {
    // The seed is mixed first: xor-ed straight into the first character, seed 1 of `b` would be seed 2 of `a`.
    let state = Math.imul(seed ^ (seed >>> 16), 0x85ebca6b);
    state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35) ^ Math.floor(seed / 4294967296);
    state = (state ^ (state >>> 16) ^ 0x9e3779b9) | 0;
    for (let index = 0; index < purpose.length; index++) {
      state = Math.imul(state ^ purpose.charCodeAt(index), 0x01000193);
    }
    const words = [0, 0, 0, 0];
    for (let word = 0; word < 4; word++) {
      // splitmix32
      state = (state + 0x9e3779b9) | 0;
      let mixed = state ^ (state >>> 16);
      mixed = Math.imul(mixed, 0x21f0aaad);
      mixed ^= mixed >>> 15;
      mixed = Math.imul(mixed, 0x735a2d97);
      words[word] = mixed ^ (mixed >>> 15);
    }
    return new Rng(words[0]!, words[1]!, words[2]!, words[3]!);
  }

  /** 32 random bits as an unsigned integer. */
  next(): number {
    const fives = Math.imul(this.#b, 5);
    const result = Math.imul((fives << 7) | (fives >>> 25), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** An integer in [0, bound), bound in 1..2^32, without modulo bias, by rejection. */
  below(bound: number): number {
    const limit = 4294967296 - (4294967296 % bound);
    let drawn = this.next();
    while (drawn >= limit) drawn = this.next();
    return drawn % bound;
  }

  /** A double in [0, 1) with 53 random bits. */
  unit(): number {
    return ((this.next() >>> 5) * 67108864 + (this.next() >>> 6)) / 9007199254740992;
  }

  /** Fisher-Yates over the first `count` entries, in place. */
  shuffle(array: Int32Array, count: number): void {
    for (let last = count - 1; last > 0; last--) {
      const other = this.below(last + 1);
      const kept = array[last]!;
      array[last] = array[other]!;
      array[other] = kept;
    }
  }

  /** The four state words, for hashes and snapshots. */
  words(): readonly [number, number, number, number] {
    return [this.#a, this.#b, this.#c, this.#d];
  }

  static readonly layout = fieldsLayout({
    take: (it: Rng) => ({ a: it.#a, b: it.#b, c: it.#c, d: it.#d }),
    put: (it, fields) => {
      it.#a = fields.a;
      it.#b = fields.b;
      it.#c = fields.c;
      it.#d = fields.d;
    },
  });
}
