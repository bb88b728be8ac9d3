import { assert, type Micros, micros } from '../../../engine/core/index.ts';
import type { SessionOutput, StoreSession } from '../../../engine/registry/index.ts';
import type { VirtualEtcd } from '../etcd/index.ts';
import type { MasterSide } from './coordination.ts';

const AWAKE = Infinity;

/**
 * Leases of masters that rest: nothing is in the way of their keep-alives, and nothing else is wanted of the store. Such keep-alives are no events:
 * when somebody is about to look, or to get in their way, those that were due meanwhile are made up for, each at its own instant of its host's
 * clock. What comes of a run is the same.
 */
export class RestingLeases {
  readonly #etcd: VirtualEtcd;
  readonly #side: MasterSide;
  /** One way. */
  readonly #latency: Micros;
  /** When the next keep-alive of each master is made that has not been made up for; `AWAKE` for those whose keep-alives are events. */
  readonly #next: Float64Array;

  constructor(etcd: VirtualEtcd, side: MasterSide, latency: Micros, masters: number) {
    this.#etcd = etcd;
    this.#side = side;
    this.#latency = latency;
    this.#next = new Float64Array(masters).fill(AWAKE);
  }

  /** The session, whose keep-alive is due, rests from now on; false if something is in the way of that. */
  rest(now: Micros, master: number, session: StoreSession): boolean {
    // The lease has to last until the answer is there, by a clock that may be fast.
    const answered = micros(this.#side.instantAt(now, master) + 8 * this.#latency);
    if (!session.isRestingAt(answered)) return false;
    if (!this.#etcd.keepsAlive(master, session.lease)) return false;
    if (this.#side.clockOf(master)?.runs(now) === false) return false;
    this.#next[master] = now;
    return true;
  }

  /**
   * Brings the master's lease up to `now`.
   *
   * @returns whether a keep-alive is on its way
   */
  catchUp(now: Micros, master: number, session: StoreSession): boolean {
    let made = this.#next[master]!;
    if (made > now) return false;
    const roundTrip = 2 * this.#latency;
    if (made + roundTrip <= now) {
      const ttl = this.#etcd.store.ttlOf(session.lease);
      assert(ttl !== null, 'a lease that rests is there');
      const clock = this.#side.clockOf(master);
      let last = made;
      while (made + roundTrip <= now) {
        last = made;
        const answered = micros(made + roundTrip);
        const due = session.keptAlive(clock === null ? micros(made) : clock.shownAt(micros(made)), ttl);
        made = clock === null ? due : clock.whenShown(answered, due);
      }
      // The clock was read when the answer came, too.
      clock?.shownAt(micros(last + roundTrip));
      this.#etcd.store.keepAlive(micros(last + this.#latency), session.lease);
      this.#next[master] = made;
    }
    return made <= now;
  }

  /** The same, and from now on the master's keep-alives are events. Returns whether they were none; the session is then to be armed anew. */
  wake(now: Micros, master: number, session: StoreSession): boolean {
    if (this.#next[master] === AWAKE) return false;
    const isOnItsWay = this.catchUp(now, master, session);
    const made = micros(this.#next[master]!);
    this.#next[master] = AWAKE;
    if (isOnItsWay) {
      const outputs: SessionOutput[] = [];
      session.step(this.#side.clockOf(master)?.shownAt(made) ?? made, { kind: 'tick' }, outputs);
      const [output] = outputs;
      assert(
        output?.kind === 'request' && outputs.length === 1,
        'a session that rests keeps its lease alive',
      );
      this.#etcd.resume(now, made, master, output.ticket, output.request);
    }
    return true;
  }
}
