import type { AgentRecord } from './agent-record.ts';
import type { AllocatorAgent } from './allocator.ts';

/** An agent as the allocator sees it. */
export function agentView(agent: AgentRecord): AllocatorAgent {
  const { info } = agent;
  return {
    hostname: info.hostname,
    total: info.resources,
    capabilities: info.capabilities,
    attributes: info.attributes,
    domain: info.domain,
    unavailability: agent.unavailability,
  };
}
