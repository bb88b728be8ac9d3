export type { ExecutorEnding, ExecutorKind, ExecutorPhase } from './agent-executor.ts';
export { type AgentCounts, AgentMachine } from './agent-machine.ts';
export type { TaskEnding, TaskPhase } from './agent-task.ts';
export type {
  AgentCheckpoint,
  CheckpointedAgent,
  CheckpointedExecutor,
  CheckpointedFramework,
  CheckpointedSandbox,
  CheckpointedTask,
  TaskProgress,
} from './checkpoint.ts';
export {
  CheckpointFold,
  type CheckpointRecord,
  recordsOf,
  restoreCheckpoint,
} from './checkpoint-record.ts';
export {
  type CommandTaskSpec,
  type ContainerExit,
  type ContainerHandle,
  type ContainerSpec,
  type CustomExecutorSpec,
  type ExecutorEnvironment,
  NO_CONTAINER,
  type PodSpec,
  type PodTaskSpec,
  type Probe,
  type ProbeResult,
  type ProbeUse,
} from './container.ts';
export {
  type ExecutorCallError,
  type ExecutorClaims,
  type ExecutorRequestId,
  type ExecutorStreamId,
  executorCallErrorStatus,
  executorCallErrorText,
} from './executor-api.ts';
export type { AgentView, ExecutorView, FrameworkView } from './agent-view.ts';
export { containerUsers, visibleView } from './visible-view.ts';
export type { HistorySizes } from './completed-work.ts';
export type { AgentInput } from './input.ts';
export {
  type AgentOptions,
  type AgentSettings,
  DEFAULT_AGENT_SETTINGS,
  DURABLE_AGENT_SETTINGS,
} from './options.ts';
export {
  estimateOversubscribable,
  type HostLoad,
  mustRevoke,
  type OversubscriptionSettings,
  type QosController,
  type ResourceEstimator,
} from './oversubscription.ts';
export type { AgentOutput } from './output.ts';
export { hashAgentOutput } from './output-hash.ts';
export {
  incompatibility,
  incompatibilityText,
  type ReconfigurationPolicy,
} from './reconfiguration.ts';
export { DEFAULT_GARBAGE_COLLECTION, type GarbageCollection, maxAllowedAge } from './sandboxes.ts';
