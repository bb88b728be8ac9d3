import { expect, test } from 'vitest';
import { hierarchicalDrf } from '../../../allocators/hierarchical-drf/index.ts';
import { micros } from '../../../engine/core/index.ts';
import type { Allocator, AllocatorFactory } from '../../../engine/master/index.ts';
import { Simulation } from '../world/index.ts';
import { anHourOfFaults, optionsFor, randomJobs, SECOND } from '../world/test-kit.ts';
import { describeDivergence, firstDivergence, type TappedRun } from './first-divergence.ts';
import { TRACE_CHUNK } from './output-trace.ts';

const run =
  (allocator: AllocatorFactory): TappedRun =>
  (tap) => {
    const simulation = new Simulation(optionsFor(4, allocator, { faults: anHourOfFaults(20), tap }));
    simulation.feed(randomJobs(4, 80));
    simulation.endOfWorkload();
    simulation.runUntil(micros(1_500 * SECOND));
  };

/** An allocator that is not a function of its inputs: it forgets the first REVIVE after `seconds`. */
function strayingAfter(seconds: number): { factory: AllocatorFactory; strayedAt: () => number } {
  let strayedAt = Infinity;
  const factory: AllocatorFactory = (start, options, sink) => {
    const honest = hierarchicalDrf(start, options, sink);
    // Per run: `firstDivergence` makes each run twice.
    let hasStrayed = false;
    return new Proxy(honest, {
      get(target, key: keyof Allocator) {
        const member = target[key] as (...parameters: never[]) => unknown;
        if (key !== 'reviveOffers') return member.bind(target);
        return (...[now, framework, roles]: Parameters<Allocator['reviveOffers']>) => {
          if (hasStrayed || now < seconds * SECOND) {
            target.reviveOffers(now, framework, roles);
            return;
          }
          hasStrayed = true;
          strayedAt = now;
        };
      },
    });
  };
  return { factory, strayedAt: () => strayedAt };
}

test('two runs with one seed do not part', () => {
  expect(firstDivergence(run(hierarchicalDrf), run(hierarchicalDrf))).toBeNull();
});

test('determinism broken on purpose is found, with the first event that differs', () => {
  const { factory, strayedAt } = strayingAfter(300);
  const divergence = firstDivergence(run(hierarchicalDrf), run(factory));
  expect(divergence).not.toBeNull();
  const { index, a, b } = divergence!;
  expect(index).toBeGreaterThan(TRACE_CHUNK / 2);
  expect(a!.at).toBeGreaterThanOrEqual(strayedAt());
  // The allocator strays, so it is an offer of the master that differs first.
  expect(a!.actor).toBe('master');
  expect(a!.text).toContain('OFFERS');
  expect(b!.text).not.toBe(a!.text);
  const lines = describeDivergence(divergence!).split('\n');
  expect(lines[0]).toBe(`output ${index} is the first that differs`);
  expect(lines[1]).toMatch(/^A at [\d.]+ s, master, event: /);
});

test('a run that ends early differs where it ends', () => {
  const short: TappedRun = (tap) => {
    const simulation = new Simulation(optionsFor(4, hierarchicalDrf, { faults: anHourOfFaults(20), tap }));
    simulation.feed(randomJobs(4, 80));
    simulation.runUntil(micros(1_000 * SECOND));
  };
  const divergence = firstDivergence(run(hierarchicalDrf), short);
  expect(divergence!.a).not.toBeNull();
  expect(divergence!.b).toBeNull();
  expect(describeDivergence(divergence!)).toContain('B has ended');
});
