import type { Benchmark } from './bench-case.ts';
import { runSimulated } from './simulated-run.ts';

const MACHINES = [1_000, 5_000, 10_000, 40_000];
const FRAMEWORKS = [1, 10, 100, 1_000];

/** How cost grows with the cluster and with the number of frameworks, at the same load: six hours of the jobs of omega-day, offers on demand. */
export const growth: Benchmark = {
  name: 'growth',
  title: 'the same load on 1,000 to 40,000 machines, and with 1 to 1,000 frameworks',
  cases: [
    ...MACHINES.map((machines) => ({
      name: `growth/machines-${machines}`,
      run: () =>
        runSimulated({
          name: `growth/machines-${machines}`,
          trace: 'omega-day',
          parameters: { machines: String(machines), days: '0.25' },
          policy: 'demand',
          frameworksPerRole: 1,
          roles: ['batch', 'service'],
        }),
    })),
    ...FRAMEWORKS.map((frameworks) => ({
      name: `growth/frameworks-${frameworks}`,
      run: () =>
        runSimulated({
          name: `growth/frameworks-${frameworks}`,
          trace: 'omega-day',
          parameters: { machines: '10000', days: '0.25', roles: '1' },
          policy: 'demand',
          frameworksPerRole: frameworks,
          roles: ['batch'],
        }),
    })),
  ],
};
