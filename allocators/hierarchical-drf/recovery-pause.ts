import type { Micros } from '../../engine/core/index.ts';
import { fieldsLayout } from '../../engine/core/graph/index.ts';

/** After a failover with quotas, no cycle runs until enough agents are back or the wait was too long (spec 16 §11). */
export class RecoveryPause {
  #awaited = 0;
  #deadline: Micros | null = null;
  #isLate = false;

  get isPaused(): boolean {
    return this.#deadline !== null;
  }

  /** When the wait ends, or null while there is none. */
  get deadline(): Micros | null {
    return this.#deadline;
  }

  /** Agents that end the wait. */
  get awaited(): number {
    return this.#awaited;
  }

  /** `isLate`: the deadline was scheduled after the batch tick of the same instant, and so comes after it. */
  begin(awaitedAgents: number, deadline: Micros, isLate: boolean): void {
    this.#awaited = awaitedAgents;
    this.#deadline = deadline;
    this.#isLate = isLate;
  }

  agentsKnown(count: number): void {
    if (this.#deadline !== null && count >= this.#awaited) this.#deadline = null;
  }

  /** Ends the wait if it is over by `now`; one that is late only if `lateToo`. */
  expire(now: Micros, lateToo: boolean): void {
    if (this.#deadline === null) return;
    if (this.#deadline < now || (this.#deadline === now && (lateToo || !this.#isLate))) this.#deadline = null;
  }

  static readonly layout = fieldsLayout({
    take: (it: RecoveryPause) => ({ awaited: it.#awaited, deadline: it.#deadline, isLate: it.#isLate }),
    put: (it, fields) => {
      it.#awaited = fields.awaited;
      it.#deadline = fields.deadline;
      it.#isLate = fields.isLate;
    },
  });
}
