export type { AgentFleet } from './agent-fleet.ts';
export { Cluster } from './cluster.ts';
export {
  DEFAULT_ENSEMBLE_OPTIONS,
  DEFAULT_STORE_OPTIONS,
  type EnsembleOptions,
  type StoreOptions,
} from './ensemble-options.ts';
export type { FrameworkFleet, RoleFleet } from './framework-fleet.ts';
export type { MasterEnsemble } from './master-ensemble.ts';
export type { MasterHost } from './master-host.ts';
export type { Actor, InputTap, OutputTap } from './output-tap.ts';
export { settlingBound } from './settling-bound.ts';
export { SchedulerFleet } from './scheduler-fleet.ts';
export type {
  SchedulerFactory,
  SchedulerInput,
  SchedulerMachine,
  SchedulerOutput,
} from './scheduler-port.ts';
export type { SchedulerSide } from './scheduler-side.ts';
export {
  type RunCounters,
  Simulation,
  type SimulationExplainError,
  type SimulationExplanation,
} from './simulation.ts';
export {
  DEFAULT_ALLOCATOR_OPTIONS,
  DEFAULT_SIMULATION_OPTIONS,
  type FrameworkFleetOptions,
  type SimulationOptions,
} from './simulation-options.ts';
