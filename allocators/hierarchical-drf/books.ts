import { assert } from '../../engine/core/index.ts';
import { fieldsLayout } from '../../engine/core/graph/index.ts';
import type { Agent, AllocatorOptions, Framework, Role } from '../../engine/master/index.ts';
import type { FrameworkCapability } from '../../engine/protocol/index.ts';
import type { Resources } from '../../engine/resources/index.ts';
import type { AgentRow } from './agent-row.ts';
import { type Client, newClient } from './client.ts';
import { ClusterTotals } from './cluster-totals.ts';
import { DeclinerGuard } from './decliner-guard.ts';
import { DenseSet } from './dense-set.ts';
import type { MinimumOffer } from './minimum-offer.ts';
import { OfferFilters } from './offer-filters.ts';
import { QuantityColumns } from './quantity-columns.ts';
import { RoleBook } from './role-book.ts';
import { RoleTree } from './role-tree.ts';
import { ShareTable } from './share-table.ts';
import { SharedCharge } from './shared-charge.ts';
import { SiblingOrder } from './sibling-order.ts';

/** A framework that was added. */
export interface FrameworkRow {
  /** Decides between equal shares and counts. */
  readonly tieRank: number;
  capabilities: readonly FrameworkCapability[];
  isActive: boolean;
}

/** The frameworks of a role. */
interface RoleGroup {
  readonly order: SiblingOrder;
  tracked: number;
  active: number;
}

/**
 * Who there is, who holds what, and which agents must be looked at in the next cycle.
 *
 * An agent is *open* if something of it can be offered. It is *unsettled* if, since it was last shown to all clients, something changed
 * that could find it a taker: what is free, a filter's end, itself. An open agent that is settled need only be shown to clients that
 * *awoke* since: became active or lost their filters. So a cycle after which nothing changed has nothing to do.
 */
export class Books {
  readonly roles = new RoleBook();
  readonly columns = new QuantityColumns();
  readonly totals: ClusterTotals;
  readonly tree: RoleTree;
  /** Shares of clients within their roles. */
  readonly shares: ShareTable;
  /** By share table row. */
  readonly clients: (Client | null)[] = [];
  readonly filters = new OfferFilters(this.clients);
  readonly agents: (AgentRow | null)[] = [];
  readonly frameworks: (FrameworkRow | null)[] = [];
  readonly open = new DenseSet();
  readonly unsettled = new DenseSet();
  readonly awake: Client[] = [];
  /** Null while decliners are not guarded against. */
  readonly guard: DeclinerGuard | null;
  agentCount = 0;
  activeClients = 0;
  /** Clients whose minimum offer is not the common one. */
  ownMinimums = 0;
  /** Grows with everything that may change what a cycle decides. */
  revision = 0;
  /** Grows with every change of a quota. */
  quotaRevision = 0;
  #clientsOf: (Map<Role, Client> | undefined)[] = [];
  #groups: (RoleGroup | undefined)[] = [];
  /** The answer to the last question for a client: they come in runs. */
  #lastClient: Client | null = null;
  #vector = new Float64Array(8);
  readonly #sharedCharge: SharedCharge;

  constructor(options: AllocatorOptions) {
    this.guard = options.timing === 'event' && options.declinerGuard ? new DeclinerGuard() : null;
    this.totals = new ClusterTotals(this.columns, options.fairnessExclude);
    this.tree = new RoleTree(this.roles, this.totals);
    this.shares = new ShareTable(this.totals);
    this.#sharedCharge = new SharedCharge(this.columns, this.clients);
  }

  agent(agent: Agent): AgentRow {
    const row = this.agents[agent];
    assert(row != null, 'the agent is known');
    return row;
  }

  framework(framework: Framework): FrameworkRow {
    const row = this.frameworks[framework];
    assert(row != null, 'the framework is known');
    return row;
  }

  /** The clients of a framework, known or not, in order of first mention of their roles. */
  clientsOf(framework: Framework): Iterable<Client> {
    return this.#clientsOf[framework]?.values() ?? [];
  }

  client(framework: Framework, role: Role): Client | null {
    const last = this.#lastClient;
    if (last !== null && last.framework === framework && last.role === role) return last;
    const client = this.#clientsOf[framework]?.get(role) ?? null;
    this.#lastClient = client;
    return client;
  }

  /** The client, made if need be. */
  clientFor(framework: Framework, role: Role): Client {
    const byRole = this.#clientsOf[framework] ?? new Map<Role, Client>();
    this.#clientsOf[framework] = byRole;
    const known = byRole.get(role);
    if (known !== undefined) return known;
    const row = this.shares.add(this.#group(role).order, this.frameworks[framework]?.tieRank ?? 0, '', 1);
    const client = newClient(row, framework, role);
    this.clients[row] = client;
    byRole.set(role, client);
    return client;
  }

  /** A framework is known from now. What was noted as its own before takes its place among those of equal shares. */
  addFramework(framework: Framework, added: FrameworkRow): void {
    while (this.frameworks.length <= framework) this.frameworks.push(null);
    this.frameworks[framework] = added;
    for (const client of this.clientsOf(framework)) this.shares.setRank(client.row, added.tieRank);
  }

  /** Puts the client into the role's sorter, and the role into the tree of roles. Charges nothing. */
  track(client: Client): void {
    if (client.isTracked) return;
    client.isTracked = true;
    const group = this.#group(client.role);
    group.tracked++;
    if (group.tracked === 1) this.tree.addClient(client.role);
  }

  /** Takes the client out of the books as far as nothing holds it there: subscription, holdings, filters. */
  retire(client: Client): void {
    if (client.isSubscribed || client.parts > 0) return;
    if (client.isTracked) {
      client.isTracked = false;
      const group = this.#group(client.role);
      group.tracked--;
      if (group.tracked === 0) this.tree.removeClient(client.role);
      this.shares.forgetCount(client.row);
    }
    if (client.filters !== null && client.filters.count > 0) return;
    this.filters.forget(client);
    this.setMinimum(client, null);
    this.guard?.forget(client.row);
    this.shares.remove(client.row);
    this.#lastClient = null;
    this.clients[client.row] = null;
    this.#clientsOf[client.framework]!.delete(client.role);
  }

  /** All filters on the agent go. */
  clearFiltersOn(agent: Agent): void {
    this.filters.clearAgent(agent);
    for (const client of this.clients) if (client != null && !client.isSubscribed) this.retire(client);
  }

  /** Null for the common one. */
  setMinimum(client: Client, minimum: MinimumOffer | null): void {
    this.ownMinimums += (minimum === null ? 0 : 1) - (client.minimum === null ? 0 : 1);
    client.minimum = minimum;
  }

  /** Makes the client take part in cycles or not, as its state says. */
  refreshActivity(client: Client): void {
    const framework = this.frameworks[client.framework];
    const isActive =
      client.isSubscribed &&
      !client.isSuppressed &&
      framework?.isActive === true &&
      (client.demand === null || !client.demand.isMet);
    if (isActive === client.isActive) return;
    client.isActive = isActive;
    this.revision++;
    this.shares.setActive(client.row, isActive);
    const group = this.#group(client.role);
    group.active += isActive ? 1 : -1;
    this.activeClients += isActive ? 1 : -1;
    if (group.active === (isActive ? 1 : 0)) this.tree.setActive(client.role, isActive);
    if (isActive) this.wake(client);
  }

  /** Agents that found no taker must be shown to the client again. */
  wake(client: Client): void {
    this.revision++;
    this.guard?.forget(client.row);
    if (client.isAwake || !client.isActive) return;
    client.isAwake = true;
    this.awake.push(client);
  }

  /** The order of the role's active frameworks. */
  order(role: Role): SiblingOrder {
    return this.#groups[role]!.order;
  }

  /** Books more as held, in use or offered, outside a cycle. */
  hold(row: AgentRow, client: Client, resources: Resources, counts: boolean): void {
    this.columns.learn(resources);
    this.revision++;
    if (client.isTracked) this.charge(row, client, resources, counts);
    row.hold(client, resources);
  }

  /** Takes off what comes back, declined or not, and opens the agent if something is free now. */
  release(row: AgentRow, client: Client, resources: Resources, isDeclined = false): void {
    row.release(client, resources);
    if (isDeclined) this.guard?.declined(client, row.agent);
    else this.guard?.beginRound(row.agent);
    if (client.isTracked) this.#discharge(row, client, resources);
    this.refreshAgent(row);
  }

  /** Charges `resources`, not yet held, to the client and its role. */
  charge(row: AgentRow, client: Client, resources: Resources, counts: boolean): void {
    const shared = this.#load(row, client, resources);
    this.shares.charge(client.row, shared === null ? this.#vector : shared.forClient, counts);
    this.tree.charge(client.role, shared === null ? this.#vector : shared.forRole, counts);
  }

  /** As `charge`, for an allocation of a cycle: the orders stay as they are, the caller mends them and books it as held. */
  grant(row: AgentRow, client: Client, resources: Resources): void {
    this.revision++;
    const shared = this.#load(row, client, resources);
    this.shares.grant(client.row, shared === null ? this.#vector : shared.forClient);
    this.tree.grant(client.role, shared === null ? this.#vector : shared.forRole);
  }

  /** What is free on the agent, or whether it may be offered, changed. */
  refreshAgent(row: AgentRow): void {
    this.revision++;
    if (row.isOfferable) {
      this.open.add(row.agent);
      this.unsettled.add(row.agent);
    } else {
      this.close(row);
    }
  }

  close(row: AgentRow): void {
    this.open.remove(row.agent);
    this.unsettled.remove(row.agent);
  }

  addToTotals(resources: Resources, sign: 1 | -1): void {
    this.columns.learn(resources);
    this.#ensureVector();
    this.columns.load(resources, this.#vector);
    this.revision++;
    this.totals.add(this.#vector, sign);
  }

  /** Drops the agent with all that is held there. */
  dropAgent(row: AgentRow): void {
    for (const holder of new Set(row.holders())) {
      const client = this.clients[holder]!;
      this.release(row, client, row.heldBy(client));
      this.retire(client);
    }
    this.close(row);
    this.guard?.beginRound(row.agent);
    this.addToTotals(row.total, -1);
    this.agents[row.agent] = null;
    this.agentCount--;
  }

  #discharge(row: AgentRow, client: Client, resources: Resources): void {
    const shared = this.#load(row, client, resources);
    this.shares.discharge(client.row, shared === null ? this.#vector : shared.forClient);
    this.tree.discharge(client.role, shared === null ? this.#vector : shared.forRole);
  }

  /**
   * Loads what `resources`, not booked on the row, add to the client and to the role into `#vector`; if there are shared volumes,
   * answers the two apart.
   */
  #load(row: AgentRow, client: Client, resources: Resources): SharedCharge | null {
    this.#ensureVector();
    this.columns.load(resources, this.#vector);
    if (resources.isPlain || resources.shared().isEmpty) return null;
    this.#sharedCharge.weigh(row, client, resources, this.#vector);
    return this.#sharedCharge;
  }

  #ensureVector(): void {
    if (this.columns.count > this.#vector.length) this.#vector = new Float64Array(this.columns.count * 2);
  }

  #group(role: Role): RoleGroup {
    const known = this.#groups[role];
    if (known !== undefined) return known;
    const group: RoleGroup = { order: new SiblingOrder(this.shares), tracked: 0, active: 0 };
    this.#groups[role] = group;
    return group;
  }

  static readonly layout = fieldsLayout({
    take: (it: Books) => ({
      clientsOf: it.#clientsOf,
      groups: it.#groups,
      lastClient: it.#lastClient,
      vector: it.#vector,
      sharedCharge: it.#sharedCharge,
    }),
    put: (it, fields) => {
      it.#clientsOf = fields.clientsOf;
      it.#groups = fields.groups;
      it.#lastClient = fields.lastClient;
      it.#vector = fields.vector;
    },
  });
}
