import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { InvariantError, micros, TimerQueue } from './index.ts';

interface Timer {
  readonly at: number;
  readonly sequence: number;
  readonly kind: number;
  readonly target: number;
}

/** The plain version: a list that is sorted for every look at it. */
class SortedList {
  readonly #timers: Timer[] = [];
  #next = 0;

  set(at: number, kind: number, target: number): void {
    this.#timers.push({ at, sequence: this.#next++, kind, target });
    this.#timers.sort((a, b) => a.at - b.at || a.sequence - b.sequence);
  }

  pop(): Pick<Timer, 'kind' | 'target'> {
    const { kind, target } = this.#timers.shift()!;
    return { kind, target };
  }

  get earliest(): number | null {
    return this.#timers[0]?.at ?? null;
  }

  get size(): number {
    return this.#timers.length;
  }
}

const set = fc.record({ at: fc.oneof(fc.nat(5), fc.nat(2 ** 40)), kind: fc.nat(2), target: fc.nat(3) });

test('timers fire by instant, those of one instant in the order in which they were set', () => {
  fc.assert(
    fc.property(fc.array(fc.option(set, { freq: 2 }), { maxLength: 200 }), (steps) => {
      const queue = new TimerQueue();
      const oracle = new SortedList();
      for (const step of steps) {
        if (step !== null) {
          queue.set(micros(step.at), step.kind, step.target);
          oracle.set(step.at, step.kind, step.target);
        } else if (oracle.size > 0) {
          expect(queue.pop()).toEqual(oracle.pop());
        }
        expect(queue.size).toBe(oracle.size);
        expect(queue.earliest).toBe(oracle.earliest);
      }
      while (oracle.size > 0) expect(queue.pop()).toEqual(oracle.pop());
      expect(queue.earliest).toBeNull();
    }),
  );
});

test('an empty queue has nothing to pop', () => {
  expect(() => new TimerQueue().pop()).toThrow(InvariantError);
});
