import { expect, test } from 'vitest';
import { micros, MICROS_PER_SECOND } from '../../../engine/core/index.ts';
import { scenarioOf, wholeCase } from './hunt-case.ts';
import { plannedFaults } from './planned.ts';
import { hunt, huntTwice } from './run.ts';
import { lineText, Timeline } from './timeline.ts';

/**
 * From the seventh on: seeds that once broke a promise by a bug of the engine (1539: the books after the reuse of a task id; 4612, 350: an end that
 * its agent forgot; 6237: a stale registration brought a task back), of a chaos framework (5412, 5625), or of a property.
 */
const SEEDS = [
  1, 2, 3, 4, 5, 6, 13, 350, 705, 1513, 1539, 1651, 1744, 1756, 2560, 2681, 2919, 4612, 4798, 4877, 5289,
  5412, 5625, 6237, 6443,
];

test.each(SEEDS)('seed %i breaks no promise, and gives the same hash twice', (seed) => {
  const result = huntTwice(wholeCase(seed));
  expect(result.failure).toBeNull();
  expect(result.events).toBeGreaterThan(1_000);
});

test('scenarios differ in everything that may matter', () => {
  const drawn = Array.from({ length: 200 }, (_, seed) => scenarioOf(wholeCase(seed)));
  const counts = (of: (one: (typeof drawn)[number]) => unknown) => new Set(drawn.map(of)).size;
  expect(counts((one) => one.masters)).toBe(5);
  expect(counts((one) => one.machines.length)).toBeGreaterThan(20);
  expect(counts((one) => one.frameworks.length)).toBe(10);
  expect(counts((one) => one.allocator.timing)).toBe(2);
  for (const has of [
    (one: (typeof drawn)[number]) => one.quotas.length > 0,
    (one: (typeof drawn)[number]) => one.weights.length > 0,
    (one: (typeof drawn)[number]) => one.isUniform,
    (one: (typeof drawn)[number]) => one.master.authorization,
    (one: (typeof drawn)[number]) => one.frameworks.some((each) => each.offerConstraints !== null),
    (one: (typeof drawn)[number]) => one.frameworks.some((each) => each.leavesAt !== null),
  ]) {
    const share = drawn.filter(has).length / drawn.length;
    expect(share).toBeGreaterThan(0.05);
    expect(share).toBeLessThan(0.95);
  }
});

test('a fault that is left out changes nothing about the plan of the others', () => {
  const whole = plannedFaults(wholeCase(3));
  const kept = whole.filter((_, index) => index % 3 === 0);
  expect(whole.length).toBeGreaterThan(9);
  const faults = kept.map(({ index }) => index);
  expect(plannedFaults({ ...wholeCase(3), faults })).toEqual(kept);
  expect(hunt({ ...wholeCase(3), faults: [] }).faults).toBe(0);
});

test('a witness changes nothing, and tells what went on in order', () => {
  const which = { ...wholeCase(2), horizon: micros(60 * MICROS_PER_SECOND) };
  const timeline = new Timeline(1_000_000);
  expect(hunt(which, timeline).hash).toBe(hunt(which).hash);
  const instants = timeline.lines.map(({ at }) => at);
  expect([...instants].sort((a, b) => a - b)).toEqual(instants);
  const text = timeline.lines.map(lineText).join('\n');
  for (const word of ['elected, epoch 1', 'SUBSCRIBED', 'OFFERS', 'RUN_TASK', 'TASK_RUNNING'])
    expect(text).toContain(word);
});
