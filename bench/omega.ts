import type { OfferPolicy } from '../frameworks/workload/index.ts';
import type { BenchCase, Benchmark } from './bench-case.ts';
import { runSimulated } from './simulated-run.ts';

function omegaCase(
  name: string,
  trace: string,
  policy: OfferPolicy,
  parameters: Readonly<Record<string, string>> = {},
): BenchCase {
  return {
    name,
    run: () =>
      runSimulated({ name, trace, parameters, policy, frameworksPerRole: 1, roles: ['batch', 'service'] }),
  };
}

/** A day of the Omega mix on 10,000 machines, 0.9 M tasks through the whole path, under three ways of treating unneeded offers. */
export const omegaDay: Benchmark = {
  name: 'omega-day',
  title: 'a day on 10,000 machines, 0.9 M tasks: offers kept, suppressed, or asked for',
  cases: [
    omegaCase('omega-day/kept', 'omega-day', 'keep'),
    omegaCase('omega-day/suppress', 'omega-day', 'suppress'),
    omegaCase('omega-day/demand', 'omega-day', 'demand'),
  ],
};

/** Ten times the jobs on 12,500 machines. */
export const omegaMonth: Benchmark = {
  name: 'omega-month',
  title: '12,500 machines, 9 M tasks, offers kept',
  cases: [omegaCase('omega-month/kept', 'omega-month', 'keep')],
};

/** The same in little: for the tests, and for a look in seconds. */
export const omegaTiny: Benchmark = {
  name: 'omega-tiny',
  title: 'a quarter of an hour on 200 machines, the same three ways',
  cases: (['keep', 'suppress', 'demand'] as const).map((policy) =>
    omegaCase(`omega-tiny/${policy}`, 'omega-day', policy, {
      machines: '200',
      days: '0.01',
      'batch-tasks': '20',
    }),
  ),
};
