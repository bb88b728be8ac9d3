import { fieldsLayout } from '../../engine/core/graph/index.ts';
import type { Resources } from '../../engine/resources/index.ts';
import { grown } from './dense-set.ts';

const NONE = 0;
/** A value that is already noted for the agent is looked for among this many. */
const SEARCH_MAX = 8;

/**
 * The refused resources that filters point to, by handle: filters on one agent mostly refuse the very same value, which is kept once, with
 * the answer to the last question asked of it. Handles instead of references keep tables of millions of filters out of the collector's way.
 */
export class Refusals {
  #value: (Resources | null)[] = [null];
  #tested: (Resources | null)[] = [null];
  #covers: boolean[] = [false];
  #references = new Int32Array(16);
  /** Handles of one agent are chained, latest first. */
  #next = new Int32Array(16);
  #previous = new Int32Array(16);
  #first = new Int32Array(16);
  #spare: number[] = [];

  /** A handle, greater than 0, for `refused` on `agent`; each call needs one `release`. */
  acquire(agent: number, refused: Resources): number {
    if (agent >= this.#first.length) this.#first = grown(this.#first, agent + 1);
    let handle = this.#first[agent]!;
    for (let searched = 0; handle !== NONE && searched < SEARCH_MAX; searched++) {
      if (this.#value[handle] === refused) {
        this.#references[handle] = this.#references[handle]! + 1;
        return handle;
      }
      handle = this.#next[handle]!;
    }
    return this.#chain(agent, refused);
  }

  release(agent: number, handle: number): void {
    const references = this.#references[handle]! - 1;
    this.#references[handle] = references;
    if (references > 0) return;
    const next = this.#next[handle]!;
    const previous = this.#previous[handle]!;
    if (previous === NONE) this.#first[agent] = next;
    else this.#next[previous] = next;
    if (next !== NONE) this.#previous[next] = previous;
    this.#value[handle] = null;
    this.#tested[handle] = null;
    this.#spare.push(handle);
  }

  refused(handle: number): Resources {
    return this.#value[handle]!;
  }

  /** Whether what was refused contains `offer`: then the offer is not made. */
  covers(handle: number, offer: Resources): boolean {
    const refused = this.#value[handle]!;
    if (refused === offer) return true;
    if (this.#tested[handle] !== offer) {
      this.#tested[handle] = offer;
      this.#covers[handle] = refused.contains(offer);
    }
    return this.#covers[handle]!;
  }

  #chain(agent: number, refused: Resources): number {
    const handle = this.#spare.pop() ?? this.#value.length;
    if (handle >= this.#references.length) {
      this.#references = grown(this.#references, handle + 1);
      this.#next = grown(this.#next, handle + 1);
      this.#previous = grown(this.#previous, handle + 1);
    }
    const first = this.#first[agent]!;
    this.#value[handle] = refused;
    this.#tested[handle] = null;
    this.#covers[handle] = false;
    this.#references[handle] = 1;
    this.#next[handle] = first;
    this.#previous[handle] = NONE;
    if (first !== NONE) this.#previous[first] = handle;
    this.#first[agent] = handle;
    return handle;
  }

  static readonly layout = fieldsLayout({
    take: (it: Refusals) => ({
      value: it.#value,
      tested: it.#tested,
      covers: it.#covers,
      references: it.#references,
      next: it.#next,
      previous: it.#previous,
      first: it.#first,
      spare: it.#spare,
    }),
    put: (it, fields) => {
      it.#value = fields.value;
      it.#tested = fields.tested;
      it.#covers = fields.covers;
      it.#references = fields.references;
      it.#next = fields.next;
      it.#previous = fields.previous;
      it.#first = fields.first;
      it.#spare = fields.spare;
    },
  });
}
