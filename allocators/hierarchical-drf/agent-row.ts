import { assert } from '../../engine/core/index.ts';
import type { Agent, AllocatorAgent } from '../../engine/master/index.ts';
import type { AgentCapability, Attribute, DomainInfo } from '../../engine/protocol/index.ts';
import { Resources } from '../../engine/resources/index.ts';
import type { Client } from './client.ts';

/**
 * An agent: what it has, what is free, and who holds the rest. A client holds at most two parts, so that an offer coming back whole is
 * found by identity; more are merged.
 */
export class AgentRow {
  readonly agent: Agent;
  total: Resources;
  /** Total minus what is held, never below nothing; shared volumes are always free (conformance README §5.3). */
  free: Resources;
  /** Rows of clients, parallel to `held`. */
  readonly holders: number[] = [];
  readonly held: Resources[] = [];
  /** Everything is unreserved and of no special kind: what is free is what is offered, whoever takes it. */
  isPlain = false;
  /** What is free cannot be had by adding and taking off: there are shared volumes, or more is held than there is. */
  isIntricate = false;
  restrictions = 0;
  isActivated = true;
  isWhitelisted = true;
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

  get isOfferable(): boolean {
    return this.isActivated && this.isWhitelisted && this.free.entries.length > 0;
  }

  /** Books `resources` as held by the client. What is free is the caller's to mend. */
  hold(client: Client, resources: Resources): void {
    const { holders, held } = this;
    let isSecond = false;
    for (let index = 0; index < holders.length; index++) {
      if (holders[index] !== client.row) continue;
      if (isSecond) {
        held[index] = held[index]!.plus(resources);
        return;
      }
      isSecond = true;
    }
    holders.push(client.row);
    held.push(resources);
    client.parts++;
  }

  /** Takes `resources`, which the client must hold, off the books and mends what is free. */
  release(client: Client, resources: Resources): void {
    this.#takeOff(client, resources);
    if (this.isIntricate) this.recount();
    else if (this.holders.length === 0) this.free = this.total;
    else this.free = this.free.plus(resources);
  }

  /** All that the client holds here. */
  heldBy(client: Client): Resources {
    let sum = Resources.EMPTY;
    for (let index = 0; index < this.holders.length; index++) {
      if (this.holders[index] === client.row) sum = sum.plus(this.held[index]!);
    }
    return sum;
  }

  /** Works out anew what is free. */
  recount(): void {
    const { total } = this;
    const shared = total.shared();
    let sum = Resources.EMPTY;
    for (let index = 0; index < this.held.length; index++) sum = sum.plus(this.held[index]!);
    this.isPlain = total.isPlain;
    this.isIntricate = !shared.isEmpty || !total.contains(sum);
    this.free = shared.isEmpty ? total.minus(sum) : total.nonShared().minus(sum.nonShared()).plus(shared);
  }

  #takeOff(client: Client, resources: Resources): void {
    const { holders, held } = this;
    for (let index = 0; index < holders.length; index++) {
      if (holders[index] !== client.row || held[index] !== resources) continue;
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
    const rest = sum.minus(resources);
    if (!rest.isEmpty) this.hold(client, rest);
  }

  #strike(index: number): void {
    const last = this.holders.length - 1;
    this.holders[index] = this.holders[last]!;
    this.held[index] = this.held[last]!;
    this.holders.pop();
    this.held.pop();
  }
}
