import { isTerminal } from '../../../../engine/protocol/index.ts';
import { Resources } from '../../../../engine/resources/index.ts';
import { expectThat, type Property } from '../property.ts';

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
        for (const { task, state } of tasks) if (!isTerminal(state)) used = used.plus(task.resources);
        for (const { executor } of executors) used = used.plus(executor.resources);
        const total = scene.scenario.machines[machine]!.resources;
        // Quantities: what is reserved or a volume is still the machine's.
        expectThat(
          total.quantities().contains(used.nonRevocable().nonShared().quantities()),
          'S2',
          () => `machine ${machine} has ${total}, its agent runs ${used}`,
        );
      }
      touched.clear();
    },
  };
}
