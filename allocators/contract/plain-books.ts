import { assert } from '../../engine/core/index.ts';
import type {
  Agent,
  AllocatorAgent,
  AllocatorFramework,
  Framework,
  Quota,
  Role,
  Unavailability,
} from '../../engine/master/index.ts';
import { isStrictSubrole, Quantities, Resources, reservationRole } from '../../engine/resources/index.ts';
import { PlainSorter } from './plain-sorter.ts';

/** A refusal in force; `refused` is what was returned with it. */
export interface PlainFilter {
  readonly role: Role;
  readonly agent: Agent;
  readonly refused: Resources;
}

export interface PlainAgent {
  info: AllocatorAgent;
  isActive: boolean;
  /** Everything offered or in use, of frameworks that are not known yet too. */
  readonly used: Map<Framework, Map<Role, Resources>>;
  unavailability: Unavailability | null;
  readonly statuses: Map<Framework, 'ACCEPT' | 'DECLINE' | 'UNKNOWN'>;
  /** Frameworks that have not answered their inverse offer. */
  readonly outstanding: Set<Framework>;
}

export interface PlainFramework {
  info: AllocatorFramework;
  isActive: boolean;
  readonly suppressed: Set<Role>;
  /** Roles under which it is listed: subscribed ones, and those under which it still holds something. */
  readonly tracked: Set<Role>;
  readonly filters: Set<PlainFilter>;
  readonly inverseFilters: Set<{ readonly agent: Agent }>;
}

/** Who is there, who holds what, and the sums that follow from it (conformance README §5), recomputed at every question. */
export class PlainBooks {
  readonly agents = new Map<Agent, PlainAgent>();
  readonly frameworks = new Map<Framework, PlainFramework>();
  readonly quotas = new Map<Role, Quota>();
  readonly roleSorter: PlainSorter;
  readonly #frameworkSorters = new Map<Role, PlainSorter>();
  readonly #roleNames: string[] = [];
  readonly #roles = new Map<string, Role>();
  readonly #fairnessExclude: readonly string[];

  constructor(fairnessExclude: readonly string[]) {
    this.#fairnessExclude = fairnessExclude;
    this.roleSorter = new PlainSorter(fairnessExclude);
  }

  role(name: string): Role {
    let role = this.#roles.get(name);
    if (role === undefined) {
      role = this.#roleNames.length as Role;
      this.#roles.set(name, role);
      this.#roleNames.push(name);
    }
    return role;
  }

  roleName(role: Role): string {
    const name = this.#roleNames[role];
    assert(name !== undefined, `role ${role} was given out`);
    return name;
  }

  agent(agent: Agent): PlainAgent {
    const found = this.agents.get(agent);
    assert(found !== undefined, `agent ${agent} is known`);
    return found;
  }

  framework(framework: Framework): PlainFramework {
    const found = this.frameworks.get(framework);
    assert(found !== undefined, `framework ${framework} is known`);
    return found;
  }

  // --- agents and their totals

  addAgent(agent: Agent, added: PlainAgent): void {
    this.agents.set(agent, added);
    this.setTotal(agent, added.info.total);
  }

  setTotal(agent: Agent, total: Resources): void {
    const known = this.agent(agent);
    known.info = { ...known.info, total };
    for (const sorter of this.#sorters()) sorter.addAgent(keyOf(agent), total.quantities());
  }

  removeAgent(agent: Agent): void {
    this.agents.delete(agent);
    for (const sorter of this.#sorters()) sorter.removeAgent(keyOf(agent));
  }

  /** Total minus everything offered or in use; shared volumes are always there. */
  available(agent: Agent): Resources {
    const { info, used } = this.agent(agent);
    let free = info.total.nonShared();
    for (const byRole of used.values()) {
      for (const resources of byRole.values()) free = free.minus(resources.nonShared());
    }
    return free.plus(info.total.shared());
  }

  // --- what frameworks hold

  use(framework: Framework, role: Role, agent: Agent, resources: Resources): void {
    const { used } = this.agent(agent);
    const byRole = used.get(framework) ?? new Map<Role, Resources>();
    byRole.set(role, (byRole.get(role) ?? Resources.EMPTY).plus(resources));
    used.set(framework, byRole);
  }

  release(framework: Framework, role: Role, agent: Agent, resources: Resources): void {
    const byRole = this.agent(agent).used.get(framework);
    const held = byRole?.get(role) ?? Resources.EMPTY;
    assert(
      held.contains(resources),
      `what is returned was held: ${resources.toString()} of ${held.toString()}`,
    );
    const rest = held.minus(resources);
    if (rest.isEmpty) byRole!.delete(role);
    else byRole!.set(role, rest);
    if (byRole!.size === 0) this.agent(agent).used.delete(framework);
  }

  /** Counts resources in the shares of a known framework and its role. */
  charge(framework: Framework, role: Role, agent: Agent, resources: Resources): void {
    this.track(framework, role);
    this.frameworkSorter(role).allocated(this.#clientOf(framework), keyOf(agent), resources);
    this.roleSorter.allocated(this.roleName(role), keyOf(agent), resources);
  }

  discharge(framework: Framework, role: Role, agent: Agent, resources: Resources): void {
    this.frameworkSorter(role).unallocated(this.#clientOf(framework), keyOf(agent), resources);
    this.roleSorter.unallocated(this.roleName(role), keyOf(agent), resources);
    this.untrackIdle(framework, role);
  }

  /** Takes an allocation back as if it had never been made. */
  revoke(framework: Framework, role: Role, agent: Agent, resources: Resources): void {
    this.release(framework, role, agent, resources);
    this.frameworkSorter(role).revoke(this.#clientOf(framework), keyOf(agent), resources);
    this.roleSorter.revoke(this.roleName(role), keyOf(agent), resources);
  }

  /** What the framework holds there as far as it counts in shares. */
  charged(framework: Framework, role: Role, agent: Agent): Resources {
    if (!this.framework(framework).tracked.has(role)) return Resources.EMPTY;
    return this.frameworkSorter(role).allocation(this.#clientOf(framework), keyOf(agent));
  }

  /** Replaces part of what is held, in use and in shares; no allocation of its own. */
  exchange(framework: Framework, role: Role, agent: Agent, before: Resources, after: Resources): void {
    this.release(framework, role, agent, before);
    this.use(framework, role, agent, after);
    this.frameworkSorter(role).updateAllocation(this.#clientOf(framework), keyOf(agent), before, after);
    this.roleSorter.updateAllocation(this.roleName(role), keyOf(agent), before, after);
  }

  // --- who is listed under which role

  frameworkSorter(role: Role): PlainSorter {
    const sorter = this.#frameworkSorters.get(role);
    assert(sorter !== undefined, `role ${this.roleName(role)} has frameworks`);
    return sorter;
  }

  track(framework: Framework, role: Role): void {
    const { tracked } = this.framework(framework);
    if (tracked.has(role)) return;
    tracked.add(role);
    let sorter = this.#frameworkSorters.get(role);
    if (sorter === undefined) {
      sorter = new PlainSorter(this.#fairnessExclude);
      for (const [agent, { info }] of this.agents) sorter.addAgent(keyOf(agent), info.total.quantities());
      this.#frameworkSorters.set(role, sorter);
      this.roleSorter.addClient(this.roleName(role));
      this.roleSorter.activate(this.roleName(role));
    }
    sorter.addClient(this.#clientOf(framework));
  }

  /** Forgets a role that the framework neither subscribes to nor holds anything under. */
  untrackIdle(framework: Framework, role: Role): void {
    const { info, tracked } = this.framework(framework);
    if (!tracked.has(role) || info.roles.includes(role)) return;
    const sorter = this.frameworkSorter(role);
    if (sorter.allocatedAgents(this.#clientOf(framework)).length > 0) return;
    sorter.removeClient(this.#clientOf(framework));
    tracked.delete(role);
    if (sorter.count() > 0) return;
    this.#frameworkSorters.delete(role);
    this.roleSorter.removeClient(this.roleName(role));
  }

  /** Within a role only active, unsuppressed, subscribed frameworks take part. */
  refreshActivity(framework: Framework): void {
    const { info, isActive, suppressed, tracked } = this.framework(framework);
    for (const role of tracked) {
      const takesPart = isActive && info.roles.includes(role) && !suppressed.has(role);
      if (takesPart) this.frameworkSorter(role).activate(this.#clientOf(framework));
      else this.frameworkSorter(role).deactivate(this.#clientOf(framework));
    }
  }

  roleOrder(): readonly Role[] {
    return this.roleSorter.order().map((name) => this.role(name));
  }

  frameworkOrder(role: Role): readonly Framework[] {
    const byClient = new Map([...this.frameworks.keys()].map((known) => [this.#clientOf(known), known]));
    return this.frameworkSorter(role)
      .order()
      .map((client) => byClient.get(client)!);
  }

  // --- quota sums (conformance README §5.3), over all agents

  /** Reservations of the role and those below it, allocated or not, plus the unreserved non-revocable that they hold. */
  consumed(role: Role): Quantities {
    const name = this.roleName(role);
    const isOwn = (other: string | null): boolean =>
      other !== null && (other === name || isStrictSubrole(other, name));
    let sum = Quantities.EMPTY;
    for (const { info } of this.agents.values()) {
      sum = sum.plus(info.total.filter(({ identity }) => isOwn(reservationRole(identity))).quantities());
    }
    for (const [other, held] of this.#heldByRole()) {
      if (isOwn(other)) sum = sum.plus(held.unreserved().nonRevocable().quantities());
    }
    return sum;
  }

  /** Unmet guarantees of all roles, those without frameworks included. */
  required(): Quantities {
    let sum = Quantities.EMPTY;
    for (const [role, { guarantees }] of this.quotas) sum = sum.plus(guarantees.minus(this.consumed(role)));
    return sum;
  }

  /** Total minus allocated minus unallocated reservations minus available revocable. */
  headroom(): Quantities {
    let reserved = Quantities.EMPTY;
    let revocable = Quantities.EMPTY;
    for (const [agent, { info }] of this.agents) {
      reserved = reserved.plus(info.total.reserved().quantities());
      revocable = revocable.plus(this.available(agent).revocable().quantities());
    }
    let reservedAllocated = Quantities.EMPTY;
    for (const [, held] of this.#heldByRole())
      reservedAllocated = reservedAllocated.plus(held.reserved().quantities());
    return this.roleSorter
      .total()
      .minus(this.roleSorter.totalAllocated())
      .minus(reserved.minus(reservedAllocated))
      .minus(revocable);
  }

  /** What is held under each role, once per agent. */
  #heldByRole(): readonly (readonly [string, Resources])[] {
    return [...this.#frameworkSorters.keys()].flatMap((role) => {
      const name = this.roleName(role);
      const agents = this.roleSorter.allocatedAgents(name);
      return agents.map((agent) => [name, this.roleSorter.allocation(name, agent)] as const);
    });
  }

  /** Frameworks by what decides ties between them, padded, so that it orders as text. */
  #clientOf(framework: Framework): string {
    return String(this.framework(framework).info.tieRank).padStart(16, '0');
  }

  #sorters(): readonly PlainSorter[] {
    return [this.roleSorter, ...this.#frameworkSorters.values()];
  }
}

/** Agents are named by their row in the sorters. */
function keyOf(agent: Agent): string {
  return String(agent);
}
