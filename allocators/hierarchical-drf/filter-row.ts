const NONE = 0;
/** Agents to a page; a page takes 4 KB. */
const PAGE_BITS = 9;
const PAGE_AGENTS = 1 << PAGE_BITS;
const PAGE_MASK = PAGE_AGENTS - 1;

/** A filter beyond the first of a pair. */
export interface FurtherFilter {
  readonly handle: number;
  readonly bucket: number;
}

/**
 * The filters of one client by agent, made when it first refuses: the handle of what was refused, 0 for nothing, and the bucket that it
 * expires with. In pages that are made when they are first needed: a client that refuses few agents of many takes little, and one that
 * refuses all of them 8 bytes for each.
 */
export class FilterRow {
  /** Row of the client. */
  readonly client: number;
  /** Filters beyond the first, by agent. */
  readonly further = new Map<number, FurtherFilter[]>();
  /** Live filters, those beyond the first included. */
  count = 0;
  /** By page: handle and bucket of each agent in turn. */
  readonly #pages: (Int32Array | undefined)[] = [];

  constructor(client: number) {
    this.client = client;
  }

  /** The handle of the first filter on the agent, 0 for none. */
  handle(agent: number): number {
    const page = this.#pages[agent >> PAGE_BITS];
    return page === undefined ? NONE : page[(agent & PAGE_MASK) << 1]!;
  }

  /** The bucket of the first filter on the agent; there must be one. */
  bucket(agent: number): number {
    return this.#pages[agent >> PAGE_BITS]![((agent & PAGE_MASK) << 1) + 1]!;
  }

  /** A handle of 0 takes the first filter on the agent away. */
  set(agent: number, handle: number, bucket: number): void {
    const number = agent >> PAGE_BITS;
    while (this.#pages.length <= number) this.#pages.push(undefined);
    let page = this.#pages[number];
    if (page === undefined) {
      page = new Int32Array(2 * PAGE_AGENTS);
      this.#pages[number] = page;
    }
    page[(agent & PAGE_MASK) << 1] = handle;
    page[((agent & PAGE_MASK) << 1) + 1] = bucket;
  }

  /** The agents with a filter, ascending, until none is left; `visit` may take filters away. */
  forEachAgent(visit: (agent: number) => void): void {
    for (let number = 0; number < this.#pages.length && this.count > 0; number++) {
      const page = this.#pages[number];
      if (page === undefined) continue;
      for (let at = 0; at < PAGE_AGENTS; at++) if (page[at << 1] !== NONE) visit(number * PAGE_AGENTS + at);
    }
  }
}
