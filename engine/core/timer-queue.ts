import { fieldsLayout } from './graph/index.ts';
import { assert } from './assert.ts';
import type { Micros } from './time.ts';

/**
 * Timers of a machine: (instant, order of setting), a kind and a target. A binary heap over parallel arrays; there is no cancel:
 * whoever fires a timer checks that its target still wants it.
 */
export class TimerQueue {
  #at: number[] = [];
  #sequence: number[] = [];
  #kind: number[] = [];
  #target: number[] = [];
  #next = 0;

  get size(): number {
    return this.#at.length;
  }

  /** Instant of the earliest timer, or null. */
  get earliest(): Micros | null {
    return this.#at.length === 0 ? null : (this.#at[0]! as Micros);
  }

  /** Sets a timer. Timers of one instant fire in the order in which they were set. */
  set(at: Micros, kind: number, target: number): void {
    let hole = this.#at.length;
    const sequence = this.#next++;
    this.#at.push(0);
    this.#sequence.push(0);
    this.#kind.push(0);
    this.#target.push(0);
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (this.#at[parent]! <= at) break;
      this.#move(parent, hole);
      hole = parent;
    }
    this.#write(hole, at, sequence, kind, target);
  }

  /** Kind and target of the earliest timer, which is taken out. */
  pop(): { readonly kind: number; readonly target: number } {
    assert(this.#at.length > 0, 'a timer is popped only when there is one');
    const first = { kind: this.#kind[0]!, target: this.#target[0]! };
    const at = this.#at.pop()!;
    const sequence = this.#sequence.pop()!;
    const kind = this.#kind.pop()!;
    const target = this.#target.pop()!;
    const size = this.#at.length;
    if (size === 0) return first;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#before(child + 1, child)) child++;
      if (this.#at[child]! > at || (this.#at[child]! === at && this.#sequence[child]! > sequence)) break;
      this.#move(child, hole);
      hole = child;
    }
    this.#write(hole, at, sequence, kind, target);
    return first;
  }

  #before(a: number, b: number): boolean {
    return (
      this.#at[a]! < this.#at[b]! ||
      (this.#at[a]! === this.#at[b]! && this.#sequence[a]! < this.#sequence[b]!)
    );
  }

  #move(from: number, to: number): void {
    this.#write(to, this.#at[from]!, this.#sequence[from]!, this.#kind[from]!, this.#target[from]!);
  }

  #write(row: number, at: number, sequence: number, kind: number, target: number): void {
    this.#at[row] = at;
    this.#sequence[row] = sequence;
    this.#kind[row] = kind;
    this.#target[row] = target;
  }

  static readonly layout = fieldsLayout({
    take: (it: TimerQueue) => ({
      at: it.#at,
      sequence: it.#sequence,
      kind: it.#kind,
      target: it.#target,
      next: it.#next,
    }),
    put: (it, fields) => {
      it.#at = fields.at;
      it.#sequence = fields.sequence;
      it.#kind = fields.kind;
      it.#target = fields.target;
      it.#next = fields.next;
    },
  });
}
