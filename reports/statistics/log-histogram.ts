import { assert } from '../../engine/core/index.ts';

/** Sub-buckets per doubling: 2^6. A bucket is at most 1/64 of its lower bound wide, so its middle is within 1/128 of any value in it. */
const MANTISSA_BITS = 6;
const SHIFT = 20 - MANTISSA_BITS;
const BUCKETS_PER_OCTAVE = 1 << MANTISSA_BITS;

/** Smaller values count as 0, so that no histogram has more than 73 octaves: with seconds, less than a microsecond. */
const SMALLEST = 2 ** -20;

/** The largest relative error of `quantile`: 0.79 %. */
export const QUANTILE_ERROR_MAX = 1 / (2 * BUCKETS_PER_OCTAVE);

/** One step of a cumulative distribution: `count` values of at most `upTo`. */
export interface Step {
  readonly upTo: number;
  readonly count: number;
}

/**
 * Counts of non-negative numbers in logarithmic buckets (after HdrHistogram and DDSketch). A value's bucket is the exponent and the first
 * mantissa bits of its double, so no logarithm is taken and every machine puts a value into the same bucket. Memory grows with the range of
 * the values (512 B per doubling) and not with their number.
 */
export class LogHistogram {
  #count = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;
  #zeros = 0;
  /** `#buckets[index - #first]`; whole octaves, grown at either end. */
  #buckets = new Float64Array(0);
  #first = 0;
  readonly #view = new DataView(new ArrayBuffer(8));

  get count(): number {
    return this.#count;
  }

  /** Exact. 0 when empty. */
  get max(): number {
    return this.#max;
  }

  /** Exact up to the rounding of the sum. 0 when empty. */
  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  /** Counts `value`, which is 0 or more and less than 2^53. */
  add(value: number): void {
    assert(value >= 0 && value <= Number.MAX_SAFE_INTEGER, 'a histogram holds numbers from 0 to 2^53');
    this.#count++;
    this.#sum += value;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    if (value < SMALLEST) {
      this.#zeros++;
      return;
    }
    this.#view.setFloat64(0, value);
    this.#countAt(this.#view.getUint32(0) >>> SHIFT, 1);
  }

  /** Counts everything that `other` holds. */
  addAll(other: LogHistogram): void {
    this.#count += other.#count;
    this.#sum += other.#sum;
    this.#zeros += other.#zeros;
    if (other.#min < this.#min) this.#min = other.#min;
    if (other.#max > this.#max) this.#max = other.#max;
    for (let offset = 0; offset < other.#buckets.length; offset++) {
      const count = other.#buckets[offset]!;
      if (count > 0) this.#countAt(other.#first + offset, count);
    }
  }

  /**
   * The smallest value that at least the fraction `q` (0 to 1) of all values do not exceed (nearest rank), within `QUANTILE_ERROR_MAX` of
   * it, or 0 if it is less than a millionth. 0 when empty.
   */
  quantile(q: number): number {
    const rank = Math.max(1, Math.ceil(q * this.#count));
    let seen = this.#zeros;
    if (seen >= rank) return 0;
    for (let offset = 0; offset < this.#buckets.length; offset++) {
      seen += this.#buckets[offset]!;
      if (seen >= rank) return this.#middle(this.#first + offset);
    }
    return this.#max;
  }

  /** The cumulative distribution: one step per bucket that is not empty, at the value that stands for the bucket. */
  steps(): Step[] {
    const steps: Step[] = [];
    let seen = this.#zeros;
    if (seen > 0) steps.push({ upTo: 0, count: seen });
    for (let offset = 0; offset < this.#buckets.length; offset++) {
      const count = this.#buckets[offset]!;
      if (count === 0) continue;
      seen += count;
      steps.push({ upTo: this.#middle(this.#first + offset), count: seen });
    }
    return steps;
  }

  #countAt(bucket: number, count: number): void {
    let offset = bucket - this.#first;
    if (offset < 0 || offset >= this.#buckets.length) {
      this.#cover(bucket);
      offset = bucket - this.#first;
    }
    this.#buckets[offset]! += count;
  }

  /** Grows the window by whole octaves until `bucket` lies in it. */
  #cover(bucket: number): void {
    const octave = bucket - (bucket % BUCKETS_PER_OCTAVE);
    const empty = this.#buckets.length === 0;
    const first = empty ? octave : Math.min(this.#first, octave);
    const end = Math.max(empty ? 0 : this.#first + this.#buckets.length, octave + BUCKETS_PER_OCTAVE);
    const grown = new Float64Array(end - first);
    if (!empty) grown.set(this.#buckets, this.#first - first);
    this.#buckets = grown;
    this.#first = first;
  }

  /** The middle of a bucket, drawn to the range that was seen. */
  #middle(bucket: number): number {
    const low = this.#lowerBound(bucket);
    const middle = (low + this.#lowerBound(bucket + 1)) / 2;
    return Math.min(this.#max, Math.max(this.#min, middle));
  }

  #lowerBound(bucket: number): number {
    this.#view.setUint32(0, (bucket << SHIFT) >>> 0);
    this.#view.setUint32(4, 0);
    return this.#view.getFloat64(0);
  }
}
