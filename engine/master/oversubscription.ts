import type { AgentToMaster } from '../protocol/index.ts';
import type { AgentRecord } from './agent-record.ts';
import { agentView } from './agent-view.ts';
import type { LinkId } from './input.ts';
import { rescindOffer } from './offers.ts';
import { setTotal } from './operations.ts';
import type { MasterState } from './state.ts';

/**
 * The agent lends more or less than before (spec 12 §11): its revocable total is replaced. If there is less of anything, offers with
 * revocable resources are void, but only after the allocator knows the new total: else what comes back by them would be offered once more
 * (bug ledger B02). Tasks that run on what is not there any more are the agent's to end.
 */
export function revocableUpdated(
  master: MasterState,
  link: LinkId,
  message: Extract<AgentToMaster, { type: 'UPDATE_AGENT' }>,
): void {
  const agent = master.agentsById.get(message.agentId);
  // What an agent said over an older link its next registration says again.
  if (agent === undefined || agent.link !== link) return;
  const before = agent.info.resources.revocable();
  const now = message.oversubscribed.revocable();
  if (now.equals(before)) return;
  setTotal(master, agent, agent.info.resources.nonRevocable().plus(now));
  master.allocator.updateAgent(master.now, agent.row, agentView(agent));
  if (!now.contains(before)) rescindRevocable(master, agent);
}

function rescindRevocable(master: MasterState, agent: AgentRecord): void {
  let slot = agent.offerHead;
  while (slot !== -1) {
    const next = master.offers.nextOfAgent(slot);
    if (!master.offers.offer(slot).resources.revocable().isEmpty) rescindOffer(master, slot, null);
    slot = next;
  }
}
