import { assert, type Micros } from '../../engine/core/index.ts';
import type { Agent } from '../../engine/master/index.ts';
import type { Resources } from '../../engine/resources/index.ts';
import type { Client } from './client.ts';
import { grown } from './dense-set.ts';
import { ExpiryBuckets } from './expiry-buckets.ts';

/** A filter beyond the first of a pair. */
interface Filter {
  readonly refused: Resources;
  readonly bucket: number;
}

/**
 * The filters of one client by agent, made when it first refuses: what was refused, null for nothing, and the bucket that it
 * expires with. With the pair in the bucket that is 20 bytes a filter.
 */
export interface FilterRow {
  readonly refused: (Resources | null)[];
  buckets: Int32Array;
  /** Filters beyond the first, by agent. */
  readonly further: Map<number, Filter[]>;
  count: number;
}

/**
 * Offer filters (spec 16 §8): of a framework in a role on an agent, refusing what is contained in the refused resources until they expire.
 */
export class OfferFilters {
  readonly #clients: readonly (Client | null)[];
  readonly #buckets = new ExpiryBuckets();
  #count = 0;

  /** `clients` by row, as the owner keeps them. */
  constructor(clients: readonly (Client | null)[]) {
    this.#clients = clients;
  }

  /** Live filters of all clients. */
  get count(): number {
    return this.#count;
  }

  /** Instants at which something will expire; for checks. */
  get bucketCount(): number {
    return this.#buckets.size;
  }

  /** `isLate`: it was scheduled after the batch tick of the instant at which it expires. */
  add(client: Client, agent: Agent, refused: Resources, expiry: Micros, isLate: boolean): void {
    client.filters ??= { refused: [], buckets: new Int32Array(16), further: new Map(), count: 0 };
    const row = client.filters;
    while (row.refused.length <= agent) row.refused.push(null);
    if (agent >= row.buckets.length) row.buckets = grown(row.buckets, agent + 1);
    const bucket = this.#buckets.at(expiry, isLate);
    this.#buckets.add(bucket, client.row, agent);
    row.count++;
    this.#count++;
    if (row.refused[agent] === null) {
      row.refused[agent] = refused;
      row.buckets[agent] = bucket;
      return;
    }
    const further = row.further.get(agent);
    if (further === undefined) row.further.set(agent, [{ refused, bucket }]);
    else further.push({ refused, bucket });
  }

  /** Whether a live filter keeps `offer` of `agent` from the client. */
  blocks(row: FilterRow, agent: number, offer: Resources): boolean {
    if (agent >= row.refused.length) return false;
    const refused = row.refused[agent]!;
    if (refused === null) return false;
    if (refused === offer || refused.contains(offer)) return true;
    if (row.further.size === 0) return false;
    return row.further.get(agent)?.some((filter) => filter.refused.contains(offer)) ?? false;
  }

  /** All filters of the client go. */
  clearClient(client: Client): void {
    const row = client.filters;
    if (row === null) return;
    for (let agent = 0; agent < row.refused.length && row.count > 0; agent++) this.#clear(row, agent);
  }

  /** All filters on the agent go. */
  clearAgent(agent: Agent): void {
    for (let index = 0; index < this.#clients.length; index++) {
      const filters = this.#clients[index]?.filters ?? null;
      if (filters !== null && agent < filters.refused.length) this.#clear(filters, agent);
    }
  }

  /**
   * Fires what is due at `now`, its late filters only if `lateToo`. `lapsed` is told the client and the agent of each.
   */
  expire(now: Micros, lateToo: boolean, lapsed: (client: Client, agent: number) => void): void {
    while (this.#buckets.isDue(now, lateToo)) {
      this.#buckets.fire((clientRow, agent, bucket) => {
        const client = this.#clients[clientRow] ?? null;
        if (client === null || !this.#removeOne(client.filters, agent, bucket)) return;
        this.#count--;
        lapsed(client, agent);
      });
    }
  }

  /** Asserts that rows, buckets and counts agree. */
  checkInvariants(): void {
    let count = 0;
    for (const client of this.#clients) {
      if (client == null || client.filters === null) continue;
      const { refused, further, count: noted } = client.filters;
      let found = refused.filter((resources) => resources !== null).length;
      for (const [agent, filters] of further) {
        assert(refused[agent] !== null && filters.length > 0, 'filters beyond the first come after one');
        found += filters.length;
      }
      assert(found === noted, 'the filters of a client are counted');
      count += found;
    }
    assert(count === this.#count, 'the filters are counted');
    assert(count === this.#buckets.liveCount(), 'every filter expires');
  }

  #clear(row: FilterRow, agent: number): void {
    if (row.refused[agent] === null) return;
    row.refused[agent] = null;
    this.#cancel(row, row.buckets[agent]!);
    if (row.further.size === 0) return;
    const further = row.further.get(agent);
    if (further === undefined) return;
    row.further.delete(agent);
    for (const { bucket } of further) this.#cancel(row, bucket);
  }

  #cancel(row: FilterRow, bucket: number): void {
    row.count--;
    this.#count--;
    this.#buckets.cancel(bucket, this.#isLive);
  }

  readonly #isLive = (clientRow: number, agent: number, bucket: number): boolean => {
    const row = this.#clients[clientRow]?.filters ?? null;
    if (row === null || agent >= row.refused.length || row.refused[agent] === null) return false;
    if (row.buckets[agent] === bucket) return true;
    return row.further.get(agent)?.some((filter) => filter.bucket === bucket) ?? false;
  };

  /** Takes out one filter that expires with `bucket`; false if there is none. */
  #removeOne(row: FilterRow | null, agent: number, bucket: number): boolean {
    if (row === null || agent >= row.refused.length || row.refused[agent] === null) return false;
    if (row.further.size > 0 && row.further.has(agent)) return this.#removeOneOfMany(row, agent, bucket);
    if (row.buckets[agent] !== bucket) return false;
    row.refused[agent] = null;
    row.count--;
    return true;
  }

  #removeOneOfMany(row: FilterRow, agent: number, bucket: number): boolean {
    const further = row.further.get(agent)!;
    const index = further.findIndex((filter) => filter.bucket === bucket);
    const isFirst = row.buckets[agent] === bucket;
    if (!isFirst && index < 0) return false;
    const last = further.pop()!;
    if (isFirst) {
      row.refused[agent] = last.refused;
      row.buckets[agent] = last.bucket;
    } else if (index < further.length) {
      further[index] = last;
    }
    if (further.length === 0) row.further.delete(agent);
    row.count--;
    return true;
  }
}
