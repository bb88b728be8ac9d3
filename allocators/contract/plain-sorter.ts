import { assert, milli } from '../../engine/core/index.ts';
import { Quantities, Resources } from '../../engine/resources/index.ts';

interface Client {
  isActive: boolean;
  /** What it holds, by agent; an agent on which it holds nothing has no entry. */
  readonly allocations: Map<string, Resources>;
}

const VIRTUAL = '/.';

/**
 * The hierarchical fair-share sorter of conformance README §5.2, written down plainly: clients are paths, and the tree, all sums,
 * shares and the order are computed from them at every question. Only what history decides is kept: how often a node was
 * allocated to. O(clients² × agents) per order: for tests and small clusters.
 */
export class PlainSorter {
  readonly #clients = new Map<string, Client>();
  readonly #totals = new Map<string, Quantities>();
  readonly #weights = new Map<string, number>();
  /** Allocations ever made to a node, by its path; a client that has children counts apart as `path/.`. */
  readonly #counts = new Map<string, number>();
  readonly #excluded: ReadonlySet<string>;

  constructor(fairnessExclude: readonly string[]) {
    this.#excluded = new Set(fairnessExclude);
  }

  addAgent(agent: string, total: Quantities): void {
    this.#totals.set(agent, total);
  }

  removeAgent(agent: string): void {
    this.#totals.delete(agent);
  }

  addClient(path: string): void {
    assert(!this.#clients.has(path), `${path} is not a client yet`);
    for (const ancestor of ancestorsOf(path)) {
      // A leaf that gets its first child goes on as the virtual child of itself, with its history.
      if (this.#clients.has(ancestor) && !this.#hasChildren(ancestor)) {
        this.#counts.set(ancestor + VIRTUAL, this.#count(ancestor));
      }
    }
    const isInner = this.#hasChildren(path);
    this.#clients.set(path, { isActive: false, allocations: new Map() });
    this.#counts.set(isInner ? path + VIRTUAL : path, 0);
    for (const ancestor of ancestorsOf(path)) this.#counts.set(ancestor, this.#count(ancestor));
  }

  removeClient(path: string): void {
    this.#client(path);
    this.#counts.delete(this.#leafOf(path));
    this.#clients.delete(path);
    for (const ancestor of ancestorsOf(path)) {
      if (this.#hasChildren(ancestor)) continue;
      // The last child went: the role keeps the count of the whole subtree, or goes as well.
      this.#counts.delete(ancestor + VIRTUAL);
      if (!this.#clients.has(ancestor)) this.#counts.delete(ancestor);
    }
  }

  activate(path: string): void {
    this.#client(path).isActive = true;
  }

  deactivate(path: string): void {
    this.#client(path).isActive = false;
  }

  setWeight(path: string, weight: number): void {
    this.#weights.set(path, weight);
  }

  allocated(path: string, agent: string, resources: Resources): void {
    this.#hold(path, agent, this.allocation(path, agent).plus(resources));
    this.#recount(path, 1);
  }

  /** Takes an allocation back as if it had never been made. */
  revoke(path: string, agent: string, resources: Resources): void {
    this.unallocated(path, agent, resources);
    this.#recount(path, -1);
  }

  unallocated(path: string, agent: string, resources: Resources): void {
    const held = this.allocation(path, agent);
    assert(held.contains(resources), `${path} holds ${resources.toString()} on ${agent}: ${held.toString()}`);
    this.#hold(path, agent, held.minus(resources));
  }

  updateAllocation(path: string, agent: string, before: Resources, after: Resources): void {
    const held = this.allocation(path, agent);
    this.#hold(path, agent, held.minus(before).plus(after));
  }

  order(): readonly string[] {
    return this.#walk('');
  }

  contains(path: string): boolean {
    return this.#clients.has(path);
  }

  count(): number {
    return this.#clients.size;
  }

  isActive(path: string): boolean {
    return this.#client(path).isActive;
  }

  allocation(path: string, agent: string): Resources {
    return this.#client(path).allocations.get(agent) ?? Resources.EMPTY;
  }

  allocatedAgents(path: string): readonly string[] {
    return [...this.#client(path).allocations.keys()];
  }

  /** Of the client alone, not of those below it. */
  quantities(path: string): Quantities {
    return sum([...this.#client(path).allocations.values()].map((resources) => resources.quantities()));
  }

  /** Of the node and all below it. A shared volume counts once per client and agent. */
  subtreeQuantities(path: string): Quantities {
    const below = [...this.#clients.keys()].filter(
      (client) => client === path || client.startsWith(`${path}/`),
    );
    return sum(below.map((client) => this.quantities(client)));
  }

  totalAllocated(): Quantities {
    return sum([...this.#clients.keys()].map((client) => this.quantities(client)));
  }

  total(): Quantities {
    return sum([...this.#totals.values()]);
  }

  /** Dominant share of a role's node, its subtree included, divided by its weight. */
  share(path: string): number {
    return this.#shareOf(this.subtreeQuantities(path)) / (this.#weights.get(path) ?? 1);
  }

  #shareOf(allocated: Quantities): number {
    const total = this.total();
    let share = 0;
    for (const name of total.names) {
      if (!this.#excluded.has(name)) share = Math.max(share, allocated.get(name) / total.get(name));
    }
    return share;
  }

  /** Active clients of the subtree below `path` in pre-order, children by (share, count, path). */
  #walk(path: string): readonly string[] {
    const nodes = this.#children(path).map((child) => ({
      path: child,
      share: child.endsWith(VIRTUAL) ? this.#shareOf(this.quantities(path)) : this.share(child),
      count: this.#count(child),
    }));
    nodes.sort((a, b) => a.share - b.share || a.count - b.count || (a.path < b.path ? -1 : 1));
    return nodes.flatMap((node) => {
      if (node.path.endsWith(VIRTUAL)) return this.isActive(path) ? [path] : [];
      if (this.#hasChildren(node.path)) return this.#walk(node.path);
      return this.isActive(node.path) ? [node.path] : [];
    });
  }

  /** Paths of the nodes right below `path`, the virtual one included; `''` is the root. */
  #children(path: string): readonly string[] {
    const prefix = path === '' ? '' : `${path}/`;
    const children = new Set<string>();
    for (const client of this.#clients.keys()) {
      if (!client.startsWith(prefix)) continue;
      children.add(prefix + client.slice(prefix.length).split('/')[0]!);
    }
    if (path !== '' && this.#clients.has(path)) children.add(path + VIRTUAL);
    return [...children];
  }

  #hasChildren(path: string): boolean {
    return [...this.#clients.keys()].some((client) => client.startsWith(`${path}/`));
  }

  #leafOf(path: string): string {
    return this.#hasChildren(path) ? path + VIRTUAL : path;
  }

  #recount(path: string, by: number): void {
    const leaf = this.#leafOf(path);
    for (const node of new Set([leaf, path, ...ancestorsOf(path)]))
      this.#counts.set(node, this.#count(node) + by);
  }

  #count(node: string): number {
    return this.#counts.get(node) ?? 0;
  }

  #hold(path: string, agent: string, resources: Resources): void {
    const { allocations } = this.#client(path);
    if (resources.isEmpty) allocations.delete(agent);
    else allocations.set(agent, resources);
  }

  #client(path: string): Client {
    const client = this.#clients.get(path);
    assert(client !== undefined, `${path} is a client`);
    return client;
  }
}

/** Paths above `path`, nearest first. */
function ancestorsOf(path: string): readonly string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, parts.length - 1 - index).join('/'));
}

function sum(quantities: readonly Quantities[]): Quantities {
  return Quantities.of(
    quantities.flatMap(({ names, values }) => names.map((name, i) => [name, values[i] ?? milli(0)] as const)),
  );
}
