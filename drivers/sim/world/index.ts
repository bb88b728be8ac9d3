export type { AgentFleet } from './agent-fleet.ts';
export type { FrameworkFleet, RoleFleet } from './framework-fleet.ts';
export type { MasterHost } from './master-host.ts';
export type { Actor, OutputTap } from './output-tap.ts';
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
