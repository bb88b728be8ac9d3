export {
  type AgentVerdict,
  type AllocationExplanation,
  type Change,
  type Contender,
  type ExplainError,
  type ExplainingAllocator,
  type Holder,
  isExplaining,
  type ReasonGroup,
  type Shortage,
  type Suggestion,
  type UnmetGuarantee,
  type Withheld,
  WITHHOLDING_RULES,
  type WithholdingRule,
} from './allocation-explanation.ts';
export type {
  Agent,
  AllocationSink,
  Allocator,
  AllocatorAgent,
  AllocatorFactory,
  AllocatorFramework,
  AllocationTiming,
  AllocatorMetrics,
  AllocatorOptions,
  Framework,
  Quota,
  Role,
  SnapshotParts,
  SorterKind,
  Unavailability,
  Usage,
} from './allocator.ts';
export {
  changeText,
  type ExplanationNames,
  explanationText,
  shortageText,
  withheldText,
} from './explanation-text.ts';
export { CALL_ERROR_STATUS, type CallError, callErrorText } from './call-error.ts';
export type { LinkId, MasterInput, OperatorStreamId, RequestId, StreamId } from './input.ts';
export { type MachineSnapshot, type SnapshotError, SnapshotMismatch } from './machine-snapshot.ts';
export { MasterMachine } from './master-machine.ts';
export type { MetricValue } from './metrics.ts';
export {
  DEFAULT_MASTER_OPTIONS,
  type MasterAddress,
  type MasterOptions,
  SERVICE_MASTER_OPTIONS,
} from './options.ts';
export {
  agentStatus,
  agentStatuses,
  completedFrameworkStatuses,
  executorViews,
  executorViewsOf,
  frameworkStatus,
  frameworkStatuses,
  masterInfo,
  type OperatorRead,
  type RoleBreakdown,
  RoleBreakdowns,
  roleStatuses,
  type TaskKind,
  taskView,
  taskViews,
  taskViewsOf,
} from './queries/index.ts';
export type { PrincipalLimit, Rate, RateLimits } from './rate-limits.ts';
export { LEASE_LABEL, OWNER_LABEL } from './reservation-labels.ts';
export type { ReservationOrphan } from './reservation-watch.ts';
export type { TaskTimeline, TimelineEntry } from './task-history.ts';
export type { MasterOutput } from './output.ts';
export { hashMasterOutput } from './output-hash.ts';
export { quotaConsumption } from './quota-consumption.ts';
export {
  type QuotaError,
  quotaErrorText,
  type QuotaFacts,
  type QuotaRequested,
  validateQuota,
  validateQuotaUpdate,
  validateWeight,
} from './quota-validation.ts';
export { KindSums, type MasterStats } from './stats.ts';
export type { AgentRecord } from './agent-record.ts';
export type { FrameworkRecord } from './framework-record.ts';
export type { MasterState } from './state.ts';
