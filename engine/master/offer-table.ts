import { assert, type ExecutorId, type OfferId } from '../core/index.ts';
import { fieldsLayout } from '../core/graph/index.ts';
import type { Offer } from '../protocol/index.ts';
import type { Resources } from '../resources/index.ts';
import type { AgentRecord } from './agent-record.ts';
import type { Role } from './allocator.ts';
import type { FrameworkRecord } from './framework-record.ts';

/** Most offers outstanding at once; an id is `generation × OFFER_SLOTS + slot`. */
export const OFFER_SLOTS = 2 ** 18;

const NONE = -1;
export const NO_EXECUTORS: readonly ExecutorId[] = [];
const GENERATIONS_MAX = 2 ** 34;

/** A place for one offer: everything about it side by side, since offers come and go in no order and each is touched as a whole. */
export class OfferSlot {
  offer: Offer | null = null;
  agent: AgentRecord | null = null;
  framework: FrameworkRecord | null = null;
  role = 0 as Role;
  generation = 0;
  agentNext = NONE;
  agentPrevious = NONE;
  frameworkNext = NONE;
  frameworkPrevious = NONE;

  static readonly layout = fieldsLayout({
    blank: () => new OfferSlot(),
  });
}

/**
 * Outstanding offers in slots with a free list. Each offer hangs in two doubly linked lists, its agent's and its framework's, so that
 * making and removing one costs the same however many are out: 122 M offers pass here on a busy day.
 */
export class OfferTable {
  #slots: OfferSlot[] = [];
  #free: number[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count === OFFER_SLOTS;
  }

  /** Makes an outstanding offer. The caller has checked `isFull`. */
  add(
    framework: FrameworkRecord,
    agent: AgentRecord,
    role: Role,
    roleName: string,
    resources: Resources,
  ): Offer {
    const index = this.#takeSlot();
    const slot = this.#slots[index]!;
    const offer: Offer = {
      id: (slot.generation * OFFER_SLOTS + index) as OfferId,
      frameworkId: framework.id,
      agentId: agent.id,
      agent: agent.info,
      role: roleName,
      resources,
      unavailability: agent.unavailability,
      executorIds: agent.executors.length === 0 ? NO_EXECUTORS : agent.executorIdsOf(framework),
    };
    agent.version++;
    framework.version++;
    slot.offer = offer;
    slot.agent = agent;
    slot.framework = framework;
    slot.role = role;

    slot.agentPrevious = NONE;
    slot.agentNext = agent.offerHead;
    if (agent.offerHead !== NONE) this.#slots[agent.offerHead]!.agentPrevious = index;
    agent.offerHead = index;

    slot.frameworkPrevious = NONE;
    slot.frameworkNext = framework.offerHead;
    if (framework.offerHead !== NONE) this.#slots[framework.offerHead]!.frameworkPrevious = index;
    framework.offerHead = index;
    return offer;
  }

  /** Slot of an outstanding offer, or -1: unknown, answered or rescinded ids. */
  slotOf(id: OfferId): number {
    const index = id % OFFER_SLOTS;
    return this.#slots[index]?.offer?.id === id ? index : NONE;
  }

  offer(slot: number): Offer {
    return this.#slots[slot]!.offer!;
  }

  agent(slot: number): AgentRecord {
    return this.#slots[slot]!.agent!;
  }

  framework(slot: number): FrameworkRecord {
    return this.#slots[slot]!.framework!;
  }

  role(slot: number): Role {
    return this.#slots[slot]!.role;
  }

  /** Next slot in the agent's list, -1 at the end. */
  nextOfAgent(slot: number): number {
    return this.#slots[slot]!.agentNext;
  }

  /** Next slot in the framework's list, -1 at the end. */
  nextOfFramework(slot: number): number {
    return this.#slots[slot]!.frameworkNext;
  }

  remove(index: number): void {
    const slot = this.#slots[index]!;
    assert(slot.offer !== null, 'an offer is removed once');
    const { agentNext, agentPrevious, frameworkNext, frameworkPrevious } = slot;
    slot.agent!.version++;
    slot.framework!.version++;

    if (agentNext !== NONE) this.#slots[agentNext]!.agentPrevious = agentPrevious;
    if (agentPrevious === NONE) slot.agent!.offerHead = agentNext;
    else this.#slots[agentPrevious]!.agentNext = agentNext;

    if (frameworkNext !== NONE) this.#slots[frameworkNext]!.frameworkPrevious = frameworkPrevious;
    if (frameworkPrevious === NONE) slot.framework!.offerHead = frameworkNext;
    else this.#slots[frameworkPrevious]!.frameworkNext = frameworkNext;

    slot.offer = null;
    slot.agent = null;
    slot.framework = null;
    slot.generation++;
    this.#free.push(index);
    this.#count--;
  }

  #takeSlot(): number {
    this.#count++;
    const reused = this.#free.pop();
    if (reused !== undefined) {
      assert(
        this.#slots[reused]!.generation < GENERATIONS_MAX,
        'a slot has far more generations than a master lives',
      );
      return reused;
    }
    const index = this.#slots.length;
    assert(index < OFFER_SLOTS, 'the caller has checked that the table is not full');
    this.#slots.push(new OfferSlot());
    return index;
  }

  static readonly layout = fieldsLayout({
    take: (it: OfferTable) => ({ slots: it.#slots, free: it.#free, count: it.#count }),
    put: (it, fields) => {
      it.#slots = fields.slots;
      it.#free = fields.free;
      it.#count = fields.count;
    },
  });
}
