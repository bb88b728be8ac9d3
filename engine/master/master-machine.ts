import {
  assert,
  assertNever,
  err,
  type FrameworkId,
  type Machine,
  type MasterEpoch,
  type Micros,
  micros,
  ok,
  type Result,
  type Sink,
  type TaskId,
} from '../core/index.ts';
import {
  type AgentToMaster,
  machineKey,
  type OperatorResponse,
  type SchedulerCall,
} from '../protocol/index.ts';
import { type RegistrySnapshot, RegistryState } from '../registry/index.ts';
import type { Quantities } from '../resources/index.ts';
import type { Viewer } from '../authorization/index.ts';
import { accept } from './accept.ts';
import { settleDrains } from './agent-drain.ts';
import { ping, pingsMissed } from './agent-health.ts';
import { admit, admitted, readmitted, registerAgent, reregisterAgent } from './agent-registration.ts';
import {
  disconnectAgent,
  giveUpRecovered,
  markedUnreachable,
  markUnreachable,
  recoveredMarkedUnreachable,
  removed,
  startRecoveryTimer,
  wentDown,
} from './agent-removal.ts';
import type {
  Agent,
  Allocator,
  AllocatorFactory,
  AllocatorOptions,
  Framework,
  Quota,
  Role,
} from './allocator.ts';
import type { CallError } from './call-error.ts';
import { lackingCapabilities } from './capabilities.ts';
import type { AcceptRuling } from './authorization-questions.ts';
import {
  authorizeAgent,
  authorizeOperator,
  authorizeSubscription,
  authorized,
  mayProceed,
  streamClosed,
} from './authorizations.ts';
import { decline } from './decline.ts';
import { forgiveMissing } from './drain-waves.ts';
import { executorExited } from './executors.ts';
import type { FrameworkRecord } from './framework-record.ts';
import { failoverTimedOut, tearDown } from './framework-removal.ts';
import { refuse, subscribe, updateFramework } from './frameworks.ts';
import { answerInverseOffers, flushInverseOffers } from './inverse-offers.ts';
import type { LinkId, MasterInput, OperatorStreamId, RequestId, StreamId } from './input.ts';
import { checkMasterInvariants } from './invariants.ts';
import { type AllocationExplanation, type ExplainError, isExplaining } from './allocation-explanation.ts';
import { kill } from './kill.ts';
import { type MachineSnapshot, restoreInto, type SnapshotError, takeSnapshot } from './machine-snapshot.ts';
import { setSchedule } from './maintenance.ts';
import { reconcileOperations } from './operation-reconciliation.ts';
import { acknowledgeOperation, operationUpdated } from './operations.ts';
import { revocableUpdated } from './oversubscription.ts';
import { operatorCall } from './operator-calls.ts';
import { operatorEffect } from './operator-effects.ts';
import { change } from './operator-request.ts';
import { forgiveOwnAbsence } from './own-absence.ts';
import { armRegistryGc, collectRegistry } from './registry-gc.ts';
import { removeNext, scheduleRemoval } from './removal-limit.ts';
import {
  firstSequence,
  operatorHeartbeat,
  subscribeOperator,
  unsubscribeOperator,
} from './operator-streams.ts';
import { flushAllocations, rescindTimedOut } from './offers.ts';
import { masterMetrics, type MetricValue } from './metrics.ts';
import type { MasterOptions } from './options.ts';
import type { MasterOutput } from './output.ts';
import { answerQuery, type OperatorRead, taskTimelines } from './queries/index.ts';
import type { RateLimiter } from './rate-limits.ts';
import { reconcile } from './reconciliation.ts';
import { type ReservationOrphan, reservationOrphans, ReservationWatch } from './reservation-watch.ts';
import type { AfterDurable } from './registrar.ts';
import {
  MasterState,
  TIMER_DRAIN,
  TIMER_FAILOVER,
  TIMER_OPERATOR_HEARTBEAT,
  TIMER_RECOVERED,
  TIMER_REGISTRY_GC,
  TIMER_REMOVAL,
  TIMER_REREGISTER,
} from './state.ts';
import type { TaskTimeline } from './task-history.ts';
import type { MasterStats } from './stats.ts';
import { acknowledge, statusUpdated } from './status-updates.ts';

/** The master (DESIGN.md, "The state machines"). Inputs: `MasterInput`; outputs: `MasterOutput`. */
export class MasterMachine implements Machine<MasterInput, MasterOutput> {
  readonly #master: MasterState;
  readonly #allocatorOptions: AllocatorOptions;

  /** @param now instant of its making; the allocator's first tick is one interval later. */
  constructor(
    options: MasterOptions,
    factory: AllocatorFactory,
    allocatorOptions: AllocatorOptions,
    now: Micros,
  ) {
    this.#master = new MasterState(options, factory, allocatorOptions, now);
    this.#allocatorOptions = allocatorOptions;
  }

  /**
   * The machine that the snapshot was taken of, made of the same options and kind of allocator: it goes on as that one would. Throws
   * SnapshotMismatch for a snapshot of other options, another allocator or another version.
   */
  static restored(
    options: MasterOptions,
    factory: AllocatorFactory,
    allocatorOptions: AllocatorOptions,
    snapshot: MachineSnapshot,
  ): MasterMachine {
    const machine = new MasterMachine(options, factory, allocatorOptions, micros(0));
    restoreInto(machine.#master, allocatorOptions, snapshot);
    return machine;
  }

  step(now: Micros, input: MasterInput, outputs: Sink<MasterOutput>): void {
    const master = this.#master;
    if (master.ended) return;
    master.now = now;
    master.out = outputs;
    master.stats.steps++;
    forgiveOwnAbsence(master);
    switch (input.kind) {
      case 'schedulerCalled':
        if (master.leading) call(master, input.request, input.stream, input.call, input.principal);
        else turnAway(master, input.request, input.stream, input.call);
        break;
      case 'agentMessage':
        if (master.leading) agentMessage(master, input.link, input.message, input.principal ?? null);
        else master.out.push({ kind: 'closeLink', link: input.link });
        break;
      case 'operatorCalled':
        if (!master.leading) refuse(master, input.request, { code: 'NOT_LEADING' });
        else if (master.authorizations === null) operatorCall(master, input, input.call);
        else authorizeOperator(master, master.authorizations, input, input.call);
        break;
      case 'operatorSubscribed':
        if (master.leading) subscribeOperator(master, input);
        else master.out.push({ kind: 'closeOperatorStream', stream: input.stream });
        break;
      case 'operatorStreamClosed':
        unsubscribeOperator(master, input.stream);
        break;
      case 'authorized':
        assert(master.authorizations !== null, 'nobody is asked without the option `authorization`');
        authorized(master, master.authorizations, input.ticket, input.verdicts, perform);
        break;
      case 'elected':
        elected(master, input.epoch, input.registry);
        break;
      case 'streamClosed':
        streamClosed(master, input.stream);
        break;
      case 'linkClosed':
        disconnectAgent(master, input.link);
        break;
      case 'pingsMissed':
        pingsMissed(master, input.links);
        break;
      case 'registryDurable':
        durable(master, input.upTo);
        break;
      case 'registryFailed':
        master.ended = true;
        master.out.push({ kind: 'abdicate', reason: `The registry cannot be written: ${input.reason}` });
        break;
      case 'tick':
        tick(master);
        break;
      default:
        assertNever(input);
    }
    if (master.draining.size > 0) settleDrains(master);
    if (master.allocatedFrameworks.length > 0) flushAllocations(master);
    if (master.askedFrameworks.length > 0) flushInverseOffers(master);
  }

  nextDeadline(): Micros | null {
    const master = this.#master;
    if (!master.leading || master.ended) return null;
    let next = master.allocator.nextDeadline();
    next = earlier(next, master.timers.earliest);
    if (master.options.offerTimeout !== null) {
      next = earlier(next, master.offerTimeouts.earliest(master.isOutstanding));
    }
    next = earlier(next, master.nextPing);
    next = earlier(next, master.reservationWatch === null ? null : master.reservationWatch.nextCheck);
    return earlier(next, master.nextHeartbeat);
  }

  /** Everything that decides what it will do, as plain data; see `restored`. Between two steps, and not in service: O(everything). */
  snapshot(): Result<MachineSnapshot, SnapshotError> {
    return takeSnapshot(this.#master, this.#allocatorOptions);
  }

  /** Counters and sums, live. */
  get stats(): MasterStats {
    return this.#master.stats;
  }

  get epoch(): MasterEpoch {
    return this.#master.epoch;
  }

  get isLeading(): boolean {
    return this.#master.leading;
  }

  /** For reports and checks; a driver decides nothing by it. */
  get allocator(): Allocator {
    return this.#master.allocator;
  }

  /**
   * Why a framework gets the offers that it gets in a role, or none; `demand` is what one agent must have free, null for anything. A query:
   * nothing changes. `now` is at or after the last step.
   */
  explain(
    now: Micros,
    frameworkId: FrameworkId,
    role: string,
    demand: Quantities | null,
  ): Result<AllocationExplanation, ExplainError> {
    const { allocator, frameworksById, leading } = this.#master;
    if (!leading) return err({ code: 'NOT_LEADING' });
    const framework = frameworksById.get(frameworkId);
    if (framework === undefined) return err({ code: 'FRAMEWORK_UNKNOWN', frameworkId });
    if (!isExplaining(allocator)) return err({ code: 'ALLOCATOR_SILENT' });
    return ok(allocator.explain(now, framework.row, role, demand));
  }

  /**
   * Answers an operator's query with what the viewer may see (spec 05 §A). Nothing changes. O(what is asked for): a driver that must not
   * stall takes the pieces one by one instead (`agentStatuses`, `frameworkStatuses`, `taskViews` … with `state`) and keeps what it has
   * rendered as long as a record's `version` stays the same.
   */
  query(now: Micros, call: OperatorRead, viewer: Viewer): Result<OperatorResponse, CallError> {
    if (!this.#master.leading) return err({ code: 'NOT_LEADING' });
    assert(now >= this.#master.now, 'a query is not made in the past');
    return ok(answerQuery(this.#master, call, viewer));
  }

  /**
   * Every state of the tasks of that id that is still kept, the latest task first: live or unreachable, then completed ones (option
   * `taskTimelineEntries`). Null if the framework is neither known nor remembered.
   */
  timelines(frameworkId: FrameworkId, taskId: TaskId): readonly TaskTimeline[] | null {
    return taskTimelines(this.#master, frameworkId, taskId);
  }

  /** Metrics by their names (spec 15), read lazily: read them to the end between two steps. */
  metrics(now: Micros, frameworkIdText: (id: FrameworkId) => string): Iterable<MetricValue> {
    return masterMetrics(this.#master, now, frameworkIdText);
  }

  /** Reservations and volumes whose owner is not here (label `owner`), by agent. A query: nothing changes. */
  reservationOrphans(): readonly ReservationOrphan[] {
    return reservationOrphans(this.#master);
  }

  /** Read-only look at the books, for checks and reports. */
  get state(): MasterState {
    return this.#master;
  }

  /** Throws InvariantError if the books contradict each other. O(everything); after every step in tests. */
  checkInvariants(): void {
    checkMasterInvariants(this.#master);
  }
}

function earlier(a: Micros | null, b: Micros | null): Micros | null {
  if (a === null) return b;
  return b === null || a <= b ? a : b;
}

/** The first input: the registry as it stands. Nothing is minted before the election itself is durable. */
function elected(master: MasterState, epoch: MasterEpoch, registry: RegistrySnapshot): void {
  assert(master.epoch === 0, 'a master is elected once');
  assert(epoch > registry.epoch, 'an epoch is beyond the last one in the registry');
  const lacking = lackingCapabilities(registry.minimumCapabilities);
  if (lacking.length > 0) {
    master.ended = true;
    const reason = `The registry uses what this master does not know: ${lacking.join(', ')}. Start a newer one`;
    master.out.push({ kind: 'abdicate', reason });
    return;
  }
  master.epoch = epoch;
  master.operatorSequence = firstSequence(epoch);
  for (const [id, info] of registry.admitted) master.recoveredAgents.set(id, info);
  for (const [id, at] of registry.unreachable) master.unreachableAgents.set(id, at);
  for (const [id, at] of registry.gone) master.goneAgents.set(id, at);
  for (const [id, drain] of registry.deactivated) master.deactivatedAgents.set(id, drain);
  for (const machine of registry.machinesDown) master.machinesDown.set(machineKey(machine), machine);
  setSchedule(master, registry.schedule);
  master.intended = RegistryState.restore(registry);
  const quotas = new Map<Role, Quota>();
  for (const [role, quota] of registry.quotas) master.quotas.set(role, quota);
  for (const [role, weight] of registry.weights) master.weights.set(role, weight);
  for (const [role, quota] of registry.quotas) quotas.set(master.allocator.role(role), quota);
  master.allocator.recover(master.now, registry.admitted.size, quotas);
  for (const [role, weight] of registry.weights) {
    master.allocator.setWeight(master.now, master.allocator.role(role), weight);
  }
  master.agentsAtElection = registry.admitted.size;
  master.persist({ kind: 'masterElected', epoch }, { kind: 'lead' });
  const { weights } = master.options;
  if (registry.weights.size === 0 && weights.length > 0)
    change(master, null, { kind: 'weightsUpdated', weightInfos: weights });
}

/** Registry writes became durable: what waited for them happens now, in order. */
function durable(master: MasterState, upTo: number): void {
  for (let effect = master.registrar.next(upTo); effect !== null; effect = master.registrar.next(upTo)) {
    carryOut(master, effect);
    // Before the next one may remove the agent that an offer is about and give its row to another.
    if (master.allocatedFrameworks.length > 0) flushAllocations(master);
    if (master.askedFrameworks.length > 0) flushInverseOffers(master);
  }
}

function carryOut(master: MasterState, effect: AfterDurable): void {
  switch (effect.kind) {
    case 'lead':
      lead(master);
      break;
    case 'admit':
      admitted(master, effect.id, effect.info, effect.link);
      break;
    case 'readmit':
      readmitted(master, effect.message, effect.link);
      break;
    case 'unreachable':
      markedUnreachable(master, effect.agent, effect.at);
      break;
    case 'recoveredUnreachable':
      recoveredMarkedUnreachable(master, effect.id, effect.at);
      break;
    case 'remove':
      removed(master, effect.agent);
      if (master.registering.has(effect.then.link)) admit(master, effect.then.link, effect.then.info);
      break;
    case 'shutDown':
      wentDown(master, effect.agent);
      break;
    case 'operator':
      operatorEffect(master, effect.operation, effect.from);
      break;
    case 'nothing':
      break;
    default:
      assertNever(effect);
  }
}

function lead(master: MasterState): void {
  master.leading = true;
  master.electedTime = master.now;
  master.nextPing = master.after(master.options.agentPingTimeout);
  if (master.options.heartbeatInterval !== null)
    master.nextHeartbeat = master.after(master.options.heartbeatInterval);
  if (master.options.reservationOwners || master.options.reservationLeases)
    master.reservationWatch = new ReservationWatch(master.now);
  startRecoveryTimer(master);
  armRegistryGc(master);
}

function tick(master: MasterState): void {
  if (!master.leading) return;
  const { now, timers } = master;
  const deadline = master.allocator.nextDeadline();
  if (deadline !== null && deadline <= now) master.allocator.advance(now);
  while (timers.earliest !== null && timers.earliest <= now) {
    const { kind, target } = timers.pop();
    fire(master, kind, target);
  }
  if (master.options.offerTimeout !== null) rescindTimedOut(master);
  if (master.nextPing !== null && master.nextPing <= now) ping(master);
  if (master.nextHeartbeat !== null && master.nextHeartbeat <= now) heartbeat(master);
  if (master.reservationWatch !== null && master.reservationWatch.nextCheck <= now)
    master.reservationWatch.check(master);
}

/** A timer whose record no longer waits for it, or waits longer, does nothing. */
function fire(master: MasterState, kind: number, target: number): void {
  if (kind === TIMER_FAILOVER) {
    const framework = master.frameworks.get(target as Framework);
    const deadline = framework?.failoverDeadline ?? null;
    if (framework !== null && deadline !== null && deadline <= master.now)
      failoverTimedOut(master, framework);
  } else if (kind === TIMER_REREGISTER) {
    const agent = master.agents.get(target as Agent);
    const deadline = agent?.reregisterDeadline ?? null;
    if (agent !== null && deadline !== null && deadline <= master.now) scheduleRemoval(master, agent);
  } else if (kind === TIMER_OPERATOR_HEARTBEAT) {
    operatorHeartbeat(master, target as OperatorStreamId);
  } else if (kind === TIMER_DRAIN) {
    const framework = master.frameworks.get(target as Framework);
    if (framework !== null) forgiveMissing(master, framework);
  } else if (kind === TIMER_REMOVAL) {
    removeNext(master);
  } else if (kind === TIMER_REGISTRY_GC) {
    collectRegistry(master);
  } else {
    assert(kind === TIMER_RECOVERED, 'a timer is of a known kind');
    giveUpRecovered(master);
  }
}

function heartbeat(master: MasterState): void {
  master.nextHeartbeat = master.after(master.options.heartbeatInterval!);
  for (const framework of master.frameworks) master.send(framework, { type: 'HEARTBEAT' });
}

function agentMessage(
  master: MasterState,
  link: LinkId,
  message: AgentToMaster,
  principal: string | null,
): void {
  switch (message.type) {
    case 'STATUS_UPDATE':
      statusUpdated(master, link, message);
      break;
    case 'REGISTER_AGENT':
      master.counters.messagesRegisterAgent++;
      if (master.authorizations === null) registerAgent(master, link, message);
      else authorizeAgent(master, master.authorizations, link, principal, message);
      break;
    case 'REREGISTER_AGENT':
      master.counters.messagesReregisterAgent++;
      if (master.authorizations === null) reregisterAgent(master, link, message);
      else authorizeAgent(master, master.authorizations, link, principal, message);
      break;
    case 'UNREGISTER_AGENT': {
      const agent = master.agentsById.get(message.agentId);
      master.counters.messagesUnregisterAgent++;
      if (agent !== undefined && agent.link === link) {
        agent.unregistered = true;
        markUnreachable(master, agent);
      }
      break;
    }
    case 'UPDATE_OPERATION_STATUS':
      operationUpdated(master, link, message);
      break;
    case 'UPDATE_AGENT':
      revocableUpdated(master, link, message);
      break;
    case 'EXITED_EXECUTOR':
      master.counters.messagesExitedExecutor++;
      executorExited(master, link, message);
      break;
    case 'EXECUTOR_TO_FRAMEWORK': {
      const framework = master.frameworksById.get(message.frameworkId);
      const { agentId, executorId, data } = message;
      const isRegistered = master.agentsByLink.get(link)?.id === agentId;
      master.counters.messagesExecutorToFramework++;
      if (framework === undefined || !isRegistered) {
        master.counters.invalidExecutorToFramework++;
      } else {
        master.counters.validExecutorToFramework++;
        master.send(framework, { type: 'MESSAGE', agentId, executorId, data });
      }
      break;
    }
    default:
      assertNever(message);
  }
}

/** Not leading, or not recovered yet (spec 01 §5: 503). */
function turnAway(master: MasterState, request: RequestId, stream: StreamId, made: SchedulerCall): void {
  refuse(master, request, { code: 'NOT_LEADING' });
  if (made.type === 'SUBSCRIBE') master.out.push({ kind: 'closeStream', stream });
}

/** Checks that apply to every call, in the order of spec 03 §1.5, then the call itself. */
function call(
  master: MasterState,
  request: RequestId,
  stream: StreamId,
  made: SchedulerCall,
  principal: string | null,
): void {
  if (
    master.rateLimiter !== null &&
    isRateLimited(master, master.rateLimiter, request, stream, made, principal)
  )
    return;
  if (made.type === 'SUBSCRIBE') {
    const claimed = made.frameworkInfo.principal;
    if (principal !== null && principal !== claimed) {
      if (claimed !== null) {
        refuse(master, request, { code: 'PRINCIPAL_MISMATCH', authenticated: principal, claimed });
        master.out.push({ kind: 'closeStream', stream });
        return;
      }
      // The framework is who its caller proved to be (spec 03 §1).
      made = { ...made, frameworkInfo: { ...made.frameworkInfo, principal } };
    }
    if (master.authorizations === null) subscribe(master, request, stream, made);
    else authorizeSubscription(master, master.authorizations, request, stream, principal, made);
    return;
  }
  const framework = master.frameworksById.get(made.frameworkId);
  if (framework === undefined) {
    master.counters.droppedMessages++;
    refuse(master, request, { code: 'FRAMEWORK_UNKNOWN', frameworkId: made.frameworkId });
    return;
  }
  const { counters } = framework;
  if (counters !== null) {
    counters.calls[made.type]++;
    if (counters.principal !== null) counters.principal.messagesReceived++;
  }
  if (principal !== null && principal !== framework.info.principal) {
    master.counters.droppedMessages++;
    const claimed = framework.info.principal;
    refuse(master, request, { code: 'PRINCIPAL_MISMATCH', authenticated: principal, claimed });
  } else if (framework.stream === null) {
    master.counters.droppedMessages++;
    refuse(master, request, { code: 'FRAMEWORK_NOT_SUBSCRIBED', frameworkId: made.frameworkId });
  } else if (framework.stream !== stream) {
    master.counters.droppedMessages++;
    refuse(master, request, { code: 'STREAM_MISMATCH', frameworkId: made.frameworkId });
  } else if (
    master.authorizations === null ||
    mayProceed(master, master.authorizations, request, framework, made)
  ) {
    perform(master, request, framework, made, null);
  }
}

/** Refused until the principal's bucket has filled (spec 14 §4). Nothing but counters changes. */
function isRateLimited(
  master: MasterState,
  limiter: RateLimiter,
  request: RequestId,
  stream: StreamId,
  made: SchedulerCall,
  authenticated: string | null,
): boolean {
  const known = made.type === 'SUBSCRIBE' ? undefined : master.frameworksById.get(made.frameworkId);
  const claimed = made.type === 'SUBSCRIBE' ? made.frameworkInfo.principal : (known?.info.principal ?? null);
  const principal = claimed ?? authenticated;
  const retryAfter = limiter.take(master.now, principal);
  if (retryAfter === null) return false;
  master.counters.droppedMessages++;
  if (known !== undefined && known.counters !== null && known.counters.principal !== null)
    known.counters.principal.messagesReceived++;
  refuse(master, request, { code: 'RATE_LIMITED', principal, retryAfter });
  if (made.type === 'SUBSCRIBE') master.out.push({ kind: 'closeStream', stream });
  return true;
}

function perform(
  master: MasterState,
  request: RequestId,
  framework: FrameworkRecord,
  made: Exclude<SchedulerCall, { type: 'SUBSCRIBE' }>,
  ruling: AcceptRuling | null,
): void {
  const { counters } = master;
  if (framework.counters !== null && framework.counters.principal !== null)
    framework.counters.principal.messagesProcessed++;
  switch (made.type) {
    case 'ACKNOWLEDGE':
      counters.messagesStatusUpdateAcknowledgement++;
      acknowledge(master, framework, made);
      break;
    case 'ACCEPT':
      if (made.operations.length === 0) counters.messagesDeclineOffers++;
      else counters.messagesLaunchTasks++;
      accept(master, framework, made, ruling);
      break;
    case 'DECLINE':
      counters.messagesDeclineOffers++;
      decline(master, framework, made);
      break;
    case 'REVIVE': {
      counters.messagesReviveOffers++;
      const roles = subscribedRoles(master, framework, made.roles);
      if (roles !== null) {
        if (roles.length === 0) framework.suppressedRoles.clear();
        else for (const role of made.roles) framework.suppressedRoles.delete(role);
        master.allocator.reviveOffers(master.now, framework.row, roles);
      }
      break;
    }
    case 'SUPPRESS': {
      counters.messagesSuppressOffers++;
      const roles = subscribedRoles(master, framework, made.roles);
      if (roles !== null) {
        for (const role of roles.length === 0 ? framework.roles : made.roles)
          framework.suppressedRoles.add(role);
        master.allocator.suppressOffers(master.now, framework.row, roles);
      }
      break;
    }
    case 'REQUEST':
      counters.messagesResourceRequest++;
      for (const { role, quantities } of made.requests) {
        const roles = subscribedRoles(master, framework, [role]);
        if (roles !== null)
          master.allocator.requestResources(master.now, framework.row, roles[0]!, quantities);
      }
      break;
    case 'KILL':
      counters.messagesKillTask++;
      kill(master, framework, made);
      break;
    case 'RECONCILE':
      counters.messagesReconcileTasks++;
      reconcile(master, framework, made);
      break;
    case 'TEARDOWN':
      counters.messagesUnregisterFramework++;
      tearDown(master, framework);
      break;
    case 'SHUTDOWN': {
      const agent = master.agentsById.get(made.agentId);
      const { executorId } = made;
      if (agent !== undefined) {
        master.tell(agent, { type: 'SHUTDOWN_EXECUTOR', frameworkId: framework.id, executorId });
      }
      break;
    }
    case 'MESSAGE': {
      counters.messagesFrameworkToExecutor++;
      const agent = master.agentsById.get(made.agentId);
      const { executorId, data } = made;
      if (agent !== undefined) {
        master.tell(agent, { type: 'FRAMEWORK_TO_EXECUTOR', frameworkId: framework.id, executorId, data });
      }
      if (agent === undefined || agent.link === null) counters.invalidFrameworkToExecutor++;
      else counters.validFrameworkToExecutor++;
      break;
    }
    case 'ACKNOWLEDGE_OPERATION_STATUS':
      counters.messagesOperationStatusUpdateAcknowledgement++;
      acknowledgeOperation(master, framework, made);
      break;
    case 'RECONCILE_OPERATIONS':
      counters.messagesReconcileOperations++;
      reconcileOperations(master, framework, made);
      break;
    case 'UPDATE_FRAMEWORK':
      counters.messagesUpdateFramework++;
      updateFramework(master, request, framework, made);
      break;
    case 'ACCEPT_INVERSE_OFFERS':
    case 'DECLINE_INVERSE_OFFERS':
      answerInverseOffers(master, framework, made);
      break;
    default:
      assertNever(made);
  }
}

/** Role numbers of a SUPPRESS or REVIVE; null drops the call: one role that is not subscribed is enough (spec 03 §7). */
function subscribedRoles(
  master: MasterState,
  framework: FrameworkRecord,
  roles: readonly string[],
): readonly Role[] | null {
  if (roles.length === 0) return NO_ROLES;
  const numbers: Role[] = [];
  for (const role of roles) {
    if (!framework.roles.includes(role)) return null;
    numbers.push(master.allocator.role(role));
  }
  return numbers;
}

const NO_ROLES: readonly Role[] = [];
