import { assert } from '../../../../engine/core/index.ts';

/** Sweeps that an entry outlives untouched, in use or not: what came in with one call may be needed by the answer to the next. */
const SWEEPS_KEPT = 2;
/** Growth since the last sweep that asks for another one; below it a sweep costs more than it frees. */
const GROWTH_MIN = 65_536;

/**
 * Texts as integers, for ids that others choose: tasks, executors (spec 01 §4). A number is never used again, so a late message cannot
 * mean something else. Life is bounded by mark and sweep: when the table has doubled, `wantsSweep` says so, and its owner walks the machine's
 * records with `keep`; what nobody holds and nobody named during two sweeps is forgotten. So a sweep costs O(1) per id that came in.
 */
export class TextTable {
  readonly #numbers = new Map<string, number>();
  readonly #texts = new Map<number, string>();
  /** The sweep in which a number was last named or held. */
  readonly #touched = new Map<number, number>();
  #sweep = 0;
  #next = 1;
  #sizeAfterSweep = 0;
  /** Told of each new pair, so that a journal can hold it; null costs nothing. */
  onNew: ((number: number, text: string) => void) | null = null;

  get size(): number {
    return this.#numbers.size;
  }

  number(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#next++;
      this.#numbers.set(text, number);
      this.#texts.set(number, text);
      if (this.onNew !== null) this.onNew(number, text);
    }
    this.#touched.set(number, this.#sweep);
    return number;
  }

  /** The text of a number that this table gave out. */
  text(number: number): string {
    const text = this.#texts.get(number);
    assert(text !== undefined, 'a machine holds no id whose text was swept away');
    return text;
  }

  /** All pairs, oldest first. */
  entries(): IterableIterator<[number, string]> {
    return this.#texts.entries();
  }

  get wantsSweep(): boolean {
    return this.#numbers.size - this.#sizeAfterSweep > Math.max(GROWTH_MIN, this.#sizeAfterSweep);
  }

  /** Forgets what `mark` does not keep. */
  sweep(mark: (keep: (number: number) => void) => void): void {
    this.#sweep++;
    mark((number) => {
      if (this.#texts.has(number)) this.#touched.set(number, this.#sweep);
    });
    for (const [number, at] of this.#touched) {
      if (this.#sweep - at < SWEEPS_KEPT) continue;
      const text = this.#texts.get(number);
      if (text !== undefined) this.#numbers.delete(text);
      this.#texts.delete(number);
      this.#touched.delete(number);
    }
    this.#sizeAfterSweep = this.#numbers.size;
  }

  /** Puts a pair in that a journal holds. */
  restore(number: number, text: string): void {
    this.#numbers.set(text, number);
    this.#texts.set(number, text);
    this.#touched.set(number, this.#sweep);
    this.#next = Math.max(this.#next, number + 1);
  }
}
