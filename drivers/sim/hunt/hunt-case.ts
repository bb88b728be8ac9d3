import { type Micros, MICROS_PER_SECOND, micros } from '../../../engine/core/index.ts';
import { HUNT_FAULT_MAX } from './hunt-faults.ts';
import { ROUND } from './properties/starvation.ts';
import { drawScenario, type Scenario, type ScenarioSize } from './scenario.ts';

/** Which run: a seed, and what of its scenario and faults takes part; null keeps all. */
export interface HuntCase {
  readonly seed: number;
  readonly size: ScenarioSize | null;
  /** Planned faults that strike, by index. */
  readonly faults: readonly number[] | null;
  /** Frameworks that take part, by number. */
  readonly frameworks: readonly number[] | null;
  /** The first so many machines. */
  readonly machines: number | null;
  /** Of the phase in which faults strike. */
  readonly horizon: Micros | null;
}

/** A case of the whole seed. */
export function wholeCase(seed: number, size: ScenarioSize | null = null): HuntCase {
  return { seed, size, faults: null, frameworks: null, machines: null, horizon: null };
}

/** The scenario of a case. */
export function scenarioOf({ seed, size, frameworks, machines, horizon }: HuntCase): Scenario {
  const whole = drawScenario(seed, size);
  const kept =
    frameworks === null
      ? whole.frameworks
      : whole.frameworks.filter((_, index) => frameworks.includes(index));
  const until = horizon ?? whole.horizon;
  return {
    ...whole,
    frameworks: kept.map((one) => ({ ...one, calmAt: until })),
    machines: machines === null ? whole.machines : whole.machines.slice(0, machines),
    horizon: until,
  };
}

/** Within this after the horizon everything has come to rest. */
export function boundOf(scenario: Scenario): Micros {
  const { master, agent, allocator } = scenario;
  return micros(
    HUNT_FAULT_MAX +
      2 * (master.agentReregisterTimeout + master.agentPingTimeout * (master.maxAgentPingTimeouts + 1)) +
      2 * agent.registrationBackoffMax +
      2 * agent.statusUpdateRetryMax +
      allocator.recoveryTimeout +
      CONNECTIONS_MEND +
      ROUND,
  );
}

/** Broken connections are noticed, leaders elected and found, tasks asked about and ended. */
const CONNECTIONS_MEND = micros(420 * MICROS_PER_SECOND);
