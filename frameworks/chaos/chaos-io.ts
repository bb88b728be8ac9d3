import type { SchedulerCall, SchedulerEvent } from '../../engine/protocol/index.ts';

/** What happened to a chaos framework. */
export type ChaosInput =
  /** A way to the leading master is open: subscribe on it. */
  | { readonly kind: 'connected' }
  | { readonly kind: 'disconnected' }
  /** Comes only between `connected` and `disconnected`, in order. */
  | { readonly kind: 'event'; readonly event: SchedulerEvent }
  /** The process ended and another one took its place: offers in hand and answers that waited are forgotten, the ledger is kept. */
  | { readonly kind: 'restarted' }
  /** From now on it behaves: see `ChaosOptions`. */
  | { readonly kind: 'calmed' }
  | { readonly kind: 'tick' };

/** What a chaos framework wants done. */
export type ChaosOutput =
  | { readonly kind: 'call'; readonly call: SchedulerCall }
  /** Close the connection and open one to whoever leads now; answered by `connected`. */
  | { readonly kind: 'reconnect' };
