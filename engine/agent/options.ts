import { MICROS_PER_SECOND, type Micros, micros, milli } from '../core/index.ts';
import type { AgentInfo } from '../protocol/index.ts';
import { Resources } from '../resources/index.ts';
import type { HistorySizes } from './completed-work.ts';
import type { OversubscriptionSettings } from './oversubscription.ts';
import type { ReconfigurationPolicy } from './reconfiguration.ts';
import { DEFAULT_GARBAGE_COLLECTION, type GarbageCollection } from './sandboxes.ts';

/** How an agent behaves; agents of one cluster share one object. */
export interface AgentSettings {
  /** Bound of the first random wait between two registration attempts; doubles per attempt up to the maximum (spec 13 §5). */
  readonly registrationBackoff: Micros;
  readonly registrationBackoffMax: Micros;
  /** Wait before an unacknowledged update is sent again; doubles per retry up to the maximum (spec 07 §3). */
  readonly statusUpdateRetry: Micros;
  readonly statusUpdateRetryMax: Micros;
  /** Between SIGTERM and SIGKILL where neither the call nor the task says otherwise (spec 07 §6). */
  readonly killGracePeriod: Micros;
  /** Mesos's built-in executors send TASK_STARTING (spec 04 §6). Off, a task goes from STAGING to RUNNING: one round trip less. */
  readonly sendTaskStarting: boolean;
  /** What a command executor takes beside its task, on the agent's side only (spec 04 §6). */
  readonly commandExecutorOverhead: Resources;
  /** From the start of a custom executor's container to its SUBSCRIBE (`--executor_registration_timeout`). */
  readonly executorRegistrationTimeout: Micros;
  /** From a restart of the agent to the new SUBSCRIBE of the executors that ran on (`--executor_reregistration_timeout`). */
  readonly executorReregistrationTimeout: Micros;
  /** From SHUTDOWN to the end of an executor that does not say otherwise (`--executor_shutdown_grace_period`). */
  readonly executorShutdownGracePeriod: Micros;
  readonly executorHeartbeatInterval: Micros;
  /** How long an executor tries to subscribe to an agent that is away (`--recovery_timeout`), and the longest wait between its attempts. */
  readonly recoveryTimeout: Micros;
  readonly subscriptionBackoffMax: Micros;
  /** Whether changes of the checkpoint come as outputs; else the driver takes whole ones by `checkpoint()`. */
  readonly checkpointing: boolean;
  /** What is kept of things that are over, for operators; null keeps nothing. */
  readonly history: HistorySizes | null;
  /** Null keeps no account of sandboxes. */
  readonly garbageCollection: GarbageCollection | null;
  /** Null lends nothing. */
  readonly oversubscription: OversubscriptionSettings | null;
  /** `--recover`: `cleanup` ends what a former process left, and then the agent. */
  readonly recover: 'reconnect' | 'cleanup';
  readonly reconfigurationPolicy: ReconfigurationPolicy;
}

export interface AgentOptions {
  /** What the agent says of itself; its `id` is null, the master gives one. */
  readonly info: AgentInfo;
  /** Seeds the agent's own random streams; different for every agent. */
  readonly seed: number;
  readonly settings: AgentSettings;
}

/** Mesos's defaults, without what only real disks need. */
export const DEFAULT_AGENT_SETTINGS: AgentSettings = {
  registrationBackoff: micros(MICROS_PER_SECOND),
  registrationBackoffMax: micros(60 * MICROS_PER_SECOND),
  statusUpdateRetry: micros(10 * MICROS_PER_SECOND),
  statusUpdateRetryMax: micros(600 * MICROS_PER_SECOND),
  killGracePeriod: micros(3 * MICROS_PER_SECOND),
  sendTaskStarting: true,
  commandExecutorOverhead: Resources.ofScalars({ cpus: milli(100), mem: milli(32_000) }),
  executorRegistrationTimeout: micros(60 * MICROS_PER_SECOND),
  executorReregistrationTimeout: micros(2 * MICROS_PER_SECOND),
  executorShutdownGracePeriod: micros(5 * MICROS_PER_SECOND),
  executorHeartbeatInterval: micros(1_800 * MICROS_PER_SECOND),
  recoveryTimeout: micros(900 * MICROS_PER_SECOND),
  subscriptionBackoffMax: micros(2 * MICROS_PER_SECOND),
  checkpointing: false,
  history: null,
  garbageCollection: null,
  oversubscription: null,
  recover: 'reconnect',
  reconfigurationPolicy: 'equal',
};

/** What an agent on a real machine keeps beside. */
export const DURABLE_AGENT_SETTINGS: AgentSettings = {
  ...DEFAULT_AGENT_SETTINGS,
  checkpointing: true,
  history: { frameworks: 50, executors: 150, tasks: 200 },
  garbageCollection: DEFAULT_GARBAGE_COLLECTION,
};
