import { type Viewer, viewerOf, visibleResources } from '../authorization/index.ts';
import { type MasterEpoch, MICROS_PER_SECOND, Ring } from '../core/index.ts';
import { fieldsLayout } from '../core/graph/index.ts';
import type { AgentStatus, ExtensionEvent, OperatorEvent } from '../protocol/index.ts';
import type { MasterInput, OperatorStreamId } from './input.ts';
import { clusterState } from './queries/index.ts';
import { type MasterState, TIMER_OPERATOR_HEARTBEAT } from './state.ts';

// Operators' event streams (spec 05 §B). Events are numbered across all streams, and the last ones may be kept: who was cut off and names the
// last number that it saw gets what it missed. Numbers of two masters never meet: each counts from a start of its own.

/** One who listens. */
interface Subscriber {
  readonly stream: OperatorStreamId;
  readonly viewer: Viewer;
  /** Wants the events that Mesos does not have. */
  readonly extensions: boolean;
}

/** An event, and what one must be allowed to view to see it. */
interface KeptEvent {
  readonly sequence: number;
  readonly event: OperatorEvent | ExtensionEvent;
  readonly scope: EventScope;
}

/** What an event tells of. */
export interface EventScope {
  /** User of the framework, and of the task; null where the event is of none. */
  readonly frameworkUser: string | null;
  readonly taskUser: string | null;
  /** Role of a quota or a weight, null where the event is of none. */
  readonly role: string | null;
}

/** Who listens, and what is kept for those who come back. */
export class OperatorStreams {
  /** The oldest first. */
  readonly subscribers = new Map<OperatorStreamId, Subscriber>();
  readonly kept: Ring<KeptEvent> | null;

  /** @param kept events to keep, 0 for none. */
  constructor(kept: number) {
    this.kept = kept === 0 ? null : new Ring(kept);
  }

  static readonly layout = fieldsLayout({
    blank: () => new OperatorStreams(0),
  });
}

const MASTERS = 2 ** 20;
const EVENTS_PER_MASTER = 2 ** 32;

/** Where a master's numbers start. */
export function firstSequence(epoch: MasterEpoch): number {
  return (epoch % MASTERS) * EVENTS_PER_MASTER;
}

type Subscription = Extract<MasterInput, { kind: 'operatorSubscribed' }>;

/** A new stream: what it missed if that is kept, else the whole state, then every event. The oldest one goes if there are too many. */
export function subscribeOperator(master: MasterState, input: Subscription): void {
  const streams = (master.streams ??= new OperatorStreams(0));
  const { subscribers } = streams;
  if (subscribers.size >= master.options.maxOperatorEventStreamSubscribers) {
    for (const oldest of subscribers.keys()) {
      master.out.push({ kind: 'closeOperatorStream', stream: oldest });
      subscribers.delete(oldest);
      break;
    }
  }
  const { stream, principal, resume } = input;
  const viewer = viewerOf(master.options.acls, principal);
  const subscriber: Subscriber = { stream, viewer, extensions: input.extensions };
  subscribers.set(stream, subscriber);
  if (resume === null || !replay(master, streams, subscriber, resume)) sendSnapshot(master, subscriber);
  scheduleHeartbeat(master, stream);
}

/** The stream is closed. Without listeners and kept events nothing is made any more. */
export function unsubscribeOperator(master: MasterState, stream: OperatorStreamId): void {
  const { streams } = master;
  if (streams === null) return;
  streams.subscribers.delete(stream);
  if (streams.subscribers.size === 0 && streams.kept === null) master.streams = null;
}

/** Sends what came after `resume`; false if not all of it is kept. */
function replay(
  master: MasterState,
  { kept }: OperatorStreams,
  subscriber: Subscriber,
  resume: number,
): boolean {
  const last = master.operatorSequence;
  if (resume > last || resume < firstSequence(master.epoch)) return false;
  if (resume === last) return true;
  if (kept === null || kept.length < last - resume) return false;
  for (let index = kept.length - (last - resume); index < kept.length; index++) {
    const { sequence, event, scope } = kept.at(index);
    send(master, subscriber, sequence, event, scope);
  }
  return true;
}

function sendSnapshot(master: MasterState, { stream, viewer }: Subscriber): void {
  const interval = master.options.heartbeatInterval ?? 0;
  master.out.push({
    kind: 'operatorEvent',
    stream,
    sequence: master.operatorSequence,
    event: {
      type: 'SUBSCRIBED',
      getState: clusterState(master, viewer),
      heartbeatIntervalSeconds: interval / MICROS_PER_SECOND,
    },
  });
}

function scheduleHeartbeat(master: MasterState, stream: OperatorStreamId): void {
  const { heartbeatInterval } = master.options;
  if (heartbeatInterval !== null)
    master.timers.set(master.after(heartbeatInterval), TIMER_OPERATOR_HEARTBEAT, stream);
}

/** The first comes an interval after the subscription, unlike a scheduler's. It has the number of the event before it. */
export function operatorHeartbeat(master: MasterState, stream: OperatorStreamId): void {
  if (master.streams?.subscribers.has(stream) !== true) return;
  const sequence = master.operatorSequence;
  master.out.push({ kind: 'operatorEvent', stream, sequence, event: { type: 'HEARTBEAT' } });
  scheduleHeartbeat(master, stream);
}

/** Tells everybody who may see it. Callers ask first whether `master.streams` is there, so that nothing is made for nobody. */
export function publish(master: MasterState, event: OperatorEvent | ExtensionEvent, scope: EventScope): void {
  const { streams } = master;
  if (streams === null) return;
  const sequence = ++master.operatorSequence;
  streams.kept?.push({ sequence, event, scope });
  for (const subscriber of streams.subscribers.values()) send(master, subscriber, sequence, event, scope);
}

function send(
  master: MasterState,
  { stream, viewer, extensions }: Subscriber,
  sequence: number,
  event: OperatorEvent | ExtensionEvent,
  scope: EventScope,
): void {
  if (!extensions && isExtension(event)) return;
  if (!isVisible(event, scope, viewer)) return;
  master.out.push({ kind: 'operatorEvent', stream, sequence, event: redacted(event, viewer) });
}

function isExtension(event: OperatorEvent | ExtensionEvent): boolean {
  switch (event.type) {
    case 'AGENT_UPDATED':
    case 'OFFER_ADDED':
    case 'OFFER_REMOVED':
    case 'QUOTA_UPDATED':
    case 'WEIGHT_UPDATED':
      return true;
    default:
      return false;
  }
}

function isVisible(event: OperatorEvent | ExtensionEvent, scope: EventScope, viewer: Viewer): boolean {
  if (viewer.seesAll) return true;
  const { frameworkUser, taskUser, role } = scope;
  if (frameworkUser !== null && !viewer.may('view_frameworks', frameworkUser)) return false;
  if (taskUser !== null && !viewer.may('view_tasks', taskUser)) return false;
  if (role === null) return true;
  return viewer.may(event.type === 'QUOTA_UPDATED' ? 'get_quotas' : 'view_roles', role);
}

/** The event without what the viewer may not know of an agent. */
function redacted(event: OperatorEvent | ExtensionEvent, viewer: Viewer): OperatorEvent | ExtensionEvent {
  if (viewer.seesAll || (event.type !== 'AGENT_ADDED' && event.type !== 'AGENT_UPDATED')) return event;
  const { agent } = event;
  const seen: AgentStatus = {
    ...agent,
    agentInfo: { ...agent.agentInfo, resources: visibleResources(agent.agentInfo.resources, viewer) },
    totalResources: visibleResources(agent.totalResources, viewer),
    allocatedResources: visibleResources(agent.allocatedResources, viewer),
    offeredResources: visibleResources(agent.offeredResources, viewer),
  };
  return { type: event.type, agent: seen };
}

export const UNSCOPED: EventScope = { frameworkUser: null, taskUser: null, role: null };
