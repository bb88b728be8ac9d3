import { fieldsLayout } from '../../engine/core/graph/index.ts';
import type { Agent, AllocationSink } from '../../engine/master/index.ts';
import { Resources } from '../../engine/resources/index.ts';
import type { Client } from './client.ts';

const NONE = -1;
const AGENTS_MAX = 2 ** 21;

/** What a cycle allocated, told to the sink when it is over: the records of one framework in a row, in order of its first. */
export class AllocationRecords {
  #clients: (Client | null)[] = [];
  #agents: number[] = [];
  #resources: Resources[] = [];
  /** Chains the records of one framework. */
  #next: number[] = [];
  #first: number[] = [];
  #last: number[] = [];
  #frameworks: number[] = [];
  #byPair = new Map<number, number>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(client: Client, agent: Agent, resources: Resources): void {
    const record = this.#count++;
    this.#clients[record] = client;
    this.#agents[record] = agent;
    this.#resources[record] = resources;
    this.#next[record] = NONE;
    const { framework } = client;
    const last = this.#last[framework] ?? NONE;
    if (last === NONE) {
      this.#first[framework] = record;
      this.#frameworks.push(framework);
    } else {
      this.#next[last] = record;
    }
    this.#last[framework] = record;
  }

  /** As `add`, or adds to the record of the pair: with quota an agent may be offered in both stages. */
  addOrMerge(client: Client, agent: Agent, resources: Resources): void {
    const pair = client.row * AGENTS_MAX + agent;
    const record = this.#byPair.get(pair);
    if (record !== undefined) {
      this.#resources[record] = this.#resources[record]!.plus(resources);
      return;
    }
    this.#byPair.set(pair, this.#count);
    this.add(client, agent, resources);
  }

  /** Tells the sink and forgets. */
  flush(sink: AllocationSink): void {
    for (let index = 0; index < this.#frameworks.length; index++) {
      const framework = this.#frameworks[index]!;
      for (let record = this.#first[framework]!; record !== NONE; record = this.#next[record]!) {
        const client = this.#clients[record]!;
        sink.allocated(
          client.framework,
          client.role,
          this.#agents[record]! as Agent,
          this.#resources[record]!,
        );
        this.#clients[record] = null;
        this.#resources[record] = Resources.EMPTY;
      }
      this.#last[framework] = NONE;
    }
    this.#frameworks.length = 0;
    this.#byPair.clear();
    this.#count = 0;
  }

  static readonly layout = fieldsLayout({
    take: (it: AllocationRecords) => ({
      clients: it.#clients,
      agents: it.#agents,
      resources: it.#resources,
      next: it.#next,
      first: it.#first,
      last: it.#last,
      frameworks: it.#frameworks,
      byPair: it.#byPair,
      count: it.#count,
    }),
    put: (it, fields) => {
      it.#clients = fields.clients;
      it.#agents = fields.agents;
      it.#resources = fields.resources;
      it.#next = fields.next;
      it.#first = fields.first;
      it.#last = fields.last;
      it.#frameworks = fields.frameworks;
      it.#byPair = fields.byPair;
      it.#count = fields.count;
    },
  });
}
