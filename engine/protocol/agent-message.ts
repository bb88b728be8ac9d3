import type { AgentId, ExecutorId, FrameworkId, OperationUuid, TaskId, UpdateId } from '../core/index.ts';
import type { Resources } from '../resources/index.ts';
import type { AgentInfo } from './agent-info.ts';
import type { FrameworkInfo } from './framework-info.ts';
import type { ResourceOfferOperation } from './offer.ts';
import type { OperationStatus } from './operation-status.ts';
import type { DrainConfig } from './maintenance.ts';
import type { ExecutorInfo, KillPolicy, TaskInfo, TaskStatus } from './task.ts';
import type { TaskState } from './task-state.ts';

/** A task as an agent reports it when it re-registers, and as the master tells it back to be reconciled. */
export interface ReportedTask {
  readonly frameworkId: FrameworkId;
  readonly task: TaskInfo;
  readonly role: string;
  readonly executorId: ExecutorId;
  /** Latest state that the agent knows. */
  readonly state: TaskState;
  /** State and id of the oldest update not yet acknowledged, null when there is none (spec 03 §8). */
  readonly statusUpdateState: TaskState | null;
  readonly statusUpdateUuid: UpdateId | null;
}

/** An executor that runs on an agent and takes resources of its own from the framework's share. */
export interface ReportedExecutor {
  readonly frameworkId: FrameworkId;
  readonly executor: ExecutorInfo;
  readonly role: string;
}

/** An operation whose end its framework has not acknowledged, as an agent reports it when it re-registers. */
export interface ReportedOperation {
  readonly operationUuid: OperationUuid;
  /** Null when an operator asked for it. */
  readonly frameworkId: FrameworkId | null;
  readonly info: ResourceOfferOperation;
  /** With the uuid by which it is to be acknowledged; null while pending. */
  readonly latestStatus: OperationStatus;
}

/** From an agent to its master. */
export type AgentToMaster =
  | { readonly type: 'REGISTER_AGENT'; readonly info: AgentInfo }
  | {
      readonly type: 'REREGISTER_AGENT';
      /** With the id of the first registration. */
      readonly info: AgentInfo;
      readonly tasks: readonly ReportedTask[];
      readonly executors: readonly ReportedExecutor[];
      readonly operations: readonly ReportedOperation[];
      readonly frameworks: readonly { readonly id: FrameworkId; readonly info: FrameworkInfo }[];
    }
  | { readonly type: 'UNREGISTER_AGENT'; readonly agentId: AgentId }
  /** What the agent can lend beside its total, all of it revocable: it replaces what was said before (spec 12 §11). */
  | { readonly type: 'UPDATE_AGENT'; readonly agentId: AgentId; readonly oversubscribed: Resources }
  | StatusUpdateMessage
  | OperationStatusUpdateMessage
  | {
      readonly type: 'EXITED_EXECUTOR';
      readonly agentId: AgentId;
      readonly frameworkId: FrameworkId;
      readonly executorId: ExecutorId;
      /** Wait status, null if unknown. */
      readonly status: number | null;
    }
  | {
      readonly type: 'EXECUTOR_TO_FRAMEWORK';
      readonly agentId: AgentId;
      readonly frameworkId: FrameworkId;
      readonly executorId: ExecutorId;
      readonly data: Uint8Array;
    };

/** One update of one task, retried until acknowledged; `latestState` drives the master's accounting (spec 07 §3). */
export interface StatusUpdateMessage {
  readonly type: 'STATUS_UPDATE';
  readonly agentId: AgentId;
  readonly frameworkId: FrameworkId;
  readonly status: TaskStatus;
  readonly latestState: TaskState;
}

/** How an operation ended (spec 09 §5), retried until acknowledged. */
export interface OperationStatusUpdateMessage {
  readonly type: 'UPDATE_OPERATION_STATUS';
  readonly agentId: AgentId;
  readonly frameworkId: FrameworkId | null;
  readonly operationUuid: OperationUuid;
  readonly status: OperationStatus;
}

/** From the master to an agent. */
export type MasterToAgent =
  | { readonly type: 'AGENT_REGISTERED'; readonly agentId: AgentId }
  /** If the agent is being drained, DRAIN_AGENT follows at once; without it any drain that the agent remembers is over. */
  | {
      readonly type: 'AGENT_REREGISTERED';
      readonly agentId: AgentId;
      /** Tasks the master knows and the agent did not report; for each the agent answers with a terminal update (spec 07 §4). */
      readonly unreported: readonly {
        readonly frameworkId: FrameworkId;
        readonly taskId: TaskId;
        readonly partitionAware: boolean;
      }[];
      /** Pending operations that the agent did not report; for each the agent answers OPERATION_DROPPED. */
      readonly unreportedOperations: readonly {
        readonly frameworkId: FrameworkId | null;
        readonly operationUuid: OperationUuid;
        readonly operationId: string | null;
      }[];
    }
  | RunTaskMessage
  | {
      readonly type: 'RUN_TASK_GROUP';
      readonly frameworkId: FrameworkId;
      readonly framework: FrameworkInfo;
      readonly role: string;
      readonly executor: ExecutorInfo;
      readonly tasks: readonly TaskInfo[];
      /** Whether the master counted the executor's own resources for this launch. */
      readonly launchExecutor: boolean;
    }
  | {
      readonly type: 'KILL_TASK';
      readonly frameworkId: FrameworkId;
      readonly taskId: TaskId;
      readonly killPolicy: KillPolicy | null;
    }
  | StatusUpdateAcknowledgement
  | { readonly type: 'SHUTDOWN_FRAMEWORK'; readonly frameworkId: FrameworkId }
  | {
      readonly type: 'SHUTDOWN_EXECUTOR';
      readonly frameworkId: FrameworkId;
      readonly executorId: ExecutorId;
    }
  | { readonly type: 'UPDATE_FRAMEWORK'; readonly frameworkId: FrameworkId; readonly info: FrameworkInfo }
  | {
      readonly type: 'FRAMEWORK_TO_EXECUTOR';
      readonly frameworkId: FrameworkId;
      readonly executorId: ExecutorId;
      readonly data: Uint8Array;
    }
  /** An operation on the agent's resources; the agent checkpoints the outcome and answers UPDATE_OPERATION_STATUS (spec 09 §5). */
  | {
      readonly type: 'APPLY_OPERATION';
      readonly frameworkId: FrameworkId | null;
      readonly operationUuid: OperationUuid;
      readonly info: ResourceOfferOperation;
    }
  | {
      readonly type: 'ACKNOWLEDGE_OPERATION_STATUS';
      readonly operationUuid: OperationUuid;
      /** Of the status. */
      readonly uuid: UpdateId;
    }
  /**
   * The agent is drained (spec 10 §2): it takes no launches any more and kills its tasks. `tasks` names those whose turn it is where a drain
   * goes in waves; null means all. Said again, with what `config` is now, as often as need be.
   */
  | {
      readonly type: 'DRAIN_AGENT';
      readonly config: DrainConfig;
      readonly tasks: readonly { readonly frameworkId: FrameworkId; readonly taskId: TaskId }[] | null;
    }
  /** An operator took the drain back, or reactivated the agent after it: launches are taken again; kills under way go on. */
  | { readonly type: 'STOP_DRAINING' }
  /** The total of the agent after operations, for agents without RESOURCE_PROVIDER (spec 09); what the agent checkpoints. */
  | { readonly type: 'CHECKPOINT_RESOURCES'; readonly resources: Resources }
  /** The agent may not be part of the cluster: it ends its executors and stops. */
  | { readonly type: 'SHUTDOWN'; readonly message: string };

export interface RunTaskMessage {
  readonly type: 'RUN_TASK';
  readonly frameworkId: FrameworkId;
  readonly framework: FrameworkInfo;
  readonly role: string;
  readonly task: TaskInfo;
  /** Whether the master counted the executor's own resources for this launch; false when the executor already runs. */
  readonly launchExecutor: boolean;
}

export interface StatusUpdateAcknowledgement {
  readonly type: 'STATUS_UPDATE_ACKNOWLEDGEMENT';
  readonly frameworkId: FrameworkId;
  readonly taskId: TaskId;
  readonly uuid: UpdateId;
}
