import { assert, type Micros, type Rng } from '../../../engine/core/index.ts';
import {
  type Agenda,
  CLOSED_AT_MASTER,
  CLOSED_AT_PARTY,
  grownFloats,
  grownInts,
  grownOctets,
  MESSAGE_AT_MASTER,
  MESSAGE_AT_PARTY,
  TIMEOUT_AT_MASTER,
  TIMEOUT_AT_PARTY,
} from '../agenda/index.ts';
import type { Direction, Mischief, MischiefWitness, Side } from './mischief.ts';
import type { NetworkOptions } from './network-options.ts';

const NO_CONNECTION = 0;

// Flags of a connection.
const MASTER_OPEN = 1;
const PARTY_OPEN = 2;
/** A message to the master was lost, and so is everything behind it. */
const UP_LOST = 4;
/** A message from the master was lost, and so is everything behind it. */
const DOWN_LOST = 8;
/** The master has had a message on it. */
const MASTER_KNOWS = 16;
const MASTER_WAITS = 32;
const PARTY_WAITS = 64;

/**
 * Connections between masters and their parties (agents and frameworks). Masters are numbered from 0; a replay has one. A party has one
 * connection at a time; a way is a party and a master, and can be blocked in either direction.
 *
 * A connection is first in, first out in each direction. Its number counts up from 1 and is never reused: it is the incarnation, so what
 * was sent on a connection that an end has closed since is dropped at that end. Each end closes on its own: by order of its machine, when
 * the other end's close arrives, or by timeout once the connection is broken. A lost message breaks its direction for good, as a TCP
 * stream with a hole does.
 */
export class Network<Payload> {
  readonly #agenda: Agenda<Payload>;
  readonly #options: NetworkOptions;
  readonly #latencies: Rng;
  readonly #timeouts: Rng;
  readonly #witness: MischiefWitness | null;
  /** Whether a message may arrive twice: a request that is not idempotent is sent once or not at all. */
  readonly #mayRepeat: (payload: Payload) => boolean;

  readonly #masters: number;

  // Connections; row 0 is none.
  #parties = new Int32Array(64);
  /** Party × masters + master. With one master that is the party. */
  #ways = new Int32Array(64);
  #flags = new Uint8Array(64);
  #lastUp = new Float64Array(64);
  #lastDown = new Float64Array(64);
  #connectionCount = 1;
  /** Per master: its connections below this number were those of an earlier process and are closed at the master's end. */
  readonly #firstOfMaster: Int32Array;

  // Parties.
  #current = new Int32Array(64);
  // Ways.
  #onMaster: Int32Array;
  #upBlocks: Uint8Array;
  #downBlocks: Uint8Array;
  #sides: Side[] = [];

  #mischief: Mischief[] = [];

  constructor(
    agenda: Agenda<Payload>,
    options: NetworkOptions,
    latencies: Rng,
    timeouts: Rng,
    witness: MischiefWitness | null,
    mayRepeat: (payload: Payload) => boolean,
    masters = 1,
  ) {
    assert(masters > 0, 'parties have a master to talk to');
    this.#masters = masters;
    this.#firstOfMaster = new Int32Array(masters).fill(1);
    this.#onMaster = new Int32Array(64 * masters);
    this.#upBlocks = new Uint8Array(64 * masters);
    this.#downBlocks = new Uint8Array(64 * masters);
    this.#agenda = agenda;
    this.#options = options;
    this.#latencies = latencies;
    this.#timeouts = timeouts;
    this.#witness = witness;
    this.#mayRepeat = mayRepeat;
  }

  /** Adds a party; they are numbered from 0. */
  addParty(side: Side): number {
    const party = this.#sides.length;
    if (party === this.#current.length) {
      const capacity = party * 2;
      this.#current = grownInts(this.#current, capacity);
      this.#onMaster = grownInts(this.#onMaster, capacity * this.#masters);
      this.#upBlocks = grownOctets(this.#upBlocks, capacity * this.#masters);
      this.#downBlocks = grownOctets(this.#downBlocks, capacity * this.#masters);
    }
    this.#sides.push(side);
    return party;
  }

  get masters(): number {
    return this.#masters;
  }

  get parties(): number {
    return this.#sides.length;
  }

  partyOf(connection: number): number {
    return this.#parties[connection]!;
  }

  masterOf(connection: number): number {
    return this.#ways[connection]! - this.#parties[connection]! * this.#masters;
  }

  /** The connection that is open at the party's end, or 0. */
  connectionOf(party: number): number {
    return this.#current[party]!;
  }

  /** The newest connection of the party that the master has heard on and that is open at the master's end, or 0. */
  masterConnectionOf(party: number, master: number): number {
    const connection = this.#onMaster[party * this.#masters + master]!;
    return (this.#flags[connection]! & MASTER_OPEN) !== 0 ? connection : NO_CONNECTION;
  }

  /** Whether something keeps messages of the party from the master, or the other way. */
  isBlocked(party: number, master: number, direction: Direction): boolean {
    const blocks = direction === 'toMaster' ? this.#upBlocks : this.#downBlocks;
    return blocks[party * this.#masters + master]! !== 0;
  }

  /** Whether nothing blocks the way in either direction. */
  isOpen(party: number, master: number): boolean {
    const way = party * this.#masters + master;
    return this.#upBlocks[way] === 0 && this.#downBlocks[way] === 0;
  }

  /** Opens a connection at both ends. The party's end must be closed. */
  open(party: number, master: number): number {
    assert(this.#current[party] === NO_CONNECTION, 'a party has one connection at a time');
    const connection = this.#connectionCount++;
    if (connection === this.#parties.length) {
      const capacity = connection * 2;
      this.#parties = grownInts(this.#parties, capacity);
      this.#ways = grownInts(this.#ways, capacity);
      this.#flags = grownOctets(this.#flags, capacity);
      this.#lastUp = grownFloats(this.#lastUp, capacity);
      this.#lastDown = grownFloats(this.#lastDown, capacity);
    }
    this.#parties[connection] = party;
    this.#ways[connection] = party * this.#masters + master;
    this.#flags[connection] = MASTER_OPEN | PARTY_OPEN;
    this.#current[party] = connection;
    return connection;
  }

  /** The party sends; nothing leaves an end that is closed. */
  sendToMaster(now: Micros, connection: number, payload: Payload): void {
    const flags = this.#flags[connection]!;
    if ((flags & PARTY_OPEN) === 0) return;
    if ((flags & UP_LOST) !== 0 || this.#upBlocks[this.#ways[connection]!] !== 0) {
      this.#breakConnection(now, connection, UP_LOST);
      return;
    }
    let extra = 0;
    let copies = 1;
    if (this.#mischief.length > 0) {
      const mischief = this.#strike(this.#parties[connection]!, 'toMaster', payload);
      if (mischief !== null) {
        if (mischief.kind === 'loss') {
          this.#breakConnection(now, connection, UP_LOST);
          return;
        }
        if (mischief.kind === 'duplication') copies = 2;
        else extra = mischief.delay;
        // The party takes the connection for closed; its close follows the late message.
        if (mischief.kind === 'reorder')
          this.#agenda.push(this.#arrival(now, now), CLOSED_AT_PARTY, connection, 0, null);
      }
    }
    const at = this.#arrival(now + extra, this.#lastUp[connection]!);
    this.#lastUp[connection] = at;
    for (; copies > 0; copies--) this.#agenda.push(at, MESSAGE_AT_MASTER, connection, 0, payload);
  }

  /** The master sends; nothing leaves an end that is closed. */
  sendToParty(now: Micros, connection: number, payload: Payload): void {
    const flags = this.#flags[connection]!;
    if ((flags & MASTER_OPEN) === 0) return;
    if ((flags & DOWN_LOST) !== 0 || this.#downBlocks[this.#ways[connection]!] !== 0) {
      this.#breakConnection(now, connection, DOWN_LOST);
      return;
    }
    let extra = 0;
    let copies = 1;
    if (this.#mischief.length > 0) {
      const mischief = this.#strike(this.#parties[connection]!, 'fromMaster', payload);
      if (mischief !== null) {
        if (mischief.kind === 'loss') {
          this.#breakConnection(now, connection, DOWN_LOST);
          return;
        }
        if (mischief.kind === 'duplication') copies = 2;
        else extra = mischief.delay;
        // The master takes the connection for closed; its close follows the late message.
        if (mischief.kind === 'reorder')
          this.#agenda.push(this.#arrival(now, now), CLOSED_AT_MASTER, connection, 0, null);
      }
    }
    const at = this.#arrival(now + extra, this.#lastDown[connection]!);
    this.#lastDown[connection] = at;
    for (; copies > 0; copies--) this.#agenda.push(at, MESSAGE_AT_PARTY, connection, 0, payload);
  }

  /** A message has come to the master's end: whether it counts. */
  arrivesAtMaster(connection: number): boolean {
    if (this.#isOfEarlierProcess(connection)) return false;
    const flags = this.#flags[connection]!;
    if ((flags & MASTER_OPEN) === 0) return false;
    if ((flags & MASTER_KNOWS) === 0) {
      this.#flags[connection] = flags | MASTER_KNOWS;
      this.#onMaster[this.#ways[connection]!] = connection;
    }
    return true;
  }

  /** A message has come to the party's end: whether it counts. */
  arrivesAtParty(connection: number): boolean {
    return (this.#flags[connection]! & PARTY_OPEN) !== 0;
  }

  /** The master's process closes its end; the other end hears of it, or waits for its timeout if the way is blocked. */
  closeAtMaster(now: Micros, connection: number): void {
    const flags = this.#flags[connection]!;
    if ((flags & MASTER_OPEN) === 0) return;
    this.#flags[connection] = flags & ~MASTER_OPEN;
    if ((flags & PARTY_OPEN) === 0) return;
    if ((flags & DOWN_LOST) === 0 && this.#downBlocks[this.#ways[connection]!] === 0) {
      const at = this.#arrival(now, this.#lastDown[connection]!);
      this.#lastDown[connection] = at;
      this.#agenda.push(at, CLOSED_AT_PARTY, connection, 0, null);
    } else {
      this.#partyWaits(now, connection);
    }
  }

  /** The party's process closes its end; the other end hears of it, or waits for its timeout if the way is blocked. */
  closeAtParty(now: Micros, connection: number): void {
    const flags = this.#flags[connection]!;
    if ((flags & PARTY_OPEN) === 0) return;
    const party = this.#parties[connection]!;
    this.#flags[connection] = flags & ~PARTY_OPEN;
    this.#current[party] = NO_CONNECTION;
    if ((flags & MASTER_OPEN) === 0) return;
    if ((flags & UP_LOST) === 0 && this.#upBlocks[this.#ways[connection]!] === 0) {
      const at = this.#arrival(now, this.#lastUp[connection]!);
      this.#lastUp[connection] = at;
      this.#agenda.push(at, CLOSED_AT_MASTER, connection, 0, null);
    } else {
      this.#masterWaits(now, connection);
    }
  }

  /** The party's machine stops without a word: its end is gone, the master's end finds out by timeout. */
  vanishAtParty(now: Micros, connection: number): void {
    const flags = this.#flags[connection]!;
    if ((flags & PARTY_OPEN) === 0) return;
    this.#flags[connection] = flags & ~PARTY_OPEN;
    this.#current[this.#parties[connection]!] = NO_CONNECTION;
    if ((flags & MASTER_OPEN) !== 0) this.#masterWaits(now, connection);
  }

  /**
   * The other end's close, or a timeout, has come to the master's end. True if that closes a connection that the master had heard on: it
   * must be told.
   */
  endsAtMaster(now: Micros, connection: number, isTimeout: boolean): boolean {
    const flags = this.#flags[connection]!;
    if (isTimeout) {
      this.#flags[connection] = flags & ~MASTER_WAITS;
      if ((flags & PARTY_OPEN) !== 0 && !this.#isBroken(connection)) return false;
    }
    if ((flags & MASTER_OPEN) === 0) return false;
    this.closeAtMaster(now, connection);
    return (flags & MASTER_KNOWS) !== 0 && !this.#isOfEarlierProcess(connection);
  }

  /** The other end's close, or a timeout, has come to the party's end. True if that closes it: the party must be told. */
  endsAtParty(now: Micros, connection: number, isTimeout: boolean): boolean {
    const flags = this.#flags[connection]!;
    if (isTimeout) {
      this.#flags[connection] = flags & ~PARTY_WAITS;
      if ((flags & MASTER_OPEN) !== 0 && !this.#isBroken(connection)) return false;
    }
    if ((flags & PARTY_OPEN) === 0) return false;
    this.closeAtParty(now, connection);
    return true;
  }

  /** The party's end is closed, and told so; the master's end finds out by timeout. Nothing that is on its way arrives. */
  halfOpen(now: Micros, connection: number): void {
    if ((this.#flags[connection]! & PARTY_OPEN) === 0) return;
    this.#breakConnection(now, connection, UP_LOST | DOWN_LOST);
    this.#agenda.push(now, CLOSED_AT_PARTY, connection, 0, null);
  }

  /** Keeps messages between the two in that direction from arriving until as many calls of `unblock`. Blocks add up. */
  block(now: Micros, party: number, master: number, direction: Direction): void {
    const blocks = direction === 'toMaster' ? this.#upBlocks : this.#downBlocks;
    const way = party * this.#masters + master;
    assert(blocks[way]! < 255, 'few partitions overlap');
    blocks[way]!++;
    const connection = this.#current[party]!;
    if (connection === NO_CONNECTION || this.#ways[connection] !== way) return;
    this.#masterWaits(now, connection);
    this.#partyWaits(now, connection);
  }

  unblock(party: number, master: number, direction: Direction): void {
    const blocks = direction === 'toMaster' ? this.#upBlocks : this.#downBlocks;
    const way = party * this.#masters + master;
    assert(blocks[way]! > 0, 'only what is blocked is unblocked');
    blocks[way]!--;
  }

  /** Arms a fault for the next message that it fits. */
  arm(mischief: Mischief): void {
    this.#mischief.push(mischief);
  }

  /** Armed faults that have met no message are called off. */
  disarm(): void {
    this.#mischief = [];
  }

  /** The master's process is gone: all its ends close, and what is on its way on them reaches no later process of that master. */
  masterGone(now: Micros, master: number): void {
    for (let party = 0; party < this.#sides.length; party++) {
      const way = party * this.#masters + master;
      const connection = this.#current[party]!;
      if (this.#ways[connection] === way) this.closeAtMaster(now, connection);
      this.#onMaster[way] = NO_CONNECTION;
    }
    this.#firstOfMaster[master] = this.#connectionCount;
  }

  #isOfEarlierProcess(connection: number): boolean {
    return connection < this.#firstOfMaster[this.masterOf(connection)]!;
  }

  #arrival(now: number, last: number): number {
    const { latency, jitter } = this.#options;
    const at = now + latency + (jitter === 0 ? 0 : this.#latencies.below(jitter + 1));
    return at < last ? last : at;
  }

  #isBroken(connection: number): boolean {
    const way = this.#ways[connection]!;
    return (
      (this.#flags[connection]! & (UP_LOST | DOWN_LOST)) !== 0 ||
      this.#upBlocks[way] !== 0 ||
      this.#downBlocks[way] !== 0
    );
  }

  #breakConnection(now: Micros, connection: number, lost: number): void {
    this.#flags[connection]! |= lost;
    this.#masterWaits(now, connection);
    this.#partyWaits(now, connection);
  }

  #masterWaits(now: Micros, connection: number): void {
    if ((this.#flags[connection]! & (MASTER_WAITS | MASTER_OPEN)) !== MASTER_OPEN) return;
    this.#flags[connection]! |= MASTER_WAITS;
    this.#agenda.push(now + this.#timeout(), TIMEOUT_AT_MASTER, connection, 0, null);
  }

  #partyWaits(now: Micros, connection: number): void {
    if ((this.#flags[connection]! & (PARTY_WAITS | PARTY_OPEN)) !== PARTY_OPEN) return;
    this.#flags[connection]! |= PARTY_WAITS;
    this.#agenda.push(now + this.#timeout(), TIMEOUT_AT_PARTY, connection, 0, null);
  }

  #timeout(): number {
    const { noticeMin, noticeMax } = this.#options;
    return noticeMin + this.#timeouts.below(noticeMax - noticeMin + 1);
  }

  /** The armed fault that this message meets, now spent; null for none. */
  #strike(party: number, direction: Direction, payload: Payload): Mischief | null {
    const side = this.#sides[party]!;
    for (let index = 0; index < this.#mischief.length; index++) {
      const mischief = this.#mischief[index]!;
      if (mischief.side !== side || mischief.direction !== direction) continue;
      if (mischief.kind === 'duplication' && !this.#mayRepeat(payload)) continue;
      this.#mischief.splice(index, 1);
      this.#witness?.struck(mischief, party);
      return mischief;
    }
    return null;
  }
}
