import { type ExecutorId, type FrameworkId, Ring, type TaskId } from '../core/index.ts';
import type { ExecutorInfo, FrameworkInfo, Task, TaskState, TaskStatus } from '../protocol/index.ts';
import type { AgentExecutor } from './agent-executor.ts';
import type { AgentFramework } from './agent-framework.ts';
import type { AgentTask } from './agent-task.ts';
import type { ContainerHandle } from './container.ts';
import { taskRecord } from './task-record.ts';

/** How much of what is over an agent keeps for operators (spec 06 §C). */
export interface HistorySizes {
  readonly frameworks: number;
  /** Per framework (`--max_completed_executors_per_framework`). */
  readonly executors: number;
  /** Per executor. */
  readonly tasks: number;
}

/** An executor that has ended; a command task's among them, with `info` null. */
export interface CompletedExecutor {
  readonly executorId: ExecutorId;
  readonly info: ExecutorInfo | null;
  readonly role: string;
  readonly container: ContainerHandle;
  readonly tasks: Ring<Task>;
}

/** What is over of a framework; `isOver`: the framework itself has nothing here any more. */
export interface CompletedFramework {
  readonly id: FrameworkId;
  info: FrameworkInfo | null;
  isOver: boolean;
  readonly executors: Ring<CompletedExecutor>;
}

/** The latest statuses of each task that are kept. */
const STATUSES_MAX = 10;

/** What operators may still want to see of tasks and executors that are over, and the statuses of those that are not. Bounded, in memory only. */
export class CompletedWork {
  readonly #sizes: HistorySizes;
  readonly #statuses = new Map<AgentTask, TaskStatus[]>();
  readonly #tasksOf = new Map<AgentExecutor, Ring<Task>>();
  readonly #frameworks = new Map<FrameworkId, CompletedFramework>();
  /** Ends of tasks since the process started, by state. */
  readonly ends = new Map<TaskState, number>();

  constructor(sizes: HistorySizes) {
    this.#sizes = sizes;
  }

  get frameworks(): IterableIterator<CompletedFramework> {
    return this.#frameworks.values();
  }

  framework(id: FrameworkId): CompletedFramework | null {
    return this.#frameworks.get(id) ?? null;
  }

  statuses(task: AgentTask): readonly TaskStatus[] {
    return this.#statuses.get(task) ?? [];
  }

  /** Of an executor that lives. */
  tasksOf(executor: AgentExecutor): Iterable<Task> {
    return this.#tasksOf.get(executor) ?? [];
  }

  recorded(task: AgentTask, status: TaskStatus, isEnd: boolean): void {
    let statuses = this.#statuses.get(task);
    if (statuses === undefined) {
      statuses = [];
      this.#statuses.set(task, statuses);
    }
    // One of each run of equal states.
    if (statuses.at(-1)?.state === status.state) statuses.pop();
    statuses.push(status);
    if (statuses.length > STATUSES_MAX) statuses.shift();
    if (isEnd) this.ends.set(status.state, (this.ends.get(status.state) ?? 0) + 1);
  }

  taskForgotten(task: AgentTask): void {
    if (task.info === null) return;
    const record = taskRecord(task, task.info, this.statuses(task));
    this.#statuses.delete(task);
    if (task.executor === null) {
      const tasks = new Ring<Task>(1);
      tasks.push(record);
      const { executorId, role, container } = task;
      this.#of(task.framework).executors.push({ executorId, info: null, role, container, tasks });
      return;
    }
    const { executor } = task;
    let tasks = this.#tasksOf.get(executor);
    if (tasks === undefined) {
      tasks = new Ring(this.#sizes.tasks);
      // One that has ended is found among those that are over.
      const over = [...this.#of(task.framework).executors].find(
        ({ container }) => container === executor.container,
      );
      if (over === undefined) this.#tasksOf.set(executor, tasks);
      else tasks = over.tasks;
    }
    tasks.push(record);
  }

  executorEnded(executor: AgentExecutor): void {
    const { framework, info, role, container } = executor;
    const tasks = this.#tasksOf.get(executor) ?? new Ring<Task>(this.#sizes.tasks);
    this.#tasksOf.delete(executor);
    this.#of(framework).executors.push({ executorId: info.executorId, info, role, container, tasks });
  }

  /** Names every id that is kept. */
  heldIds(id: (id: TaskId | ExecutorId) => void): void {
    for (const tasks of this.#tasksOf.values()) for (const { taskId } of tasks) id(taskId);
    for (const { executors } of this.#frameworks.values()) {
      for (const { executorId, tasks } of executors) {
        id(executorId);
        for (const { taskId } of tasks) id(taskId);
      }
    }
  }

  frameworkSeen(framework: AgentFramework): void {
    const known = this.#frameworks.get(framework.id);
    if (known === undefined) return;
    known.isOver = false;
    known.info = framework.info ?? known.info;
  }

  frameworkForgotten(framework: AgentFramework): void {
    const known = this.#frameworks.get(framework.id);
    if (known === undefined) return;
    known.isOver = true;
    // The newest stand at the end.
    this.#frameworks.delete(framework.id);
    this.#frameworks.set(framework.id, known);
    let over = 0;
    for (const { isOver } of this.#frameworks.values()) if (isOver) over++;
    for (const [id, { isOver }] of this.#frameworks) {
      if (over <= this.#sizes.frameworks) break;
      if (!isOver) continue;
      this.#frameworks.delete(id);
      over--;
    }
  }

  #of(framework: AgentFramework): CompletedFramework {
    let known = this.#frameworks.get(framework.id);
    if (known === undefined) {
      known = {
        id: framework.id,
        info: framework.info,
        isOver: false,
        executors: new Ring(this.#sizes.executors),
      };
      this.#frameworks.set(framework.id, known);
    }
    return known;
  }
}
