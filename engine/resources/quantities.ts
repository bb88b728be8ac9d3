import { fromMilli, type Milli, milli, ok, type Result, ZERO_MILLI } from '../core/index.ts';
import { valueLayout } from '../core/graph/index.ts';
import { compareText } from './compare-text.ts';
import { parseAmounts } from './amounts-text.ts';
import { packAmounts, unpackAmounts } from './packed-resource.ts';
import type { ResourceError } from './resource-error.ts';

const NO_NAMES: readonly string[] = [];
const NO_VALUES: readonly Milli[] = [];

/**
 * Scalars by name, all metadata ignored (spec 02 §8): name → thousandths greater than 0, ascending by name. An absent name is 0.
 * Immutable.
 */
export class Quantities {
  static readonly EMPTY = new Quantities(NO_NAMES, NO_VALUES);

  readonly names: readonly string[];
  /** Parallel to `names`. */
  readonly values: readonly Milli[];

  private constructor(names: readonly string[], values: readonly Milli[]) {
    this.names = names;
    this.values = values;
  }

  /** Repeated names add up; sums of 0 or less are dropped. */
  static of(entries: Iterable<readonly [string, Milli]>): Quantities {
    const sorted = [...entries];
    if (!isAscending(sorted)) sorted.sort((a, b) => compareText(a[0], b[0]));
    const names: string[] = [];
    const values: Milli[] = [];
    for (let index = 0; index < sorted.length; ) {
      const name = sorted[index]![0];
      let sum = 0;
      for (; index < sorted.length && sorted[index]![0] === name; index++) sum += sorted[index]![1];
      keep(names, values, name, sum);
    }
    return Quantities.make(names, values);
  }

  /** `cpus:1;mem:512`. */
  static parse(text: string): Result<Quantities, ResourceError> {
    const amounts = parseAmounts(text);
    return amounts.ok ? ok(Quantities.of(amounts.value)) : amounts;
  }

  get isEmpty(): boolean {
    return this.names.length === 0;
  }

  /** Thousandths of `name`, 0 when absent. */
  get(name: string): Milli {
    const index = this.names.indexOf(name);
    return index < 0 ? ZERO_MILLI : this.values[index]!;
  }

  plus(other: Quantities): Quantities {
    if (other.names.length === 0) return this;
    if (this.names.length === 0) return other;
    return this.merge(other, 1);
  }

  /** What is missing stays 0. */
  minus(other: Quantities): Quantities {
    if (other.names.length === 0 || this.names.length === 0) return this;
    if (this === other) return Quantities.EMPTY;
    return this.merge(other, -1);
  }

  /** Whether it has at least as much of every name. */
  contains(other: Quantities): boolean {
    if (this === other) return true;
    let i = 0;
    for (let j = 0; j < other.names.length; j++) {
      const name = other.names[j]!;
      while (i < this.names.length && this.names[i]! < name) i++;
      if (i === this.names.length || this.names[i] !== name || this.values[i]! < other.values[j]!)
        return false;
    }
    return true;
  }

  equals(other: Quantities): boolean {
    if (this === other) return true;
    if (this.names.length !== other.names.length) return false;
    for (let index = 0; index < this.names.length; index++) {
      if (this.names[index] !== other.names[index] || this.values[index] !== other.values[index])
        return false;
    }
    return true;
  }

  /** `cpus:1;mem:512`. */
  toString(): string {
    return amountsText(this.names, this.values);
  }

  private merge(other: Quantities, sign: 1 | -1): Quantities {
    const names: string[] = [];
    const values: Milli[] = [];
    let i = 0;
    let j = 0;
    while (i < this.names.length || j < other.names.length) {
      const order =
        i === this.names.length
          ? 1
          : j === other.names.length
            ? -1
            : compareText(this.names[i]!, other.names[j]!);
      const name = order <= 0 ? this.names[i]! : other.names[j]!;
      const mine = order <= 0 ? this.values[i++]! : 0;
      const theirs = order >= 0 ? other.values[j++]! : 0;
      keep(names, values, name, mine + sign * theirs);
    }
    return Quantities.make(names, values);
  }

  private static make(names: readonly string[], values: readonly Milli[]): Quantities {
    return names.length === 0 ? Quantities.EMPTY : new Quantities(names, values);
  }

  static readonly layout = valueLayout({
    pack: ({ names, values }: Quantities) => packAmounts(names, values),
    unpack: (packed) => {
      const { names, values } = unpackAmounts(packed);
      return Quantities.make(names, values);
    },
  });
}

/** `name:amount` joined by `;`. */
export function amountsText(names: readonly string[], values: readonly Milli[]): string {
  return names.map((name, index) => `${name}:${fromMilli(values[index]!)}`).join(';');
}

function isAscending(entries: readonly (readonly [string, Milli])[]): boolean {
  for (let index = 1; index < entries.length; index++) {
    if (entries[index - 1]![0] > entries[index]![0]) return false;
  }
  return true;
}

function keep(names: string[], values: Milli[], name: string, sum: number): void {
  if (sum <= 0) return;
  names.push(name);
  values.push(milli(sum));
}
