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
    this.#etcd.setResting(now, session.lease, true);
    return true;
  }

  /** The master's keep-alives are events from now on. Returns whether they were none; the session is then to be armed anew. */
  wake(now: Micros, master: number, session: StoreSession): boolean {
    if (this.#next[master] === AWAKE) return false;
    const made = this.#catchUp(now, master, session);
    this.#next[master] = AWAKE;
    this.#etcd.setResting(now, session.lease, false);
    // One may be on its way.
    if (made <= now) {
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

  /** Makes up for all keep-alives that were answered by `now`. Returns when the one after them is, or was, made. */
  #catchUp(now: Micros, master: number, session: StoreSession): Micros {
    const roundTrip = 2 * this.#latency;
    let made = micros(this.#next[master]!);
    if (made + roundTrip > now) return made;
    const ttl = this.#etcd.store.ttlOf(session.lease);
    assert(ttl !== null, 'a lease that rests is there');
    const clock = this.#side.clockOf(master);
    let last = made;
    while (made + roundTrip <= now) {
      last = made;
      const due = session.keptAlive(clock === null ? made : clock.shownAt(made), ttl);
      made = clock === null ? due : clock.whenShown(micros(made + roundTrip), due);
    }
    // The clock was read when the answer came, too.
    clock?.shownAt(micros(last + roundTrip));
    this.#etcd.store.keepAlive(micros(last + this.#latency), session.lease);
    return made;
  }
}
