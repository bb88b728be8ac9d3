import type { Sink } from './sink.ts';
import type { Micros } from './time.ts';

/** A deterministic state machine: input in, outputs out, no I/O inside (DESIGN.md, "The state machines"). */
export interface Machine<In, Out> {
  /** Advances by one input, writing what is to be done to `outputs`. Never waits, never throws for bad input, never keeps `input`. */
  step(now: Micros, input: In, outputs: Sink<Out>): void;
  /** When a `tick` is next wanted, or null. The driver arms exactly one timer. */
  nextDeadline(): Micros | null;
}
