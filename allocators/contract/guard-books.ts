import { assert, type Milli } from '../../engine/core/index.ts';
import { fieldsLayout } from '../../engine/core/graph/index.ts';
import type {
  Agent,
  AllocatorAgent,
  AllocatorFramework,
  Framework,
  Quota,
  Role,
  Unavailability,
  Usage,
} from '../../engine/master/index.ts';
import {
  applyOperations,
  isStrictSubrole,
  Quantities,
  type ResourceOperation,
  Resources,
  reservationRole,
  withCount,
} from '../../engine/resources/index.ts';

interface GuardedAgent {
  readonly hostname: string;
  total: Resources;
  isActive: boolean;
  unavailability: Unavailability | null;
  /** By framework, known to the master or not yet, and role. */
  readonly held: Map<Framework, Map<Role, Resources>>;
  /** Sum of what is held there, but for shared volumes, of which there is always more. */
  inUse: Resources;
}

interface GuardedFramework {
  roles: readonly Role[];
  isActive: boolean;
}

/** A limit that an allocation would break. */
export interface BrokenLimit {
  readonly kind: string;
  readonly limit: Milli;
  readonly consumed: Milli;
}

/** Who is there, what is free and what counts against quota, as the calls of the master say; nothing here asks the policy. */
export class GuardBooks {
  #agents = new Map<Agent, GuardedAgent>();
  #frameworks = new Map<Framework, GuardedFramework>();
  #removedAgents = new Set<Agent>();
  #removedFrameworks = new Set<Framework>();
  #roleNames = new Map<Role, string>();
  #quotas = new Map<Role, Quota>();
  /** Unreserved, non-revocable scalars that known frameworks hold under each role. */
  #charged = new Map<Role, Quantities>();
  /** What of that was handed out in the cycle under way. */
  #handedOut = new Map<Role, Quantities>();
  /** Sum of the reservations of all agents, by the role that they are for. */
  #reserved = new Map<string, Quantities>();

  // --- roles

  /** @returns the name that has this number already, if it is another one */
  noteRole(role: Role, name: string): string | null {
    const known = this.#roleNames.get(role);
    if (known !== undefined && known !== name) return known;
    this.#roleNames.set(role, name);
    return null;
  }

  roleName(role: Role): string | null {
    return this.#roleNames.get(role) ?? null;
  }

  // --- agents

  agent(agent: Agent): Readonly<GuardedAgent> | null {
    return this.#agents.get(agent) ?? null;
  }

  wasAgent(agent: Agent): boolean {
    return this.#removedAgents.has(agent);
  }

  addAgent(agent: Agent, info: AllocatorAgent, used: readonly Usage[]): void {
    this.#agents.set(agent, {
      hostname: info.hostname,
      total: Resources.EMPTY,
      isActive: true,
      unavailability: info.unavailability,
      held: new Map(),
      inUse: Resources.EMPTY,
    });
    this.#removedAgents.delete(agent);
    this.setTotal(agent, info.total);
    for (const { framework, role, resources } of used) this.take(framework, role, agent, resources);
  }

  setTotal(agent: Agent, total: Resources): void {
    const known = this.#agent(agent);
    this.#countReservations(known.total, -1);
    known.total = total;
    this.#countReservations(total, 1);
  }

  removeAgent(agent: Agent): void {
    for (const [framework, byRole] of this.#agent(agent).held) {
      for (const [role, resources] of byRole) this.#charge(framework, role, resources, -1);
    }
    this.setTotal(agent, Resources.EMPTY);
    this.#agents.delete(agent);
    this.#removedAgents.add(agent);
  }

  setAgentActive(agent: Agent, isActive: boolean): void {
    this.#agent(agent).isActive = isActive;
  }

  setUnavailability(agent: Agent, unavailability: Unavailability | null): void {
    this.#agent(agent).unavailability = unavailability;
  }

  /** What nobody holds of the agent, shared volumes always. */
  free(agent: Agent): Resources {
    const { total, inUse } = this.#agent(agent);
    return total.nonShared().minus(inUse).plus(total.shared());
  }

  hasFree(agent: Agent, resources: Resources): boolean {
    const shared = resources.shared();
    const { total, inUse } = this.#agent(agent);
    if (!total.nonShared().minus(inUse).contains(resources.nonShared())) return false;
    return shared.isEmpty || total.contains(Resources.of(shared.entries.map((entry) => withCount(entry, 1))));
  }

  // --- frameworks

  framework(framework: Framework): Readonly<GuardedFramework> | null {
    return this.#frameworks.get(framework) ?? null;
  }

  wasFramework(framework: Framework): boolean {
    return this.#removedFrameworks.has(framework);
  }

  addFramework(framework: Framework, info: AllocatorFramework, isActive: boolean): void {
    this.#frameworks.set(framework, { roles: info.roles, isActive });
    this.#removedFrameworks.delete(framework);
    // Agents may have brought what it holds before it came itself.
    this.#chargeAll(framework, 1);
  }

  setRoles(framework: Framework, roles: readonly Role[]): void {
    this.#framework(framework).roles = roles;
  }

  setFrameworkActive(framework: Framework, isActive: boolean): void {
    this.#framework(framework).isActive = isActive;
  }

  removeFramework(framework: Framework): void {
    this.#chargeAll(framework, -1);
    for (const known of this.#agents.values()) {
      for (const resources of known.held.get(framework)?.values() ?? []) {
        known.inUse = known.inUse.minus(resources.nonShared());
      }
      known.held.delete(framework);
    }
    this.#frameworks.delete(framework);
    this.#removedFrameworks.add(framework);
  }

  // --- what is held

  take(framework: Framework, role: Role, agent: Agent, resources: Resources): void {
    const known = this.#agent(agent);
    const byRole = known.held.get(framework) ?? new Map<Role, Resources>();
    byRole.set(role, (byRole.get(role) ?? Resources.EMPTY).plus(resources));
    known.held.set(framework, byRole);
    known.inUse = known.inUse.plus(resources.nonShared());
    this.#charge(framework, role, resources, 1);
  }

  /** A cycle begins. */
  beginCycle(): void {
    this.#handedOut.clear();
  }

  /** As `take`, of what the policy hands out in the cycle under way. */
  handOut(framework: Framework, role: Role, agent: Agent, resources: Resources): void {
    this.take(framework, role, agent, resources);
    changeSum(this.#handedOut, role, countedQuantities(resources), 1);
  }

  release(framework: Framework, role: Role, agent: Agent, resources: Resources): void {
    const known = this.#agent(agent);
    const byRole = known.held.get(framework);
    const held = byRole?.get(role) ?? Resources.EMPTY;
    assert(held.contains(resources), 'no more comes back than is held');
    const rest = held.minus(resources);
    if (rest.isEmpty) byRole?.delete(role);
    else byRole!.set(role, rest);
    known.inUse = known.inUse.minus(resources.nonShared());
    this.#charge(framework, role, resources, -1);
  }

  /** Applies operations to what is held, and to the agent. */
  convert(
    framework: Framework,
    role: Role,
    agent: Agent,
    offered: Resources,
    operations: readonly ResourceOperation[],
  ): void {
    const after = applyOperations(offered, operations);
    const total = applyOperations(this.#agent(agent).total, operations);
    assert(after.ok && total.ok, 'the master has validated the operations');
    this.release(framework, role, agent, offered);
    this.take(framework, role, agent, after.value);
    this.setTotal(agent, total.value);
  }

  /** Applies operations to what is free; false, changing nothing, if that does not suffice. */
  convertFree(agent: Agent, operations: readonly ResourceOperation[]): boolean {
    const total = applyOperations(this.#agent(agent).total, operations);
    if (!total.ok || !applyOperations(this.free(agent), operations).ok) return false;
    this.setTotal(agent, total.value);
    return true;
  }

  // --- quota

  setQuota(role: Role, quota: Quota): void {
    this.#quotas.set(role, quota);
  }

  /**
   * The first limit of the role that `resources` on top of what it consumes would break (conformance README §5.3). What a role below it was given
   * in this cycle may have been decided after it, though it is handed out before: that is not held against it.
   */
  brokenLimit(role: Role, resources: Resources): BrokenLimit | null {
    const limits = this.#quotas.get(role)?.limits;
    if (limits === undefined || limits.isEmpty) return null;
    const given = countedQuantities(resources);
    const consumed = this.#consumed(role);
    for (const kind of given.names) {
      const limit = limits.get(kind);
      if (limit === null || consumed.get(kind) + given.get(kind) <= limit) continue;
      return { kind, limit, consumed: consumed.get(kind) };
    }
    return null;
  }

  /** Reservations of the role and those below it, and what these hold of the rest. */
  #consumed(role: Role): Quantities {
    const name = this.#roleNames.get(role);
    assert(name !== undefined, 'a role with quota has a name');
    let sum = Quantities.EMPTY;
    for (const [owner, reserved] of this.#reserved) if (isWithin(owner, name)) sum = sum.plus(reserved);
    for (const [holder, charged] of this.#charged) {
      if (!isWithin(this.#roleNames.get(holder) ?? '', name)) continue;
      const fresh = holder === role ? undefined : this.#handedOut.get(holder);
      sum = sum.plus(fresh === undefined ? charged : charged.minus(fresh));
    }
    return sum;
  }

  #countReservations(total: Resources, sign: 1 | -1): void {
    const reserved = total.reserved();
    const owners = new Set(reserved.entries.map(({ identity }) => reservationRole(identity)!));
    for (const owner of owners) {
      changeSum(this.#reserved, owner, reserved.reserved(owner).quantities(), sign);
    }
  }

  #chargeAll(framework: Framework, sign: 1 | -1): void {
    for (const { held } of this.#agents.values()) {
      for (const [role, resources] of held.get(framework) ?? [])
        this.#charge(framework, role, resources, sign);
    }
  }

  /** What frameworks hold that the master does not know yet counts for no role. */
  #charge(framework: Framework, role: Role, resources: Resources, sign: 1 | -1): void {
    if (this.#frameworks.has(framework)) changeSum(this.#charged, role, countedQuantities(resources), sign);
  }

  #agent(agent: Agent): GuardedAgent {
    const known = this.#agents.get(agent);
    assert(known !== undefined, `agent ${agent} is known`);
    return known;
  }

  #framework(framework: Framework): GuardedFramework {
    const known = this.#frameworks.get(framework);
    assert(known !== undefined, `framework ${framework} is known`);
    return known;
  }

  static readonly layout = fieldsLayout({
    take: (it: GuardBooks) => ({
      agents: it.#agents,
      frameworks: it.#frameworks,
      removedAgents: it.#removedAgents,
      removedFrameworks: it.#removedFrameworks,
      roleNames: it.#roleNames,
      quotas: it.#quotas,
      charged: it.#charged,
      handedOut: it.#handedOut,
      reserved: it.#reserved,
    }),
    put: (it, fields) => {
      it.#agents = fields.agents;
      it.#frameworks = fields.frameworks;
      it.#removedAgents = fields.removedAgents;
      it.#removedFrameworks = fields.removedFrameworks;
      it.#roleNames = fields.roleNames;
      it.#quotas = fields.quotas;
      it.#charged = fields.charged;
      it.#handedOut = fields.handedOut;
      it.#reserved = fields.reserved;
    },
  });
}

function isWithin(role: string, above: string): boolean {
  return role === above || isStrictSubrole(role, above);
}

/** What counts against a limit as it is handed out. Shared volumes do not: they are not used up. */
function countedQuantities(resources: Resources): Quantities {
  return resources.unreserved().nonRevocable().nonShared().quantities();
}

function changeSum<Key>(sums: Map<Key, Quantities>, key: Key, change: Quantities, sign: 1 | -1): void {
  const before = sums.get(key) ?? Quantities.EMPTY;
  sums.set(key, sign === 1 ? before.plus(change) : before.minus(change));
}
