import { assert, err, type Milli, milli, type Result, ok } from '../core/index.ts';
import { valueLayout } from '../core/graph/index.ts';
import { parseAmounts } from './amounts-text.ts';
import { compareText } from './compare-text.ts';
import { packAmounts, unpackAmounts } from './packed-resource.ts';
import { amountsText, type Quantities } from './quantities.ts';
import type { ResourceError } from './resource-error.ts';

const NO_NAMES: readonly string[] = [];
const NO_VALUES: readonly Milli[] = [];

/** Upper bounds by name (spec 02 §8): an absent name is without limit, a limit of 0 allows nothing. Ascending by name. Immutable. */
export class ResourceLimits {
  static readonly UNLIMITED = new ResourceLimits(NO_NAMES, NO_VALUES);

  readonly names: readonly string[];
  /** Parallel to `names`, thousandths, 0 or more. */
  readonly values: readonly Milli[];

  private constructor(names: readonly string[], values: readonly Milli[]) {
    this.names = names;
    this.values = values;
  }

  /** Each name at most once. */
  static of(entries: Iterable<readonly [string, Milli]>): ResourceLimits {
    const sorted = [...entries].sort((a, b) => compareText(a[0], b[0]));
    for (let index = 1; index < sorted.length; index++) {
      assert(sorted[index - 1]![0] !== sorted[index]![0], 'a name has at most one limit');
    }
    if (sorted.length === 0) return ResourceLimits.UNLIMITED;
    return new ResourceLimits(
      sorted.map(([name]) => name),
      sorted.map(([, value]) => value),
    );
  }

  /** `cpus:1;mem:0`. */
  static parse(text: string): Result<ResourceLimits, ResourceError> {
    const amounts = parseAmounts(text);
    if (!amounts.ok) return amounts;
    const names = new Set<string>();
    for (const [name] of amounts.value) {
      if (names.has(name)) return err({ code: 'LIMIT_REPEATED', name });
      names.add(name);
    }
    return ok(ResourceLimits.of(amounts.value));
  }

  /** Whether nothing is limited. */
  get isEmpty(): boolean {
    return this.names.length === 0;
  }

  /** Thousandths of `name`, null when it is without limit. */
  get(name: string): Milli | null {
    const index = this.names.indexOf(name);
    return index < 0 ? null : this.values[index]!;
  }

  /** What may still be used after `used`: at least 0, and what is without limit stays so. */
  minus(used: Quantities): ResourceLimits {
    if (this.names.length === 0 || used.isEmpty) return this;
    const values: Milli[] = [];
    for (let index = 0; index < this.names.length; index++) {
      values.push(milli(Math.max(0, this.values[index]! - used.get(this.names[index]!))));
    }
    return new ResourceLimits(this.names, values);
  }

  /** Whether `quantities` stay within. */
  contains(quantities: Quantities): boolean {
    for (let index = 0; index < this.names.length; index++) {
      if (quantities.get(this.names[index]!) > this.values[index]!) return false;
    }
    return true;
  }

  /** Whether it allows all that `other` allows. */
  containsLimits(other: ResourceLimits): boolean {
    for (let index = 0; index < this.names.length; index++) {
      const theirs = other.get(this.names[index]!);
      if (theirs === null || theirs > this.values[index]!) return false;
    }
    return true;
  }

  equals(other: ResourceLimits): boolean {
    if (this === other) return true;
    if (this.names.length !== other.names.length) return false;
    for (let index = 0; index < this.names.length; index++) {
      if (this.names[index] !== other.names[index] || this.values[index] !== other.values[index])
        return false;
    }
    return true;
  }

  /** `cpus:1;mem:0`. */
  toString(): string {
    return amountsText(this.names, this.values);
  }

  static readonly layout = valueLayout({
    pack: ({ names, values }: ResourceLimits) => packAmounts(names, values),
    unpack: (packed) => {
      const { names, values } = unpackAmounts(packed);
      return names.length === 0 ? ResourceLimits.UNLIMITED : new ResourceLimits(names, values);
    },
  });
}
