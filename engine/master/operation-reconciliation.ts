import type { AgentId } from '../core/index.ts';
import type { OperationState, OperationStatus, SchedulerCall } from '../protocol/index.ts';
import type { FrameworkRecord } from './framework-record.ts';
import type { OperationRecord } from './operation-record.ts';
import { masterOperationStatus } from './operations.ts';
import type { MasterState } from './state.ts';

type ReconcileOperationsCall = Extract<SchedulerCall, { type: 'RECONCILE_OPERATIONS' }>;

/** RECONCILE_OPERATIONS (spec 03 §9): all that are known when none is named, else one answer for each. None is to be acknowledged. */
export function reconcileOperations(
  master: MasterState,
  framework: FrameworkRecord,
  call: ReconcileOperationsCall,
): void {
  const known = master.operations.get(framework.id);
  if (call.operations.length === 0) {
    for (const record of known ?? []) answer(master, framework, latest(record));
    return;
  }
  const byId = new Map<string, OperationRecord>();
  // Of two operations with one id the newest counts.
  for (const record of known ?? []) byId.set(record.info.id!, record);
  for (const { operationId, agentId, resourceProviderId } of call.operations) {
    const record = byId.get(operationId);
    if (record !== undefined) {
      answer(master, framework, latest(record));
      continue;
    }
    const [state, message] = unknownOperation(master, agentId);
    const agent = agentId === null ? null : { id: agentId };
    answer(master, framework, masterOperationStatus(operationId, state, message, agent, resourceProviderId));
  }
}

function answer(master: MasterState, framework: FrameworkRecord, status: OperationStatus): void {
  master.send(framework, { type: 'UPDATE_OPERATION_STATUS', status });
}

function latest(record: OperationRecord): OperationStatus {
  return { ...record.latestStatus, uuid: null };
}

function unknownOperation(master: MasterState, agentId: AgentId | null): readonly [OperationState, string] {
  if (agentId === null) return ['OPERATION_UNKNOWN', 'Reconciliation: Operation is unknown'];
  if (master.recoveredAgents.has(agentId)) {
    return ['OPERATION_RECOVERING', 'Reconciliation: Agent is recovered and has not re-registered yet'];
  }
  if (master.agentsById.has(agentId)) {
    return ['OPERATION_UNKNOWN', 'Reconciliation: Operation is unknown to the agent'];
  }
  if (master.unreachableAgents.has(agentId)) {
    return ['OPERATION_UNREACHABLE', 'Reconciliation: Agent is unreachable'];
  }
  if (master.goneAgents.has(agentId)) {
    return ['OPERATION_GONE_BY_OPERATOR', 'Reconciliation: Agent was marked gone by an operator'];
  }
  return ['OPERATION_UNKNOWN', 'Reconciliation: Both operation and agent are unknown'];
}
