import type { AgentId, OfferId } from '../../engine/core/index.ts';
import type { Offer } from '../../engine/protocol/index.ts';

/** Offers that a chaos framework holds, oldest first, and some that it no longer may use. */
export class Hand {
  readonly #offers = new Map<OfferId, Offer>();
  /** Answered or rescinded offers, bounded: for calls that name offers which are gone. */
  readonly #stale: Offer[] = [];

  get size(): number {
    return this.#offers.size;
  }

  add(offer: Offer): void {
    this.#offers.set(offer.id, offer);
  }

  /** The offer is answered, or taken back. */
  drop(id: OfferId): void {
    const offer = this.#offers.get(id);
    if (offer === undefined) return;
    this.#offers.delete(id);
    this.#stale.push(offer);
    if (this.#stale.length > STALE_MAX) this.#stale.shift();
  }

  /** All offers are void. */
  clear(): void {
    for (const id of [...this.#offers.keys()]) this.drop(id);
  }

  first(): Offer | null {
    for (const offer of this.#offers.values()) return offer;
    return null;
  }

  all(): readonly Offer[] {
    return [...this.#offers.values()];
  }

  /** Offers of one agent for one role: they may be accepted together. */
  kin(agentId: AgentId, role: string): readonly Offer[] {
    return this.all().filter((offer) => offer.agentId === agentId && offer.role === role);
  }

  stale(index: number): Offer | null {
    return this.#stale.length === 0 ? null : this.#stale[index % this.#stale.length]!;
  }
}

const STALE_MAX = 16;
