import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type MasterEpoch, type Micros, micros, Rng } from '../../../engine/core/index.ts';
import type { StoreAnswer, StoreEvent, StoreRequest, StoreValue } from '../../../engine/registry/index.ts';
import { Agenda } from '../agenda/index.ts';
import { type EtcdOptions, VirtualEtcd } from './virtual-etcd.ts';

const OPTIONS: EtcdOptions = {
  latency: micros(10),
  writeLatency: micros(50),
  requestTimeout: micros(1_000),
  retryDelay: micros(100),
};

const valueOf = (number: number): StoreValue => ({
  kind: 'head',
  epoch: number as MasterEpoch,
  writer: 0,
  index: 0,
});
const numberOf = (value: StoreValue): number => (value.kind === 'head' ? value.epoch : -1);

/** A store with clients that keep what they hear. */
class Bench {
  readonly agenda = new Agenda<null>();
  readonly etcd: VirtualEtcd;
  readonly answers: { at: number; client: number; ticket: number; answer: StoreAnswer }[] = [];
  readonly seen: StoreEvent[][];
  now: Micros = micros(0);
  #tickets = 0;

  constructor(clients: number, options: EtcdOptions = OPTIONS) {
    this.seen = Array.from({ length: clients }, () => []);
    this.etcd = new VirtualEtcd(this.agenda, options, clients, {
      answered: (now, client, ticket, answer) => this.answers.push({ at: now, client, ticket, answer }),
      watched: (_now, client, events) => this.seen[client]!.push(...events),
    });
  }

  call(client: number, request: StoreRequest): number {
    const ticket = ++this.#tickets;
    this.etcd.call(this.now, client, ticket, request);
    return ticket;
  }

  write(client: number, value: number, key = 'a'): number {
    return this.call(client, {
      kind: 'transaction',
      compares: [],
      changes: [{ kind: 'put', key, value: valueOf(value), lease: 0 }],
      otherwise: key,
    });
  }

  run(until = Infinity): void {
    while (this.agenda.nextTime <= until && this.agenda.pop()) {
      this.now = micros(this.agenda.time);
      this.etcd.happened(this.now, this.agenda.kind, this.agenda.target);
    }
    if (until !== Infinity) this.now = micros(until);
  }

  answerOf(ticket: number): StoreAnswer | null {
    const of = this.answers.filter((one) => one.ticket === ticket);
    expect(of.length).toBeLessThanOrEqual(1);
    return of[0]?.answer ?? null;
  }
}

const trouble = fc.constantFrom(
  'fails',
  'away',
  'losesAck',
  'cutTo',
  'cutFrom',
  'lags',
  'slow',
  'loses',
  'none',
);
const action = fc.record({
  wait: fc.nat(400),
  client: fc.nat(2),
  what: fc.constantFrom('write' as const, 'read' as const, 'staleRead' as const),
  trouble,
});

interface Made {
  readonly ticket: number;
  readonly what: 'write' | 'read' | 'staleRead';
  readonly value: number;
  readonly asked: number;
}

test('whatever fails, reads and writes fit one order of a register: linearizable, each write at most once', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 25 }), (actions) => {
      const bench = new Bench(3);
      bench.call(2, { kind: 'watch', prefix: 'a', from: 1 });
      // A watch that was asked for is there before anything fails; one that is lost on its way is asked for again by its client.
      bench.run(100);
      const made: Made[] = [];
      let value = 0;
      for (const { wait, client, what, trouble: kind } of actions) {
        bench.run(bench.now + wait);
        const { etcd, now } = bench;
        const loss = { percent: 50, rng: Rng.forPurpose(now, 'loss') };
        if (kind === 'loses') etcd.addLoss(loss);
        if (kind === 'fails') etcd.setFailing(true);
        if (kind === 'away') etcd.setUnavailable(now, true);
        if (kind === 'losesAck') etcd.loseAcknowledgement();
        if (kind === 'cutTo') etcd.block(client, 'toStore');
        if (kind === 'cutFrom') etcd.block(client, 'fromStore');
        if (kind === 'lags') etcd.addLag(micros(300));
        if (kind === 'slow') etcd.setWriteLatency(micros(1_500));
        if (what === 'write') made.push({ ticket: bench.write(client, ++value), what, value, asked: now });
        else {
          const isLinearizable = what === 'read';
          const ticket = bench.call(client, { kind: 'read', prefix: 'a', isLinearizable });
          made.push({ ticket, what, value: 0, asked: now });
        }
        bench.run(bench.now + 120);
        if (kind === 'fails') etcd.setFailing(false);
        if (kind === 'away') etcd.setUnavailable(bench.now, false);
        if (kind === 'losesAck') etcd.keepAcknowledgements();
        if (kind === 'cutTo') etcd.unblock(client, 'toStore');
        if (kind === 'cutFrom') etcd.unblock(client, 'fromStore');
        if (kind === 'lags') etcd.removeLag(micros(300));
        if (kind === 'slow') etcd.setWriteLatency(null);
        if (kind === 'loses') etcd.removeLoss(loss);
      }
      bench.run();
      // The order: that of revisions. History of the register, by revision.
      const history = bench.etcd.store.eventsBetween('a', 1, bench.etcd.store.revision)!;
      const order = history.map(({ item }) => numberOf(item.value));
      expect(new Set(order).size).toBe(order.length);
      expect(bench.seen[2]).toEqual(history);
      const answered = new Map(bench.answers.map((one) => [one.ticket, one]));
      /** Latest revision that was known to somebody by then. */
      let known: { at: number; revision: number }[] = [];
      for (const one of made) {
        const hit = answered.get(one.ticket);
        // Each call gets an answer.
        expect(hit).toBeDefined();
        const { at, answer } = hit!;
        const position = order.indexOf(one.value) + 1;
        if (one.what === 'write') {
          if (answer.kind === 'refused') expect(position).toBe(0);
          if (answer.kind !== 'transacted') continue;
          expect(position).toBe(answer.revision);
          const before = Math.max(0, ...known.filter((k) => k.at < one.asked).map((k) => k.revision));
          expect(answer.revision).toBeGreaterThan(before);
          known = [...known, { at, revision: answer.revision }];
        } else if (answer.kind === 'items') {
          const read = answer.items[0] ? numberOf(answer.items[0].value) : 0;
          expect(read).toBe(answer.revision === 0 ? 0 : order[answer.revision - 1]);
          if (one.what !== 'read') continue;
          const before = Math.max(0, ...known.filter((k) => k.at < one.asked).map((k) => k.revision));
          expect(answer.revision).toBeGreaterThanOrEqual(before);
          known = [...known, { at, revision: answer.revision }];
        }
      }
    }),
  );
});

describe('a write', () => {
  test('whose acknowledgement is lost has taken effect, and its client does not know', () => {
    const bench = new Bench(1);
    bench.etcd.loseAcknowledgement();
    const ticket = bench.write(0, 7);
    bench.run();
    expect(bench.answerOf(ticket)).toEqual({ kind: 'unknown' });
    expect(numberOf(bench.etcd.store.get('a')!.value)).toBe(7);
  });

  test('that is slower than its client’s patience takes effect after the client gave up', () => {
    const bench = new Bench(1);
    bench.etcd.setWriteLatency(micros(3_000));
    const ticket = bench.write(0, 7);
    bench.run(1_500);
    expect(bench.answerOf(ticket)).toEqual({ kind: 'unknown' });
    expect(bench.etcd.store.get('a')).toBeNull();
    bench.run();
    expect(numberOf(bench.etcd.store.get('a')!.value)).toBe(7);
  });

  test('that the store refuses has no effect, and its client knows', () => {
    const bench = new Bench(1);
    bench.etcd.setFailing(true);
    const ticket = bench.write(0, 7);
    bench.run();
    expect(bench.answerOf(ticket)!.kind).toBe('refused');
    expect(bench.etcd.store.revision).toBe(0);
  });

  test('of a process that has ended is lost if it was lost on its way, and not otherwise', () => {
    const bench = new Bench(2);
    bench.write(0, 7);
    bench.write(1, 8, 'b');
    bench.run(20);
    for (const client of [0, 1]) bench.etcd.clientGone(client);
    bench.etcd.loseCallsOf(0);
    bench.run();
    expect(bench.etcd.store.get('a')).toBeNull();
    expect(bench.etcd.store.get('b')).not.toBeNull();
    expect(bench.answers).toEqual([]);
  });
});

describe('a lease', () => {
  test('that nobody keeps alive ends after its time, and its keys with it', () => {
    const bench = new Bench(1);
    bench.call(0, { kind: 'grantLease', ttl: micros(500) });
    bench.run(100);
    const { answer } = bench.answers[0]!;
    const lease = answer.kind === 'leaseGranted' ? answer.lease : 0;
    bench.call(0, {
      kind: 'transaction',
      compares: [],
      changes: [{ kind: 'put', key: 'a', value: valueOf(1), lease }],
      otherwise: 'a',
    });
    bench.run(400);
    expect(bench.etcd.store.get('a')).not.toBeNull();
    bench.run(700);
    expect(bench.etcd.store.get('a')).toBeNull();
  });

  test('does not end while the store is away, and begins anew when it is back', () => {
    const bench = new Bench(1);
    bench.call(0, { kind: 'grantLease', ttl: micros(500) });
    bench.run(100);
    bench.etcd.setUnavailable(bench.now, true);
    bench.run(2_000);
    bench.etcd.setUnavailable(bench.now, false);
    expect(bench.etcd.store.nextExpiry).toBe(2_500);
  });
});

test('a watch is resumed where it was cut, and a lagging replica is behind but in order', () => {
  const rng = Rng.forPurpose(1, 'test');
  const bench = new Bench(2);
  bench.call(1, { kind: 'watch', prefix: 'a', from: 1 });
  for (let value = 1; value <= 30; value++) {
    if (value === 10) bench.etcd.block(1, 'fromStore');
    if (value === 15) bench.etcd.addLag(micros(900));
    if (value === 20) bench.etcd.unblock(1, 'fromStore');
    bench.write(0, value);
    bench.run(bench.now + rng.below(200));
    const seen = bench.seen[1]!.map(({ item }) => numberOf(item.value));
    expect(seen).toEqual(Array.from({ length: seen.length }, (_, index) => index + 1));
  }
  bench.run();
  expect(bench.seen[1]).toHaveLength(30);
});

test('a watcher that has fallen behind what the store keeps is told so', () => {
  const bench = new Bench(2);
  for (let value = 1; value <= 5; value++) bench.write(0, value);
  bench.run();
  bench.etcd.store.compact(4);
  const ticket = bench.call(1, { kind: 'watch', prefix: 'a', from: 2 });
  bench.run();
  expect(bench.answerOf(ticket)).toEqual({ kind: 'compacted', revision: 4 });
});
