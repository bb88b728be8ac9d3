import { commandExecutorId, type ExecutorId, type TaskId, mention } from '../core/index.ts';
import {
  type AcceptCall,
  type ExecutorInfo,
  isTerminal,
  type OfferOperation,
  type StatusReason,
  type TaskInfo,
} from '../protocol/index.ts';
import { Resources } from '../resources/index.ts';
import type { Acceptance } from './acceptance.ts';
import type { AgentRecord } from './agent-record.ts';
import type { AcceptRuling } from './authorization-questions.ts';
import type { FrameworkRecord } from './framework-record.ts';
import { missingCopies, performOfferOperation, splitLeftovers } from './offer-operations.ts';
import { refusal, removeOffer, returnOffer, UNFILTERED } from './offers.ts';
import { dropOperation } from './operations.ts';
import { countEnd } from './published.ts';
import type { MasterState } from './state.ts';
import { TaskRecord, userOf } from './task-record.ts';
import {
  validateGroupExecutor,
  validateGroupTask,
  validateRunning,
  validateAllocation,
  validateTask,
} from './task-validation.ts';
import { addExecutor, addTask, masterStatus } from './tasks.ts';

/**
 * ACCEPT (spec 03 §5): offers are validated as a whole, operations run in order against the running remainder, each failing alone;
 * what operations made and nobody consumed goes back without a filter, what nobody touched with the call's. Nothing is allocated in between:
 * the allocator runs only when asked.
 */
export function accept(
  master: MasterState,
  framework: FrameworkRecord,
  call: AcceptCall,
  ruling: AcceptRuling | null = null,
): void {
  const error = validateOffers(master, framework, call);
  if (error !== null) {
    refuseOffers(master, framework, call, error, ruling);
    return;
  }
  const acceptance = takeOffers(master, framework, call, ruling);
  for (const operation of call.operations) perform(master, acceptance, operation);
  const { agent, role } = acceptance;
  let { remaining } = acceptance;
  if (acceptance.isConverted) {
    const { converted, untouched } = splitLeftovers(acceptance);
    if (!converted.isEmpty)
      master.allocator.recoverResources(master.now, framework.row, role, agent.row, converted, null);
    remaining = untouched;
  }
  if (remaining.isEmpty) return;
  const refuse = refusal(call.filters);
  // Who takes a part and wants the rest at once is no decliner.
  const isGivenBack =
    master.options.remaindersAtOnce && refuse === UNFILTERED && !remaining.equals(acceptance.offered);
  master.allocator.recoverResources(
    master.now,
    framework.row,
    role,
    agent.row,
    remaining,
    isGivenBack ? null : refuse,
  );
}

/** First rule that the listed offers break, or null. */
function validateOffers(master: MasterState, framework: FrameworkRecord, call: AcceptCall): string | null {
  const { offers } = master;
  const { offerIds } = call;
  if (offerIds.length === 0) return 'No offers specified';
  const first = offers.slotOf(offerIds[0]!);
  for (let index = 0; index < offerIds.length; index++) {
    const slot = offers.slotOf(offerIds[index]!);
    if (slot === -1) return `Offer ${mention.offer(offerIds[index]!)} is no longer valid`;
    if (offers.framework(slot) !== framework)
      return `Offer ${mention.offer(offerIds[index]!)} belongs to another framework`;
    if (offers.role(slot) !== offers.role(first)) return 'Aggregated offers must be allocated to one role';
    if (offers.agent(slot) !== offers.agent(first)) return 'Aggregated offers must belong to one agent';
  }
  if (offerIds.length > 1 && new Set(offerIds).size !== offerIds.length)
    return 'Duplicate offer in the list of offers';
  return null;
}

/** The valid ones among the listed offers go back without a filter, and every task is answered (spec 03 §5). */
function refuseOffers(
  master: MasterState,
  framework: FrameworkRecord,
  call: AcceptCall,
  error: string,
  ruling: AcceptRuling | null,
): void {
  for (const id of call.offerIds) {
    const slot = master.offers.slotOf(id);
    if (slot !== -1 && master.offers.framework(slot) === framework) returnOffer(master, slot, UNFILTERED);
  }
  const state = framework.partitionAware ? 'TASK_DROPPED' : 'TASK_LOST';
  for (const operation of call.operations) {
    if (operation.type === 'LAUNCH' || operation.type === 'LAUNCH_GROUP') {
      for (const task of operation.taskInfos) {
        if (ruling?.killed.has(task.taskId) === true) continue;
        const status = masterStatus(master, task.taskId, state, 'REASON_INVALID_OFFERS', error, task.agentId);
        countEnd(master, framework, state, status);
        master.send(framework, { type: 'UPDATE', status });
      }
    } else {
      dropOperation(master, framework, operation, error, null);
    }
  }
}

function takeOffers(
  master: MasterState,
  framework: FrameworkRecord,
  call: AcceptCall,
  ruling: AcceptRuling | null,
): Acceptance {
  const { offers } = master;
  const first = offers.slotOf(call.offerIds[0]!);
  const agent = offers.agent(first);
  const role = offers.role(first);
  const roleName = offers.offer(first).role;
  let remaining = Resources.EMPTY;
  for (const id of call.offerIds) {
    const slot = offers.slotOf(id);
    const { resources } = offers.offer(slot);
    remaining = remaining.isEmpty ? resources : remaining.plus(resources);
    removeOffer(master, slot);
  }
  master.stats.offersAccepted += call.offerIds.length;
  if (framework.counters !== null) framework.counters.offersAccepted += call.offerIds.length;
  return {
    framework,
    agent,
    role,
    roleName,
    offered: remaining,
    sharable: remaining.shared(),
    remaining,
    setAside: Resources.EMPTY,
    isConverted: false,
    ruling,
  };
}

function perform(master: MasterState, acceptance: Acceptance, operation: OfferOperation): void {
  if (acceptance.framework.counters !== null) acceptance.framework.counters.operations[operation.type]++;
  switch (operation.type) {
    case 'LAUNCH':
      for (const task of operation.taskInfos) launch(master, acceptance, task, operation.id);
      break;
    case 'LAUNCH_GROUP':
      launchGroup(master, acceptance, operation);
      break;
    default:
      if (acceptance.ruling?.denied.has(operation) === true) {
        const message = `Not authorized to ${operation.type}`;
        dropOperation(master, acceptance.framework, operation, message, acceptance.agent);
      } else {
        performOfferOperation(master, acceptance, operation);
      }
  }
}

/** LAUNCH judges every task by itself (spec 03 §5). */
function launch(
  master: MasterState,
  acceptance: Acceptance,
  task: TaskInfo,
  operationId: string | null,
): void {
  const { framework, agent, roleName, ruling } = acceptance;
  if (ruling !== null) {
    if (ruling.killed.has(task.taskId)) return;
    if (ruling.denied.has(task)) {
      const message = `Not authorized to run the task as user '${userOf(task) ?? framework.info.user}'`;
      answerError(master, framework, task.taskId, agent, 'REASON_TASK_UNAUTHORIZED', message);
      return;
    }
  }
  const copies = missingCopies(acceptance, task.resources);
  const error =
    operationId === null
      ? (validateTask(master, framework, agent, task, acceptance.remaining.plus(copies)) ??
        validateAllocation(task, roleName))
      : 'Operation.id must not be set on LAUNCH';
  if (error !== null) {
    answerError(master, framework, task.taskId, agent, 'REASON_TASK_INVALID', error);
    return;
  }
  addCopies(master, acceptance, copies);
  const { executor } = task.template;
  const executorId = executor === null ? commandExecutorId(task.taskId) : executor.executorId;
  const launchExecutor = executor === null || agent.executor(framework, executorId) === null;
  if (executor !== null && launchExecutor) takeExecutor(master, acceptance, executor);
  addLaunched(master, acceptance, task, executorId);
  master.tell(agent, {
    type: 'RUN_TASK',
    frameworkId: framework.id,
    framework: framework.info,
    role: roleName,
    task,
    launchExecutor,
  });
}

/** Puts a launched task on the books. */
function addLaunched(
  master: MasterState,
  acceptance: Acceptance,
  info: TaskInfo,
  executorId: ExecutorId,
): void {
  const { framework, agent, role } = acceptance;
  acceptance.remaining = acceptance.remaining.minus(info.resources);
  const task = new TaskRecord(framework, agent, role, info, executorId, 'TASK_STAGING');
  task.launchedAfter = agent.newestUpdate;
  addTask(master, task);
  master.stats.tasksLaunched++;
}

/** The framework uses more copies of shared volumes than it was offered: they are its own from now on. */
function addCopies(master: MasterState, acceptance: Acceptance, copies: Resources): void {
  if (copies.isEmpty) return;
  const { framework, agent, role } = acceptance;
  acceptance.remaining = acceptance.remaining.plus(copies);
  master.allocator.addCopies(master.now, framework.row, role, agent.row, copies);
}

/** An executor of the framework's own is paid from the offers, once (spec 03 §6 rule 15). */
function takeExecutor(master: MasterState, acceptance: Acceptance, executor: ExecutorInfo): void {
  const { agent, framework, role } = acceptance;
  acceptance.remaining = acceptance.remaining.minus(executor.resources);
  addExecutor(master, { agent, framework, role, info: executor, link: agent.link });
}

/** LAUNCH_GROUP is all or nothing: one bad task and every task of the group is answered TASK_ERROR (spec 03 §5). */
function launchGroup(
  master: MasterState,
  acceptance: Acceptance,
  operation: Extract<OfferOperation, { type: 'LAUNCH_GROUP' }>,
): void {
  const { framework, agent, roleName } = acceptance;
  const { executor, taskInfos } = operation;
  if (acceptance.ruling !== null && isGroupStopped(master, acceptance, acceptance.ruling, taskInfos)) return;
  const running = agent.executor(framework, executor.executorId);
  const copies = acceptance.sharable.isEmpty
    ? Resources.EMPTY
    : missingCopies(acceptance, resourcesOf(taskInfos));
  const error = validateGroup(master, acceptance, acceptance.remaining.plus(copies), operation);
  if (error !== null) {
    for (const task of taskInfos) {
      answerError(master, framework, task.taskId, agent, 'REASON_TASK_GROUP_INVALID', error);
    }
    return;
  }
  addCopies(master, acceptance, copies);
  if (running === null) takeExecutor(master, acceptance, executor);
  for (const task of taskInfos) {
    addLaunched(master, acceptance, task, executor.executorId);
  }
  master.tell(agent, {
    type: 'RUN_TASK_GROUP',
    frameworkId: framework.id,
    framework: framework.info,
    role: roleName,
    executor,
    tasks: taskInfos,
    launchExecutor: running === null,
  });
}

/** One task killed while the group waited ends all of it, and so does one that may not be; each task is answered once. */
function isGroupStopped(
  master: MasterState,
  { framework, agent }: Acceptance,
  { denied, killed }: AcceptRuling,
  taskInfos: readonly TaskInfo[],
): boolean {
  const isKilled = taskInfos.some(({ taskId }) => killed.has(taskId));
  if (!isKilled && !taskInfos.some((task) => denied.has(task))) return false;
  for (const { taskId } of taskInfos) {
    if (killed.has(taskId)) continue;
    if (isKilled) {
      const message = 'A task of the group was killed before it was launched';
      const reason = 'REASON_TASK_KILLED_DURING_LAUNCH';
      const status = masterStatus(master, taskId, 'TASK_KILLED', reason, message, agent.id);
      countEnd(master, framework, 'TASK_KILLED', status);
      master.send(framework, { type: 'UPDATE', status });
    } else {
      const message = 'Not authorized to run every task of the group';
      answerError(master, framework, taskId, agent, 'REASON_TASK_GROUP_UNAUTHORIZED', message);
    }
  }
  return true;
}

function resourcesOf(taskInfos: readonly TaskInfo[]): Resources {
  return taskInfos.reduce((sum, task) => sum.plus(task.resources), Resources.EMPTY);
}

function validateGroup(
  master: MasterState,
  acceptance: Acceptance,
  available: Resources,
  operation: Extract<OfferOperation, { type: 'LAUNCH_GROUP' }>,
): string | null {
  const { framework, agent, roleName } = acceptance;
  const { executor, taskInfos, id } = operation;
  if (operation.fault !== undefined) return operation.fault;
  if (id !== null) return 'Operation.id must not be set on LAUNCH_GROUP';
  if (taskInfos.length === 0) return 'Task group cannot be empty';
  const running = agent.executor(framework, executor.executorId);
  const executorError =
    (running === null ? null : validateRunning(framework, running.info, executor)) ??
    validateGroupExecutor(framework, executor) ??
    validateShareCgroups(framework, agent, executor.executorId, taskInfos);
  if (executorError !== null) return executorError;
  let remaining = available;
  if (running === null) {
    if (!remaining.contains(executor.resources)) return 'Executor uses more resources than available';
    remaining = remaining.minus(executor.resources);
  }
  const ids = new Set<TaskId>();
  for (const task of taskInfos) {
    if (ids.has(task.taskId)) return `Task has duplicate ID: ${mention.task(task.taskId)}`;
    ids.add(task.taskId);
    const error =
      validateGroupTask(master, framework, agent, task, remaining, executor) ??
      validateAllocation(task, roleName);
    if (error !== null) return `Task ${mention.task(task.taskId)} is invalid: ${error}`;
    remaining = remaining.minus(task.resources);
  }
  return null;
}

/** Tasks of one executor share its cgroups or have their own, all of them alike (spec 03 §6). */
function validateShareCgroups(
  framework: FrameworkRecord,
  agent: AgentRecord,
  executorId: ExecutorId,
  taskInfos: readonly TaskInfo[],
): string | null {
  const first = sharesCgroups(taskInfos[0]!);
  const agree =
    taskInfos.every((task) => sharesCgroups(task) === first) &&
    agent.tasks.every(
      (task) =>
        task.framework !== framework ||
        task.executorId !== executorId ||
        isTerminal(task.state) ||
        sharesCgroups(task.info) === first,
    );
  return agree ? null : "The tasks of one executor must agree on 'share_cgroups'";
}

function sharesCgroups(task: TaskInfo): boolean {
  return task.template.container?.shareCgroups !== false;
}

function answerError(
  master: MasterState,
  framework: FrameworkRecord,
  taskId: TaskId,
  agent: AgentRecord,
  reason: StatusReason,
  message: string,
): void {
  const status = masterStatus(master, taskId, 'TASK_ERROR', reason, message, agent.id);
  countEnd(master, framework, 'TASK_ERROR', status);
  master.send(framework, { type: 'UPDATE', status });
}
