import { Rng } from '../../../engine/core/index.ts';
import { describeFault, FAULT_WINDOW, FaultPlan } from '../faults/index.ts';
import { seedNumber } from '../world/seed-number.ts';
import { type HuntCase, scenarioOf } from './hunt-case.ts';
import { optionsOf } from './run.ts';

/** One fault of a case's plan: what names it, and a line for a person. */
export interface PlannedLine {
  readonly index: number;
  readonly text: string;
}

/** The faults that strike in a case, by instant. */
export function plannedFaults(which: HuntCase): readonly PlannedLine[] {
  const scenario = scenarioOf(which);
  const { faults, machines } = optionsOf(scenario, which.faults);
  const seed = Rng.forPurpose(seedNumber(scenario.seed), 'faults').next() | 0;
  const plan = new FaultPlan(seed, faults!, machines.length, scenario.masters);
  const lines: PlannedLine[] = [];
  for (let window = 0; window * FAULT_WINDOW < scenario.horizon; window++) {
    for (const fault of plan.window(window)) lines.push({ index: fault.index, text: describeFault(fault) });
  }
  return lines;
}
