import { micros, MICROS_PER_SECOND } from '../../../engine/core/index.ts';
import { ddmin } from './ddmin.ts';
import { type HuntCase, scenarioOf } from './hunt-case.ts';
import { plannedFaults } from './planned.ts';
import type { PropertyId } from './property.ts';
import { hunt, type HuntResult } from './run.ts';

/** The shortest history found, and what it took. */
export interface Shrunk {
  readonly which: HuntCase;
  readonly result: HuntResult;
  readonly runs: number;
}

/**
 * Makes a failing case shorter while it breaks the same property: fewer machines, frameworks and faults, and an earlier end. Each candidate is run
 * anew from its beginning; at most `runsMax` are.
 */
export function shrink(failing: HuntCase, property: PropertyId, runsMax: number): Shrunk {
  let best = failing;
  let result = hunt(failing);
  let runs = 1;
  const at = result.failure?.at ?? result.duration;
  // A failure before the horizon needs no phase of recovery.
  const isShort = at < scenarioOf(failing).horizon;
  const tries = (candidate: HuntCase): boolean | null => {
    if (runs >= runsMax) return null;
    runs++;
    const tried = hunt(candidate, null, isShort);
    if (tried.failure?.property !== property) return false;
    best = candidate;
    result = tried;
    return true;
  };

  // What comes after the failure is of no use, unless it is one of the end.
  if (isShort) {
    tries({ ...best, horizon: micros(Math.ceil(at / MICROS_PER_SECOND + 1) * MICROS_PER_SECOND) });
  }
  // Faults are drawn for a number of machines: first this, while all faults strike.
  for (const machines of [1, 2, 3, 5, 8, 13, 21, 34]) {
    if (machines >= scenarioOf(best).machines.length) break;
    if (tries({ ...best, machines }) !== false) break;
  }
  const frameworks = best.frameworks ?? scenarioOf(best).frameworks.map((_, index) => index);
  ddmin(frameworks, (some) => tries({ ...best, frameworks: some }));
  const faults = plannedFaults(best).map(({ index }) => index);
  ddmin(faults, (some) => tries({ ...best, faults: some }));
  // Again, with fewer of the others.
  const left = best.frameworks ?? frameworks;
  if (left.length > 1) ddmin(left, (some) => tries({ ...best, frameworks: some }));
  let span = scenarioOf(best).horizon;
  while (span > 2 * MICROS_PER_SECOND) {
    span = micros(Math.floor(span / 2));
    if (tries({ ...best, horizon: micros(scenarioOf(best).horizon - span) }) === null) break;
  }
  return { which: best, result, runs };
}
