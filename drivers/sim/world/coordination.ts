import type { MasterEpoch, Micros } from '../../../engine/core/index.ts';
import type { RegistryOperation, RegistrySnapshot, RegistryState } from '../../../engine/registry/index.ts';
import type { HostClock } from './host-clock.ts';

/** What the election and the registry's store tell masters' processes, by the master's number. */
export interface MasterSide {
  /** The master leads from now on, as far as it knows; the registry as it has read it. */
  elected(now: Micros, master: number, epoch: MasterEpoch, registry: RegistrySnapshot): void;
  /** All writes of the master with an index up to `upTo` are durable. */
  durable(now: Micros, master: number, upTo: number): void;
  /** A write cannot be made: the master must end. */
  storeFailed(now: Micros, master: number, reason: string): void;
  /** The master's leadership is lost: its process ends (spec 13 §1). */
  deposed(now: Micros, master: number, reason: string): void;
  /** The master's process stands still: what comes for it waits until it goes on. False if it does not, or is not there. */
  defers(master: number, happens: (now: Micros) => void): boolean;
  /** What the clock of the master's host shows; and the instant at which it will show that. */
  instantAt(now: Micros, master: number): Micros;
  whenShown(now: Micros, master: number, instant: Micros): Micros;
  /** The clock of the master's host; null for the world's own time. */
  clockOf(master: number): HostClock | null;
}

/** How masters' processes and the world around them are coordinated: who leads, and what outlives them. */
export interface Coordination {
  /** What is durable at this instant. For checks. */
  readonly registry: RegistryState;
  /** Number of the master that the election has made the leader, which may not know yet, or not any more; -1 for none. */
  readonly leader: number;
  /** Whether a write of the master is under way: it may have taken effect without the master's knowing. */
  isWriting(master: number): boolean;
  /** A master's process is there. */
  started(now: Micros, master: number): void;
  /**
   * A master's process is gone.
   *
   * @param survivingWrites a 32-bit draw that decides how much of its writes in flight survives
   * @param resigns whether it gave up the lead in good order
   */
  ended(now: Micros, master: number, survivingWrites: number, resigns: boolean): void;
  /** Takes an operation of the master; `flush` starts its write. Indexes count up from 1 without gap. */
  persist(now: Micros, master: number, index: number, operation: RegistryOperation): void;
  flush(now: Micros, master: number, epoch: MasterEpoch): void;
  /** The master whose process the party would connect to; -1 if it knows of none. */
  leaderFor(party: number): number;
  /** A master that does not lead has closed the party's connection: it may have told who leads (spec 13 §2). */
  turnedAway(master: number, party: number): void;
  /** Writes take this long from now on; null restores the normal time. */
  setWriteLatency(latency: Micros | null): void;
  /** The master's process is about to stand still, or the clock of its host to be set. */
  disturbs(now: Micros, master: number): void;
  /** The clock of the master's host was set. */
  clockSet(now: Micros, master: number): void;
  /** One of the agenda's events that belong to it. */
  happened(now: Micros, kind: number, target: number, detail: number): void;
}
