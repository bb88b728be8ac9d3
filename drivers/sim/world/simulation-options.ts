import { MICROS_PER_SECOND, type Micros, micros, milli } from '../../../engine/core/index.ts';
import { type AgentSettings, DEFAULT_AGENT_SETTINGS } from '../../../engine/agent/index.ts';
import {
  type AllocatorFactory,
  type AllocatorOptions,
  DEFAULT_MASTER_OPTIONS,
  type MasterOptions,
} from '../../../engine/master/index.ts';
import type { QuotaConfig } from '../../../engine/protocol/index.ts';
import { Quantities } from '../../../engine/resources/index.ts';
import type { MachineEvent, MachineSpec, RunObserver } from '../../../engine/workload/index.ts';
import { DEFAULT_WORKLOAD_OPTIONS, type WorkloadOptions } from '../../../frameworks/workload/index.ts';
import { type ContainerOptions, DEFAULT_CONTAINER_OPTIONS } from '../containers/index.ts';
import type { FaultOptions } from '../faults/index.ts';
import { DEFAULT_NETWORK_OPTIONS, type NetworkOptions } from '../network/index.ts';
import { DEFAULT_REGISTRY_OPTIONS, type RegistryOptions } from '../registry/index.ts';
import type { EnsembleOptions } from './ensemble-options.ts';
import type { InputTap, OutputTap } from './output-tap.ts';

/** The frameworks of a run. A role that only turns up with a job gets its frameworks then, with weight 1. */
export interface FrameworkFleetOptions {
  /** Frameworks per role; jobs of a role go to them in turn. */
  readonly perRole: number;
  readonly roles: readonly { readonly role: string; readonly weight: number }[];
  readonly workload: Omit<WorkloadOptions, 'info' | 'seed'>;
}

/** A run: these options and the jobs that are fed, and nothing else, decide what happens. */
export interface SimulationOptions {
  readonly seed: string | number;
  /** Names are unique. A machine whose first event is ADDED joins only then. */
  readonly machines: readonly MachineSpec[];
  /** By instant. */
  readonly machineEvents: readonly MachineEvent[];
  readonly frameworks: FrameworkFleetOptions;
  /** In the registry from the start; the rules of spec 08 §4 hold for them. */
  readonly quotas: readonly QuotaConfig[];
  readonly network: NetworkOptions;
  readonly containers: ContainerOptions;
  readonly registry: RegistryOptions;
  /** Several masters, an election and a replicated store; null for one master with a store of its own (`registry`). */
  readonly ensemble: EnsembleOptions | null;
  /** How long the authorizer takes to answer, where the master asks one. */
  readonly authorizerDelay: Micros;
  readonly faults: FaultOptions | null;
  readonly allocator: AllocatorFactory;
  /** The seed of each master's allocator comes from the run's. */
  readonly allocatorOptions: Omit<AllocatorOptions, 'seed'>;
  readonly master: MasterOptions;
  readonly agent: AgentSettings;
  /** Time until a master that ended by itself is back (with one master: the next election), where no fault says otherwise. */
  readonly electionDelay: Micros;
  /** An agent that the master refused for good starts again, with an empty disk, after this. */
  readonly agentRestartDelay: Micros;
  /** A run in which nothing runs, arrives, ends or comes back for so long is over, although jobs wait. */
  readonly stallTimeout: Micros;
  /** µs between samples of the cluster; null takes none. */
  readonly sampleInterval: Micros | null;
  readonly observer: RunObserver | null;
  /** Sees every output of every machine; for finding where two runs part. */
  readonly tap: OutputTap | null;
  /** Sees every input of masters, agents and schedulers; for timelines. */
  readonly inputTap: InputTap | null;
  /** `every-step` checks what a step touched after it, and all books against each other now and then. */
  readonly checkInvariants: 'never' | 'end' | 'every-step';
}

export const DEFAULT_ALLOCATOR_OPTIONS: Omit<AllocatorOptions, 'seed'> = {
  allocationInterval: micros(MICROS_PER_SECOND),
  timing: 'event',
  eventDelay: micros(5_000),
  declinerGuard: true,
  // `--min_allocatable_resources`, default `cpus:0.01|mem:32` (spec 17).
  minAllocatable: [Quantities.of([['cpus', milli(10)]]), Quantities.of([['mem', milli(32_000)]])],
  fairnessExclude: [],
  filterGpuResources: true,
  domain: null,
  recoveryTimeout: micros(600 * MICROS_PER_SECOND),
  agentRecoveryFactor: 0.8,
  roleSorter: 'drf',
  frameworkSorter: 'drf',
};

/** Everything but the seed, the machines and the allocator. */
export const DEFAULT_SIMULATION_OPTIONS: Omit<SimulationOptions, 'seed' | 'machines' | 'allocator'> = {
  machineEvents: [],
  frameworks: { perRole: 1, roles: [], workload: DEFAULT_WORKLOAD_OPTIONS },
  quotas: [],
  network: DEFAULT_NETWORK_OPTIONS,
  containers: DEFAULT_CONTAINER_OPTIONS,
  registry: DEFAULT_REGISTRY_OPTIONS,
  ensemble: null,
  authorizerDelay: micros(2_000),
  faults: null,
  allocatorOptions: DEFAULT_ALLOCATOR_OPTIONS,
  master: DEFAULT_MASTER_OPTIONS,
  agent: DEFAULT_AGENT_SETTINGS,
  electionDelay: micros(10 * MICROS_PER_SECOND),
  agentRestartDelay: micros(10 * MICROS_PER_SECOND),
  stallTimeout: micros(3_600 * MICROS_PER_SECOND),
  sampleInterval: null,
  observer: null,
  tap: null,
  inputTap: null,
  checkInvariants: 'end',
};
