import { type FrameworkId, frameworkTieRank, type Micros, micros, mintFrameworkId } from '../core/index.ts';
import type { FrameworkInfo, SubscribeCall } from '../protocol/index.ts';
import { isTerminal, rolesOf } from '../protocol/index.ts';
import type { Quantities } from '../resources/index.ts';
import type { AgentRecord } from './agent-record.ts';
import type { AllocatorFramework, Role } from './allocator.ts';
import type { CallError } from './call-error.ts';
import { FrameworkCounters } from './framework-counters.ts';
import { tellForgottenEnds } from './forgotten-ends.ts';
import { FrameworkRecord } from './framework-record.ts';
import { validateFramework, validateUnchanged } from './framework-validation.ts';
import type { RequestId, StreamId } from './input.ts';
import { discardOffersOfFramework } from './offers.ts';
import { orphanOperations } from './operations.ts';
import { frameworkAdded, frameworkRemoved, frameworkUpdated, taskTold } from './published.ts';
import { type MasterState, TIMER_FAILOVER } from './state.ts';
import { endSuperseded } from './superseded-tasks.ts';
import { complete, forgetTask, masterStatus, recoverTask, removeExecutor } from './tasks.ts';

/** SUBSCRIBE (spec 03 §1): refused before the stream opens, or inside it by one ERROR; else the newest subscription wins. */
export function subscribe(
  master: MasterState,
  request: RequestId,
  stream: StreamId,
  call: SubscribeCall,
): void {
  if (isRefusedSubscription(master, request, stream, call)) return;
  const id = call.frameworkId;
  const known = id === null ? undefined : master.frameworksById.get(id);
  if (id === null) master.counters.messagesRegisterFramework++;
  else master.counters.messagesReregisterFramework++;
  if (known === undefined) {
    admit(master, id ?? newFrameworkId(master), stream, call);
  } else {
    failOver(master, known, stream, call);
  }
}

/** True if the subscription breaks a rule: it is answered, and its stream closed. */
export function isRefusedSubscription(
  master: MasterState,
  request: RequestId,
  stream: StreamId,
  call: SubscribeCall,
): boolean {
  if (call.frameworkId !== call.frameworkInfo.id) {
    refuse(master, request, { code: 'FRAMEWORK_ID_MISMATCH' });
    master.out.push({ kind: 'closeStream', stream });
    return true;
  }
  const known = call.frameworkId === null ? undefined : master.frameworksById.get(call.frameworkId);
  const error = refusedSubscription(master, call, known ?? null);
  if (error === null) return false;
  master.out.push({ kind: 'event', stream, event: { type: 'ERROR', message: error } });
  master.out.push({ kind: 'closeStream', stream });
  return true;
}

/** The next id that no scheduler brought along by itself. */
function newFrameworkId(master: MasterState): FrameworkId {
  for (;;) {
    const id = mintFrameworkId(master.epoch, master.nextFrameworkNumber++);
    if (!master.frameworksById.has(id) && !master.completedFrameworks.has(id)) return id;
  }
}

/** Why the subscription is refused inside the stream, or null. */
function refusedSubscription(
  master: MasterState,
  call: SubscribeCall,
  known: FrameworkRecord | null,
): string | null {
  const error = frameworkError(master, call);
  if (error !== null) return error;
  if (call.frameworkId !== null && master.completedFrameworks.has(call.frameworkId))
    return 'Framework has been removed';
  if (known !== null && known.info.principal !== call.frameworkInfo.principal) {
    return "Changing framework's principal is not allowed.";
  }
  return null;
}

function frameworkError(
  { options }: MasterState,
  call: Pick<SubscribeCall, 'frameworkInfo' | 'suppressedRoles' | 'offerConstraints'>,
): string | null {
  const { frameworkInfo, suppressedRoles, offerConstraints } = call;
  const error = validateFramework(
    frameworkInfo,
    suppressedRoles,
    offerConstraints,
    options.offerConstraintsRegex,
  );
  if (error !== null) return error;
  if (options.roles !== null) {
    for (const role of rolesOf(frameworkInfo)) {
      if (!options.roles.includes(role))
        return `Role '${role}' is not in the master's list of roles: ${options.roles.join(', ')}`;
    }
  }
  if (!options.rootSubmissions && frameworkInfo.user === 'root')
    return "User 'root' is not allowed to run frameworks without root submissions set";
  return null;
}

function admit(master: MasterState, id: FrameworkId, stream: StreamId, call: SubscribeCall): void {
  const info: FrameworkInfo = { ...call.frameworkInfo, id };
  const framework = new FrameworkRecord(master.frameworks.nextRow(), id, info, false);
  master.frameworks.add(framework);
  master.frameworksById.set(id, framework);
  framework.registeredTime = master.now;
  setOfferWishes(framework, call);
  connect(master, framework, stream);
  master.allocator.addFramework(
    master.now,
    framework.row,
    allocatorView(master, framework.id, framework.info, call),
    true,
    [],
  );
  frameworkAdded(master, framework);
}

/** Suppressed roles and constraints are replaced as a whole (spec 03 §1.2, §7). */
function setOfferWishes(
  framework: FrameworkRecord,
  call: Pick<SubscribeCall, 'suppressedRoles' | 'offerConstraints'>,
): void {
  framework.offerConstraints = call.offerConstraints;
  framework.suppressedRoles.clear();
  for (const role of call.suppressedRoles) framework.suppressedRoles.add(role);
}

/** A known framework subscribes again: its offers are void, suppressed roles are exactly those listed (spec 03 §1.2). */
function failOver(
  master: MasterState,
  framework: FrameworkRecord,
  stream: StreamId,
  call: SubscribeCall,
): void {
  if (framework.stream !== null && framework.stream !== stream) {
    master.send(framework, { type: 'ERROR', message: 'Framework failed over' });
    master.out.push({ kind: 'closeStream', stream: framework.stream });
    master.frameworksByStream.delete(framework.stream);
  }
  const wasConnected = framework.stream !== null;
  // `user` and `checkpoint` are kept: a change of them is ignored.
  framework.setInfo({
    ...call.frameworkInfo,
    id: framework.id,
    user: framework.info.user,
    checkpoint: framework.info.checkpoint,
  });
  framework.recovered = false;
  framework.registeredTime ??= master.now;
  framework.reregisteredTime = master.now;
  setOfferWishes(framework, call);
  connect(master, framework, stream);
  discardOffersOfFramework(master, framework);
  master.allocator.updateFramework(
    master.now,
    framework.row,
    allocatorView(master, framework.id, framework.info, call),
  );
  if (!wasConnected) master.allocator.activateFramework(master.now, framework.row);
  tellAgentsOfFramework(master, framework, (agentFramework) => ({
    type: 'UPDATE_FRAMEWORK',
    frameworkId: agentFramework.id,
    info: agentFramework.info,
  }));
  frameworkUpdated(master, framework);
}

/** Counters of the framework and its principal, if they are wanted. */
function countFor(master: MasterState, framework: FrameworkRecord): void {
  if (!master.options.frameworkMetrics) return;
  framework.counters ??= new FrameworkCounters();
  const { principal } = framework.info;
  if (principal === null) return;
  let counters = master.principals.get(principal);
  if (counters === undefined) {
    counters = { messagesReceived: 0, messagesProcessed: 0 };
    master.principals.set(principal, counters);
  }
  framework.counters.principal = counters;
}

function connect(master: MasterState, framework: FrameworkRecord, stream: StreamId): void {
  countFor(master, framework);
  if (framework.counters !== null) {
    framework.counters.calls.SUBSCRIBE++;
    if (framework.counters.principal !== null) {
      framework.counters.principal.messagesReceived++;
      framework.counters.principal.messagesProcessed++;
    }
  }
  framework.stream = stream;
  framework.failoverDeadline = null;
  framework.condemned = false;
  master.frameworksByStream.set(stream, framework);
  master.send(framework, {
    type: 'SUBSCRIBED',
    frameworkId: framework.id,
    heartbeatIntervalSeconds: (master.options.heartbeatInterval ?? 0) / 1_000_000,
    master: master.epoch,
  });
  if (master.options.heartbeatInterval !== null) master.send(framework, { type: 'HEARTBEAT' });
  if (framework.forgottenEnds !== null) tellForgottenEnds(master, framework);
}

/** The stream broke: offers are void, the failover timer starts (spec 03 §1.3). */
export function disconnectFramework(master: MasterState, stream: StreamId): void {
  const framework = master.frameworksByStream.get(stream);
  if (framework === undefined) return;
  master.frameworksByStream.delete(stream);
  framework.stream = null;
  framework.version++;
  discardOffersOfFramework(master, framework);
  master.allocator.deactivateFramework(master.now, framework.row);
  startFailoverTimer(master, framework);
}

/** From now the framework has its failover timeout to subscribe, and `grace` at least. */
export function startFailoverTimer(
  master: MasterState,
  framework: FrameworkRecord,
  grace: Micros = micros(0),
): void {
  const timeout = Math.max(framework.failoverTimeout, grace);
  const deadline = micros(Math.min(master.now + timeout, Number.MAX_SAFE_INTEGER));
  framework.failoverDeadline = deadline;
  master.timers.set(deadline, TIMER_FAILOVER, framework.row);
}

/**
 * A framework that an agent reports and this master does not know: visible, inactive until its scheduler subscribes. Its failover timeout
 * starts now (spec 13 §4); but agents may be quicker than schedulers to find the new master, so that it has a grace at least: with the
 * default timeout of 0 its tasks would die of a change of masters, although nobody failed but the master.
 */
export function recoverFramework(master: MasterState, id: FrameworkId, info: FrameworkInfo): FrameworkRecord {
  const framework = new FrameworkRecord(master.frameworks.nextRow(), id, { ...info, id }, true);
  master.frameworks.add(framework);
  master.frameworksById.set(id, framework);
  const view = allocatorView(master, framework.id, framework.info, {
    suppressedRoles: [],
    offerConstraints: null,
  });
  master.allocator.addFramework(master.now, framework.row, view, false, []);
  startFailoverTimer(master, framework, master.options.recoveredFrameworkGrace);
  frameworkAdded(master, framework);
  return framework;
}

/**
 * TEARDOWN, or the failover timeout passed: tasks end in the master's records without an update, agents shut the framework's executors
 * down, the id is remembered and may never subscribe again (spec 03 §1.3, §7).
 */
export function removeFramework(master: MasterState, framework: FrameworkRecord): void {
  tellAgentsOfFramework(master, framework, ({ id }) => ({ type: 'SHUTDOWN_FRAMEWORK', frameworkId: id }));
  discardOffersOfFramework(master, framework);
  for (const task of [...framework.tasks.values()]) {
    if (!isTerminal(task.state)) {
      task.state = 'TASK_KILLED';
      recoverTask(master, task);
      const status = masterStatus(
        master,
        task.taskId,
        'TASK_KILLED',
        'REASON_FRAMEWORK_REMOVED',
        'Framework was removed',
        task.agent.id,
        task.executorId,
      );
      taskTold(master, task, status, true);
    }
    forgetTask(master, task);
  }
  for (const task of framework.supersededTasks ?? []) endSuperseded(master, task);
  // They come back to nobody.
  for (const task of framework.unreachableTasks.values()) complete(master, task);
  framework.unreachableTasks.clear();
  for (const executor of [...framework.executors]) removeExecutor(master, executor);
  orphanOperations(master, framework);
  master.allocator.removeFramework(master.now, framework.row);
  if (framework.stream !== null) {
    master.out.push({ kind: 'closeStream', stream: framework.stream });
    master.frameworksByStream.delete(framework.stream);
    framework.stream = null;
  }
  master.frameworksById.delete(framework.id);
  master.frameworks.remove(framework);
  framework.unregisteredTime = master.now;
  rememberCompleted(master, framework);
  frameworkRemoved(master, framework);
}

function rememberCompleted(master: MasterState, framework: FrameworkRecord): void {
  master.completedFrameworks.set(framework.id, master.options.history === 'full' ? framework : null);
  if (master.completedFrameworks.size <= master.options.maxCompletedFrameworks) return;
  for (const oldest of master.completedFrameworks.keys()) {
    master.completedFrameworks.delete(oldest);
    break;
  }
}

/** UPDATE_FRAMEWORK: all or nothing, and the answer says which (spec 03 §7). */
export function updateFramework(
  master: MasterState,
  request: RequestId,
  framework: FrameworkRecord,
  call: Pick<SubscribeCall, 'frameworkInfo' | 'suppressedRoles' | 'offerConstraints'>,
): void {
  const message =
    call.frameworkInfo.id !== framework.id
      ? "'FrameworkInfo.id' must equal 'framework_id'"
      : (frameworkError(master, call) ?? validateUnchanged(framework.info, call.frameworkInfo));
  if (message !== null) {
    refuse(master, request, { code: 'FRAMEWORK_INVALID', message });
    return;
  }
  framework.setInfo(call.frameworkInfo);
  setOfferWishes(framework, call);
  master.allocator.updateFramework(
    master.now,
    framework.row,
    allocatorView(master, framework.id, framework.info, call),
  );
  tellAgentsOfFramework(master, framework, ({ id, info }) => ({
    type: 'UPDATE_FRAMEWORK',
    frameworkId: id,
    info,
  }));
  frameworkUpdated(master, framework);
  master.out.push({ kind: 'answerCall', request, status: 200 });
}

/** Sends one message to every agent that runs something of the framework. */
function tellAgentsOfFramework(
  master: MasterState,
  framework: FrameworkRecord,
  message: (framework: FrameworkRecord) => Parameters<MasterState['tell']>[1],
): void {
  const told = new Set<number>();
  const tell = (agent: AgentRecord) => {
    if (told.has(agent.row)) return;
    told.add(agent.row);
    master.tell(agent, message(framework));
  };
  for (const task of framework.tasks.values()) tell(task.agent);
  for (const task of framework.supersededTasks ?? []) tell(task.agent);
  for (const executor of framework.executors) tell(executor.agent);
  for (const operation of master.operations.get(framework.id) ?? []) tell(operation.agent);
}

export function refuse(master: MasterState, request: RequestId, error: CallError): void {
  master.out.push({ kind: 'refuseCall', request, error });
}

/** A framework as the allocator sees it. */
export function allocatorView(
  master: MasterState,
  id: FrameworkId,
  info: FrameworkInfo,
  call: Pick<SubscribeCall, 'suppressedRoles' | 'offerConstraints'>,
): AllocatorFramework {
  const minAllocatable = new Map<Role, readonly Quantities[]>();
  for (const [role, minimums] of info.offerFilters) minAllocatable.set(master.allocator.role(role), minimums);
  return {
    tieRank: frameworkTieRank(id),
    roles: rolesOf(info).map((role) => master.allocator.role(role)),
    suppressedRoles: call.suppressedRoles.map((role) => master.allocator.role(role)),
    capabilities: info.capabilities,
    minAllocatable,
    offerConstraints: call.offerConstraints,
  };
}
