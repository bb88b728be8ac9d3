import type { AgentId, FrameworkId, Micros } from '../../../../engine/core/index.ts';
import { MICROS_PER_SECOND } from '../../../../engine/core/index.ts';
import type { MasterMachine } from '../../../../engine/master/index.ts';
import { isTerminal } from '../../../../engine/protocol/index.ts';
import { Resources } from '../../../../engine/resources/index.ts';
import { isExcludedByConstraints } from '../../../../allocators/hierarchical-drf/index.ts';
import { expectThat, type Property } from '../property.ts';
import type { Scenario } from '../scenario.ts';
import type { Scene } from '../scene.ts';

/** Calm frameworks decline for a minute: within this everything has gone round. */
export const ROUND = 150 * MICROS_PER_SECOND;

/** With Mesos's timing what one declines waits for the next tick before it goes to another: an agent may go round in as many ticks as there are takers. */
function roundOf({ allocator, frameworks }: Scenario): number {
  if (allocator.timing !== 'mesos') return ROUND;
  const takers = frameworks.reduce((count, { info }) => count + Math.max(1, info.roles.length), 0);
  return ROUND + takers * allocator.allocationInterval;
}

/**
 * L2, no starvation. At rest all frameworks want everything and decline it shortly: so every agent with something worth offering has been offered
 * within a round, and every framework that could be offered something has been.
 */
export function starvation(): Property {
  const agentOffered = new Map<AgentId, Micros>();
  const frameworkOffered = new Map<FrameworkId, Micros>();
  return {
    id: 'L2',
    masterOutput(now, _master, output) {
      if (output.kind !== 'event' || output.event.type !== 'OFFERS') return;
      for (const { agentId, frameworkId } of output.event.offers) {
        agentOffered.set(agentId, now);
        frameworkOffered.set(frameworkId, now);
      }
    },
    settled(scene) {
      const { leader, now } = scene;
      if (leader === null) return;
      // With quotas what is held back may rightly be offered to nobody.
      if (scene.scenario.quotas.length > 0) return;
      const round = roundOf(scene.scenario);
      const served = new Set<FrameworkId>();
      for (const agent of leader.state.agents) {
        if (!isOfferable(agent)) continue;
        const free = freeOn(leader, agent);
        let takers = 0;
        for (const framework of leader.state.frameworks) {
          if (framework.stream === null || !couldTake(scene, framework, agent, free)) continue;
          takers++;
          served.add(framework.id);
        }
        if (takers === 0) continue;
        const at = agentOffered.get(agent.id);
        expectThat(
          at !== undefined && now - at <= round,
          'L2',
          () =>
            `agent ${agent.id} has ${free.toString()} free, ${takers} frameworks want it, and it was last offered ${at === undefined ? 'never' : `${now - at} µs ago`}`,
        );
      }
      for (const id of served) {
        const at = frameworkOffered.get(id);
        expectThat(
          at !== undefined && now - at <= round,
          'L2',
          () =>
            `framework ${id} wants what is free, and was last offered something ${at === undefined ? 'never' : `${now - at} µs ago`}`,
        );
      }
    },
  };
}

type AgentRecord = MasterMachine['state']['agents'] extends Iterable<infer Record> ? Record : never;
type FrameworkRecord = MasterMachine['state']['frameworks'] extends Iterable<infer Record> ? Record : never;

function isOfferable(agent: AgentRecord): boolean {
  return agent.link !== null && agent.leaving === null && !agent.deactivated;
}

/** Not offered and not used, by plain sums. */
function freeOn({ state }: MasterMachine, agent: AgentRecord): Resources {
  let held = Resources.EMPTY;
  for (const task of agent.tasks) if (!isTerminal(task.state)) held = held.plus(task.info.resources);
  for (const { info } of agent.executors) held = held.plus(info.resources);
  // What is on offer at this instant has been offered within the round.
  for (let slot = agent.offerHead; slot !== -1; slot = state.offers.nextOfAgent(slot)) {
    held = held.plus(state.offers.offer(slot).resources);
  }
  return agent.info.resources.minus(held);
}

/** Whether some role of the framework may have the agent's free resources, by the rules that need no history. */
function couldTake(scene: Scene, framework: FrameworkRecord, agent: AgentRecord, free: Resources): boolean {
  const number = scene.numberOf(framework.id);
  if (number < 0) return false;
  const options = scene.scenario.frameworks[number]!;
  const { info } = agent;
  if (!framework.has('GPU_RESOURCES') && info.resources.gpus > 0) return false;
  const home = scene.scenario.allocator.domain;
  const isRemote = home !== null && info.domain !== null && info.domain.region !== home.region;
  if (isRemote && !framework.has('REGION_AWARE')) return false;
  if (
    !framework.has('RESERVATION_REFINEMENT') &&
    free.entries.some((one) => one.identity.reservations.length > 1)
  )
    return false;
  return framework.roles.some((role) => {
    const constraints = options.offerConstraints;
    if (constraints !== null && isExcludedByConstraints(constraints, role, info)) return false;
    const part = framework.has('REVOCABLE_RESOURCES')
      ? free.allocatableTo(role)
      : free.allocatableTo(role).nonRevocable();
    const plain = framework.has('SHARED_RESOURCES') ? part : part.nonShared();
    const minimums = framework.info.offerFilters.get(role) ?? scene.scenario.allocator.minAllocatable;
    return (
      !plain.isEmpty && (minimums.length === 0 || minimums.some((one) => plain.quantities().contains(one)))
    );
  });
}
