import { micros } from '../core/index.ts';
import type { AgentRecord } from './agent-record.ts';
import type { LinkId } from './input.ts';
import { scheduleRemoval, spare } from './removal-limit.ts';
import type { MasterState } from './state.ts';

/** One ping for all agents each period: a clock per agent would be three events per agent and period. */
export function ping(master: MasterState): void {
  const next = master.nextPing! + master.options.agentPingTimeout;
  // Late, it does not catch up: pings in a burst would be misses in a burst (bug ledger B57).
  master.nextPing = next > master.now ? micros(next) : master.after(master.options.agentPingTimeout);
  if (master.stats.agentsConnected > 0) master.out.push({ kind: 'pingAgents' });
}

/** Consecutive misses lead to unreachable; one answer forgets them (spec 13 §5). Costs only for agents that miss. */
export function pingsMissed(master: MasterState, links: readonly LinkId[]): void {
  const missed = new Set<AgentRecord>();
  for (const link of links) {
    const agent = master.agentsByLink.get(link);
    if (agent !== undefined) missed.add(agent);
  }
  for (const agent of master.missing) {
    if (missed.has(agent)) continue;
    agent.pingsMissed = 0;
    master.missing.delete(agent);
    spare(master, agent);
  }
  for (const agent of missed) {
    master.missing.add(agent);
    agent.pingsMissed++;
    if (agent.pingsMissed >= master.options.maxAgentPingTimeouts) scheduleRemoval(master, agent);
  }
}
