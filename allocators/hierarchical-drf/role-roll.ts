import { fieldsLayout } from '../../engine/core/graph/index.ts';
import { grown } from './dense-set.ts';
import type { RoleTree } from './role-tree.ts';
import { moveRight } from './sibling-order.ts';

/**
 * Those top-level nodes of the role tree that can still get something in a stage of a cycle with quota, neediest first. With thousands of
 * roles most have what they are to get, and are not to be passed by for every agent.
 */
export class RoleRoll {
  readonly #tree: RoleTree;
  readonly #belongs: (node: number) => boolean;
  #nodes = new Int32Array(16);
  #length = 0;

  /** `belongs` may turn false while the roll is in use, and then stays so. */
  constructor(tree: RoleTree, belongs: (node: number) => boolean) {
    this.#tree = tree;
    this.#belongs = belongs;
  }

  get length(): number {
    return this.#length;
  }

  at(index: number): number {
    return this.#nodes[index]!;
  }

  /** From the order of all top-level nodes, which must be sorted. */
  fill(): void {
    const order = this.#tree.order(this.#tree.root);
    if (order.length > this.#nodes.length) this.#nodes = grown(this.#nodes, order.length);
    this.#length = 0;
    for (let index = 0; index < order.length; index++) {
      const node = order.at(index);
      if (this.#tree.takesPart(node) && this.#belongs(node)) this.#nodes[this.#length++] = node;
    }
  }

  /** After an allocation: takes the entry at `index` out if it does not belong any more, else as `SiblingOrder.moveRight`. */
  moveRight(index: number): void {
    if (this.#belongs(this.#nodes[index]!)) {
      moveRight(this.#nodes, this.#length, index, this.#tree.shares);
    } else {
      this.#nodes.copyWithin(index, index + 1, this.#length);
      this.#length--;
    }
  }

  static readonly layout = fieldsLayout({
    take: (it: RoleRoll) => ({ tree: it.#tree, nodes: it.#nodes, length: it.#length }),
    put: (it, fields) => {
      it.#nodes = fields.nodes;
      it.#length = fields.length;
    },
    kept: ['#belongs'],
  });
}
