import {
  assert,
  assertNever,
  type Machine,
  type MasterEpoch,
  type Micros,
  micros,
  type Sink,
} from '../core/index.ts';
import type { RegistryOperation, RegistrySnapshot } from './registry.ts';
import { RegistryState } from './registry-state.ts';
import {
  entryKey,
  HEAD_KEY,
  LEADER_KEY,
  REGISTRY_PREFIX,
  type StoreAnswer,
  type StoreChange,
  type StoreCompare,
  type StoreEvent,
  type StoreItem,
  type StoreRequest,
} from './store-port.ts';

export interface SessionOptions {
  /** This master's number among those that share the store. */
  readonly master: number;
  readonly leaseTtl: Micros;
  /** Before a request that failed is made again. */
  readonly retryDelay: Micros;
  /** `--registry_store_timeout`: a write that takes longer in all its attempts has failed. */
  readonly storeTimeout: Micros;
  /** Registry operations in one transaction. */
  readonly operationsPerTransaction: number;
}

/** What happened to a master's session with the store. */
export type SessionInput =
  /** First input, once. */
  | { readonly kind: 'started' }
  /** Answers the request with that ticket. */
  | { readonly kind: 'answered'; readonly ticket: number; readonly answer: StoreAnswer }
  /** Changes of the watched key, in order. */
  | { readonly kind: 'watched'; readonly events: readonly StoreEvent[] }
  /** Orders of the master that leads. Indexes count up from 1 without gap. */
  | { readonly kind: 'persist'; readonly index: number; readonly operation: RegistryOperation }
  /** What was persisted is to be written. */
  | { readonly kind: 'flush' }
  /** The master gives up the lead, or its candidacy, and ends. */
  | { readonly kind: 'resigned' }
  | { readonly kind: 'tick' };

/** What a session wants done, in list order. */
export type SessionOutput =
  | { readonly kind: 'request'; readonly ticket: number; readonly request: StoreRequest }
  /** This master leads: first input of its machine. */
  | { readonly kind: 'elected'; readonly epoch: MasterEpoch; readonly registry: RegistrySnapshot }
  | { readonly kind: 'durable'; readonly upTo: number }
  /** The registry cannot be written, or may not any more: the master must end. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** The lead is lost: the master must end (spec 13 §1). */
  | { readonly kind: 'deposed'; readonly reason: string }
  /** Who leads, as far as this master has seen; null for nobody. For redirects. */
  | { readonly kind: 'leaderSeen'; readonly master: number | null };

type Phase = 'new' | 'leasing' | 'campaigning' | 'waiting' | 'recovering' | 'leading' | 'ended';

const NEVER = Number.MAX_SAFE_INTEGER as Micros;

/**
 * One master's session with the store: it keeps a lease, stands for election with it, reads the registry once elected, and writes to it.
 *
 * Two masters may both believe that they lead, for a lease is measured by two clocks. What keeps the registry safe is that each write is
 * one transaction which compares: the leader's key is still the one that this master created, and the log still ends where this master
 * left it. Who has been succeeded can therefore write nothing, whatever it believes (bug ledger S6).
 */
export class StoreSession implements Machine<SessionInput, SessionOutput> {
  readonly #options: SessionOptions;
  #phase: Phase = 'new';
  #now = 0 as Micros;
  #out!: Sink<SessionOutput>;
  #tickets = 0;

  // The lease.
  #lease = 0;
  #leaseUntil = NEVER;
  #leaseTicket = 0;
  #leaseAskedAt = 0 as Micros;
  #keepAliveAt = NEVER;

  // The election.
  #ticket = 0;
  /** 0 while nothing is watched. */
  #watchTicket = 0;
  #rewatchAt = NEVER;
  /** Events up to here are older than what this session has learnt otherwise. */
  #knownRevision = 0;
  #leadRevision = 0;
  #retryAt = NEVER;

  // The registry.
  #epoch = 0 as MasterEpoch;
  #headRevision = 0;
  #headIndex = 0;
  #queue: RegistryOperation[] = [];
  #issued = 0;
  #durable = 0;
  #writing: readonly RegistryOperation[] | null = null;
  #writeTicket = 0;
  #writeRetryAt = NEVER;
  #writeFailsAt = NEVER;

  constructor(options: SessionOptions) {
    assert(options.operationsPerTransaction > 0, 'a transaction has room for an operation');
    this.#options = options;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** 0 before it has one. */
  get lease(): number {
    return this.#lease;
  }

  /** Whether a transaction is under way. */
  get isWriting(): boolean {
    return this.#writing !== null;
  }

  /** Whether all that it wants at `now` and later, as things are, is to keep its lease alive. */
  isRestingAt(now: Micros): boolean {
    return (
      (this.#phase === 'leading' || this.#phase === 'waiting') &&
      now < this.#leaseUntil &&
      this.#keepAliveAt < this.#leaseUntil &&
      this.#retryAt === NEVER &&
      this.#rewatchAt === NEVER &&
      this.#writeRetryAt === NEVER &&
      this.#writeFailsAt === NEVER
    );
  }

  /**
   * What a tick at `asked` and the answer that the lease lives on come to, in one: for drivers that know that it is so.
   *
   * @param asked when the tick was due or later, by the clock that `step` is told
   * @returns when the lease is to be kept alive again
   */
  keptAlive(asked: Micros, ttl: Micros): Micros {
    assert(this.isRestingAt(asked) && asked >= this.#keepAliveAt, 'only a lease that was due is kept alive');
    this.#leaseTicket = ++this.#tickets;
    this.#leaseAskedAt = asked;
    this.#leaseHolds(ttl);
    return this.#keepAliveAt;
  }

  step(now: Micros, input: SessionInput, outputs: Sink<SessionOutput>): void {
    if (this.#phase === 'ended') return;
    this.#now = now;
    this.#out = outputs;
    switch (input.kind) {
      case 'started':
        assert(this.#phase === 'new', 'a session starts once');
        this.#askForLease();
        break;
      case 'answered':
        this.#answered(input.ticket, input.answer);
        break;
      case 'watched':
        for (const event of input.events) this.#watched(event);
        break;
      case 'persist':
        assert(this.#phase === 'leading', 'only a leader writes');
        assert(input.index === this.#issued + 1, 'a master numbers its writes without gap');
        this.#issued = input.index;
        this.#queue.push(input.operation);
        break;
      case 'flush':
        this.#write();
        break;
      case 'resigned':
        if (this.#lease !== 0) this.#ask({ kind: 'revokeLease', lease: this.#lease });
        this.#phase = 'ended';
        break;
      case 'tick':
        this.#tick();
        break;
      default:
        assertNever(input);
    }
  }

  nextDeadline(): Micros | null {
    if (this.#phase === 'ended') return null;
    const next = Math.min(
      this.#leaseUntil,
      this.#keepAliveAt,
      this.#retryAt,
      this.#rewatchAt,
      this.#writeRetryAt,
      this.#writeFailsAt,
    );
    return next === NEVER ? null : (next as Micros);
  }

  #tick(): void {
    const now = this.#now;
    if (this.#leaseUntil <= now) {
      this.#leaseLost('its lease was not kept alive in time');
      return;
    }
    if (this.#writeFailsAt <= now) {
      this.#fail('the store timed out');
      return;
    }
    if (this.#keepAliveAt <= now) this.#keepAlive();
    if (this.#writeRetryAt <= now) this.#sendWrite();
    if (this.#rewatchAt <= now) {
      this.#rewatchAt = NEVER;
      // A leader need not ask: it hears by its lease and by its writes whether it is one still.
      if (this.#phase === 'waiting') this.#campaign();
    }
    if (this.#retryAt <= now) {
      this.#retryAt = NEVER;
      if (this.#phase === 'leasing') this.#askForLease();
      else if (this.#phase === 'campaigning') this.#campaign();
      else if (this.#phase === 'recovering') this.#read();
    }
  }

  #answered(ticket: number, answer: StoreAnswer): void {
    if (ticket === this.#leaseTicket) this.#leaseAnswered(answer);
    else if (ticket === this.#writeTicket) this.#writeAnswered(answer);
    else if (ticket === this.#ticket) {
      if (this.#phase === 'campaigning') this.#campaignAnswered(answer);
      else if (this.#phase === 'recovering') this.#readAnswered(answer);
    } else if (ticket === this.#watchTicket && answer.kind !== 'watching') {
      // The watch never began, or has fallen behind what the store keeps: who leads is asked anew, and watched from there.
      this.#watchTicket = 0;
      this.#rewatchAt = this.#after(this.#options.retryDelay);
    }
  }

  // The lease.

  #askForLease(): void {
    this.#phase = 'leasing';
    this.#lease = 0;
    this.#leaseUntil = NEVER;
    this.#keepAliveAt = NEVER;
    this.#retryAt = NEVER;
    this.#leaseAskedAt = this.#now;
    this.#leaseTicket = this.#ask({ kind: 'grantLease', ttl: this.#options.leaseTtl });
  }

  #keepAlive(): void {
    this.#leaseAskedAt = this.#now;
    this.#keepAliveAt = this.#after(this.#options.leaseTtl / 3);
    this.#leaseTicket = this.#ask({ kind: 'keepAlive', lease: this.#lease });
  }

  #leaseAnswered(answer: StoreAnswer): void {
    switch (answer.kind) {
      case 'leaseGranted':
        this.#lease = answer.lease;
        this.#leaseHolds(answer.ttl);
        this.#campaign();
        break;
      case 'keptAlive':
        this.#leaseHolds(answer.ttl);
        break;
      case 'leaseGone':
        this.#leaseLost('its lease has run out');
        break;
      default:
        // A keep-alive that failed is followed by the next one.
        if (this.#phase === 'leasing') this.#retryAt = this.#after(this.#options.retryDelay);
    }
  }

  /** Counted from when it was asked for: the store may have begun to count that early. */
  #leaseHolds(ttl: Micros): void {
    this.#leaseUntil = micros(this.#leaseAskedAt + ttl);
    this.#keepAliveAt = micros(this.#leaseAskedAt + Math.floor(this.#options.leaseTtl / 3));
  }

  #leaseLost(why: string): void {
    if (this.#phase === 'leading') {
      this.#phase = 'ended';
      this.#out.push({ kind: 'deposed', reason: why });
    } else {
      this.#askForLease();
    }
  }

  // The election.

  #campaign(): void {
    this.#phase = 'campaigning';
    this.#retryAt = NEVER;
    this.#ticket = this.#ask({
      kind: 'transaction',
      compares: [{ key: LEADER_KEY, field: 'createRevision', equals: 0 }],
      changes: [
        {
          kind: 'put',
          key: LEADER_KEY,
          value: { kind: 'leader', master: this.#options.master },
          lease: this.#lease,
        },
      ],
      otherwise: LEADER_KEY,
    });
  }

  #campaignAnswered(answer: StoreAnswer): void {
    if (answer.kind === 'leaseGone') {
      this.#leaseLost('its lease has run out');
      return;
    }
    if (answer.kind !== 'transacted') {
      this.#retryAt = this.#after(this.#options.retryDelay);
      return;
    }
    const isStale = answer.revision < this.#knownRevision;
    if (!isStale) this.#knownRevision = answer.revision;
    if (this.#watchTicket === 0) this.#watch(answer.revision + 1);
    const { item } = answer;
    if (answer.succeeded) {
      this.#won(answer.revision);
    } else {
      assert(item !== null && item.value.kind === 'leader', 'a key that exists can be read');
      // An earlier attempt of ours may have been carried out without our hearing of it.
      if (item.lease === this.#lease) {
        this.#won(item.createRevision);
      } else if (isStale) {
        // The watch has overtaken the answer: that leader may be gone already.
        this.#campaign();
      } else {
        this.#phase = 'waiting';
        this.#out.push({ kind: 'leaderSeen', master: item.value.master });
      }
    }
  }

  #watch(from: number): void {
    this.#rewatchAt = NEVER;
    this.#watchTicket = this.#ask({ kind: 'watch', prefix: LEADER_KEY, from });
  }

  #won(revision: number): void {
    this.#leadRevision = revision;
    this.#out.push({ kind: 'leaderSeen', master: this.#options.master });
    this.#read();
  }

  #watched(event: StoreEvent): void {
    if (event.revision <= this.#knownRevision || this.#phase === 'ended') return;
    this.#knownRevision = event.revision;
    const { item } = event;
    const leads = this.#phase === 'leading' || this.#phase === 'recovering';
    if (event.kind === 'put') {
      assert(item.value.kind === 'leader', 'the leader’s key says who leads');
      this.#out.push({ kind: 'leaderSeen', master: item.value.master });
      if (leads && item.createRevision !== this.#leadRevision) this.#leaseLost('another master leads');
    } else {
      this.#out.push({ kind: 'leaderSeen', master: null });
      if (leads) this.#leaseLost('its key in the election is gone');
      else if (this.#phase === 'waiting') this.#campaign();
    }
  }

  // The registry.

  #read(): void {
    this.#phase = 'recovering';
    this.#retryAt = NEVER;
    this.#ticket = this.#ask({ kind: 'read', prefix: REGISTRY_PREFIX, isLinearizable: true });
  }

  #readAnswered(answer: StoreAnswer): void {
    if (answer.kind !== 'items') {
      this.#retryAt = this.#after(this.#options.retryDelay);
      return;
    }
    const state = recovered(answer.items);
    const head = answer.items.find(({ key }) => key === HEAD_KEY) ?? null;
    if (head !== null) {
      assert(head.value.kind === 'head', 'the head’s key holds the head');
      this.#headRevision = head.modRevision;
      this.#headIndex = head.value.index;
    }
    this.#epoch = (state.epoch + 1) as MasterEpoch;
    this.#phase = 'leading';
    this.#out.push({ kind: 'elected', epoch: this.#epoch, registry: state.snapshot() });
  }

  /** Begins a transaction with what waits, unless one is in flight. */
  #write(): void {
    if (this.#writing !== null || this.#queue.length === 0 || this.#phase !== 'leading') return;
    this.#writing = this.#queue.splice(0, this.#options.operationsPerTransaction);
    this.#writeFailsAt = this.#after(this.#options.storeTimeout);
    this.#sendWrite();
  }

  #sendWrite(): void {
    const index = this.#headIndex + 1;
    const writer = this.#lease;
    const compares: readonly StoreCompare[] = [
      { key: LEADER_KEY, field: 'createRevision', equals: this.#leadRevision },
      { key: HEAD_KEY, field: 'modRevision', equals: this.#headRevision },
    ];
    const epoch = this.#epoch;
    const operations = this.#writing!;
    const changes: readonly StoreChange[] = [
      { kind: 'put', key: HEAD_KEY, value: { kind: 'head', epoch, writer, index }, lease: 0 },
      { kind: 'put', key: entryKey(index), value: { kind: 'entry', epoch, operations }, lease: 0 },
    ];
    this.#writeRetryAt = NEVER;
    this.#writeTicket = this.#ask({ kind: 'transaction', compares, changes, otherwise: HEAD_KEY });
  }

  #writeAnswered(answer: StoreAnswer): void {
    if (answer.kind !== 'transacted') {
      this.#writeTicket = 0;
      this.#writeRetryAt = this.#after(this.#options.retryDelay);
    } else if (answer.succeeded) {
      this.#written(answer.revision);
    } else if (this.#isOurs(answer.item)) {
      // An earlier attempt was carried out without our hearing of it.
      this.#written(answer.item.modRevision);
    } else {
      this.#fail('another master has taken over');
    }
  }

  /** The log ends with the entry that this session is writing. Both epoch and lease are compared: two may have reached for one epoch. */
  #isOurs(item: StoreItem | null): item is StoreItem {
    if (item === null) return false;
    const { value } = item;
    assert(value.kind === 'head', 'the head’s key holds the head');
    return value.epoch === this.#epoch && value.writer === this.#lease && value.index === this.#headIndex + 1;
  }

  #written(revision: number): void {
    this.#headRevision = revision;
    this.#headIndex++;
    this.#durable += this.#writing!.length;
    this.#writing = null;
    this.#writeTicket = 0;
    this.#writeRetryAt = NEVER;
    this.#writeFailsAt = NEVER;
    // The next transaction is under way before the master hears: what it persists then is written after it.
    this.#write();
    this.#out.push({ kind: 'durable', upTo: this.#durable });
  }

  #fail(reason: string): void {
    this.#phase = 'ended';
    this.#out.push({ kind: 'failed', reason });
  }

  #ask(request: StoreRequest): number {
    const ticket = ++this.#tickets;
    this.#out.push({ kind: 'request', ticket, request });
    return ticket;
  }

  #after(duration: number): Micros {
    return micros(this.#now + Math.floor(duration));
  }
}

/** The registry as the log's entries leave it. Throws InvariantError if the log has a gap: no transaction leaves one. */
export function recovered(items: readonly StoreItem[]): RegistryState {
  const state = new RegistryState();
  let index = 0;
  for (const { key, value } of items) {
    if (value.kind !== 'entry') continue;
    index++;
    assert(key === entryKey(index), 'the registry’s log has no gap');
    for (const operation of value.operations) state.apply(operation);
  }
  return state;
}
