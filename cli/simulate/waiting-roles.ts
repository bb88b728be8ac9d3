import type { Simulation } from '../../drivers/sim/index.ts';
import { explanationText } from '../../engine/master/index.ts';
import type { WaitingRole } from '../../reports/index.ts';

/** Roles explained in a report; each costs a cycle or more on paper. */
const ROLES_MAX = 8;

/** Why the first queued task of each role is not offered what it needs, now. Roles without a queue are left out. */
export function waitingRoles(
  simulation: Simulation,
  roles: readonly string[],
  frameworksPerRole: number,
): readonly WaitingRole[] {
  const waiting: WaitingRole[] = [];
  for (const role of roles) {
    if (waiting.length === ROLES_MAX) break;
    for (let index = 0; index < frameworksPerRole; index++) {
      const explained = simulation.explain(role, index, null);
      // Without a leading master, or for a framework that never subscribed, there is nothing to explain.
      if (!explained.ok || explained.value.head === null) continue;
      const { why, nameOf, tasksQueued } = explained.value;
      waiting.push({ role, tasksQueued, lines: explanationText(why, { framework: nameOf }) });
      break;
    }
  }
  return waiting;
}
