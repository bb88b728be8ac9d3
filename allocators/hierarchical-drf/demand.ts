import { fieldsLayout } from '../../engine/core/graph/index.ts';
import { Quantities, type Resources } from '../../engine/resources/index.ts';

/** What a framework asked for in a role (REQUEST) and was not offered since. */
export class Demand {
  #missing: Quantities;

  constructor(wanted: Quantities) {
    this.#missing = wanted;
  }

  /** Whether offers since cover what was asked for. */
  get isMet(): boolean {
    return this.#missing.isEmpty;
  }

  /** What offers since do not cover. */
  get missing(): Quantities {
    return this.#missing;
  }

  offered(resources: Resources): void {
    this.#missing = this.#missing.minus(resources.quantities());
  }

  static readonly layout = fieldsLayout({
    blank: () => new Demand(Quantities.EMPTY),
    take: (it: Demand) => ({ missing: it.#missing }),
    put: (it, fields) => {
      it.#missing = fields.missing;
    },
  });
}
