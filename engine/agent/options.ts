import { MICROS_PER_SECOND, type Micros, micros, milli } from '../core/index.ts';
import type { AgentInfo } from '../protocol/index.ts';
import { Resources } from '../resources/index.ts';

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
}

export interface AgentOptions {
  /** What the agent says of itself; its `id` is null, the master gives one. */
  readonly info: AgentInfo;
  /** Seeds the agent's own random streams; different for every agent. */
  readonly seed: number;
  readonly settings: AgentSettings;
}

/** Mesos's defaults. */
export const DEFAULT_AGENT_SETTINGS: AgentSettings = {
  registrationBackoff: micros(MICROS_PER_SECOND),
  registrationBackoffMax: micros(60 * MICROS_PER_SECOND),
  statusUpdateRetry: micros(10 * MICROS_PER_SECOND),
  statusUpdateRetryMax: micros(600 * MICROS_PER_SECOND),
  killGracePeriod: micros(3 * MICROS_PER_SECOND),
  sendTaskStarting: true,
  commandExecutorOverhead: Resources.ofScalars({ cpus: milli(100), mem: milli(32_000) }),
};
