import type { SchedulerCall, SchedulerEvent } from '../../engine/protocol/index.ts';

/** How a fault makes a scheduler behave while it holds it. */
export type ChaosMood =
  /** Takes all offers and answers none of them. */
  | 'hoards'
  /** Sends many calls, valid and useless. */
  | 'floods'
  /** Does what it does some seconds later. */
  | 'answersLate'
  /** Acknowledges nothing until it is over. */
  | 'acknowledgesLate';

/** What happened to a chaos framework. */
export type ChaosInput =
  /** A way to the leading master is open: subscribe on it. */
  | { readonly kind: 'connected' }
  | { readonly kind: 'disconnected' }
  /** Comes only between `connected` and `disconnected`, in order. */
  | { readonly kind: 'event'; readonly event: SchedulerEvent }
  /** A fault holds it from now on, or, with null, no more. */
  | { readonly kind: 'behaves'; readonly how: ChaosMood | null }
  | { readonly kind: 'tick' };

/** What a chaos framework wants done. */
export type ChaosOutput =
  | { readonly kind: 'call'; readonly call: SchedulerCall }
  /** Close the connection and open one to whoever leads now; answered by `connected`. */
  | { readonly kind: 'reconnect' };
