import type { Branded, MasterEpoch } from '../core/index.ts';
import type { AgentToMaster, ExtensionCall, OperatorMutation, SchedulerCall } from '../protocol/index.ts';
import type { RegistrySnapshot } from '../registry/index.ts';

/** A scheduler's subscription, numbered by the driver and never reused. Calls on it name it (`Mesos-Stream-Id`). */
export type StreamId = Branded<number, 'StreamId'>;
/** A connection to an agent, numbered by the driver in the order of their opening and never reused. */
export type LinkId = Branded<number, 'LinkId'>;
/** An operator's event stream (spec 05 §B), numbered by the driver and never reused. */
export type OperatorStreamId = Branded<number, 'OperatorStreamId'>;
/** One call awaiting its answer, numbered by the driver. */
export type RequestId = Branded<number, 'RequestId'>;

/** What happened to the master. */
export type MasterInput =
  /** This master leads; the registry as of its election, its own epoch included. First input of a master. */
  | { readonly kind: 'elected'; readonly epoch: MasterEpoch; readonly registry: RegistrySnapshot }
  /**
   * A decoded scheduler call. For SUBSCRIBE `stream` is the one just opened for it. A call without `refuseCall` in the outputs of its step
   * is answered 202 (SUBSCRIBE: 200 and the stream stays open); UPDATE_FRAMEWORK is answered by `answerCall` or `refuseCall`, perhaps later.
   * `principal` is who the caller proved to be, null without authentication.
   */
  | {
      readonly kind: 'schedulerCalled';
      readonly request: RequestId;
      readonly principal: string | null;
      readonly stream: StreamId;
      readonly call: SchedulerCall;
    }
  | { readonly kind: 'streamClosed'; readonly stream: StreamId }
  /** A decoded call of an operator that changes something; one `answerCall` or `refuseCall` follows, perhaps later. */
  | {
      readonly kind: 'operatorCalled';
      readonly request: RequestId;
      readonly principal: string | null;
      readonly call: OperatorMutation | ExtensionCall;
    }
  /**
   * An operator's event stream was opened. `resume` is the sequence number of the last event that the subscriber has seen, of whichever
   * master, null for a snapshot first (spec 05 §B). What is no longer kept is made up for by a snapshot: a stream that begins with
   * SUBSCRIBED starts anew, any other goes on.
   */
  | {
      readonly kind: 'operatorSubscribed';
      readonly stream: OperatorStreamId;
      readonly principal: string | null;
      readonly resume: number | null;
      /** Whether it wants the events that Mesos does not have as well. */
      readonly extensions: boolean;
    }
  | { readonly kind: 'operatorStreamClosed'; readonly stream: OperatorStreamId }
  /** Answers one `authorize`: a verdict per request of it, in its order; null if the authorizer failed, which denies and harms nobody. */
  | { readonly kind: 'authorized'; readonly ticket: number; readonly verdicts: readonly boolean[] | null }
  | {
      readonly kind: 'agentMessage';
      readonly link: LinkId;
      readonly message: AgentToMaster;
      readonly principal?: string | null;
    }
  | { readonly kind: 'linkClosed'; readonly link: LinkId }
  /** The links that did not answer the last `pingAgents`; all others did. */
  | { readonly kind: 'pingsMissed'; readonly links: readonly LinkId[] }
  /** All registry writes with an index up to `upTo` are durable. */
  | { readonly kind: 'registryDurable'; readonly upTo: number }
  /** The registry cannot be written: the master must end (spec 13 §3). */
  | { readonly kind: 'registryFailed'; readonly reason: string }
  | { readonly kind: 'tick' };
