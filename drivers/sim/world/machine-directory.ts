import { type AgentId, assert } from '../../../engine/core/index.ts';
import type { MachineSpec } from '../../../engine/workload/index.ts';

/** Which machine an agent id was given to. An agent that loses its disk gets another id; a machine keeps its name. */
export class MachineDirectory {
  readonly #byName = new Map<string, number>();
  readonly #byAgent = new Map<number, number>();

  constructor(machines: readonly MachineSpec[]) {
    machines.forEach((machine, index) => {
      assert(!this.#byName.has(machine.name), `two machines are called ${machine.name}`);
      this.#byName.set(machine.name, index);
    });
  }

  admitted(agentId: AgentId, hostname: string): void {
    const machine = this.#byName.get(hostname);
    assert(machine !== undefined, 'agents are named after their machines');
    this.#byAgent.set(agentId, machine);
  }

  machineOf(agentId: number): number {
    const machine = this.#byAgent.get(agentId);
    assert(machine !== undefined, 'an agent that runs tasks was admitted');
    return machine;
  }
}
