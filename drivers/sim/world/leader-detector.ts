import type { Micros, Rng } from '../../../engine/core/index.ts';
import { type Agenda, LEADER_DETECTED } from '../agenda/index.ts';
import { NO_MASTER } from './leader-view.ts';
import type { Message } from './world.ts';

/** Told when a party takes another master for the leader. */
export interface PartyListener {
  leaderChanged(now: Micros, party: number): void;
}

/**
 * What each party believes of who leads: what the election's key said some time ago. A party that was sent on by a master that does not
 * lead believes that one.
 */
export class LeaderDetector {
  readonly #agenda: Agenda<Message>;
  readonly #rng: Rng;
  readonly #min: Micros;
  readonly #span: number;
  /** What the key says, as far as it has been told. */
  #leader = NO_MASTER;
  readonly #views = new Map<number, number>();
  /** Parties that hear nothing new until then. */
  readonly #stale = new Map<number, Micros>();
  listener: PartyListener | null = null;

  constructor(agenda: Agenda<Message>, rng: Rng, min: Micros, max: Micros) {
    this.#agenda = agenda;
    this.#rng = rng;
    this.#min = min;
    this.#span = max - min;
  }

  /** What a party that has heard all would believe. */
  get leader(): number {
    return this.#leader;
  }

  viewOf(party: number): number {
    return this.#views.get(party) ?? this.#leader;
  }

  /** The key says something else: each of the `parties` parties hears of it in its own time. */
  changed(now: Micros, leader: number, parties: number): void {
    this.#leader = leader;
    for (let party = 0; party < parties; party++) {
      this.#agenda.push(now + this.#wait(), LEADER_DETECTED, party, 0, null);
    }
  }

  /** A party was told by a master who leads. */
  redirected(party: number, leader: number): void {
    this.#views.set(party, leader);
  }

  /** The party hears nothing new before `until`. */
  hold(party: number, until: Micros): void {
    this.#stale.set(party, until);
  }

  /** LEADER_DETECTED. */
  detected(now: Micros, party: number): void {
    const until = this.#stale.get(party) ?? null;
    if (until !== null && until > now) {
      this.#agenda.push(until, LEADER_DETECTED, party, 0, null);
      return;
    }
    if (until !== null) this.#stale.delete(party);
    if (this.#views.get(party) === this.#leader) return;
    this.#views.set(party, this.#leader);
    this.listener?.leaderChanged(now, party);
  }

  #wait(): number {
    return this.#min + this.#rng.below(this.#span + 1);
  }
}
