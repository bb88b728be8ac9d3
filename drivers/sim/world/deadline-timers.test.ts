import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Micros, micros } from '../../../engine/core/index.ts';
import { Agenda } from '../agenda/index.ts';
import { DeadlineTimers } from './deadline-timers.ts';

const change = fc.record({
  at: fc.nat(1_000),
  machine: fc.nat(40),
  deadline: fc.option(fc.nat(300), { nil: null }),
});

test('every machine is woken at its deadline, wherever that moved meanwhile, and never without one', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const agenda = new Agenda<null>();
      const timers = new DeadlineTimers(agenda, 0, 1);
      const deadlines = new Map<number, Micros>();
      const plan = changes
        .map((each) => ({
          ...each,
          deadline: each.deadline === null ? null : micros(each.at + each.deadline + 1),
        }))
        .sort((a, b) => a.at - b.at);
      const runTo = (until: number): void => {
        while (agenda.size > 0 && agenda.nextTime <= until) {
          agenda.pop();
          const now = micros(agenda.time);
          const machine = agenda.target;
          if (!timers.fires(machine, now)) continue;
          const deadline = deadlines.get(machine) ?? null;
          if (deadline !== null && deadline <= now) {
            expect(deadline).toBe(now);
            deadlines.delete(machine);
          }
          timers.arm(machine, now, deadlines.get(machine) ?? null);
        }
        for (const deadline of deadlines.values()) expect(deadline).toBeGreaterThan(until);
      };
      for (const { at, machine, deadline } of plan) {
        runTo(at);
        if (deadline === null) deadlines.delete(machine);
        else deadlines.set(machine, deadline);
        timers.arm(machine, micros(at), deadline);
      }
      runTo(5_000);
      expect(deadlines.size).toBe(0);
    }),
  );
});
