import {
  assert,
  type Micros,
  type Milli,
  MICROS_PER_SECOND,
  micros,
  milli,
  Rng,
} from '../../engine/core/index.ts';
import type {
  Agent,
  AllocationSink,
  AllocatorAgent,
  AllocatorFramework,
  AllocatorMetrics,
  AllocatorOptions,
  Framework,
  Quota,
  Role,
  Unavailability,
  Usage,
} from '../../engine/master/index.ts';
import {
  applyOperations,
  type Quantities,
  type ResourceOperation,
  Resources,
} from '../../engine/resources/index.ts';
import { PlainBooks, type PlainFilter } from './plain-books.ts';
import { type PlainAllocation, runStages, type VisitingOrder } from './plain-cycle.ts';
import { PlainTimers } from './plain-timers.ts';
import type { InspectableAllocator } from './subject.ts';

const DEFAULT_REFUSAL = micros(5 * MICROS_PER_SECOND);
const LONGEST_REFUSAL = micros(365 * 24 * 3600 * MICROS_PER_SECOND);

/**
 * Which of the orders in which a cycle may visit its agents it takes: the rules leave it open, and to be compared with another
 * allocator it must take the other's.
 */
export interface VisitingOrders {
  /** At least one. */
  of(agents: readonly Agent[]): readonly VisitingOrder[];
  /** Whether the outcome of cycle number `run` (from 1) is the one that is wanted. */
  accepts(run: number, records: readonly PlainAllocation[]): boolean;
}

/**
 * Hierarchical DRF as conformance README §4 to §6 and spec 16 state it, with nothing kept that can be computed: the oracle for the fast allocator.
 * Slow by design.
 */
export class PlainDrf implements InspectableAllocator {
  readonly #options: AllocatorOptions;
  readonly #sink: AllocationSink;
  readonly #books: PlainBooks;
  readonly #timers = new PlainTimers();
  readonly #orders: VisitingOrders;
  #whitelist: ReadonlySet<string> | null = null;
  /** While allocation waits for agents after a failover: how many. */
  #awaited: number | null = null;
  #runs = 0;
  #allocations = 0;
  #declines = 0;

  constructor(now: Micros, options: AllocatorOptions, sink: AllocationSink, orders?: VisitingOrders) {
    this.#options = options;
    this.#sink = sink;
    this.#books = new PlainBooks(options.fairnessExclude);
    this.#orders = orders ?? shuffledOrders(Rng.forPurpose(options.seed, 'allocator'));
    this.#scheduleTick(now);
  }

  role(name: string): Role {
    return this.#books.role(name);
  }

  roleName(role: Role): string {
    return this.#books.roleName(role);
  }

  // --- agents

  addAgent(_now: Micros, agent: Agent, info: AllocatorAgent, used: readonly Usage[]): void {
    assert(!this.#books.agents.has(agent), `agent ${agent} is not known yet`);
    this.#books.addAgent(agent, {
      info,
      isActive: true,
      used: new Map(),
      unavailability: info.unavailability,
      statuses: new Map(),
      outstanding: new Set(),
    });
    this.#book(agent, used);
    if (this.#awaited !== null && this.#books.agents.size >= this.#awaited) this.#awaited = null;
    this.#cycle([agent]);
  }

  updateAgent(_now: Micros, agent: Agent, info: AllocatorAgent): void {
    const known = this.#books.agent(agent);
    const attributesChanged = !isSame(known.info.attributes, info.attributes);
    const isChanged =
      attributesChanged ||
      !known.info.total.equals(info.total) ||
      !isSame([...known.info.capabilities].sort(), [...info.capabilities].sort()) ||
      !isSame(known.info.domain, info.domain) ||
      known.info.hostname !== info.hostname;
    if (!isChanged) return;
    known.info = info;
    this.#books.setTotal(agent, info.total);
    if (attributesChanged) this.#dropFiltersOn(agent);
    this.#cycle([agent]);
  }

  addResourceProvider(_now: Micros, agent: Agent, added: Resources, used: readonly Usage[]): void {
    this.#books.setTotal(agent, this.#books.agent(agent).info.total.plus(added));
    this.#book(agent, used);
  }

  removeAgent(_now: Micros, agent: Agent): void {
    this.#books.agent(agent);
    for (const [framework, { tracked }] of this.#books.frameworks) {
      for (const role of tracked) {
        const held = this.#books.charged(framework, role, agent);
        if (!held.isEmpty) this.#books.discharge(framework, role, agent, held);
      }
    }
    this.#dropFiltersOn(agent);
    this.#books.removeAgent(agent);
  }

  activateAgent(_now: Micros, agent: Agent): void {
    this.#books.agent(agent).isActive = true;
  }

  deactivateAgent(_now: Micros, agent: Agent): void {
    this.#books.agent(agent).isActive = false;
  }

  // --- frameworks

  addFramework(
    _now: Micros,
    framework: Framework,
    info: AllocatorFramework,
    active: boolean,
    used: readonly Usage[],
  ): void {
    assert(!this.#books.frameworks.has(framework), `framework ${framework} is not known yet`);
    this.#books.frameworks.set(framework, {
      info,
      isActive: active,
      suppressed: new Set(info.suppressedRoles),
      tracked: new Set(),
      filters: new Set(),
      inverseFilters: new Set(),
    });
    for (const role of info.roles) this.#books.track(framework, role);
    for (const usage of used) {
      if (this.#books.agents.has(usage.agent)) {
        this.#books.charge(framework, usage.role, usage.agent, usage.resources);
      }
    }
    this.#books.refreshActivity(framework);
    if (active) this.#cycleOverAll();
  }

  updateFramework(_now: Micros, framework: Framework, info: AllocatorFramework): void {
    const known = this.#books.framework(framework);
    const before = known.info.roles;
    known.info = info;
    known.suppressed.clear();
    for (const role of info.suppressedRoles) known.suppressed.add(role);
    for (const role of info.roles) this.#books.track(framework, role);
    for (const role of before) this.#books.untrackIdle(framework, role);
    for (const filter of known.filters) if (!info.roles.includes(filter.role)) known.filters.delete(filter);
    known.inverseFilters.clear();
    this.#books.refreshActivity(framework);
  }

  removeFramework(_now: Micros, framework: Framework): void {
    const known = this.#books.framework(framework);
    known.info = { ...known.info, roles: [] };
    for (const role of known.tracked) {
      for (const agent of this.#books.agents.keys()) {
        const held = this.#books.charged(framework, role, agent);
        if (!held.isEmpty) this.#books.discharge(framework, role, agent, held);
      }
      this.#books.untrackIdle(framework, role);
    }
    for (const agent of this.#books.agents.values()) {
      agent.used.delete(framework);
      agent.statuses.delete(framework);
      agent.outstanding.delete(framework);
    }
    this.#books.frameworks.delete(framework);
  }

  activateFramework(_now: Micros, framework: Framework): void {
    this.#books.framework(framework).isActive = true;
    this.#books.refreshActivity(framework);
    this.#cycleOverAll();
  }

  deactivateFramework(_now: Micros, framework: Framework): void {
    const known = this.#books.framework(framework);
    known.isActive = false;
    known.filters.clear();
    known.inverseFilters.clear();
    this.#books.refreshActivity(framework);
  }

  suppressOffers(_now: Micros, framework: Framework, roles: readonly Role[]): void {
    const known = this.#books.framework(framework);
    for (const role of roles.length === 0 ? known.info.roles : roles) known.suppressed.add(role);
    this.#books.refreshActivity(framework);
  }

  reviveOffers(_now: Micros, framework: Framework, roles: readonly Role[]): void {
    const known = this.#books.framework(framework);
    for (const role of roles.length === 0 ? known.info.roles : roles) {
      known.suppressed.delete(role);
      for (const filter of known.filters) if (filter.role === role) known.filters.delete(filter);
    }
    known.inverseFilters.clear();
    this.#books.refreshActivity(framework);
    this.#cycleOverAll();
  }

  /** Mesos's allocator ignores REQUEST, and so does this one, but for the cycle that the interface states. */
  requestResources(_now: Micros, framework: Framework, _role: Role, _demand: Quantities): void {
    this.#books.framework(framework);
    this.#cycleOverAll();
  }

  // --- what is returned or changed

  recoverResources(
    now: Micros,
    framework: Framework,
    role: Role,
    agent: Agent,
    resources: Resources,
    refuse: Micros | null,
  ): void {
    const known = this.#books.framework(framework);
    this.#books.release(framework, role, agent, resources);
    this.#books.discharge(framework, role, agent, resources);
    if (refuse !== null) this.#declines++;
    const duration = refusal(refuse);
    if (duration === null || resources.isEmpty) return;
    const filter: PlainFilter = { role, agent, refused: resources };
    known.filters.add(filter);
    const lasts = Math.max(duration, this.#options.allocationInterval);
    this.#timers.schedule(micros(now + lasts), () => known.filters.delete(filter));
  }

  updateAllocation(
    _now: Micros,
    framework: Framework,
    role: Role,
    agent: Agent,
    offered: Resources,
    operations: readonly ResourceOperation[],
  ): void {
    const after = applyOperations(offered, operations);
    const total = applyOperations(this.#books.agent(agent).info.total, operations);
    assert(after.ok && total.ok, 'the master has validated the operations');
    this.#books.exchange(framework, role, agent, offered, after.value);
    this.#books.setTotal(agent, total.value);
  }

  addCopies(_now: Micros, framework: Framework, role: Role, agent: Agent, copies: Resources): void {
    this.#books.exchange(framework, role, agent, Resources.EMPTY, copies);
  }

  updateAvailable(_now: Micros, agent: Agent, operations: readonly ResourceOperation[]): boolean {
    const available = applyOperations(this.#books.available(agent), operations);
    const total = applyOperations(this.#books.agent(agent).info.total, operations);
    if (!available.ok || !total.ok) return false;
    this.#books.setTotal(agent, total.value);
    return true;
  }

  // --- configuration

  setQuota(_now: Micros, role: Role, quota: Quota): void {
    if (quota.guarantees.isEmpty && quota.limits.isEmpty) this.#books.quotas.delete(role);
    else this.#books.quotas.set(role, { guarantees: quota.guarantees, limits: quota.limits });
  }

  setWeight(_now: Micros, role: Role, weight: number): void {
    this.#books.roleSorter.setWeight(this.roleName(role), weight);
  }

  setWhitelist(_now: Micros, hostnames: readonly string[] | null): void {
    this.#whitelist = hostnames === null ? null : new Set(hostnames);
  }

  // --- maintenance

  setUnavailability(_now: Micros, agent: Agent, unavailability: Unavailability | null): void {
    const known = this.#books.agent(agent);
    known.unavailability = unavailability;
    known.statuses.clear();
    known.outstanding.clear();
    this.#dropInverseFiltersOn(agent);
    this.#cycle([agent]);
  }

  respondInverseOffer(
    now: Micros,
    agent: Agent,
    framework: Framework,
    status: 'ACCEPT' | 'DECLINE' | 'UNKNOWN',
    refuse: Micros | null,
  ): void {
    const known = this.#books.agent(agent);
    if (known.unavailability === null) return;
    known.outstanding.delete(framework);
    if (status !== 'UNKNOWN') known.statuses.set(framework, status);
    const duration = refusal(refuse);
    if (duration === null) return;
    const { inverseFilters } = this.#books.framework(framework);
    const filter = { agent };
    inverseFilters.add(filter);
    this.#timers.schedule(micros(now + duration), () => inverseFilters.delete(filter));
  }

  // --- time

  recover(now: Micros, expectedAgents: number, quotas: ReadonlyMap<Role, Quota>): void {
    assert(this.#books.agents.size === 0, 'recovery comes before any agent');
    for (const [role, quota] of quotas) this.setQuota(now, role, quota);
    const awaited = Math.floor(expectedAgents * this.#options.agentRecoveryFactor);
    if (quotas.size === 0 || awaited === 0) return;
    this.#awaited = awaited;
    this.#timers.schedule(micros(now + this.#options.recoveryTimeout), () => {
      this.#awaited = null;
    });
  }

  nextDeadline(): Micros | null {
    return this.#timers.next();
  }

  advance(now: Micros): void {
    this.#timers.advance(now);
  }

  // --- what the books say

  dominantShare(role: Role): number {
    return this.#books.roleSorter.share(this.roleName(role));
  }

  metrics(): AllocatorMetrics {
    let offerFiltersActive = 0;
    for (const { filters } of this.#books.frameworks.values()) offerFiltersActive += filters.size;
    return {
      allocationRuns: this.#runs,
      allocations: this.#allocations,
      offerFiltersActive,
      declines: this.#declines,
      declinersPassedOver: 0,
    };
  }

  roleOrder(): readonly Role[] {
    return this.#books.roleOrder();
  }

  totalScalar(name: string): Milli {
    return this.#books.roleSorter.total().get(name);
  }

  offeredOrAllocatedScalar(name: string): Milli {
    return this.#books.roleSorter.totalAllocated().get(name);
  }

  activeFilters(role: Role): number {
    let active = 0;
    for (const { filters } of this.#books.frameworks.values()) {
      for (const filter of filters) if (filter.role === role) active++;
    }
    return active;
  }

  roleOfferedOrAllocatedScalar(role: Role, name: string): Milli {
    const path = this.roleName(role);
    return this.#books.roleSorter.subtreeQuantities(path).get(name) ?? milli(0);
  }

  quotaOf(role: Role): Quota | null {
    return this.#books.quotas.get(role) ?? null;
  }

  inverseOfferStatuses(agent: Agent): ReadonlyMap<Framework, 'ACCEPT' | 'DECLINE' | 'UNKNOWN'> {
    return this.#books.agent(agent).statuses;
  }

  // --- inside

  /** Notes usage that comes with an agent: it is taken from what is available, and counts in shares of frameworks already known. */
  #book(agent: Agent, used: readonly Usage[]): void {
    for (const { framework, role, resources } of used) {
      this.#books.use(framework, role, agent, resources);
      if (!this.#books.frameworks.has(framework)) continue;
      this.#books.charge(framework, role, agent, resources);
      this.#books.refreshActivity(framework);
    }
  }

  #dropFiltersOn(agent: Agent): void {
    for (const { filters } of this.#books.frameworks.values()) {
      for (const filter of filters) if (filter.agent === agent) filters.delete(filter);
    }
    this.#dropInverseFiltersOn(agent);
  }

  #dropInverseFiltersOn(agent: Agent): void {
    for (const { inverseFilters } of this.#books.frameworks.values()) {
      for (const filter of inverseFilters) if (filter.agent === agent) inverseFilters.delete(filter);
    }
  }

  #scheduleTick(from: Micros): void {
    this.#timers.schedule(micros(from + this.#options.allocationInterval), (at) => {
      this.#cycleOverAll();
      this.#scheduleTick(at);
    });
  }

  #cycleOverAll(): void {
    this.#cycle([...this.#books.agents.keys()].sort((a, b) => a - b));
  }

  #cycle(agents: readonly Agent[]): void {
    if (this.#awaited !== null) return;
    this.#runs++;
    const active = agents.filter((agent) => this.#books.agent(agent).isActive);
    const whitelisted = active.filter(
      (agent) => this.#whitelist === null || this.#whitelist.has(this.#books.agent(agent).info.hostname),
    );
    for (const { framework, role, agent, resources } of this.#allocate(whitelisted)) {
      this.#allocations++;
      this.#sink.allocated(framework, role, agent, resources);
    }
    for (const agent of active) this.#makeInverseOffers(agent);
  }

  /** Runs the stages in the first order whose outcome is acceptable; if none is, in the first. */
  #allocate(candidates: readonly Agent[]): readonly PlainAllocation[] {
    const orders = this.#orders.of(candidates);
    for (const order of orders) {
      const allocations = runStages(this.#books, this.#options, order);
      const records = recordsOf(allocations);
      if (this.#orders.accepts(this.#runs, records)) return records;
      for (const { framework, role, agent, resources } of [...allocations].reverse()) {
        this.#books.revoke(framework, role, agent, resources);
      }
    }
    return recordsOf(runStages(this.#books, this.#options, orders[0]!));
  }

  #makeInverseOffers(agent: Agent): void {
    const { unavailability, outstanding } = this.#books.agent(agent);
    if (unavailability === null) return;
    for (const [framework, { isActive, tracked, inverseFilters }] of this.#books.frameworks) {
      const holdsAny = [...tracked].some((role) => !this.#books.charged(framework, role, agent).isEmpty);
      const isFiltered = [...inverseFilters].some((filter) => filter.agent === agent);
      if (!isActive || !holdsAny || isFiltered || outstanding.has(framework)) continue;
      outstanding.add(framework);
      this.#sink.inverseOffer(framework, agent);
    }
  }
}

/** One record per framework, role and agent, those of a framework in a row; both stages may have given something. */
function recordsOf(allocations: readonly PlainAllocation[]): readonly PlainAllocation[] {
  const records = new Map<string, PlainAllocation>();
  for (const allocation of allocations) {
    const key = `${allocation.framework} ${allocation.role} ${allocation.agent}`;
    const before = records.get(key)?.resources ?? Resources.EMPTY;
    records.set(key, { ...allocation, resources: before.plus(allocation.resources) });
  }
  return [...records.values()].sort((a, b) => a.framework - b.framework);
}

/** How long a filter lasts before the rule of at least one interval; null for none (conformance README §5.5). */
function refusal(refuse: Micros | null): Micros | null {
  if (refuse === null || refuse === 0) return null;
  if (refuse < 0) return DEFAULT_REFUSAL;
  return micros(Math.min(refuse, LONGEST_REFUSAL));
}

/** Structural equality of plain JSON-like values built with the same field order. */
function isSame(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** One random order for each stage, whatever comes of it. */
function shuffledOrders(rng: Rng): VisitingOrders {
  const shuffled = (agents: readonly Agent[]): readonly Agent[] => {
    const rows = Int32Array.from(agents);
    rng.shuffle(rows, rows.length);
    return Array.from(rows, (row) => row as Agent);
  };
  return {
    of: (agents) => [{ guarantees: shuffled(agents), fairShare: shuffled(agents) }],
    accepts: () => true,
  };
}
