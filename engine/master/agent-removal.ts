import type { AgentId, Micros } from '../core/index.ts';
import { isTerminal, type StatusReason, type TaskState } from '../protocol/index.ts';
import type { AgentRecord } from './agent-record.ts';
import { forgetAddress, startReregisterTimer } from './agent-registration.ts';
import type { LinkId } from './input.ts';
import { forgetAsked } from './inverse-offers.ts';
import { downText } from './maintenance.ts';
import { rescindOffersOfAgent } from './offers.ts';
import { loseOperations } from './operations.ts';
import { agentRemoved, agentUpdated, taskTold } from './published.ts';
import { armRegistryGc } from './registry-gc.ts';
import { scheduleRemoval, spare } from './removal-limit.ts';
import { type MasterState, TIMER_RECOVERED } from './state.ts';
import { endSuperseded } from './superseded-tasks.ts';
import {
  forgetExecutor,
  forgetTask,
  masterStatus,
  recoverTask,
  takeOff,
  rememberUnreachable,
  removeExecutor,
} from './tasks.ts';

/** The link to an agent broke: inactive, offers rescinded, and a deadline to re-register (spec 07 §5, 13 §5). */
export function disconnectAgent(master: MasterState, link: LinkId): void {
  master.registering.delete(link);
  master.authorizations?.registering.delete(link);
  const agent = master.agentsByLink.get(link);
  if (agent !== undefined) dropAgent(master, agent);
}

/** The master's side of a broken link. */
export function dropAgent(master: MasterState, agent: AgentRecord): void {
  disconnect(master, agent);
  loseUncheckpointed(master, agent);
  agentUpdated(master, agent);
  if (agent.leaving === null) startReregisterTimer(master, agent);
}

/** The agent is no longer connected; what it runs is another matter. */
function disconnect(master: MasterState, agent: AgentRecord): void {
  master.agentsByLink.delete(agent.link!);
  agent.link = null;
  master.missing.delete(agent);
  master.stats.agentsConnected--;
  master.stats.total.subtract(agent.info.resources);
  rescindOffersOfAgent(master, agent);
  if (!agent.deactivated) master.allocator.deactivateAgent(master.now, agent.row);
}

/** Tasks of frameworks that do not checkpoint are lost with the connection (spec 07 §5). */
function loseUncheckpointed(master: MasterState, agent: AgentRecord): void {
  for (const task of agent.tasks.filter((one) => !one.framework.info.checkpoint)) {
    if (task.isSuperseded) {
      endSuperseded(master, task);
      continue;
    }
    if (!isTerminal(task.state)) {
      recoverTask(master, task);
      const message = 'Agent disconnected, and the framework does not checkpoint';
      const status = masterStatus(
        master,
        task.taskId,
        'TASK_LOST',
        'REASON_AGENT_DISCONNECTED',
        message,
        agent.id,
        task.executorId,
      );
      task.state = 'TASK_LOST';
      taskTold(master, task, status, true);
      master.send(task.framework, { type: 'UPDATE', status });
    }
    forgetTask(master, task);
  }
  for (const executor of agent.executors.filter((one) => !one.framework.info.checkpoint))
    removeExecutor(master, executor);
}

/** The agent missed its pings or its deadline: first the registry, then everybody (spec 13 §5). */
export function markUnreachable(master: MasterState, agent: AgentRecord): void {
  if (agent.leaving !== null) return;
  agent.leaving = 'unreachable';
  master.counters.agentUnreachableScheduled++;
  master.persist(
    { kind: 'agentMarkedUnreachable', id: agent.id, at: master.now },
    { kind: 'unreachable', agent, at: master.now },
  );
}

/** The registry says unreachable: tasks of partition-aware frameworks become so, those of others are lost; all are remembered. */
export function markedUnreachable(master: MasterState, agent: AgentRecord, at: Micros): void {
  rememberUnreachableAgent(master, agent.id, at);
  master.counters.agentUnreachableCompleted++;
  if (agent.unregistered) master.counters.agentRemovalsUnregistered++;
  else master.counters.agentRemovalsUnhealthy++;
  removeAgent(master, agent, 'TASK_UNREACHABLE', 'REASON_AGENT_REMOVED', 'Agent is unreachable', at);
}

/** The agent's machine is down for maintenance: its tasks are lost, to partition-aware frameworks too (spec 10 §1). */
export function wentDown(master: MasterState, agent: AgentRecord): void {
  master.deactivatedAgents.delete(agent.id);
  removeAgent(master, agent, 'TASK_LOST', 'REASON_AGENT_REMOVED', downText(agent.info), master.now);
}

/** The registry no longer holds the agent: its tasks are gone. */
export function removed(master: MasterState, agent: AgentRecord): void {
  master.counters.agentRemovalsRegistered++;
  master.deactivatedAgents.delete(agent.id);
  removeAgent(
    master,
    agent,
    'TASK_GONE',
    'REASON_AGENT_REMOVED',
    'A new agent registered at the same address',
    master.now,
  );
}

/** Takes the agent off the books, with all that hangs on it; its tasks' frameworks are told `state`, or TASK_LOST if they know no better. */
export function removeAgent(
  master: MasterState,
  agent: AgentRecord,
  state: TaskState,
  reason: StatusReason,
  message: string,
  at: Micros,
): void {
  if (agent.link !== null) {
    master.out.push({ kind: 'closeLink', link: agent.link });
    disconnect(master, agent);
  }
  agent.reregisterDeadline = null;
  master.draining.delete(agent);
  spare(master, agent);
  const isAway = state === 'TASK_UNREACHABLE';
  for (const task of [...agent.tasks]) {
    if (task.isSuperseded) {
      endSuperseded(master, task);
      continue;
    }
    const wasTerminal = isTerminal(task.state);
    if (!wasTerminal) recoverTask(master, task);
    const { framework } = task;
    const told = framework.partitionAware ? state : 'TASK_LOST';
    if (!wasTerminal) task.state = told;
    if (!wasTerminal && isAway) {
      takeOff(task);
      task.unreachableTime = at;
      rememberUnreachable(master, framework, task);
    } else {
      forgetTask(master, task);
    }
    // A task that had ended, its end not acknowledged, is told of as well: if the agent never returns, nobody else will.
    const since = isAway && framework.partitionAware ? at : null;
    const status = masterStatus(master, task.taskId, told, reason, message, agent.id, task.executorId, since);
    if (!wasTerminal) taskTold(master, task, status, true);
    master.send(framework, { type: 'UPDATE', status });
  }
  const operationState = isAway ? 'OPERATION_UNREACHABLE' : 'OPERATION_GONE_BY_OPERATOR';
  loseOperations(master, agent, operationState, message);
  for (const executor of [...agent.executors]) {
    forgetExecutor(executor);
    master.stats.allocated.subtract(executor.info.resources);
  }
  forgetAsked(master, agent);
  master.allocator.removeAgent(master.now, agent.row);
  master.agentsById.delete(agent.id);
  forgetAddress(master, agent);
  master.agents.remove(agent);
  agentRemoved(master, agent.id);
  for (const framework of master.frameworks) {
    master.send(framework, { type: 'FAILURE', agentId: agent.id, executorId: null, status: null });
  }
}

/**
 * The time of the registry's agents to come back after the election is over (spec 13 §4). More of them missing than
 * `--recovery_agent_removal_limit` allows means that something else is wrong: the master ends, and removes none.
 */
export function giveUpRecovered(master: MasterState): void {
  if (master.recoveryDeadline === null || master.recoveryDeadline > master.now) return;
  master.recoveryDeadline = null;
  const missing = [...master.recoveredAgents.keys()].filter((id) => !master.readmitting.has(id));
  const { recoveryAgentRemovalLimit } = master.options;
  if (missing.length > recoveryAgentRemovalLimit * master.agentsAtElection) {
    master.ended = true;
    const reason = `${missing.length} of ${master.agentsAtElection} agents of the registry did not come back: recovery_agent_removal_limit is ${recoveryAgentRemovalLimit * 100} %`;
    master.out.push({ kind: 'abdicate', reason });
    return;
  }
  for (const id of missing) scheduleRemoval(master, id);
}

/** Its turn has come. It may be on its way back, or marked gone meanwhile. */
export function giveUpRecoveredAgent(master: MasterState, id: AgentId): void {
  if (!master.recoveredAgents.has(id) || master.readmitting.has(id)) return;
  master.readmitting.add(id);
  master.persist(
    { kind: 'agentMarkedUnreachable', id, at: master.now },
    { kind: 'recoveredUnreachable', id, at: master.now },
  );
}

export function recoveredMarkedUnreachable(master: MasterState, id: AgentId, at: Micros): void {
  master.readmitting.delete(id);
  master.recoveredAgents.delete(id);
  rememberUnreachableAgent(master, id, at);
  master.counters.recoveryAgentRemovals++;
  agentRemoved(master, id);
  for (const framework of master.frameworks) {
    master.send(framework, { type: 'FAILURE', agentId: id, executorId: null, status: null });
  }
}

function rememberUnreachableAgent(master: MasterState, id: AgentId, at: Micros): void {
  master.unreachableAgents.set(id, at);
  armRegistryGc(master);
}

/** After the election the agents of the registry have this long to come back. */
export function startRecoveryTimer(master: MasterState): void {
  if (master.recoveredAgents.size === 0) return;
  master.recoveryDeadline = master.after(master.options.agentReregisterTimeout);
  master.timers.set(master.recoveryDeadline, TIMER_RECOVERED, 0);
}
