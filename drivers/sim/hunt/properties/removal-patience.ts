import type { AgentId, Micros } from '../../../../engine/core/index.ts';
import type { MasterMachine } from '../../../../engine/master/index.ts';
import { expectThat, type Property } from '../property.ts';
import type { Scene } from '../scene.ts';

/** How long a master has been there. */
interface Presence {
  /** Instant of its last step. */
  last: Micros;
  total: number;
}

/**
 * S3, patience: an agent is marked unreachable only after this very master has missed it for as long as the options say: its pings, its
 * connection, or, since the election, its return. The master's own absence counts against nobody. And L1: nobody is missed for ever.
 */
export function removalPatience(scene: Scene): Property {
  /** Since when each agent has had no link, in time that the master was there, as seen at checks. */
  const away = new Map<AgentId, number>();
  const presences = new WeakMap<MasterMachine, Presence>();
  /** Time that the master has been there by its own clock, µs: what it spent frozen, or its clock jumped over, counts against nobody. */
  const presentFor = (machine: MasterMachine): number => {
    const { now } = machine.state;
    let presence = presences.get(machine);
    if (presence === undefined) {
      presence = { last: now, total: 0 };
      presences.set(machine, presence);
    }
    const gap = now - presence.last;
    presence.last = now;
    if (gap <= scene.scenario.master.agentPingTimeout) presence.total += gap;
    return presence.total;
  };
  /** Its newest link when it was first seen without one. */
  const links = new Map<AgentId, number | null>();
  /** When each master was elected, by its own clock. */
  const elected = new WeakMap<MasterMachine, Micros>();
  let watched: MasterMachine | null = null;
  return {
    id: 'S3',
    masterInput(_now, _master, _input, machine) {
      presentFor(machine);
    },
    masterOutput(_now, _master, output, machine) {
      if (output.kind !== 'persist') return;
      const { operation } = output;
      const { now, epoch } = machine.state;
      if (operation.kind === 'masterElected') {
        elected.set(machine, now);
        return;
      }
      if (operation.kind !== 'agentMarkedUnreachable') return;
      const { agentPingTimeout, maxAgentPingTimeouts, agentReregisterTimeout } = scene.scenario.master;
      const patience = Math.min(agentPingTimeout * maxAgentPingTimeouts, agentReregisterTimeout);
      const led = now - elected.get(machine)!;
      // By its own leave an agent goes at once.
      if (machine.state.agentsById.get(operation.id)?.link != null && led < patience) return;
      expectThat(
        led >= patience,
        'S3',
        () =>
          `agent ${operation.id} is marked unreachable ${led} µs after the election of master ${epoch}, before anybody could be missed for ${patience} µs`,
      );
    },
    check({ leader }) {
      if (leader !== watched) {
        watched = leader;
        away.clear();
      }
      if (leader === null) return;
      const { agentReregisterTimeout, agentPingTimeout } = scene.scenario.master;
      const now = presentFor(leader);
      // Removals may have to wait for each other.
      const limit = scene.scenario.master.agentRemovalRateLimit;
      const queued = limit === null ? 0 : scene.scenario.machines.length * limit.period;
      for (const id of away.keys()) if (!leader.state.agentsById.has(id)) away.delete(id);
      for (const agent of leader.state.agents) {
        if (agent.link !== null || agent.leaving) {
          away.delete(agent.id);
          continue;
        }
        const since = away.get(agent.id);
        // It may have come back and gone again since the last look.
        if (since === undefined || links.get(agent.id) !== agent.newestLink) {
          links.set(agent.id, agent.newestLink);
          away.set(agent.id, now);
          continue;
        }
        expectThat(
          now - since <= agentReregisterTimeout + 2 * agentPingTimeout + queued,
          'L1',
          () =>
            `agent ${agent.id} has had no link to the master for ${now - since} µs, and is still not marked unreachable`,
        );
      }
    },
  };
}
