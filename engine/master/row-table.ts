import { assert } from '../core/index.ts';
import { fieldsLayout } from '../core/graph/index.ts';

/** Records in dense rows; the row of a removed record is reused by the next one, the last freed first. */
export class RowTable<Row extends number, Record extends { readonly row: Row }> {
  #records: (Record | null)[] = [];
  #free: Row[] = [];

  /** The row that the next record is to have. */
  nextRow(): Row {
    return this.#free[this.#free.length - 1] ?? (this.#records.length as Row);
  }

  add(record: Record): void {
    assert(record.row === this.nextRow(), 'a record takes the row it was promised');
    if (this.#free.length > 0) {
      this.#free.pop();
      this.#records[record.row] = record;
    } else {
      this.#records.push(record);
    }
  }

  remove(record: Record): void {
    assert(this.#records[record.row] === record, 'a record is removed from its own row, once');
    this.#records[record.row] = null;
    this.#free.push(record.row);
  }

  /** The record of a live row. */
  at(row: Row): Record {
    const record = this.#records[row];
    assert(record !== undefined && record !== null, `row ${row} is in use`);
    return record;
  }

  get(row: Row): Record | null {
    return this.#records[row] ?? null;
  }

  get count(): number {
    return this.#records.length - this.#free.length;
  }

  /** Live records in order of row. */
  *[Symbol.iterator](): Iterator<Record> {
    for (const record of this.#records) if (record !== null) yield record;
  }

  static readonly layout = fieldsLayout({
    take: (it: RowTable<number, { readonly row: number }>) => ({ records: it.#records, free: it.#free }),
    put: (it, fields) => {
      it.#records = fields.records;
      it.#free = fields.free;
    },
  });
}
