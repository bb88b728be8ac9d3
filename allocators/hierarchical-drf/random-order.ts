import type { Rng } from '../../engine/core/index.ts';
import { fieldsLayout } from '../../engine/core/graph/index.ts';
import { grown } from './dense-set.ts';
import type { RoleTree } from './role-tree.ts';
import type { ShareTable } from './share-table.ts';
import type { SiblingOrder } from './sibling-order.ts';
import { WeightedDraw } from './weighted-draw.ts';

const NONE = -1;

/**
 * The random sorter for roles (`--role_sorter=random`, spec 16 §5): the active leaves of the tree in a weighted random order. A leaf's weight is the
 * product, over it and the nodes above it, of the node's weight ÷ that of all its siblings that take part; the first is drawn with the odds
 * of its weight, the next with that among the rest, and so on.
 *
 * The leaves are shuffled as one list, as in Mesos. To draw among siblings and go through a subtree before its next sibling gives the same first
 * role, but not the same order: of `a/x`, `a/y` and `b` it would never have `b` in the middle.
 */
export class RandomRoleOrder {
  readonly #tree: RoleTree;
  readonly #rng: Rng;
  readonly #belongs: (node: number) => boolean;
  readonly #draw = new WeightedDraw();
  /** By slot: the leaf, its weight, and the top-level node above it or itself. */
  #leaves: number[] = [];
  #weights: number[] = [];
  #tops: number[] = [];
  #isSelective = false;
  #length = 0;

  /** `belongs` tells of top-level nodes whether they can still get something. It may turn false while in use, and then stays so. */
  constructor(tree: RoleTree, rng: Rng, belongs: (node: number) => boolean) {
    this.#tree = tree;
    this.#rng = rng;
    this.#belongs = belongs;
  }

  /** Leaves that can come up. */
  get length(): number {
    return this.#length;
  }

  /** From the tree as it is; if `selective`, leaves of top-level nodes that do not belong are left out. Odds among the others stay the same. */
  fill(selective: boolean): void {
    this.#leaves.length = 0;
    this.#weights.length = 0;
    this.#tops.length = 0;
    this.#isSelective = selective;
    this.#list(this.#tree.root, 1, NONE);
    this.#length = this.#leaves.length;
    this.#draw.fill(this.#weights);
  }

  /** Begins a new order: all leaves are in again. */
  begin(): void {
    this.#draw.restore();
  }

  /** The next leaf of the order, or -1 at its end. */
  next(): number {
    for (;;) {
      const slot = this.#draw.draw(this.#rng);
      if (slot === NONE) return NONE;
      if (!this.#isSelective || this.#belongs(this.#tops[slot]!)) return this.#leaves[slot]!;
      this.#draw.discard(slot);
      this.#length--;
    }
  }

  #list(node: number, weight: number, top: number): void {
    const tree = this.#tree;
    const order = tree.order(node);
    let sum = 0;
    for (let index = 0; index < order.length; index++) {
      const child = order.at(index);
      if (tree.takesPart(child)) sum += tree.shares.weight(child);
    }
    for (let index = 0; index < order.length; index++) {
      const child = order.at(index);
      if (!tree.takesPart(child)) continue;
      const topOfChild = top === NONE ? child : top;
      if (top === NONE && this.#isSelective && !this.#belongs(child)) continue;
      const weightOfChild = (weight * tree.shares.weight(child)) / sum;
      if (!tree.isLeaf(child)) {
        this.#list(child, weightOfChild, topOfChild);
        continue;
      }
      this.#leaves.push(child);
      this.#weights.push(weightOfChild);
      this.#tops.push(topOfChild);
    }
  }

  static readonly layout = fieldsLayout({
    take: (it: RandomRoleOrder) => ({
      tree: it.#tree,
      rng: it.#rng,
      draw: it.#draw,
      leaves: it.#leaves,
      weights: it.#weights,
      tops: it.#tops,
      isSelective: it.#isSelective,
      length: it.#length,
    }),
    put: (it, fields) => {
      it.#leaves = fields.leaves;
      it.#weights = fields.weights;
      it.#tops = fields.tops;
      it.#isSelective = fields.isSelective;
      it.#length = fields.length;
    },
    kept: ['#belongs'],
  });
}

/**
 * The random sorter for the frameworks of a role (`--framework_sorter=random`): all weigh the same, so the order is a uniform one. It draws
 * places in the role's list of them. Entries of the list that are inactive, waiting to be dropped, draw no number: when they are dropped must
 * not show.
 */
export class RandomPlaces {
  readonly #shares: ShareTable;
  readonly #rng: Rng;
  #places = new Int32Array(16);
  #left = 0;

  constructor(shares: ShareTable, rng: Rng) {
    this.#shares = shares;
    this.#rng = rng;
  }

  /** Begins a new order of the active entries of `list`. */
  begin(list: SiblingOrder): void {
    if (list.length > this.#places.length) this.#places = grown(this.#places, list.length);
    this.#left = 0;
    for (let place = 0; place < list.length; place++) {
      if (this.#shares.isActive(list.at(place))) this.#places[this.#left++] = place;
    }
  }

  /** The next place, or -1 at the end of the order. */
  next(): number {
    if (this.#left === 0) return NONE;
    const drawn = this.#left > 1 ? this.#rng.below(this.#left) : 0;
    const place = this.#places[drawn]!;
    this.#left--;
    this.#places[drawn] = this.#places[this.#left]!;
    return place;
  }

  static readonly layout = fieldsLayout({
    take: (it: RandomPlaces) => ({ shares: it.#shares, rng: it.#rng, places: it.#places, left: it.#left }),
    put: (it, fields) => {
      it.#places = fields.places;
      it.#left = fields.left;
    },
  });
}
