import { test } from 'vitest';
import {
  type ContractSubject,
  declareContract,
  REGISTRY_CONTRACT,
  type RegistryAbility,
} from '../../../engine/contracts/index.ts';
import { RealRegistryWorld } from './real-registry-world.ts';

// A master's loop over each registry store, held to the contract that the simulator passes as well (drivers/sim/world/registry-port.test.ts).

function subject(
  name: string,
  kind: 'level' | 'memory',
  lacks: ContractSubject<RealRegistryWorld, RegistryAbility>['lacks'],
): ContractSubject<RealRegistryWorld, RegistryAbility> {
  return { name, open: () => RealRegistryWorld.open(kind), close: (world) => world.close(), lacks };
}

declareContract(test, REGISTRY_CONTRACT, subject('LevelRegistry', 'level', {}));
declareContract(
  test,
  REGISTRY_CONTRACT,
  subject('MemoryRegistry', 'memory', {
    outlives: 'a registry in memory ends with its process',
    fails: 'memory can be written as long as there is a process',
  }),
);
