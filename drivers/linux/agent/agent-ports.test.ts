import { test } from 'vitest';
import {
  type AgentAbility,
  AgentGround,
  CONTAINER_CONTRACT,
  type ContractSubject,
  declareContract,
  EXECUTOR_CONTRACT,
  PROBE_CONTRACT,
} from '../../../engine/contracts/index.ts';
import { type CgroupMounts, cgroupMounts } from '../containers/cgroups/cgroup-mounts.ts';
import { ContainerCgroup } from '../containers/cgroups/container-cgroup.ts';
import { RealAgentWorld, type RealWorldOptions } from './real-agent-world.ts';

// The agent's ports as the production driver has them, held to the contracts that the simulator passes as well (drivers/sim/world/agent-ports.test.ts).

type Lacks = ContractSubject<AgentGround, AgentAbility>['lacks'];

function subject(
  name: string,
  lacks: Lacks,
  options: RealWorldOptions = {},
): ContractSubject<AgentGround, AgentAbility> {
  return {
    name,
    open: async () => new AgentGround(await RealAgentWorld.open(options)),
    close: ({ world }) => (world as RealAgentWorld).close(),
    lacks,
  };
}

const NO_CGROUPS: CgroupMounts = { v1: new Map(), v2: null };
const limitsMemory = new ContainerCgroup(await cgroupMounts(), 'any').limitsMemory;

const WITHOUT_CGROUPS = subject(
  'processes without cgroups',
  { memoryLimit: 'without cgroups nothing limits memory' },
  { cgroups: NO_CGROUPS },
);

declareContract(test, CONTAINER_CONTRACT, WITHOUT_CGROUPS);
declareContract(test, EXECUTOR_CONTRACT, WITHOUT_CGROUPS);
declareContract(test, PROBE_CONTRACT, WITHOUT_CGROUPS);

// Whoever may make cgroups has their limits too.
if (limitsMemory && process.getuid?.() === 0) {
  const withCgroups = subject('processes with cgroups', {});
  declareContract(test, CONTAINER_CONTRACT, withCgroups);
  declareContract(test, EXECUTOR_CONTRACT, withCgroups);
  declareContract(test, PROBE_CONTRACT, withCgroups);
} else {
  test('the contracts of the agent’s ports with cgroups', ({ skip }) => {
    const missing = 'this machine lets nobody make memory cgroups: run as root to test limits';
    if (process.env['CI'] !== undefined) throw new Error(missing);
    skip(missing);
  });
}
