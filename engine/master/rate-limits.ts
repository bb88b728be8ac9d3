import { assert, type Micros, micros } from '../core/index.ts';
import { fieldsLayout } from '../core/graph/index.ts';

/** `--rate_limits` (spec 14 §4). A principal that is not listed shares the aggregate limit with all such; null there limits nobody. */
export interface RateLimits {
  readonly limits: readonly PrincipalLimit[];
  readonly aggregateDefault: Rate | null;
}

/** A listed principal; `rate` null lets it call as it likes. */
export interface PrincipalLimit {
  readonly principal: string;
  readonly rate: Rate | null;
}

export interface Rate {
  /** Calls per 1,000 seconds: `qps` with three decimals, 1 or more. */
  readonly milliQps: number;
  /** Calls that may come at once after a rest, 1 or more; null is what one second allows. */
  readonly capacity: number | null;
}

/** Parts of a call that come in per microsecond and 1/1,000 of a call per second. */
const PARTS_PER_CALL = 1_000_000_000;
const CAPACITY_MAX = 9_000_000;

/** A bucket of calls, filled at a steady rate. Whole parts, so nothing drifts. A call that is refused changes nothing. */
export class Bucket {
  #milliQps: number;
  #parts: number;
  #level: number;
  #at: Micros;

  constructor({ milliQps, capacity }: Rate, now: Micros) {
    assert(Number.isSafeInteger(milliQps) && milliQps > 0, 'a rate is 1/1,000 of a call per second or more');
    const calls = capacity ?? Math.max(1, Math.floor(milliQps / 1_000));
    assert(Number.isSafeInteger(calls) && calls > 0, 'a capacity is a whole number of calls');
    this.#milliQps = milliQps;
    this.#parts = Math.min(calls, CAPACITY_MAX) * PARTS_PER_CALL;
    this.#level = this.#parts;
    this.#at = now;
  }

  /** Takes one call's worth at `now`, or says when there will be one. */
  take(now: Micros): Micros | null {
    const level = Math.min(this.#parts, this.#level + (now - this.#at) * this.#milliQps);
    if (level < PARTS_PER_CALL) return micros(Math.ceil((PARTS_PER_CALL - level) / this.#milliQps));
    this.#level = level - PARTS_PER_CALL;
    this.#at = now;
    return null;
  }

  static readonly layout = fieldsLayout({
    blank: () => new Bucket({ milliQps: 1, capacity: 1 }, micros(0)),
    take: (it: Bucket) => ({ milliQps: it.#milliQps, parts: it.#parts, level: it.#level, at: it.#at }),
    put: (it, fields) => {
      it.#milliQps = fields.milliQps;
      it.#parts = fields.parts;
      it.#level = fields.level;
      it.#at = fields.at;
    },
  });
}

/** Calls of one principal, refused ones among those received only. */
export interface PrincipalCounters {
  messagesReceived: number;
  messagesProcessed: number;
}

/** Rates of principals as the master enforces them: on every call of a scheduler that names a framework or subscribes (spec 03 §11). */
export class RateLimiter {
  /** Null for those without limit. */
  #buckets = new Map<string, Bucket | null>();
  #aggregate: Bucket | null;

  constructor({ limits, aggregateDefault }: RateLimits, now: Micros) {
    for (const { principal, rate } of limits) {
      assert(!this.#buckets.has(principal), `principal '${principal}' is limited once`);
      this.#buckets.set(principal, rate === null ? null : new Bucket(rate, now));
    }
    this.#aggregate = aggregateDefault === null ? null : new Bucket(aggregateDefault, now);
  }

  /** Null if the call may pass, else how long until one may. */
  take(now: Micros, principal: string | null): Micros | null {
    const own = principal === null ? undefined : this.#buckets.get(principal);
    if (own !== undefined) return own === null ? null : own.take(now);
    return this.#aggregate === null ? null : this.#aggregate.take(now);
  }

  static readonly layout = fieldsLayout({
    take: (it: RateLimiter) => ({ buckets: it.#buckets, aggregate: it.#aggregate }),
    put: (it, fields) => {
      it.#buckets = fields.buckets;
      it.#aggregate = fields.aggregate;
    },
  });
}
