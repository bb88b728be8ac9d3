import { type AgentId, assert, assertNever, type FrameworkId, type TaskId } from '../core/index.ts';
import { fieldsLayout } from '../core/graph/index.ts';
import type {
  AgentToMaster,
  AuthorizationRequest,
  ExtensionCall,
  KillCall,
  OperatorMutation,
  SchedulerCall,
  SubscribeCall,
} from '../protocol/index.ts';
import { registerAgent, reregisterAgent } from './agent-registration.ts';
import {
  type AcceptRuling,
  acceptQuestions,
  operatorQuestions,
  type Question,
  subscriptionQuestions,
} from './authorization-questions.ts';
import type { FrameworkRecord } from './framework-record.ts';
import { disconnectFramework, isRefusedSubscription, refuse, subscribe } from './frameworks.ts';
import type { LinkId, RequestId, StreamId } from './input.ts';
import { flushAllocations } from './offers.ts';
import { operatorCall } from './operator-calls.ts';
import type { OperatorRequest } from './operator-request.ts';
import { countEnd } from './published.ts';
import type { MasterState } from './state.ts';
import { masterStatus } from './tasks.ts';

// The authorizer as a port (spec 14 §2; option `authorization`). A call that needs leave waits, its input kept whole, and is carried out, or
// refused, when the answer is there, as if it had arrived only then: every check is made again, so nothing that changed meanwhile matters.
// Offers stay outstanding while an ACCEPT waits, and may be rescinded.
//
// The calls of one framework keep their order: those behind a call that waits wait too, but for ACKNOWLEDGE, which concerns agents only, and
// KILL of a task that waits to be launched, which is answered at once. Operators' calls and agents wait each for itself.

type FrameworkCall = Exclude<SchedulerCall, { type: 'SUBSCRIBE' }>;
type RegisterMessage = Extract<AgentToMaster, { type: 'REGISTER_AGENT' | 'REREGISTER_AGENT' }>;

interface WaitingSubscription {
  readonly kind: 'subscribe';
  readonly request: RequestId;
  readonly stream: StreamId;
  readonly principal: string | null;
  readonly call: SubscribeCall;
}

interface WaitingCall {
  readonly kind: 'call';
  readonly request: RequestId;
  readonly call: FrameworkCall;
}

type Waiting =
  | WaitingSubscription
  | WaitingCall
  | {
      readonly kind: 'operator';
      readonly from: OperatorRequest;
      readonly call: OperatorMutation | ExtensionCall;
    }
  | { readonly kind: 'agent'; readonly link: LinkId; readonly message: RegisterMessage };

/** What was asked, and for whom. */
interface Asked {
  readonly waiting: Waiting;
  readonly questions: readonly Question[];
}

/** The calls of one framework behind the one that the authorizer is asked about. */
export class CallQueue {
  readonly calls: (WaitingSubscription | WaitingCall)[] = [];
  /** Tasks of the ACCEPT that waits. Those that a KILL met are in `killed` instead. */
  readonly pending = new Map<TaskId, AgentId>();
  readonly killed = new Set<TaskId>();

  static readonly layout = fieldsLayout({
    blank: () => new CallQueue(),
  });
}

/** Calls of one framework that may wait. */
const QUEUE_MAX = 10_000;

/** What waits for the authorizer. */
export class Authorizations {
  nextTicket = 1;
  readonly asked = new Map<number, Asked>();
  /** Of frameworks with a call that waits. */
  readonly queues = new Map<FrameworkId, CallQueue>();
  /** Subscriptions that wait, to be forgotten if their streams close. */
  readonly subscribing = new Set<StreamId>();
  /** Registrations that wait, by the link they came over. */
  readonly registering = new Map<LinkId, number>();

  /** Whether a task waits to be launched. */
  isPending(frameworkId: FrameworkId, taskId: TaskId): boolean {
    return this.queues.get(frameworkId)?.pending.has(taskId) === true;
  }

  static readonly layout = fieldsLayout({});
}

/** Carries out a scheduler's call, subscriptions apart. */
export type Perform = (
  master: MasterState,
  request: RequestId,
  framework: FrameworkRecord,
  call: FrameworkCall,
  ruling: AcceptRuling | null,
) => void;

function ask(
  master: MasterState,
  authorizations: Authorizations,
  principal: string | null,
  waiting: Waiting,
  questions: readonly Question[],
): number {
  const ticket = authorizations.nextTicket++;
  authorizations.asked.set(ticket, { waiting, questions });
  const requests: readonly AuthorizationRequest[] = questions.map(({ request }) => request);
  master.out.push({ kind: 'authorize', ticket, principal, requests });
  return ticket;
}

/** SUBSCRIBE: may the framework register in its roles? A call that is malformed is refused before anybody is asked. */
export function authorizeSubscription(
  master: MasterState,
  authorizations: Authorizations,
  request: RequestId,
  stream: StreamId,
  principal: string | null,
  call: SubscribeCall,
): void {
  if (isRefusedSubscription(master, request, stream, call)) return;
  const waiting: WaitingSubscription = { kind: 'subscribe', request, stream, principal, call };
  const queue = call.frameworkId === null ? undefined : authorizations.queues.get(call.frameworkId);
  authorizations.subscribing.add(stream);
  if (queue !== undefined) {
    if (queue.calls.length < QUEUE_MAX) {
      queue.calls.push(waiting);
      return;
    }
    authorizations.subscribing.delete(stream);
    refuseFlood(master, request);
    master.out.push({ kind: 'closeStream', stream });
    return;
  }
  askForSubscription(master, authorizations, waiting);
}

function askForSubscription(
  master: MasterState,
  authorizations: Authorizations,
  waiting: WaitingSubscription,
): void {
  const { call, principal } = waiting;
  if (call.frameworkId !== null && !authorizations.queues.has(call.frameworkId))
    authorizations.queues.set(call.frameworkId, new CallQueue());
  const asking = call.frameworkInfo.principal ?? principal;
  ask(master, authorizations, asking, waiting, subscriptionQuestions(call.frameworkInfo));
}

/** True if the call may be carried out at once; else it waits. */
export function mayProceed(
  master: MasterState,
  authorizations: Authorizations,
  request: RequestId,
  framework: FrameworkRecord,
  call: FrameworkCall,
): boolean {
  const queue = authorizations.queues.get(framework.id);
  if (queue === undefined) return !askForCall(master, authorizations, request, framework, call);
  if (call.type === 'ACKNOWLEDGE') return true;
  if (call.type === 'KILL' && queue.pending.has(call.taskId)) {
    killPending(master, framework, queue, call);
    return false;
  }
  if (queue.calls.length >= QUEUE_MAX) refuseFlood(master, request);
  else queue.calls.push({ kind: 'call', request, call });
  return false;
}

/** Asks, if the call needs leave; the framework has no call that waits. */
function askForCall(
  master: MasterState,
  authorizations: Authorizations,
  request: RequestId,
  framework: FrameworkRecord,
  call: FrameworkCall,
): boolean {
  const questions = questionsOf(framework, call);
  if (questions.length === 0) return false;
  let queue = authorizations.queues.get(framework.id);
  if (queue === undefined) {
    queue = new CallQueue();
    authorizations.queues.set(framework.id, queue);
  }
  queue.pending.clear();
  queue.killed.clear();
  if (call.type === 'ACCEPT') {
    for (const operation of call.operations) {
      if (operation.type !== 'LAUNCH' && operation.type !== 'LAUNCH_GROUP') continue;
      // An id that is in use already is another task's: its KILL is that task's as well.
      for (const { taskId, agentId } of operation.taskInfos) {
        if (!framework.tasks.has(taskId)) queue.pending.set(taskId, agentId);
      }
    }
  }
  ask(master, authorizations, framework.info.principal, { kind: 'call', request, call }, questions);
  return true;
}

function questionsOf(framework: FrameworkRecord, call: FrameworkCall): readonly Question[] {
  if (call.type === 'ACCEPT') return acceptQuestions(framework, call);
  return call.type === 'UPDATE_FRAMEWORK' ? subscriptionQuestions(call.frameworkInfo) : [];
}

/** The task never ran: the master ends it itself, at once (spec 07 §4). */
function killPending(
  master: MasterState,
  framework: FrameworkRecord,
  queue: CallQueue,
  { taskId, agentId }: KillCall,
): void {
  const on = queue.pending.get(taskId)!;
  if (agentId !== null && agentId !== on) return;
  queue.pending.delete(taskId);
  queue.killed.add(taskId);
  const message = 'Task was killed before it was launched';
  const reason = 'REASON_TASK_KILLED_DURING_LAUNCH';
  const status = masterStatus(master, taskId, 'TASK_KILLED', reason, message, on);
  countEnd(master, framework, 'TASK_KILLED', status);
  master.send(framework, { type: 'UPDATE', status });
}

function refuseFlood(master: MasterState, request: RequestId): void {
  const message = `${QUEUE_MAX} calls of the framework wait for the authorizer already: retry later`;
  refuse(master, request, { code: 'IN_TRANSITION', message });
}

/** An operator's call: refused with 403 unless everything that it needs is allowed. */
export function authorizeOperator(
  master: MasterState,
  authorizations: Authorizations,
  from: OperatorRequest,
  call: OperatorMutation | ExtensionCall,
): void {
  const questions = operatorQuestions(master, call);
  if (questions.length === 0) {
    // It names nothing, so it is refused for that.
    operatorCall(master, from, call);
    return;
  }
  ask(master, authorizations, from.principal, { kind: 'operator', from, call }, questions);
}

/** An agent that registers. It asks again by itself until it is answered, so one question per link is enough. */
export function authorizeAgent(
  master: MasterState,
  authorizations: Authorizations,
  link: LinkId,
  principal: string | null,
  message: RegisterMessage,
): void {
  if (authorizations.registering.has(link)) return;
  const question: Question = { request: { action: 'register_agents', object: null }, of: message };
  const ticket = ask(master, authorizations, principal, { kind: 'agent', link, message }, [question]);
  authorizations.registering.set(link, ticket);
}

/** The answer. Null, from an authorizer that failed, denies and harms nobody (bug ledger B30). */
export function authorized(
  master: MasterState,
  authorizations: Authorizations,
  ticket: number,
  verdicts: readonly boolean[] | null,
  perform: Perform,
): void {
  const asked = authorizations.asked.get(ticket);
  assert(asked !== undefined, 'a ticket is answered once');
  const { waiting, questions } = asked;
  assert(verdicts === null || verdicts.length === questions.length, 'each question gets a verdict');
  authorizations.asked.delete(ticket);
  const denied = new Set<unknown>();
  questions.forEach(({ of }, index) => {
    if (verdicts === null || !verdicts[index]!) denied.add(of);
  });
  switch (waiting.kind) {
    case 'agent':
      agentAuthorized(master, authorizations, waiting.link, ticket, waiting.message, denied.size === 0);
      break;
    case 'operator':
      if (denied.size === 0) operatorCall(master, waiting.from, waiting.call);
      else refuse(master, waiting.from.request, notAuthorized(questions, denied));
      break;
    case 'subscribe':
      subscriptionAuthorized(master, authorizations, waiting, denied.size === 0);
      if (waiting.call.frameworkId !== null)
        proceed(master, authorizations, waiting.call.frameworkId, perform);
      break;
    case 'call':
      callAuthorized(master, authorizations, waiting, questions, denied, perform);
      proceed(master, authorizations, waiting.call.frameworkId, perform);
      break;
    default:
      assertNever(waiting);
  }
}

function notAuthorized(questions: readonly Question[], denied: ReadonlySet<unknown>) {
  const first = questions.find(({ of }) => denied.has(of))!;
  const { action, object } = first.request;
  const message = `Not authorized to ${action}${object === null ? '' : ` of '${object}'`}`;
  return { code: 'NOT_AUTHORIZED', message } as const;
}

/** One who may not register is not let in and asks again. It is never shut down: what it runs is not at fault (bug ledger B30). */
function agentAuthorized(
  master: MasterState,
  authorizations: Authorizations,
  link: LinkId,
  ticket: number,
  message: RegisterMessage,
  isAllowed: boolean,
): void {
  if (authorizations.registering.get(link) !== ticket) return;
  authorizations.registering.delete(link);
  if (!isAllowed) return;
  if (message.type === 'REGISTER_AGENT') registerAgent(master, link, message);
  else reregisterAgent(master, link, message);
}

function subscriptionAuthorized(
  master: MasterState,
  authorizations: Authorizations,
  { request, stream, call }: WaitingSubscription,
  isAllowed: boolean,
): void {
  if (!authorizations.subscribing.delete(stream)) return;
  if (isAllowed) {
    subscribe(master, request, stream, call);
    return;
  }
  const roles = call.frameworkInfo.capabilities.includes('MULTI_ROLE')
    ? call.frameworkInfo.roles
    : [call.frameworkInfo.role ?? '*'];
  const message = `Not authorized to register with the roles ${roles.join(', ')}`;
  master.out.push({ kind: 'event', stream, event: { type: 'ERROR', message } });
  master.out.push({ kind: 'closeStream', stream });
}

function callAuthorized(
  master: MasterState,
  authorizations: Authorizations,
  { request, call }: WaitingCall,
  questions: readonly Question[],
  denied: ReadonlySet<unknown>,
  perform: Perform,
): void {
  const framework = master.frameworksById.get(call.frameworkId);
  const queue = authorizations.queues.get(call.frameworkId)!;
  const killed = new Set(queue.killed);
  queue.pending.clear();
  queue.killed.clear();
  if (framework === undefined) {
    forgotten(master, request, call);
  } else if (call.type === 'UPDATE_FRAMEWORK' && denied.size > 0) {
    refuse(master, request, notAuthorized(questions, denied));
  } else {
    perform(master, request, framework, call, { denied, killed });
  }
}

/** The framework was removed while its call waited: only UPDATE_FRAMEWORK still wants an answer (spec 03 §7). */
function forgotten(master: MasterState, request: RequestId, call: FrameworkCall): void {
  if (call.type !== 'UPDATE_FRAMEWORK') return;
  refuse(master, request, { code: 'CONFLICT', message: 'The framework was removed meanwhile' });
}

/** The calls behind the one that was answered, in order, up to the next that must wait. */
function proceed(
  master: MasterState,
  authorizations: Authorizations,
  frameworkId: FrameworkId,
  perform: Perform,
): void {
  const queue = authorizations.queues.get(frameworkId);
  if (queue === undefined) return;
  for (let index = 0; index < queue.calls.length; index++) {
    // The offers of the call before: the next one may remove the framework that they are for, and give its row to another.
    if (master.allocatedFrameworks.length > 0) flushAllocations(master);
    const waiting = queue.calls[index]!;
    if (waiting.kind === 'subscribe') {
      const { request, stream, call } = waiting;
      if (!authorizations.subscribing.has(stream)) continue;
      if (isRefusedSubscription(master, request, stream, call)) {
        authorizations.subscribing.delete(stream);
        continue;
      }
      queue.calls.splice(0, index + 1);
      askForSubscription(master, authorizations, waiting);
      return;
    }
    const { request, call } = waiting;
    const framework = master.frameworksById.get(frameworkId);
    if (framework === undefined) {
      forgotten(master, request, call);
    } else if (askForCall(master, authorizations, request, framework, call)) {
      queue.calls.splice(0, index + 1);
      return;
    } else {
      perform(master, request, framework, call, null);
    }
  }
  authorizations.queues.delete(frameworkId);
}

/** A stream closed: what waited to subscribe over it does not any more. */
export function streamClosed(master: MasterState, stream: StreamId): void {
  master.authorizations?.subscribing.delete(stream);
  disconnectFramework(master, stream);
}
