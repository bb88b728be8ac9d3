import type {
  AuthorizationRequest,
  ExtensionEvent,
  MasterToAgent,
  OperatorEvent,
  SchedulerEvent,
} from '../protocol/index.ts';
import type { RegistryOperation } from '../registry/index.ts';
import type { LinkId, OperatorStreamId, RequestId, StreamId } from './input.ts';
import type { CallError } from './call-error.ts';

/** What the master wants done, in list order. What depends on a `persist` comes only after its `registryDurable`. */
export type MasterOutput =
  | { readonly kind: 'event'; readonly stream: StreamId; readonly event: SchedulerEvent }
  /** After the events before it were sent. */
  | { readonly kind: 'closeStream'; readonly stream: StreamId }
  | { readonly kind: 'refuseCall'; readonly request: RequestId; readonly error: CallError }
  /** The call took effect and that is durable: 200, or 202 where the effect follows (spec 05 §A). */
  | { readonly kind: 'answerCall'; readonly request: RequestId; readonly status: 200 | 202 }
  /** `sequence` counts the events of this master's operator streams, one number for all streams; it resumes a stream. */
  | {
      readonly kind: 'operatorEvent';
      readonly stream: OperatorStreamId;
      readonly sequence: number;
      readonly event: OperatorEvent | ExtensionEvent;
    }
  | { readonly kind: 'closeOperatorStream'; readonly stream: OperatorStreamId }
  /** Asks the authorizer (spec 14 §2); `authorized` with the same ticket answers. Only with the option `authorization`. */
  | {
      readonly kind: 'authorize';
      readonly ticket: number;
      readonly principal: string | null;
      readonly requests: readonly AuthorizationRequest[];
    }
  | { readonly kind: 'toAgent'; readonly link: LinkId; readonly message: MasterToAgent }
  | { readonly kind: 'closeLink'; readonly link: LinkId }
  /** Ping every open link of an agent that is registered; the driver answers once with `pingsMissed`. */
  | { readonly kind: 'pingAgents' }
  /** Indexes count up from 1 without gap. */
  | { readonly kind: 'persist'; readonly index: number; readonly operation: RegistryOperation }
  /** The master cannot go on; the process ends and another one is elected. */
  | { readonly kind: 'abdicate'; readonly reason: string };
