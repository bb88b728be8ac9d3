import { assert, type Micros, micros } from '../core/index.ts';
import { isTerminal } from '../protocol/index.ts';
import { applyOperations, type ResourceOperation, Resources } from '../resources/index.ts';
import type {
  Agent,
  AllocationSink,
  Allocator,
  AllocatorAgent,
  AllocatorFramework,
  AllocatorMetrics,
  AllocatorOptions,
  Framework,
  Quota,
  Role,
  Unavailability,
  Usage,
} from './allocator.ts';
import type { MasterState } from './state.ts';

interface PlainAgent {
  info: AllocatorAgent;
  active: boolean;
}

interface PlainFramework {
  info: AllocatorFramework;
  active: boolean;
  readonly suppressed: Set<Role>;
}

/** A recovery as the master asked for it. */
export interface Recovery {
  readonly framework: Framework;
  readonly role: Role;
  readonly agent: Agent;
  readonly resources: Resources;
  readonly refuse: Micros | null;
}

/**
 * A plain policy for the master's tests: everything free of an agent goes to the next framework and role in turn. It holds the master to
 * the contract of `Allocator`: rows are known, what comes back was out, a framework that is removed holds nothing.
 */
export class PlainAllocator implements Allocator {
  readonly #sink: AllocationSink;
  readonly #interval: Micros;
  readonly #roles: string[] = [];
  readonly #agents = new Map<Agent, PlainAgent>();
  readonly #frameworks = new Map<Framework, PlainFramework>();
  /** By `agent/framework/role`. */
  readonly #held = new Map<string, Resources>();
  /** Whom each agent was asked back from, and until when they are not asked again: for ever while they have not answered. */
  readonly #asked = new Map<Agent, Map<Framework, number>>();
  /** Every answer to an inverse offer so far, in order. */
  readonly answers: { readonly agent: Agent; readonly framework: Framework; readonly status: string }[] = [];
  /** End of the filter, by `agent/framework/role`. */
  readonly #filters = new Map<string, number>();
  /** Every recovery so far, in order. */
  readonly recoveries: Recovery[] = [];
  readonly weights = new Map<string, number>();
  readonly quotas = new Map<string, Quota>();
  /** Agents of the registry at the election. */
  expectedAgents: number | null = null;
  #turn = 0;
  #nextTick: Micros;
  #runs = 0;
  #allocations = 0;
  /** Who numbers the roles, if it only keeps the books of another policy. */
  naming: Pick<Allocator, 'role' | 'roleName'> | null = null;
  /** Offers nothing while set. */
  isPaused = false;

  constructor(now: Micros, options: AllocatorOptions, sink: AllocationSink) {
    this.#sink = sink;
    this.#interval = options.allocationInterval;
    this.#nextTick = micros(now + options.allocationInterval);
  }

  role(name: string): Role {
    if (this.naming !== null) return this.naming.role(name);
    const known = this.#roles.indexOf(name);
    return (known === -1 ? this.#roles.push(name) - 1 : known) as Role;
  }

  roleName(role: Role): string {
    if (this.naming !== null) return this.naming.roleName(role);
    return this.#roles[role]!;
  }

  addAgent(now: Micros, agent: Agent, info: AllocatorAgent, used: readonly Usage[]): void {
    assert(!this.#agents.has(agent), 'an agent is added once');
    this.#agents.set(agent, { info, active: true });
    for (const usage of used) this.#take(usage);
    assert(info.total.contains(this.#heldOn(agent).nonShared()), 'no more is in use than the agent has');
    this.#cycle(now);
  }

  updateAgent(now: Micros, agent: Agent, info: AllocatorAgent): void {
    this.#agent(agent).info = info;
    this.#cycle(now);
  }

  addResourceProvider(): void {
    assert(false, 'the master has no resource providers');
  }

  removeAgent(_now: Micros, agent: Agent): void {
    this.#agent(agent);
    this.#agents.delete(agent);
    this.#asked.delete(agent);
    for (const books of [this.#held, this.#filters]) {
      for (const key of books.keys()) if (key.startsWith(`${agent}/`)) books.delete(key);
    }
  }

  activateAgent(now: Micros, agent: Agent): void {
    this.#agent(agent).active = true;
    this.#cycle(now);
  }

  deactivateAgent(_now: Micros, agent: Agent): void {
    this.#agent(agent).active = false;
  }

  addFramework(
    now: Micros,
    framework: Framework,
    info: AllocatorFramework,
    active: boolean,
    used: readonly Usage[],
  ): void {
    assert(!this.#frameworks.has(framework), 'a framework is added once');
    this.#frameworks.set(framework, { info, active, suppressed: new Set(info.suppressedRoles) });
    for (const usage of used) this.#take(usage);
    this.#cycle(now);
  }

  updateFramework(_now: Micros, framework: Framework, info: AllocatorFramework): void {
    const known = this.#framework(framework);
    known.info = info;
    known.suppressed.clear();
    for (const role of info.suppressedRoles) known.suppressed.add(role);
  }

  removeFramework(_now: Micros, framework: Framework): void {
    this.#framework(framework);
    for (const key of this.#held.keys()) {
      assert(key.split('/')[1] !== String(framework), 'a framework that is removed holds nothing');
    }
    this.#frameworks.delete(framework);
    for (const asked of this.#asked.values()) asked.delete(framework);
    this.#dropFilters(framework, null);
  }

  activateFramework(now: Micros, framework: Framework): void {
    this.#framework(framework).active = true;
    this.#cycle(now);
  }

  deactivateFramework(_now: Micros, framework: Framework): void {
    this.#framework(framework).active = false;
    this.#dropFilters(framework, null);
  }

  suppressOffers(_now: Micros, framework: Framework, roles: readonly Role[]): void {
    const known = this.#framework(framework);
    for (const role of roles.length === 0 ? known.info.roles : roles) known.suppressed.add(role);
  }

  reviveOffers(now: Micros, framework: Framework, roles: readonly Role[]): void {
    const known = this.#framework(framework);
    for (const role of roles.length === 0 ? known.info.roles : roles) {
      known.suppressed.delete(role);
      this.#dropFilters(framework, role);
    }
    this.#cycle(now);
  }

  requestResources(now: Micros, framework: Framework): void {
    this.#framework(framework);
    this.#cycle(now);
  }

  recoverResources(
    now: Micros,
    framework: Framework,
    role: Role,
    agent: Agent,
    resources: Resources,
    refuse: Micros | null,
  ): void {
    this.#agent(agent);
    this.#framework(framework);
    const key = `${agent}/${framework}/${role}`;
    const held = this.#held.get(key) ?? Resources.EMPTY;
    assert(held.contains(resources), 'no more comes back than is out');
    const rest = held.minus(resources);
    if (rest.isEmpty) this.#held.delete(key);
    else this.#held.set(key, rest);
    if (refuse !== null && refuse > 0) this.#filters.set(key, now + refuse);
    this.recoveries.push({ framework, role, agent, resources, refuse });
  }

  updateAllocation(
    _now: Micros,
    framework: Framework,
    role: Role,
    agent: Agent,
    offered: Resources,
    operations: readonly ResourceOperation[],
  ): void {
    this.#framework(framework);
    const key = `${agent}/${framework}/${role}`;
    const held = this.#held.get(key) ?? Resources.EMPTY;
    assert(held.contains(offered), 'operations consume what was offered');
    const updated = applyOperations(offered, operations);
    assert(updated.ok, 'operations fit what was offered');
    const rest = held.minus(offered).plus(updated.value);
    if (rest.isEmpty) this.#held.delete(key);
    else this.#held.set(key, rest);
    this.#changeTotal(agent, operations);
  }

  addCopies(_now: Micros, framework: Framework, role: Role, agent: Agent, copies: Resources): void {
    assert(copies.nonShared().isEmpty, 'only shared volumes have copies');
    this.#take({ framework, role, agent, resources: copies });
  }

  updateAvailable(_now: Micros, agent: Agent, operations: readonly ResourceOperation[]): boolean {
    if (!applyOperations(this.#freeOn(agent), operations).ok) return false;
    this.#changeTotal(agent, operations);
    return true;
  }

  setQuota(_now: Micros, role: Role, quota: Quota): void {
    if (quota.guarantees.isEmpty && quota.limits.isEmpty) this.quotas.delete(this.roleName(role));
    else this.quotas.set(this.roleName(role), quota);
  }

  setWeight(_now: Micros, role: Role, weight: number): void {
    this.weights.set(this.roleName(role), weight);
  }

  setWhitelist(): void {}

  setUnavailability(now: Micros, agent: Agent, unavailability: Unavailability | null): void {
    const known = this.#agent(agent);
    known.info = { ...known.info, unavailability };
    this.#asked.delete(agent);
    this.#cycle(now);
  }

  respondInverseOffer(
    now: Micros,
    agent: Agent,
    framework: Framework,
    status: 'ACCEPT' | 'DECLINE' | 'UNKNOWN',
    refuse: Micros | null,
  ): void {
    this.#agent(agent);
    this.#framework(framework);
    this.answers.push({ agent, framework, status });
    const asked = this.#asked.get(agent);
    if (asked === undefined) return;
    if (refuse !== null && refuse > 0) asked.set(framework, now + refuse);
    else asked.delete(framework);
  }

  recover(_now: Micros, expectedAgents: number, quotas: ReadonlyMap<Role, Quota>): void {
    assert(this.#agents.size === 0, 'recovery comes before any agent');
    this.expectedAgents = expectedAgents;
    for (const [role, quota] of quotas) this.quotas.set(this.roleName(role), quota);
  }

  nextDeadline(): Micros | null {
    return this.#nextTick;
  }

  advance(now: Micros): void {
    while (this.#nextTick <= now) {
      this.#cycle(this.#nextTick);
      this.#nextTick = micros(this.#nextTick + this.#interval);
    }
  }

  dominantShare(): number {
    return 0;
  }

  metrics(): AllocatorMetrics {
    return {
      allocationRuns: this.#runs,
      allocations: this.#allocations,
      offerFiltersActive: this.#filters.size,
      declines: this.recoveries.filter(({ refuse }) => refuse !== null).length,
      declinersPassedOver: 0,
    };
  }

  /** What another policy gave out, whose books it keeps. */
  book(usage: Usage): void {
    this.#take(usage);
  }

  /** What is out, by `agent/framework/role`. */
  holdings(): ReadonlyMap<string, Resources> {
    return this.#held;
  }

  isSuppressed(framework: Framework, role: string): boolean {
    return this.#framework(framework).suppressed.has(this.role(role));
  }

  infoOf(framework: Framework): AllocatorFramework {
    return this.#framework(framework).info;
  }

  /** Whether the agent may be allocated. */
  isActive(agent: Agent): boolean {
    return this.#agent(agent).active;
  }

  agentInfoOf(agent: Agent): AllocatorAgent {
    return this.#agent(agent).info;
  }

  /** Everything it knows, as text. */
  digest(): string {
    const agents = [...this.#agents].map(
      ([row, { active, info }]) => `a${row}${active}${info.total.toString()}`,
    );
    const frameworks = [...this.#frameworks].map(
      ([row, { active, suppressed, info }]) =>
        `f${row}${active}[${[...suppressed].join()}][${info.roles.join()}]`,
    );
    const held = [...this.#held].map(([key, resources]) => `${key}=${resources.toString()}`).sort();
    const filters = [...this.#filters].map(([key, end]) => `${key}<${end}`).sort();
    const asked = [...this.#asked].map(([agent, until]) => `${agent}?${[...until].join(' ')}`).sort();
    const roles = [`weights ${[...this.weights].join()}`, `quotas ${[...this.quotas.keys()].join()}`];
    return [...agents, ...frameworks, ...held, ...filters, ...asked, ...roles].join('\n');
  }

  #cycle(now: Micros): void {
    this.#runs++;
    if (this.isPaused) return;
    for (const [agent, { active }] of this.#agents) {
      if (!active) continue;
      const free = this.#freeOn(agent);
      if (free.isEmpty) continue;
      const taker = this.#nextTaker(now, agent);
      if (taker === null) continue;
      const resources = this.#withoutCopies(free, agent, taker);
      if (resources.isEmpty) continue;
      this.#take({ ...taker, agent, resources });
      this.#allocations++;
      this.#sink.allocated(taker.framework, taker.role, agent, resources);
    }
    this.#askBack(now);
  }

  /** Every active framework that holds something on an agent that goes away is asked for it, frameworks in order. */
  #askBack(now: Micros): void {
    for (const [framework, { active: wants }] of this.#frameworks) {
      if (!wants) continue;
      for (const [agent, { info, active }] of this.#agents) {
        if (info.unavailability === null || !active) continue;
        const holds = [...this.#held.keys()].some((key) => key.startsWith(`${agent}/${framework}/`));
        const asked = this.#asked.get(agent) ?? new Map<Framework, number>();
        this.#asked.set(agent, asked);
        if (!holds || (asked.get(framework) ?? 0) > now) continue;
        asked.set(framework, Number.POSITIVE_INFINITY);
        this.#sink.inverseOffer(framework, agent);
      }
    }
  }

  /** Nobody is given a second copy of a shared volume alone. */
  #withoutCopies(
    free: Resources,
    agent: Agent,
    { framework, role }: { readonly framework: Framework; readonly role: Role },
  ): Resources {
    if (!free.nonShared().isEmpty) return free;
    const held = this.#held.get(`${agent}/${framework}/${role}`) ?? Resources.EMPTY;
    return free.nonShared().plus(free.shared().filter((entry) => !held.contains(Resources.of([entry]))));
  }

  #nextTaker(now: Micros, agent: Agent): { readonly framework: Framework; readonly role: Role } | null {
    const takers: { readonly framework: Framework; readonly role: Role }[] = [];
    for (const [framework, { info, active, suppressed }] of this.#frameworks) {
      if (!active) continue;
      for (const role of info.roles) {
        const filteredUntil = this.#filters.get(`${agent}/${framework}/${role}`) ?? 0;
        if (!suppressed.has(role) && filteredUntil <= now) takers.push({ framework, role });
      }
    }
    return takers.length === 0 ? null : takers[this.#turn++ % takers.length]!;
  }

  #take({ framework, role, agent, resources }: Usage): void {
    this.#framework(framework);
    const key = `${agent}/${framework}/${role}`;
    this.#held.set(key, (this.#held.get(key) ?? Resources.EMPTY).plus(resources));
  }

  /** Shared volumes are always free. */
  #freeOn(agent: Agent): Resources {
    const { total } = this.#agent(agent).info;
    return total.nonShared().minus(this.#heldOn(agent).nonShared()).plus(total.shared());
  }

  #changeTotal(agent: Agent, operations: readonly ResourceOperation[]): void {
    const row = this.#agent(agent);
    const total = applyOperations(row.info.total, operations);
    assert(total.ok, 'operations fit the total');
    row.info = { ...row.info, total: total.value };
  }

  #heldOn(agent: Agent): Resources {
    let sum = Resources.EMPTY;
    for (const [key, resources] of this.#held) if (key.startsWith(`${agent}/`)) sum = sum.plus(resources);
    return sum;
  }

  #dropFilters(framework: Framework, role: Role | null): void {
    for (const key of this.#filters.keys()) {
      const [, ofFramework, ofRole] = key.split('/');
      if (ofFramework === String(framework) && (role === null || ofRole === String(role)))
        this.#filters.delete(key);
    }
  }

  #agent(agent: Agent): PlainAgent {
    const known = this.#agents.get(agent);
    assert(known !== undefined, `agent ${agent} is known to the allocator`);
    return known;
  }

  #framework(framework: Framework): PlainFramework {
    const known = this.#frameworks.get(framework);
    assert(known !== undefined, `framework ${framework} is known to the allocator`);
    return known;
  }
}

/** What the master's books say that each framework holds: offers, live tasks and executors, by `agent/framework/role`. */
export function expectedHoldings(master: MasterState): Map<string, Resources> {
  const sums = new Map<string, Resources>();
  const add = (agent: Agent, framework: Framework, role: Role, resources: Resources) => {
    if (resources.isEmpty) return;
    const key = `${agent}/${framework}/${role}`;
    sums.set(key, (sums.get(key) ?? Resources.EMPTY).plus(resources));
  };
  for (const agent of master.agents) {
    for (let slot = agent.offerHead; slot !== -1; slot = master.offers.nextOfAgent(slot)) {
      const { offers } = master;
      add(agent.row, offers.framework(slot).row, offers.role(slot), offers.offer(slot).resources);
    }
    for (const task of agent.tasks) {
      if (!isTerminal(task.state)) add(agent.row, task.framework.row, task.role, task.info.resources);
    }
    for (const { holder, held } of agent.operations?.values() ?? [])
      if (holder !== null) add(agent.row, holder.framework.row, holder.role, held);
    for (const { framework, role, info } of agent.executors)
      add(agent.row, framework.row, role, info.resources);
  }
  return sums;
}
