import { assert, type Micros, micros } from '../../engine/core/index.ts';
import { fieldsLayout } from '../../engine/core/graph/index.ts';
import type { Agent } from '../../engine/master/index.ts';
import type { Resources } from '../../engine/resources/index.ts';
import { BlockedBits } from './blocked-bits.ts';
import type { Client } from './client.ts';
import { ExpiryBuckets } from './expiry-buckets.ts';
import { FilterPages, FilterRow } from './filter-row.ts';
import { PairBits } from './pair-bits.ts';
import { Refusals } from './refusals.ts';

const NONE = 0;

/** A live filter as a reader sees it. */
export interface RefusedOffer {
  readonly refused: Resources;
  readonly until: Micros;
  /** At its very instant it still blocks the batch tick. */
  readonly isLate: boolean;
}

/**
 * Offer filters (spec 16 §8): of a framework in a role on an agent, refusing what is contained in the refused resources until they expire.
 */
export class OfferFilters {
  #clients: readonly (Client | null)[];
  readonly #refusals = new Refusals();
  readonly #buckets = new ExpiryBuckets();
  readonly #blocked = new BlockedBits();
  readonly #pages = new FilterPages();
  /** Pairs with a live filter: most pairs that a cycle asks about have none, and their rows need not be touched. */
  readonly #filtered = new PairBits();
  #count = 0;

  /** `clients` by row, as the owner keeps them. */
  constructor(clients: readonly (Client | null)[]) {
    this.#clients = clients;
  }

  /** Live filters of all clients. */
  get count(): number {
    return this.#count;
  }

  /** No filter expires before; Infinity while there is none. */
  get nextExpiry(): number {
    return this.#buckets.firstInstant;
  }

  /** Instants at which something will expire; for checks. */
  get bucketCount(): number {
    return this.#buckets.size;
  }

  /** `isLate`: it was scheduled after the batch tick of the instant at which it expires. */
  add(client: Client, agent: Agent, refused: Resources, expiry: Micros, isLate: boolean): void {
    client.filters ??= new FilterRow(client.row, this.#pages);
    const row = client.filters;
    const bucket = this.#buckets.at(expiry, isLate);
    const handle = this.#refusals.acquire(agent, refused);
    this.#buckets.add(bucket, client.row, agent);
    row.count++;
    this.#count++;
    if (row.handle(agent) === NONE) {
      row.set(agent, handle, bucket);
      this.#filtered.add(agent, client.row);
      return;
    }
    const further = row.further.get(agent);
    if (further === undefined) row.further.set(agent, [{ handle, bucket }]);
    else further.push({ handle, bucket });
  }

  /** Whether a live filter keeps `offer` of `agent` from the client. */
  blocks(client: Client, agent: number, offer: Resources): boolean {
    if (!this.#filtered.has(agent, client.row)) return false;
    const row = client.filters!;
    const handle = row.handle(agent);
    if (handle === NONE) return false;
    if (this.#refusals.covers(handle, offer)) return true;
    if (row.further.size === 0) return false;
    return row.further.get(agent)?.some((filter) => this.#refusals.covers(filter.handle, offer)) ?? false;
  }

  /** The client's filters on the agent. For reading, not for cycles. */
  refusalsOf(row: FilterRow, agent: number): readonly RefusedOffer[] {
    if (row.handle(agent) === NONE) return [];
    const first = { handle: row.handle(agent), bucket: row.bucket(agent) };
    return [first, ...(row.further.get(agent) ?? [])].map(({ handle, bucket }) => ({
      refused: this.#refusals.refused(handle),
      until: micros(this.#buckets.instant(bucket)),
      isLate: this.#buckets.isLate(bucket),
    }));
  }

  /** Clients known to be kept from all that is free on the agent; see `BlockedBits.of`. */
  blockedBits(agent: number, free: Resources): Int32Array {
    return this.#blocked.of(agent, free);
  }

  /** Notes that a live filter of the client contains all that is free on the agent, and answers its bits. */
  noteBlocked(client: Client, agent: number, free: Resources): Int32Array {
    return this.#blocked.set(client.row, agent, free);
  }

  /** All filters of the client go. */
  clearClient(client: Client): void {
    const row = client.filters;
    if (row === null) return;
    row.forEachAgent((agent) => this.#clear(row, agent));
  }

  /** The client, which has no filters, is no more. */
  forget(client: Client): void {
    client.filters?.dispose();
    client.filters = null;
  }

  /** All filters on the agent go. */
  clearAgent(agent: Agent): void {
    for (let index = 0; index < this.#clients.length; index++) {
      const filters = this.#clients[index]?.filters ?? null;
      if (filters !== null) this.#clear(filters, agent);
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
      const row = client.filters;
      let found = 0;
      row.forEachAgent((agent) => {
        assert(this.#filtered.has(agent, row.client), 'a pair with a filter is known to have one');
        found++;
      });
      for (const [agent, filters] of row.further) {
        assert(row.handle(agent) !== NONE && filters.length > 0, 'filters beyond the first come after one');
        found += filters.length;
      }
      assert(found === row.count, 'the filters of a client are counted');
      count += found;
    }
    assert(count === this.#count, 'the filters are counted');
    assert(count === this.#buckets.liveCount(), 'every filter expires');
  }

  #clear(row: FilterRow, agent: number): void {
    const handle = row.handle(agent);
    if (handle === NONE) return;
    const first = row.bucket(agent);
    row.set(agent, NONE, 0);
    this.#filtered.remove(agent, row.client);
    this.#cancel(row, agent, handle, first);
    if (row.further.size === 0) return;
    const further = row.further.get(agent);
    if (further === undefined) return;
    row.further.delete(agent);
    for (const { handle: more, bucket } of further) this.#cancel(row, agent, more, bucket);
  }

  #cancel(row: FilterRow, agent: number, handle: number, bucket: number): void {
    row.count--;
    this.#count--;
    this.#refusals.release(agent, handle);
    this.#blocked.clear(row.client, agent);
    this.#buckets.cancel(bucket, this.#isLive);
  }

  readonly #isLive = (clientRow: number, agent: number, bucket: number): boolean => {
    const row = this.#clients[clientRow]?.filters ?? null;
    if (row === null || row.handle(agent) === NONE) return false;
    if (row.bucket(agent) === bucket) return true;
    return row.further.get(agent)?.some((filter) => filter.bucket === bucket) ?? false;
  };

  /** Takes out one filter that expires with `bucket`; false if there is none. */
  #removeOne(row: FilterRow | null, agent: number, bucket: number): boolean {
    if (row === null || row.handle(agent) === NONE) return false;
    if (row.further.size > 0 && row.further.has(agent)) return this.#removeOneOfMany(row, agent, bucket);
    if (row.bucket(agent) !== bucket) return false;
    this.#refusals.release(agent, row.handle(agent));
    this.#blocked.clear(row.client, agent);
    row.set(agent, NONE, 0);
    this.#filtered.remove(agent, row.client);
    row.count--;
    return true;
  }

  #removeOneOfMany(row: FilterRow, agent: number, bucket: number): boolean {
    const further = row.further.get(agent)!;
    const index = further.findIndex((filter) => filter.bucket === bucket);
    const isFirst = row.bucket(agent) === bucket;
    if (!isFirst && index < 0) return false;
    const gone = isFirst ? row.handle(agent) : further[index]!.handle;
    const last = further.pop()!;
    if (isFirst) {
      row.set(agent, last.handle, last.bucket);
    } else if (index < further.length) {
      further[index] = last;
    }
    if (further.length === 0) row.further.delete(agent);
    this.#refusals.release(agent, gone);
    this.#blocked.clear(row.client, agent);
    row.count--;
    return true;
  }

  static readonly layout = fieldsLayout({
    take: (it: OfferFilters) => ({
      clients: it.#clients,
      refusals: it.#refusals,
      buckets: it.#buckets,
      blocked: it.#blocked,
      pages: it.#pages,
      filtered: it.#filtered,
      count: it.#count,
    }),
    put: (it, fields) => {
      it.#clients = fields.clients;
      it.#count = fields.count;
    },
    kept: ['#isLive'],
  });
}
