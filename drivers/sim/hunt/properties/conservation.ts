import { HierarchicalDrf } from '../../../../allocators/hierarchical-drf/index.ts';
import { InvariantError } from '../../../../engine/core/index.ts';
import type { MasterMachine } from '../../../../engine/master/index.ts';
import { isTerminal } from '../../../../engine/protocol/index.ts';
import { Resources } from '../../../../engine/resources/index.ts';
import { expectThat, type Property, PropertyError } from '../property.ts';
import type { Scene } from '../scene.ts';

/**
 * S1, conservation: on every agent, offered and used by whomever is within the total, and the allocator's copy of who holds what is what the
 * master's records add up to. At rest, the master's tasks and executors of an agent are those that the agent has.
 */
export function conservation(): Property {
  let turn = 0;
  return {
    id: 'S1',
    check(scene) {
      const { leader } = scene;
      if (leader === null) return;
      // One agent a time is enough while things move: what drifts stays so.
      const agents = [...leader.state.agents];
      if (agents.length > 0) checkAgent(leader, agents[turn++ % agents.length]!);
    },
    settled(scene) {
      const { leader } = scene;
      if (leader === null) return;
      checkBooks(leader);
      for (const agent of leader.state.agents) checkAgent(leader, agent);
      checkReports(scene, leader);
    },
  };
}

type AgentRecord = MasterMachine['state']['agents'] extends Iterable<infer Record> ? Record : never;

/** The master's and the allocator's own checks of their books. O(everything). */
export function checkBooks(leader: MasterMachine): void {
  try {
    leader.checkInvariants();
    const { allocator } = leader.state;
    if (allocator instanceof HierarchicalDrf) allocator.checkInvariants();
  } catch (error) {
    if (error instanceof InvariantError) throw new PropertyError('S1', error.message);
    throw error;
  }
}

/** Plain sums of the master's records against the allocator's. */
function checkAgent(leader: MasterMachine, agent: AgentRecord): void {
  const { state } = leader;
  const byHolder = new Map<string, Resources>();
  let held = Resources.EMPTY;
  const add = (framework: number, role: number, resources: Resources): void => {
    if (resources.isEmpty) return;
    const key = `${framework} ${role}`;
    byHolder.set(key, (byHolder.get(key) ?? Resources.EMPTY).plus(resources));
    held = held.plus(resources);
  };
  for (const task of agent.tasks) {
    if (!isTerminal(task.state)) add(task.framework.row, task.role, task.info.resources);
  }
  for (const { framework, role, info } of agent.executors) add(framework.row, role, info.resources);
  for (let slot = agent.offerHead; slot !== -1; slot = state.offers.nextOfAgent(slot)) {
    add(state.offers.framework(slot).row, state.offers.role(slot), state.offers.offer(slot).resources);
  }
  const total = agent.info.resources;
  expectThat(
    total.contains(held.nonShared()),
    'S1',
    () => `agent ${agent.id} has ${total.toString()}, and ${held.toString()} of it is offered or in use`,
  );
  const { allocator } = state;
  if (!(allocator instanceof HierarchicalDrf)) return;
  const { books } = allocator.scene();
  const row = books.agents[agent.row];
  expectThat(row != null, 'S1', () => `agent ${agent.id} is in the allocator's books`);
  expectThat(
    row.total.equals(total),
    'S1',
    () => `agent ${agent.id} has ${total.toString()}, to the allocator it has ${row.total.toString()}`,
  );
  const mirrored = new Map<string, Resources>();
  row.forEachPart((holder, resources) => {
    const { framework, role } = books.clients[holder]!;
    const key = `${framework} ${role}`;
    mirrored.set(key, (mirrored.get(key) ?? Resources.EMPTY).plus(resources));
  });
  for (const key of new Set([...byHolder.keys(), ...mirrored.keys()])) {
    const here = byHolder.get(key) ?? Resources.EMPTY;
    const there = mirrored.get(key) ?? Resources.EMPTY;
    expectThat(here.equals(there), 'S1', () => {
      const [framework, role] = key.split(' ').map(Number);
      const id = state.frameworks.get(framework as never)?.id ?? 'that is gone';
      return (
        `on agent ${agent.id} framework ${id} holds [${here.toString()}] in role ` +
        `${allocator.roleName(role as never)}, and to the allocator [${there.toString()}]`
      );
    });
  }
}

/** Master and agents agree on what runs. */
function checkReports(scene: Scene, leader: MasterMachine): void {
  const seen = new Set<string>();
  for (let machine = 0; machine < scene.scenario.machines.length; machine++) {
    const agent = scene.agent(machine);
    if (agent === null || agent.agentId === null) continue;
    const record = leader.state.agentsById.get(agent.agentId);
    if (record === undefined) continue;
    seen.add(String(record.id));
    const { tasks, executors } = agent.report();
    const running = new Set(
      tasks
        .filter((one) => !isTerminal(one.state))
        .map((one) => `task ${one.task.taskId} of ${one.frameworkId}`),
    );
    for (const one of executors) running.add(`executor ${one.executor.executorId} of ${one.frameworkId}`);
    const known = new Set(
      record.tasks
        .filter((one) => !isTerminal(one.state))
        .map((one) => `task ${one.taskId} of ${one.framework.id}`),
    );
    for (const one of record.executors) known.add(`executor ${one.info.executorId} of ${one.framework.id}`);
    for (const name of known) {
      expectThat(
        running.has(name),
        'S1',
        () => `at rest the master counts ${name} on agent ${record.id}, and the agent has no such thing`,
      );
    }
    for (const name of running) {
      expectThat(
        known.has(name),
        'S1',
        () => `at rest agent ${record.id} runs ${name}, and the master does not know`,
      );
    }
  }
}
