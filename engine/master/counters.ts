import { fieldsLayout } from '../core/graph/index.ts';
import {
  type OperationState,
  type ResourceOfferOperation,
  STATUS_REASON_NUMBERS,
  type StatusReason,
  type StatusSource,
  TASK_STATE_NUMBERS,
  type TaskState,
} from '../protocol/index.ts';

const SOURCES: readonly StatusSource[] = ['SOURCE_MASTER', 'SOURCE_AGENT', 'SOURCE_EXECUTOR'];
const REASONS = Math.max(...Object.values(STATUS_REASON_NUMBERS)) + 2;
const STATES = Object.keys(TASK_STATE_NUMBERS) as readonly TaskState[];
const PER_STATE = SOURCES.length * REASONS;

/** How often tasks ended or became unreachable, by state, source and reason: `counts[(state × sources + source) × reasons + reason + 1]`, reason 0 for none. */
export class TaskEndCounters {
  #counts = new Float64Array(STATES.length * PER_STATE);

  add(state: TaskState, source: StatusSource, reason: StatusReason | null): void {
    const sourceIndex = source === 'SOURCE_MASTER' ? 0 : source === 'SOURCE_AGENT' ? 1 : 2;
    const reasonIndex = reason === null ? 0 : STATUS_REASON_NUMBERS[reason] + 1;
    const index = (TASK_STATE_NUMBERS[state] * SOURCES.length + sourceIndex) * REASONS + reasonIndex;
    this.#counts[index] = this.#counts[index]! + 1;
  }

  of(state: TaskState): number {
    let sum = 0;
    const start = TASK_STATE_NUMBERS[state] * PER_STATE;
    for (let index = start; index < start + PER_STATE; index++) sum += this.#counts[index]!;
    return sum;
  }

  /** Those that are not 0, with a reason. */
  *byReason(): Generator<readonly [TaskState, StatusSource, StatusReason, number]> {
    for (const state of STATES) {
      for (let source = 0; source < SOURCES.length; source++) {
        for (const [reason, number] of Object.entries(STATUS_REASON_NUMBERS)) {
          const index = (TASK_STATE_NUMBERS[state] * SOURCES.length + source) * REASONS + number + 1;
          const count = this.#counts[index]!;
          if (count > 0) yield [state, SOURCES[source]!, reason as StatusReason, count];
        }
      }
    }
  }

  static readonly layout = fieldsLayout({
    take: (it: TaskEndCounters) => ({ counts: it.#counts }),
    put: (it, fields) => {
      it.#counts = fields.counts;
    },
  });
}

/** Operations on resources, in the order of the metrics. */
export const RESOURCE_OPERATIONS: readonly ResourceOfferOperation['type'][] = [
  'RESERVE',
  'UNRESERVE',
  'CREATE',
  'DESTROY',
  'GROW_VOLUME',
  'SHRINK_VOLUME',
  'CREATE_DISK',
  'DESTROY_DISK',
];
/** States in which the master counts operations. */
export const OPERATION_ENDS = [
  'OPERATION_FINISHED',
  'OPERATION_FAILED',
  'OPERATION_ERROR',
  'OPERATION_DROPPED',
  'OPERATION_UNREACHABLE',
  'OPERATION_GONE_BY_OPERATOR',
] as const satisfies readonly OperationState[];

/** How operations on resources ended, by kind and state. */
export class OperationEndCounters {
  #counts = new Float64Array(RESOURCE_OPERATIONS.length * OPERATION_ENDS.length);

  add(type: ResourceOfferOperation['type'], state: OperationState): void {
    const end = (OPERATION_ENDS as readonly OperationState[]).indexOf(state);
    if (end === -1) return;
    const index = RESOURCE_OPERATIONS.indexOf(type) * OPERATION_ENDS.length + end;
    this.#counts[index] = this.#counts[index]! + 1;
  }

  of(type: ResourceOfferOperation['type'], state: (typeof OPERATION_ENDS)[number]): number {
    return this.#counts[
      RESOURCE_OPERATIONS.indexOf(type) * OPERATION_ENDS.length + OPERATION_ENDS.indexOf(state)
    ]!;
  }

  static readonly layout = fieldsLayout({
    take: (it: OperationEndCounters) => ({ counts: it.#counts }),
    put: (it, fields) => {
      it.#counts = fields.counts;
    },
  });
}

/** What the master has counted since it started (spec 15): whole numbers that only grow. */
export class MasterCounters {
  messagesRegisterFramework = 0;
  messagesReregisterFramework = 0;
  messagesUnregisterFramework = 0;
  messagesDeactivateFramework = 0;
  messagesRegisterAgent = 0;
  messagesReregisterAgent = 0;
  messagesUnregisterAgent = 0;
  messagesKillTask = 0;
  messagesLaunchTasks = 0;
  messagesDeclineOffers = 0;
  messagesReviveOffers = 0;
  messagesSuppressOffers = 0;
  messagesResourceRequest = 0;
  messagesReconcileTasks = 0;
  messagesReconcileOperations = 0;
  messagesStatusUpdate = 0;
  messagesStatusUpdateAcknowledgement = 0;
  messagesOperationStatusUpdate = 0;
  messagesOperationStatusUpdateAcknowledgement = 0;
  messagesFrameworkToExecutor = 0;
  messagesExecutorToFramework = 0;
  messagesExitedExecutor = 0;
  messagesUpdateFramework = 0;
  /** Of schedulers that may not speak: not subscribed, another's stream, an unknown framework, beyond the rate. */
  droppedMessages = 0;
  validStatusUpdates = 0;
  invalidStatusUpdates = 0;
  validStatusUpdateAcknowledgements = 0;
  invalidStatusUpdateAcknowledgements = 0;
  validOperationStatusUpdates = 0;
  invalidOperationStatusUpdates = 0;
  validFrameworkToExecutor = 0;
  invalidFrameworkToExecutor = 0;
  validExecutorToFramework = 0;
  invalidExecutorToFramework = 0;
  agentRegistrations = 0;
  agentReregistrations = 0;
  /** Another agent registered at its address. */
  agentRemovalsRegistered = 0;
  /** It was unreachable. */
  agentRemovalsUnhealthy = 0;
  /** It left. */
  agentRemovalsUnregistered = 0;
  agentUnreachableScheduled = 0;
  agentUnreachableCanceled = 0;
  agentUnreachableCompleted = 0;
  /** Agents of the registry that did not come back after the election. */
  recoveryAgentRemovals = 0;
  validOperationStatusUpdateAcknowledgements = 0;
  invalidOperationStatusUpdateAcknowledgements = 0;
  readonly taskEnds = new TaskEndCounters();
  readonly operationEnds = new OperationEndCounters();

  static readonly layout = fieldsLayout({});
}
