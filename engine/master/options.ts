import { type Micros, MICROS_PER_SECOND, micros } from '../core/index.ts';
import type { Acls } from '../authorization/index.ts';
import type { DomainInfo, WeightInfo } from '../protocol/index.ts';
import { DEFAULT_REGEX_LIMITS, type RegexLimits } from '../regex/index.ts';
import type { RateLimits } from './rate-limits.ts';

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
  /**
   * Whether what an ACCEPT leaves of the offers that it used counts as given back, as at a task's end, if the call asks for no filter: with timing
   * `event` it is offered again within milliseconds. Else it counts as declined, which waits for the next batch, as everything does in Mesos.
   */
  readonly remaindersAtOnce: boolean;
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
  /** What the master tells of itself in `MasterInfo`. */
  readonly address: MasterAddress;
  /** `--roles`: the only roles that frameworks may subscribe to; null for any. */
  readonly roles: readonly string[] | null;
  /** `--root_submissions`: whether frameworks may run as user `root`. */
  readonly rootSubmissions: boolean;
  /**
   * `full` keeps what operators see of tasks: their statuses, timelines, and the records of completed frameworks and tasks, in rings. `none`
   * keeps only the ids of completed frameworks: replays of millions of tasks need no more.
   */
  readonly history: 'full' | 'none';
  /** `--max_completed_tasks_per_framework`. Only with `history: 'full'`. */
  readonly maxCompletedTasksPerFramework: number;
  /** Entries of each task's timeline, the first and the latest; 0 keeps none. Only with `history: 'full'`. */
  readonly taskTimelineEntries: number;
  /** `--max_operator_event_stream_subscribers`: the oldest is dropped for one more. */
  readonly maxOperatorEventStreamSubscribers: number;
  /** Operators' events that are kept so that a stream can be resumed; 0 keeps none: who comes back gets a new snapshot. */
  readonly operatorEventsKept: number;
  /** Whether an authorizer is asked, by `authorize` outputs; without, everybody may do everything (spec 14 §2). */
  readonly authorization: boolean;
  /** Filters operators' event streams by the rules to view (spec 14 §2); null shows everything. */
  readonly acls: Acls | null;
  /** `--rate_limits` (spec 14 §4); null limits nobody. */
  readonly rateLimits: RateLimits | null;
  /** `--publish_per_framework_metrics`: whether calls, events and tasks are counted for each framework as well. */
  readonly frameworkMetrics: boolean;
  /**
   * Least time that a framework known from agents' reports only, after a failover of the master, has to subscribe before it is removed
   * with its tasks; its own failover timeout counts if it is longer (spec 13 §4).
   */
  readonly recoveredFrameworkGrace: Micros;
  /** `--weights`: set at an election if the registry holds none. */
  readonly weights: readonly WeightInfo[];
  /** `--require_agent_domain`: agents without a fault domain may not register. */
  readonly requireAgentDomain: boolean;
  /** `--agent_removal_rate_limit`: at most so many agents are marked unreachable in a period, evenly spread; null for any number. */
  readonly agentRemovalRateLimit: { readonly agents: number; readonly period: Micros } | null;
  /** `--recovery_agent_removal_limit`: if more than this share of the registry's agents did not come back, the master ends; 1 for any. */
  readonly recoveryAgentRemovalLimit: number;
  /** `--registry_gc_interval`: how often agents that are unreachable or gone are looked at, to be forgotten. */
  readonly registryGcInterval: Micros;
  /** `--registry_max_agent_age`: how long they are remembered. */
  readonly registryMaxAgentAge: Micros;
  /** Whether REACTIVATE_AGENT takes a drain back that goes on; Mesos refuses that. */
  readonly drainCancel: boolean;
  /**
   * Whether a reservation label `owner` with the name of a framework means something: other frameworks cannot refine, unreserve, destroy, grow or
   * shrink what bears it, nor reserve in that name, and `reservationOrphans` says since when an owner has been gone. In Mesos reservations
   * belong to a role, so that any framework of it may.
   */
  readonly reservationOwners: boolean;
  /**
   * Whether a reservation label `lease` with a number of seconds means something: what nobody has used for that long is released, volumes are
   * destroyed. In Mesos reservations stay until somebody unreserves them.
   */
  readonly reservationLeases: boolean;
  /** Bounds how many tasks of one framework are missing at a time because their agents are drained; null kills all at once, as Mesos does. */
  readonly drainLimit: DrainLimit | null;
  /** How long a removed framework's tasks go on, so that the removal can be undone; null removes at once, as Mesos does. */
  readonly frameworkUndoWindow: Micros | null;
}

/**
 * Drains in waves. A task that a drain kills is missing from the moment of the order until another task of its framework begins to run on
 * an agent that is not draining, or for `replacementTimeout`; each such task makes up for one. What runs under one executor goes together,
 * and goes at least when nothing is missing, whatever its number.
 */
export interface DrainLimit {
  readonly unavailableTasksMax: number;
  readonly replacementTimeout: Micros;
}

/** Where the master is reached, and its version. */
export interface MasterAddress {
  readonly hostname: string;
  readonly port: number;
  readonly version: string;
  readonly domain: DomainInfo | null;
}

/** Mesos's defaults, but for what it keeps for operators' eyes: see `SERVICE_MASTER_OPTIONS`. */
export const DEFAULT_MASTER_OPTIONS: MasterOptions = {
  agentPingTimeout: micros(15 * MICROS_PER_SECOND),
  maxAgentPingTimeouts: 5,
  agentReregisterTimeout: micros(600 * MICROS_PER_SECOND),
  heartbeatInterval: micros(15 * MICROS_PER_SECOND),
  offerTimeout: null,
  remaindersAtOnce: false,
  maxCompletedFrameworks: 50,
  maxUnreachableTasksPerFramework: 1_000,
  registryMaxAgentCount: 102_400,
  fractionalGpus: false,
  offerConstraintsRegex: DEFAULT_REGEX_LIMITS,
  address: { hostname: 'localhost', port: 5_050, version: '1.12.0', domain: null },
  roles: null,
  rootSubmissions: true,
  history: 'none',
  maxCompletedTasksPerFramework: 1_000,
  taskTimelineEntries: 0,
  maxOperatorEventStreamSubscribers: 1_000,
  operatorEventsKept: 0,
  authorization: false,
  acls: null,
  rateLimits: null,
  frameworkMetrics: false,
  recoveredFrameworkGrace: micros(600 * MICROS_PER_SECOND),
  weights: [],
  requireAgentDomain: false,
  agentRemovalRateLimit: null,
  recoveryAgentRemovalLimit: 1,
  registryGcInterval: micros(900 * MICROS_PER_SECOND),
  registryMaxAgentAge: micros(14 * 24 * 3_600 * MICROS_PER_SECOND),
  drainCancel: false,
  reservationOwners: false,
  reservationLeases: false,
  drainLimit: null,
  frameworkUndoWindow: null,
};

/** A master in service: with everything that its operators read. */
export const SERVICE_MASTER_OPTIONS: MasterOptions = {
  ...DEFAULT_MASTER_OPTIONS,
  remaindersAtOnce: true,
  history: 'full',
  taskTimelineEntries: 32,
  operatorEventsKept: 10_000,
  frameworkMetrics: true,
};
