import { type AgentId, type Micros, mention } from '../core/index.ts';
import type { AgentRecord } from './agent-record.ts';
import { removeAgent } from './agent-removal.ts';
import { refuse } from './frameworks.ts';
import { answer, change, type OperatorRequest } from './operator-request.ts';
import { agentRemoved, taskTold } from './published.ts';
import { armRegistryGc } from './registry-gc.ts';
import type { MasterState } from './state.ts';
import { complete, masterStatus } from './tasks.ts';

const MESSAGE = 'Agent has been marked gone';

/** MARK_AGENT_GONE (spec 10 §4): for ever. Marking a gone agent again succeeds. */
export function markAgentGone(master: MasterState, from: OperatorRequest, agentId: AgentId): void {
  if (master.goneAgents.has(agentId)) {
    answer(master, from);
    return;
  }
  const agent = master.agentsById.get(agentId);
  const isInTransition =
    master.intended.isGone(agentId) ||
    master.readmitting.has(agentId) ||
    (agent !== undefined && agent.leaving !== null);
  if (isInTransition) {
    const message = `Agent ${mention.agent(agentId)} is on its way to another state: try again`;
    refuse(master, from.request, { code: 'IN_TRANSITION', message });
  } else if (agent !== undefined) {
    markGone(master, agent, from);
  } else if (master.recoveredAgents.has(agentId) || master.unreachableAgents.has(agentId)) {
    // What it may say meanwhile is not heard: it is refused for good once this is durable.
    master.readmitting.add(agentId);
    change(master, from, { kind: 'agentMarkedGone', id: agentId, at: master.now });
  } else {
    const message = `Agent ${mention.agent(agentId)} is not known: it is not registered, recovered, unreachable or gone`;
    refuse(master, from.request, { code: 'NOT_FOUND', message });
  }
}

/** A registered agent that no other transition holds. */
export function markGone(master: MasterState, agent: AgentRecord, from: OperatorRequest | null): void {
  agent.leaving = 'gone';
  change(master, from, { kind: 'agentMarkedGone', id: agent.id, at: master.now });
}

/** The registry holds it: the agent's tasks are over in the same step (bug ledger B59). */
export function markedGone(master: MasterState, id: AgentId, at: Micros, from: OperatorRequest | null): void {
  master.readmitting.delete(id);
  master.goneAgents.set(id, at);
  armRegistryGc(master);
  const agent = master.agentsById.get(id);
  if (agent !== undefined) {
    master.tell(agent, { type: 'SHUTDOWN', message: MESSAGE });
    removeAgent(master, agent, 'TASK_GONE_BY_OPERATOR', 'REASON_AGENT_REMOVED_BY_OPERATOR', MESSAGE, at);
  } else if (master.recoveredAgents.delete(id)) {
    agentRemoved(master, id);
    for (const framework of master.frameworks)
      master.send(framework, { type: 'FAILURE', agentId: id, executorId: null, status: null });
  } else {
    master.unreachableAgents.delete(id);
    endUnreachableTasks(master, id);
  }
  master.deactivatedAgents.delete(id);
  answer(master, from);
}

/** Tasks of an unreachable agent that will never be back. Frameworks that are not partition-aware know them as lost already. */
function endUnreachableTasks(master: MasterState, id: AgentId): void {
  for (const framework of master.frameworks) {
    for (const task of framework.unreachableTasks.values()) {
      if (task.agent.id !== id) continue;
      framework.unreachableTasks.delete(task.taskId);
      if (framework.partitionAware) {
        task.state = 'TASK_GONE_BY_OPERATOR';
        const status = masterStatus(
          master,
          task.taskId,
          'TASK_GONE_BY_OPERATOR',
          'REASON_AGENT_REMOVED_BY_OPERATOR',
          MESSAGE,
          id,
          task.executorId,
        );
        taskTold(master, task, status, true);
        master.send(framework, { type: 'UPDATE', status });
      }
      complete(master, task);
    }
  }
}
