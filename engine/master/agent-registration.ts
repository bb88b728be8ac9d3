import { type AgentId, type FrameworkId, mintAgentId, type TaskId } from '../core/index.ts';
import {
  type AgentInfo,
  type AgentToMaster,
  isSpeculative,
  isTerminal,
  isTerminalOperation,
  type KillPolicy,
  machineText,
  type MasterToAgent,
  type ReportedExecutor,
  type ReportedTask,
} from '../protocol/index.ts';
import { Resources, withCount } from '../resources/index.ts';
import { AgentRecord } from './agent-record.ts';
import { resumeDeactivation, resumeDrain } from './agent-drain.ts';
import { dropAgent } from './agent-removal.ts';
import { agentView } from './agent-view.ts';
import type { Usage } from './allocator.ts';
import { isSameData } from './executor-equality.ts';
import type { FrameworkRecord } from './framework-record.ts';
import { settleForgottenEnds } from './forgotten-ends.ts';
import { recoverFramework } from './frameworks.ts';
import type { LinkId } from './input.ts';
import { forgetAsked } from './inverse-offers.ts';
import { downText, isDown, shutDown, unavailabilityOf } from './maintenance.ts';
import { rescindOffersOfAgent } from './offers.ts';
import { forgetOperation, reconcileOperation, reportedOperation } from './operations.ts';
import { agentAdded, agentUpdated, taskTold } from './published.ts';
import type { ReregisterMessage } from './registrar.ts';
import { spare } from './removal-limit.ts';
import { type MasterState, TIMER_REREGISTER } from './state.ts';
import { addSuperseded, endSuperseded, superseded } from './superseded-tasks.ts';
import { isOfEarlierRun, TaskRecord } from './task-record.ts';
import {
  addExecutor,
  addTask,
  complete,
  forgetExecutor,
  forgetTask,
  masterStatus,
  recoverTask,
} from './tasks.ts';

type RegisterMessage = Extract<AgentToMaster, { type: 'REGISTER_AGENT' }>;

/** REGISTER_AGENT: a new agent, or one that lost its disk. Admitted once the registry holds it (spec 13 §5). */
export function registerAgent(master: MasterState, link: LinkId, message: RegisterMessage): void {
  if (master.registering.has(link) || isTurnedAway(master, link, message.info)) return;
  const connected = master.agentsByLink.get(link);
  if (connected !== undefined) {
    master.tell(connected, { type: 'AGENT_REGISTERED', agentId: connected.id });
    return;
  }
  master.registering.add(link);
  const former = master.agentsByAddress.get(addressOf(message.info));
  if (former === undefined) {
    admit(master, link, message.info);
  } else if (former.leaving === null) {
    // A new agent registered at the same address: the old one is gone for good, and its record goes first.
    former.leaving = 'removed';
    dropLink(master, former);
    master.persist(
      { kind: 'agentRemoved', id: former.id },
      { kind: 'remove', agent: former, then: { info: message.info, link } },
    );
  } else {
    // Its removal is on its way; the agent asks again.
    master.registering.delete(link);
  }
}

/** Writes a new agent to the registry; `admitted` goes on once that is durable. */
export function admit(master: MasterState, link: LinkId, info: AgentInfo): void {
  const id = newAgentId(master);
  const admittedInfo: AgentInfo = { ...info, id };
  master.persist(
    { kind: 'agentAdmitted', id, info: admittedInfo },
    { kind: 'admit', id, info: admittedInfo, link },
  );
}

/** The next id that no agent brought along by itself. */
function newAgentId(master: MasterState): AgentId {
  for (;;) {
    const id = mintAgentId(master.epoch, master.nextAgentNumber++);
    const isTaken =
      master.agentsById.has(id) ||
      master.readmitting.has(id) ||
      master.recoveredAgents.has(id) ||
      master.unreachableAgents.has(id) ||
      master.goneAgents.has(id);
    if (!isTaken) return id;
  }
}

/**
 * Whether the agent may not be part of the cluster as it is. Agents before 1.0.0 (spec 13 §5) and those whose fault domain does not go with
 * the master's (spec 11) are ignored, and may register once they or the master are put right; one whose machine is down is told to go.
 * Decided before anything marks the registration as under way (bug ledger B15).
 */
function isTurnedAway(master: MasterState, link: LinkId, info: AgentInfo): boolean {
  if (Number.parseInt(info.version, 10) < 1) return true;
  if (info.domain === null ? master.options.requireAgentDomain : master.domain === null) return true;
  if (!isDown(master, info)) return false;
  master.out.push({ kind: 'toAgent', link, message: { type: 'SHUTDOWN', message: downText(info) } });
  return true;
}

/** The registry holds the new agent. If its link broke meanwhile, it will register under another id, and this one times out. */
export function admitted(master: MasterState, id: AgentId, info: AgentInfo, link: LinkId): void {
  const open = master.registering.delete(link);
  const agent = new AgentRecord(master.agents.nextRow(), id, info, null);
  agent.registeredTime = master.now;
  master.counters.agentRegistrations++;
  addAgent(master, agent, []);
  if (!settleIn(master, agent, open ? link : null)) return;
  master.tell(agent, { type: 'AGENT_REGISTERED', agentId: id });
}

/** REREGISTER_AGENT: after a broken link, a restart, a partition, or a new master (spec 13 §4, §5; spec 07 §5). */
export function reregisterAgent(master: MasterState, link: LinkId, message: ReregisterMessage): void {
  if (isTurnedAway(master, link, message.info)) return;
  const id = message.info.id;
  if (id === null || master.goneAgents.has(id)) {
    const reason = id === null ? 'An agent without an id cannot re-register' : 'Agent has been marked gone';
    master.out.push({ kind: 'toAgent', link, message: { type: 'SHUTDOWN', message: reason } });
    return;
  }
  if (master.registering.has(link) || master.readmitting.has(id)) return;
  const speaker = master.agentsByLink.get(link);
  if (speaker !== undefined && speaker.id !== id) {
    // A link is one agent's: whoever speaks for two starts anew.
    dropLink(master, speaker);
    return;
  }
  const known = master.agentsById.get(id);
  if (known !== undefined) {
    if (known.leaving !== null) return;
    if (known.newestLink !== null && link < known.newestLink) {
      // The agent has given this link up and registered on a newer one since: its report is of then.
      master.out.push({ kind: 'closeLink', link });
      return;
    }
    if (!isSameMachine(known.info, message.info)) {
      const text = `Agent re-registered as ${machineText(message.info)}, but its id belongs to ${machineText(known.info)}`;
      master.out.push({ kind: 'toAgent', link, message: { type: 'SHUTDOWN', message: text } });
      return;
    }
    reconnected(master, known, message, link);
    return;
  }
  master.registering.add(link);
  master.readmitting.add(id);
  spare(master, id);
  const info = master.recoveredAgents.get(id);
  const operation =
    info === undefined
      ? ({ kind: 'agentMarkedReachable', id, info: message.info } as const)
      : ({ kind: 'agentUpdated', id, info: message.info } as const);
  master.persist(operation, { kind: 'readmit', message, link });
}

/** The registry holds the agent again: everything it reports goes back on the books, and nothing is killed (spec 07 §5). */
export function readmitted(master: MasterState, message: ReregisterMessage, link: LinkId): void {
  const id = message.info.id!;
  master.readmitting.delete(id);
  const wasUnreachable = !master.recoveredAgents.delete(id);
  master.unreachableAgents.delete(id);
  const agent = new AgentRecord(master.agents.nextRow(), id, infoOf(null, message), null);
  agent.reregisteredTime = master.now;
  master.counters.agentReregistrations++;
  takeUpdateIds(agent, message);
  const used = takeReport(master, agent, message, link);
  if (wasUnreachable) forgetUnreachableTasks(master, id);
  addAgent(master, agent, used);
  if (!settleIn(master, agent, master.registering.delete(link) ? link : null)) return;
  master.tell(agent, { type: 'AGENT_REREGISTERED', agentId: id, unreported: [], unreportedOperations: [] });
  // After the answer: before it the agent obeys no orders.
  shutDownCompletedFrameworks(master, agent, message);
  resumeDrain(master, agent);
  killReplaced(master, agent, message);
  if (wasUnreachable) announceReturn(master, agent);
}

/** A registered agent on a new link: its books are compared with the master's. */
function reconnected(
  master: MasterState,
  agent: AgentRecord,
  message: ReregisterMessage,
  link: LinkId,
): void {
  const isSameLink = agent.link === link;
  if (!isSameLink) {
    dropLink(master, agent);
    connectAgent(master, agent, link);
  }
  const info = isSameLink ? { ...message.info, resources: agent.info.resources } : infoOf(agent, message);
  const unreportedOperations = isSameLink ? [] : reconcileOperationsOf(master, agent, message);
  if (!isSameLink && !info.resources.equals(agent.info.resources))
    loseUnbacked(master, agent, message, info.resources);
  takeUpdateIds(agent, message);
  if (!isSameLink) {
    loseRelaunched(master, agent, message);
    takeEnded(master, agent, message);
    const reported = new Set(message.tasks.map((one) => key(one.frameworkId, one.task.taskId)));
    settleForgottenEnds(master, agent, (task) => reported.has(key(task.framework.id, task.taskId)));
  }
  const changed = reconcileBooks(master, agent, message, info, link, isSameLink);
  agent.reregisteredTime = master.now;
  master.counters.agentReregistrations++;
  agentUpdated(master, agent);
  if (!isSameLink && !changed && !agent.deactivated) master.allocator.activateAgent(master.now, agent.row);
  master.tell(agent, {
    type: 'AGENT_REREGISTERED',
    agentId: agent.id,
    unreported: unreportedTasks(agent, message),
    unreportedOperations,
  });
  shutDownCompletedFrameworks(master, agent, message);
  resumeDrain(master, agent);
  for (const task of agent.tasks) {
    if (task.killRequested && !isTerminal(task.state))
      killTask(master, agent, task.framework.id, task.taskId, task.killPolicy);
  }
  killReplaced(master, agent, message);
}

function killTask(
  master: MasterState,
  agent: AgentRecord,
  frameworkId: FrameworkId,
  taskId: TaskId,
  killPolicy: KillPolicy | null,
): void {
  master.tell(agent, { type: 'KILL_TASK', frameworkId, taskId, killPolicy });
}

/** Tasks the master knows to run and the agent does not: for each the agent answers with a terminal update (spec 07 §4). */
function unreportedTasks(agent: AgentRecord, message: ReregisterMessage) {
  const reported = new Set(message.tasks.map((one) => key(one.frameworkId, one.task.taskId)));
  return agent.tasks
    .filter((task) => !isTerminal(task.state) && !reported.has(key(task.framework.id, task.taskId)))
    .map((task) => ({
      frameworkId: task.framework.id,
      taskId: task.taskId,
      partitionAware: task.framework.partitionAware,
    }));
}

/** Updates that an agent says it has made, to this master or an earlier one. */
function takeUpdateIds(agent: AgentRecord, message: ReregisterMessage): void {
  for (const { statusUpdateUuid } of message.tasks) {
    if (statusUpdateUuid !== null && statusUpdateUuid > agent.newestUpdate)
      agent.newestUpdate = statusUpdateUuid;
  }
}

/**
 * Tasks launched under the id of one that had ended, when the agent still reports that one: the acknowledgement of its end was lost with the
 * former link, and so was the launch behind it.
 */
function loseRelaunched(master: MasterState, agent: AgentRecord, message: ReregisterMessage): void {
  for (const { frameworkId, task, statusUpdateUuid } of message.tasks) {
    const known = master.frameworksById.get(frameworkId)?.tasks.get(task.taskId);
    if (known === undefined || known.agent !== agent || !isOfEarlierRun(known, statusUpdateUuid)) continue;
    if (!isTerminal(known.state)) loseTask(master, known, 'The agent re-registered without the task');
  }
}

/**
 * Tasks that ended after the master had given them up (those of frameworks without checkpointing, when the link broke), the end not yet
 * acknowledged: known again, so that nobody who asks is told that they are gone (bug ledger B11). A registration repeated on one link may have
 * been sent before an acknowledgement since.
 */
function takeEnded(master: MasterState, agent: AgentRecord, message: ReregisterMessage): void {
  for (const one of message.tasks) {
    if (isTerminal(one.state) && !isCompleted(master, one.frameworkId))
      reportedTask(master, agent, one, message);
  }
}

/**
 * Brings the master's books of a registered agent in line with its report; true if anything differed. Tasks and executors that the master had
 * given up (those of frameworks without checkpointing, when the link broke) use resources still: they go back on the books and the tasks
 * are killed. Executors that ended meanwhile leave the books, but for those launched over `link`: a registration that is repeated on one
 * link may have been sent before the launch arrived, and their ends are told over it. The allocator is told by a fresh start of the agent.
 *
 * @param isRepeated the agent has registered over this link already: what its report has and the books have not has ended since, and the end
 * was acknowledged
 */
function reconcileBooks(
  master: MasterState,
  agent: AgentRecord,
  message: ReregisterMessage,
  info: AgentInfo,
  link: LinkId,
  isRepeated: boolean,
): boolean {
  const running = new Set(message.executors.map((one) => key(one.frameworkId, one.executor.executorId)));
  const ended = agent.executors.filter(
    (one) => one.link !== link && !running.has(key(one.framework.id, one.info.executorId)),
  );
  // From here on their ends are told over this link.
  for (const one of agent.executors)
    if (running.has(key(one.framework.id, one.info.executorId))) one.link = link;
  const unknownTasks = message.tasks.filter(
    (one) =>
      !isRepeated &&
      !isTerminal(one.state) &&
      !isCompleted(master, one.frameworkId) &&
      !isOnBooks(master, agent, one),
  );
  const unknownExecutors = message.executors.filter((one) => {
    const framework = master.frameworksById.get(one.frameworkId);
    if (isRepeated || isCompleted(master, one.frameworkId)) return false;
    return framework === undefined || agent.executor(framework, one.executor.executorId) === null;
  });
  const isSameInfo = isSameAgent(agent.info, info);
  if (isSameInfo && ended.length + unknownTasks.length + unknownExecutors.length === 0) return false;

  if (!isSameInfo) rescindOffersOfAgent(master, agent);
  forgetAsked(master, agent);
  master.allocator.removeAgent(master.now, agent.row);
  for (const executor of ended) {
    forgetExecutor(executor);
    master.stats.allocated.subtract(executor.info.resources);
    const { executorId } = executor.info;
    master.send(executor.framework, { type: 'FAILURE', agentId: agent.id, executorId, status: null });
  }
  if (!isSameInfo) {
    master.stats.total.subtract(agent.info.resources);
    master.stats.total.add(info.resources);
    forgetAddress(master, agent);
    agent.info = info;
    master.agentsByAddress.set(addressOf(agent.info), agent);
    master.persist({ kind: 'agentUpdated', id: agent.id, info: agent.info }, { kind: 'nothing' });
  }
  for (const one of unknownExecutors) reportedExecutor(master, agent, one, message, link);
  for (const one of unknownTasks) {
    const task = reportedTask(master, agent, one, message);
    // Its framework was told that it is lost.
    if (task !== null) task.killRequested = true;
  }
  agent.unavailability = unavailabilityOf(master, agent.info);
  enterAllocator(master, agent, usageOf(master, agent));
  return true;
}

/**
 * What a report says of the agent. Its total goes without the disks that its resource providers are working on, unless a framework holds them:
 * nobody may have those.
 */
function infoOf(agent: AgentRecord | null, message: ReregisterMessage): AgentInfo {
  const { info } = message;
  let { resources } = info;
  for (const { operationUuid, info: operation, latestStatus } of message.operations) {
    if (isSpeculative(operation) || isTerminalOperation(latestStatus.state)) continue;
    if ((agent?.operations?.get(operationUuid)?.holder ?? null) === null)
      resources = resources.minus(operation.source);
  }
  return resources === info.resources ? info : { ...info, resources };
}

/**
 * Brings the operations of an agent on a new link in line with its report, which is what counts (spec 13 §4). Returns those that never
 * reached it: the agent answers for them. What was sent over the new link itself cannot be missing: nothing was.
 */
function reconcileOperationsOf(master: MasterState, agent: AgentRecord, message: ReregisterMessage) {
  const reported = new Map(message.operations.map((one) => [one.operationUuid, one]));
  const unreported: Extract<MasterToAgent, { type: 'AGENT_REREGISTERED' }>['unreportedOperations'][number][] =
    [];
  for (const record of agent.operations?.values() ?? []) {
    const known = reported.get(record.uuid);
    if (known !== undefined) {
      if (record.isPending) reconcileOperation(master, record, known.latestStatus);
    } else if (record.isPending) {
      const { frameworkId, uuid: operationUuid, info } = record;
      unreported.push({ frameworkId, operationUuid, operationId: info.id });
    } else {
      // Acknowledged meanwhile.
      forgetOperation(master, record);
    }
  }
  takeOperations(master, agent, message);
  return unreported;
}

function takeOperations(master: MasterState, agent: AgentRecord, message: ReregisterMessage): void {
  for (const one of message.operations) {
    const isKnown = agent.operations?.has(one.operationUuid) === true;
    if (isKnown || (one.frameworkId !== null && isCompleted(master, one.frameworkId))) continue;
    reportedOperation(master, agent, one);
  }
}

/**
 * Tasks that were launched on what an operation was to make, when neither reached the agent: they cannot be there, and what they would use is
 * not there either. The others that the agent does not report it answers for itself.
 */
function loseUnbacked(
  master: MasterState,
  agent: AgentRecord,
  message: ReregisterMessage,
  total: Resources,
): void {
  const running = new Set(message.tasks.map((one) => key(one.frameworkId, one.task.taskId)));
  const isReported = (task: TaskRecord) => running.has(key(task.framework.id, task.taskId));
  let held = Resources.EMPTY;
  // Those of frameworks without checkpointing too, which the master gave up with the link.
  for (const { state, task } of message.tasks)
    if (!isTerminal(state)) held = held.plus(task.resources.nonShared());
  for (const executor of message.executors) held = held.plus(executor.executor.resources);
  for (const task of agent.tasks.filter((one) => !isTerminal(one.state) && !isReported(one))) {
    const needed = task.info.resources;
    const withTask = held.plus(needed.nonShared());
    if (total.contains(withTask) && total.contains(onceEach(needed.shared()))) {
      held = withTask;
      continue;
    }
    loseTask(
      master,
      task,
      'The agent re-registered without the task and without the resources that it was launched on',
    );
  }
}

function onceEach(shared: Resources): Resources {
  return Resources.of(shared.entries.map((entry) => withCount(entry, 1)));
}

/** The agent never had the task: its framework hears of it from the master. */
function loseTask(master: MasterState, task: TaskRecord, message: string): void {
  if (task.isSuperseded) {
    endSuperseded(master, task);
    return;
  }
  recoverTask(master, task);
  task.state = task.framework.partitionAware ? 'TASK_DROPPED' : 'TASK_LOST';
  const status = masterStatus(
    master,
    task.taskId,
    task.state,
    'REASON_RECONCILIATION',
    message,
    task.agent.id,
    task.executorId,
  );
  taskTold(master, task, status, true);
  master.send(task.framework, { type: 'UPDATE', status });
  forgetTask(master, task);
}

/** Whether an agent says the same of itself as before. */
function isSameAgent(before: AgentInfo, now: AgentInfo): boolean {
  return (
    before.port === now.port &&
    before.ip === now.ip &&
    before.version === now.version &&
    before.resources.equals(now.resources) &&
    isSameData(before.attributes, now.attributes) &&
    isSameData(before.domain, now.domain) &&
    isSameData(before.capabilities, now.capabilities)
  );
}

/** An unreachable agent is back: what it does not report has ended, and the ids are free again. */
function forgetUnreachableTasks(master: MasterState, id: AgentId): void {
  for (const { unreachableTasks } of master.frameworks) {
    for (const task of unreachableTasks.values()) {
      if (task.agent.id !== id) continue;
      unreachableTasks.delete(task.taskId);
      complete(master, task);
    }
  }
}

/** Puts all that a returning agent reports on the books; what it uses is for the allocator. */
function takeReport(
  master: MasterState,
  agent: AgentRecord,
  message: ReregisterMessage,
  link: LinkId,
): readonly Usage[] {
  for (const one of message.executors) {
    if (!isCompleted(master, one.frameworkId)) reportedExecutor(master, agent, one, message, link);
  }
  takeOperations(master, agent, message);
  for (const one of message.tasks) {
    if (!isCompleted(master, one.frameworkId)) reportedTask(master, agent, one, message);
  }
  return usageOf(master, agent);
}

/** A reported task whose id has been used again elsewhere meanwhile ends: one id, one live task. */
function killReplaced(master: MasterState, agent: AgentRecord, message: ReregisterMessage): void {
  for (const { frameworkId, task, state } of message.tasks) {
    const known = master.frameworksById.get(frameworkId)?.tasks.get(task.taskId);
    if (known === undefined || known.agent === agent || isTerminal(state)) continue;
    killTask(master, agent, frameworkId, task.taskId, null);
  }
}

function reportedTask(
  master: MasterState,
  agent: AgentRecord,
  reported: ReportedTask,
  message: ReregisterMessage,
): TaskRecord | null {
  const framework = frameworkOf(master, reported.frameworkId, message);
  if (framework === null) return null;
  const unreachable = framework.unreachableTasks.get(reported.task.taskId);
  framework.unreachableTasks.delete(reported.task.taskId);
  const known = framework.tasks.get(reported.task.taskId);
  if (known !== undefined) {
    if (known.agent !== agent) addSuperseded(master, framework, agent, reported);
    return null;
  }
  const role = master.allocator.role(reported.role);
  const task = new TaskRecord(framework, agent, role, reported.task, reported.executorId, reported.state);
  task.statusUpdateState = reported.statusUpdateState;
  task.statusUpdateUuid = reported.statusUpdateUuid;
  // Its story goes on.
  if (unreachable !== undefined) task.history = unreachable.history;
  addTask(master, task);
  return task;
}

function reportedExecutor(
  master: MasterState,
  agent: AgentRecord,
  reported: ReportedExecutor,
  message: ReregisterMessage,
  link: LinkId,
): void {
  const framework = frameworkOf(master, reported.frameworkId, message);
  if (framework === null || agent.executor(framework, reported.executor.executorId) !== null) return;
  addExecutor(master, {
    agent,
    framework,
    role: master.allocator.role(reported.role),
    info: reported.executor,
    link,
  });
}

/** The framework of something reported: known, or recovered from the agent's report. */
function frameworkOf(
  master: MasterState,
  id: FrameworkRecord['id'],
  message: ReregisterMessage,
): FrameworkRecord | null {
  const known = master.frameworksById.get(id);
  if (known !== undefined) return known;
  const reported = message.frameworks.find((one) => one.id === id);
  return reported === undefined ? null : recoverFramework(master, id, reported.info);
}

/** Whether the agent's books have the reported task, as its framework's or as one that is superseded. */
function isOnBooks(master: MasterState, agent: AgentRecord, { frameworkId, task }: ReportedTask): boolean {
  const framework = master.frameworksById.get(frameworkId);
  if (framework === undefined) return false;
  const known = framework.tasks.get(task.taskId);
  return known?.agent === agent || superseded(framework, agent, task.taskId) !== null;
}

function isCompleted(master: MasterState, id: FrameworkRecord['id']): boolean {
  return master.completedFrameworks.has(id);
}

function usageOf(master: MasterState, agent: AgentRecord): readonly Usage[] {
  const used: Usage[] = [];
  for (const task of agent.tasks) {
    if (isTerminal(task.state)) continue;
    used.push({
      framework: task.framework.row,
      role: task.role,
      agent: agent.row,
      resources: task.info.resources,
    });
  }
  for (const executor of agent.executors) {
    const { framework, role, info } = executor;
    if (!info.resources.isEmpty)
      used.push({ framework: framework.row, role, agent: agent.row, resources: info.resources });
  }
  for (const operation of agent.operations?.values() ?? []) {
    const { holder, held } = operation;
    if (holder !== null)
      used.push({ framework: holder.framework.row, role: holder.role, agent: agent.row, resources: held });
  }
  // Offers stay out over a re-registration on the same link.
  for (let slot = agent.offerHead; slot !== -1; slot = master.offers.nextOfAgent(slot)) {
    used.push({
      framework: master.offers.framework(slot).row,
      role: master.offers.role(slot),
      agent: agent.row,
      resources: master.offers.offer(slot).resources,
    });
  }
  return used;
}

function shutDownCompletedFrameworks(
  master: MasterState,
  agent: AgentRecord,
  message: ReregisterMessage,
): void {
  for (const { id } of message.frameworks) {
    if (isCompleted(master, id)) master.tell(agent, { type: 'SHUTDOWN_FRAMEWORK', frameworkId: id });
  }
}

/** The agent was away: frameworks learn what became of its tasks (spec 07 §5). */
function announceReturn(master: MasterState, agent: AgentRecord): void {
  for (const task of agent.tasks) {
    if (task.isSuperseded) continue;
    const message = 'Unreachable agent re-registered';
    const status = masterStatus(
      master,
      task.taskId,
      task.state,
      'REASON_AGENT_REREGISTERED',
      message,
      agent.id,
      task.executorId,
    );
    taskTold(master, task, status, false);
    master.send(task.framework, { type: 'UPDATE', status });
  }
}

function addAgent(master: MasterState, agent: AgentRecord, used: readonly Usage[]): void {
  master.agents.add(agent);
  master.agentsById.set(agent.id, agent);
  master.agentsByAddress.set(addressOf(agent.info), agent);
  agent.unavailability = unavailabilityOf(master, agent.info);
  resumeDeactivation(master, agent);
  enterAllocator(master, agent, used);
}

/** An agent that an operator deactivated counts with what it has, and gets no offers. */
function enterAllocator(master: MasterState, agent: AgentRecord, used: readonly Usage[]): void {
  master.allocator.addAgent(master.now, agent.row, agentView(agent), used);
  if (agent.deactivated) master.allocator.deactivateAgent(master.now, agent.row);
}

/**
 * The agent is on the books: connected, or disconnected if its link broke while the registry was written. False if it cannot stay as it is:
 * it is not there to be told, or its machine went down meanwhile.
 */
function settleIn(master: MasterState, agent: AgentRecord, link: LinkId | null): boolean {
  if (link !== null) connectAgent(master, agent, link);
  else if (!agent.deactivated) master.allocator.deactivateAgent(master.now, agent.row);
  agentAdded(master, agent);
  if (isDown(master, agent.info)) {
    shutDown(master, agent);
    return false;
  }
  if (link === null) startReregisterTimer(master, agent);
  return link !== null;
}

function connectAgent(master: MasterState, agent: AgentRecord, link: LinkId): void {
  agent.link = link;
  agent.newestLink = link;
  agent.pingsMissed = 0;
  agent.reregisterDeadline = null;
  master.missing.delete(agent);
  spare(master, agent);
  master.agentsByLink.set(link, agent);
  master.stats.agentsConnected++;
  master.stats.total.add(agent.info.resources);
}

/** Ends the agent's hold on its link, on the master's side only. */
function dropLink(master: MasterState, agent: AgentRecord): void {
  if (agent.link === null) return;
  master.out.push({ kind: 'closeLink', link: agent.link });
  dropAgent(master, agent);
}

/** A broken agent has this long to come back. */
export function startReregisterTimer(master: MasterState, agent: AgentRecord): void {
  agent.reregisterDeadline = master.after(master.options.agentReregisterTimeout);
  master.timers.set(agent.reregisterDeadline, TIMER_REREGISTER, agent.row);
}

/** The address is free for another agent. */
export function forgetAddress(master: MasterState, agent: AgentRecord): void {
  const address = addressOf(agent.info);
  if (master.agentsByAddress.get(address) === agent) master.agentsByAddress.delete(address);
}

/** An ip that is not known is no other ip. */
function isSameMachine(a: AgentInfo, b: AgentInfo): boolean {
  return a.hostname === b.hostname && (a.ip === null || b.ip === null || a.ip === b.ip);
}

/** Two agents cannot live at one address. */
function addressOf(info: AgentInfo): string {
  return `${info.hostname}:${info.port}`;
}

function key(frameworkId: number, id: number): string {
  return `${frameworkId}/${id}`;
}
