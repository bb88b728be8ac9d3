import {
  type AgentId,
  type FrameworkId,
  type MasterEpoch,
  type Micros,
  micros,
  type OfferId,
  type Sink,
  TimerQueue,
} from '../core/index.ts';
import { fieldsLayout } from '../core/graph/index.ts';
import type {
  AgentInfo,
  DomainInfo,
  MachineId,
  MaintenanceSchedule,
  MasterToAgent,
  SchedulerEvent,
  Unavailability,
} from '../protocol/index.ts';
import {
  type RegisteredDrain,
  type RegisteredQuota,
  type RegistryOperation,
  RegistryState,
} from '../registry/index.ts';
import type { Resources } from '../resources/index.ts';
import type { AgentRecord } from './agent-record.ts';
import { Authorizations } from './authorizations.ts';
import type { Agent, Allocator, AllocatorFactory, AllocatorOptions, Framework, Role } from './allocator.ts';
import { MasterCounters } from './counters.ts';
import type { FrameworkRecord } from './framework-record.ts';
import type { LinkId, StreamId } from './input.ts';
import type { InverseOfferRecord } from './inverse-offers.ts';
import { OfferTable } from './offer-table.ts';
import { OfferTimeouts } from './offer-timeouts.ts';
import type { OperationRecord } from './operation-record.ts';
import type { MasterOptions } from './options.ts';
import type { MasterOutput } from './output.ts';
import { OperatorStreams } from './operator-streams.ts';
import { type PrincipalCounters, RateLimiter } from './rate-limits.ts';
import { type AfterDurable, Registrar } from './registrar.ts';
import type { RemovalTarget } from './removal-limit.ts';
import type { ReservationWatch } from './reservation-watch.ts';
import { RowTable } from './row-table.ts';
import { MasterStats } from './stats.ts';

/** Timers that hang on one record; the target is its row. */
export const TIMER_FAILOVER = 0;
export const TIMER_REREGISTER = 1;
/** The agents of the registry that have not come back since the election. Target unused. */
export const TIMER_RECOVERED = 2;
/** The turn of the next agent to be removed, by rate. Target unused. */
export const TIMER_REMOVAL = 3;
/** Old entries of the registry are looked for. Target unused. */
export const TIMER_REGISTRY_GC = 4;
/** A task that a drain killed no longer counts as missing; the target is its framework's row. */
export const TIMER_DRAIN = 5;
/** HEARTBEAT of an operator's event stream; the target is its number. */
export const TIMER_OPERATOR_HEARTBEAT = 8;

/** Everything a master knows. The functions beside it change it; only `MasterMachine` holds one. */
export class MasterState {
  readonly options: MasterOptions;
  readonly allocator: Allocator;
  /** The master's own fault domain (spec 11). */
  readonly domain: DomainInfo | null;
  readonly registrar = new Registrar();
  readonly timers = new TimerQueue();
  readonly stats = new MasterStats();
  readonly counters = new MasterCounters();
  /** By principal, in order of first appearance; only with the option `frameworkMetrics`. */
  readonly principals = new Map<string, PrincipalCounters>();
  /** Null without rates (option `rateLimits`). */
  readonly rateLimiter: RateLimiter | null;

  epoch = 0 as MasterEpoch;
  /** The election is durable: ids may be minted and agents admitted. */
  leading = false;
  /** A write failed: the master does nothing any more. */
  ended = false;
  nextPing: Micros | null = null;
  nextHeartbeat: Micros | null = null;
  readonly startTime: Micros;
  electedTime = micros(0);
  /** Counts agents and frameworks that came or went: for a driver that keeps what it has rendered. */
  membershipVersion = 0;
  /** Weights that were set, and quotas, as the registry holds them. */
  readonly weights = new Map<string, number>();
  readonly quotas = new Map<string, RegisteredQuota>();
  /**
   * The registry as it will be once all that is written is durable. Operators' calls are judged by it, since it is what they will change; what
   * is told and done follows only the durable, which the maps around here hold.
   */
  intended = new RegistryState();
  /** Agents, registered or not, that an operator deactivated; with their drain if they are drained (spec 10 §2, §3). */
  readonly deactivatedAgents = new Map<AgentId, RegisteredDrain | null>();
  /** Registered agents that are DRAINING, in the order in which they came to be. */
  readonly draining = new Set<AgentRecord>();
  /** Planned maintenance (spec 10 §1), the window of each of its machines by key, and those that are down by key. */
  schedule: MaintenanceSchedule = { windows: [] };
  scheduledMachines: ReadonlyMap<string, Unavailability> = new Map();
  readonly machinesDown = new Map<string, MachineId>();
  /** Inverse offers that are out, in the order of their making. */
  readonly inverseOffers = new Map<OfferId, InverseOfferRecord>();
  nextInverseOffer = 0;
  /** Operators' event streams; null while nobody listens and no events are kept. */
  streams: OperatorStreams | null = null;
  /** What waits for the authorizer; null without one (option `authorization`). */
  readonly authorizations: Authorizations | null;
  /** Number of the last event made for them. */
  operatorSequence = 0;

  readonly agents = new RowTable<Agent, AgentRecord>();
  readonly agentsById = new Map<AgentId, AgentRecord>();
  readonly agentsByLink = new Map<LinkId, AgentRecord>();
  readonly agentsByAddress = new Map<string, AgentRecord>();
  /** In the registry at the election and not yet back. */
  readonly recoveredAgents = new Map<AgentId, AgentInfo>();
  readonly unreachableAgents = new Map<AgentId, Micros>();
  readonly goneAgents = new Map<AgentId, Micros>();
  /** Links with a registration whose write is on its way. */
  readonly registering = new Set<LinkId>();
  /** Ids with a re-admission, or a recovered agent's removal, whose write is on its way. */
  readonly readmitting = new Set<AgentId>();
  /** Agents that missed the last ping. */
  readonly missing = new Set<AgentRecord>();
  nextAgentNumber = 0;
  /** Agents of the registry at the election. */
  agentsAtElection = 0;
  /** When those that have not come back since are given up; null before the election and after that. */
  recoveryDeadline: Micros | null = null;
  /** Agents whose removal waits for its turn, and when that of the next one is (`--agent_removal_rate_limit`). */
  readonly removalQueue = new Set<RemovalTarget>();
  nextRemoval = micros(0);
  removalTimer: Micros | null = null;
  registryGcArmed = false;

  readonly frameworks = new RowTable<Framework, FrameworkRecord>();
  readonly frameworksById = new Map<FrameworkId, FrameworkRecord>();
  readonly frameworksByStream = new Map<StreamId, FrameworkRecord>();
  /** Removed frameworks, oldest first, bounded: they can never subscribe again. Their records only with `history: 'full'`. */
  readonly completedFrameworks = new Map<FrameworkId, FrameworkRecord | null>();
  nextFrameworkNumber = 0;

  /** Operations that a framework watches: it gave them an id. The framework need not be here. */
  readonly operations = new Map<FrameworkId, Set<OperationRecord>>();
  nextOperationNumber = 0;
  /** Null unless owners or leases of reservations mean something. */
  reservationWatch: ReservationWatch | null = null;

  readonly offers = new OfferTable();
  readonly offerTimeouts = new OfferTimeouts();
  readonly isOutstanding = (id: OfferId): boolean => this.offers.slotOf(id) !== -1;
  /** What the allocator decided in this step, one entry per record; `flushAllocations` turns them into offers. */
  readonly allocatedFrameworks: Framework[] = [];
  readonly allocatedRoles: Role[] = [];
  readonly allocatedAgents: Agent[] = [];
  readonly allocatedResources: Resources[] = [];
  /** Whom the allocator asked for agents back in this step; `flushInverseOffers` turns it into inverse offers. */
  readonly askedFrameworks: Framework[] = [];
  readonly askedAgents: Agent[] = [];

  now = micros(0);
  /** Sink of the step under way. */
  out: Sink<MasterOutput>;

  constructor(
    options: MasterOptions,
    factory: AllocatorFactory,
    allocatorOptions: AllocatorOptions,
    now: Micros,
  ) {
    this.options = options;
    this.domain = options.address.domain ?? allocatorOptions.domain;
    this.now = now;
    this.startTime = now;
    this.rateLimiter = options.rateLimits === null ? null : new RateLimiter(options.rateLimits, now);
    this.authorizations = options.authorization ? new Authorizations() : null;
    if (options.operatorEventsKept > 0) this.streams = new OperatorStreams(options.operatorEventsKept);
    this.out = { push() {} };
    this.allocator = factory(now, allocatorOptions, {
      allocated: (framework, role, agent, resources) => {
        this.allocatedFrameworks.push(framework);
        this.allocatedRoles.push(role);
        this.allocatedAgents.push(agent);
        this.allocatedResources.push(resources);
      },
      inverseOffer: (framework, agent) => {
        this.askedFrameworks.push(framework);
        this.askedAgents.push(agent);
      },
    });
  }

  /** Sends an event if the framework is connected; it is lost otherwise, as in Mesos. */
  send(framework: FrameworkRecord, event: SchedulerEvent): void {
    if (framework.stream === null) return;
    if (framework.counters !== null) framework.counters.events[event.type]++;
    this.out.push({ kind: 'event', stream: framework.stream, event });
  }

  /** Sends a message if the agent is connected; re-registration makes up for one that was not sent. */
  tell(agent: AgentRecord, message: MasterToAgent): void {
    if (agent.link !== null) this.out.push({ kind: 'toAgent', link: agent.link, message });
  }

  persist(operation: RegistryOperation, then: AfterDurable): void {
    this.intended.apply(operation);
    const index = this.registrar.issue(then);
    this.out.push({ kind: 'persist', index, operation });
  }

  /** An instant `delay` from now. */
  after(delay: Micros): Micros {
    return micros(this.now + delay);
  }

  static readonly layout = fieldsLayout({
    kept: ['options', 'domain', 'isOutstanding', 'out'],
  });
}
