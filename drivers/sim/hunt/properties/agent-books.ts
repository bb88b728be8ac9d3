import { InvariantError } from '../../../../engine/core/index.ts';
import { type Property, PropertyError } from '../property.ts';

/** S10, internal checks: an agent's books never contradict themselves. One agent a time, in turn; all of them at rest. */
export function agentBooks(): Property {
  let turn = 0;
  return {
    id: 'S10',
    check(scene) {
      const machine = turn++ % scene.scenario.machines.length;
      checked(machine, () => scene.agent(machine)?.checkInvariants());
    },
    settled(scene) {
      for (let machine = 0; machine < scene.scenario.machines.length; machine++) {
        checked(machine, () => scene.agent(machine)?.checkInvariants());
      }
    },
  };
}

function checked(machine: number, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof InvariantError)) throw error;
    throw new PropertyError('S10', `in the books of the agent on machine ${machine}: ${error.message}`);
  }
}
