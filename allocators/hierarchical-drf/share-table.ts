import { assert } from '../../engine/core/index.ts';
import { fieldsLayout } from '../../engine/core/graph/index.ts';
import type { ClusterTotals } from './cluster-totals.ts';
import { SiblingOrder } from './sibling-order.ts';

const FIRST_ROWS = 16;
const FIRST_STRIDE = 4;

/**
 * The competitors of fair sharing, one row each: what it holds, its dominant share, how often it was allocated to, and the group
 * of siblings it is ordered in. Roles of the tree fill one table, frameworks in roles another.
 *
 * Order among siblings (spec 16 §5): smaller share, then smaller count, then smaller path. The share is a double:
 * max over names of held ÷ cluster total, divided by the weight; both amounts are whole thousandths.
 */
export class ShareTable {
  readonly #totals: ClusterTotals;
  /** `#held[row * #stride + column]`, thousandths. */
  #held = new Float64Array(FIRST_ROWS * FIRST_STRIDE);
  #stride = FIRST_STRIDE;
  #share = new Float64Array(FIRST_ROWS);
  #count = new Float64Array(FIRST_ROWS);
  #weight = new Float64Array(FIRST_ROWS);
  #rank = new Float64Array(FIRST_ROWS);
  #name: string[] = [];
  #group: (SiblingOrder | null)[] = [];
  #isActive = new Uint8Array(FIRST_ROWS);
  #isListed = new Uint8Array(FIRST_ROWS);
  #isStale = new Uint8Array(FIRST_ROWS);
  #rows = 0;
  #spare: number[] = [];
  #dirty: SiblingOrder[] = [];
  #version = -1;

  constructor(totals: ClusterTotals) {
    this.#totals = totals;
  }

  /** Rows ever used; a bound for tables beside this one. */
  get rows(): number {
    return this.#rows;
  }

  /**
   * A new competitor, inactive, holding nothing. `rank`, then `name` are its path: they decide between equal shares and counts.
   */
  add(group: SiblingOrder, rank: number, name: string, weight: number): number {
    const row = this.#spare.pop() ?? this.#rows++;
    if (row >= this.#share.length) this.#growRows();
    this.#held.fill(0, row * this.#stride, (row + 1) * this.#stride);
    this.#share[row] = 0;
    this.#isStale[row] = 0;
    this.#count[row] = 0;
    this.#weight[row] = weight;
    this.#rank[row] = rank;
    this.#name[row] = name;
    this.#group[row] = group;
    return row;
  }

  /** Of a row that takes no part in any order yet. */
  setRank(row: number, rank: number): void {
    assert(this.#isListed[row] === 0, 'a row gets its rank before its place');
    this.#rank[row] = rank;
  }

  remove(row: number): void {
    this.#isActive[row] = 0;
    if (this.#isListed[row] !== 0) this.group(row).strike(row);
    this.#group[row] = null;
    this.#spare.push(row);
  }

  group(row: number): SiblingOrder {
    const group = this.#group[row];
    assert(group !== null && group !== undefined, 'a competitor has a group');
    return group;
  }

  isActive(row: number): boolean {
    return this.#isActive[row] !== 0;
  }

  /** Active rows take part in the order of their group. One that was made inactive leaves it when it is sorted next. */
  setActive(row: number, active: boolean): void {
    this.#isActive[row] = active ? 1 : 0;
    if (active) this.group(row).enter(row);
  }

  isListed(row: number): boolean {
    return this.#isListed[row] !== 0;
  }

  setListed(row: number, listed: boolean): void {
    this.#isListed[row] = listed ? 1 : 0;
  }

  share(row: number): number {
    if (this.#version !== this.#totals.version) this.#rescoreAll();
    this.refresh(row);
    return this.#share[row]!;
  }

  count(row: number): number {
    return this.#count[row]!;
  }

  held(row: number, column: number): number {
    return column < 0 || column >= this.#stride ? 0 : this.#held[row * this.#stride + column]!;
  }

  weight(row: number): number {
    return this.#weight[row]!;
  }

  setWeight(row: number, weight: number): void {
    this.#weight[row] = weight;
    this.#score(row);
    this.#disturb(row);
  }

  /** An allocation made in a cycle. The row's place in its group is the caller's to mend, by `SiblingOrder.moveRight`. */
  grant(row: number, vector: Float64Array): void {
    this.#add(row, vector, 1);
    this.#count[row] = this.#count[row]! + 1;
  }

  /** More is held, by no allocation of a cycle: resources in use that were made known, or the result of an operation. */
  charge(row: number, vector: Float64Array, counts: boolean): void {
    this.#add(row, vector, 1);
    if (counts) this.#count[row] = this.#count[row]! + 1;
    this.#disturb(row);
  }

  /** Less is held. The share is scored when the row is sorted or asked for. */
  discharge(row: number, vector: Float64Array): void {
    this.#book(row, vector, -1);
    this.#isStale[row] = 1;
    this.#disturb(row);
  }

  /** Scores the row if what it holds changed since. */
  refresh(row: number): void {
    if (this.#isStale[row] !== 0) this.#score(row);
  }

  /** Makes `row` start from the holdings and the count of `model`. */
  inherit(row: number, model: number): void {
    this.#held.copyWithin(row * this.#stride, model * this.#stride, (model + 1) * this.#stride);
    this.#count[row] = this.#count[model]!;
    this.#score(row);
  }

  /** Takes what `other` holds off `row`. */
  dischargeAs(row: number, other: number): void {
    for (let column = 0; column < this.#stride; column++) {
      const held = this.#held[row * this.#stride + column]!;
      this.#held[row * this.#stride + column] = held - this.#held[other * this.#stride + column]!;
    }
    this.#score(row);
    this.#disturb(row);
  }

  /** Begins anew: nothing was ever allocated. The row must hold nothing. */
  forgetCount(row: number): void {
    this.#count[row] = 0;
    this.#disturb(row);
  }

  /** Whether `a` is needier than `b`. */
  precedes(a: number, b: number): boolean {
    const shareA = this.#share[a]!;
    const shareB = this.#share[b]!;
    if (shareA !== shareB) return shareA < shareB;
    const countA = this.#count[a]!;
    const countB = this.#count[b]!;
    if (countA !== countB) return countA < countB;
    return this.precedesByPath(a, b);
  }

  /** Whether `a` is needier than `b` where shares and counts are equal. */
  precedesByPath(a: number, b: number): boolean {
    const rankA = this.#rank[a]!;
    const rankB = this.#rank[b]!;
    if (rankA !== rankB) return rankA < rankB;
    return this.#name[a]! < this.#name[b]!;
  }

  /** Brings shares and all orders up to date. Must be called before an order is read. */
  settle(): void {
    if (this.#version !== this.#totals.version) this.#rescoreAll();
    for (let index = 0; index < this.#dirty.length; index++) this.#dirty[index]!.sort();
    this.#dirty.length = 0;
  }

  /** Notes that `order` must be sorted before it is read. For SiblingOrder, which calls it once until sorted. */
  enqueue(order: SiblingOrder): void {
    this.#dirty.push(order);
  }

  /** The share as computed from what is held; for checks. */
  shareFromScratch(row: number): number {
    const totals = this.#totals;
    let largest = 0;
    for (let index = 0; index < totals.shareColumnCount; index++) {
      const column = totals.shareColumns[index]!;
      const part = this.held(row, column) / totals.amounts[column]!;
      if (part > largest) largest = part;
    }
    return largest / this.#weight[row]!;
  }

  #add(row: number, vector: Float64Array, sign: 1 | -1): void {
    this.#book(row, vector, sign);
    this.#score(row);
  }

  #book(row: number, vector: Float64Array, sign: 1 | -1): void {
    const count = this.#totals.columns.count;
    if (count > this.#stride) this.#restride(count);
    const base = row * this.#stride;
    for (let column = 0; column < count; column++) {
      this.#held[base + column] = this.#held[base + column]! + sign * vector[column]!;
    }
  }

  #score(row: number): void {
    const { amounts, shareColumns, shareColumnCount } = this.#totals;
    const base = row * this.#stride;
    let largest = 0;
    for (let index = 0; index < shareColumnCount; index++) {
      const column = shareColumns[index]!;
      if (column >= this.#stride) continue;
      const part = this.#held[base + column]! / amounts[column]!;
      if (part > largest) largest = part;
    }
    this.#share[row] = largest / this.#weight[row]!;
    this.#isStale[row] = 0;
  }

  #rescoreAll(): void {
    this.#version = this.#totals.version;
    for (let row = 0; row < this.#rows; row++) {
      if (this.#group[row] === null) continue;
      this.#score(row);
      this.#disturb(row);
    }
  }

  #disturb(row: number): void {
    if (this.#isListed[row] !== 0) this.#group[row]!.disturb();
  }

  #growRows(): void {
    const capacity = this.#share.length * 2;
    this.#held = widened(this.#held, capacity * this.#stride);
    this.#share = widened(this.#share, capacity);
    this.#count = widened(this.#count, capacity);
    this.#weight = widened(this.#weight, capacity);
    this.#rank = widened(this.#rank, capacity);
    this.#isActive = widenedFlags(this.#isActive, capacity);
    this.#isListed = widenedFlags(this.#isListed, capacity);
    this.#isStale = widenedFlags(this.#isStale, capacity);
  }

  #restride(columns: number): void {
    const stride = Math.max(columns, this.#stride * 2);
    const held = new Float64Array(this.#share.length * stride);
    for (let row = 0; row < this.#rows; row++) {
      held.set(this.#held.subarray(row * this.#stride, (row + 1) * this.#stride), row * stride);
    }
    this.#held = held;
    this.#stride = stride;
  }

  static readonly layout = fieldsLayout({
    take: (it: ShareTable) => ({
      totals: it.#totals,
      held: it.#held,
      stride: it.#stride,
      share: it.#share,
      count: it.#count,
      weight: it.#weight,
      rank: it.#rank,
      name: it.#name,
      group: it.#group,
      isActive: it.#isActive,
      isListed: it.#isListed,
      isStale: it.#isStale,
      rows: it.#rows,
      spare: it.#spare,
      dirty: it.#dirty,
      version: it.#version,
    }),
    put: (it, fields) => {
      it.#held = fields.held;
      it.#stride = fields.stride;
      it.#share = fields.share;
      it.#count = fields.count;
      it.#weight = fields.weight;
      it.#rank = fields.rank;
      it.#name = fields.name;
      it.#group = fields.group;
      it.#isActive = fields.isActive;
      it.#isListed = fields.isListed;
      it.#isStale = fields.isStale;
      it.#rows = fields.rows;
      it.#spare = fields.spare;
      it.#dirty = fields.dirty;
      it.#version = fields.version;
    },
  });
}

function widened(array: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(length);
  larger.set(array);
  return larger;
}

function widenedFlags(array: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length);
  larger.set(array);
  return larger;
}
