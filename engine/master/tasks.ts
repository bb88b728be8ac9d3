import { type AgentId, type ExecutorId, type Micros, Ring, type TaskId } from '../core/index.ts';
import { isTerminal, type StatusReason, type TaskState, type TaskStatus } from '../protocol/index.ts';
import type { ExecutorRecord } from './agent-record.ts';
import type { FrameworkRecord } from './framework-record.ts';
import { taskAdded } from './published.ts';
import type { MasterState } from './state.ts';
import type { TaskRecord } from './task-record.ts';

/** A status that the master makes itself: source MASTER, no uuid, so nobody acknowledges it (spec 07 §3). */
export function masterStatus(
  master: MasterState,
  taskId: TaskId,
  state: TaskState,
  reason: StatusReason | null,
  message: string | null,
  agentId: AgentId | null,
  executorId: ExecutorId | null = null,
  unreachableTime: Micros | null = null,
): TaskStatus {
  return {
    taskId,
    state,
    source: 'SOURCE_MASTER',
    reason,
    agentId,
    executorId,
    timestamp: master.now,
    uuid: null,
    message,
    details:
      unreachableTime === null
        ? null
        : {
            healthy: null,
            checkStatus: null,
            labels: null,
            data: null,
            unreachableTime,
            limitation: null,
            containerStatus: null,
          },
  };
}

/** Puts a task on the books of its agent and framework. Its resources count as used unless it is terminal. */
export function addTask(master: MasterState, task: TaskRecord): void {
  task.agent.addTask(task);
  task.framework.tasks.set(task.taskId, task);
  if (!isTerminal(task.state)) master.stats.allocated.add(task.info.resources);
  taskAdded(master, task);
}

/** Takes a task off the books for good. Its resources must have been recovered before. */
export function forgetTask(master: MasterState, task: TaskRecord): void {
  takeOff(task);
  complete(master, task);
}

/** Takes a task off the books of its agent and framework; what becomes of it is the caller's. */
export function takeOff(task: TaskRecord): void {
  task.agent.removeTask(task);
  task.framework.tasks.delete(task.taskId);
  task.framework.tasksVersion++;
  task.framework.version++;
}

/** Keeps an ended task for operators' eyes, if anything is kept. */
export function complete(master: MasterState, task: TaskRecord): void {
  if (task.history === null || master.options.maxCompletedTasksPerFramework === 0) return;
  const { framework } = task;
  framework.completedTasks ??= new Ring(master.options.maxCompletedTasksPerFramework);
  framework.completedTasks.push(task);
  framework.tasksVersion++;
}

/** The first terminal state that the master learns of gives the resources back, acknowledged or not (spec 07 §3). */
export function recoverTask(master: MasterState, task: TaskRecord): void {
  const { resources } = task.info;
  task.agent.version++;
  task.framework.version++;
  master.stats.allocated.subtract(resources);
  if (master.reservationWatch !== null) master.reservationWatch.used(master.now, task.agent, resources);
  master.allocator.recoverResources(
    master.now,
    task.framework.row,
    task.role,
    task.agent.row,
    resources,
    null,
  );
}

/** Puts an executor on the books; its resources count as used. */
export function addExecutor(master: MasterState, executor: ExecutorRecord): void {
  executor.agent.version++;
  executor.framework.version++;
  executor.agent.executors.push(executor);
  executor.framework.executors.add(executor);
  master.stats.allocated.add(executor.info.resources);
}

/** Takes an executor off the books and gives its resources back. */
export function removeExecutor(master: MasterState, executor: ExecutorRecord): void {
  const { agent, framework, role, info } = executor;
  forgetExecutor(executor);
  master.stats.allocated.subtract(info.resources);
  if (master.reservationWatch !== null) master.reservationWatch.used(master.now, agent, info.resources);
  master.allocator.recoverResources(master.now, framework.row, role, agent.row, info.resources, null);
}

/** Takes an executor off the books; its resources are the caller's. Executors of an agent are few. */
export function forgetExecutor(executor: ExecutorRecord): void {
  const { executors } = executor.agent;
  executor.agent.version++;
  executor.framework.version++;
  executors.splice(executors.indexOf(executor), 1);
  executor.framework.executors.delete(executor);
}

/** Remembers a task of an agent that is away; the oldest beyond the bound are forgotten (spec 17). */
export function rememberUnreachable(master: MasterState, framework: FrameworkRecord, task: TaskRecord): void {
  framework.tasksVersion++;
  framework.unreachableTasks.set(task.taskId, task);
  if (framework.unreachableTasks.size <= master.options.maxUnreachableTasksPerFramework) return;
  for (const oldest of framework.unreachableTasks.keys()) {
    framework.unreachableTasks.delete(oldest);
    break;
  }
}
