import { assert } from '../../../engine/core/index.ts';
import type { AgentFleet, FrameworkFleet, MasterEnsemble, SchedulerSide } from '../world/index.ts';
import type { TaskLedger } from './task-ledger.ts';

/** Each machine's own books. */
export function checkMachines(masters: MasterEnsemble, agents: AgentFleet, schedulers: SchedulerSide): void {
  for (const { machine } of masters.hosts) machine?.checkInvariants();
  for (let machine = 0; machine < agents.count; machine++) agents.agent(machine)?.checkInvariants();
  schedulers.checkInvariants();
}

/** What must hold between machines at any instant, whatever is on its way between them. */
export function checkCluster(masters: MasterEnsemble, agents: AgentFleet): void {
  checkContainers(agents);
  checkRegistry(masters);
}

/** The same, and what workload frameworks know of their tasks. */
export function checkWorld(
  masters: MasterEnsemble,
  agents: AgentFleet,
  frameworks: FrameworkFleet,
  ledger: TaskLedger | null,
): void {
  checkCluster(masters, agents);
  checkLedger(frameworks, ledger);
}

/** A container runs only on a machine that is there, for a task that its agent, or its agent's disk, knows; and tasks fit the machine. */
function checkContainers(agents: AgentFleet): void {
  const { table } = agents.containers;
  for (let machine = 0; machine < agents.count; machine++) {
    const agent = agents.agent(machine);
    if (agent === null) continue;
    const known = new Set(agent.liveContainers());
    const isDeaf = agents.isFrozen(machine);
    let containers = 0;
    for (let slot = table.first(machine); slot >= 0; slot = table.next(slot)) {
      containers++;
      // A container that was told to end may outlive its task in the agent's books by the time of the signal.
      if (table.signal(slot) !== 0) continue;
      const handle = table.handle(slot);
      assert(
        known.has(handle),
        `container ${handle} on machine ${machine} belongs to a task or executor of its agent`,
      );
    }
    // A frozen agent has not seen yet what ended meanwhile.
    assert(
      isDeaf || known.size <= containers,
      `every task and executor of the agent on machine ${machine} has its container`,
    );
  }
}

/** Every task launched and not ended is known to its framework, and no other: nothing is lost, nothing ends twice. */
function checkLedger(frameworks: FrameworkFleet, ledger: TaskLedger | null): void {
  if (ledger === null) return;
  const live = Array.from({ length: frameworks.count }, () => 0);
  for (const { role, frameworks: numbers } of frameworks.roles) {
    for (const number of numbers) live[number]! += frameworks.framework(number).roleCounts(role).tasksLive;
  }
  live.forEach((count, number) => {
    assert(
      ledger.countOf(number) === count,
      `framework ${number} knows ${count} live tasks of the ${ledger.countOf(number)} that it launched and that have not ended`,
    );
  });
}

/** What the master admits is durable: a restart would find every agent that it counts as registered. */
function checkRegistry({ machine, registry, coordination }: MasterEnsemble): void {
  // One that was elected and has been succeeded in the registry since is on its way out.
  if (machine === null || !machine.isLeading || machine.epoch !== registry.epoch) return;
  // What it is writing may have taken an agent away already.
  if (coordination.isWriting(coordination.leader)) return;
  const { admitted } = registry.snapshot();
  for (const agent of machine.state.agents) {
    assert(admitted.has(agent.id), `agent ${agent.id} is registered, and so in the registry`);
  }
}

/** A run whose work is done has come to rest. See `Simulation.checkSettled`. */
export function checkSettled(masters: MasterEnsemble, agents: AgentFleet, frameworks: FrameworkFleet): void {
  for (let number = 0; number < frameworks.count; number++) {
    const framework = frameworks.framework(number);
    assert(framework.isSubscribed, `framework ${number} is subscribed`);
    assert(framework.isIdle, `framework ${number} has no job left`);
  }
  checkClusterSettled(masters, agents);
}

/** Masters and agents of a cluster without work have come to rest: one leads, every agent is registered, nothing is left on any. */
export function checkClusterSettled(masters: MasterEnsemble, agents: AgentFleet): void {
  const { machine } = masters;
  assert(machine?.isLeading === true, 'a master leads');
  for (const host of masters.hosts) {
    assert(host.machine !== null && !host.isFrozen, `master ${host.number} is there`);
    assert(
      host.machine === machine || !host.machine.isLeading,
      `master ${host.number} knows that it does not lead`,
    );
  }
  let up = 0;
  for (let index = 0; index < agents.count; index++) {
    const agent = agents.agent(index);
    if (agent === null) continue;
    up++;
    assert(agent.isRegistered, `the agent on machine ${index} is registered`);
    assert(agent.taskCount === 0, `the agent on machine ${index} has ${agent.taskCount} tasks left`);
  }
  assert(agents.containers.table.count === 0, `${agents.containers.table.count} containers are left`);
  const { stats } = machine;
  assert(stats.agentsConnected === up, `${stats.agentsConnected} of ${up} agents are connected`);
  for (const kind of ['cpus', 'mem', 'disk', 'gpus'] as const) {
    assert(
      stats.allocated[kind] === 0,
      `${stats.allocated[kind]} thousandths of ${kind} are still allocated`,
    );
  }
  for (const framework of machine.state.frameworks) {
    assert(
      framework.tasks.size === 0,
      `the master has ${framework.tasks.size} tasks of framework ${framework.id} left`,
    );
  }
}
