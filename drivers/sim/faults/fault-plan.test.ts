import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { micros } from '../../../engine/core/index.ts';
import { DEFAULT_FAULT_OPTIONS, FAULT_KINDS, scaledFaults } from './fault-options.ts';
import { FAULT_WINDOW, FaultPlan } from './fault-plan.ts';
import { describeFault } from './planned-fault.ts';

const many = scaledFaults(DEFAULT_FAULT_OPTIONS, 20);

test('a plan is a function of the seed: equal seeds plan equally, in whatever order windows are drawn', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 500 }), (seed, machines) => {
      const one = new FaultPlan(seed, many, machines);
      const other = new FaultPlan(seed, many, machines);
      const third = other.window(3);
      expect(one.window(0)).toEqual(other.window(0));
      expect(one.window(3)).toEqual(third);
      expect(new FaultPlan(seed + 1, many, machines).window(0)).not.toEqual(one.window(0));
    }),
    { numRuns: 20 },
  );
});

test('faults lie in their window, in order, on machines that exist', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 50 }), fc.nat(4), (seed, machines, window) => {
      const faults = new FaultPlan(seed, many, machines).window(window);
      let last = window * FAULT_WINDOW;
      for (const fault of faults) {
        expect(fault.at).toBeGreaterThanOrEqual(last);
        expect(fault.at).toBeLessThan((window + 1) * FAULT_WINDOW);
        last = fault.at;
        if ('machine' in fault) expect(fault.machine).toBeLessThan(machines);
        expect(describeFault(fault)).toContain(fault.kind);
      }
    }),
    { numRuns: 20 },
  );
});

test('every kind comes as often as its rate says, and none after the end', () => {
  const until = micros(FAULT_WINDOW / 2);
  const whole = new FaultPlan(7, many, 100).window(0);
  for (const kind of FAULT_KINDS) {
    const count = whole.filter((fault) => fault.kind === kind).length;
    expect(Math.abs(count - many.perHour[kind])).toBeLessThan(1);
  }
  const half = new FaultPlan(7, { ...many, until }, 100).window(0);
  expect(half).toEqual(whole.filter((fault) => fault.at < until));
  expect(half.length).toBeGreaterThan(0);
  expect(new FaultPlan(7, { ...many, until }, 100).window(1)).toEqual([]);
});
