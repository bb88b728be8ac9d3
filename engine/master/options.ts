import { type Micros, MICROS_PER_SECOND, micros } from '../core/index.ts';
import { DEFAULT_REGEX_LIMITS, type RegexLimits } from '../regex/index.ts';

/** The master's flags (spec 17) that the state machine needs. Durations in µs. */
export interface MasterOptions {
  /** `--agent_ping_timeout`: how often agents are pinged. */
  readonly agentPingTimeout: Micros;
  /** `--max_agent_ping_timeouts`: misses in a row after which an agent is unreachable. */
  readonly maxAgentPingTimeouts: number;
  /** `--agent_reregister_timeout`: for agents known from the registry after a failover, and for those whose link broke. */
  readonly agentReregisterTimeout: Micros;
  /** Period of HEARTBEAT on schedulers' streams; null sends none. */
  readonly heartbeatInterval: Micros | null;
  /** `--offer_timeout`: outstanding offers are rescinded after it; null never, as in Mesos unless told otherwise. */
  readonly offerTimeout: Micros | null;
  /** `--max_completed_frameworks`: ids that can never subscribe again. */
  readonly maxCompletedFrameworks: number;
  /** `--max_unreachable_tasks_per_framework`. */
  readonly maxUnreachableTasksPerFramework: number;
  /** `--registry_max_agent_count`: unreachable agents remembered beyond it are pruned, the oldest first. */
  readonly registryMaxAgentCount: number;
  /** Mesos wants whole gpus in a task; with this, shares of a gpu in thousandths are legal. */
  readonly fractionalGpus: boolean;
  /** `--offer_constraints_re2_max_mem` and `--offer_constraints_re2_max_program_size`, for each pattern. */
  readonly offerConstraintsRegex: RegexLimits;
}

/** Mesos's defaults. */
export const DEFAULT_MASTER_OPTIONS: MasterOptions = {
  agentPingTimeout: micros(15 * MICROS_PER_SECOND),
  maxAgentPingTimeouts: 5,
  agentReregisterTimeout: micros(600 * MICROS_PER_SECOND),
  heartbeatInterval: micros(15 * MICROS_PER_SECOND),
  offerTimeout: null,
  maxCompletedFrameworks: 50,
  maxUnreachableTasksPerFramework: 1_000,
  registryMaxAgentCount: 102_400,
  fractionalGpus: false,
  offerConstraintsRegex: DEFAULT_REGEX_LIMITS,
};
