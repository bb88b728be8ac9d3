import type { FrameworkId } from '../../../../engine/core/index.ts';
import { isTerminal } from '../../../../engine/protocol/index.ts';
import { Resources } from '../../../../engine/resources/index.ts';
import { expectThat, type Property } from '../property.ts';
import type { Scene } from '../scene.ts';

/** As in Mesos, what a framework held is free once the framework is removed, while its agents still end what runs (spec 03 §7). */
function counts({ leader }: Scene, frameworkId: FrameworkId): boolean {
  return leader === null || !leader.state.completedFrameworks.has(frameworkId);
}

/** S2, no double allocation: what an agent runs is never more than its machine has. Looked at whenever an agent has launched something. */
export function capacity(): Property {
  const touched = new Set<number>();
  return {
    id: 'S2',
    agentOutput(_now, machine, output) {
      if (output.kind === 'launchContainer') touched.add(machine);
    },
    check(scene) {
      for (const machine of touched) {
        const agent = scene.agent(machine);
        if (agent === null) continue;
        let used = Resources.EMPTY;
        const { tasks, executors } = agent.report();
        for (const { frameworkId, task, state } of tasks) {
          if (!isTerminal(state) && counts(scene, frameworkId)) used = used.plus(task.resources);
        }
        for (const { frameworkId, executor } of executors) {
          if (counts(scene, frameworkId)) used = used.plus(executor.resources);
        }
        const total = scene.scenario.machines[machine]!.resources;
        // Quantities: what is reserved or a volume is still the machine's.
        expectThat(
          total.quantities().contains(used.nonRevocable().nonShared().quantities()),
          'S2',
          () => `machine ${machine} has ${total.toString()}, its agent runs ${used.toString()}`,
        );
      }
      touched.clear();
    },
  };
}
