export {
  type AgentCapability,
  type AgentInfo,
  ALL_AGENT_CAPABILITIES,
  type Attribute,
  type DomainInfo,
} from './agent-info.ts';
export type {
  AgentApiCall,
  ContainerCall,
  ContainerImage,
  ContainerInput,
  ProcessIo,
} from './agent-api-call.ts';
export type {
  AgentApiResponse,
  AgentExecutors,
  AgentFrameworks,
  AgentTasks,
  ContainerRecord,
  ContainerStatus,
  ContainerTermination,
  NetworkInfo,
} from './agent-api-response.ts';
export type {
  AgentToMaster,
  MasterToAgent,
  OperationStatusUpdateMessage,
  ReportedExecutor,
  ReportedOperation,
  ReportedTask,
  RunTaskMessage,
  StatusUpdateAcknowledgement,
  StatusUpdateMessage,
} from './agent-message.ts';
export type { CheckInfo, CheckStatus, HealthCheck } from './checks.ts';
export type {
  CommandInfo,
  CommandUri,
  ContainerInfo,
  DiscoveryInfo,
  DockerInfo,
  EnvironmentVariable,
  Volume,
} from './container.ts';
export { type FrameworkCapability, type FrameworkInfo, rolesOf } from './framework-info.ts';
export { isTerminalOperation, type OperationState, type OperationStatus } from './operation-status.ts';
export type { Labels } from './labels.ts';
export {
  type Filters,
  isSpeculative,
  type Offer,
  type OfferOperation,
  type ResourceOfferOperation,
} from './offer.ts';
export type { AttributeConstraint, ConstraintGroup, OfferConstraints } from './offer-constraints.ts';
export type {
  AcceptCall,
  AcknowledgeCall,
  DeclineCall,
  KillCall,
  ReconcileCall,
  RequestCall,
  SchedulerCall,
  SubscribeCall,
} from './scheduler-call.ts';
export type {
  InverseOffer,
  OffersEvent,
  SchedulerEvent,
  SubscribedEvent,
  UpdateEvent,
} from './scheduler-event.ts';
export type {
  ExecutorInfo,
  KillPolicy,
  TaskInfo,
  TaskStatus,
  TaskStatusDetails,
  TaskTemplate,
} from './task.ts';
export { BLANK_TEMPLATE } from './task.ts';
export {
  isTerminal,
  STATUS_REASON_NUMBERS,
  type StatusReason,
  type StatusSource,
  TASK_STATE_NUMBERS,
  type TaskState,
} from './task-state.ts';
export { parseAttributes } from './attribute-text.ts';
export type { AuthorizationAction, AuthorizationRequest } from './authorization.ts';
export type { ContainerId } from './container-id.ts';
export type { ExecutorCall, ExecutorSubscribeCall, ExecutorUpdateCall } from './executor-call.ts';
export type { ExecutorEvent } from './executor-event.ts';
export type {
  DrainConfig,
  DrainInfo,
  InverseOfferStatus,
  MachineId,
  MaintenanceSchedule,
  MaintenanceStatus,
  MaintenanceWindow,
  Unavailability,
} from './maintenance.ts';
export type { ExtensionCall, OperatorCall, OperatorMutation, OperatorQuery } from './operator-call.ts';
export { isIpAddress } from './ip-address.ts';
export { machineKey, machineText } from './machine-id.ts';
export type { ExtensionEvent, OperatorEvent } from './operator-event.ts';
export type {
  AgentStatus,
  ClusterAgents,
  ClusterExecutors,
  ClusterFrameworks,
  ClusterState,
  ClusterTasks,
  FrameworkStatus,
  MasterCapability,
  MasterInfo,
  OperatorResponse,
  RoleStatus,
} from './operator-response.ts';
export type { FileInfo, Flag, Metric, ProcessCall, ProcessResponse, VersionInfo } from './process-info.ts';
export type { QuotaConfig, QuotaInfo, QuotaRequest, QuotaStatus, WeightInfo } from './quota.ts';
export type {
  CsiPluginInfo,
  CsiService,
  ResourceProviderInfo,
  ResourceProviderStatus,
} from './resource-provider-info.ts';
export { NOTHING_MEASURED, type ResourceStatistics, type StatisticName } from './resource-statistics.ts';
export type { Operation, Task } from './task-record.ts';
