import { fieldsLayout, FILLED_IN_LATER } from '../../engine/core/graph/index.ts';
import { grown } from './dense-set.ts';

const NONE = 0;
/** Agents to a page. */
const PAGE_BITS = 6;
const PAGE_AGENTS = 1 << PAGE_BITS;
const PAGE_MASK = PAGE_AGENTS - 1;
/** Two entries for each agent of a page. */
const PAGE_LENGTH_BITS = PAGE_BITS + 1;
/** Pages to a chunk: 32 KB are had at once. */
const CHUNK_BITS = 6;
const CHUNK_PAGES = 1 << CHUNK_BITS;
const CHUNK_MASK = CHUNK_PAGES - 1;

/** Pages for the rows of all clients, of which each needs few or many: to have every page made for itself costs more than to use it. */
export class FilterPages {
  /** Handle and bucket of each agent of a page in turn. Page 0 is never given out. */
  readonly chunks: Int32Array[] = [new Int32Array(CHUNK_PAGES << PAGE_LENGTH_BITS)];
  #used = 1;
  #spare: number[] = [];

  /** An empty page. */
  take(): number {
    const page = this.#spare.pop() ?? this.#used++;
    if (page >> CHUNK_BITS === this.chunks.length) {
      this.chunks.push(new Int32Array(CHUNK_PAGES << PAGE_LENGTH_BITS));
    }
    return page;
  }

  /** Gives back a page that is empty again. */
  give(page: number): void {
    this.#spare.push(page);
  }

  static readonly layout = fieldsLayout({
    take: (it: FilterPages) => ({ used: it.#used, spare: it.#spare }),
    put: (it, fields) => {
      it.#used = fields.used;
      it.#spare = fields.spare;
    },
  });
}

/** A filter beyond the first of a pair. */
export interface FurtherFilter {
  readonly handle: number;
  readonly bucket: number;
}

/**
 * The filters of one client by agent, made when it first refuses: the handle of what was refused, 0 for nothing, and the bucket that it
 * expires with. A client that refuses few agents of many takes few pages, and one that refuses all of them 8 bytes for each.
 */
export class FilterRow {
  /** Row of the client. */
  readonly client: number;
  /** Filters beyond the first, by agent. */
  readonly further = new Map<number, FurtherFilter[]>();
  /** Live filters, those beyond the first included. */
  count = 0;
  #pages: FilterPages;
  /** Page by agent, `PAGE_AGENTS` to one; 0 for none. */
  #own = new Int32Array(4);

  constructor(client: number, pages: FilterPages) {
    this.client = client;
    this.#pages = pages;
  }

  /** The handle of the first filter on the agent, 0 for none. */
  handle(agent: number): number {
    const page = this.#pageOf(agent);
    return page === NONE ? NONE : this.#pages.chunks[page >> CHUNK_BITS]![placeOf(page, agent)]!;
  }

  /** The bucket of the first filter on the agent; there must be one. */
  bucket(agent: number): number {
    const page = this.#pageOf(agent);
    return this.#pages.chunks[page >> CHUNK_BITS]![placeOf(page, agent) + 1]!;
  }

  /** A handle of 0 takes the first filter on the agent away. */
  set(agent: number, handle: number, bucket: number): void {
    let page = this.#pageOf(agent);
    if (page === NONE) {
      const number = agent >> PAGE_BITS;
      if (number >= this.#own.length) this.#own = grown(this.#own, number + 1);
      page = this.#pages.take();
      this.#own[number] = page;
    }
    const chunk = this.#pages.chunks[page >> CHUNK_BITS]!;
    const place = placeOf(page, agent);
    chunk[place] = handle;
    chunk[place + 1] = bucket;
  }

  /** The agents with a filter, ascending, until none is left; `visit` may take filters away. */
  forEachAgent(visit: (agent: number) => void): void {
    for (let number = 0; number < this.#own.length && this.count > 0; number++) {
      if (this.#own[number] === NONE) continue;
      const first = number << PAGE_BITS;
      for (let agent = first; agent < first + PAGE_AGENTS; agent++)
        if (this.handle(agent) !== NONE) visit(agent);
    }
  }

  /** Gives its pages back. It must hold no filter, and is not to be used again. */
  dispose(): void {
    for (let number = 0; number < this.#own.length; number++) {
      if (this.#own[number] !== NONE) this.#pages.give(this.#own[number]!);
    }
    this.#own = new Int32Array(0);
  }

  #pageOf(agent: number): number {
    const number = agent >> PAGE_BITS;
    return number < this.#own.length ? this.#own[number]! : NONE;
  }

  static readonly layout = fieldsLayout({
    blank: () => new FilterRow(0, FILLED_IN_LATER),
    take: (it: FilterRow) => ({ pages: it.#pages, own: it.#own }),
    put: (it, fields) => {
      it.#pages = fields.pages;
      it.#own = fields.own;
    },
  });
}

/** Where a page's chunk has the agent's entries. */
function placeOf(page: number, agent: number): number {
  return ((page & CHUNK_MASK) << PAGE_LENGTH_BITS) + ((agent & PAGE_MASK) << 1);
}
