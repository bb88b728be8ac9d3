export {
  type AgentCapability,
  type AgentInfo,
  ALL_AGENT_CAPABILITIES,
  type Attribute,
  type DomainInfo,
} from './agent-info.ts';
export type {
  AgentToMaster,
  MasterToAgent,
  ReportedExecutor,
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
export type { Labels } from './labels.ts';
export type { Filters, Offer, OfferOperation } from './offer.ts';
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
  OperationState,
  OperationStatus,
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
export {
  isTerminal,
  STATUS_REASON_NUMBERS,
  type StatusReason,
  type StatusSource,
  TASK_STATE_NUMBERS,
  type TaskState,
} from './task-state.ts';
