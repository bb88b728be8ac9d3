import {
  assert,
  type Micros,
  micros,
  MICROS_PER_SECOND,
  type Milli,
  milli,
} from '../../engine/core/index.ts';
import { fieldsLayout } from '../../engine/core/graph/index.ts';
import type {
  Agent,
  AllocationExplanation,
  AllocationSink,
  AllocatorAgent,
  AllocatorFramework,
  AllocatorMetrics,
  AllocatorOptions,
  ExplainingAllocator,
  Framework,
  Quota,
  Role,
  SnapshotParts,
  Unavailability,
  Usage,
} from '../../engine/master/index.ts';
import {
  applyOperations,
  type Quantities,
  type ResourceOperation,
  type Resources,
} from '../../engine/resources/index.ts';
import { isSameInfo, sameAttributes } from './agent-changes.ts';
import { AgentRow } from './agent-row.ts';
import { Books, type FrameworkRow } from './books.ts';
import { checkBooks } from './check-books.ts';
import { BatchTicks } from './batch-ticks.ts';
import type { Client } from './client.ts';
import { constraintCheck } from './constraint-check.ts';
import { Cycle } from './cycle.ts';
import { Demand } from './demand.ts';
import { EventTiming } from './event-timing.ts';
import { explain } from './explain/explain.ts';
import type { Scene } from './explain/hypothesis.ts';
import { KEPT_CLASSES, KEPT_CONSTANTS } from './kept-classes.ts';
import { type InverseOfferStatus, Maintenance } from './maintenance.ts';
import { MinimumOffer } from './minimum-offer.ts';
import { RecoveryPause } from './recovery-pause.ts';
import { AllocationRecords } from './records.ts';
import { exclusionsOf, restrictionsOf } from './restriction.ts';

const DEFAULT_REFUSAL = micros(5 * MICROS_PER_SECOND);
const REFUSAL_MAX = micros(365 * 86_400 * MICROS_PER_SECOND);

/**
 * The hierarchical dominant-resource-fairness allocator of Mesos (spec 16; conformance README §4 to §5): the default policy.
 *
 * `requestResources` goes beyond Mesos: see
 * `RequestCall`; it lifts suppression, keeps filters, and is forgotten by SUPPRESS, REVIVE, and the loss of the role.
 */
export class HierarchicalDrf implements ExplainingAllocator {
  readonly #options: AllocatorOptions;
  readonly #sink: AllocationSink;
  readonly #books: Books;
  readonly #records = new AllocationRecords();
  readonly #cycle: Cycle;
  readonly #maintenance: Maintenance;
  readonly #pause = new RecoveryPause();
  #quotas = new Map<Role, Quota>();
  #whitelist: ReadonlySet<string> | null = null;
  readonly #ticks: BatchTicks;
  /** Null with Mesos's timing. */
  readonly #events: EventTiming | null;
  #runs = 0;
  #allocations = 0;
  #declines = 0;
  #isInCycle = false;

  /** The first batch tick is one interval after `now`. */
  constructor(now: Micros, options: AllocatorOptions, sink: AllocationSink) {
    this.#options = options;
    this.#sink = sink;
    this.#books = new Books(options);
    this.#maintenance = new Maintenance(this.#books);
    const minimum = new MinimumOffer(options.minAllocatable);
    this.#cycle = new Cycle(this.#books, minimum, this.#records, options);
    this.#ticks = new BatchTicks(now, options.allocationInterval);
    this.#events = options.timing === 'event' ? new EventTiming(options.eventDelay) : null;
  }

  role(name: string): Role {
    return this.#books.roles.role(name);
  }

  roleName(role: Role): string {
    return this.#books.roles.name(role);
  }

  /** Usage of frameworks not yet added takes from what is free, and is charged to them when they are added. */
  addAgent(now: Micros, agent: Agent, info: AllocatorAgent, used: readonly Usage[]): void {
    this.#called(now);
    const books = this.#books;
    assert(books.agents[agent] == null, 'an agent is added once');
    const row = new AgentRow(agent, info);
    row.restrictions = restrictionsOf(info, this.#options.domain);
    row.isWhitelisted = this.#isWhitelisted(info.hostname);
    while (books.agents.length <= agent) books.agents.push(null);
    books.agents[agent] = row;
    books.agentCount++;
    books.addToTotals(info.total, 1);
    this.#noteUsage(row, used);
    this.#maintenance.set(agent, info.unavailability);
    this.#pause.agentsKnown(books.agentCount);
    this.#noteEvent(now);
    this.#runCycle(now, agent);
  }

  updateAgent(now: Micros, agent: Agent, info: AllocatorAgent): void {
    this.#called(now);
    const row = this.#books.agent(agent);
    if (isSameInfo(row, info)) return;
    if (!sameAttributes(row.attributes, info.attributes)) {
      this.#books.clearFiltersOn(agent);
      this.#maintenance.clearFiltersOfAgent(agent);
    }
    row.attributes = info.attributes;
    row.capabilities = info.capabilities;
    row.domain = info.domain;
    row.hostname = info.hostname;
    row.isWhitelisted = this.#isWhitelisted(info.hostname);
    this.#replaceTotal(row, info.total);
    this.#runCycle(now, agent);
  }

  addResourceProvider(now: Micros, agent: Agent, added: Resources, used: readonly Usage[]): void {
    this.#called(now);
    const row = this.#books.agent(agent);
    if (!added.isEmpty) this.#replaceTotal(row, row.total.plus(added));
    this.#noteUsage(row, used);
  }

  removeAgent(now: Micros, agent: Agent): void {
    this.#called(now);
    const row = this.#books.agent(agent);
    this.#books.clearFiltersOn(agent);
    this.#maintenance.set(agent, null);
    this.#books.dropAgent(row);
  }

  activateAgent(now: Micros, agent: Agent): void {
    this.#called(now);
    const row = this.#books.agent(agent);
    row.isActivated = true;
    this.#books.guard?.beginRound(agent);
    this.#books.refreshAgent(row);
  }

  deactivateAgent(now: Micros, agent: Agent): void {
    this.#called(now);
    const row = this.#books.agent(agent);
    row.isActivated = false;
    this.#books.refreshAgent(row);
  }

  /** What it uses on known agents was stated when these were added, too, and is charged from there. */
  addFramework(
    now: Micros,
    framework: Framework,
    info: AllocatorFramework,
    active: boolean,
    _used: readonly Usage[],
  ): void {
    this.#called(now);
    const books = this.#books;
    assert(books.frameworks[framework] == null, 'a framework is added once');
    const { tieRank, capabilities } = info;
    books.addFramework(framework, { tieRank, capabilities, isActive: active });
    this.#chargeUnchargedOf(framework);
    this.#subscribe(framework, info);
    if (active) this.#runCycle(now, null);
  }

  updateFramework(now: Micros, framework: Framework, info: AllocatorFramework): void {
    this.#called(now);
    const row = this.#books.framework(framework);
    row.capabilities = info.capabilities;
    this.#maintenance.clearFilters(framework);
    this.#subscribe(framework, info);
  }

  removeFramework(now: Micros, framework: Framework): void {
    this.#called(now);
    const books = this.#books;
    books.framework(framework).isActive = false;
    for (const client of Array.from(books.clientsOf(framework))) {
      client.isSubscribed = false;
      books.refreshActivity(client);
      books.filters.clearClient(client);
      if (client.parts > 0) this.#releaseAll(client);
      books.retire(client);
    }
    this.#maintenance.forget(framework);
    books.frameworks[framework] = null;
  }

  activateFramework(now: Micros, framework: Framework): void {
    this.#called(now);
    this.#books.framework(framework).isActive = true;
    for (const client of this.#books.clientsOf(framework)) this.#books.refreshActivity(client);
    this.#runCycle(now, null);
  }

  deactivateFramework(now: Micros, framework: Framework): void {
    this.#called(now);
    const books = this.#books;
    books.framework(framework).isActive = false;
    for (const client of Array.from(books.clientsOf(framework))) {
      books.refreshActivity(client);
      books.filters.clearClient(client);
      books.retire(client);
    }
    this.#maintenance.clearFilters(framework);
  }

  suppressOffers(now: Micros, framework: Framework, roles: readonly Role[]): void {
    this.#called(now);
    for (const client of this.#subscribed(framework, roles)) {
      client.isSuppressed = true;
      client.demand = null;
      this.#books.refreshActivity(client);
    }
  }

  reviveOffers(now: Micros, framework: Framework, roles: readonly Role[]): void {
    this.#called(now);
    for (const client of this.#subscribed(framework, roles)) {
      const hadFilters = client.filters !== null && client.filters.count > 0;
      this.#books.filters.clearClient(client);
      client.isSuppressed = false;
      client.demand = null;
      this.#books.refreshActivity(client);
      const wasBehind = this.#books.guard?.forget(client.row) ?? false;
      if (hadFilters || wasBehind) this.#books.wake(client);
    }
    this.#maintenance.clearFilters(framework);
    this.#runCycle(now, null);
  }

  requestResources(now: Micros, framework: Framework, role: Role, demand: Quantities): void {
    this.#called(now);
    for (const client of this.#subscribed(framework, [role])) {
      client.isSuppressed = false;
      client.demand = new Demand(demand);
      this.#books.refreshActivity(client);
    }
    this.#runCycle(now, null);
  }

  /** Ignored if the agent is unknown, or the framework is unknown and nothing is noted as its own there. */
  recoverResources(
    now: Micros,
    framework: Framework,
    role: Role,
    agent: Agent,
    resources: Resources,
    refuse: Micros | null,
  ): void {
    this.#called(now);
    const books = this.#books;
    const row = books.agents[agent] ?? null;
    const client = books.client(framework, role);
    if (row === null || client === null || resources.isEmpty) return;
    books.release(row, client, resources, refuse !== null);
    if (refuse !== null) this.#declines++;
    if (refuse !== null && refuse !== 0 && books.frameworks[framework] != null) {
      this.#refuse(now, client, agent, resources, refuse);
      if (row.free === resources) books.filters.noteBlocked(client, agent, resources);
    }
    if (!client.isSubscribed) books.retire(client);
  }

  updateAllocation(
    now: Micros,
    framework: Framework,
    role: Role,
    agent: Agent,
    offered: Resources,
    operations: readonly ResourceOperation[],
  ): void {
    this.#called(now);
    const books = this.#books;
    const row = books.agent(agent);
    const client = books.client(framework, role);
    assert(client !== null, 'the framework holds something under the role');
    const updated = applied(offered, operations);
    const total = applied(row.total, operations);
    books.release(row, client, offered);
    if (!updated.isEmpty) books.hold(row, client, updated, false);
    this.#replaceTotal(row, total);
    books.retire(client);
  }

  addCopies(now: Micros, framework: Framework, role: Role, agent: Agent, copies: Resources): void {
    this.#called(now);
    const client = this.#books.client(framework, role);
    assert(client !== null, 'the framework holds something under the role');
    // What is shared stays free.
    this.#books.hold(this.#books.agent(agent), client, copies, false);
  }

  updateAvailable(now: Micros, agent: Agent, operations: readonly ResourceOperation[]): boolean {
    this.#called(now);
    const row = this.#books.agent(agent);
    if (!applyOperations(row.free, operations).ok) return false;
    const total = applyOperations(row.total, operations);
    if (!total.ok) return false;
    this.#replaceTotal(row, total.value);
    return true;
  }

  setQuota(now: Micros, role: Role, quota: Quota): void {
    this.#called(now);
    assert(!this.#books.roles.isNested(role), 'only top-level roles have quota');
    this.#books.revision++;
    this.#books.quotaRevision++;
    if (!quota.guarantees.isEmpty || !quota.limits.isEmpty) {
      this.#quotas.set(role, quota);
    } else if (this.#quotas.delete(role) && this.#quotas.size === 0) {
      // What limits and headroom kept from frameworks may find a taker now.
      for (const row of this.#books.agents)
        if (row !== null && row.isOfferable) this.#books.unsettled.add(row.agent);
    }
  }

  setWeight(now: Micros, role: Role, weight: number): void {
    this.#called(now);
    assert(weight > 0, 'a weight is greater than 0');
    this.#books.revision++;
    this.#books.tree.setWeight(role, weight);
  }

  setWhitelist(now: Micros, hostnames: readonly string[] | null): void {
    this.#called(now);
    this.#whitelist = hostnames === null ? null : new Set(hostnames);
    for (const row of this.#books.agents) {
      if (row === null) continue;
      const isWhitelisted = this.#isWhitelisted(row.hostname);
      if (isWhitelisted === row.isWhitelisted) continue;
      row.isWhitelisted = isWhitelisted;
      this.#books.guard?.beginRound(row.agent);
      this.#books.refreshAgent(row);
    }
  }

  setUnavailability(now: Micros, agent: Agent, unavailability: Unavailability | null): void {
    this.#called(now);
    this.#maintenance.set(agent, unavailability);
    this.#runCycle(now, agent);
  }

  respondInverseOffer(
    now: Micros,
    agent: Agent,
    framework: Framework,
    status: InverseOfferStatus,
    refuse: Micros | null,
  ): void {
    this.#called(now);
    const duration = refuse === null ? 0 : refusal(refuse);
    this.#maintenance.respond(agent, framework, status, duration === 0 ? null : micros(now + duration));
  }

  recover(now: Micros, expectedAgents: number, quotas: ReadonlyMap<Role, Quota>): void {
    this.#called(now);
    assert(this.#books.agentCount === 0, 'recovery comes before any agent');
    for (const [role, quota] of quotas) this.setQuota(now, role, quota);
    if (this.#quotas.size === 0) return;
    const awaited = Math.floor(expectedAgents * this.#options.agentRecoveryFactor);
    if (awaited > 0) {
      const deadline = micros(now + this.#options.recoveryTimeout);
      this.#pause.begin(awaited, deadline, deadline === this.#ticks.next);
    }
  }

  /**
   * The next batch tick that can do anything, or the end of a pause if that comes first. Filters need no deadline of their own: they lapse
   * at their instant as far as any cycle can tell, and are taken away when the next thing happens.
   */
  nextDeadline(): Micros | null {
    if (this.#events !== null) return this.#nextEvent(this.#events);
    if (this.#isIdle()) return this.#ticks.atOrAfter(this.#books.filters.nextExpiry);
    const pauseEnd = this.#pause.deadline;
    return pauseEnd !== null && pauseEnd < this.#ticks.next ? pauseEnd : this.#ticks.next;
  }

  advance(now: Micros): void {
    if (this.#events !== null) {
      this.#advanceByEvents(now, this.#events);
      return;
    }
    this.#skipIdleTicks(now);
    while (this.#ticks.next <= now) {
      const tick = this.#ticks.next;
      this.#pause.expire(tick, false);
      this.#lapse(tick, false);
      this.#runCycleNow(tick, null);
      this.#ticks.pass();
      this.#skipIdleTicks(now);
    }
    this.#pause.expire(now, true);
    this.#lapse(now, true);
  }

  /** Runs a cycle over all agents, without the clock moving. For tools and tests. */
  allocate(now: Micros): void {
    this.#called(now);
    this.#runCycle(now, null);
  }

  dominantShare(role: Role): number {
    return this.#books.tree.share(role);
  }

  metrics(now?: Micros): AllocatorMetrics {
    return {
      allocationRuns: this.#runs + (now === undefined ? 0 : this.#idleTicksUntil(now)),
      allocations: this.#allocations,
      offerFiltersActive: this.#books.filters.count,
      declines: this.#declines,
      declinersPassedOver: this.#books.guard?.passedOver ?? 0,
    };
  }

  /**
   * Roles with frameworks, subscribed or still holding something, in the order in which the next agent would be shown to them. A random
   * sorter draws its orders when they are wanted; this stays the order of need.
   */
  roleOrder(): readonly Role[] {
    return this.#books.tree.preOrder(false);
  }

  /** Of the whole cluster, thousandths. */
  totalScalar(name: string): Milli {
    return this.#books.totals.amount(name);
  }

  /** Of the whole cluster, thousandths. */
  offeredOrAllocatedScalar(name: string): Milli {
    const { tree, columns } = this.#books;
    const column = columns.column(name);
    return milli(tree.topLevel().reduce((sum, role) => sum + tree.held(role, column), 0));
  }

  /** What the role and those below it hold, reserved or not, thousandths. */
  roleOfferedOrAllocatedScalar(role: Role, name: string): Milli {
    return milli(this.#books.tree.held(role, this.#books.columns.column(name)));
  }

  /** Live offer filters of the role's frameworks. */
  activeFilters(role: Role): number {
    let count = 0;
    for (const client of this.#books.clients) {
      if (client?.role === role && client.filters !== null) count += client.filters.count;
    }
    return count;
  }

  quotaOf(role: Role): Quota | null {
    return this.#quotas.get(role) ?? null;
  }

  /** Answers to inverse offers of the agent, by framework. */
  inverseOfferStatuses(agent: Agent): ReadonlyMap<Framework, InverseOfferStatus> {
    return this.#maintenance.statuses(agent);
  }

  explain(now: Micros, framework: Framework, role: string, demand: Quantities | null): AllocationExplanation {
    this.#books.framework(framework);
    return explain(this.scene(), now, framework, role, demand);
  }

  /** What explanations read. */
  scene(): Scene {
    const { deadline, awaited } = this.#pause;
    return {
      books: this.#books,
      quotas: this.#quotas,
      minimum: new MinimumOffer(this.#options.minAllocatable),
      filterGpuResources: this.#options.filterGpuResources,
      drawn: {
        roles: this.#options.roleSorter === 'random',
        frameworks: this.#options.frameworkSorter === 'random',
      },
      nextTick: this.#ticks.next,
      allocationInterval: this.#options.allocationInterval,
      pause: deadline === null ? null : { until: deadline, agentsAwaited: awaited },
    };
  }

  snapshotParts(): SnapshotParts {
    const classes = [HierarchicalDrf, ...KEPT_CLASSES];
    return { kind: 'hierarchical-drf', classes, constants: KEPT_CONSTANTS };
  }

  /** What is free on the agent. */
  available(agent: Agent): Resources {
    return this.#books.agent(agent).free;
  }

  /** Works everything out anew and asserts that what is kept agrees. O(agents × what they hold); for tests. */
  checkInvariants(): void {
    checkBooks(this.#books);
  }

  /** From now on lists the agents in the order in which cycles visit them. For tests that compare with a plain allocator. */
  watchVisits(): number[] {
    return this.#cycle.watchVisits();
  }

  /** Whether a batch tick would change nothing, tell the sink nothing and draw no random number, unless a filter ends before. */
  #isIdle(): boolean {
    if (this.#books.guard !== null && this.#books.guard.hasWaiting) return false;
    return !this.#pause.isPaused && this.#maintenance.isQuiet && this.#cycle.isIdle(this.#quotas);
  }

  /** Comes before whatever a call does. */
  #called(now: Micros): void {
    this.#skipIdleTicks(now);
    this.#noteEvent(now);
  }

  /** With timing `event`: what happens at `now` may need a cycle. */
  #noteEvent(now: Micros): void {
    if (this.#events === null) return;
    if (this.#pause.isPaused) this.#events.served();
    else this.#events.note(now, this.#cycle.isIdle(this.#quotas));
  }

  /** With timing `event`: a cycle over all agents saw to what there was. With quota, what it gave may have changed what others may get. */
  #answered(now: Micros): void {
    if (this.#events === null) return;
    this.#events.served();
    if (this.#quotas.size > 0 && this.#records.count > 0) this.#events.note(now, true);
  }

  /** With timing `event`: the next tick unless it has nothing to do, the next cycle, the end of the next filter, or of a pause. */
  #nextEvent(events: EventTiming): Micros | null {
    let next = this.#isIdle() ? Infinity : this.#ticks.next;
    next = Math.min(next, this.#pause.deadline ?? Infinity, this.#books.filters.nextExpiry);
    if (events.due !== null && this.#hasEvents()) next = Math.min(next, events.due);
    return next === Infinity ? null : micros(next);
  }

  #hasEvents(): boolean {
    return !this.#pause.isPaused && !this.#cycle.isIdle(this.#quotas);
  }

  /** At one instant a tick comes first, as with Mesos's timing, and then nothing is left for the cycle that was due. */
  #advanceByEvents(now: Micros, events: EventTiming): void {
    for (;;) {
      this.#skipIdleTicks(now);
      const at = this.#nextEvent(events);
      if (at === null || at > now) break;
      const isTick = at === this.#ticks.next;
      this.#noteEvent(at);
      this.#pause.expire(at, !isTick);
      this.#lapse(at, !isTick);
      // Again, as a pause may be over.
      this.#noteEvent(at);
      if (isTick) {
        this.#books.guard?.beginWaitingRounds(this.#reopen);
        this.#runCycleNow(at, null);
        this.#ticks.pass();
      } else if (events.due === at) {
        this.#runCycleNow(at, null);
      }
    }
  }

  /** Those who were passed over on the agent may be shown it. */
  readonly #reopen = (agent: number): void => {
    this.#books.revision++;
    if (this.#books.open.has(agent)) this.#books.unsettled.add(agent);
  };

  /**
   * Counts the ticks up to `now` that an idle allocator does not ask for. Comes first in every call, so that a tick which was
   * skipped is one that was idle; one of the very instant of the call comes before it, as it was scheduled an interval ago.
   */
  #skipIdleTicks(now: Micros): void {
    if (this.#ticks.next <= now && !this.#isInCycle && this.#isIdle()) {
      this.#runs += this.#ticks.passUntil(now, this.#books.filters.nextExpiry);
    }
  }

  /** Ticks that the next call would count, were it made at `now`. */
  #idleTicksUntil(now: Micros): number {
    if (this.#ticks.next > now || this.#isInCycle || !this.#isIdle()) return 0;
    return this.#ticks.countUntil(now, this.#books.filters.nextExpiry);
  }

  /** A cycle that a call starts. What lapses by now has lapsed, but for what the clock fires after a batch tick still to come. */
  #runCycle(now: Micros, only: Agent | null): void {
    this.#lapse(now, now < this.#ticks.next);
    this.#runCycleNow(now, only);
  }

  #runCycleNow(now: Micros, only: Agent | null): void {
    if (this.#pause.isPaused) return;
    assert(!this.#isInCycle, 'the sink starts no cycle');
    this.#isInCycle = true;
    this.#runs++;
    if (only === null) this.#cycle.runAll(this.#quotas);
    else this.#cycle.runOne(only, this.#quotas);
    if (only === null) this.#answered(now);
    this.#allocations += this.#records.count;
    this.#records.flush(this.#sink);
    this.#maintenance.ask(now, only, this.#sink);
    this.#isInCycle = false;
  }

  #lapse(now: Micros, lateToo: boolean): void {
    this.#books.filters.expire(now, lateToo, this.#lapsed);
  }

  /** A filter ended: the agent may find a taker. */
  readonly #lapsed = (client: Client, agent: number): void => {
    this.#books.revision++;
    if (client.isActive && this.#books.open.has(agent)) this.#books.unsettled.add(agent);
    if (!client.isSubscribed) this.#books.retire(client);
  };

  #refuse(now: Micros, client: Client, agent: Agent, resources: Resources, refuse: Micros): void {
    const expiry = micros(now + Math.max(refusal(refuse), this.#options.allocationInterval));
    const { filters } = this.#books;
    filters.add(client, agent, resources, expiry, expiry === this.#ticks.next);
    // What came back whole need not be found to be refused in the next cycle.
    if (this.#books.agent(agent).free === resources) filters.noteBlocked(client, agent, resources);
  }

  #isWhitelisted(hostname: string): boolean {
    return this.#whitelist === null || this.#whitelist.has(hostname);
  }

  /** The framework's clients of these roles, of all if the list is empty, as far as it subscribes to them. */
  #subscribed(framework: Framework, roles: readonly Role[]): Client[] {
    this.#books.framework(framework);
    return [...this.#books.clientsOf(framework)].filter(
      (client) => client.isSubscribed && (roles.length === 0 || roles.includes(client.role)),
    );
  }

  /** Subscribes the framework to exactly the roles of `info`. Roles it lost stay booked until what it holds there returns. */
  #subscribe(framework: Framework, info: AllocatorFramework): void {
    const books = this.#books;
    const row = books.framework(framework);
    // New roles come first, as in Mesos: what is above a lost role keeps its count if something new is below it.
    for (const role of info.roles) this.#enrol(books.clientFor(framework, role), row, info);
    for (const client of Array.from(books.clientsOf(framework))) {
      if (info.roles.includes(client.role)) continue;
      client.isSubscribed = false;
      client.isSuppressed = false;
      client.demand = null;
      books.refreshActivity(client);
      books.filters.clearClient(client);
      books.retire(client);
    }
  }

  #enrol(client: Client, row: FrameworkRow, info: AllocatorFramework): void {
    const books = this.#books;
    const isSuppressed = info.suppressedRoles.includes(client.role);
    books.track(client);
    client.isSubscribed = true;
    client.isSuppressed = isSuppressed;
    if (isSuppressed) client.demand = null;
    const minimum = info.minAllocatable.get(client.role);
    books.setMinimum(client, minimum === undefined ? null : new MinimumOffer(minimum));
    client.constraints = constraintCheck(info.offerConstraints, books.roles.name(client.role));
    const isNested = books.roles.isNested(client.role);
    client.exclusions = exclusionsOf(row.capabilities, isNested, this.#options.filterGpuResources);
    books.refreshActivity(client);
    books.wake(client);
  }

  #noteUsage(row: AgentRow, used: readonly Usage[]): void {
    for (const { framework, role, resources } of used) {
      if (!resources.isEmpty) this.#books.hold(row, this.#books.clientFor(framework, role), resources, true);
    }
    row.recount();
    if (used.length > 0) this.#trackHolders(row);
    this.#books.refreshAgent(row);
  }

  /** Holders whose frameworks are known get into the sorters. */
  #trackHolders(row: AgentRow): void {
    for (const holder of row.holders()) {
      const client = this.#books.clients[holder]!;
      if (!client.isTracked && this.#books.frameworks[client.framework] != null)
        this.#chargeUncharged(client);
    }
  }

  #chargeUnchargedOf(framework: Framework): void {
    for (const client of this.#books.clientsOf(framework)) {
      if (!client.isTracked && client.parts > 0) this.#chargeUncharged(client);
    }
  }

  /** Puts a client into the sorters with all that it was noted to hold while it was not in them. */
  #chargeUncharged(client: Client): void {
    const books = this.#books;
    books.track(client);
    for (const row of books.agents) {
      if (row === null || !row.holders().includes(client.row)) continue;
      const held = row.heldBy(client);
      row.release(client, held);
      books.hold(row, client, held, true);
      row.recount();
      books.refreshAgent(row);
    }
  }

  #releaseAll(client: Client): void {
    for (const row of this.#books.agents) {
      if (row !== null && row.holders().includes(client.row))
        this.#books.release(row, client, row.heldBy(client));
    }
  }

  #replaceTotal(row: AgentRow, total: Resources): void {
    const books = this.#books;
    if (row.total !== total) {
      books.addToTotals(row.total, -1);
      books.addToTotals(total, 1);
      row.total = total;
    }
    row.restrictions = restrictionsOf(row, this.#options.domain);
    row.recount();
    books.guard?.beginRound(row.agent);
    books.refreshAgent(row);
  }

  static readonly layout = fieldsLayout({
    take: (it: HierarchicalDrf) => ({
      books: it.#books,
      records: it.#records,
      cycle: it.#cycle,
      maintenance: it.#maintenance,
      pause: it.#pause,
      quotas: it.#quotas,
      whitelist: it.#whitelist,
      ticks: it.#ticks,
      events: it.#events,
      runs: it.#runs,
      allocations: it.#allocations,
      declines: it.#declines,
      isInCycle: it.#isInCycle,
    }),
    put: (it, fields) => {
      it.#quotas = fields.quotas;
      it.#whitelist = fields.whitelist;
      it.#runs = fields.runs;
      it.#allocations = fields.allocations;
      it.#declines = fields.declines;
      it.#isInCycle = fields.isInCycle;
    },
    kept: ['#options', '#sink', '#reopen', '#lapsed'],
  });
}

/** The duration of a filter before the rule of at least one interval (spec 16 §8). */
function refusal(refuse: Micros): Micros {
  if (refuse < 0) return DEFAULT_REFUSAL;
  return refuse > REFUSAL_MAX ? REFUSAL_MAX : refuse;
}

/** The master applies only what it found valid. */
function applied(held: Resources, operations: readonly ResourceOperation[]): Resources {
  const result = applyOperations(held, operations);
  assert(result.ok, 'the operations fit what is held');
  return result.value;
}
