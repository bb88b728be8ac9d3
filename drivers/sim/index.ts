export { Placeability } from './placement/index.ts';
export { type ContainerOptions, DEFAULT_CONTAINER_OPTIONS } from './containers/index.ts';
export { describeDivergence, type Divergence, firstDivergence, type TappedRun } from './divergence/index.ts';
export {
  DEFAULT_FAULT_OPTIONS,
  describeFault,
  FAULT_KINDS,
  FAULT_WINDOW,
  type FaultKind,
  type FaultOptions,
  FaultPlan,
  type PlannedFault,
  REPLAY_FAULT_KINDS,
  scaledFaults,
} from './faults/index.ts';
export { DEFAULT_NETWORK_OPTIONS, type NetworkOptions } from './network/index.ts';
export { DEFAULT_REGISTRY_OPTIONS, type RegistryOptions } from './registry/index.ts';
export {
  type Actor,
  DEFAULT_ALLOCATOR_OPTIONS,
  DEFAULT_SIMULATION_OPTIONS,
  type FrameworkFleetOptions,
  type OutputTap,
  type RunCounters,
  Simulation,
  type SimulationExplainError,
  type SimulationExplanation,
  type SimulationOptions,
} from './world/index.ts';
