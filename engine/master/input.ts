import type { Branded, MasterEpoch } from '../core/index.ts';
import type { AgentToMaster, SchedulerCall } from '../protocol/index.ts';
import type { RegistrySnapshot } from '../registry/index.ts';

/** A scheduler's subscription, numbered by the driver and never reused. Calls on it name it (`Mesos-Stream-Id`). */
export type StreamId = Branded<number, 'StreamId'>;
/** A connection to an agent, numbered by the driver and never reused. */
export type LinkId = Branded<number, 'LinkId'>;
/** One call awaiting its answer, numbered by the driver. */
export type RequestId = Branded<number, 'RequestId'>;

/** What happened to the master. */
export type MasterInput =
  /** This master leads; the registry as of its election, its own epoch included. First input of a master. */
  | { readonly kind: 'elected'; readonly epoch: MasterEpoch; readonly registry: RegistrySnapshot }
  /**
   * A decoded scheduler call. For SUBSCRIBE `stream` is the one just opened for it. A call without `refuseCall` in the outputs of its step
   * is answered 202 (SUBSCRIBE: 200 and the stream stays open).
   */
  | {
      readonly kind: 'schedulerCalled';
      readonly request: RequestId;
      readonly stream: StreamId;
      readonly call: SchedulerCall;
    }
  | { readonly kind: 'streamClosed'; readonly stream: StreamId }
  | { readonly kind: 'agentMessage'; readonly link: LinkId; readonly message: AgentToMaster }
  | { readonly kind: 'linkClosed'; readonly link: LinkId }
  /** The links that did not answer the last `pingAgents`; all others did. */
  | { readonly kind: 'pingsMissed'; readonly links: readonly LinkId[] }
  /** All registry writes with an index up to `upTo` are durable. */
  | { readonly kind: 'registryDurable'; readonly upTo: number }
  /** The registry cannot be written: the master must end (spec 13 §3). */
  | { readonly kind: 'registryFailed'; readonly reason: string }
  | { readonly kind: 'tick' };
