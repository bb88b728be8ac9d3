import type { AgentId } from '../../../../engine/core/index.ts';
import type { AgentInfo } from '../../../../engine/protocol/index.ts';
import { expectThat, type Property } from '../property.ts';

/**
 * S8, nothing ends without a reason: a master orders an agent to end everything only if an operator has marked it gone or taken its machine down, or if
 * the agent claims an id that is not its own. That somebody cannot be asked is no reason.
 */
export function shutdownReasons(): Property {
  /** What was last said on each link, per master. */
  const said = new Map<string, AgentInfo>();
  /** Ids given to those who came without one. */
  const named = new Map<string, AgentId>();
  /** Hosts that an operator has ever taken down: one that is up again may still be told, by a master that has not heard. */
  const down = new Set<string>();
  return {
    id: 'S8',
    masterInput(_now, master, input) {
      if (input.kind === 'linkClosed') said.delete(`${master} ${input.link}`);
      if (input.kind !== 'agentMessage') return;
      const { message } = input;
      if (message.type === 'REGISTER_AGENT' || message.type === 'REREGISTER_AGENT')
        said.set(`${master} ${input.link}`, message.info);
    },
    masterOutput(_now, master, output, { state }) {
      if (output.kind === 'persist' && output.operation.kind === 'machinesDown') {
        for (const { hostname } of output.operation.machines) if (hostname !== null) down.add(hostname);
      }
      if (output.kind === 'toAgent' && output.message.type === 'AGENT_REGISTERED')
        named.set(`${master} ${output.link}`, output.message.agentId);
      if (output.kind !== 'toAgent' || output.message.type !== 'SHUTDOWN') return;
      const info = said.get(`${master} ${output.link}`);
      if (info === undefined) return;
      const id = named.get(`${master} ${output.link}`) ?? info.id;
      const isDown = down.has(info.hostname);
      const isOther =
        id !== null && (state.agentsById.get(id)?.info.hostname ?? info.hostname) !== info.hostname;
      expectThat(
        isDown || isOther || isGone(id),
        'S8',
        () =>
          `the agent on ${info.hostname} (${id ?? 'without id'}) is ordered to end everything for no reason that an operator gave: ${output.kind === 'toAgent' && output.message.type === 'SHUTDOWN' ? output.message.message : ''}`,
      );

      function isGone(agent: AgentId | null): boolean {
        return agent !== null && (state.goneAgents.has(agent) || state.intended.isGone(agent));
      }
    },
  };
}
