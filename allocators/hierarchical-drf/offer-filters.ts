import { assert, type Micros } from '../../engine/core/index.ts';
import type { Agent } from '../../engine/master/index.ts';
import type { Resources } from '../../engine/resources/index.ts';
import type { Client } from './client.ts';
import { grown } from './dense-set.ts';
import { ExpiryBuckets } from './expiry-buckets.ts';
import { Refusals } from './refusals.ts';

/**
 * The filters of one client by agent, made when it first refuses: the handle of what was refused, 0 for none, negative when there are
 * further filters on that agent, and the bucket it expires with. With the pair in the bucket that is 16 bytes a filter.
 */
export interface FilterRow {
  handles: Int32Array;
  buckets: Int32Array;
  /** Further filters by agent: handle, bucket, handle, bucket, … */
  further: Map<number, number[]> | null;
  count: number;
}

/**
 * Offer filters (spec 16 §8): of a framework in a role on an agent, refusing what is contained in the refused resources until they expire.
 */
export class OfferFilters {
  readonly #clients: readonly (Client | null)[];
  readonly #refusals = new Refusals();
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

  /** `isLate`: it was scheduled after the batch tick of the instant at which it expires. */
  add(client: Client, agent: Agent, refused: Resources, expiry: Micros, isLate: boolean): void {
    client.filters ??= { handles: new Int32Array(16), buckets: new Int32Array(16), further: null, count: 0 };
    const row = client.filters;
    if (agent >= row.handles.length) {
      row.handles = grown(row.handles, agent + 1);
      row.buckets = grown(row.buckets, agent + 1);
    }
    const bucket = this.#buckets.at(expiry, isLate);
    const handle = this.#refusals.acquire(agent, refused);
    this.#buckets.add(bucket, client.row, agent);
    row.count++;
    this.#count++;
    const present = row.handles[agent]!;
    if (present === 0) {
      row.handles[agent] = handle;
      row.buckets[agent] = bucket;
      return;
    }
    row.handles[agent] = -Math.abs(present);
    row.further ??= new Map();
    const further = row.further.get(agent);
    if (further === undefined) row.further.set(agent, [handle, bucket]);
    else further.push(handle, bucket);
  }

  /** Whether a live filter keeps `offer` of `agent` from the client. */
  blocks(row: FilterRow, agent: number, offer: Resources): boolean {
    if (agent >= row.handles.length) return false;
    const handle = row.handles[agent]!;
    if (handle === 0) return false;
    if (handle > 0) return this.#refusals.covers(handle, offer);
    if (this.#refusals.covers(-handle, offer)) return true;
    const further = row.further!.get(agent)!;
    for (let index = 0; index < further.length; index += 2) {
      if (this.#refusals.covers(further[index]!, offer)) return true;
    }
    return false;
  }

  /** All filters of the client go. */
  clearClient(client: Client): void {
    const row = client.filters;
    if (row === null) return;
    for (let agent = 0; agent < row.handles.length && row.count > 0; agent++) this.#clear(row, agent);
    client.filters = null;
  }

  /** All filters on the agent go. */
  clearAgent(agent: Agent): void {
    for (let index = 0; index < this.#clients.length; index++) {
      const client = this.#clients[index];
      if (client == null || client.filters === null || agent >= client.filters.handles.length) continue;
      this.#clear(client.filters, agent);
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
      const { handles, further, count: noted } = client.filters;
      let found = 0;
      for (let agent = 0; agent < handles.length; agent++) {
        if (handles[agent] === 0) continue;
        const more = further?.get(agent) ?? [];
        assert(handles[agent]! < 0 === more.length > 0, 'a negative handle says that there are further filters');
        found += 1 + more.length / 2;
      }
      assert(found === noted, 'the filters of a client are counted');
      count += found;
    }
    assert(count === this.#count, 'the filters are counted');
    assert(count === this.#buckets.liveCount(), 'every filter expires');
  }

  #clear(row: FilterRow, agent: number): void {
    const handle = row.handles[agent]!;
    if (handle === 0) return;
    const bucket = row.buckets[agent]!;
    row.handles[agent] = 0;
    this.#drop(row, agent, Math.abs(handle), bucket);
    if (handle > 0) return;
    const further = row.further!.get(agent)!;
    row.further!.delete(agent);
    for (let index = 0; index < further.length; index += 2) {
      this.#drop(row, agent, further[index]!, further[index + 1]!);
    }
  }

  #drop(row: FilterRow, agent: number, handle: number, bucket: number): void {
    row.count--;
    this.#count--;
    this.#refusals.release(agent, handle);
    this.#buckets.cancel(bucket, this.#isLive);
  }

  readonly #isLive = (clientRow: number, agent: number, bucket: number): boolean => {
    const row = this.#clients[clientRow]?.filters ?? null;
    if (row === null || agent >= row.handles.length || row.handles[agent] === 0) return false;
    if (row.buckets[agent] === bucket) return true;
    const further = row.handles[agent]! < 0 ? row.further!.get(agent)! : NOTHING;
    for (let index = 1; index < further.length; index += 2) if (further[index] === bucket) return true;
    return false;
  };

  /** Takes out one filter that expires with `bucket`; false if there is none. */
  #removeOne(row: FilterRow | null, agent: number, bucket: number): boolean {
    if (row === null || agent >= row.handles.length) return false;
    const handle = row.handles[agent]!;
    if (handle === 0) return false;
    if (handle < 0) return this.#removeOneOfMany(row, agent, bucket);
    if (row.buckets[agent] !== bucket) return false;
    row.handles[agent] = 0;
    row.count--;
    this.#refusals.release(agent, handle);
    return true;
  }

  #removeOneOfMany(row: FilterRow, agent: number, bucket: number): boolean {
    const further = row.further!.get(agent)!;
    const lastBucket = further[further.length - 1]!;
    const lastHandle = further[further.length - 2]!;
    const first = Math.abs(row.handles[agent]!);
    let gone = 0;
    if (row.buckets[agent] === bucket) {
      gone = first;
      row.handles[agent] = -lastHandle;
      row.buckets[agent] = lastBucket;
    } else {
      for (let index = 0; index < further.length; index += 2) {
        if (further[index + 1] !== bucket) continue;
        gone = further[index]!;
        further[index] = lastHandle;
        further[index + 1] = lastBucket;
        break;
      }
    }
    if (gone === 0) return false;
    further.length -= 2;
    if (further.length === 0) {
      row.further!.delete(agent);
      row.handles[agent] = Math.abs(row.handles[agent]!);
    }
    row.count--;
    this.#refusals.release(agent, gone);
    return true;
  }
}

const NOTHING: readonly number[] = [];
