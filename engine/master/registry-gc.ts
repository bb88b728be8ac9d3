import type { AgentId, Micros } from '../core/index.ts';
import { type MasterState, TIMER_REGISTRY_GC } from './state.ts';

/** Wakes the master for the next collection, if there is anything that may be forgotten one day. */
export function armRegistryGc(master: MasterState): void {
  if (master.registryGcArmed || master.unreachableAgents.size + master.goneAgents.size === 0) return;
  master.registryGcArmed = true;
  master.timers.set(master.after(master.options.registryGcInterval), TIMER_REGISTRY_GC, 0);
}

/** Forgets agents that are unreachable or gone for too long, and the oldest beyond the number kept, of either list (spec 13 §3). */
export function collectRegistry(master: MasterState): void {
  master.registryGcArmed = false;
  const unreachable = forgettable(master, master.unreachableAgents);
  const gone = forgettable(master, master.goneAgents);
  for (const id of unreachable) {
    master.unreachableAgents.delete(id);
    master.deactivatedAgents.delete(id);
  }
  for (const id of gone) master.goneAgents.delete(id);
  if (unreachable.length + gone.length > 0)
    master.persist({ kind: 'pruned', unreachable, gone }, { kind: 'nothing' });
  armRegistryGc(master);
}

/** The oldest are first. An agent whose next state is on its way to the registry stays. */
function forgettable(master: MasterState, agents: ReadonlyMap<AgentId, Micros>): AgentId[] {
  const { registryMaxAgentAge, registryMaxAgentCount } = master.options;
  const found: AgentId[] = [];
  let rank = agents.size;
  for (const [id, at] of agents) {
    if (rank-- <= registryMaxAgentCount && at > master.now - registryMaxAgentAge) break;
    if (!master.readmitting.has(id)) found.push(id);
  }
  return found;
}
