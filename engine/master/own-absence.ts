import { micros } from '../core/index.ts';
import { type MasterState, TIMER_FAILOVER, TIMER_RECOVERED, TIMER_REREGISTER } from './state.ts';

/**
 * A master that did nothing for a whole ping period was away itself: frozen, or starved. Who could not reach it meanwhile is not to blame:
 * all deadlines for coming back move by the time it missed, and pings that nobody could answer do not count (bug ledger B57). Called at the
 * start of each step; one comparison while the master is well.
 */
export function forgiveOwnAbsence(master: MasterState): void {
  const { nextPing, now, options } = master;
  if (nextPing === null || now <= nextPing + options.agentPingTimeout) return;
  const missed = now - nextPing;
  master.nextPing = master.after(options.agentPingTimeout);
  for (const agent of master.missing) agent.pingsMissed = 0;
  master.missing.clear();
  for (const agent of master.agents) {
    if (agent.link !== null) {
      master.removalQueue.delete(agent);
    } else if (agent.reregisterDeadline !== null) {
      agent.reregisterDeadline = micros(agent.reregisterDeadline + missed);
      master.timers.set(agent.reregisterDeadline, TIMER_REREGISTER, agent.row);
    }
  }
  for (const framework of master.frameworks) {
    if (framework.failoverDeadline === null) continue;
    framework.failoverDeadline = micros(
      Math.min(framework.failoverDeadline + missed, Number.MAX_SAFE_INTEGER),
    );
    master.timers.set(framework.failoverDeadline, TIMER_FAILOVER, framework.row);
  }
  if (master.recoveryDeadline !== null) {
    master.recoveryDeadline = micros(master.recoveryDeadline + missed);
    master.timers.set(master.recoveryDeadline, TIMER_RECOVERED, 0);
  }
}
