import { assert } from '../../engine/core/index.ts';
import { fieldsLayout } from '../../engine/core/graph/index.ts';
import type { Role } from '../../engine/master/index.ts';
import type { ClusterTotals } from './cluster-totals.ts';
import { grown } from './dense-set.ts';
import { NO_ROLE, type RoleBook } from './role-book.ts';
import { ShareTable } from './share-table.ts';
import { SiblingOrder } from './sibling-order.ts';

const NONE = -1;
const ROOT = 0;
/** Name of the leaf that stands for an inner role's own use. It sorts before every component but those of rare first letters. */
const VIRTUAL_LEAF = '.';

/**
 * The hierarchical sorter: roles in use and their ancestors as a tree by `/`. A leaf is a role that is used; one that is used and has
 * children is used through a virtual leaf `.` among them (spec 16 §5, conformance README §5.2). What a leaf holds counts in every
 * node above it. A node takes part in the order of its siblings while some leaf below it is active.
 */
export class RoleTree {
  readonly #book: RoleBook;
  readonly #totals: ClusterTotals;
  readonly #nodes: ShareTable;
  #rootGroup: SiblingOrder;
  /** By node: parent, role, children (virtual leaf included), active leaves in the subtree (itself included), virtual leaf. */
  #parent = new Int32Array(16);
  #role = new Int32Array(16);
  #childCount = new Int32Array(16);
  #activeLeaves = new Int32Array(16);
  #virtual = new Int32Array(16);
  #children: (SiblingOrder | null)[] = [];
  /** By role: its own node and the leaf its use is booked on, or -1. */
  #node = new Int32Array(0);
  #leaf = new Int32Array(0);
  #weights: number[] = [];
  #clientCount = 0;

  constructor(book: RoleBook, totals: ClusterTotals) {
    this.#book = book;
    this.#totals = totals;
    this.#nodes = new ShareTable(totals);
    this.#rootGroup = new SiblingOrder(this.#nodes);
    const root = this.#newNode(NONE, NONE, '');
    assert(root === ROOT, 'the root is the first node');
    this.#children[ROOT] = this.#rootGroup;
  }

  get clientCount(): number {
    return this.#clientCount;
  }

  isClient(role: Role): boolean {
    return role < this.#leaf.length && this.#leaf[role] !== NONE;
  }

  /** Roles that are used, in order of their numbers. */
  clients(): Role[] {
    const roles: Role[] = [];
    for (let role = 0; role < this.#leaf.length; role++)
      if (this.#leaf[role] !== NONE) roles.push(role as Role);
    return roles;
  }

  /** The role becomes used, inactive, with nothing allocated. */
  addClient(role: Role): void {
    this.#growRoles();
    assert(this.#leaf[role] === NONE, 'a role becomes used once');
    this.#clientCount++;
    const node = this.#node[role]!;
    if (node !== NONE) {
      this.#leaf[role] = this.#newVirtual(node);
      return;
    }
    const parent = this.#book.parent(role);
    const above = parent === NO_ROLE ? ROOT : this.#innerNode(parent);
    this.#leaf[role] = this.#newRoleNode(role, above);
  }

  /** The role is no longer used; what it still holds is dropped from the books. */
  removeClient(role: Role): void {
    const leaf = this.leafOf(role);
    this.setActive(role, false);
    for (let node = this.#parent[leaf]!; node !== ROOT; node = this.#parent[node]!)
      this.#nodes.dischargeAs(node, leaf);
    this.#clientCount--;
    this.#leaf[role] = NONE;
    let above = this.#parent[leaf]!;
    this.#dropNode(leaf);
    while (above !== ROOT && this.#childCount[above] === 0) {
      const next = this.#parent[above]!;
      this.#dropNode(above);
      above = next;
    }
    if (above !== ROOT && this.#childCount[above] === 1 && this.#virtual[above] !== NONE)
      this.#collapse(above);
  }

  /** Whether the role takes part in the order. */
  setActive(role: Role, active: boolean): void {
    const leaf = this.leafOf(role);
    if ((this.#activeLeaves[leaf] !== 0) === active) return;
    const change = active ? 1 : -1;
    for (let node = leaf; node !== ROOT; node = this.#parent[node]!) {
      const before = this.#activeLeaves[node]!;
      this.#activeLeaves[node] = before + change;
      if (before === 0 || before + change === 0) this.#nodes.setActive(node, active);
    }
  }

  isActive(role: Role): boolean {
    return this.#activeLeaves[this.leafOf(role)] !== 0;
  }

  /** Weights outlive the roles' use and may come before it. A virtual leaf's weight is 1. */
  setWeight(role: Role, weight: number): void {
    this.#weights[role] = weight;
    if (role < this.#node.length && this.#node[role] !== NONE)
      this.#nodes.setWeight(this.#node[role]!, weight);
  }

  weight(role: Role): number {
    return this.#weights[role] ?? 1;
  }

  /** An allocation of a cycle; the places of the nodes above are the caller's to mend. */
  grant(role: Role, vector: Float64Array): void {
    for (let node = this.#leaf[role]!; node !== ROOT; node = this.#parent[node]!)
      this.#nodes.grant(node, vector);
  }

  charge(role: Role, vector: Float64Array, counts: boolean): void {
    for (let node = this.leafOf(role); node !== ROOT; node = this.#parent[node]!)
      this.#nodes.charge(node, vector, counts);
  }

  discharge(role: Role, vector: Float64Array): void {
    for (let node = this.leafOf(role); node !== ROOT; node = this.#parent[node]!)
      this.#nodes.discharge(node, vector);
  }

  /** The role and those above it were granted something, and their places are not mended. */
  disturb(role: Role): void {
    for (let node = this.leafOf(role); node !== ROOT; node = this.#parent[node]!)
      this.#nodes.group(node).disturb();
  }

  /** Brings shares and orders up to date, before a walk. */
  settle(): void {
    this.#nodes.settle();
  }

  /** For walks: the top-level roles, the order below a node, whether a node takes part, and whose leaf it is. */
  get root(): number {
    return ROOT;
  }

  order(node: number): SiblingOrder {
    return this.#children[node]!;
  }

  takesPart(node: number): boolean {
    return this.#activeLeaves[node] !== 0;
  }

  isLeaf(node: number): boolean {
    return this.#children[node] === null;
  }

  parentOf(node: number): number {
    return this.#parent[node]!;
  }

  /** The role's own node, or null if it is not in the tree. What it uses itself may be booked on a leaf below it: `leafOf`. */
  nodeOf(role: Role): number | null {
    const node = this.#nodeOrNone(role);
    return node === NONE ? null : node;
  }

  /** What nodes hold, by node. For reading. */
  get shares(): ShareTable {
    return this.#nodes;
  }

  roleOf(node: number): Role {
    return this.#role[node] as Role;
  }

  /** Pre-order over the sorted tree, all roles in use or only the active ones. O(n log n); for reading, not for cycles. */
  preOrder(activeOnly: boolean): Role[] {
    this.#nodes.settle();
    const below = new Map<number, number[]>();
    const listed = new Set<number>();
    for (let role = 0; role < this.#leaf.length; role++) {
      if (this.#leaf[role] === NONE || (activeOnly && this.#activeLeaves[this.#leaf[role]!] === 0)) continue;
      for (let node = this.#leaf[role]!; node !== ROOT; node = this.#parent[node]!) {
        if (listed.has(node)) break;
        listed.add(node);
        this.#nodes.refresh(node);
        const siblings = below.get(this.#parent[node]!);
        if (siblings === undefined) below.set(this.#parent[node]!, [node]);
        else siblings.push(node);
      }
    }
    const roles: Role[] = [];
    const visit = (node: number): void => {
      const siblings = below.get(node);
      if (siblings === undefined) {
        if (node !== ROOT) roles.push(this.roleOf(node));
        return;
      }
      siblings.sort((a, b) => (this.#nodes.precedes(a, b) ? -1 : 1));
      siblings.forEach(visit);
    };
    visit(ROOT);
    return roles;
  }

  /** Dominant share of the role with all below it, divided by its weight; 0 for one that is not in the tree. */
  share(role: Role): number {
    const node = this.#nodeOrNone(role);
    return node === NONE ? 0 : this.#nodes.share(node);
  }

  /** Thousandths that the role with all below it holds. */
  held(role: Role, column: number): number {
    const node = this.#nodeOrNone(role);
    return node === NONE ? 0 : this.#nodes.held(node, column);
  }

  /** Thousandths that the role holds by its own use. */
  heldByLeaf(role: Role, column: number): number {
    return this.#nodes.held(this.leafOf(role), column);
  }

  /** Top-level roles that are in the tree. */
  topLevel(): Role[] {
    const roles: Role[] = [];
    for (let role = 0; role < this.#node.length; role++) {
      if (this.#node[role] !== NONE && this.#parent[this.#node[role]!] === ROOT) roles.push(role as Role);
    }
    return roles;
  }

  /** Asserts that every node holds the sum of its children, that activity adds up, and that stored shares and orders are right. */
  checkInvariants(): void {
    this.#nodes.settle();
    for (let role = 0; role < this.#node.length; role++) {
      if (this.#node[role] !== NONE) this.#checkNode(this.#node[role]!);
    }
  }

  #checkNode(node: number): void {
    assert(
      this.#nodes.share(node) === this.#nodes.shareFromScratch(node),
      'a stored share is the one computed anew',
    );
    const order = this.#children[node];
    if (order === null || order === undefined) return;
    for (let index = 1; index < order.length; index++) {
      assert(this.#nodes.precedes(order.at(index - 1), order.at(index)), 'an order is sorted after settling');
    }
    for (let column = 0; column < this.#totals.columns.count; column++) {
      let sum = 0;
      let active = 0;
      let children = 0;
      for (let child = 1; child < this.#nodes.rows; child++) {
        if (this.#parent[child] !== node) continue;
        sum += this.#nodes.held(child, column);
        active += this.#activeLeaves[child]!;
        children++;
      }
      assert(sum === this.#nodes.held(node, column), 'an inner role holds what its children hold');
      assert(active === this.#activeLeaves[node], 'active leaves add up');
      assert(children === this.#childCount[node], 'children are counted');
    }
  }

  leafOf(role: Role): number {
    assert(this.isClient(role), 'the role is used');
    return this.#leaf[role]!;
  }

  #nodeOrNone(role: Role): number {
    return role < this.#node.length ? this.#node[role]! : NONE;
  }

  /** The node of `role`, able to have children. */
  #innerNode(role: Role): number {
    const known = this.#node[role]!;
    if (known === NONE) {
      const parent = this.#book.parent(role);
      const node = this.#newRoleNode(role, parent === NO_ROLE ? ROOT : this.#innerNode(parent));
      this.#children[node] = new SiblingOrder(this.#nodes);
      return node;
    }
    if (this.#leaf[role] === known) this.#split(role, known);
    return known;
  }

  /** A used role gets its first child: the virtual leaf inherits what was allocated and how often. */
  #split(role: Role, node: number): void {
    this.#children[node] = new SiblingOrder(this.#nodes);
    const leaf = this.#newVirtual(node);
    this.#nodes.inherit(leaf, node);
    this.#leaf[role] = leaf;
    this.#activeLeaves[leaf] = this.#activeLeaves[node]!;
    if (this.#activeLeaves[leaf] !== 0) this.#nodes.setActive(leaf, true);
  }

  /** A used role lost its last child: it is a leaf again and keeps the count of the whole subtree. */
  #collapse(node: number): void {
    const role = this.#role[node] as Role;
    this.#dropNode(this.#virtual[node]!);
    this.#children[node] = null;
    this.#leaf[role] = node;
  }

  #newRoleNode(role: Role, parent: number): number {
    const node = this.#newNode(parent, role, this.#book.component(role));
    this.#nodes.setWeight(node, this.weight(role));
    this.#node[role] = node;
    return node;
  }

  #newVirtual(parent: number): number {
    const leaf = this.#newNode(parent, this.#role[parent]!, VIRTUAL_LEAF);
    this.#virtual[parent] = leaf;
    return leaf;
  }

  #newNode(parent: number, role: number, name: string): number {
    const group = parent === NONE ? this.#rootGroup : this.#children[parent]!;
    const node = this.#nodes.add(group, 0, name, 1);
    if (node >= this.#parent.length) {
      this.#parent = grown(this.#parent, node + 1);
      this.#role = grown(this.#role, node + 1);
      this.#childCount = grown(this.#childCount, node + 1);
      this.#activeLeaves = grown(this.#activeLeaves, node + 1);
      this.#virtual = grown(this.#virtual, node + 1);
    }
    this.#parent[node] = parent;
    this.#role[node] = role;
    this.#childCount[node] = 0;
    this.#activeLeaves[node] = 0;
    this.#virtual[node] = NONE;
    this.#children[node] = null;
    if (parent !== NONE) this.#childCount[parent] = this.#childCount[parent]! + 1;
    return node;
  }

  #dropNode(node: number): void {
    const parent = this.#parent[node]!;
    const role = this.#role[node]!;
    this.#childCount[parent] = this.#childCount[parent]! - 1;
    if (this.#virtual[parent] === node) this.#virtual[parent] = NONE;
    else this.#node[role] = NONE;
    this.#parent[node] = NONE;
    this.#children[node] = null;
    this.#activeLeaves[node] = 0;
    this.#nodes.remove(node);
  }

  #growRoles(): void {
    const size = this.#book.size;
    if (size <= this.#node.length) return;
    const before = this.#node.length;
    this.#node = grown(this.#node, size);
    this.#leaf = grown(this.#leaf, size);
    this.#node.fill(NONE, before);
    this.#leaf.fill(NONE, before);
  }

  static readonly layout = fieldsLayout({
    take: (it: RoleTree) => ({
      book: it.#book,
      totals: it.#totals,
      nodes: it.#nodes,
      rootGroup: it.#rootGroup,
      parent: it.#parent,
      role: it.#role,
      childCount: it.#childCount,
      activeLeaves: it.#activeLeaves,
      virtual: it.#virtual,
      children: it.#children,
      node: it.#node,
      leaf: it.#leaf,
      weights: it.#weights,
      clientCount: it.#clientCount,
    }),
    put: (it, fields) => {
      it.#rootGroup = fields.rootGroup;
      it.#parent = fields.parent;
      it.#role = fields.role;
      it.#childCount = fields.childCount;
      it.#activeLeaves = fields.activeLeaves;
      it.#virtual = fields.virtual;
      it.#children = fields.children;
      it.#node = fields.node;
      it.#leaf = fields.leaf;
      it.#weights = fields.weights;
      it.#clientCount = fields.clientCount;
    },
  });
}
