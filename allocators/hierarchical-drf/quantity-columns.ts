import { type Milli, milli } from '../../engine/core/index.ts';
import { fieldsLayout } from '../../engine/core/graph/index.ts';
import { Quantities, type Resources } from '../../engine/resources/index.ts';

const PREDEFINED = ['cpus', 'mem', 'disk', 'gpus'] as const;
/** Columns of the predefined four. */
export const CPUS = 0;
export const MEM = 1;
export const DISK = 2;
export const GPUS = 3;

/** Which column of the typed tables holds which scalar: the predefined four, then further names as they are met. */
export class QuantityColumns {
  #names: string[] = [...PREDEFINED];
  #columns = new Map<string, number>(PREDEFINED.map((name, column) => [name, column]));

  get count(): number {
    return this.#names.length;
  }

  name(column: number): string {
    return this.#names[column]!;
  }

  /** The column of `name`, or -1 when nothing of that name was ever met. */
  column(name: string): number {
    return this.#columns.get(name) ?? -1;
  }

  /** Gives columns to the names in `resources` that have none. Whatever is charged later must have been met here. */
  learn(resources: Resources): void {
    for (const { identity } of resources.entries) {
      if (identity.type === 'SCALAR') this.learnName(identity.name);
    }
  }

  learnName(name: string): void {
    if (this.#columns.has(name)) return;
    this.#columns.set(name, this.#names.length);
    this.#names.push(name);
  }

  /** Writes the scalar quantities of `resources`, thousandths, to the first `count` entries of `vector`. */
  load(resources: Resources, vector: Float64Array): void {
    vector[CPUS] = resources.cpus;
    vector[MEM] = resources.mem;
    vector[DISK] = resources.disk;
    vector[GPUS] = resources.gpus;
    if (this.#names.length > PREDEFINED.length) this.#loadOthers(resources, vector);
  }

  quantities(vector: Float64Array): Quantities {
    const amounts: [string, Milli][] = [];
    for (let column = 0; column < this.#names.length && column < vector.length; column++) {
      if (vector[column]! > 0) amounts.push([this.#names[column]!, milli(vector[column]!)]);
    }
    return Quantities.of(amounts);
  }

  #loadOthers(resources: Resources, vector: Float64Array): void {
    const quantities = resources.quantities();
    for (let column = PREDEFINED.length; column < this.#names.length; column++) {
      vector[column] = quantities.get(this.#names[column]!);
    }
  }

  static readonly layout = fieldsLayout({
    take: (it: QuantityColumns) => ({ names: it.#names, columns: it.#columns }),
    put: (it, fields) => {
      it.#names = fields.names;
      it.#columns = fields.columns;
    },
  });
}
