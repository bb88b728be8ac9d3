import type { MasterToAgent, SchedulerEvent } from '../protocol/index.ts';
import type { RegistryOperation } from '../registry/index.ts';
import type { LinkId, RequestId, StreamId } from './input.ts';
import type { CallError } from './call-error.ts';

/** What the master wants done, in list order. What depends on a `persist` comes only after its `registryDurable`. */
export type MasterOutput =
  | { readonly kind: 'event'; readonly stream: StreamId; readonly event: SchedulerEvent }
  /** After the events before it were sent. */
  | { readonly kind: 'closeStream'; readonly stream: StreamId }
  | { readonly kind: 'refuseCall'; readonly request: RequestId; readonly error: CallError }
  | { readonly kind: 'toAgent'; readonly link: LinkId; readonly message: MasterToAgent }
  | { readonly kind: 'closeLink'; readonly link: LinkId }
  /** Ping every open link of an agent that is registered; the driver answers once with `pingsMissed`. */
  | { readonly kind: 'pingAgents' }
  /** Indexes count up from 1 without gap. */
  | { readonly kind: 'persist'; readonly index: number; readonly operation: RegistryOperation }
  /** The master cannot go on; the process ends and another one is elected. */
  | { readonly kind: 'abdicate'; readonly reason: string };
