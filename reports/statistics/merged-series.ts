import { assert } from '../../engine/core/index.ts';

/** How neighbours of a column become one: a level is averaged, a running total keeps its first value. */
export type MergeRule = 'mean' | 'first';

/**
 * A time series of any length in at most `capacity` points. When it is full, neighbours are merged in pairs and each point stands for twice
 * as many samples from then on. Samples are taken at equal intervals, so a mean over samples is a mean over time.
 */
export class MergedSeries {
  readonly #rules: readonly MergeRule[];
  readonly #capacity: number;
  /** Samples per full point: a power of two. */
  #stride = 1;
  #points = 0;
  /** Samples in the last point. */
  #filled = 0;
  /** When a point's first sample was taken. */
  readonly #starts: Float64Array;
  /** `#values[point * columns + column]`: the sum of a mean column, the first value of another. */
  readonly #values: Float64Array;
  /** The last sample as it was taken. */
  #lastAt = 0;
  readonly #lastValues: Float64Array;

  constructor(rules: readonly MergeRule[], capacity: number) {
    assert(capacity >= 2 && capacity % 2 === 0, 'points merge in pairs');
    this.#rules = rules;
    this.#capacity = capacity;
    this.#starts = new Float64Array(capacity);
    this.#values = new Float64Array(capacity * rules.length);
    this.#lastValues = new Float64Array(rules.length);
  }

  get points(): number {
    return this.#points;
  }

  /** Samples that a point stands for; the last one may stand for fewer. */
  get stride(): number {
    return this.#stride;
  }

  /** Takes one sample: `values` has an entry per column. */
  push(at: number, values: ArrayLike<number>): void {
    if (this.#points === 0 || this.#filled === this.#stride) {
      if (this.#points === this.#capacity) this.#halve();
      this.#open(at);
    }
    const base = (this.#points - 1) * this.#rules.length;
    for (let column = 0; column < this.#rules.length; column++) {
      if (this.#rules[column] === 'mean') this.#values[base + column]! += values[column]!;
      else if (this.#filled === 0) this.#values[base + column] = values[column]!;
      this.#lastValues[column] = values[column]!;
    }
    this.#lastAt = at;
    this.#filled++;
  }

  /** When each point begins. */
  starts(): number[] {
    return Array.from(this.#starts.subarray(0, this.#points));
  }

  /** The values of a column, one per point. */
  column(column: number): number[] {
    const values: number[] = [];
    for (let point = 0; point < this.#points; point++) {
      const value = this.#values[point * this.#rules.length + column]!;
      const samples = point === this.#points - 1 ? this.#filled : this.#stride;
      values.push(this.#rules[column] === 'mean' ? value / samples : value);
    }
    return values;
  }

  /**
   * What a running total grew by from the start of each point to the start of the next, one per point. The last point may stand for less time: its
   * growth is scaled to the length of the others, and is the growth before it if it stands for a single sample.
   */
  growth(column: number): number[] {
    const totals = this.column(column);
    const growth: number[] = [];
    for (let point = 0; point + 1 < this.#points; point++) growth.push(totals[point + 1]! - totals[point]!);
    if (this.#points === 0) return growth;
    const rest = this.#lastValues[column]! - totals[this.#points - 1]!;
    const restTime = this.#lastAt - this.#starts[this.#points - 1]!;
    const time = this.#points < 2 ? restTime : this.#starts[1]! - this.#starts[0]!;
    growth.push(restTime === 0 ? (growth.at(-1) ?? rest) : rest * (time / restTime));
    return growth;
  }

  #open(at: number): void {
    this.#starts[this.#points] = at;
    this.#values.fill(0, this.#points * this.#rules.length, (this.#points + 1) * this.#rules.length);
    this.#points++;
    this.#filled = 0;
  }

  #halve(): void {
    const columns = this.#rules.length;
    for (let point = 0; point < this.#capacity / 2; point++) {
      const left = 2 * point * columns;
      const right = left + columns;
      this.#starts[point] = this.#starts[2 * point]!;
      for (let column = 0; column < columns; column++) {
        const earlier = this.#values[left + column]!;
        this.#values[point * columns + column] =
          this.#rules[column] === 'mean' ? earlier + this.#values[right + column]! : earlier;
      }
    }
    this.#points = this.#capacity / 2;
    this.#stride *= 2;
    this.#filled = this.#stride;
  }
}
