import { test } from 'vitest';
import { hierarchicalDrf } from '../../../allocators/hierarchical-drf/index.ts';
import type { AgentCheckpoint, CheckpointRecord, ContainerHandle } from '../../../engine/agent/index.ts';
import {
  CHECKPOINT_CONTRACT,
  type CheckpointWorld,
  declareContract,
} from '../../../engine/contracts/index.ts';
import { MICROS_PER_MILLISECOND, micros } from '../../../engine/core/index.ts';
import { VirtualAgentWorld } from './virtual-agent-world.ts';

// The disks of the simulator's agents, held to the contract that drivers/linux passes as well (drivers/linux/agent/checkpoint-port.test.ts).

/** A step each five milliseconds, and a crash of the machine at any of them. */
class VirtualCheckpointWorld implements CheckpointWorld {
  readonly #world = new VirtualAgentWorld(hierarchicalDrf);

  async run(steps: readonly (readonly CheckpointRecord[])[], pick: number): Promise<number> {
    const { script } = this.#world;
    for (const records of steps) {
      script.order(...records.map((record) => ({ kind: 'checkpoint' as const, record })), {
        kind: 'stopProbes',
        container: 1 as ContainerHandle,
      });
    }
    await this.#world.pass(micros((pick % (5 * (steps.length + 10))) * MICROS_PER_MILLISECOND));
    await this.#world.reboot();
    return steps.length - script.withdraw();
  }

  async find(): Promise<AgentCheckpoint | null> {
    await this.#world.start();
    const { input } = this.#world.script.heard.filter((one) => one.input.kind === 'started').at(-1)!;
    return input.kind === 'started' ? input.recovered : null;
  }
}

declareContract(test, CHECKPOINT_CONTRACT, {
  name: 'a simulated machine’s disk',
  open: () => Promise.resolve(new VirtualCheckpointWorld()),
  close: () => Promise.resolve(),
  lacks: {},
});
