import { assert, type FrameworkId, mintOperationUuid } from '../core/index.ts';
import {
  type AgentToMaster,
  isSpeculative,
  type OfferOperation,
  type OperationState,
  type OperationStatus,
  type ReportedOperation,
  type ResourceOfferOperation,
  type SchedulerCall,
} from '../protocol/index.ts';
import { applyOperations, type ResourceOperation, type Resources } from '../resources/index.ts';
import type { AgentRecord } from './agent-record.ts';
import { agentView } from './agent-view.ts';
import type { FrameworkRecord } from './framework-record.ts';
import type { LinkId } from './input.ts';
import { type OperationHolder, OperationRecord } from './operation-record.ts';
import { agentUpdated } from './published.ts';
import type { MasterState } from './state.ts';

type StatusMessage = Extract<AgentToMaster, { type: 'UPDATE_OPERATION_STATUS' }>;
type AcknowledgeOperationCall = Extract<SchedulerCall, { type: 'ACKNOWLEDGE_OPERATION_STATUS' }>;

/** A status that the master makes itself: nobody acknowledges it. */
export function masterOperationStatus(
  operationId: string | null,
  state: OperationState,
  message: string | null,
  agent: Pick<AgentRecord, 'id'> | null,
  resourceProviderId: string | null = null,
): OperationStatus {
  return {
    operationId,
    state,
    message,
    convertedResources: null,
    uuid: null,
    agentId: agent === null ? null : agent.id,
    resourceProviderId,
  };
}

/** A dropped operation is answered only if it asked for feedback by an id (spec 03 §5). */
export function dropOperation(
  master: MasterState,
  framework: FrameworkRecord,
  operation: OfferOperation,
  message: string,
  agent: AgentRecord | null,
): void {
  if (operation.id === null) return;
  const status = masterOperationStatus(operation.id, 'OPERATION_ERROR', message, agent);
  master.send(framework, { type: 'UPDATE_OPERATION_STATUS', status });
}

/** The agent's total is `total` from now on, on all books but the allocator's. */
export function setTotal(master: MasterState, agent: AgentRecord, total: Resources): void {
  if (agent.link !== null) {
    master.stats.total.subtract(agent.info.resources);
    master.stats.total.add(total);
  }
  agent.info = { ...agent.info, resources: total };
  agentUpdated(master, agent);
}

/** What `operations` make of the agent's total; they have been found to fit. */
export function totalAfter(agent: AgentRecord, operations: readonly ResourceOperation[]): Resources {
  const total = applyOperations(agent.info.resources, operations);
  assert(total.ok, 'what was available on an agent is part of its total');
  return total.value;
}

/**
 * Sends an operation to its agent. The effect of a speculative one is on the books already; another is `holder`'s to wait for. An agent
 * without RESOURCE_PROVIDER is told its new total instead, and never answers (spec 09 §5).
 */
export function sendOperation(
  master: MasterState,
  agent: AgentRecord,
  frameworkId: FrameworkId | null,
  info: ResourceOfferOperation,
  holder: OperationHolder | null,
): void {
  if (!agent.info.capabilities.includes('RESOURCE_PROVIDER')) {
    assert(
      isSpeculative(info),
      'an agent without resource providers is asked for nothing that only they can do',
    );
    master.tell(agent, { type: 'CHECKPOINT_RESOURCES', resources: agent.info.resources });
    return;
  }
  const operationUuid = mintOperationUuid(master.epoch, master.nextOperationNumber++);
  const status = masterOperationStatus(info.id, 'OPERATION_PENDING', null, agent);
  const record = new OperationRecord(operationUuid, frameworkId, agent, info, status, agent.link);
  addOperation(master, record);
  if (holder !== null) {
    record.holder = holder;
    master.stats.allocated.add(record.held);
  }
  master.tell(agent, { type: 'APPLY_OPERATION', frameworkId, operationUuid, info });
}

/** Puts an operation on the books of its agent and framework. */
export function addOperation(master: MasterState, record: OperationRecord): void {
  record.agent.operations ??= new Map();
  record.agent.operations.set(record.uuid, record);
  if (!record.isWatched) return;
  const ofFramework = master.operations.get(record.frameworkId!);
  if (ofFramework === undefined) master.operations.set(record.frameworkId!, new Set([record]));
  else ofFramework.add(record);
}

/** Takes an operation off the books. What it held must have been seen to. */
export function forgetOperation(master: MasterState, record: OperationRecord): void {
  assert(record.holder === null, 'an operation that is forgotten holds nothing');
  record.agent.operations!.delete(record.uuid);
  if (!record.isWatched) return;
  const ofFramework = master.operations.get(record.frameworkId!)!;
  ofFramework.delete(record);
  if (ofFramework.size === 0) master.operations.delete(record.frameworkId!);
}

/** An operation of the agent's report, as far as the books do not have it. */
export function reportedOperation(
  master: MasterState,
  agent: AgentRecord,
  reported: ReportedOperation,
): void {
  const { operationUuid, frameworkId, info, latestStatus } = reported;
  addOperation(master, new OperationRecord(operationUuid, frameworkId, agent, info, latestStatus, null));
}

/**
 * UPDATE_OPERATION_STATUS of an agent: forwarded to a framework that gave the operation an id, acknowledged by the master itself where
 * nobody waits for it (spec 09 §5). What is not delivered the agent repeats.
 */
export function operationUpdated(master: MasterState, link: LinkId, message: StatusMessage): void {
  const { counters } = master;
  counters.messagesOperationStatusUpdate++;
  const agent = master.agentsById.get(message.agentId);
  if (agent === undefined || agent.link !== link) {
    counters.invalidOperationStatusUpdates++;
    return;
  }
  const { frameworkId, operationUuid, status } = message;
  const record = agent.operations?.get(operationUuid) ?? null;
  if (record === null) counters.invalidOperationStatusUpdates++;
  else counters.validOperationStatusUpdates++;
  if (record !== null && record.isPending) settle(master, record, status);
  const isWatched = frameworkId !== null && status.operationId !== null;
  if (isWatched && !master.completedFrameworks.has(frameworkId)) {
    const framework = master.frameworksById.get(frameworkId);
    if (framework !== undefined) master.send(framework, { type: 'UPDATE_OPERATION_STATUS', status });
    return;
  }
  if (record !== null && !record.isPending) forgetOperation(master, record);
  if (status.uuid !== null)
    master.tell(agent, { type: 'ACKNOWLEDGE_OPERATION_STATUS', operationUuid, uuid: status.uuid });
}

/**
 * The report of an agent on a new link says how a pending operation went on. Its total shows the outcome already: what the operation held is
 * held no more, and the allocator is told of the agent anew (spec 13 §4).
 */
export function reconcileOperation(
  master: MasterState,
  record: OperationRecord,
  status: OperationStatus,
): void {
  record.latestStatus = status;
  if (!record.isPending) master.counters.operationEnds.add(record.info.type, status.state);
  if (record.isPending || record.holder === null) return;
  const { holder, source } = record;
  record.holder = null;
  master.stats.allocated.subtract(source);
  master.allocator.recoverResources(
    master.now,
    holder.framework.row,
    holder.role,
    record.agent.row,
    source,
    null,
  );
}

/** Notes how an operation went on. At its end, what it consumed is free again or has become something else (spec 02 §9). */
function settle(master: MasterState, record: OperationRecord, status: OperationStatus): void {
  record.latestStatus = status;
  if (!record.isPending) master.counters.operationEnds.add(record.info.type, status.state);
  if (record.isPending || isSpeculative(record.info)) return;
  const { agent, holder, source } = record;
  const converted = status.state === 'OPERATION_FINISHED' ? status.convertedResources : null;
  record.holder = null;
  if (holder === null) {
    // Its framework is gone: the total went without it.
    setTotal(master, agent, agent.info.resources.plus(converted ?? source));
    master.allocator.updateAgent(master.now, agent.row, agentView(agent));
    return;
  }
  master.stats.allocated.subtract(source);
  const { framework, role } = holder;
  if (converted !== null) {
    const operations = [{ type: 'RESERVE', source, resources: converted } as const];
    setTotal(master, agent, totalAfter(agent, operations));
    master.allocator.updateAllocation(master.now, framework.row, role, agent.row, source, operations);
  }
  const freed = converted ?? source;
  if (!freed.isEmpty)
    master.allocator.recoverResources(master.now, framework.row, role, agent.row, freed, null);
}

/** ACKNOWLEDGE_OPERATION_STATUS: forwarded to the agent, and the operation is over (spec 03 §7). An unknown one is ignored. */
export function acknowledgeOperation(
  master: MasterState,
  framework: FrameworkRecord,
  call: AcknowledgeOperationCall,
): void {
  for (const record of master.operations.get(framework.id) ?? []) {
    const { agent, info, latestStatus } = record;
    if (agent.id !== call.agentId || info.id !== call.operationId || latestStatus.uuid !== call.uuid)
      continue;
    // While the agent is away nothing is lost by waiting: it will tell again.
    if (agent.link === null) break;
    master.counters.validOperationStatusUpdateAcknowledgements++;
    const { uuid } = call;
    if (!record.isPending) forgetOperation(master, record);
    master.tell(agent, { type: 'ACKNOWLEDGE_OPERATION_STATUS', operationUuid: record.uuid, uuid });
    return;
  }
  master.counters.invalidOperationStatusUpdateAcknowledgements++;
}

/** Whether the agent still has something to do for an operation: a drain waits for it (spec 10 §2). */
export function hasPendingOperations(agent: AgentRecord): boolean {
  if (agent.operations === null) return false;
  for (const record of agent.operations.values()) if (record.isPending) return true;
  return false;
}

/** The agent is gone from the books: its operations are too, and who waits for one is told (spec 07 §5). */
export function loseOperations(
  master: MasterState,
  agent: AgentRecord,
  state: Extract<OperationState, 'OPERATION_UNREACHABLE' | 'OPERATION_GONE_BY_OPERATOR'>,
  message: string,
): void {
  if (agent.operations === null) return;
  for (const record of agent.operations.values()) {
    if (record.isPending) master.counters.operationEnds.add(record.info.type, state);
    master.stats.allocated.subtract(record.held);
    record.holder = null;
    forgetOperation(master, record);
    if (!record.isWatched) continue;
    const framework = master.frameworksById.get(record.frameworkId!);
    const status = masterOperationStatus(record.info.id, state, message, agent);
    if (framework !== undefined) master.send(framework, { type: 'UPDATE_OPERATION_STATUS', status });
  }
}

/**
 * The framework is gone for good: nobody waits for the ends of its operations. What a pending one consumes stays with that: the agent's
 * total goes without it until the agent tells what became of it.
 */
export function orphanOperations(master: MasterState, framework: FrameworkRecord): void {
  for (const record of master.operations.get(framework.id) ?? []) {
    // Its agent forgets it as well, with the framework.
    if (record.holder === null) forgetOperation(master, record);
  }
  for (const agent of master.agents) {
    if (agent.operations === null) continue;
    for (const record of agent.operations.values()) {
      if (record.holder === null || record.holder.framework !== framework) continue;
      const { holder, source } = record;
      const operations = [{ type: 'REMOVE', resources: source } as const];
      master.stats.allocated.subtract(source);
      record.holder = null;
      setTotal(master, agent, totalAfter(agent, operations));
      master.allocator.updateAllocation(
        master.now,
        framework.row,
        holder.role,
        agent.row,
        source,
        operations,
      );
    }
  }
}
