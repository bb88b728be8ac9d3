import { milli } from '../../core/index.ts';
import {
  type Range,
  rangesResource,
  type Resource,
  type ResourceIdentity,
  Resources,
  scalarResource,
  setResource,
} from '../../resources/index.ts';

/** Sum of one identity, allocated to one role. */
interface Sum {
  readonly identity: ResourceIdentity;
  amount: number;
  readonly ranges: Range[];
  readonly items: string[];
}

/**
 * Adds up what many tasks hold, each for its role. What is plain, as nearly all is, costs an addition each; a collection is made at the end.
 * Adding a hundred thousand collections one to another would make as many.
 */
export class ResourceSum {
  readonly #plain = new Map<string, Map<string, Sum>>();
  #rest = Resources.EMPTY;

  /** @param role to which they are allocated */
  add(resources: Resources, role: string): void {
    if (!resources.isPlain) {
      this.#rest = this.#rest.plus(resources.allocate(role));
      return;
    }
    let sums = this.#plain.get(role);
    if (sums === undefined) {
      sums = new Map();
      this.#plain.set(role, sums);
    }
    for (const { identity, scalar, ranges, items } of resources.entries) {
      let sum = sums.get(identity.key);
      if (sum === undefined) {
        sum = { identity, amount: 0, ranges: [], items: [] };
        sums.set(identity.key, sum);
      }
      sum.amount += scalar;
      if (ranges !== null) for (const range of ranges) sum.ranges.push(range);
      if (items !== null) for (const item of items) sum.items.push(item);
    }
  }

  /** Each entry allocated to its role. */
  total(): Resources {
    let total = this.#rest;
    for (const [role, sums] of this.#plain) {
      total = total.plus(Resources.of(Array.from(sums.values(), asResource)).allocate(role));
    }
    return total;
  }
}

function asResource({ identity, amount, ranges, items }: Sum): Resource {
  switch (identity.type) {
    case 'SCALAR':
      return scalarResource(identity, milli(amount));
    case 'RANGES':
      return rangesResource(identity, ranges);
    case 'SET':
      return setResource(identity, items);
  }
}
