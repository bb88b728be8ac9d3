import { assert } from '../core/index.ts';
import { isTerminal, machineKey } from '../protocol/index.ts';
import { Resources, withCount } from '../resources/index.ts';
import type { AgentRecord } from './agent-record.ts';
import type { MasterState } from './state.ts';
import { KindSums } from './stats.ts';

/** Whole-state checks of the master's books. Throws InvariantError at the first that fails. */
export function checkMasterInvariants(master: MasterState): void {
  const offered = new KindSums();
  const allocated = new KindSums();
  const total = new KindSums();
  let offers = 0;
  let connected = 0;
  for (const agent of master.agents) {
    offers += checkAgent(master, agent, offered, allocated);
    if (agent.link === null) continue;
    connected++;
    total.add(agent.info.resources);
  }
  assert(offers === master.offers.count, 'every outstanding offer hangs on a registered agent');
  assert(connected === master.stats.agentsConnected, 'connected agents are counted');
  checkSums(offered, master.stats.offered, 'offered');
  checkSums(allocated, master.stats.allocated, 'allocated');
  checkSums(total, master.stats.total, 'total');
  checkFrameworks(master);
  checkAuthorizations(master);
  for (const [frameworkId, operations] of master.operations) {
    assert(operations.size > 0, 'only frameworks that watch an operation are remembered for it');
    for (const operation of operations) {
      assert(
        operation.frameworkId === frameworkId,
        'an operation is that of the framework that it is found by',
      );
      assert(
        operation.agent.operations?.get(operation.uuid) === operation,
        'an operation is that of its agent',
      );
      assert(
        master.agentsById.get(operation.agent.id) === operation.agent,
        'an operation is on a registered agent',
      );
    }
  }
  checkOperators(master);
}

/** Offered and used resources of one agent fit its total, and nothing hangs on an agent that is away. Returns its offers. */
function checkAgent(master: MasterState, agent: AgentRecord, offered: KindSums, allocated: KindSums): number {
  assert(master.agentsById.get(agent.id) === agent, 'an agent is found by its id');
  if (agent.link !== null)
    assert(master.agentsByLink.get(agent.link) === agent, 'an agent is found by its link');
  let held = Resources.EMPTY;
  let offers = 0;
  for (let slot = agent.offerHead; slot !== -1; slot = master.offers.nextOfAgent(slot)) {
    assert(agent.link !== null, 'offers are outstanding only on connected agents');
    assert(!agent.deactivated, 'no offer is of a deactivated agent');
    assert(!master.machinesDown.has(machineKey(agent.info)), 'no offer is of an agent whose machine is down');
    assert(
      master.offers.offer(slot).unavailability === agent.unavailability,
      'an offer says when its agent goes away',
    );
    assert(master.offers.agent(slot) === agent, 'an offer in the list of an agent is of that agent');
    assert(
      master.offers.framework(slot).stream !== null,
      'offers are outstanding only with connected frameworks',
    );
    const { resources } = master.offers.offer(slot);
    held = held.plus(resources);
    offered.add(resources);
    offers++;
  }
  agent.tasks.forEach((task, index) => {
    assert(task.indexInAgent === index && task.agent === agent, 'a task stands where it says it stands');
    const isFrameworks = task.framework.tasks.get(task.taskId) === task;
    assert(isFrameworks !== task.isSuperseded, 'a task of an agent is its framework’s, or superseded');
    if (task.isSuperseded) {
      assert(task.framework.supersededTasks!.has(task), 'a superseded task is known to its framework');
      assert(!isTerminal(task.state), 'a superseded task that has ended is forgotten');
    }
    if (isTerminal(task.state)) return;
    held = held.plus(task.info.resources);
    allocated.add(task.info.resources);
  });
  for (const executor of agent.executors) {
    held = held.plus(executor.info.resources);
    allocated.add(executor.info.resources);
  }
  for (const [uuid, operation] of agent.operations ?? []) {
    assert(operation.uuid === uuid && operation.agent === agent, 'an operation is found by its uuid');
    assert(operation.isPending || operation.holder === null, 'an operation that has ended holds nothing');
    if (operation.isWatched) {
      const isFound = master.operations.get(operation.frameworkId!)?.has(operation) === true;
      assert(isFound, 'an operation that a framework watches is found by the framework');
    }
    held = held.plus(operation.held);
    allocated.add(operation.held);
  }
  checkVolumes(agent);
  assert(agent.info.resources.contains(held.nonShared()), `agent ${agent.id} is allocated beyond its total`);
  return offers;
}

/** What is used of shared volumes is there, in however many copies. */
function checkVolumes(agent: AgentRecord): void {
  const { resources } = agent.info;
  if (resources.isPlain) return;
  for (const { count } of resources.persistentVolumes().entries)
    assert(count === 1, 'an agent has a volume once, shared or not');
  for (const task of agent.tasks) {
    if (isTerminal(task.state)) continue;
    for (const entry of task.info.resources.shared().entries)
      assert(resources.contains(Resources.of([withCount(entry, 1)])), 'a shared volume in use is there');
  }
}

/** What operators made of agents and machines: the records say the same as the maps that the registry is behind. */
function checkOperators(master: MasterState): void {
  for (const agent of master.agents) {
    const drain = master.deactivatedAgents.get(agent.id);
    assert(agent.deactivated === (drain !== undefined), 'an agent knows whether it is deactivated');
    assert(
      master.draining.has(agent) === (drain?.state === 'DRAINING'),
      'the agents that drain are those that are said to',
    );
    assert(
      agent.leaving !== null || !master.machinesDown.has(machineKey(agent.info)),
      'agents on machines that are down are told to go',
    );
    const window = master.scheduledMachines.get(machineKey(agent.info)) ?? null;
    assert(
      agent.unavailability?.start === window?.start && agent.unavailability?.duration === window?.duration,
      'an agent knows when its machine goes away',
    );
  }
  for (const id of master.deactivatedAgents.keys()) {
    const isMember =
      master.agentsById.has(id) || master.recoveredAgents.has(id) || master.unreachableAgents.has(id);
    assert(isMember, 'only agents that are known are deactivated');
  }
  for (const key of master.machinesDown.keys())
    assert(master.scheduledMachines.has(key), 'a machine that is down is in the schedule');
  const asked = new Set<string>();
  for (const { agent, framework } of master.inverseOffers.values()) {
    assert(master.agents.get(agent.row) === agent, 'an inverse offer is of a registered agent');
    assert(agent.unavailability !== null, 'an inverse offer is of an agent that goes away');
    assert(framework.stream !== null, 'an inverse offer is with a connected framework');
    const pair = `${agent.row}/${framework.row}`;
    assert(!asked.has(pair), 'a framework is asked for an agent once at a time');
    asked.add(pair);
  }
}

function checkFrameworks(master: MasterState): void {
  for (const framework of master.frameworks) {
    assert(master.frameworksById.get(framework.id) === framework, 'a framework is found by its id');
    if (framework.stream !== null) {
      assert(
        master.frameworksByStream.get(framework.stream) === framework,
        'a framework is found by its stream',
      );
      assert(framework.failoverDeadline === null, 'a connected framework is not timed out');
      assert(!framework.condemned, 'a connected framework is not about to be removed');
    }
    for (const task of framework.supersededTasks ?? [])
      assert(task.agent.tasks.includes(task), 'a superseded task is on the books of its agent');
    for (const task of framework.tasks.values()) {
      assert(
        master.agents.get(task.agent.row) === task.agent,
        'a task of a framework is on a registered agent',
      );
      assert(!framework.unreachableTasks.has(task.taskId), 'a task is either known or unreachable');
    }
    for (let slot = framework.offerHead; slot !== -1; slot = master.offers.nextOfFramework(slot)) {
      assert(master.offers.framework(slot) === framework, 'an offer in the list of a framework is its own');
    }
  }
}

function checkSums(found: KindSums, kept: KindSums, what: string): void {
  for (const kind of ['cpus', 'mem', 'disk', 'gpus'] as const) {
    assert(
      found[kind] === kept[kind],
      `${what} ${kind}: the books add up to ${found[kind]}, the counter says ${kept[kind]}`,
    );
  }
}

/** Nothing waits for an authorizer that nobody asked (bug ledger B08, B15). */
function checkAuthorizations({ authorizations }: MasterState): void {
  if (authorizations === null) return;
  const { asked, queues, registering } = authorizations;
  let withQueue = 0;
  for (const { waiting } of asked.values()) {
    const hasQueue =
      waiting.kind === 'call' || (waiting.kind === 'subscribe' && waiting.call.frameworkId !== null);
    if (hasQueue) withQueue++;
  }
  assert(
    withQueue === queues.size,
    'calls of a framework wait behind one that the authorizer is asked about',
  );
  for (const ticket of registering.values())
    assert(asked.has(ticket), 'a registration waits for a question that is open');
}
