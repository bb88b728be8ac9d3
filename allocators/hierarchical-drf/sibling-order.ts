import { fieldsLayout, FILLED_IN_LATER } from '../../engine/core/graph/index.ts';
import { grown } from './dense-set.ts';
import type { ShareTable } from './share-table.ts';

/** Up to here entries are moved one by one: cheaper than a call that moves them at once. */
const SHORT_MOVE = 24;
/** So many entries out of place are put to their places one by one; beyond, all are sorted. */
const PICKED_MAX = 32;

/**
 * The active competitors of one group, neediest first. Kept sorted through a cycle by moving what was allocated to; whatever else
 * changes a share only disturbs it, and it is sorted once before it is read next.
 */
export class SiblingOrder {
  #table: ShareTable;
  #rows = new Int32Array(4);
  #length = 0;
  #isDisturbed = false;
  /** Empty between sorts. */
  #picked: number[] = [];

  constructor(table: ShareTable) {
    this.#table = table;
  }

  /** Entries, some of which may have become inactive since the last sort. */
  get length(): number {
    return this.#length;
  }

  at(index: number): number {
    return this.#rows[index]!;
  }

  enter(row: number): void {
    if (this.#table.isListed(row)) return;
    if (this.#length === this.#rows.length) this.#rows = grown(this.#rows, this.#length + 1);
    this.#rows[this.#length++] = row;
    this.#table.setListed(row, true);
    this.#enqueue();
  }

  /** Takes `row` out at once. O(length). */
  strike(row: number): void {
    const index = this.#rows.indexOf(row);
    this.#rows.copyWithin(index, index + 1, this.#length);
    this.#length--;
    this.#table.setListed(row, false);
  }

  /** A listed row's share, count or activity changed. */
  disturb(): void {
    if (this.#length > 1) this.#enqueue();
  }

  /** Puts the entry at `index` where it belongs after its share or count grew. All entries to the right must be in order. */
  moveRight(index: number): void {
    moveRight(this.#rows, this.#length, index, this.#table);
  }

  /**
   * Drops what is inactive and sorts the rest. Mostly few entries are out of place: these are picked out, and merged in again;
   * where two neighbours are in the wrong order either may be the one, and both are picked.
   */
  sort(): void {
    this.#isDisturbed = false;
    const kept = this.#pickOut();
    const picked = this.#picked.length;
    if (picked > 0) {
      for (let index = 0; index < picked; index++) this.#rows[kept + index] = this.#picked[index]!;
      if (picked <= PICKED_MAX) this.#mergeIn(kept);
      else this.#rows.subarray(0, this.#length).sort((a, b) => (this.#table.precedes(a, b) ? -1 : 1));
      this.#picked.length = 0;
    }
  }

  #enqueue(): void {
    if (this.#isDisturbed) return;
    this.#isDisturbed = true;
    this.#table.enqueue(this);
  }

  /** Leaves what is in order at the front, and answers how much that is; the other active entries are in `#picked`. */
  #pickOut(): number {
    const table = this.#table;
    const rows = this.#rows;
    let kept = 0;
    for (let index = 0; index < this.#length; index++) {
      const row = rows[index]!;
      if (!table.isActive(row)) {
        table.setListed(row, false);
        continue;
      }
      table.refresh(row);
      if (kept === 0 || table.precedes(rows[kept - 1]!, row)) {
        rows[kept++] = row;
      } else {
        kept--;
        this.#picked.push(rows[kept]!, row);
      }
    }
    this.#length = kept + this.#picked.length;
    return kept;
  }

  /** The first `kept` entries are in order; puts each of the others to its place among them. */
  #mergeIn(kept: number): void {
    const rows = this.#rows;
    for (let count = kept; count < this.#length; count++) {
      const row = rows[count]!;
      let low = 0;
      let high = count;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (this.#table.precedes(rows[middle]!, row)) low = middle + 1;
        else high = middle;
      }
      rows.copyWithin(low + 1, low, count);
      rows[low] = row;
    }
  }

  static readonly layout = fieldsLayout({
    blank: () => new SiblingOrder(FILLED_IN_LATER),
    take: (it: SiblingOrder) => ({
      table: it.#table,
      rows: it.#rows,
      length: it.#length,
      isDisturbed: it.#isDisturbed,
      picked: it.#picked,
    }),
    put: (it, fields) => {
      it.#table = fields.table;
      it.#rows = fields.rows;
      it.#length = fields.length;
      it.#isDisturbed = fields.isDisturbed;
      it.#picked = fields.picked;
    },
  });
}

/** Puts the entry at `index` of the first `length` where it belongs after its share or count grew; those to its right are in order. */
export function moveRight(rows: Int32Array, length: number, index: number, table: ShareTable): void {
  const row = rows[index]!;
  let low = index + 1;
  if (low >= length || !table.precedes(rows[low]!, row)) return;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (table.precedes(rows[middle]!, row)) low = middle + 1;
    else high = middle;
  }
  if (low - index > SHORT_MOVE) rows.copyWithin(index, index + 1, low);
  else for (let at = index + 1; at < low; at++) rows[at - 1] = rows[at]!;
  rows[low - 1] = row;
}
