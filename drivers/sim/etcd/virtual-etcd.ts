import { assert, assertNever, type Micros, micros, type Rng } from '../../../engine/core/index.ts';
import type { StoreAnswer, StoreEvent, StoreRequest } from '../../../engine/registry/index.ts';
import {
  LEASES_EXPIRE,
  STORE_ANSWERS,
  STORE_APPLIES,
  STORE_CALLED,
  STORE_TIMEOUT,
  STORE_WATCHED,
} from '../agenda/index.ts';
import { EtcdStore } from './etcd-store.ts';

/** How the replicated store behaves. Durations in µs. */
export interface EtcdOptions {
  /** One way, client to store or back. */
  readonly latency: Micros;
  /** From the arrival of a request that writes to its commit. */
  readonly writeLatency: Micros;
  /** A client gives a request up after this; whether it took effect is then unknown. */
  readonly requestTimeout: Micros;
  /** A client whose watch is cut off takes it up again after this. */
  readonly retryDelay: Micros;
}

/** Whoever hears the store's answers, by the client's number. Nothing comes for a client that is gone. */
export interface EtcdListener {
  answered(now: Micros, client: number, ticket: number, answer: StoreAnswer): void;
  watched(now: Micros, client: number, events: readonly StoreEvent[]): void;
}

/** Messages to and from the store are lost: each with this probability, drawn from `rng`. */
export interface EtcdLoss {
  readonly percent: number;
  readonly rng: Rng;
}

/** The part of an agenda that the store needs. */
export interface EtcdAgenda {
  push(time: number, kind: number, target: number, detail: number, payload: null): void;
}

/** What a client sends to the store, or the store to a client. */
export type EtcdDirection = 'toStore' | 'fromStore';

interface Call {
  readonly client: number;
  /** The client's incarnation when it called. */
  readonly incarnation: number;
  readonly ticket: number;
  readonly request: StoreRequest;
  answer: StoreAnswer | null;
  isWaitedFor: boolean;
  /** A commit is on its way. */
  isCommitting: boolean;
}

interface Watch {
  readonly client: number;
  readonly incarnation: number;
  readonly ticket: number;
  readonly prefix: string;
  /** First revision that it has not been told of. */
  next: number;
  isScheduled: boolean;
}

/**
 * An etcd cluster as its clients meet it: `EtcdStore` behind latencies, failures and a lagging replica. Writes commit in the order of
 * their arrival. Each call gets one answer, `unknown` if the store's own does not come in time; whether it took effect is then open.
 */
export class VirtualEtcd {
  readonly store = new EtcdStore();
  readonly #agenda: EtcdAgenda;
  readonly #options: EtcdOptions;
  readonly #listener: EtcdListener;
  readonly #incarnations: Int32Array;
  readonly #toBlocks: Int32Array;
  readonly #fromBlocks: Int32Array;
  readonly #calls = new Map<number, Call>();
  #callsMade = 0;
  readonly #watches = new Map<number, Watch>();
  #watchesMade = 0;
  #lastCommit = 0;
  #expiryArmed = Infinity;
  // Troubles.
  #writeLatency: Micros;
  #failing = 0;
  #unavailable = 0;
  #lostAcknowledgements = 0;
  #lags: Micros[] = [];
  readonly #losses: EtcdLoss[] = [];
  /** Called after each lost acknowledgement, with the client. */
  onAcknowledgementLost: ((now: Micros, client: number) => void) | null = null;
  /** Called before anything changes that decides whether keep-alives are answered, or what they find. */
  onDisturbance: (() => void) | null = null;

  constructor(agenda: EtcdAgenda, options: EtcdOptions, clients: number, listener: EtcdListener) {
    this.#agenda = agenda;
    this.#options = options;
    this.#listener = listener;
    this.#writeLatency = options.writeLatency;
    this.#incarnations = new Int32Array(clients);
    this.#toBlocks = new Int32Array(clients);
    this.#fromBlocks = new Int32Array(clients);
  }

  call(made: Micros, client: number, ticket: number, request: StoreRequest, now = made): void {
    const number = this.#callsMade++;
    const incarnation = this.#incarnations[client]!;
    this.#calls.set(number, {
      client,
      incarnation,
      ticket,
      request,
      answer: null,
      isWaitedFor: true,
      isCommitting: false,
    });
    const { latency, requestTimeout } = this.#options;
    if (this.#toBlocks[client] === 0 && !this.#isLost()) {
      const arrives = micros(made + latency);
      // Of a call that is taken up on its way the store may have heard already.
      if (arrives < now) this.#arrives(arrives, number);
      else this.#agenda.push(arrives, STORE_CALLED, number, 0, null);
    }
    this.#agenda.push(made + requestTimeout, STORE_TIMEOUT, number, 0, null);
  }

  /** Whether a keep-alive of the client would be carried out and answered, each in `latency`. */
  keepsAlive(client: number, lease: number): boolean {
    return (
      this.#unavailable === 0 &&
      this.#losses.length === 0 &&
      this.#toBlocks[client] === 0 &&
      this.#fromBlocks[client] === 0 &&
      this.store.ttlOf(lease) !== null
    );
  }

  /** The client keeps its lease alive without a word from now on, or, with false, by calls again. */
  setResting(now: Micros, lease: number, rests: boolean): void {
    this.store.setResting(lease, rests);
    if (!rests) this.#armExpiry(now);
  }

  /**
   * A call that was made at `made`, a moment ago, when nothing was in its way: it is taken up where it is at `now`.
   *
   * @param made not more than two latencies before `now`
   */
  resume(now: Micros, made: Micros, client: number, ticket: number, request: StoreRequest): void {
    this.call(made, client, ticket, request, now);
  }

  /** The client's process is gone: what it has sent may still take effect, nobody hears the answer. */
  clientGone(client: number): void {
    this.#incarnations[client]!++;
    for (const [number, watch] of this.#watches) if (watch.client === client) this.#watches.delete(number);
  }

  /** What the client has sent and the store has not committed yet never takes effect: it was lost on its way. */
  loseCallsOf(client: number): void {
    for (const [number, call] of this.#calls) {
      if (call.client === client && call.answer === null) this.#calls.delete(number);
    }
  }

  // Troubles. Each call that begins one needs its counterpart.

  /** Writes that arrive from now on take this long; null restores the normal time. */
  setWriteLatency(latency: Micros | null): void {
    this.#writeLatency = latency ?? this.#options.writeLatency;
  }

  /** Requests that write are refused, and not carried out, while this has been called more often with true than with false. */
  setFailing(isOn: boolean): void {
    this.#failing += isOn ? 1 : -1;
    assert(this.#failing >= 0, 'only what fails is mended');
  }

  /** The store has no leader of its own: nothing is carried out or answered. Leases begin anew when it is over. */
  setUnavailable(now: Micros, isOn: boolean): void {
    this.onDisturbance?.();
    this.#unavailable += isOn ? 1 : -1;
    assert(this.#unavailable >= 0, 'only what is away comes back');
    if (this.#unavailable > 0) return;
    this.store.renewLeases(now);
    this.#armExpiry(now);
  }

  /** The next transaction that succeeds is not answered. */
  loseAcknowledgement(): void {
    this.#lostAcknowledgements++;
  }

  /** What `loseAcknowledgement` asked for and has not happened is called off. */
  keepAcknowledgements(): void {
    this.#lostAcknowledgements = 0;
  }

  /** Watches and reads that are not linearizable are answered by a replica so far behind. */
  addLag(lag: Micros): void {
    this.#lags.push(lag);
  }

  removeLag(lag: Micros): void {
    const index = this.#lags.indexOf(lag);
    assert(index >= 0, 'only a lag that was added is removed');
    this.#lags.splice(index, 1);
  }

  addLoss(loss: EtcdLoss): void {
    this.onDisturbance?.();
    this.#losses.push(loss);
  }

  removeLoss(loss: EtcdLoss): void {
    this.onDisturbance?.();
    const index = this.#losses.indexOf(loss);
    assert(index >= 0, 'only a loss that was added is removed');
    this.#losses.splice(index, 1);
  }

  block(client: number, direction: EtcdDirection): void {
    this.onDisturbance?.();
    (direction === 'toStore' ? this.#toBlocks : this.#fromBlocks)[client]!++;
  }

  unblock(client: number, direction: EtcdDirection): void {
    this.onDisturbance?.();
    const blocks = direction === 'toStore' ? this.#toBlocks : this.#fromBlocks;
    assert(blocks[client]! > 0, 'only what is blocked is unblocked');
    blocks[client]!--;
  }

  /** A lease ends before its time, as by a clock that runs too fast. False if it is gone already. */
  expireLease(now: Micros, lease: number): boolean {
    this.onDisturbance?.();
    const was = this.store.revokeLease(now, lease);
    if (was) this.#changed(now);
    return was;
  }

  /** One of the agenda's events that belong to it. */
  happened(now: Micros, kind: number, target: number): void {
    switch (kind) {
      case STORE_CALLED:
        this.#arrives(now, target);
        break;
      case STORE_APPLIES:
        this.#commits(now, target);
        break;
      case STORE_ANSWERS:
        this.#answers(now, target);
        break;
      case STORE_TIMEOUT:
        this.#timesOut(now, target);
        break;
      case STORE_WATCHED:
        this.#tells(now, target);
        break;
      case LEASES_EXPIRE:
        this.#expires(now);
        break;
      default:
        assertNever(kind as never);
    }
  }

  #arrives(now: Micros, number: number): void {
    const call = this.#calls.get(number);
    if (call === undefined || this.#unavailable > 0) return;
    const { request } = call;
    switch (request.kind) {
      case 'transaction':
      case 'grantLease':
      case 'revokeLease': {
        if (this.#failing > 0) {
          this.#reply(now, number, { kind: 'refused', reason: 'the store cannot commit' });
          return;
        }
        const at = Math.max(this.#lastCommit, now + this.#writeLatency);
        this.#lastCommit = at;
        call.isCommitting = true;
        this.#agenda.push(at, STORE_APPLIES, number, 0, null);
        break;
      }
      case 'keepAlive': {
        const ttl = this.store.keepAlive(now, request.lease);
        this.#reply(now, number, ttl === null ? { kind: 'leaseGone' } : { kind: 'keptAlive', ttl });
        this.#armExpiry(now);
        break;
      }
      case 'read':
        this.#reply(now, number, this.#read(now, request.prefix, request.isLinearizable));
        break;
      case 'watch':
        this.#watch(now, number, call, request.prefix, request.from);
        break;
      default:
        assertNever(request);
    }
  }

  #commits(now: Micros, number: number): void {
    const call = this.#calls.get(number);
    if (call === undefined) return;
    call.isCommitting = false;
    if (this.#unavailable > 0) {
      if (!call.isWaitedFor) this.#calls.delete(number);
      return;
    }
    const { request } = call;
    let answer: StoreAnswer;
    if (request.kind === 'transaction') {
      answer = this.store.transact(now, request);
      if (this.#lostAcknowledgements > 0 && answer.kind === 'transacted' && answer.succeeded) {
        this.#lostAcknowledgements--;
        call.answer = answer;
        this.#changed(now);
        this.onAcknowledgementLost?.(now, call.client);
        return;
      }
    } else if (request.kind === 'grantLease') {
      answer = { kind: 'leaseGranted', lease: this.store.grantLease(now, request.ttl), ttl: request.ttl };
    } else {
      assert(request.kind === 'revokeLease', 'only writes are committed');
      answer = this.store.revokeLease(now, request.lease) ? { kind: 'leaseRevoked' } : { kind: 'leaseGone' };
    }
    this.#reply(now, number, answer);
    this.#changed(now);
  }

  #read(now: Micros, prefix: string, isLinearizable: boolean): StoreAnswer {
    const { store } = this;
    if (isLinearizable || this.#lags.length === 0) {
      return { kind: 'items', revision: store.revision, items: store.read(prefix) };
    }
    const revision = store.revisionAt(now - this.#lag);
    const items = store.readAt(prefix, revision);
    return items === null
      ? { kind: 'compacted', revision: store.compactedRevision }
      : { kind: 'items', revision, items };
  }

  #watch(now: Micros, number: number, call: Call, prefix: string, from: number): void {
    const { client, incarnation, ticket } = call;
    if (incarnation !== this.#incarnations[client]) return;
    if (from < this.store.compactedRevision) {
      this.#reply(now, number, { kind: 'compacted', revision: this.store.compactedRevision });
      return;
    }
    const id = this.#watchesMade++;
    const watch: Watch = { client, incarnation, ticket, prefix, next: from, isScheduled: false };
    this.#watches.set(id, watch);
    this.#reply(now, number, { kind: 'watching' });
    this.#schedule(now, id, watch);
  }

  /** Something may have changed: watchers are told, leases looked after. */
  #changed(now: Micros): void {
    for (const [id, watch] of this.#watches) {
      if (watch.next <= this.store.revision) this.#schedule(now, id, watch);
    }
    this.#armExpiry(now);
  }

  #schedule(now: Micros, id: number, watch: Watch): void {
    if (watch.isScheduled) return;
    watch.isScheduled = true;
    this.#agenda.push(now + this.#options.latency + this.#lag, STORE_WATCHED, id, 0, null);
  }

  #tells(now: Micros, id: number): void {
    const watch = this.#watches.get(id);
    if (watch === undefined) return;
    const { client, ticket, prefix } = watch;
    if (this.#unavailable > 0 || this.#toBlocks[client]! > 0 || this.#fromBlocks[client]! > 0) {
      this.#agenda.push(now + this.#options.retryDelay, STORE_WATCHED, id, 0, null);
      return;
    }
    watch.isScheduled = false;
    const { store } = this;
    const seen = store.revisionAt(now - this.#options.latency - this.#lag);
    if (watch.next < store.compactedRevision) {
      this.#watches.delete(id);
      this.#listener.answered(now, client, ticket, { kind: 'compacted', revision: store.compactedRevision });
      return;
    }
    const events = store.eventsBetween(prefix, watch.next, seen)!;
    if (seen >= watch.next) watch.next = seen + 1;
    if (watch.next <= store.revision) this.#schedule(now, id, watch);
    if (events.length > 0) this.#listener.watched(now, client, events);
  }

  #reply(now: Micros, number: number, answer: StoreAnswer): void {
    const call = this.#calls.get(number)!;
    call.answer = answer;
    this.#agenda.push(now + this.#options.latency, STORE_ANSWERS, number, 0, null);
  }

  #answers(now: Micros, number: number): void {
    const call = this.#calls.get(number);
    if (call === undefined) return;
    if (!call.isWaitedFor) {
      this.#calls.delete(number);
      return;
    }
    if (this.#fromBlocks[call.client]! > 0 || this.#isLost()) return;
    call.isWaitedFor = false;
    if (call.incarnation !== this.#incarnations[call.client]) return;
    this.#listener.answered(now, call.client, call.ticket, call.answer!);
  }

  #timesOut(now: Micros, number: number): void {
    const call = this.#calls.get(number);
    if (call === undefined) return;
    const { isWaitedFor } = call;
    call.isWaitedFor = false;
    if (!call.isCommitting) this.#calls.delete(number);
    if (isWaitedFor && call.incarnation === this.#incarnations[call.client]) {
      this.#listener.answered(now, call.client, call.ticket, { kind: 'unknown' });
    }
  }

  #expires(now: Micros): void {
    this.#expiryArmed = Infinity;
    if (this.#unavailable > 0) return;
    if (this.store.expireLeases(now)) this.#changed(now);
    else this.#armExpiry(now);
  }

  #armExpiry(now: Micros): void {
    const next = this.store.nextExpiry;
    if (next >= this.#expiryArmed) return;
    this.#expiryArmed = next;
    this.#agenda.push(Math.max(now, next), LEASES_EXPIRE, 0, 0, null);
  }

  #isLost(): boolean {
    let isLost = false;
    for (const { percent, rng } of this.#losses) if (rng.below(100) < percent) isLost = true;
    return isLost;
  }

  get #lag(): Micros {
    return this.#lags.reduce((most, lag) => (lag > most ? lag : most), micros(0));
  }
}
