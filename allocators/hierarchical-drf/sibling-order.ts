import { grown } from './dense-set.ts';
import type { ShareTable } from './share-table.ts';

/** Up to here entries are moved one by one: cheaper than a call that moves them at once. */
const SHORT_MOVE = 24;
const SHORT_LIST = 16;

/**
 * The active competitors of one group, neediest first. Kept sorted through a cycle by moving what was allocated to; whatever else
 * changes a share only disturbs it, and it is sorted once before it is read next.
 */
export class SiblingOrder {
  readonly #table: ShareTable;
  #rows = new Int32Array(4);
  #length = 0;
  #isDisturbed = false;

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
    const rows = this.#rows;
    const row = rows[index]!;
    const table = this.#table;
    let low = index + 1;
    if (low >= this.#length || !table.precedes(rows[low]!, row)) return;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (table.precedes(rows[middle]!, row)) low = middle + 1;
      else high = middle;
    }
    if (low - index > SHORT_MOVE) rows.copyWithin(index, index + 1, low);
    else for (let at = index + 1; at < low; at++) rows[at - 1] = rows[at]!;
    rows[low - 1] = row;
  }

  /** Drops what is inactive and sorts the rest. */
  sort(): void {
    this.#isDisturbed = false;
    this.#dropInactive();
    for (let index = 0; index < this.#length; index++) this.#table.refresh(this.#rows[index]!);
    const sortedUpTo = this.#sortedPrefix();
    if (sortedUpTo === this.#length) return;
    if (this.#length <= SHORT_LIST) this.#insertFrom(sortedUpTo);
    else this.#rows.subarray(0, this.#length).sort((a, b) => (this.#table.precedes(a, b) ? -1 : 1));
  }

  #enqueue(): void {
    if (this.#isDisturbed) return;
    this.#isDisturbed = true;
    this.#table.enqueue(this);
  }

  #dropInactive(): void {
    let kept = 0;
    for (let index = 0; index < this.#length; index++) {
      const row = this.#rows[index]!;
      if (this.#table.isActive(row)) this.#rows[kept++] = row;
      else this.#table.setListed(row, false);
    }
    this.#length = kept;
  }

  #sortedPrefix(): number {
    let index = 1;
    while (index < this.#length && !this.#table.precedes(this.#rows[index]!, this.#rows[index - 1]!)) index++;
    return Math.min(index, this.#length);
  }

  #insertFrom(start: number): void {
    for (let index = start; index < this.#length; index++) {
      const row = this.#rows[index]!;
      let place = index;
      while (place > 0 && this.#table.precedes(row, this.#rows[place - 1]!)) {
        this.#rows[place] = this.#rows[place - 1]!;
        place--;
      }
      this.#rows[place] = row;
    }
  }
}
