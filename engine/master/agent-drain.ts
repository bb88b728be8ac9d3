import { type AgentId, mention } from '../core/index.ts';
import { type AgentInfo, machineKey, machineText, type OperatorMutation } from '../protocol/index.ts';
import { type RegistryOperation, scheduledMachines } from '../registry/index.ts';
import { markGone } from './agent-gone.ts';
import type { AgentRecord } from './agent-record.ts';
import type { CallError } from './call-error.ts';
import { orderDrain } from './drain-waves.ts';
import { refuse } from './frameworks.ts';
import { rescindOffersOfAgent } from './offers.ts';
import { answer, change, type OperatorRequest, refuseInvalid } from './operator-request.ts';
import { agentUpdated } from './published.ts';
import type { MasterState } from './state.ts';

type DrainCall = Extract<OperatorMutation, { type: 'DRAIN_AGENT' }>;
type Change<Kind extends RegistryOperation['kind']> = Extract<RegistryOperation, { kind: Kind }>;

/** DRAIN_AGENT (spec 10 §2): said again, it replaces the drain's config and begins anew. */
export function drainAgent(master: MasterState, from: OperatorRequest, call: DrainCall): void {
  const { agentId, maxGracePeriod, markGone: isToBeGone } = call;
  const error = unknownAgent(master, agentId);
  if (error !== null) {
    refuse(master, from.request, error);
    return;
  }
  const invalid = invalidDrain(master, call);
  if (invalid !== null) {
    refuseInvalid(master, from, invalid);
    return;
  }
  const config = { maxGracePeriod, markGone: isToBeGone };
  change(master, from, { kind: 'agentDrainStarted', id: agentId, config, at: master.now });
}

/** The first rule that the drain breaks. Of an unreachable agent only the id is known. */
function invalidDrain(master: MasterState, { agentId, maxGracePeriod }: DrainCall): string | null {
  if (maxGracePeriod !== null && !(maxGracePeriod >= 0))
    return `max_grace_period is ${maxGracePeriod} µs: a grace period is 0 or more`;
  const info = infoOf(master, agentId);
  if (info === null) return null;
  if (!info.capabilities.includes('AGENT_DRAINING'))
    return `Agent ${mention.agent(agentId)} is not capable of being drained: it lacks AGENT_DRAINING`;
  if (scheduledMachines(master.intended.schedule).has(machineKey(info)))
    return `Machine ${machineText(info)} of agent ${mention.agent(agentId)} is in the maintenance schedule: take it out before the agent is drained`;
  return null;
}

/** DEACTIVATE_AGENT (spec 10 §3): no offers; what runs there is let alone. */
export function deactivateAgent(master: MasterState, from: OperatorRequest, agentId: AgentId): void {
  const error = unknownAgent(master, agentId);
  if (error !== null) refuse(master, from.request, error);
  else change(master, from, { kind: 'agentDeactivated', id: agentId });
}

/** REACTIVATE_AGENT (spec 10 §3). With the option `drainCancel` it takes a drain back that goes on; in Mesos a drain cannot be. */
export function reactivateAgent(master: MasterState, from: OperatorRequest, agentId: AgentId): void {
  const error = unknownAgent(master, agentId);
  if (error !== null) {
    refuse(master, from.request, error);
    return;
  }
  const drain = master.intended.deactivated.get(agentId);
  if (drain === undefined) refuseInvalid(master, from, `Agent ${mention.agent(agentId)} is not deactivated`);
  else if (drain?.state === 'DRAINING' && !master.options.drainCancel)
    refuseInvalid(
      master,
      from,
      `Agent ${mention.agent(agentId)} is still draining: it is reactivated once it is drained`,
    );
  else change(master, from, { kind: 'agentReactivated', id: agentId });
}

/** Why an operator cannot name the agent: it is not registered, recovered or unreachable, or will not be for long. */
function unknownAgent({ intended, goneAgents }: MasterState, id: AgentId): CallError | null {
  if (intended.isMember(id)) return null;
  if (intended.isGone(id) && !goneAgents.has(id))
    return { code: 'CONFLICT', message: `Agent ${mention.agent(id)} is being marked gone` };
  return { code: 'CALL_INVALID', message: `Unknown agent ${mention.agent(id)}` };
}

function infoOf(master: MasterState, id: AgentId): AgentInfo | null {
  return master.agentsById.get(id)?.info ?? master.recoveredAgents.get(id) ?? null;
}

// What follows once the registry holds it. The agent may have come, gone or changed meanwhile (bug ledger B19, B21).

export function drainStarted(
  master: MasterState,
  { id, config, at }: Change<'agentDrainStarted'>,
  from: OperatorRequest | null,
): void {
  master.deactivatedAgents.set(id, { state: 'DRAINING', config, startedAt: at });
  const agent = master.agentsById.get(id);
  if (agent !== undefined) {
    withhold(master, agent);
    master.draining.add(agent);
    orderDrain(master, agent, true);
    agentUpdated(master, agent);
  }
  answer(master, from);
}

export function drained(master: MasterState, id: AgentId): void {
  const drain = master.deactivatedAgents.get(id) ?? null;
  if (drain !== null) master.deactivatedAgents.set(id, { ...drain, state: 'DRAINED' });
  const agent = master.agentsById.get(id);
  if (agent === undefined) return;
  endDrain(master, agent);
  agentUpdated(master, agent);
}

export function deactivated(master: MasterState, id: AgentId, from: OperatorRequest | null): void {
  if (!master.deactivatedAgents.has(id)) master.deactivatedAgents.set(id, null);
  const agent = master.agentsById.get(id);
  if (agent !== undefined && !agent.deactivated) {
    withhold(master, agent);
    agentUpdated(master, agent);
  }
  answer(master, from);
}

/** The agent's state is cleared in any case; an agent that is not registered at this moment is no answer to the operator's wish. */
export function reactivated(master: MasterState, id: AgentId, from: OperatorRequest | null): void {
  const drain = master.deactivatedAgents.get(id) ?? null;
  master.deactivatedAgents.delete(id);
  const agent = master.agentsById.get(id);
  if (agent === undefined) {
    const message = `Agent ${mention.agent(id)} is not registered at this moment: it is no longer deactivated, and gets offers once it is back`;
    if (from !== null) refuse(master, from.request, { code: 'CONFLICT', message });
    return;
  }
  agent.deactivated = false;
  endDrain(master, agent);
  if (agent.link !== null) {
    if (drain !== null) master.tell(agent, { type: 'STOP_DRAINING' });
    // Its machine may have gone down since the operator asked.
    if (agent.isOfferable) master.allocator.activateAgent(master.now, agent.row);
  }
  agentUpdated(master, agent);
  answer(master, from);
}

/**
 * An agent entered the books again: what an operator made of it holds still (bug ledger B21). Before anything is offered, and before the
 * agent is told that it is registered.
 */
export function resumeDeactivation(master: MasterState, agent: AgentRecord): void {
  const drain = master.deactivatedAgents.get(agent.id);
  if (drain === undefined) return;
  agent.deactivated = true;
  if (drain?.state === 'DRAINING') master.draining.add(agent);
}

/** After the agent was told that it is registered. */
export function resumeDrain(master: MasterState, agent: AgentRecord): void {
  if (master.draining.has(agent)) orderDrain(master, agent, true);
}

/**
 * A drain is over when the agent is back, has no task left, not even an ended one that nobody has acknowledged, and no operation pending.
 * Asked after every step, since nothing need happen on an empty agent (bug ledger B20). O(agents that drain), nothing without one.
 */
export function settleDrains(master: MasterState): void {
  for (const agent of master.draining) {
    if (agent.link === null || agent.leaving !== null || !isIdle(agent)) continue;
    const drain = master.intended.deactivated.get(agent.id) ?? null;
    // Its end, or an operator's change of mind, is on its way.
    if (drain === null || drain.state !== 'DRAINING') continue;
    if (drain.config.markGone) markGone(master, agent, null);
    else change(master, null, { kind: 'agentDrained', id: agent.id });
  }
}

function isIdle(agent: AgentRecord): boolean {
  if (agent.tasks.length > 0) return false;
  if (agent.operations === null) return true;
  for (const { isPending } of agent.operations.values()) if (isPending) return false;
  return true;
}

/** Takes the agent's offers back; it gets no more. */
function withhold(master: MasterState, agent: AgentRecord): void {
  if (agent.deactivated) return;
  agent.deactivated = true;
  if (agent.link === null) return;
  rescindOffersOfAgent(master, agent);
  master.allocator.deactivateAgent(master.now, agent.row);
}

function endDrain(master: MasterState, agent: AgentRecord): void {
  master.draining.delete(agent);
  agent.drainOrdered = null;
}
