import type { Contender, Role } from '../../../engine/master/index.ts';
import type { Books } from '../books.ts';
import type { Client } from '../client.ts';
import type { DrawnOrders } from './hypothesis.ts';
import { PaperShares } from './paper-shares.ts';

/** A role, and a sibling of it that came first. */
export interface Rivalry {
  readonly role: Role;
  readonly share: number;
  readonly rivalShare: number;
}

/** Who an order is imagined for: where it is drawn, everybody else comes first. */
export interface LastInDraws {
  readonly client: Client;
  readonly drawn: DrawnOrders;
}

/**
 * Whom an imagined cycle serves first: roles by the tree, within a role its frameworks. Of the allocator's books it only reads.
 *
 * An order that is drawn is imagined at its worst for one client, all others by need: what that one is offered then it is offered whatever is drawn.
 */
export class PaperOrder {
  readonly #books: Books;
  readonly #roles: PaperShares;
  readonly #frameworks: PaperShares;
  /** Sorted, by node of the tree of roles. */
  readonly #children = new Map<number, number[]>();
  /** Sorted rows of clients that take part, by role. */
  readonly #clients = new Map<Role, number[]>();
  readonly #granted = new Set<Client>();
  readonly #last: LastInDraws;

  /** `clients` take part; `weights` are other than they are. */
  constructor(
    books: Books,
    clients: readonly Client[],
    weights: ReadonlyMap<Role, number>,
    last: LastInDraws,
  ) {
    this.#books = books;
    this.#last = last;
    const { tree } = books;
    const byNode = new Map<number, number>();
    for (const [role, weight] of weights) {
      const node = tree.nodeOf(role);
      if (node !== null) byNode.set(node, weight);
    }
    this.#roles = new PaperShares(tree.shares, books.totals, byNode);
    this.#frameworks = new PaperShares(books.shares, books.totals, new Map());
    for (const client of clients) this.#enter(client);
    for (const rows of this.#clients.values()) this.#sort(rows, this.#frameworks);
    for (const nodes of this.#children.values()) this.#sort(nodes, this.#roles);
  }

  /** Roles in order; `visit` says whether to go on. Stable during the walk: `settle` takes grants into account. */
  walk(visit: (role: Role) => boolean): void {
    const { client, drawn } = this.#last;
    const { root } = this.#books.tree;
    if (!drawn.roles || !this.#clients.has(client.role)) {
      this.#walkBelow(root, visit);
      return;
    }
    // The leaves are drawn as one list: it may come after all others, its ancestors' kin too.
    const goesOn = this.#walkBelow(root, (role) => role === client.role || visit(role));
    if (goesOn) visit(client.role);
  }

  /** Rows of the role's clients in order. */
  clientsOf(role: Role): readonly number[] {
    return this.#clients.get(role) ?? [];
  }

  grant(client: Client, forClient: Float64Array, forRole: Float64Array): void {
    this.#frameworks.grant(client.row, forClient);
    for (const node of this.#path(client.role)) this.#roles.grant(node, forRole);
    this.#granted.add(client);
  }

  /** The agent is done: whoever took something moves back. */
  settle(): void {
    for (const client of this.#granted) {
      const rows = this.#clients.get(client.role)!;
      if (rows.length > 1) this.#sort(rows, this.#frameworks);
      for (const node of this.#path(client.role)) {
        const siblings = this.#children.get(this.#books.tree.parentOf(node))!;
        if (siblings.length > 1) this.#sort(siblings, this.#roles);
      }
    }
    this.#granted.clear();
    this.#roles.settled();
    this.#frameworks.settled();
  }

  /** `client` as it competes with `other` for the agent that is being shown. */
  contender(client: Client, other: Client): Contender {
    const own = this.#path(client.role).reverse();
    const theirs = this.#path(other.role).reverse();
    let depth = 0;
    while (depth + 1 < own.length && own[depth] === theirs[depth]) depth++;
    return {
      framework: client.framework,
      role: this.#books.roles.name(client.role),
      roleShare: this.#roles.sortedShare(own[depth]!),
      frameworkShare: this.#frameworks.sortedShare(client.row),
    };
  }

  /** The role on the path of `role` that competes with one on the path of `other` for the agent being shown; null if no weight decides. */
  rivalry(role: Role, other: Role): Rivalry | null {
    const own = this.#path(role).reverse();
    const theirs = this.#path(other).reverse();
    for (let depth = 0; depth < own.length && depth < theirs.length; depth++) {
      const node = own[depth]!;
      if (node === theirs[depth]) continue;
      // A role's own use beside its children has no weight to change.
      if (this.#books.tree.nodeOf(this.#books.tree.roleOf(node)) !== node) return null;
      return {
        role: this.#books.tree.roleOf(node),
        share: this.#roles.sortedShare(node),
        rivalShare: this.#roles.sortedShare(theirs[depth]!),
      };
    }
    return null;
  }

  /**
   * Whether `client` is drawn before `other`, as a probability; null where need decides. Successive draws put one of two first with the odds of
   * their weights, whoever else is in the list; a leaf's weight is a product over its path (spec 16 §5).
   */
  oddsOf(client: Client, other: Client): number | null {
    const { drawn } = this.#last;
    if (client.role === other.role) return drawn.frameworks ? 1 / 2 : null;
    if (!drawn.roles) return null;
    const own = this.#weightInDraw(client.role);
    return own / (own + this.#weightInDraw(other.role));
  }

  #weightInDraw(role: Role): number {
    let weight = 1;
    for (const node of this.#path(role)) {
      const siblings = this.#children.get(this.#books.tree.parentOf(node))!;
      weight *= this.#roles.weight(node) / siblings.reduce((sum, one) => sum + this.#roles.weight(one), 0);
    }
    return weight;
  }

  #walkBelow(node: number, visit: (role: Role) => boolean): boolean {
    const { tree } = this.#books;
    for (const child of this.#children.get(node) ?? []) {
      const goesOn = this.#children.has(child) ? this.#walkBelow(child, visit) : visit(tree.roleOf(child));
      if (!goesOn) return false;
    }
    return true;
  }

  #enter(client: Client): void {
    const rows = this.#clients.get(client.role);
    if (rows !== undefined) {
      rows.push(client.row);
      return;
    }
    this.#clients.set(client.role, [client.row]);
    for (const node of this.#path(client.role)) {
      const parent = this.#books.tree.parentOf(node);
      const siblings = this.#children.get(parent);
      if (siblings !== undefined) {
        siblings.push(node);
        return;
      }
      this.#children.set(parent, [node]);
    }
  }

  /** Nodes from the role's leaf up to below the root. */
  #path(role: Role): number[] {
    const { tree } = this.#books;
    const path: number[] = [];
    for (let node = tree.leafOf(role); node !== tree.root; node = tree.parentOf(node)) path.push(node);
    return path;
  }

  #sort(rows: number[], shares: PaperShares): void {
    const { client, drawn } = this.#last;
    const last = shares === this.#frameworks && drawn.frameworks ? client.row : null;
    rows.sort((a, b) => {
      if (a === b) return 0;
      if (a === last || b === last) return a === last ? 1 : -1;
      return shares.precedes(a, b) ? -1 : 1;
    });
  }
}
