import { assert } from '../../engine/core/index.ts';

const MIDDLE = 2 ** 52;
/** Beside the first or last text there is room for 4,096 more; between two of these for forty halvings. */
const GAP = 2 ** 40;

/** Numbers for texts as they come, so that the numbers order as the texts do. A text keeps its number. */
export class TextOrder {
  /** Ascending. */
  readonly #texts: string[] = [];
  readonly #numbers = new Map<string, number>();

  /** Whole, from 0 to 2^53. O(texts). */
  numberOf(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    let index = 0;
    while (index < this.#texts.length && this.#texts[index]! < text) index++;
    const before = index === 0 ? null : this.#numbers.get(this.#texts[index - 1]!)!;
    const after = index === this.#texts.length ? null : this.#numbers.get(this.#texts[index]!)!;
    const number = between(before, after);
    assert(
      Number.isSafeInteger(number) && number >= 0 && number !== before && number !== after,
      `there is no number left between the neighbours of ${text}`,
    );
    this.#texts.splice(index, 0, text);
    this.#numbers.set(text, number);
    return number;
  }
}

function between(before: number | null, after: number | null): number {
  if (before === null) return after === null ? MIDDLE : after - GAP;
  return after === null ? before + GAP : before + Math.floor((after - before) / 2);
}
