import { type AgentId, assert, type FrameworkId, type OfferId } from '../core/index.ts';
import type { AgentInfo, Offer } from '../protocol/index.ts';
import type { Resources } from '../resources/index.ts';
import type { AgentRecord } from './agent-record.ts';
import type { Role } from './allocator.ts';
import type { FrameworkRecord } from './framework-record.ts';

/** Most offers outstanding at once; an id is `generation × OFFER_SLOTS + slot`. */
export const OFFER_SLOTS = 2 ** 18;

const NONE = -1;
const GENERATIONS_MAX = 2 ** 34;

/**
 * Outstanding offers in slots with a free list. Each offer hangs in two doubly linked lists, its agent's and its framework's, so that
 * making and removing one costs the same however many are out: 122 M offers pass here on a busy day.
 */
export class OfferTable {
  readonly #offers: (Offer | null)[] = [];
  readonly #agents: (AgentRecord | null)[] = [];
  readonly #frameworks: (FrameworkRecord | null)[] = [];
  readonly #roles: Role[] = [];
  readonly #generations: number[] = [];
  readonly #agentNext: number[] = [];
  readonly #agentPrevious: number[] = [];
  readonly #frameworkNext: number[] = [];
  readonly #frameworkPrevious: number[] = [];
  readonly #free: number[] = [];
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
    const slot = this.#takeSlot();
    const offer = makeOffer(
      (this.#generations[slot]! * OFFER_SLOTS + slot) as OfferId,
      framework.id,
      agent.id,
      agent.info,
      roleName,
      resources,
    );
    this.#offers[slot] = offer;
    this.#agents[slot] = agent;
    this.#frameworks[slot] = framework;
    this.#roles[slot] = role;

    this.#agentPrevious[slot] = NONE;
    this.#agentNext[slot] = agent.offerHead;
    if (agent.offerHead !== NONE) this.#agentPrevious[agent.offerHead] = slot;
    agent.offerHead = slot;

    this.#frameworkPrevious[slot] = NONE;
    this.#frameworkNext[slot] = framework.offerHead;
    if (framework.offerHead !== NONE) this.#frameworkPrevious[framework.offerHead] = slot;
    framework.offerHead = slot;
    return offer;
  }

  /** Slot of an outstanding offer, or -1: unknown, answered or rescinded ids. */
  slotOf(id: OfferId): number {
    const slot = id % OFFER_SLOTS;
    const offer = this.#offers[slot];
    return offer !== undefined && offer !== null && offer.id === id ? slot : NONE;
  }

  offer(slot: number): Offer {
    return this.#offers[slot]!;
  }

  agent(slot: number): AgentRecord {
    return this.#agents[slot]!;
  }

  framework(slot: number): FrameworkRecord {
    return this.#frameworks[slot]!;
  }

  role(slot: number): Role {
    return this.#roles[slot]!;
  }

  /** Next slot in the agent's list, -1 at the end. */
  nextOfAgent(slot: number): number {
    return this.#agentNext[slot]!;
  }

  /** Next slot in the framework's list, -1 at the end. */
  nextOfFramework(slot: number): number {
    return this.#frameworkNext[slot]!;
  }

  remove(slot: number): void {
    const agent = this.#agents[slot]!;
    const framework = this.#frameworks[slot]!;
    assert(this.#offers[slot] !== null, 'an offer is removed once');

    const agentNext = this.#agentNext[slot]!;
    const agentPrevious = this.#agentPrevious[slot]!;
    if (agentNext !== NONE) this.#agentPrevious[agentNext] = agentPrevious;
    if (agentPrevious === NONE) agent.offerHead = agentNext;
    else this.#agentNext[agentPrevious] = agentNext;

    const frameworkNext = this.#frameworkNext[slot]!;
    const frameworkPrevious = this.#frameworkPrevious[slot]!;
    if (frameworkNext !== NONE) this.#frameworkPrevious[frameworkNext] = frameworkPrevious;
    if (frameworkPrevious === NONE) framework.offerHead = frameworkNext;
    else this.#frameworkNext[frameworkPrevious] = frameworkNext;

    this.#offers[slot] = null;
    this.#agents[slot] = null;
    this.#frameworks[slot] = null;
    this.#generations[slot]!++;
    this.#free.push(slot);
    this.#count--;
  }

  #takeSlot(): number {
    this.#count++;
    const reused = this.#free.pop();
    if (reused !== undefined) {
      assert(
        this.#generations[reused]! < GENERATIONS_MAX,
        'a slot has far more generations than a master lives',
      );
      return reused;
    }
    const slot = this.#offers.length;
    assert(slot < OFFER_SLOTS, 'the caller has checked that the table is not full');
    this.#offers.push(null);
    this.#agents.push(null);
    this.#frameworks.push(null);
    this.#roles.push(0 as Role);
    this.#generations.push(0);
    this.#agentNext.push(NONE);
    this.#agentPrevious.push(NONE);
    this.#frameworkNext.push(NONE);
    this.#frameworkPrevious.push(NONE);
    return slot;
  }
}

function makeOffer(
  id: OfferId,
  frameworkId: FrameworkId,
  agentId: AgentId,
  agent: AgentInfo,
  role: string,
  resources: Resources,
): Offer {
  return { id, frameworkId, agentId, agent, role, resources };
}
