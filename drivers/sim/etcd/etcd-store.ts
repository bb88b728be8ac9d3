import { assert, type Micros, micros } from '../../../engine/core/index.ts';
import type {
  StoreAnswer,
  StoreCompare,
  StoreEvent,
  StoreItem,
  StoreRequest,
} from '../../../engine/registry/index.ts';

interface Lease {
  readonly ttl: Micros;
  until: number;
  /** Its client keeps it alive without a word: it does not run out. */
  rests: boolean;
  readonly keys: Set<string>;
}

type Transaction = Extract<StoreRequest, { kind: 'transaction' }>;

/**
 * What an etcd cluster has agreed on: keys with revisions and their history, transactions, leases. One copy, linearizable by itself;
 * latency, loss and lagging replicas are `VirtualEtcd`'s.
 */
export class EtcdStore {
  #revision = 0;
  /** Revisions below this are gone. */
  #compacted = 0;
  readonly #items = new Map<string, StoreItem>();
  readonly #events: StoreEvent[] = [];
  /** Instants of commits, parallel to `#events`. */
  readonly #instants: number[] = [];
  readonly #leases = new Map<number, Lease>();
  #leasesGranted = 0;

  /** Revision of the last change; 0 before the first. */
  get revision(): number {
    return this.#revision;
  }

  get compactedRevision(): number {
    return this.#compacted;
  }

  get(key: string): StoreItem | null {
    return this.#items.get(key) ?? null;
  }

  /** The items whose keys begin so, by key. */
  read(prefix: string): readonly StoreItem[] {
    const items = [...this.#items.values()].filter(({ key }) => key.startsWith(prefix));
    return items.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** The same as of an earlier revision; null if that is compacted. */
  readAt(prefix: string, revision: number): readonly StoreItem[] | null {
    if (revision < this.#compacted) return null;
    const items = new Map<string, StoreItem>();
    for (const event of this.#events) {
      if (event.revision > revision) break;
      if (!event.item.key.startsWith(prefix)) continue;
      if (event.kind === 'put') items.set(event.item.key, event.item);
      else items.delete(event.item.key);
    }
    return [...items.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** The last revision committed by `instant`. */
  revisionAt(instant: number): number {
    let row = this.#instants.length - 1;
    while (row >= 0 && this.#instants[row]! > instant) row--;
    return row < 0 ? 0 : this.#events[row]!.revision;
  }

  /** Changes of keys that begin so, of revisions `from` to `to`; null if some of them are compacted. */
  eventsBetween(prefix: string, from: number, to: number): readonly StoreEvent[] | null {
    if (from < this.#compacted) return null;
    const events: StoreEvent[] = [];
    for (let row = this.#events.length - 1; row >= 0; row--) {
      const event = this.#events[row]!;
      if (event.revision < from) break;
      if (event.revision <= to && event.item.key.startsWith(prefix)) events.push(event);
    }
    return events.reverse();
  }

  /** All changes if all comparisons hold, with one revision; none otherwise. */
  transact(now: Micros, { compares, changes, otherwise }: Transaction): StoreAnswer {
    if (!compares.every((compare) => this.#holds(compare))) {
      return { kind: 'transacted', succeeded: false, revision: this.#revision, item: this.get(otherwise) };
    }
    for (const change of changes) {
      if (change.kind === 'put' && change.lease !== 0 && !this.#leases.has(change.lease))
        return { kind: 'leaseGone' };
    }
    const effective = changes.filter((change) => change.kind === 'put' || this.#items.has(change.key));
    if (effective.length > 0) {
      this.#revision++;
      for (const change of effective) {
        if (change.kind === 'put') this.#put(now, change.key, change.value, change.lease);
        else this.#delete(now, change.key);
      }
    }
    return { kind: 'transacted', succeeded: true, revision: this.#revision, item: null };
  }

  // Leases.

  grantLease(now: Micros, ttl: Micros): number {
    const lease = ++this.#leasesGranted;
    this.#leases.set(lease, { ttl, until: now + ttl, rests: false, keys: new Set() });
    return lease;
  }

  /** Its time to live, or null if it is gone. */
  keepAlive(now: Micros, id: number): Micros | null {
    const lease = this.#leases.get(id);
    if (lease === undefined) return null;
    lease.until = now + lease.ttl;
    return lease.ttl;
  }

  /** Its time to live, or null if it is gone. */
  ttlOf(id: number): Micros | null {
    return this.#leases.get(id)?.ttl ?? null;
  }

  /** From now on the lease does not run out by itself, or does so again, with the time that it has. */
  setResting(id: number, rests: boolean): void {
    const lease = this.#leases.get(id);
    assert(lease !== undefined, 'only a lease that is there rests');
    lease.rests = rests;
  }

  /** False if it is gone already. */
  revokeLease(now: Micros, id: number): boolean {
    const lease = this.#leases.get(id);
    if (lease === undefined) return false;
    this.#leases.delete(id);
    if (lease.keys.size > 0) {
      this.#revision++;
      for (const key of lease.keys) this.#delete(now, key);
    }
    return true;
  }

  /** Revokes the leases whose time is over. Returns whether there were any. */
  expireLeases(now: Micros): boolean {
    const over = [...this.#leases].filter(([, { until, rests }]) => until <= now && !rests);
    for (const [id] of over) this.revokeLease(now, id);
    return over.length > 0;
  }

  /** All leases live their time to live from now on: what a new leader of the store does. */
  renewLeases(now: Micros): void {
    for (const lease of this.#leases.values()) lease.until = now + lease.ttl;
  }

  /** When the next lease runs out; `Infinity` without one. */
  get nextExpiry(): number {
    let next = Infinity;
    for (const { until, rests } of this.#leases.values()) if (until < next && !rests) next = until;
    return next;
  }

  /** Forgets what was before `revision`: it can no longer be read or watched. */
  compact(revision: number): void {
    assert(revision <= this.#revision, 'only the past is compacted');
    this.#compacted = Math.max(this.#compacted, revision);
  }

  #holds({ key, field, equals }: StoreCompare): boolean {
    return (this.#items.get(key)?.[field] ?? 0) === equals;
  }

  #put(now: Micros, key: string, value: StoreItem['value'], lease: number): void {
    const before = this.#items.get(key) ?? null;
    if (before !== null && before.lease !== lease) this.#leases.get(before.lease)?.keys.delete(key);
    const item: StoreItem = {
      key,
      value,
      createRevision: before?.createRevision ?? this.#revision,
      modRevision: this.#revision,
      version: (before?.version ?? 0) + 1,
      lease,
    };
    this.#items.set(key, item);
    if (lease !== 0) this.#leases.get(lease)!.keys.add(key);
    this.#record(now, { kind: 'put', revision: this.#revision, item });
  }

  #delete(now: Micros, key: string): void {
    const before = this.#items.get(key)!;
    this.#items.delete(key);
    this.#leases.get(before.lease)?.keys.delete(key);
    const item: StoreItem = { ...before, modRevision: this.#revision };
    this.#record(now, { kind: 'delete', revision: this.#revision, item });
  }

  #record(now: Micros, event: StoreEvent): void {
    this.#events.push(event);
    this.#instants.push(micros(now));
  }
}
