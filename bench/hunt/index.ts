import { huntScenario, steadyScenario } from '../../drivers/sim/hunt/index.ts';
import type { ScenarioSize } from '../../drivers/sim/hunt/index.ts';
import { assert, MICROS_PER_SECOND, micros } from '../../engine/core/index.ts';
import { type BenchRow, type Benchmark, measured } from '../bench-case.ts';

const HOUR = 3_600 * MICROS_PER_SECOND;

/** Five masters, fifty agents, ten frameworks. */
const CLUSTER = { masters: 5, machines: 50, frameworks: 10 };

/** Ten days of faults and all properties, and the rest after them, in which everything has to settle. */
export const hunting: Benchmark = {
  name: 'hunt',
  title: '5 masters, 50 agents, 10 frameworks under faults, properties on: virtual hours per CPU minute',
  cases: [
    {
      name: 'hunt/ten-days',
      run: async () => [await runHunt('hunt/ten-days', { ...CLUSTER, horizon: micros(240 * HOUR) })],
    },
  ],
};

/** Runs the steady scenario of that size under its faults, with all properties of `orrery hunt`, and measures it. Throws if one is broken. */
export async function runHunt(name: string, size: ScenarioSize, seed = 1): Promise<BenchRow> {
  const kinds = new Map<string, number>();
  const { result, ...cost } = await measured(async () =>
    huntScenario(steadyScenario(seed, size), null, {
      input() {},
      output() {},
      fault(_now, text) {
        const kind = text.slice(0, text.indexOf(' '));
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      },
    }),
  );
  assert(result.failure === null, `a hunt for measuring breaks no promise: ${result.failure?.what}`);
  const hours = result.duration / HOUR;
  return {
    name,
    size: `${size.masters} masters, ${size.machines} agents, ${size.frameworks} frameworks`,
    ...cost,
    tasks: result.launches,
    events: result.events,
    hash: result.hash,
    more: {
      clusterHours: hours,
      clusterHoursPerCpuMinute: (hours * 60) / cost.cpuSeconds,
      faults: result.faults,
      faultKinds: kinds.size,
    },
  };
}
