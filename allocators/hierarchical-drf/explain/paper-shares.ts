import type { ClusterTotals } from '../cluster-totals.ts';
import type { ShareTable } from '../share-table.ts';

/** A share table as it would be after some allocations, which the table itself knows nothing of. */
export class PaperShares {
  readonly #table: ShareTable;
  readonly #totals: ClusterTotals;
  readonly #weights: ReadonlyMap<number, number>;
  /** By row that differs from the table. */
  readonly #share = new Map<number, number>();
  readonly #grants = new Map<number, number>();
  readonly #held = new Map<number, Float64Array>();
  /** Of rows that were granted something since they were sorted: the share that they were sorted by. */
  readonly #sorted = new Map<number, number>();

  /** `weights` by row, where they are other than in the table. */
  constructor(table: ShareTable, totals: ClusterTotals, weights: ReadonlyMap<number, number>) {
    this.#table = table;
    this.#totals = totals;
    this.#weights = weights;
    for (const row of weights.keys()) this.#score(row);
  }

  weight(row: number): number {
    return this.#weights.get(row) ?? this.#table.weight(row);
  }

  share(row: number): number {
    return this.#share.get(row) ?? this.#table.share(row);
  }

  /** The share that the row was last sorted by. */
  sortedShare(row: number): number {
    return this.#sorted.get(row) ?? this.share(row);
  }

  /** All is sorted anew. */
  settled(): void {
    this.#sorted.clear();
  }

  grant(row: number, vector: Float64Array): void {
    if (!this.#sorted.has(row)) this.#sorted.set(row, this.share(row));
    const columns = this.#totals.columns.count;
    const held = this.#held.get(row) ?? new Float64Array(columns);
    for (let column = 0; column < columns; column++) held[column] = held[column]! + vector[column]!;
    this.#held.set(row, held);
    this.#grants.set(row, (this.#grants.get(row) ?? 0) + 1);
    this.#score(row);
  }

  /** As `ShareTable.precedes`. */
  precedes(a: number, b: number): boolean {
    const shareA = this.share(a);
    const shareB = this.share(b);
    if (shareA !== shareB) return shareA < shareB;
    const countA = this.#count(a);
    const countB = this.#count(b);
    return countA === countB ? this.#table.precedesByPath(a, b) : countA < countB;
  }

  #count(row: number): number {
    return this.#table.count(row) + (this.#grants.get(row) ?? 0);
  }

  #score(row: number): void {
    const { amounts, shareColumns, shareColumnCount } = this.#totals;
    const held = this.#held.get(row);
    let largest = 0;
    for (let index = 0; index < shareColumnCount; index++) {
      const column = shareColumns[index]!;
      const part = (this.#table.held(row, column) + (held?.[column] ?? 0)) / amounts[column]!;
      if (part > largest) largest = part;
    }
    this.#share.set(row, largest / this.weight(row));
  }
}
