import { ALL_SEEING, type Viewer } from '../../authorization/index.ts';
import { type AgentStatus, type ClusterAgents, isTerminal } from '../../protocol/index.ts';
import { Resources } from '../../resources/index.ts';
import type { AgentRecord } from '../agent-record.ts';
import type { MasterState } from '../state.ts';
import { ResourceSum } from './resource-sum.ts';
import { visibleResources } from './visible-resources.ts';

/** GET_AGENTS (spec 05 §A): all agents are shown, resources of hidden roles are not. */
export function clusterAgents(master: MasterState, viewer: Viewer): ClusterAgents {
  const recoveredAgents = [...master.recoveredAgents.values()].map((info) =>
    viewer.seesAll ? info : { ...info, resources: visibleResources(info.resources, viewer) },
  );
  return { agents: [...agentStatuses(master, viewer)], recoveredAgents };
}

/** One by one, each of the instant it is asked for: a driver may let the master go on in between. */
export function* agentStatuses(master: MasterState, viewer: Viewer): Generator<AgentStatus> {
  for (const agent of master.agents) yield agentStatus(master, agent, viewer);
}

/** `Agent`. The same for all that see all as long as `agent.version` stays the same. O(what runs there). */
export function agentStatus(
  master: MasterState,
  agent: AgentRecord,
  viewer: Viewer = ALL_SEEING,
): AgentStatus {
  const { info } = agent;
  const drain = master.deactivatedAgents.get(agent.id) ?? null;
  return {
    agentInfo: viewer.seesAll ? info : { ...info, resources: visibleResources(info.resources, viewer) },
    active: agent.link !== null && !agent.deactivated,
    deactivated: agent.deactivated,
    registeredTime: agent.registeredTime,
    reregisteredTime: agent.reregisteredTime,
    totalResources: visibleResources(info.resources, viewer),
    allocatedResources: visibleResources(allocatedOn(master, agent), viewer),
    offeredResources: visibleResources(offeredOn(master, agent), viewer),
    resourceProviders: [],
    drainInfo: drain === null ? null : { state: drain.state, config: drain.config },
    estimatedDrainStartTime: drain === null ? null : drain.startedAt,
  };
}

/** What tasks and executors hold there, allocated to their roles. */
function allocatedOn(master: MasterState, agent: AgentRecord): Resources {
  const sum = new ResourceSum();
  for (const task of agent.tasks) {
    if (!isTerminal(task.state)) sum.add(task.info.resources, master.allocator.roleName(task.role));
  }
  for (const { info, role } of agent.executors) sum.add(info.resources, master.allocator.roleName(role));
  return sum.total();
}

function offeredOn({ offers }: MasterState, agent: AgentRecord): Resources {
  let sum = Resources.EMPTY;
  for (let slot = agent.offerHead; slot !== -1; slot = offers.nextOfAgent(slot)) {
    const offer = offers.offer(slot);
    sum = sum.plus(offer.resources.allocate(offer.role));
  }
  return sum;
}
