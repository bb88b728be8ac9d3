import { assert, type FrameworkId, type TaskId } from '../core/index.ts';
import type { AgentTask } from './agent-task.ts';
import { type ContainerHandle, NO_CONTAINER } from './container.ts';

/** Up to here a scan of the array beats a map, and an idle agent has none. */
const SCAN_MAX = 16;

/**
 * Tasks of one agent by (framework, task id) and by container. Order: insertion, disturbed by removals, which move the last task into the
 * gap; it is part of the state. All methods are O(1) for large tables, a short scan for small ones.
 */
export class TaskTable {
  readonly #rows: AgentTask[] = [];
  /** Task id per row: a scan reads one array and touches only the task it finds. */
  readonly #ids: TaskId[] = [];
  /** Container per row, NO_CONTAINER for none. */
  readonly #containers: ContainerHandle[] = [];
  /** Only in a large table. Tasks of different frameworks with one id hang together by `namesake`. */
  #byId: Map<TaskId, AgentTask> | null = null;
  /** Only in a large table. */
  #byContainer: Map<ContainerHandle, AgentTask> | null = null;

  get size(): number {
    return this.#rows.length;
  }

  /** The task in row `index`, 0 to `size` - 1. */
  at(index: number): AgentTask {
    return this.#rows[index]!;
  }

  find(frameworkId: FrameworkId, taskId: TaskId): AgentTask | null {
    if (this.#byId !== null) {
      let task = this.#byId.get(taskId) ?? null;
      while (task !== null && task.frameworkId !== frameworkId) task = task.namesake;
      return task;
    }
    const ids = this.#ids;
    for (let row = 0; row < ids.length; row++) {
      if (ids[row] !== taskId) continue;
      const task = this.#rows[row]!;
      if (task.frameworkId === frameworkId) return task;
    }
    return null;
  }

  /** The task with this container of its own, ended or not. */
  findByContainer(container: ContainerHandle): AgentTask | null {
    if (this.#byContainer !== null) return this.#byContainer.get(container) ?? null;
    const containers = this.#containers;
    for (let row = 0; row < containers.length; row++) {
      if (containers[row] === container) return this.#rows[row]!;
    }
    return null;
  }

  add(task: AgentTask): void {
    assert(task.row === -1, 'a task enters the table once');
    task.row = this.#rows.length;
    this.#rows.push(task);
    this.#ids.push(task.taskId);
    this.#containers.push(task.container);
    if (this.#byId !== null) this.#link(this.#byId, task);
    else if (this.#rows.length > SCAN_MAX) this.#index();
  }

  /** Gives a task in the table its container, once. */
  setContainer(task: AgentTask, container: ContainerHandle): void {
    assert(task.container === NO_CONTAINER && container !== NO_CONTAINER, 'a task gets one container');
    task.container = container;
    this.#containers[task.row] = container;
    this.#byContainer?.set(container, task);
  }

  remove(task: AgentTask): void {
    const row = task.row;
    assert(this.#rows[row] === task, 'only a task in the table is removed');
    const last = this.#rows.pop()!;
    this.#ids.pop();
    this.#containers.pop();
    if (last !== task) {
      this.#rows[row] = last;
      this.#ids[row] = last.taskId;
      this.#containers[row] = last.container;
      last.row = row;
    }
    task.row = -1;
    if (this.#byId === null) return;
    if (this.#rows.length < SCAN_MAX / 2) this.#unindex();
    else this.#unlink(this.#byId, task);
  }

  /** Throws when the rows and the indexes disagree. */
  checkInvariants(): void {
    for (let index = 0; index < this.#rows.length; index++) {
      const task = this.#rows[index]!;
      assert(task.row === index && this.#ids[index] === task.taskId, 'a task knows its row');
      assert(this.find(task.frameworkId, task.taskId) === task, 'a task in the table is found by its ids');
      assert(this.#containers[index] === task.container, 'the column of containers is that of the tasks');
      if (task.container !== NO_CONTAINER)
        assert(this.findByContainer(task.container) === task, 'a task is found by its container');
    }
  }

  #index(): void {
    const byId = new Map<TaskId, AgentTask>();
    this.#byContainer = new Map();
    for (const task of this.#rows) this.#link(byId, task);
    this.#byId = byId;
  }

  #unindex(): void {
    for (const task of this.#rows) task.namesake = null;
    this.#byId = null;
    this.#byContainer = null;
  }

  #link(byId: Map<TaskId, AgentTask>, task: AgentTask): void {
    task.namesake = byId.get(task.taskId) ?? null;
    byId.set(task.taskId, task);
    if (task.container !== NO_CONTAINER) this.#byContainer!.set(task.container, task);
  }

  #unlink(byId: Map<TaskId, AgentTask>, task: AgentTask): void {
    if (task.container !== NO_CONTAINER) this.#byContainer!.delete(task.container);
    let other = byId.get(task.taskId)!;
    if (other === task) {
      if (task.namesake === null) byId.delete(task.taskId);
      else byId.set(task.taskId, task.namesake);
    } else {
      while (other.namesake !== task) other = other.namesake!;
      other.namesake = task.namesake;
    }
    task.namesake = null;
  }
}
