import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Micros, micros, Rng } from '../../../engine/core/index.ts';
import {
  Agenda,
  CLOSED_AT_MASTER,
  CLOSED_AT_PARTY,
  MESSAGE_AT_MASTER,
  MESSAGE_AT_PARTY,
  TIMEOUT_AT_MASTER,
  TIMEOUT_AT_PARTY,
} from '../agenda/index.ts';
import type { Direction, Mischief } from './mischief.ts';
import { Network } from './network.ts';
import { DEFAULT_NETWORK_OPTIONS, type NetworkOptions } from './network-options.ts';

interface Message {
  readonly connection: number;
  readonly direction: Direction;
  readonly number: number;
}

/** A world of a network only: it sends numbered messages and keeps what arrives, end by end. */
class Bench {
  readonly agenda = new Agenda<Message>();
  readonly network: Network<Message>;
  readonly atMaster: Message[] = [];
  readonly atParty: Message[] = [];
  readonly told: string[] = [];
  readonly struck: Mischief[] = [];
  now: Micros = micros(0);
  #sent = 0;

  constructor(parties: number, options: NetworkOptions = DEFAULT_NETWORK_OPTIONS, seed = 1) {
    this.network = new Network<Message>(
      this.agenda,
      options,
      Rng.forPurpose(seed, 'latency'),
      Rng.forPurpose(seed, 'timeout'),
      { struck: (mischief) => this.struck.push(mischief) },
      () => true,
    );
    for (let party = 0; party < parties; party++) this.network.addParty('agents');
  }

  send(connection: number, direction: Direction): number {
    const message = { connection, direction, number: this.#sent++ };
    if (direction === 'toMaster') this.network.sendToMaster(this.now, connection, message);
    else this.network.sendToParty(this.now, connection, message);
    return message.number;
  }

  /** Runs all events up to `until`. */
  run(until: number): void {
    while (this.agenda.size > 0 && this.agenda.nextTime <= until) {
      this.agenda.pop();
      this.now = micros(this.agenda.time);
      this.#happen(this.agenda.kind, this.agenda.target, this.agenda.payload);
    }
    if (until !== Infinity) this.now = micros(until);
  }

  #happen(kind: number, connection: number, message: Message | null): void {
    switch (kind) {
      case MESSAGE_AT_MASTER:
        if (this.network.arrivesAtMaster(connection)) this.atMaster.push(message!);
        break;
      case MESSAGE_AT_PARTY:
        if (this.network.arrivesAtParty(connection)) this.atParty.push(message!);
        break;
      case CLOSED_AT_MASTER:
      case TIMEOUT_AT_MASTER:
        if (this.network.endsAtMaster(this.now, connection, kind === TIMEOUT_AT_MASTER)) {
          this.told.push(`master ${connection}`);
        }
        break;
      case CLOSED_AT_PARTY:
      case TIMEOUT_AT_PARTY:
        if (this.network.endsAtParty(this.now, connection, kind === TIMEOUT_AT_PARTY)) {
          this.told.push(`party ${connection}`);
        }
        break;
    }
  }
}

const numbersOf = (messages: readonly Message[]): number[] => messages.map(({ number }) => number);

const direction = fc.constantFrom<Direction>('toMaster', 'fromMaster');
const action = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      party: fc.nat(3),
      direction,
      wait: fc.nat(400),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('closeAtMaster' as const, 'closeAtParty' as const, 'vanish' as const),
      party: fc.nat(3),
      direction,
      wait: fc.nat(400),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('loss' as const, 'duplication' as const, 'delay' as const),
      party: fc.nat(3),
      direction,
      wait: fc.nat(400),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('block' as const, 'unblock' as const),
      party: fc.nat(3),
      direction,
      wait: fc.nat(400),
    }),
  },
);

describe('whatever happens on the network', () => {
  test('messages of a connection arrive in order, once or twice in a row, up to the first that is lost', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), fc.nat(1_000), (actions, seed) => {
        const bench = new Bench(4, { ...DEFAULT_NETWORK_OPTIONS, jitter: micros(900) }, seed);
        const blocks = new Map<string, number>();
        const sent = new Map<string, number[]>();
        for (const each of actions) {
          bench.run(bench.now + each.wait);
          const { network } = bench;
          if (network.connectionOf(each.party) === 0) network.open(each.party, 0);
          const connection = network.connectionOf(each.party);
          const key = `${each.party} ${each.direction}`;
          switch (each.kind) {
            case 'send': {
              const list = sent.get(`${connection} ${each.direction}`) ?? [];
              list.push(bench.send(connection, each.direction));
              sent.set(`${connection} ${each.direction}`, list);
              break;
            }
            case 'closeAtMaster':
              network.closeAtMaster(bench.now, connection);
              break;
            case 'closeAtParty':
              network.closeAtParty(bench.now, connection);
              break;
            case 'vanish':
              network.vanishAtParty(bench.now, connection);
              break;
            case 'block':
              network.block(bench.now, each.party, 0, each.direction);
              blocks.set(key, (blocks.get(key) ?? 0) + 1);
              break;
            case 'unblock':
              if ((blocks.get(key) ?? 0) > 0) {
                network.unblock(each.party, 0, each.direction);
                blocks.set(key, blocks.get(key)! - 1);
              }
              break;
            default:
              network.arm({
                kind: each.kind,
                side: 'agents',
                direction: each.direction,
                delay: micros(5_000),
              });
          }
        }
        bench.run(Infinity);
        const duplications = bench.struck.filter(({ kind }) => kind === 'duplication').length;
        let repeats = 0;
        for (const [key, list] of sent) {
          const [connection, way] = key.split(' ');
          const arrived = (way === 'toMaster' ? bench.atMaster : bench.atParty).filter(
            (message) => message.connection === Number(connection),
          );
          const once = numbersOf(arrived).filter((number, index, all) => number !== all[index - 1]);
          expect(once).toEqual(list.slice(0, once.length));
          repeats += arrived.length - once.length;
        }
        expect(repeats).toBeLessThanOrEqual(duplications);
      }),
    );
  });
});

test('nothing of an old incarnation is delivered', () => {
  const bench = new Bench(1);
  const old = bench.network.open(0, 0);
  bench.send(old, 'toMaster');
  bench.send(old, 'fromMaster');
  bench.network.closeAtParty(bench.now, old);
  const next = bench.network.open(0, 0);
  const number = bench.send(next, 'toMaster');
  bench.run(Infinity);
  expect(bench.atParty).toEqual([]);
  expect(new Set(numbersOf(bench.atMaster))).toEqual(new Set([0, number]));
  expect(bench.told).toEqual([`master ${old}`]);
});

test('a close arrives behind the messages sent before it', () => {
  const bench = new Bench(1);
  const connection = bench.network.open(0, 0);
  for (let index = 0; index < 20; index++) bench.send(connection, 'fromMaster');
  bench.network.closeAtMaster(bench.now, connection);
  bench.run(Infinity);
  expect(bench.atParty).toHaveLength(20);
  expect(bench.told).toEqual([`party ${connection}`]);
});

test('a lost message takes all behind it, and both ends notice after a timeout', () => {
  const bench = new Bench(1);
  const connection = bench.network.open(0, 0);
  bench.send(connection, 'toMaster');
  bench.run(1_000);
  bench.network.arm({ kind: 'loss', side: 'agents', direction: 'toMaster', delay: micros(0) });
  for (let index = 0; index < 5; index++) bench.send(connection, 'toMaster');
  bench.run(2_000_000);
  expect(numbersOf(bench.atMaster)).toEqual([0]);
  expect(bench.told).toEqual([]);
  bench.run(Infinity);
  expect(bench.told.sort()).toEqual([`master ${connection}`, `party ${connection}`]);
  expect(bench.now).toBeLessThanOrEqual(1_000 + DEFAULT_NETWORK_OPTIONS.noticeMax + 2_000);
});

test('a partition that heals before anything was lost leaves the connection alone', () => {
  const bench = new Bench(1);
  const connection = bench.network.open(0, 0);
  bench.send(connection, 'toMaster');
  bench.network.block(bench.now, 0, 0, 'toMaster');
  bench.run(1_000_000);
  bench.network.unblock(0, 0, 'toMaster');
  bench.send(connection, 'toMaster');
  bench.run(Infinity);
  expect(numbersOf(bench.atMaster)).toEqual([0, 1]);
  expect(bench.told).toEqual([]);
});

test('a one-way partition stops one way only', () => {
  const bench = new Bench(1);
  const connection = bench.network.open(0, 0);
  bench.network.block(bench.now, 0, 0, 'toMaster');
  bench.send(connection, 'toMaster');
  bench.send(connection, 'fromMaster');
  bench.run(2_000_000);
  expect(bench.atMaster).toEqual([]);
  expect(numbersOf(bench.atParty)).toEqual([1]);
});

test('the master hears nothing of the end of a connection that it never heard on', () => {
  const bench = new Bench(1);
  const connection = bench.network.open(0, 0);
  bench.network.closeAtParty(bench.now, connection);
  bench.run(Infinity);
  expect(bench.told).toEqual([]);
});

test('a machine that stops without a word is noticed by the master after a timeout', () => {
  const bench = new Bench(1);
  const connection = bench.network.open(0, 0);
  bench.send(connection, 'toMaster');
  bench.run(10_000);
  bench.network.vanishAtParty(bench.now, connection);
  bench.run(4_000_000);
  expect(bench.told).toEqual([]);
  bench.run(Infinity);
  expect(bench.told).toEqual([`master ${connection}`]);
});
