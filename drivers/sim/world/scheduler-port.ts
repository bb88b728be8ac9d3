import type { Micros, Sink, TaskId } from '../../../engine/core/index.ts';
import type { SchedulerCall, SchedulerEvent } from '../../../engine/protocol/index.ts';
import type { Misbehaviour } from '../faults/index.ts';

/** What happened to a scheduler of a cluster. */
export type SchedulerInput =
  /** A way to the leading master is open: subscribe on it. */
  | { readonly kind: 'connected' }
  | { readonly kind: 'disconnected' }
  /** Comes only between `connected` and `disconnected`, in order. */
  | { readonly kind: 'event'; readonly event: SchedulerEvent }
  /** A fault holds the scheduler from now on, or, with null, no more. */
  | { readonly kind: 'behaves'; readonly how: Misbehaviour | null }
  | { readonly kind: 'tick' };

/** What a scheduler of a cluster wants done. */
export type SchedulerOutput =
  | { readonly kind: 'call'; readonly call: SchedulerCall }
  /** Close the connection and open one to whoever leads now; answered by `connected`. */
  | { readonly kind: 'reconnect' };

/** A framework's scheduler as a machine, one instance of it. */
export interface SchedulerMachine {
  step(now: Micros, input: SchedulerInput, outputs: Sink<SchedulerOutput>): void;
  nextDeadline(): Micros | null;
  /** Throws InvariantError if its books contradict each other. */
  checkInvariants(): void;
}

/** Frameworks of a cluster by number, from 0 to `count` - 1. */
export interface SchedulerFactory<Machine extends SchedulerMachine> {
  readonly count: number;
  /** For records and timelines; unique. */
  nameOf(number: number): string;
  /**
   * The scheduler of framework `number`.
   *
   * @param before the instance that this one takes over from (`frameworkFailover`): what a scheduler's own store would tell it; null for the first
   * @param seed a 32-bit integer for the instance's own draws
   */
  make(number: number, before: Machine | null, seed: number): Machine;
  /** How long a task of the framework runs; asked when its container is launched. Deterministic: not a draw from a shared stream. */
  runMicrosOf(number: number, taskId: TaskId): number;
}
