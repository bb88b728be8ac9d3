import { type Milli, ZERO_MILLI } from '../../engine/core/index.ts';
import { Resources } from '../../engine/resources/index.ts';

/** What one task, or one machine, has of each kind; thousandths, mem and disk of a MiB. */
export interface Shape {
  readonly cpus: Milli;
  readonly mem: Milli;
  readonly disk: Milli;
  readonly gpus: Milli;
}

export const NOTHING: Shape = { cpus: ZERO_MILLI, mem: ZERO_MILLI, disk: ZERO_MILLI, gpus: ZERO_MILLI };

const SHAPES_MAX = 65_536;

/** Gives equal shapes one `Resources` object: a trace has millions of tasks and few shapes. */
export class Shapes {
  readonly #known = new Map<string, Resources>();

  of(cpus: Milli, mem: Milli, disk: Milli, gpus: Milli): Resources {
    const key = `${cpus},${mem},${disk},${gpus}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    // A trace where every row differs must not fill the memory: sharing is a saving, not a promise.
    if (this.#known.size >= SHAPES_MAX) this.#known.clear();
    const made = Resources.ofScalars({ cpus, mem, disk, gpus });
    this.#known.set(key, made);
    return made;
  }
}
