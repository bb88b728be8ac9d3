import type { Micros } from '../../../engine/core/index.ts';

/**
 * What the containers' side does for faults. Each returns a name of what was struck, for the record (`task 3 on m2`), or null if there was
 * nothing to strike. `pick` is a 32-bit draw that chooses among the machine's executors or containers.
 */
export interface ContainerFaults {
  /** A running executor's process ends by itself, at once; its tasks' containers with it. */
  executorDies(now: Micros, machine: number, pick: number): string | null;
  /** An executor answers nothing more and ignores SIGTERM until `until`; SIGKILL ends it. */
  executorHangs(now: Micros, machine: number, pick: number, until: Micros): string | null;
  /** Containers that are launched before `until` do not start. */
  launchFails(now: Micros, machine: number, until: Micros): string | null;
  /** A running container is ended by a limit. */
  containerLimit(
    now: Micros,
    machine: number,
    pick: number,
    limit: 'MEMORY_LIMIT' | 'DISK_LIMIT',
  ): string | null;
}

/** How a scheduler behaves while a fault holds it. */
export type Misbehaviour =
  /** Takes all offers and answers none of them. */
  | 'hoards'
  /** Sends many calls, valid and useless. */
  | 'floods'
  /** Does what it does some seconds later. */
  | 'answersLate'
  /** Acknowledges nothing until it is over. */
  | 'acknowledgesLate';

/**
 * What the schedulers' side does for faults; answers as in `ContainerFaults`. `number` is the framework's number.
 */
export interface SchedulerFaults {
  /** The process stands still until `until`; what comes meanwhile waits. */
  freeze(now: Micros, number: number, until: Micros): string | null;
  /** Another instance subscribes with the framework's id while the first may still be there; at `until` the first, if so, is ended. */
  failover(now: Micros, number: number, until: Micros): string | null;
  misbehave(now: Micros, number: number, how: Misbehaviour, until: Micros): string | null;
}
