import { assert, type MasterEpoch, type Micros } from '../../../engine/core/index.ts';
import {
  entryKey,
  HEAD_KEY,
  LEADER_KEY,
  type RegistryOperation,
  RegistryState,
  REGISTRY_PREFIX,
  type SessionInput,
  type SessionOutput,
  type StoreAnswer,
  type StoreEvent,
  StoreSession,
} from '../../../engine/registry/index.ts';
import { LEADER_DETECTED, SESSION_TIMER } from '../agenda/index.ts';
import { type EtcdListener, VirtualEtcd } from '../etcd/index.ts';
import type { Coordination, MasterSide } from './coordination.ts';
import { DeadlineTimers } from './deadline-timers.ts';
import type { EnsembleOptions } from './ensemble-options.ts';
import { LeaderDetector } from './leader-detector.ts';
import { NO_MASTER } from './leader-view.ts';
import { RestingLeases } from './resting-leases.ts';
import type { World } from './world.ts';

/** Several masters with a store in common: each has a session with it. Client `m` is master `m`; the detector is the client after them. */
export class EtcdCoordination implements Coordination, EtcdListener {
  readonly etcd: VirtualEtcd;
  readonly detector: LeaderDetector;
  /** What the log holds, kept as it grows. */
  readonly registry = new RegistryState();
  readonly #world: World;
  readonly #side: MasterSide;
  readonly #options: EnsembleOptions;
  readonly #timers: DeadlineTimers;
  readonly #resting: RestingLeases;
  readonly #sessions: (StoreSession | null)[];
  /** Who leads, as far as each master has seen. */
  readonly #seen: Int32Array;
  /** Revision of the log up to which `registry` and `#writers` have been brought. */
  #mirrored = 0;
  /** Which lease has written under an epoch: at most one, or the registry has had two writers at a time. */
  readonly #writers = new Map<number, number>();
  #lastEpoch = 0;
  /** Last revision that the detector has heard of. */
  #detected = 0;
  /** Called when a transaction of a master is durable while its next one is under way. */
  onTransaction: ((now: Micros, master: number) => void) | null = null;

  constructor(
    world: World,
    side: MasterSide,
    options: EnsembleOptions,
    content: readonly RegistryOperation[],
  ) {
    this.#world = world;
    this.#side = side;
    this.#options = options;
    const { masters, store, detectionMin, detectionMax } = options;
    this.etcd = new VirtualEtcd(world.agenda, store, masters + 1, this);
    this.detector = new LeaderDetector(world.agenda, world.stream('detection'), detectionMin, detectionMax);
    this.#timers = new DeadlineTimers(world.agenda, SESSION_TIMER, masters);
    this.#resting = new RestingLeases(this.etcd, side, store.latency, masters);
    this.etcd.onDisturbance = () => {
      for (let master = 0; master < masters; master++) this.disturbs(this.#world.now, master);
    };
    this.#sessions = Array.from({ length: masters }, () => null);
    this.#seen = new Int32Array(masters).fill(NO_MASTER);
    const epoch = 0 as MasterEpoch;
    this.etcd.store.transact(world.now, {
      kind: 'transaction',
      compares: [],
      changes: [
        { kind: 'put', key: HEAD_KEY, value: { kind: 'head', epoch, writer: 0, index: 1 }, lease: 0 },
        { kind: 'put', key: entryKey(1), value: { kind: 'entry', epoch, operations: content }, lease: 0 },
      ],
      otherwise: HEAD_KEY,
    });
    this.#mirror();
    this.#watchLeader(world.now);
  }

  /** The detector's watch; it begins anew where it ended. */
  #watchLeader(now: Micros): void {
    const from = this.#detected + 1;
    this.etcd.call(now, this.#options.masters, 0, { kind: 'watch', prefix: LEADER_KEY, from });
  }

  get leader(): number {
    const value = this.etcd.store.get(LEADER_KEY)?.value ?? null;
    return value !== null && value.kind === 'leader' ? value.master : NO_MASTER;
  }

  /** The master's session while its process is there. For checks and faults. */
  session(master: number): StoreSession | null {
    return this.#sessions[master] ?? null;
  }

  isWriting(master: number): boolean {
    return this.#sessions[master]?.isWriting === true;
  }

  started(now: Micros, master: number): void {
    const { leaseTtl, retryDelay, storeTimeout, operationsPerTransaction } = this.#options.store;
    this.#sessions[master] = new StoreSession({
      master,
      leaseTtl,
      retryDelay,
      storeTimeout,
      operationsPerTransaction,
    });
    this.#step(now, master, { kind: 'started' });
  }

  /** Half of the draws lose what the master has sent and the store has not committed; a batch of several transactions is cut in any case. */
  ended(now: Micros, master: number, survivingWrites: number, resigns: boolean): void {
    this.disturbs(now, master);
    if (resigns) this.#step(now, master, { kind: 'resigned' });
    else if (survivingWrites % 2 === 0) this.etcd.loseCallsOf(master);
    this.#sessions[master] = null;
    this.#seen[master] = NO_MASTER;
    this.#timers.disarm(master);
    this.etcd.clientGone(master);
  }

  persist(now: Micros, master: number, index: number, operation: RegistryOperation): void {
    this.#step(now, master, { kind: 'persist', index, operation });
  }

  flush(now: Micros, master: number): void {
    this.#step(now, master, { kind: 'flush' });
  }

  leaderFor(party: number): number {
    return this.detector.viewOf(party);
  }

  turnedAway(master: number, party: number): void {
    const leader = this.#seen[master]!;
    if (leader !== NO_MASTER && leader !== master) this.detector.redirected(party, leader);
  }

  happened(now: Micros, kind: number, target: number, _detail: number): void {
    if (kind === LEADER_DETECTED) {
      this.detector.detected(now, target);
    } else if (kind === SESSION_TIMER) {
      if (this.#timers.fires(target, now)) this.#timer(now, target);
    } else {
      this.etcd.happened(now, kind, target);
      this.#mirror();
    }
  }

  setWriteLatency(latency: Micros | null): void {
    this.etcd.setWriteLatency(latency);
  }

  /** The leader's lease ends in the store, whatever it does to keep it. False if nobody leads. */
  loseLease(now: Micros): boolean {
    const lease = this.etcd.store.get(LEADER_KEY)?.lease ?? 0;
    return lease !== 0 && this.etcd.expireLease(now, lease);
  }

  /** The master's keep-alives are events from now on, until it rests again. */
  disturbs(now: Micros, master: number): void {
    const session = this.#sessions[master] ?? null;
    if (session !== null && this.#resting.wake(now, master, session)) this.#arm(now, master);
  }

  clockSet(now: Micros, master: number): void {
    this.#arm(now, master);
  }

  // EtcdListener.

  answered(now: Micros, client: number, ticket: number, answer: StoreAnswer): void {
    if (client < this.#options.masters) this.#tell(now, client, { kind: 'answered', ticket, answer });
    else if (answer.kind !== 'watching') this.#watchLeader(now);
  }

  watched(now: Micros, client: number, events: readonly StoreEvent[]): void {
    if (client < this.#options.masters) {
      this.#tell(now, client, { kind: 'watched', events });
      return;
    }
    this.#detected = events.at(-1)!.revision;
    const { value } = events.at(-1)!.item;
    assert(value.kind === 'leader', 'the leader’s key says who leads');
    const leader = events.at(-1)!.kind === 'put' ? value.master : NO_MASTER;
    this.detector.changed(now, leader, this.#world.network.parties);
  }

  #timer(now: Micros, master: number): void {
    const session = this.#sessions[master] ?? null;
    if (session === null || this.#side.defers(master, (later) => this.#timer(later, master))) return;
    const deadline = session.nextDeadline();
    if (deadline !== null && deadline <= this.#side.instantAt(now, master)) {
      if (this.#options.leasesRest && this.#resting.rest(now, master, session)) return;
      this.#step(now, master, { kind: 'tick' });
    } else {
      this.#arm(now, master);
    }
  }

  /** An input from outside the process: it waits while that stands still. */
  #tell(now: Micros, master: number, input: SessionInput): void {
    if (!this.#side.defers(master, (later) => this.#step(later, master, input)))
      this.#step(now, master, input);
  }

  #step(now: Micros, master: number, input: SessionInput): void {
    const session = this.#sessions[master] ?? null;
    if (session === null) return;
    this.disturbs(now, master);
    const outputs: SessionOutput[] = [];
    session.step(this.#side.instantAt(now, master), input, outputs);
    for (const output of outputs) {
      // An output before this one may have ended the process.
      if (this.#sessions[master] !== session) return;
      this.#perform(now, master, output);
    }
    if (this.#sessions[master] === session) this.#arm(now, master);
  }

  #perform(now: Micros, master: number, output: SessionOutput): void {
    switch (output.kind) {
      case 'request':
        this.etcd.call(now, master, output.ticket, output.request);
        break;
      case 'elected':
        this.#side.elected(now, master, output.epoch, output.registry);
        break;
      case 'durable':
        if (this.#sessions[master]!.isWriting) this.onTransaction?.(now, master);
        this.#side.durable(now, master, output.upTo);
        break;
      case 'failed':
        this.#side.storeFailed(now, master, output.reason);
        break;
      case 'deposed':
        this.#side.deposed(now, master, output.reason);
        break;
      case 'leaderSeen':
        this.#seen[master] = output.master ?? NO_MASTER;
        break;
    }
  }

  #arm(now: Micros, master: number): void {
    const deadline = this.#sessions[master]?.nextDeadline() ?? null;
    if (deadline !== null) this.#timers.arm(master, now, this.#side.whenShown(now, master, deadline));
  }

  /** Brings `registry` up to the log, and checks what fencing promises: one writer per epoch, epochs that never go back. */
  #mirror(): void {
    const { store } = this.etcd;
    if (store.revision === this.#mirrored) return;
    const events = store.eventsBetween(REGISTRY_PREFIX, this.#mirrored + 1, store.revision)!;
    this.#mirrored = store.revision;
    for (const { item } of events) {
      const { value } = item;
      if (value.kind === 'head') {
        assert(value.epoch >= this.#lastEpoch, 'the registry is written under epochs that never go back');
        this.#lastEpoch = value.epoch;
        const writer = this.#writers.get(value.epoch);
        assert(
          writer === undefined || writer === value.writer,
          `the registry has one writer under epoch ${value.epoch}`,
        );
        this.#writers.set(value.epoch, value.writer);
      } else if (value.kind === 'entry') {
        for (const operation of value.operations) this.registry.apply(operation);
      }
    }
  }
}
