import { expect, test } from 'vitest';
import { MICROS_PER_SECOND, micros } from '../engine/core/index.ts';
import type { BenchRow } from './bench-case.ts';
import { runHunt } from './hunt/index.ts';
import { omegaTiny } from './omega.ts';
import { replayWithReport } from './philly.ts';
import { runSimulated } from './simulated-run.ts';

// Every benchmark runs here in little, so that none can rot. No time is asserted: only what comes out.

test.each(omegaTiny.cases.map((one) => [one.name, one] as const))(
  '%s ends every task, and says the same twice',
  async (_, one) => {
    const [first] = (await one.run()) as [BenchRow];
    const [second] = (await one.run()) as [BenchRow];
    expect(first.tasks).toBe(2_498);
    expect(first.hash).toMatch(/^[0-9a-f]{16}$/);
    expect([second.hash, second.events, second.tasks]).toEqual([first.hash, first.events, first.tasks]);
  },
);

test('demand makes far fewer offers than suppressing, and tasks wait no longer', async () => {
  const [kept, suppressed, demanded] = (await Promise.all(omegaTiny.cases.map((one) => one.run()))).flat();
  expect(demanded!.more['offers']! * 5).toBeLessThan(suppressed!.more['offers']!);
  expect(demanded!.more['meanWaitSeconds']!).toBeLessThanOrEqual(suppressed!.more['meanWaitSeconds']! * 1.05);
  expect(kept!.tasks).toBe(demanded!.tasks);
});

test('a load shared by ten frameworks of a role runs to its end', async () => {
  const [row] = await runSimulated({
    name: 'frameworks',
    trace: 'omega-day',
    parameters: { machines: '100', days: '0.005', roles: '1', 'batch-tasks': '10' },
    policy: 'demand',
    frameworksPerRole: 10,
    roles: ['batch'],
  });
  expect(row!.tasks).toBeGreaterThan(200);
});

test('a replay with its report counts what the trace holds', async () => {
  const row = await replayWithReport('philly/tiny', 'philly-2017', 50);
  expect(row.tasks).toBeGreaterThanOrEqual(50);
  expect(row.size).toContain('50 jobs');
});

test('a hunt in little keeps all promises under faults of many kinds, and says the same twice', async () => {
  const size = { masters: 3, machines: 8, frameworks: 3, horizon: micros(3_600 * MICROS_PER_SECOND) };
  const row = await runHunt('hunt/tiny', size);
  const again = await runHunt('hunt/tiny', size);
  expect(row.tasks).toBeGreaterThan(0);
  expect(row.more['faultKinds']).toBeGreaterThan(3);
  expect(row.more['clusterHours']).toBeGreaterThan(1);
  expect([again.hash, again.events, again.tasks]).toEqual([row.hash, row.events, row.tasks]);
});
