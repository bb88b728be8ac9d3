import { assert } from '../../engine/core/index.ts';
import { fieldsLayout, FILLED_IN_LATER } from '../../engine/core/graph/index.ts';
import type { Agent, AllocatorAgent } from '../../engine/master/index.ts';
import type { AgentCapability, Attribute, DomainInfo } from '../../engine/protocol/index.ts';
import { Resources } from '../../engine/resources/index.ts';
import type { Client } from './client.ts';

const NOBODY = -1;
const NOTHING_KNOWN: AllocatorAgent = {
  hostname: '',
  total: Resources.EMPTY,
  capabilities: [],
  attributes: [],
  domain: null,
  unavailability: null,
};

/**
 * An agent: what it has, what is free, and who holds the rest. What was free and was given away whole is noted apart, so that such an
 * offer comes back, as most do, without a search. Of the rest a client holds at most two parts; more are merged.
 */
export class AgentRow {
  /** Total minus what is held, never below nothing; shared volumes are always free (conformance README §5.3). */
  free: Resources;
  /** The latest offer of all that was free, and the row of the client that holds it, or NOBODY. */
  #whole: Resources = Resources.EMPTY;
  #wholeHolder = NOBODY;
  /** Nothing was booked on the agent since its latest whole offer: when that comes back, it is again what is free. */
  #isAsOffered = false;
  /** What of the total stays free whoever holds it. */
  #shared: Resources = Resources.EMPTY;
  total: Resources;
  /** Everything is unreserved and of no special kind: what is free is what is offered, whoever takes it. */
  isPlain = false;
  /** What is free cannot be had by adding and taking off: there are shared volumes, or more is held than there is. */
  isIntricate = false;
  isActivated = true;
  isWhitelisted = true;
  restrictions = 0;
  readonly agent: Agent;
  /** Rows of clients, parallel to `#held`. */
  #holders: number[] = [];
  #held: Resources[] = [];
  hostname: string;
  attributes: readonly Attribute[];
  capabilities: readonly AgentCapability[];
  domain: DomainInfo | null;

  constructor(agent: Agent, info: AllocatorAgent) {
    this.agent = agent;
    this.total = info.total;
    this.free = info.total;
    this.hostname = info.hostname;
    this.attributes = info.attributes;
    this.capabilities = info.capabilities;
    this.domain = info.domain;
    this.recount();
  }

  /** Whether something stays free whoever holds it. */
  get hasShared(): boolean {
    return this.#shared.entries.length > 0;
  }

  get isOfferable(): boolean {
    return this.free.entries.length > 0 && this.isActivated && this.isWhitelisted;
  }

  /** Gives the client all that is free; what is shared stays free. */
  holdAll(client: Client): void {
    if (this.#wholeHolder !== NOBODY) {
      this.hold(client, this.free);
    } else {
      this.#whole = this.free;
      this.#wholeHolder = client.row;
      this.#isAsOffered = true;
      client.parts++;
    }
    this.free = this.#shared;
  }

  /** Books `resources` as held by the client. What is free is the caller's to mend. */
  hold(client: Client, resources: Resources): void {
    this.#isAsOffered = false;
    const holders = this.#holders;
    let isSecond = false;
    for (let index = 0; index < holders.length; index++) {
      if (holders[index] !== client.row) continue;
      if (isSecond) {
        this.#held[index] = this.#held[index]!.plus(resources);
        return;
      }
      isSecond = true;
    }
    holders.push(client.row);
    this.#held.push(resources);
    client.parts++;
  }

  /** Takes `resources`, which the client must hold, off the books and mends what is free. */
  release(client: Client, resources: Resources): void {
    if (this.#whole === resources && this.#wholeHolder === client.row) {
      this.#wholeHolder = NOBODY;
      client.parts--;
      if (this.#isAsOffered) {
        this.#isAsOffered = false;
        this.free = resources;
        return;
      }
    } else {
      this.#isAsOffered = false;
      this.#takeOff(client, resources);
    }
    if (this.isIntricate) this.recount();
    else if (this.#holders.length === 0 && this.#wholeHolder === NOBODY) this.free = this.total;
    else this.free = this.free.plus(resources);
  }

  /** The rows of the clients that hold something; one may come more than once. */
  holders(): number[] {
    return this.#wholeHolder === NOBODY ? [...this.#holders] : [...this.#holders, this.#wholeHolder];
  }

  /** What is held, by parts. */
  forEachPart(visit: (holder: number, resources: Resources) => void): void {
    for (let index = 0; index < this.#holders.length; index++)
      visit(this.#holders[index]!, this.#held[index]!);
    if (this.#wholeHolder !== NOBODY) visit(this.#wholeHolder, this.#whole);
  }

  /** All that the client holds here. */
  heldBy(client: Client): Resources {
    let sum = Resources.EMPTY;
    this.forEachPart((holder, resources) => {
      if (holder === client.row) sum = sum.plus(resources);
    });
    return sum;
  }

  /** All that is held here. */
  heldByAll(): Resources {
    let sum = Resources.EMPTY;
    this.forEachPart((_, resources) => {
      sum = sum.plus(resources);
    });
    return sum;
  }

  /** Works out anew what is free. */
  recount(): void {
    const { total } = this;
    const shared = total.shared();
    this.#shared = shared;
    this.#isAsOffered = false;
    const sum = this.heldByAll();
    this.isPlain = total.isPlain;
    this.isIntricate = !shared.isEmpty || !total.contains(sum);
    this.free = shared.isEmpty ? total.minus(sum) : total.nonShared().minus(sum.nonShared()).plus(shared);
  }

  #takeOff(client: Client, resources: Resources): void {
    const holders = this.#holders;
    for (let index = 0; index < holders.length; index++) {
      if (holders[index] !== client.row || this.#held[index] !== resources) continue;
      this.#strike(index);
      client.parts--;
      return;
    }
    const sum = this.heldBy(client);
    assert(sum.contains(resources), 'no more comes back than is held');
    for (let index = holders.length - 1; index >= 0; index--) {
      if (holders[index] !== client.row) continue;
      this.#strike(index);
      client.parts--;
    }
    if (this.#wholeHolder === client.row) {
      this.#wholeHolder = NOBODY;
      client.parts--;
    }
    const rest = sum.minus(resources);
    if (!rest.isEmpty) this.hold(client, rest);
  }

  #strike(index: number): void {
    const last = this.#holders.length - 1;
    this.#holders[index] = this.#holders[last]!;
    this.#held[index] = this.#held[last]!;
    this.#holders.pop();
    this.#held.pop();
  }

  static readonly layout = fieldsLayout({
    blank: () => new AgentRow(FILLED_IN_LATER, NOTHING_KNOWN),
    take: (it: AgentRow) => ({
      whole: it.#whole,
      wholeHolder: it.#wholeHolder,
      isAsOffered: it.#isAsOffered,
      shared: it.#shared,
      holders: it.#holders,
      held: it.#held,
    }),
    put: (it, fields) => {
      it.#whole = fields.whole;
      it.#wholeHolder = fields.wholeHolder;
      it.#isAsOffered = fields.isAsOffered;
      it.#shared = fields.shared;
      it.#holders = fields.holders;
      it.#held = fields.held;
    },
  });
}
