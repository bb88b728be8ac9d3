import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type MasterEpoch, type Micros, micros } from '../../../engine/core/index.ts';
import type {
  StoreChange,
  StoreCompare,
  StoreEvent,
  StoreItem,
  StoreValue,
} from '../../../engine/registry/index.ts';
import { EtcdStore } from './etcd-store.ts';

const KEYS = ['a', 'ab', 'b', 'c'];
const valueOf = (number: number): StoreValue => ({
  kind: 'head',
  epoch: number as MasterEpoch,
  writer: 0,
  index: 0,
});

interface PlainItem {
  value: number;
  created: number;
  changed: number;
  version: number;
  lease: number;
}

/** The same store, written down as plainly as can be: a whole copy of all keys for each revision. */
class PlainStore {
  readonly copies: Map<string, PlainItem>[] = [new Map()];
  readonly leases = new Map<number, { ttl: number; until: number }>();
  granted = 0;

  get now(): Map<string, PlainItem> {
    return this.copies.at(-1)!;
  }

  change(edit: (items: Map<string, PlainItem>, revision: number) => void): void {
    const next = new Map([...this.now].map(([key, item]) => [key, { ...item }]));
    edit(next, this.copies.length);
    this.copies.push(next);
  }

  end(lease: number): void {
    this.leases.delete(lease);
    const keys = [...this.now].filter(([, item]) => item.lease === lease).map(([key]) => key);
    if (keys.length > 0) this.change((items) => keys.forEach((key) => items.delete(key)));
  }
}

const key = fc.constantFrom(...KEYS);
const step = fc.oneof(
  fc.record({
    kind: fc.constant('transact' as const),
    compares: fc.array(
      fc.record({
        key,
        field: fc.constantFrom('createRevision' as const, 'modRevision' as const, 'version' as const),
        equals: fc.nat(6),
      }),
      { maxLength: 2 },
    ),
    changes: fc.uniqueArray(fc.record({ key, put: fc.boolean(), value: fc.nat(100), lease: fc.nat(3) }), {
      maxLength: 3,
      selector: (change) => change.key,
    }),
  }),
  fc.record({ kind: fc.constant('grant' as const), ttl: fc.integer({ min: 1, max: 50 }) }),
  fc.record({ kind: fc.constant('keepAlive' as const), lease: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ kind: fc.constant('revoke' as const), lease: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ kind: fc.constant('wait' as const), time: fc.nat(40) }),
);

function plain(items: readonly StoreItem[]): unknown {
  return items.map(({ key: name, value, createRevision, modRevision, version, lease }) => [
    name,
    value.kind === 'head' ? value.epoch : null,
    createRevision,
    modRevision,
    version,
    lease,
  ]);
}

function plainOf(items: ReadonlyMap<string, PlainItem>, prefix: string): unknown {
  return [...items]
    .filter(([name]) => name.startsWith(prefix))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { value, created, changed, version, lease }]) => [
      name,
      value,
      created,
      changed,
      version,
      lease,
    ]);
}

test('the store answers as a plain copy of all keys per revision would, at every revision', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const store = new EtcdStore();
      const oracle = new PlainStore();
      let now = 0;
      for (const each of steps) {
        switch (each.kind) {
          case 'wait': {
            now += each.time;
            store.expireLeases(micros(now));
            for (const [lease, { until }] of [...oracle.leases]) if (until <= now) oracle.end(lease);
            break;
          }
          case 'grant': {
            const lease = store.grantLease(micros(now), micros(each.ttl));
            expect(lease).toBe(++oracle.granted);
            oracle.leases.set(lease, { ttl: each.ttl, until: now + each.ttl });
            break;
          }
          case 'keepAlive': {
            const known = oracle.leases.get(each.lease);
            expect(store.keepAlive(micros(now), each.lease)).toBe(known?.ttl ?? null);
            if (known !== undefined) known.until = now + known.ttl;
            break;
          }
          case 'revoke':
            expect(store.revokeLease(micros(now), each.lease)).toBe(oracle.leases.has(each.lease));
            if (oracle.leases.has(each.lease)) oracle.end(each.lease);
            break;
          case 'transact': {
            const compares: StoreCompare[] = each.compares;
            const changes: StoreChange[] = each.changes.map((change) =>
              change.put
                ? { kind: 'put', key: change.key, value: valueOf(change.value), lease: change.lease }
                : { kind: 'delete', key: change.key },
            );
            const answer = store.transact(micros(now), {
              kind: 'transaction',
              compares,
              changes,
              otherwise: 'a',
            });
            const holds = compares.every(({ key: name, field, equals }) => {
              const item = oracle.now.get(name);
              const fields = {
                createRevision: item?.created,
                modRevision: item?.changed,
                version: item?.version,
              };
              return (fields[field] ?? 0) === equals;
            });
            const leaseGone = each.changes.some(
              ({ put, lease }) => put && lease !== 0 && !oracle.leases.has(lease),
            );
            if (!holds) expect(answer).toMatchObject({ kind: 'transacted', succeeded: false });
            else if (leaseGone) expect(answer.kind).toBe('leaseGone');
            else expect(answer).toMatchObject({ kind: 'transacted', succeeded: true });
            const effective = each.changes.filter(({ put, key: name }) => put || oracle.now.has(name));
            if (!holds || leaseGone || effective.length === 0) break;
            oracle.change((items, revision) => {
              for (const { key: name, put, value, lease } of effective) {
                const before = items.get(name);
                if (!put) items.delete(name);
                else
                  items.set(name, {
                    value,
                    created: before?.created ?? revision,
                    changed: revision,
                    version: (before?.version ?? 0) + 1,
                    lease,
                  });
              }
            });
            break;
          }
        }
        expect(store.revision).toBe(oracle.copies.length - 1);
        expect(plain(store.read(''))).toEqual(plainOf(oracle.now, ''));
      }
      oracle.copies.forEach((copy, revision) => {
        expect(plain(store.readAt('a', revision)!)).toEqual(plainOf(copy, 'a'));
      });
    }),
  );
});

describe('changes since a revision', () => {
  const put = (name: string, value: number): StoreChange => ({
    kind: 'put',
    key: name,
    value: valueOf(value),
    lease: 0,
  });
  const write = (store: EtcdStore, ...changes: StoreChange[]): void => {
    store.transact(0 as Micros, { kind: 'transaction', compares: [], changes, otherwise: 'a' });
  };

  test('bring a reader of an older revision to the newest, wherever it begins', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(key, fc.boolean(), fc.nat(9)), { maxLength: 20 }),
        fc.nat(20),
        (writes, from) => {
          const store = new EtcdStore();
          for (const [name, puts, value] of writes) {
            write(store, puts ? put(name, value) : { kind: 'delete', key: name });
          }
          const start = Math.min(from, store.revision);
          const items = new Map(store.readAt('a', start)!.map((item) => [item.key, item]));
          let last = start;
          for (const event of store.eventsBetween('a', start + 1, store.revision) as StoreEvent[]) {
            expect(event.revision).toBeGreaterThan(last);
            last = event.revision;
            if (event.kind === 'put') items.set(event.item.key, event.item);
            else items.delete(event.item.key);
          }
          expect([...items.values()].sort((a, b) => (a.key < b.key ? -1 : 1))).toEqual(store.read('a'));
        },
      ),
    );
  });

  test('are refused whole when some of them are compacted', () => {
    const store = new EtcdStore();
    for (let value = 0; value < 5; value++) write(store, put('a', value));
    store.compact(3);
    expect(store.eventsBetween('a', 2, 5)).toBeNull();
    expect(store.readAt('a', 2)).toBeNull();
    expect(store.eventsBetween('a', 3, 5)).toHaveLength(3);
  });
});
