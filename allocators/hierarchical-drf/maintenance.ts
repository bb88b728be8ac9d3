import type { Micros } from '../../engine/core/index.ts';
import { fieldsLayout } from '../../engine/core/graph/index.ts';
import type { Agent, AllocationSink, Framework, Unavailability } from '../../engine/master/index.ts';
import type { Books } from './books.ts';

export type InverseOfferStatus = 'ACCEPT' | 'DECLINE' | 'UNKNOWN';

/** A planned outage of an agent, who was asked to leave it, and what they answered. */
interface Outage {
  readonly unavailability: Unavailability;
  readonly outstanding: Set<Framework>;
  readonly statuses: Map<Framework, InverseOfferStatus>;
  /** By framework, when its inverse-offer filter ends. */
  readonly filters: Map<Framework, Micros>;
}

/** Inverse offers (spec 10; conformance README §5.6). Empty, and free, while no agent is to go away. */
export class Maintenance {
  readonly #books: Books;
  #outages = new Map<Agent, Outage>();

  constructor(books: Books) {
    this.#books = books;
  }

  /** Whether no agent is to go away. */
  get isQuiet(): boolean {
    return this.#outages.size === 0;
  }

  /** Forgets filters, answers and outstanding inverse offers of the agent. */
  set(agent: Agent, unavailability: Unavailability | null): void {
    this.#outages.delete(agent);
    if (unavailability === null) return;
    this.#outages.set(agent, {
      unavailability,
      outstanding: new Set(),
      statuses: new Map(),
      filters: new Map(),
    });
  }

  respond(agent: Agent, framework: Framework, status: InverseOfferStatus, filterUntil: Micros | null): void {
    const outage = this.#outages.get(agent);
    if (outage === undefined) return;
    outage.outstanding.delete(framework);
    outage.statuses.set(framework, status);
    if (filterUntil !== null) outage.filters.set(framework, filterUntil);
  }

  statuses(agent: Agent): ReadonlyMap<Framework, InverseOfferStatus> {
    return this.#outages.get(agent)?.statuses ?? new Map<Framework, InverseOfferStatus>();
  }

  clearFilters(framework: Framework): void {
    for (const outage of this.#outages.values()) outage.filters.delete(framework);
  }

  clearFiltersOfAgent(agent: Agent): void {
    this.#outages.get(agent)?.filters.clear();
  }

  forget(framework: Framework): void {
    for (const outage of this.#outages.values()) {
      outage.outstanding.delete(framework);
      outage.statuses.delete(framework);
      outage.filters.delete(framework);
    }
  }

  /** The inverse offers of a cycle over `only`, or over all agents if it is null. Ignores the whitelist. */
  ask(now: Micros, only: Agent | null, sink: AllocationSink): void {
    if (this.#outages.size === 0) return;
    for (const [agent, outage] of this.#outages) {
      if ((only === null || only === agent) && this.#books.agent(agent).isActivated) {
        this.#askHolders(now, agent, outage, sink);
      }
    }
  }

  #askHolders(now: Micros, agent: Agent, outage: Outage, sink: AllocationSink): void {
    const holders = this.#books.agent(agent).holders();
    const frameworks = new Set(holders.map((holder) => this.#books.clients[holder]!.framework));
    for (const framework of frameworks) {
      if (this.#books.frameworks[framework]?.isActive !== true || outage.outstanding.has(framework)) continue;
      const filterUntil = outage.filters.get(framework);
      if (filterUntil !== undefined && filterUntil > now) continue;
      outage.filters.delete(framework);
      outage.outstanding.add(framework);
      sink.inverseOffer(framework, agent);
    }
  }

  static readonly layout = fieldsLayout({
    take: (it: Maintenance) => ({ books: it.#books, outages: it.#outages }),
    put: (it, fields) => {
      it.#outages = fields.outages;
    },
  });
}
