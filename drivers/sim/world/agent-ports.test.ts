import { test } from 'vitest';
import { hierarchicalDrf } from '../../../allocators/hierarchical-drf/index.ts';
import {
  AgentGround,
  CONTAINER_CONTRACT,
  declareContract,
  EXECUTOR_CONTRACT,
  PROBE_CONTRACT,
} from '../../../engine/contracts/index.ts';
import { VirtualAgentWorld } from './virtual-agent-world.ts';

// The agent's ports as the simulator has them, held to the contracts that drivers/linux passes as well (drivers/linux/agent/agent-ports.test.ts).

const VIRTUAL = {
  name: 'simulated',
  open: () => Promise.resolve(new AgentGround(new VirtualAgentWorld(hierarchicalDrf))),
  close: () => Promise.resolve(),
  lacks: {},
};

declareContract(test, CONTAINER_CONTRACT, VIRTUAL);
declareContract(test, EXECUTOR_CONTRACT, VIRTUAL);
declareContract(test, PROBE_CONTRACT, VIRTUAL);
