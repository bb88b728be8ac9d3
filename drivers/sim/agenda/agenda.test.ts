import * as fc from 'fast-check';
import { Heap } from 'heap-js';
import { expect, test } from 'vitest';
import { Agenda } from './agenda.ts';

interface Entry {
  readonly time: number;
  readonly sequence: number;
}

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ push: fc.nat(30) }) },
  { weight: 2, arbitrary: fc.constant('pop' as const) },
);

test('events come out in the order of a plain heap over (time, sequence)', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const agenda = new Agenda<Entry>();
      const oracle = new Heap<Entry>((a, b) => a.time - b.time || a.sequence - b.sequence);
      let sequence = 0;
      for (const each of steps) {
        if (each === 'pop') {
          const expected = oracle.pop();
          expect(agenda.pop()).toBe(expected !== undefined);
          if (expected === undefined) continue;
          expect(agenda.payload).toBe(expected);
          expect([agenda.time, agenda.kind, agenda.target, agenda.detail]).toEqual([
            expected.time,
            expected.sequence,
            expected.sequence - 100,
            expected.sequence * 3,
          ]);
        } else {
          const entry = { time: each.push, sequence: sequence++ };
          oracle.push(entry);
          agenda.push(entry.time, entry.sequence, entry.sequence - 100, entry.sequence * 3, entry);
        }
        expect(agenda.size).toBe(oracle.length);
        expect(agenda.nextTime).toBe(oracle.peek()?.time ?? Infinity);
      }
    }),
  );
});

test('events of one instant keep the order of scheduling, however many there are', () => {
  const agenda = new Agenda<null>();
  for (let index = 0; index < 5_000; index++) agenda.push(7, index, 0, 0, null);
  for (let index = 0; index < 5_000; index++) {
    agenda.pop();
    expect(agenda.kind).toBe(index);
  }
  expect(agenda.pop()).toBe(false);
});

test('an agenda that grows and shrinks reuses its slots', () => {
  const agenda = new Agenda<number>();
  let last = -1;
  let sum = 0;
  for (let round = 0; round < 20_000; round++) {
    agenda.push(round, 0, 0, 0, round);
    if (round % 3 === 0) agenda.push(round + 1_000, 0, 0, 0, round);
    if (agenda.size > 3_000 || round % 2 === 0) {
      agenda.pop();
      expect(agenda.time).toBeGreaterThanOrEqual(last);
      last = agenda.time;
    }
  }
  while (agenda.pop()) sum++;
  expect(sum).toBeGreaterThan(0);
  expect(agenda.size).toBe(0);
});
