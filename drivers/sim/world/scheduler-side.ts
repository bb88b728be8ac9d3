import type { FrameworkId, Micros, TaskId } from '../../../engine/core/index.ts';
import type { SchedulerEvent } from '../../../engine/protocol/index.ts';
import type { SchedulerFaults } from '../faults/index.ts';

/** The schedulers of a cluster: the parties behind the machines. Frameworks are numbered from 0; each has one party or, during a failover, two. */
export interface SchedulerSide {
  readonly count: number;
  /** What faults do to schedulers; null if nothing. */
  readonly faults: SchedulerFaults | null;
  nameOf(number: number): string;
  /** Party of the framework's newest scheduler. */
  partyOf(number: number): number;
  /** Number of the framework whose scheduler the party is. */
  numberOf(party: number): number;
  /** How long a task runs; asked by the machine that launches it. */
  runMicrosOf(frameworkId: FrameworkId, taskId: TaskId): number;
  /** MESSAGE_AT_PARTY. */
  eventArrived(now: Micros, connection: number, event: SchedulerEvent): void;
  /** CLOSED_AT_PARTY, TIMEOUT_AT_PARTY. */
  connectionEnds(now: Micros, connection: number, isTimeout: boolean): void;
  /** CONNECT. */
  connect(now: Micros, party: number, attempt: number): void;
  /** FRAMEWORK_TIMER. */
  timer(now: Micros, target: number): void;
  /** The party now takes another master for the leader: a connection to any other is given up. */
  leaderChanged(now: Micros, party: number): void;
  /** Throws InvariantError if a scheduler's books contradict each other. */
  checkInvariants(): void;
}
