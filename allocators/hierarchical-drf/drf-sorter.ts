import { assert, type Milli } from '../../engine/core/index.ts';
import type { Role } from '../../engine/master/index.ts';
import { Quantities, Resources } from '../../engine/resources/index.ts';
import { ClusterTotals } from './cluster-totals.ts';
import { QuantityColumns } from './quantity-columns.ts';
import { RoleBook } from './role-book.ts';
import { RoleTree } from './role-tree.ts';

export interface DrfSorterOptions {
  /** Names that never make a share dominant. */
  readonly fairnessExclude: readonly string[];
}

/**
 * The hierarchical fair-share sorter on its own: the tree that the allocator orders its roles by, with a ledger of what each client
 * holds on each agent. Clients are paths such as `eng/web`, agents are names. For tools and tests; the allocator keeps its own ledger.
 */
export class DrfSorter {
  readonly #book = new RoleBook();
  readonly #columns = new QuantityColumns();
  readonly #totals: ClusterTotals;
  readonly #tree: RoleTree;
  readonly #agents = new Map<string, Quantities>();
  /** Per client, what it holds by agent. */
  readonly #held = new Map<Role, Map<string, Resources>>();

  constructor(options: DrfSorterOptions) {
    this.#totals = new ClusterTotals(this.#columns, options.fairnessExclude);
    this.#tree = new RoleTree(this.#book, this.#totals);
  }

  /** Adds the agent's quantities to the total that shares are taken of. */
  addAgent(agent: string, quantities: Quantities): void {
    assert(!this.#agents.has(agent), 'an agent is added once');
    this.#agents.set(agent, quantities);
    this.#totals.add(this.#vector(quantities), 1);
  }

  /** What clients hold there stays booked. */
  removeAgent(agent: string): void {
    const quantities = this.#agents.get(agent);
    assert(quantities !== undefined, 'the agent is known');
    this.#agents.delete(agent);
    this.#totals.add(this.#vector(quantities), -1);
  }

  /** A new client, inactive. */
  addClient(client: string): void {
    const role = this.#book.role(client);
    this.#tree.addClient(role);
    this.#held.set(role, new Map());
  }

  /** Its allocation is dropped. */
  removeClient(client: string): void {
    const role = this.#client(client);
    this.#tree.removeClient(role);
    this.#held.delete(role);
  }

  activate(client: string): void {
    this.#tree.setActive(this.#client(client), true);
  }

  deactivate(client: string): void {
    this.#tree.setActive(this.#client(client), false);
  }

  /** The path need not be that of a client. */
  setWeight(path: string, weight: number): void {
    this.#tree.setWeight(this.#book.role(path), weight);
  }

  allocated(client: string, agent: string, resources: Resources): void {
    this.#replace(client, agent, (before) => before.plus(resources), true);
  }

  unallocated(client: string, agent: string, resources: Resources): void {
    this.#replace(client, agent, (before) => before.minus(resources), false);
  }

  /** Replaces part of what is held; counts as no allocation. */
  updateAllocation(client: string, agent: string, before: Resources, after: Resources): void {
    this.#replace(client, agent, (held) => held.minus(before).plus(after), false);
  }

  /** Active clients, neediest first. */
  order(): readonly string[] {
    return this.#tree.preOrder(true).map((role) => this.#book.name(role));
  }

  contains(client: string): boolean {
    return this.#tree.isClient(this.#book.role(client));
  }

  /** Clients, active or not. */
  count(): number {
    return this.#tree.clientCount;
  }

  allocation(client: string, agent: string): Resources {
    return this.#held.get(this.#client(client))!.get(agent) ?? Resources.EMPTY;
  }

  /** Agents on which the client holds something, in order of its first allocation there. */
  allocatedAgents(client: string): readonly string[] {
    return [...this.#held.get(this.#client(client))!.keys()];
  }

  /** What the client holds over all agents. */
  quantities(client: string): Quantities {
    return this.#heldBy((column) => this.#tree.heldByLeaf(this.#client(client), column));
  }

  totalAllocated(): Quantities {
    const tops = this.#tree.topLevel();
    return this.#heldBy((column) => tops.reduce((sum, role) => sum + this.#tree.held(role, column), 0));
  }

  /** Dominant share of the client with all below it, divided by its weight. */
  share(client: string): number {
    return this.#tree.share(this.#client(client));
  }

  /** Asserts that the tree agrees with the ledger. For tests. */
  checkInvariants(): void {
    this.#tree.checkInvariants();
    for (const [role, byAgent] of this.#held) {
      let sum = Quantities.EMPTY;
      for (const resources of byAgent.values()) sum = sum.plus(resources.quantities());
      const booked = this.quantities(this.#book.name(role));
      assert(booked.equals(sum), 'a client is charged what it holds, a shared volume once per agent');
    }
  }

  #client(client: string): Role {
    const role = this.#book.role(client);
    assert(this.#tree.isClient(role), 'the client is known');
    return role;
  }

  /** Books the difference of quantities, so that copies of a shared volume count once. */
  #replace(client: string, agent: string, change: (held: Resources) => Resources, counts: boolean): void {
    const role = this.#client(client);
    const byAgent = this.#held.get(role)!;
    const before = byAgent.get(agent) ?? Resources.EMPTY;
    const after = change(before);
    this.#columns.learn(after);
    const vector = this.#vector(after.quantities());
    const subtracted = this.#vector(before.quantities());
    for (let column = 0; column < vector.length; column++)
      vector[column] = vector[column]! - subtracted[column]!;
    this.#tree.charge(role, vector, counts);
    if (after.isEmpty) byAgent.delete(agent);
    else byAgent.set(agent, after);
  }

  #vector(quantities: Quantities): Float64Array {
    quantities.names.forEach((name) => {
      this.#columns.learnName(name);
    });
    const vector = new Float64Array(this.#columns.count);
    quantities.names.forEach((name, index) => {
      vector[this.#columns.column(name)] = quantities.values[index]!;
    });
    return vector;
  }

  #heldBy(held: (column: number) => number): Quantities {
    const amounts: [string, Milli][] = [];
    for (let column = 0; column < this.#columns.count; column++) {
      amounts.push([this.#columns.name(column), held(column) as Milli]);
    }
    return Quantities.of(amounts);
  }
}
