import type { Branded, Micros } from '../core/index.ts';
import type { GraphClass, GraphConstants } from '../core/graph/index.ts';
import type {
  AgentCapability,
  Attribute,
  DomainInfo,
  FrameworkCapability,
  OfferConstraints,
} from '../protocol/index.ts';
import type { Quantities, ResourceLimits, ResourceOperation, Resources } from '../resources/index.ts';

/** Row of the master's agent table; small, dense, reused after the agent was removed. */
export type Agent = Branded<number, 'Agent'>;
/** Row of the master's framework table; small, dense, reused after the framework was removed. */
export type Framework = Branded<number, 'Framework'>;
/** A role's number, given out by the allocator and never reused. */
export type Role = Branded<number, 'Role'>;

/** What a framework holds on an agent under a role, known when either is added. */
export interface Usage {
  readonly framework: Framework;
  readonly role: Role;
  readonly agent: Agent;
  readonly resources: Resources;
}

/** Agent as the allocator sees it. */
export interface AllocatorAgent {
  readonly hostname: string;
  readonly total: Resources;
  readonly capabilities: readonly AgentCapability[];
  readonly attributes: readonly Attribute[];
  readonly domain: DomainInfo | null;
  readonly unavailability: Unavailability | null;
}

/** A planned outage (spec 10). `duration` null means without end. */
export interface Unavailability {
  readonly start: Micros;
  readonly duration: Micros | null;
}

/** Framework as the allocator sees it. */
export interface AllocatorFramework {
  /** Decides between frameworks with equal shares and counts: the smaller first, as by the text of their ids. Each has its own, for life. */
  readonly tieRank: number;
  readonly roles: readonly Role[];
  readonly suppressedRoles: readonly Role[];
  readonly capabilities: readonly FrameworkCapability[];
  /** Minimum offers per role; a role without entry has the allocator's default, an empty list accepts anything. */
  readonly minAllocatable: ReadonlyMap<Role, readonly Quantities[]>;
  readonly offerConstraints: OfferConstraints | null;
}

/** Quota of a top-level role (spec 08 §4). */
export interface Quota {
  readonly guarantees: Quantities;
  readonly limits: ResourceLimits;
}

/**
 * When cycles run. `mesos`: at batch ticks, and at once for new agents, frameworks and revivals (spec 16 §2). `event`: besides, soon after
 * anything else that may find an agent a taker, so that a tick finds nothing left to do.
 */
export type AllocationTiming = 'mesos' | 'event';

/** The order in which roles, or the frameworks of a role, are shown an agent: by need, or at random, roles by weight (spec 16 §5). */
export type SorterKind = 'drf' | 'random';

/** Options, with the master's flags as defaults (spec 16, 17). */
export interface AllocatorOptions {
  /** `--allocation_interval`, default 1 s. */
  readonly allocationInterval: Micros;
  readonly timing: AllocationTiming;
  /** With timing `event`: from the first event to the cycle that answers it, and all that happens in between. */
  readonly eventDelay: Micros;
  /** With timing `event`: whoever declines resources goes behind those who have not seen them. */
  readonly declinerGuard: boolean;
  /** `--min_allocatable_resources`: alternatives; empty means no minimum. */
  readonly minAllocatable: readonly Quantities[];
  /** `--fair_sharing_excluded_resource_names`. */
  readonly fairnessExclude: readonly string[];
  readonly filterGpuResources: boolean;
  /** The master's own domain; agents of other regions go to REGION_AWARE frameworks only. */
  readonly domain: DomainInfo | null;
  readonly recoveryTimeout: Micros;
  readonly agentRecoveryFactor: number;
  /** `--role_sorter`. */
  readonly roleSorter: SorterKind;
  /** `--framework_sorter`. */
  readonly frameworkSorter: SorterKind;
  /** Seeds the shuffles (spec 16: order of agents, `shrink`, random sorter). */
  readonly seed: number;
}

/** Receives what a cycle decided, one record per (framework, role, agent); records of one framework come in a row. */
export interface AllocationSink {
  allocated(framework: Framework, role: Role, agent: Agent, resources: Resources): void;
  /** The framework is asked to give the agent's resources back (spec 10). */
  inverseOffer(framework: Framework, agent: Agent): void;
}

/**
 * An allocation policy as the master calls it. Pure: time comes in as `now`, what it decides goes out through the sink it was
 * made with, synchronously, before the call returns. Calls are trusted: the master has validated them; a call that breaks the
 * contract (unknown row, more returned than held) is an InvariantError.
 *
 * Semantics: spec 16 and the conformance README §4 to §5. Which calls start a cycle at once: §5.1 there.
 * "Offered or in use" is one thing to the allocator: what it gave out and has not got back.
 */
export interface Allocator {
  /** The number of the role of that name. */
  role(name: string): Role;
  roleName(role: Role): string;

  addAgent(now: Micros, agent: Agent, info: AllocatorAgent, used: readonly Usage[]): void;
  /** Only the total, attributes, capabilities, domain or host name may differ. Starts a cycle for it if anything changed. */
  updateAgent(now: Micros, agent: Agent, info: AllocatorAgent): void;
  /** A resource provider of the agent reports in: its total grows by `added`, what is in use there by `used`. Starts no cycle. */
  addResourceProvider(now: Micros, agent: Agent, added: Resources, used: readonly Usage[]): void;
  removeAgent(now: Micros, agent: Agent): void;
  activateAgent(now: Micros, agent: Agent): void;
  deactivateAgent(now: Micros, agent: Agent): void;

  addFramework(
    now: Micros,
    framework: Framework,
    info: AllocatorFramework,
    active: boolean,
    used: readonly Usage[],
  ): void;
  updateFramework(now: Micros, framework: Framework, info: AllocatorFramework): void;
  removeFramework(now: Micros, framework: Framework): void;
  activateFramework(now: Micros, framework: Framework): void;
  deactivateFramework(now: Micros, framework: Framework): void;
  /** Empty `roles` means all. */
  suppressOffers(now: Micros, framework: Framework, roles: readonly Role[]): void;
  reviveOffers(now: Micros, framework: Framework, roles: readonly Role[]): void;
  /** Demand of a role of a framework, see `RequestCall`; empty quantities mean nothing is wanted. Starts a cycle. */
  requestResources(now: Micros, framework: Framework, role: Role, demand: Quantities): void;

  /**
   * Offered or used resources come back. `refuse` is null where nobody refused them, as when a task ended or an offer was rescinded; else the
   * duration of the filter, 0 for a refusal without one. Clamping and the rule of at least one interval are the allocator's (spec 16 §8).
   * Starts no cycle at once.
   */
  recoverResources(
    now: Micros,
    framework: Framework,
    role: Role,
    agent: Agent,
    resources: Resources,
    refuse: Micros | null,
  ): void;
  /** Applies operations to what the framework holds there and to the agent's total; `offered` is what they may consume. */
  updateAllocation(
    now: Micros,
    framework: Framework,
    role: Role,
    agent: Agent,
    offered: Resources,
    operations: readonly ResourceOperation[],
  ): void;
  /**
   * Further copies of shared volumes are in use: the framework, which holds one of each there, used more of them than it was offered (spec 02
   * §10). The agent's total has a volume once, in however many copies it is held.
   */
  addCopies(now: Micros, framework: Framework, role: Role, agent: Agent, copies: Resources): void;
  /** Applies operations to what is available; false, changing nothing, if that does not suffice. */
  updateAvailable(now: Micros, agent: Agent, operations: readonly ResourceOperation[]): boolean;

  setQuota(now: Micros, role: Role, quota: Quota): void;
  setWeight(now: Micros, role: Role, weight: number): void;
  /** Null removes the whitelist. */
  setWhitelist(now: Micros, hostnames: readonly string[] | null): void;
  setUnavailability(now: Micros, agent: Agent, unavailability: Unavailability | null): void;
  respondInverseOffer(
    now: Micros,
    agent: Agent,
    framework: Framework,
    status: 'ACCEPT' | 'DECLINE' | 'UNKNOWN',
    refuse: Micros | null,
  ): void;

  /** At an election, before any agent: sets the quotas; if there are any, allocation waits for a share of the agents expected (spec 16 §11). */
  recover(now: Micros, expectedAgents: number, quotas: ReadonlyMap<Role, Quota>): void;

  /**
   * When `advance` is next wanted: the next batch tick at which anything can happen, a timeout; null if nothing will until the next call.
   * Ticks that are passed over are counted as run by the next call that brings a later `now`, one of the very instant of a call before it.
   */
  nextDeadline(): Micros | null;
  /** Fires everything due up to `now` at its own instant, in the order of (instant, order of scheduling). */
  advance(now: Micros): void;

  /** Dominant share of a role as the sorter holds it, divided by its weight; 0 for a role without allocations. */
  dominantShare(role: Role): number;
  /** Counters for metrics; see `AllocatorMetrics`. With `now`, ticks that were passed over up to then are counted as run. */
  metrics(now?: Micros): AllocatorMetrics;

  /** How it takes part in snapshots of its master; one without this, or with null, has none. */
  snapshotParts?(): SnapshotParts | null;
}

/** An allocator as part of a graph (`engine/core/graph`): everything that it keeps, and nothing of the module's own, makes its decisions. */
export interface SnapshotParts {
  /** Name of the kind of allocator. */
  readonly kind: string;
  /** Its own class and all that it keeps objects of; the resources' classes are known. */
  readonly classes: readonly GraphClass[];
  readonly constants: GraphConstants;
}

/** Plain counters, read between steps. */
export interface AllocatorMetrics {
  /** Cycles run, of any kind. */
  readonly allocationRuns: number;
  /** Records handed to the sink. */
  readonly allocations: number;
  readonly offerFiltersActive: number;
  /** Times that something came back refused, with a filter or without. */
  readonly declines: number;
  /** Times that a framework was passed over because it had declined what others had not seen yet. */
  readonly declinersPassedOver: number;
}

/** Makes an allocator that reports to `sink`. The first batch tick is one interval after `now`. */
export type AllocatorFactory = (now: Micros, options: AllocatorOptions, sink: AllocationSink) => Allocator;
