import type { AgentId, OfferId } from '../core/index.ts';
import {
  isTerminal,
  type Offer,
  type QuotaConfig,
  type TaskState,
  type TaskStatus,
  type WeightInfo,
} from '../protocol/index.ts';
import type { AgentRecord } from './agent-record.ts';
import type { FrameworkRecord } from './framework-record.ts';
import { publish, UNSCOPED } from './operator-streams.ts';
import { agentStatus, frameworkStatus, taskView } from './queries/index.ts';
import type { MasterState } from './state.ts';
import { TaskHistory } from './task-history.ts';
import { type TaskRecord, userOfTask } from './task-record.ts';

// What operators are told of changes to the books (spec 05 §B), and what is kept of tasks for them. Each function is called after its change.

function scopeOf(framework: FrameworkRecord) {
  return { frameworkUser: framework.info.user, taskUser: null, role: null };
}

function scopeOfTask(task: TaskRecord) {
  const frameworkUser = task.framework.info.user;
  return { frameworkUser, taskUser: userOfTask(task) ?? frameworkUser, role: null };
}

/** The master accepted a launch, or learned of a task. */
export function taskAdded(master: MasterState, task: TaskRecord): void {
  task.framework.tasksVersion++;
  task.framework.version++;
  if (master.options.history === 'full') {
    task.history ??= new TaskHistory();
    const source = task.state === 'TASK_STAGING' ? 'SOURCE_MASTER' : 'SOURCE_AGENT';
    task.history.addState(
      { at: master.now, state: task.state, source, reason: null },
      master.options.taskTimelineEntries,
    );
  }
  if (master.streams !== null)
    publish(master, { type: 'TASK_ADDED', task: taskView(master, task) }, scopeOfTask(task));
}

/**
 * A status of the task was told, or would have been if its framework were connected. Listeners hear of new states and of results of checks;
 * repeats they do not hear.
 */
export function taskTold(
  master: MasterState,
  task: TaskRecord,
  status: TaskStatus,
  isNewState: boolean,
): void {
  const { framework } = task;
  framework.tasksVersion++;
  if (isNewState && (isTerminal(task.state) || task.state === 'TASK_UNREACHABLE'))
    countEnd(master, framework, task.state, status);
  if (task.history !== null) {
    task.history.addStatus(status);
    const { state, source, reason } = status;
    task.history.addState({ at: master.now, state, source, reason }, master.options.taskTimelineEntries);
  }
  if (master.streams === null) return;
  const isCheck =
    status.reason === 'REASON_TASK_CHECK_STATUS_UPDATED' ||
    status.reason === 'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED';
  if (!isNewState && !isCheck) return;
  const frameworkId = framework.id;
  publish(master, { type: 'TASK_UPDATED', frameworkId, status, state: task.state }, scopeOfTask(task));
}

/** A task ended, never began, or is out of reach (spec 15). */
export function countEnd(
  master: MasterState,
  framework: FrameworkRecord,
  state: TaskState,
  { source, reason }: Pick<TaskStatus, 'source' | 'reason'>,
): void {
  master.counters.taskEnds.add(state, source, reason);
  framework.counters?.addEnd(state);
}

export function agentAdded(master: MasterState, agent: AgentRecord): void {
  master.membershipVersion++;
  if (master.streams !== null)
    publish(master, { type: 'AGENT_ADDED', agent: agentStatus(master, agent) }, UNSCOPED);
}

/** Anything but what its tasks and offers hold. Listeners hear of it if they asked for the events that Mesos does not have. */
export function agentUpdated(master: MasterState, agent: AgentRecord): void {
  agent.version++;
  if (master.streams !== null)
    publish(master, { type: 'AGENT_UPDATED', agent: agentStatus(master, agent) }, UNSCOPED);
}

export function agentRemoved(master: MasterState, agentId: AgentId): void {
  master.membershipVersion++;
  if (master.streams !== null) publish(master, { type: 'AGENT_REMOVED', agentId }, UNSCOPED);
}

export function frameworkAdded(master: MasterState, framework: FrameworkRecord): void {
  master.membershipVersion++;
  if (master.streams === null) return;
  const event = { type: 'FRAMEWORK_ADDED', framework: frameworkStatus(master, framework) } as const;
  publish(master, event, scopeOf(framework));
}

/** It subscribed again, or its FrameworkInfo changed. */
export function frameworkUpdated(master: MasterState, framework: FrameworkRecord): void {
  framework.version++;
  if (master.streams === null) return;
  const event = { type: 'FRAMEWORK_UPDATED', framework: frameworkStatus(master, framework) } as const;
  publish(master, event, scopeOf(framework));
}

/** What operators see of it afterwards is that it is over. */
export function frameworkRemoved(master: MasterState, framework: FrameworkRecord): void {
  master.membershipVersion++;
  framework.version++;
  if (master.streams === null) return;
  publish(master, { type: 'FRAMEWORK_REMOVED', frameworkInfo: framework.info }, scopeOf(framework));
}

export function offerAdded(master: MasterState, framework: FrameworkRecord, offer: Offer): void {
  publish(master, { type: 'OFFER_ADDED', offer }, scopeOf(framework));
}

/** It was answered, rescinded or discarded. */
export function offerRemoved(master: MasterState, framework: FrameworkRecord, offerId: OfferId): void {
  publish(master, { type: 'OFFER_REMOVED', offerId }, scopeOf(framework));
}

/** The quota of a role is another one, durably. */
export function quotaUpdated(master: MasterState, quotaConfig: QuotaConfig): void {
  if (master.streams !== null)
    publish(master, { type: 'QUOTA_UPDATED', quotaConfig }, { ...UNSCOPED, role: quotaConfig.role });
}

/** The weight of a role is another one, durably. */
export function weightUpdated(master: MasterState, weightInfo: WeightInfo): void {
  if (master.streams !== null)
    publish(master, { type: 'WEIGHT_UPDATED', weightInfo }, { ...UNSCOPED, role: weightInfo.role });
}
