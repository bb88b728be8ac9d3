import { type Milli, milli } from '../../engine/core/index.ts';
import { fieldsLayout } from '../../engine/core/graph/index.ts';
import type { QuantityColumns } from './quantity-columns.ts';

/** What all agents have together, and over which columns a share is taken. */
export class ClusterTotals {
  readonly columns: QuantityColumns;
  /** Thousandths by column. */
  amounts: Float64Array = new Float64Array(8);
  /** Columns with something in them that count in shares, `shareColumnCount` of them. */
  shareColumns: Int32Array = new Int32Array(8);
  shareColumnCount = 0;
  /** Grows whenever stored shares have become wrong. */
  version = 0;
  readonly #excluded: ReadonlySet<string>;

  constructor(columns: QuantityColumns, fairnessExclude: readonly string[]) {
    this.columns = columns;
    this.#excluded = new Set(fairnessExclude);
  }

  amount(name: string): Milli {
    const column = this.columns.column(name);
    return milli(column < 0 || column >= this.amounts.length ? 0 : this.amounts[column]!);
  }

  /** Adds `sign` times `vector`, which has one entry per column. */
  add(vector: Float64Array, sign: 1 | -1): void {
    const count = this.columns.count;
    if (count > this.amounts.length) this.#grow(count);
    let isChanged = false;
    for (let column = 0; column < count; column++) {
      if (vector[column] === 0) continue;
      this.amounts[column] = this.amounts[column]! + sign * vector[column]!;
      isChanged = true;
    }
    if (!isChanged) return;
    this.version++;
    this.shareColumnCount = 0;
    for (let column = 0; column < count; column++) {
      if (this.amounts[column]! <= 0 || this.#excluded.has(this.columns.name(column))) continue;
      this.shareColumns[this.shareColumnCount++] = column;
    }
  }

  #grow(count: number): void {
    const capacity = Math.max(count, this.amounts.length * 2);
    const amounts = new Float64Array(capacity);
    amounts.set(this.amounts);
    this.amounts = amounts;
    this.shareColumns = new Int32Array(capacity);
  }

  static readonly layout = fieldsLayout({
    kept: ['#excluded'],
  });
}
