import { type Micros, MICROS_PER_SECOND, micros } from '../../../engine/core/index.ts';
import { MEND_ATTEMPTS_MAX, MEND_WAIT } from './operator.ts';
import type { SimulationOptions } from './simulation-options.ts';

/** Kills and reconciliation of what is left over: a few round trips, repeated by schedulers in their own time. */
const LAST_ROUNDS = 120 * MICROS_PER_SECOND;

/**
 * How long after `faults.healsBy` a cluster has come to rest at the latest, whatever struck before: a sum over what may have to follow one
 * after the other, each by its own option. Schedulers that go on launching, or that never acknowledge, never let it rest.
 */
export function settlingBound(options: SimulationOptions): Micros {
  const { master, agent, network, ensemble, allocatorOptions, faults } = options;
  // A leader: the old one's lease ends, a request or a write of the next times out and is made again, parties hear of it.
  const election =
    ensemble === null
      ? options.electionDelay + options.registry.storeTimeout
      : ensemble.store.leaseTtl +
        ensemble.store.storeTimeout +
        3 * (ensemble.store.requestTimeout + ensemble.store.retryDelay) +
        options.electionDelay +
        ensemble.detectionMax;
  // A connection: both ends notice that it is broken, one after the other, and a new one is opened.
  const connection = 2 * network.noticeMax + network.backoffMax;
  // An agent: given up after its pings or after the master's failover, back under its id or a new one.
  const pings = master.agentPingTimeout * (master.maxAgentPingTimeouts + 1);
  const removals =
    master.agentRemovalRateLimit === null
      ? 0
      : Math.ceil(options.machines.length / master.agentRemovalRateLimit.agents) *
        master.agentRemovalRateLimit.period;
  const registration =
    pings +
    master.agentReregisterTimeout +
    removals +
    2 * agent.registrationBackoffMax +
    options.agentRestartDelay;
  const updates = 2 * agent.statusUpdateRetryMax + agent.killGracePeriod;
  const operator = faults === null || faults.perHour.operatorActs === 0 ? 0 : MEND_ATTEMPTS_MAX * MEND_WAIT;
  return micros(
    election +
      connection +
      registration +
      updates +
      operator +
      allocatorOptions.recoveryTimeout +
      LAST_ROUNDS,
  );
}
