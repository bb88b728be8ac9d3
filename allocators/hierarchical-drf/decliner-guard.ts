import { fieldsLayout } from '../../engine/core/graph/index.ts';
import type { Client } from './client.ts';
import { DenseSet, grown } from './dense-set.ts';

const CLIENTS_PER_WORD = 32;

/**
 * Keeps frameworks that decline from standing before all others again and again (spec 16 §13), which Mesos's rules allow: who uses nothing has
 * the smallest share.
 *
 * A client that declined something of an agent is *behind* there: passed over until a round is complete. A round of an agent begins when
 * something of it becomes free otherwise than by a decline, or when it changes. It is complete when a visit found no taker among those
 * who are not behind. If none of those behind could take it either, as filters keep them from it, the next round begins at once; else at the next
 * batch tick, so that declining without a filter is answered no faster than in Mesos. A client that subscribes, revives or asks anew is behind nowhere.
 */
export class DeclinerGuard {
  /** Of each agent `#words` words, client `row` at bit `row & 31` of word `row >> 5`. */
  #behind = new Int32Array(16);
  #words = 1;
  /** By agent: 1 if any client may be behind there. */
  #hasAny = new Uint8Array(16);
  /** By client: 1 if it may be behind anywhere. */
  #isAnywhere = new Uint8Array(CLIENTS_PER_WORD);
  /** Agents of which those behind get their turn at the next tick. */
  readonly #waiting = new DenseSet();
  /** How often a client was passed over. */
  passedOver = 0;

  get hasWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  hasAnyBehind(agent: number): boolean {
    return agent < this.#hasAny.length && this.#hasAny[agent] === 1;
  }

  isBehind(clientRow: number, agent: number): boolean {
    const word = clientRow >> 5;
    if (word >= this.#words || agent >= this.#hasAny.length) return false;
    return (this.#behind[agent * this.#words + word]! & (1 << (clientRow & 31))) !== 0;
  }

  /** The client declined something of the agent. */
  declined(client: Client, agent: number): void {
    const word = client.row >> 5;
    if (word >= this.#words || agent >= this.#hasAny.length) this.#grow(word + 1, agent + 1);
    const place = agent * this.#words + word;
    this.#behind[place] = this.#behind[place]! | (1 << (client.row & 31));
    this.#hasAny[agent] = 1;
    this.#isAnywhere[client.row] = 1;
  }

  /** The client is behind nowhere any more. @returns whether it may have been */
  forget(clientRow: number): boolean {
    if (clientRow >= this.#isAnywhere.length || this.#isAnywhere[clientRow] === 0) return false;
    this.#isAnywhere[clientRow] = 0;
    const kept = ~(1 << (clientRow & 31));
    for (let place = clientRow >> 5; place < this.#behind.length; place += this.#words) {
      this.#behind[place] = this.#behind[place]! & kept;
    }
    return true;
  }

  /** Something of the agent became free otherwise than by a decline, or it changed: all see it anew. */
  beginRound(agent: number): void {
    this.#waiting.remove(agent);
    if (!this.hasAnyBehind(agent)) return;
    this.#hasAny[agent] = 0;
    this.#behind.fill(0, agent * this.#words, (agent + 1) * this.#words);
  }

  /** Those who were passed over on the agent wait for the tick. */
  wait(agent: number): void {
    this.#waiting.add(agent);
  }

  isWaiting(agent: number): boolean {
    return this.#waiting.has(agent);
  }

  /** The tick has come. Tells which agents those behind may be shown. */
  beginWaitingRounds(each: (agent: number) => void): void {
    const agents = new Int32Array(this.#waiting.size);
    this.#waiting.copyTo(agents);
    for (const agent of agents) {
      this.beginRound(agent);
      each(agent);
    }
  }

  #grow(words: number, agents: number): void {
    const wider = words <= this.#words ? this.#words : Math.max(words, this.#words * 2);
    const count =
      agents <= this.#hasAny.length ? this.#hasAny.length : Math.max(agents, this.#hasAny.length * 2);
    if (wider === this.#words) {
      this.#behind = grown(this.#behind, count * wider);
    } else {
      const before = this.#behind;
      const after = new Int32Array(count * wider);
      for (let from = 0, to = 0; from < before.length; from += this.#words, to += wider) {
        after.set(before.subarray(from, from + this.#words), to);
      }
      this.#behind = after;
      this.#words = wider;
      this.#isAnywhere = widened(this.#isAnywhere, wider * CLIENTS_PER_WORD);
    }
    this.#hasAny = widened(this.#hasAny, count);
  }

  static readonly layout = fieldsLayout({
    take: (it: DeclinerGuard) => ({
      behind: it.#behind,
      words: it.#words,
      hasAny: it.#hasAny,
      isAnywhere: it.#isAnywhere,
      waiting: it.#waiting,
    }),
    put: (it, fields) => {
      it.#behind = fields.behind;
      it.#words = fields.words;
      it.#hasAny = fields.hasAny;
      it.#isAnywhere = fields.isAnywhere;
    },
  });
}

function widened(flags: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const longer = new Uint8Array(length);
  longer.set(flags);
  return longer;
}
