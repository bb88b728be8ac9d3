import { assert } from '../../engine/core/index.ts';
import { fieldsLayout } from '../../engine/core/graph/index.ts';
import { grown } from './dense-set.ts';

const NONE = -1;
/** Emptied buckets wait in the heap until they are due, or until there are this many and they are half of it. */
const EMPTY_BUCKETS_MAX = 64;
const COMPACT_FROM = 64;

/** Whether a filter of the client on the agent expires with the bucket. */
type PairTest = (client: number, agent: number, bucket: number) => boolean;

interface Bucket {
  instant: number;
  isLate: boolean;
  /** Pairs of client and agent; those whose filter was removed since are stale. */
  pairs: Int32Array;
  length: number;
  /** Filters that will expire with it. */
  live: number;
}

/**
 * Filters by the instant they expire at, one bucket for each instant, the first at hand. A bucket is late if it was scheduled after
 * the batch tick of the same instant, and then fires after it (conformance README §4). Spent and emptied buckets leave nothing behind.
 */
export class ExpiryBuckets {
  #buckets: Bucket[] = [];
  #spare: number[] = [];
  /** By instant times two, plus one if late. */
  #byKey = new Map<number, number>();
  /** Binary heap of bucket numbers, first to fire on top. */
  #heap: number[] = [];
  #emptyCount = 0;
  #lastKey = NONE;
  #lastBucket = NONE;

  /** The bucket for what expires at `instant`. */
  at(instant: number, isLate: boolean): number {
    const key = instant * 2 + (isLate ? 1 : 0);
    if (key === this.#lastKey) return this.#lastBucket;
    const bucket = this.#byKey.get(key) ?? this.#open(key, instant, isLate);
    this.#lastKey = key;
    this.#lastBucket = bucket;
    return bucket;
  }

  instant(bucket: number): number {
    return this.#buckets[bucket]!.instant;
  }

  /** Whether what is in the bucket lapses after the batch tick of its instant. */
  isLate(bucket: number): boolean {
    return this.#buckets[bucket]!.isLate;
  }

  add(bucket: number, client: number, agent: number): void {
    const opened = this.#buckets[bucket]!;
    if (opened.live === 0) this.#emptyCount--;
    opened.live++;
    if (opened.length + 2 > opened.pairs.length) opened.pairs = grown(opened.pairs, opened.length + 8);
    opened.pairs[opened.length] = client;
    opened.pairs[opened.length + 1] = agent;
    opened.length += 2;
  }

  /**
   * A filter of the bucket was removed before its time. Stale pairs are dropped once they are most of it; `isLive` tells them apart.
   */
  cancel(bucket: number, isLive: PairTest): void {
    const opened = this.#buckets[bucket]!;
    opened.live--;
    if (opened.live === 0) {
      opened.length = 0;
      opened.pairs = new Int32Array(0);
      this.#emptyCount++;
      if (this.#emptyCount > EMPTY_BUCKETS_MAX && this.#emptyCount * 2 > this.#heap.length) this.#dropEmpty();
    } else if (opened.length > COMPACT_FROM && opened.length > 8 * opened.live) {
      compact(opened, bucket, isLive);
    }
  }

  /** No bucket is due before; Infinity while there is none. */
  get firstInstant(): number {
    return this.#heap.length === 0 ? Infinity : this.#buckets[this.#heap[0]!]!.instant;
  }

  /** Whether the first bucket is due at `now`, its late kind only if `lateToo`. */
  isDue(now: number, lateToo: boolean): boolean {
    if (this.#heap.length === 0) return false;
    const { instant, isLate } = this.#buckets[this.#heap[0]!]!;
    return instant < now || (instant === now && (lateToo || !isLate));
  }

  /** Takes the first bucket off; `each` is told every pair, stale ones included, and the bucket's number, which it must clear from live filters. */
  fire(each: (client: number, agent: number, bucket: number) => void): void {
    const bucket = this.#pop();
    const { pairs, length } = this.#buckets[bucket]!;
    for (let index = 0; index < length; index += 2) each(pairs[index]!, pairs[index + 1]!, bucket);
    this.#forget(bucket);
  }

  /** Filters that will expire; for checks. */
  liveCount(): number {
    return this.#heap.reduce((sum, bucket) => sum + this.#buckets[bucket]!.live, 0);
  }

  /** Buckets that take memory; for checks. */
  get size(): number {
    return this.#heap.length;
  }

  #open(key: number, instant: number, isLate: boolean): number {
    const bucket = this.#spare.pop() ?? this.#buckets.length;
    this.#buckets[bucket] = { instant, isLate, pairs: new Int32Array(0), length: 0, live: 0 };
    this.#emptyCount++;
    this.#byKey.set(key, bucket);
    this.#heap.push(bucket);
    this.#siftUp(this.#heap.length - 1);
    return bucket;
  }

  #forget(bucket: number): void {
    const opened = this.#buckets[bucket]!;
    if (opened.live === 0) this.#emptyCount--;
    const key = opened.instant * 2 + (opened.isLate ? 1 : 0);
    this.#byKey.delete(key);
    if (key === this.#lastKey) this.#lastKey = NONE;
    opened.pairs = new Int32Array(0);
    opened.length = 0;
    opened.live = 0;
    this.#spare.push(bucket);
  }

  #dropEmpty(): void {
    const kept: number[] = [];
    for (const bucket of this.#heap) {
      if (this.#buckets[bucket]!.live > 0) kept.push(bucket);
      else this.#forget(bucket);
    }
    assert(this.#emptyCount === 0, 'the empty buckets were counted');
    this.#heap = kept;
    for (let index = (kept.length >> 1) - 1; index >= 0; index--) this.#siftDown(index);
  }

  #precedes(a: number, b: number): boolean {
    const first = this.#buckets[a]!;
    const second = this.#buckets[b]!;
    if (first.instant !== second.instant) return first.instant < second.instant;
    return !first.isLate && second.isLate;
  }

  #pop(): number {
    const top = this.#heap[0]!;
    const last = this.#heap.pop()!;
    if (this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#siftDown(0);
    }
    return top;
  }

  #siftUp(start: number): void {
    let index = start;
    const moved = this.#heap[index]!;
    while (index > 0) {
      const above = (index - 1) >> 1;
      if (!this.#precedes(moved, this.#heap[above]!)) break;
      this.#heap[index] = this.#heap[above]!;
      index = above;
    }
    this.#heap[index] = moved;
  }

  #siftDown(start: number): void {
    let index = start;
    const moved = this.#heap[index]!;
    for (;;) {
      let below = index * 2 + 1;
      if (below >= this.#heap.length) break;
      if (below + 1 < this.#heap.length && this.#precedes(this.#heap[below + 1]!, this.#heap[below]!))
        below++;
      if (!this.#precedes(this.#heap[below]!, moved)) break;
      this.#heap[index] = this.#heap[below]!;
      index = below;
    }
    this.#heap[index] = moved;
  }

  static readonly layout = fieldsLayout({
    take: (it: ExpiryBuckets) => ({
      buckets: it.#buckets,
      spare: it.#spare,
      byKey: it.#byKey,
      heap: it.#heap,
      emptyCount: it.#emptyCount,
      lastKey: it.#lastKey,
      lastBucket: it.#lastBucket,
    }),
    put: (it, fields) => {
      it.#buckets = fields.buckets;
      it.#spare = fields.spare;
      it.#byKey = fields.byKey;
      it.#heap = fields.heap;
      it.#emptyCount = fields.emptyCount;
      it.#lastKey = fields.lastKey;
      it.#lastBucket = fields.lastBucket;
    },
  });
}

function compact(opened: Bucket, bucket: number, isLive: PairTest): void {
  let length = 0;
  for (let index = 0; index < opened.length; index += 2) {
    const client = opened.pairs[index]!;
    const agent = opened.pairs[index + 1]!;
    if (!isLive(client, agent, bucket)) continue;
    opened.pairs[length] = client;
    opened.pairs[length + 1] = agent;
    length += 2;
  }
  opened.pairs = opened.pairs.slice(0, length);
  opened.length = length;
}
