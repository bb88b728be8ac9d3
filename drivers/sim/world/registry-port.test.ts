import { test } from 'vitest';
import { hierarchicalDrf } from '../../../allocators/hierarchical-drf/index.ts';
import { declareContract, REGISTRY_CONTRACT } from '../../../engine/contracts/index.ts';
import type { Coordination, MasterSide } from './coordination.ts';
import { DEFAULT_ENSEMBLE_OPTIONS, type EnsembleOptions } from './ensemble-options.ts';
import { EtcdCoordination } from './etcd-coordination.ts';
import { DEFAULT_SIMULATION_OPTIONS } from './simulation-options.ts';
import { SoloCoordination } from './solo-coordination.ts';
import { machines } from './test-kit.ts';
import { VirtualRegistryWorld } from './virtual-registry-world.ts';
import { World } from './world.ts';

// The registry's stores as the simulator has them, held to the contract that drivers/linux passes as well (drivers/linux/storage/registry-port.test.ts).

const SOLE: EnsembleOptions = { ...DEFAULT_ENSEMBLE_OPTIONS, masters: 1 };

function subject(
  name: string,
  ensemble: EnsembleOptions | null,
  make: (world: World, side: MasterSide) => Coordination,
) {
  const options = {
    ...DEFAULT_SIMULATION_OPTIONS,
    seed: 1,
    machines: machines(1),
    allocator: hierarchicalDrf,
  };
  return {
    name,
    open: () =>
      Promise.resolve(new VirtualRegistryWorld(new World({ ...options, ensemble }, { struck() {} }), make)),
    close: () => Promise.resolve(),
    lacks: {},
  };
}

declareContract(
  test,
  REGISTRY_CONTRACT,
  subject('a simulated store of one master', null, (world, side) => new SoloCoordination(world, side, [])),
);
declareContract(
  test,
  REGISTRY_CONTRACT,
  subject('simulated etcd', SOLE, (world, side) => new EtcdCoordination(world, side, SOLE, [])),
);
