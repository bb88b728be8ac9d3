import type { AgentId, Micros } from '../../../../engine/core/index.ts';
import { expectThat, type Property } from '../property.ts';
import type { Scene } from '../scene.ts';

/**
 * S3, patience: an agent is marked unreachable only after this very master has missed it for as long as the options say: its pings, its
 * connection, or, since the election, its return. The master's own absence counts against nobody. And L1: nobody is missed for ever.
 */
export function removalPatience(scene: Scene): Property {
  /** Since when each agent has had no link to the leader, as seen at checks: no earlier than in truth by more than a stride. */
  const away = new Map<AgentId, Micros>();
  let epoch = 0;
  let electedAt = 0;
  return {
    id: 'S3',
    masterOutput(now, _master, output) {
      if (output.kind !== 'persist') return;
      const { operation } = output;
      if (operation.kind === 'masterElected') {
        epoch = operation.epoch;
        electedAt = now;
        away.clear();
        return;
      }
      if (operation.kind !== 'agentMarkedUnreachable') return;
      const { leader } = scene;
      if (leader === null || leader.epoch !== epoch) return;
      const { agentPingTimeout, maxAgentPingTimeouts, agentReregisterTimeout } = scene.scenario.master;
      const patience = Math.min(agentPingTimeout * maxAgentPingTimeouts, agentReregisterTimeout);
      const led = now - electedAt;
      expectThat(
        led >= patience,
        'S3',
        () =>
          `agent ${operation.id} is marked unreachable ${led} µs after the election of master ${epoch}, before anybody could be missed for ${patience} µs`,
      );
    },
    check({ now, leader }) {
      if (leader === null) return;
      const { agentReregisterTimeout, agentPingTimeout } = scene.scenario.master;
      for (const agent of leader.state.agents) {
        if (agent.link !== null || agent.leaving) {
          away.delete(agent.id);
          continue;
        }
        const since = away.get(agent.id);
        if (since === undefined) {
          away.set(agent.id, now);
          continue;
        }
        expectThat(
          now - since <= agentReregisterTimeout + 2 * agentPingTimeout,
          'L1',
          () =>
            `agent ${agent.id} has had no link to the master for ${now - since} µs, and is still not marked unreachable`,
        );
      }
    },
  };
}
