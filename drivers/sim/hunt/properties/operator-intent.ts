import type { AgentId, Micros } from '../../../../engine/core/index.ts';
import { MICROS_PER_SECOND } from '../../../../engine/core/index.ts';
import type { MasterMachine } from '../../../../engine/master/index.ts';
import { expectThat, type Property } from '../property.ts';

/** An idle agent is drained within this: the registry may be slow, and a leader new. */
const DRAIN_BOUND = 240 * MICROS_PER_SECOND;

/**
 * L4, drains end, and what operators want stands: of an agent that is deactivated, gone, or not connected, nothing is offered; a gone agent is not on
 * the books; and an agent under drain that has nothing left to do is drained within a bound.
 */
export function operatorIntent(): Property {
  /** Since when an agent under drain has been idle and connected, with one and the same leader. */
  const idle = new Map<AgentId, Micros>();
  let watched: MasterMachine | null = null;
  /** Agents of which the last step made offers, and whose step it was: two masters may believe that they lead. */
  const offered = new Set<AgentId>();
  let offerer = -1;
  return {
    id: 'L4',
    masterOutput(_now, master, output) {
      if (output.kind !== 'event' || output.event.type !== 'OFFERS') return;
      if (master !== offerer) offered.clear();
      offerer = master;
      for (const { agentId } of output.event.offers) offered.add(agentId);
    },
    // When the step is over: what a registry's answer lets in and what it takes away may come in one step, with offers made and rescinded between.
    masterInput(_now, master, _input, { state }) {
      if (offered.size === 0 || master !== offerer) return;
      for (const agentId of offered) {
        const agent = state.agentsById.get(agentId);
        if (agent === undefined || agent.offerHead === -1) continue;
        expectThat(agent.link !== null, 'S2', () => `agent ${agentId} is offered, and it is not connected`);
        expectThat(
          !state.deactivatedAgents.has(agentId),
          'L4',
          () => `agent ${agentId} is offered although an operator has deactivated it or drains it`,
        );
        expectThat(
          !state.goneAgents.has(agentId),
          'L4',
          () => `agent ${agentId} is offered, and it is marked gone`,
        );
      }
      offered.clear();
    },
    check({ leader, now }) {
      if (leader !== watched) {
        watched = leader;
        idle.clear();
      }
      if (leader === null) return;
      const { state } = leader;
      for (const id of state.goneAgents.keys()) {
        expectThat(
          !state.agentsById.has(id),
          'L1',
          () => `agent ${id} is marked gone, and still on the books with its tasks`,
        );
      }
      for (const [id, drain] of state.deactivatedAgents) {
        const agent = state.agentsById.get(id);
        const isIdle =
          drain?.state === 'DRAINING' &&
          agent !== undefined &&
          agent.link !== null &&
          agent.tasks.length === 0 &&
          [...(agent.operations?.values() ?? [])].every((one) => !one.isPending);
        if (!isIdle) {
          idle.delete(id);
          continue;
        }
        const since = idle.get(id);
        if (since === undefined) idle.set(id, now);
        else
          expectThat(
            now - since <= DRAIN_BOUND,
            'L4',
            () => `agent ${id} has been draining with nothing to do for ${now - since} µs`,
          );
      }
    },
    settled({ leader }) {
      if (leader === null) return;
      for (const [id, drain] of leader.state.deactivatedAgents) {
        const agent = leader.state.agentsById.get(id);
        expectThat(
          drain?.state !== 'DRAINING' || agent === undefined || agent.link === null || agent.tasks.length > 0,
          'L4',
          () => `at rest agent ${id} is still draining, with nothing to do`,
        );
      }
    },
  };
}
