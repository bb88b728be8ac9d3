import type { ReportedTask } from '../protocol/index.ts';
import { isTerminal, type StatusUpdateMessage } from '../protocol/index.ts';
import type { AgentRecord } from './agent-record.ts';
import type { FrameworkRecord } from './framework-record.ts';
import type { MasterState } from './state.ts';
import { TaskRecord } from './task-record.ts';
import { recoverTask } from './tasks.ts';

/*
 * One id, one live task: a task that comes back with its agent while its framework runs another one under its id is killed, and the other one is
 * the framework's. Until its agent says that it has ended it uses what it used, and nobody else may have that: it is on the books of its agent,
 * and of no interest to its framework. (Mesos kills it and does not count it, so that its resources are offered twice until it is dead.)
 */

/** A report names a live task whose id its framework uses on another agent. */
export function addSuperseded(
  master: MasterState,
  framework: FrameworkRecord,
  agent: AgentRecord,
  reported: ReportedTask,
): void {
  if (isTerminal(reported.state) || superseded(framework, agent, reported.task.taskId) !== null) return;
  const role = master.allocator.role(reported.role);
  const task = new TaskRecord(framework, agent, role, reported.task, reported.executorId, reported.state);
  task.isSuperseded = true;
  agent.addTask(task);
  framework.version++;
  (framework.supersededTasks ??= new Set()).add(task);
  master.stats.allocated.add(task.info.resources);
}

/** The superseded task of the framework on the agent with that id, or null. */
export function superseded(
  framework: FrameworkRecord,
  agent: AgentRecord,
  taskId: TaskRecord['taskId'],
): TaskRecord | null {
  if (framework.supersededTasks === null) return null;
  for (const task of framework.supersededTasks) {
    if (task.agent === agent && task.taskId === taskId) return task;
  }
  return null;
}

/** Its agent tells of it: once it has ended nothing is kept of it. */
export function supersededUpdated(
  master: MasterState,
  framework: FrameworkRecord,
  agent: AgentRecord,
  message: StatusUpdateMessage,
): void {
  const task = superseded(framework, agent, message.status.taskId);
  if (task === null) return;
  task.state = message.latestState;
  if (isTerminal(task.state)) endSuperseded(master, task);
}

/** It is over, or its agent or its framework is: what it held comes back. */
export function endSuperseded(master: MasterState, task: TaskRecord): void {
  recoverTask(master, task);
  task.agent.removeTask(task);
  const { framework } = task;
  framework.supersededTasks!.delete(task);
  if (framework.supersededTasks!.size === 0) framework.supersededTasks = null;
}
