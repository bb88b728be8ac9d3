import { ALL_SEEING, type Viewer, visibleResources } from '../../authorization/index.ts';
import type { Micros } from '../../core/index.ts';
import {
  type AgentInfo,
  type AgentStatus,
  type ClusterAgents,
  type DrainInfo,
  isTerminal,
} from '../../protocol/index.ts';
import { Resources } from '../../resources/index.ts';
import type { AgentRecord } from '../agent-record.ts';
import type { MasterState } from '../state.ts';
import { ResourceSum } from './resource-sum.ts';

/** GET_AGENTS (spec 05 §A): all agents are shown, resources of hidden roles are not. */
export function clusterAgents(master: MasterState, viewer: Viewer): ClusterAgents {
  const recoveredAgents = [...master.recoveredAgents.values()].map((info) =>
    viewer.seesAll ? info : { ...info, resources: visibleResources(info.resources, viewer) },
  );
  const agents: AgentStatus[] = [];
  for (const agent of master.agents) agents.push(new AgentCut(master, agent, viewer));
  return { agents, recoveredAgents };
}

/** As `agentStatus`, of its instant; what it holds is added up only when it is read, so that a large cluster is captured quickly. */
class AgentCut implements AgentStatus {
  readonly agentInfo: AgentInfo;
  readonly active: boolean;
  readonly deactivated: boolean;
  readonly registeredTime: Micros | null;
  readonly reregisteredTime: Micros | null;
  readonly totalResources: Resources;
  readonly offeredResources: Resources;
  readonly resourceProviders: AgentStatus['resourceProviders'];
  readonly drainInfo: DrainInfo | null;
  readonly estimatedDrainStartTime: Micros | null;
  readonly #held: Held;
  readonly #viewer: Viewer;
  #allocated: Resources | null = null;

  constructor(master: MasterState, agent: AgentRecord, viewer: Viewer) {
    const status = statusBeside(master, agent, viewer);
    this.agentInfo = status.agentInfo;
    this.active = status.active;
    this.deactivated = status.deactivated;
    this.registeredTime = status.registeredTime;
    this.reregisteredTime = status.reregisteredTime;
    this.totalResources = status.totalResources;
    this.offeredResources = status.offeredResources;
    this.resourceProviders = status.resourceProviders;
    this.drainInfo = status.drainInfo;
    this.estimatedDrainStartTime = status.estimatedDrainStartTime;
    this.#held = heldOn(master, agent);
    this.#viewer = viewer;
  }

  get allocatedResources(): Resources {
    this.#allocated ??= visibleResources(sumOf(this.#held), this.#viewer);
    return this.#allocated;
  }
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
  return {
    ...statusBeside(master, agent, viewer),
    allocatedResources: visibleResources(sumOf(heldOn(master, agent)), viewer),
  };
}

/** All but what tasks and executors hold there. */
function statusBeside(
  master: MasterState,
  agent: AgentRecord,
  viewer: Viewer,
): Omit<AgentStatus, 'allocatedResources'> {
  const { info } = agent;
  const resources = visibleResources(info.resources, viewer);
  const drain = master.deactivatedAgents.get(agent.id) ?? null;
  return {
    agentInfo: viewer.seesAll ? info : { ...info, resources },
    active: agent.link !== null && !agent.deactivated,
    deactivated: agent.deactivated,
    registeredTime: agent.registeredTime,
    reregisteredTime: agent.reregisteredTime,
    totalResources: resources,
    offeredResources: visibleResources(offeredOn(master, agent), viewer),
    resourceProviders: [],
    drainInfo: drain === null ? null : { state: drain.state, config: drain.config },
    estimatedDrainStartTime: drain === null ? null : drain.startedAt,
  };
}

/** What tasks and executors hold, each for its role. */
interface Held {
  readonly resources: Resources[];
  readonly roles: string[];
}

function heldOn({ allocator }: MasterState, agent: AgentRecord): Held {
  const held: Held = { resources: [], roles: [] };
  for (const task of agent.tasks) {
    if (isTerminal(task.state)) continue;
    held.resources.push(task.info.resources);
    held.roles.push(allocator.roleName(task.role));
  }
  for (const { info, role } of agent.executors) {
    held.resources.push(info.resources);
    held.roles.push(allocator.roleName(role));
  }
  return held;
}

/** Allocated to their roles. */
function sumOf({ resources, roles }: Held): Resources {
  const sum = new ResourceSum();
  for (let index = 0; index < resources.length; index++) sum.add(resources[index]!, roles[index]!);
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
