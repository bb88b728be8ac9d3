import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  assert,
  type MasterEpoch,
  type Micros,
  MICROS_PER_SECOND,
  micros,
} from '../../../engine/core/index.ts';
import {
  HEAD_KEY,
  LEADER_KEY,
  recovered,
  type RegistryOperation,
  REGISTRY_PREFIX,
  type SessionInput,
  type SessionOutput,
  type StoreItem,
  StoreSession,
} from '../../../engine/registry/index.ts';
import { Agenda } from '../agenda/index.ts';
import { HostClock } from '../world/host-clock.ts';
import { type EtcdOptions, VirtualEtcd } from './virtual-etcd.ts';

const SECOND = MICROS_PER_SECOND;
const ETCD: EtcdOptions = {
  latency: micros(500),
  writeLatency: micros(4_000),
  requestTimeout: micros(5 * SECOND),
  retryDelay: micros(SECOND / 2),
};
const SESSION = {
  leaseTtl: micros(10 * SECOND),
  retryDelay: micros(SECOND / 2),
  storeTimeout: micros(20 * SECOND),
  operationsPerTransaction: 2,
};

/** From the end of all trouble: a lease that nobody keeps ends, a write or a request under way times out, a campaign is retried. */
const SETTLES_WITHIN = SESSION.leaseTtl + SESSION.storeTimeout + 3 * ETCD.requestTimeout;

const TICK = 1_000;
const WORK = 1_001;

/** One master's process: its session, and a machine that writes one operation after the other while it leads. */
interface Process {
  readonly session: StoreSession;
  readonly incarnation: number;
  epoch: MasterEpoch | null;
  /** Roles that it has asked to write, in order, and how many of them it was told are durable. */
  readonly issued: string[];
  durable: number;
  end: string | null;
}

/** Masters with nothing but a store. */
class Bench {
  readonly agenda = new Agenda<null>();
  readonly etcd: VirtualEtcd;
  readonly clocks: readonly HostClock[];
  readonly processes: Process[];
  /** All that ever were. */
  readonly all: Process[] = [];
  readonly frozenUntil: number[];
  readonly #deferred: (() => void)[][];
  now: Micros = micros(0);
  #roles = 0;

  constructor(masters: number) {
    this.clocks = Array.from({ length: masters }, (_, index) => new HostClock(micros(index * 700_000)));
    this.frozenUntil = this.clocks.map(() => 0);
    this.#deferred = this.clocks.map(() => []);
    this.etcd = new VirtualEtcd(this.agenda, ETCD, masters, {
      answered: (_now, client, ticket, answer) => this.tell(client, { kind: 'answered', ticket, answer }),
      watched: (_now, client, events) => this.tell(client, { kind: 'watched', events }),
    });
    this.processes = this.clocks.map((_, master) => this.#start(master));
    this.clocks.forEach((_, master) => this.#step(master, { kind: 'started' }));
    this.agenda.push(SECOND, WORK, 0, 0, null);
  }

  #start(master: number): Process {
    const process: Process = {
      session: new StoreSession({ ...SESSION, master }),
      incarnation: this.all.length,
      epoch: null,
      issued: [],
      durable: 0,
      end: null,
    };
    this.all.push(process);
    return process;
  }

  restart(master: number): void {
    this.etcd.clientGone(master);
    this.#deferred[master] = [];
    this.frozenUntil[master] = 0;
    this.processes[master] = this.#start(master);
    this.#step(master, { kind: 'started' });
  }

  tell(master: number, input: SessionInput): void {
    if (this.frozenUntil[master]! > this.now) {
      const process = this.processes[master];
      this.#deferred[master]!.push(() => {
        if (this.processes[master] === process) this.#step(master, input);
      });
    } else this.#step(master, input);
  }

  #step(master: number, input: SessionInput): void {
    const process = this.processes[master]!;
    const outputs: SessionOutput[] = [];
    process.session.step(this.clocks[master]!.read(this.now), input, outputs);
    for (const output of outputs) {
      switch (output.kind) {
        case 'request':
          this.etcd.call(this.now, master, output.ticket, output.request);
          break;
        case 'elected':
          assert(process.epoch === null, 'a process is elected once');
          process.epoch = output.epoch;
          this.#persist(master, process, { kind: 'masterElected', epoch: output.epoch }, 'elected');
          break;
        case 'durable':
          expect(output.upTo).toBeLessThanOrEqual(process.issued.length);
          process.durable = output.upTo;
          break;
        case 'failed':
        case 'deposed':
          process.end = output.reason;
          break;
        case 'leaderSeen':
          break;
      }
    }
    if (process.end !== null && this.processes[master] === process) this.restart(master);
    else this.#arm(master);
  }

  #persist(master: number, process: Process, operation: RegistryOperation, role: string): void {
    process.issued.push(role);
    this.#step(master, { kind: 'persist', index: process.issued.length, operation });
    this.#step(master, { kind: 'flush' });
  }

  #arm(master: number): void {
    const deadline = this.processes[master]!.session.nextDeadline();
    if (deadline === null) return;
    const at = this.clocks[master]!.whenShown(this.now, deadline);
    this.agenda.push(at, TICK, master, this.processes[master]!.incarnation, null);
  }

  run(until: number): void {
    while (this.agenda.nextTime <= until && this.agenda.pop()) {
      this.now = micros(this.agenda.time);
      const { kind, target, detail } = this.agenda;
      if (kind === WORK) this.#work();
      else if (kind === TICK) this.#tick(target, detail);
      else this.etcd.happened(this.now, kind, target);
    }
    this.now = micros(until);
  }

  #tick(master: number, incarnation: number): void {
    const process = this.processes[master]!;
    if (process.incarnation !== incarnation) return;
    if (this.frozenUntil[master]! > this.now) {
      this.agenda.push(this.frozenUntil[master]!, TICK, master, incarnation, null);
      return;
    }
    const deferred = this.#deferred[master]!;
    this.#deferred[master] = [];
    for (const happens of deferred) happens();
    const deadline = this.processes[master]!.session.nextDeadline();
    if (this.processes[master] !== process || deadline === null) return;
    if (deadline <= this.clocks[master]!.read(this.now)) this.#step(master, { kind: 'tick' });
  }

  /** Whoever believes to lead writes, three operations at a time. */
  #work(): void {
    this.agenda.push(this.now + 300_000, WORK, 0, 0, null);
    this.processes.forEach((process, master) => {
      if (process.epoch === null || this.frozenUntil[master]! > this.now) return;
      for (let count = 0; count < 3; count++) {
        if (process.end !== null || this.processes[master] !== process) return;
        const role = `r${++this.#roles}`;
        this.#persist(master, process, { kind: 'weightsUpdated', weightInfos: [{ role, weight: 1 }] }, role);
      }
    });
  }

  /** What fencing promises, looked for in what the store holds. */
  check(): void {
    const { store } = this.etcd;
    const writers = new Map<number, number>();
    let epoch = 0;
    const log: string[] = [];
    for (const { item } of store.eventsBetween(REGISTRY_PREFIX, 1, store.revision)!) {
      const { value } = item;
      if (value.kind === 'head') {
        expect(value.epoch).toBeGreaterThanOrEqual(epoch);
        epoch = value.epoch;
        expect(writers.get(epoch) ?? value.writer).toBe(value.writer);
        writers.set(epoch, value.writer);
      } else if (value.kind === 'entry') {
        for (const operation of value.operations)
          log.push(operation.kind === 'weightsUpdated' ? operation.weightInfos[0]!.role : 'elected');
      }
    }
    // What was acknowledged is there, and what is there is what was asked for, each once and in order.
    const at = new Map<string, number>();
    log.forEach((role, index) => {
      if (role === 'elected') return;
      expect(at.has(role)).toBe(false);
      at.set(role, index);
    });
    for (const { issued, durable } of this.all) {
      const roles = issued.filter((role) => role !== 'elected');
      const written = roles.filter((role) => at.has(role));
      expect(written).toEqual(roles.slice(0, written.length));
      expect(written.length).toBeGreaterThanOrEqual(durable - 1);
      const places = written.map((role) => at.get(role)!);
      expect(places).toEqual([...places].sort((a, b) => a - b));
    }
    // The log can be read by whoever is elected next.
    recovered(store.read(REGISTRY_PREFIX));
  }

  leaders(): number[] {
    return this.processes.flatMap((process, master) =>
      process.session.phase === 'leading' && process.durable > 0 ? [master] : [],
    );
  }
}

const trouble = fc.record({
  wait: fc.nat(15 * SECOND),
  lasts: fc.nat(25 * SECOND),
  master: fc.nat(2),
  kind: fc.constantFrom(
    'crash',
    'resign',
    'freeze',
    'clockForward',
    'clockBack',
    'clockRate',
    'cutTo',
    'cutFrom',
    'fails',
    'away',
    'slow',
    'losesAck',
    'lags',
    'leaseLost',
  ),
});

function strike(
  bench: Bench,
  { master, lasts, kind }: { master: number; lasts: number; kind: string },
): () => void {
  const { etcd, now } = bench;
  const clock = bench.clocks[master]!;
  switch (kind) {
    case 'crash':
      if (lasts % 2 === 0) etcd.loseCallsOf(master);
      bench.restart(master);
      break;
    case 'resign':
      bench.tell(master, { kind: 'resigned' });
      bench.restart(master);
      break;
    case 'freeze':
      bench.frozenUntil[master] = now + lasts;
      break;
    case 'clockForward':
      clock.set(now, lasts);
      break;
    case 'clockBack':
      clock.set(now, -lasts);
      break;
    case 'clockRate':
      clock.setRate(now, (lasts % 1_000_000) - 500_000);
      return () => clock.setRate(bench.now, 0);
    case 'cutTo':
      etcd.block(master, 'toStore');
      return () => etcd.unblock(master, 'toStore');
    case 'cutFrom':
      etcd.block(master, 'fromStore');
      return () => etcd.unblock(master, 'fromStore');
    case 'fails':
      etcd.setFailing(true);
      return () => etcd.setFailing(false);
    case 'away':
      etcd.setUnavailable(now, true);
      return () => etcd.setUnavailable(bench.now, false);
    case 'slow':
      etcd.setWriteLatency(micros(6 * SECOND));
      return () => etcd.setWriteLatency(null);
    case 'losesAck':
      etcd.loseAcknowledgement();
      break;
    case 'lags':
      etcd.addLag(micros(8 * SECOND));
      return () => etcd.removeLag(micros(8 * SECOND));
    default: {
      const lease = etcd.store.get(LEADER_KEY)?.lease ?? 0;
      if (lease !== 0) etcd.expireLease(now, lease);
    }
  }
  return () => {};
}

test('whatever fails, one master at most writes under an epoch, and what was acknowledged stays', () => {
  fc.assert(
    fc.property(fc.array(trouble, { maxLength: 12 }), (troubles) => {
      const bench = new Bench(3);
      const cures: { at: number; cure: () => void }[] = [];
      let at = 5 * SECOND;
      for (const each of troubles) {
        at += each.wait;
        for (const due of cures.filter((one) => one.at <= at).sort((a, b) => a.at - b.at)) {
          bench.run(due.at);
          due.cure();
        }
        for (let row = cures.length - 1; row >= 0; row--) if (cures[row]!.at <= at) cures.splice(row, 1);
        bench.run(at);
        cures.push({ at: at + each.lasts, cure: strike(bench, each) });
        bench.check();
      }
      for (const { at: due, cure } of cures.sort((a, b) => a.at - b.at)) {
        bench.run(Math.max(bench.now, due));
        cure();
      }
      // A clock that was set back stands still until it has caught up.
      const behind = 25 * SECOND * troubles.filter(({ kind }) => kind === 'clockBack').length;
      bench.run(bench.now + SETTLES_WITHIN + behind);
      bench.check();
      expect(bench.leaders()).toHaveLength(1);
    }),
    { numRuns: 50 },
  );
});

describe('two masters who both believe that they lead', () => {
  /** Bench with a leader that is frozen until another leads, and both. */
  function split(): { bench: Bench; old: number; next: number } {
    const bench = new Bench(3);
    bench.run(3 * SECOND);
    const [old] = bench.leaders() as [number];
    bench.frozenUntil[old] = 40 * SECOND;
    bench.run(30 * SECOND);
    const [next] = bench.leaders().filter((master) => master !== old) as [number];
    return { bench, old, next };
  }

  test('exist when the old one stands still past its lease', () => {
    const { bench, old, next } = split();
    expect(next).toBeDefined();
    expect(bench.processes[old]!.session.phase).toBe('leading');
    expect(bench.processes[next]!.epoch!).toBeGreaterThan(bench.processes[old]!.epoch!);
  });

  test('cannot both write: what the old one asks for after that is refused, and it ends', () => {
    const { bench, old } = split();
    const process = bench.processes[old]!;
    const before = process.durable;
    bench.run(60 * SECOND);
    bench.check();
    expect(process.durable).toBe(before);
    expect(process.end).not.toBeNull();
    expect(bench.leaders()).toHaveLength(1);
  });
});

describe('one session', () => {
  /** A session with a lease that has lost the election to master 1, or won it, and the requests that it made last. */
  function begun(wins: boolean): {
    session: StoreSession;
    step: (at: number, input: SessionInput) => SessionOutput[];
  } {
    const session = new StoreSession({ ...SESSION, master: 0 });
    const step = (at: number, input: SessionInput): SessionOutput[] => {
      const outputs: SessionOutput[] = [];
      session.step(micros(at), input, outputs);
      return outputs;
    };
    step(0, { kind: 'started' });
    step(1, {
      kind: 'answered',
      ticket: 1,
      answer: { kind: 'leaseGranted', lease: 7, ttl: SESSION.leaseTtl },
    });
    const item: StoreItem = {
      key: LEADER_KEY,
      value: { kind: 'leader', master: 1 },
      createRevision: 3,
      modRevision: 3,
      version: 1,
      lease: 6,
    };
    const answer = wins
      ? { kind: 'transacted' as const, succeeded: true, revision: 5, item: null }
      : { kind: 'transacted' as const, succeeded: false, revision: 5, item };
    step(2, { kind: 'answered', ticket: 2, answer });
    return { session, step };
  }

  test('whose watch was lost on its way asks again who leads: it would wait for ever', () => {
    const { session, step } = begun(false);
    expect(session.phase).toBe('waiting');
    step(3, { kind: 'answered', ticket: 3, answer: { kind: 'unknown' } });
    const asks = step(3 + SESSION.retryDelay, { kind: 'tick' });
    expect(asks).toMatchObject([
      { kind: 'request', request: { kind: 'transaction', otherwise: LEADER_KEY } },
    ]);
  });

  test('that finds its own epoch at the end of the log, but another’s lease, has not written that', () => {
    const { session, step } = begun(true);
    // Two had read the same log, and both reach for epoch 1.
    const [elected] = step(4, {
      kind: 'answered',
      ticket: 4,
      answer: { kind: 'items', revision: 5, items: [] },
    });
    expect(elected).toMatchObject({ kind: 'elected', epoch: 1 });
    step(5, { kind: 'persist', index: 1, operation: { kind: 'masterElected', epoch: 1 as MasterEpoch } });
    const [write] = step(5, { kind: 'flush' });
    assert(write?.kind === 'request', 'a flush asks for a write');
    const item: StoreItem = {
      key: HEAD_KEY,
      value: { kind: 'head', epoch: 1 as MasterEpoch, writer: 8, index: 1 },
      createRevision: 6,
      modRevision: 6,
      version: 1,
      lease: 0,
    };
    const answer = { kind: 'transacted' as const, succeeded: false, revision: 6, item };
    expect(step(6, { kind: 'answered', ticket: write.ticket, answer })).toMatchObject([{ kind: 'failed' }]);
    expect(session.phase).toBe('ended');
  });
});

test('a master that resigns is succeeded at once, not when its lease is over', () => {
  const bench = new Bench(3);
  bench.run(3 * SECOND);
  const [old] = bench.leaders() as [number];
  bench.tell(old, { kind: 'resigned' });
  bench.restart(old);
  bench.run(3 * SECOND + 200_000);
  expect(bench.leaders()).toHaveLength(1);
  expect(bench.leaders()).not.toEqual([old]);
});

test('a write whose acknowledgement is lost is made once, and the master goes on', () => {
  const bench = new Bench(1);
  bench.run(3 * SECOND);
  bench.etcd.loseAcknowledgement();
  bench.run(30 * SECOND);
  bench.check();
  const [process] = bench.all;
  expect(bench.all).toHaveLength(1);
  expect(process!.end).toBeNull();
  expect(process!.issued.length - process!.durable).toBeLessThan(10);
});

test('a store that refuses every write longer than the store’s timeout ends its master', () => {
  const bench = new Bench(1);
  bench.run(3 * SECOND);
  bench.etcd.setFailing(true);
  bench.run(24 * SECOND);
  expect(bench.all[0]!.end).toBe('the store timed out');
});
