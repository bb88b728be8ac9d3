import type { AgentId } from '../core/index.ts';
import { micros } from '../core/index.ts';
import type { AgentRecord } from './agent-record.ts';
import { giveUpRecoveredAgent, markUnreachable } from './agent-removal.ts';
import { type MasterState, TIMER_REMOVAL } from './state.ts';

/** An agent that is to be marked unreachable: a registered one, or by its id one of the registry that did not come back. */
export type RemovalTarget = AgentRecord | AgentId;

/**
 * Marks the agent unreachable as soon as `--agent_removal_rate_limit` allows (spec 13 §4, §5); at once without one. An answer to a ping or a
 * re-registration before that takes it back (`spare`).
 */
export function scheduleRemoval(master: MasterState, target: RemovalTarget): void {
  if (master.options.agentRemovalRateLimit === null) {
    remove(master, target);
    return;
  }
  master.removalQueue.add(target);
  removeNext(master);
}

/** The agent is alive after all. */
export function spare(master: MasterState, target: RemovalTarget): void {
  if (master.removalQueue.size > 0) master.removalQueue.delete(target);
}

/** Removes the first in the queue if its turn has come, and waits for the turn of the next. */
export function removeNext(master: MasterState): void {
  const { removalQueue, options, now } = master;
  if (master.nextRemoval <= now) {
    for (const target of removalQueue) {
      removalQueue.delete(target);
      if (!isDue(master, target)) continue;
      const { agents, period } = options.agentRemovalRateLimit!;
      master.nextRemoval = micros(now + Math.ceil(period / agents));
      remove(master, target);
      break;
    }
  }
  if (removalQueue.size === 0 || master.removalTimer === master.nextRemoval) return;
  master.removalTimer = master.nextRemoval;
  master.timers.set(master.nextRemoval, TIMER_REMOVAL, 0);
}

/** Whether no other transition has taken it meanwhile. */
function isDue(master: MasterState, target: RemovalTarget): boolean {
  if (typeof target !== 'number') return target.leaving === null;
  return master.recoveredAgents.has(target) && !master.readmitting.has(target);
}

function remove(master: MasterState, target: RemovalTarget): void {
  if (typeof target === 'number') giveUpRecoveredAgent(master, target);
  else markUnreachable(master, target);
}
