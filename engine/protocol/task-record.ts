import type { AgentId, ExecutorId, FrameworkId, OperationUuid, TaskId, UpdateId } from '../core/index.ts';
import type { Resources } from '../resources/index.ts';
import type { OfferOperation } from './offer.ts';
import type { OperationStatus } from './operation-status.ts';
import type { TaskStatus, TaskTemplate } from './task.ts';
import type { TaskState } from './task-state.ts';

/** `Task`: what the master and the agents tell operators of a task (spec 05 §A). */
export interface Task {
  readonly taskId: TaskId;
  readonly frameworkId: FrameworkId;
  /** Null for a command task. */
  readonly executorId: ExecutorId | null;
  readonly agentId: AgentId;
  readonly state: TaskState;
  readonly role: string;
  readonly resources: Resources;
  /** The latest status of each run of equal states, without data. */
  readonly statuses: readonly TaskStatus[];
  readonly statusUpdateState: TaskState | null;
  readonly statusUpdateUuid: UpdateId | null;
  readonly user: string | null;
  /** Name, labels, discovery, container, checks, kill policy and limits. */
  readonly template: TaskTemplate;
}

/** `Operation`: an offer operation or one of an operator, and how far it has come (spec 09 §5). */
export interface Operation {
  readonly uuid: OperationUuid;
  /** Null when an operator asked for it. */
  readonly frameworkId: FrameworkId | null;
  readonly agentId: AgentId | null;
  readonly info: OfferOperation;
  readonly latestStatus: OperationStatus;
  readonly statuses: readonly OperationStatus[];
}
