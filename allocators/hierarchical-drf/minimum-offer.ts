import { fieldsLayout } from '../../engine/core/graph/index.ts';
import type { Quantities, Resources } from '../../engine/resources/index.ts';
import { CPUS, DISK, GPUS, MEM } from './quantity-columns.ts';

/** One alternative, its predefined scalars at hand, thousandths. */
interface Alternative {
  readonly cpus: number;
  readonly mem: number;
  readonly disk: number;
  readonly gpus: number;
  readonly others: readonly { readonly name: string; readonly size: number }[];
}

/**
 * The smallest offer worth making: alternatives of which an offer must contain one, counting ranges by their integers and sets by
 * their items, whatever is reserved (spec 16 §4). Without alternatives anything but nothing passes.
 */
export class MinimumOffer {
  #alternatives: readonly Alternative[];

  constructor(alternatives: readonly Quantities[]) {
    this.#alternatives = alternatives.map(alternative);
  }

  passes(offer: Resources): boolean {
    if (offer.isEmpty) return false;
    for (let index = 0; index < this.#alternatives.length; index++) {
      if (isCovered(this.#alternatives[index]!, offer)) return true;
    }
    return this.#alternatives.length === 0;
  }

  /** Whether some offer of no more than `bounds` of the predefined scalars, by column, could pass; false is certain, true is not. */
  canPassWithin(bounds: Float64Array): boolean {
    for (let index = 0; index < this.#alternatives.length; index++) {
      const { cpus, mem, disk, gpus } = this.#alternatives[index]!;
      if (cpus > bounds[CPUS]! || mem > bounds[MEM]!) continue;
      if (disk > bounds[DISK]! || gpus > bounds[GPUS]!) continue;
      return true;
    }
    return this.#alternatives.length === 0;
  }

  static readonly layout = fieldsLayout({
    blank: () => new MinimumOffer([]),
    take: (it: MinimumOffer) => ({ alternatives: it.#alternatives }),
    put: (it, fields) => {
      it.#alternatives = fields.alternatives;
    },
  });
}

function isCovered(wanted: Alternative, offer: Resources): boolean {
  if (offer.cpus < wanted.cpus || offer.mem < wanted.mem) return false;
  if (offer.disk < wanted.disk || offer.gpus < wanted.gpus) return false;
  if (wanted.others.length === 0) return true;
  const sizes = offer.sizes();
  return wanted.others.every(({ name, size }) => sizes.get(name) >= size);
}

const PREDEFINED: readonly string[] = ['cpus', 'mem', 'disk', 'gpus'];

function alternative(quantities: Quantities): Alternative {
  return {
    cpus: quantities.get('cpus'),
    mem: quantities.get('mem'),
    disk: quantities.get('disk'),
    gpus: quantities.get('gpus'),
    others: quantities.names
      .filter((name) => !PREDEFINED.includes(name))
      .map((name) => ({ name, size: quantities.get(name) })),
  };
}
