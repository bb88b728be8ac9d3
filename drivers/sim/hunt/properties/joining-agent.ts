import type { AgentId } from '../../../../engine/core/index.ts';
import type { MasterOutput } from '../../../../engine/master/index.ts';

/** The agent that the output lets in, or back in; null for any other. */
export function joiningAgent(output: MasterOutput): AgentId | null {
  if (output.kind !== 'toAgent') return null;
  const { message } = output;
  return message.type === 'AGENT_REGISTERED' || message.type === 'AGENT_REREGISTERED'
    ? message.agentId
    : null;
}
