import { describe, expect, test } from 'vitest';
import { w1 } from './adding.ts';
import { type AllocatorRow, allocatorHeader, allocatorLine, bestOf } from './allocator-row.ts';
import {
  w2AllDeclined,
  w2Compared,
  w2FirstRounds,
  w2WholeRun,
  w3AllDeclined,
  w3FirstRounds,
} from './declining.ts';
import { UPSTREAM_MIX, w8 } from './mixed.ts';
import { w9 } from './operating.ts';
import { w4LargeAndSmall, w4QuotaOrNot } from './quota.ts';
import { growthOf, w7, w7Dirty } from './roles.ts';
import { w6MostSuppressed, w6ReviveAll, w6Suppress } from './suppressing.ts';
import { w5 } from './volumes.ts';

const AGENTS = 30;
const FRAMEWORKS = 10;

/** Offers by state of a workload, which must decide the same every time. */
function offers(run: () => readonly AllocatorRow[]): Record<string, number> {
  const [rows, again] = [run(), run()];
  expect(again.map(({ hash }) => hash)).toEqual(rows.map(({ hash }) => hash));
  return Object.fromEntries(rows.map((row) => [row.workload, row.offers]));
}

describe('the workloads in little decide as Mesos does', () => {
  test('W1 offers every agent when it is added and when it gains', () => {
    expect(offers(() => w1(AGENTS, FRAMEWORKS))).toEqual({
      'W1 add frameworks': 0,
      'W1 add agents': AGENTS,
      'W1 update agents': AGENTS,
    });
  });

  test('W2 offers every agent once a round until each framework declined it', () => {
    expect(offers(() => w2FirstRounds(AGENTS, FRAMEWORKS))).toEqual({ 'W2 first rounds': 7 * AGENTS });
    expect(offers(() => w2FirstRounds(AGENTS, 1))).toEqual({ 'W2 first rounds': 0 });
    const whole = offers(() => w2WholeRun(AGENTS, FRAMEWORKS));
    expect(whole).toEqual({ 'W2 whole run': AGENTS * (FRAMEWORKS - 1) });
  });

  test('W2 offers nothing once all is declined, though all pairs are compared again', () => {
    expect(offers(() => w2AllDeclined(AGENTS, FRAMEWORKS))).toEqual({ 'W2 all declined': 0 });
    expect(w2AllDeclined(AGENTS, FRAMEWORKS)[0]!.more['filters']).toBe(AGENTS * FRAMEWORKS);
    for (const values of ['same', 'equal'] as const) {
      expect(Object.values(offers(() => w2Compared(AGENTS, FRAMEWORKS, values, 10)))).toEqual([0]);
    }
  });

  test('W3 decides as W2, whatever labels reservations carry', () => {
    expect(offers(() => w3FirstRounds(AGENTS, FRAMEWORKS))).toEqual({ 'W3 first rounds': 7 * AGENTS });
    expect(offers(() => w3AllDeclined(AGENTS, FRAMEWORKS))).toEqual({ 'W3 all declined': 0 });
  });

  test('W4a makes 36 offers with 25 small and 5 large quotas, then none', () => {
    expect(offers(() => w4LargeAndSmall(25, 5))).toEqual({ 'W4a full': 6 * 36, 'W4a following': 0 });
  });

  test('W4b offers every agent, with quota or without', () => {
    expect(offers(() => w4QuotaOrNot(10, false))).toEqual({
      'W4b no quota full': 6 * 20,
      'W4b no quota following': 0,
    });
    expect(offers(() => w4QuotaOrNot(10, true))).toEqual({
      'W4b quota full': 6 * 20,
      'W4b quota following': 0,
    });
  });

  test.each(['regular', 'shared', 'mixed'] as const)(
    'W5 offers every agent once a round: %s volumes',
    (kind) => {
      expect(Object.values(offers(() => w5(AGENTS, FRAMEWORKS, kind)))).toEqual([6 * AGENTS]);
    },
  );

  test('W6 offers every agent while somebody is not suppressed, and nothing twice', () => {
    expect(Object.values(offers(() => w6Suppress(AGENTS, FRAMEWORKS)))).toEqual([4 * AGENTS]);
    expect(Object.values(offers(() => w6MostSuppressed(AGENTS, FRAMEWORKS)))).toEqual([6 * AGENTS]);
    expect(Object.values(offers(() => w6ReviveAll(AGENTS, FRAMEWORKS)))).toEqual([0]);
  });

  test.each([false, true])('W7 offers every agent and then nothing: nested %s', (nested) => {
    const shape = { agents: AGENTS, frameworks: 40, roles: 20, nested };
    expect(Object.values(offers(() => w7(shape)))).toEqual([6 * AGENTS, 0, 0]);
  });

  test('W8 comes to a standstill at 5,132 of 19,500 tasks', () => {
    const [row] = w8({ ...UPSTREAM_MIX, idleRounds: 200 });
    expect(row!.more['target']).toBe(19_500);
    expect(row!.more['launched']).toBe(5_132);
  });

  test('W9 keeps four resources for each role', () => {
    expect(w9(6)[0]!.more['resources']).toBe(24);
  });

  test('only what came back is offered again', () => {
    const shape = { agents: 100, frameworks: 20, roles: 5, nested: false };
    expect(Object.values(offers(() => w7Dirty(shape, 10)))).toEqual([12 * 10]);
    expect(Object.values(offers(() => growthOf(50, 20)))).toEqual([6 * 50]);
  });
});

describe('a table of the allocator', () => {
  const [row] = w2FirstRounds(4, 9);

  test('takes from several runs the one of least CPU time', () => {
    const best = bestOf([[{ ...row!, cpuMs: 2 }], [{ ...row!, cpuMs: 1 }], [{ ...row!, cpuMs: 3 }]]);
    expect(best.map(({ cpuMs }) => cpuMs)).toEqual([1]);
  });

  test('does not mix runs that decided differently', () => {
    expect(() => bestOf([[row!], [{ ...row!, hash: 'another' }]])).toThrow('two runs made different offers');
  });

  test('has a column for every figure', () => {
    expect(allocatorLine(row!).indexOf(row!.hash)).toBe(allocatorHeader().indexOf('hash'));
  });
});
