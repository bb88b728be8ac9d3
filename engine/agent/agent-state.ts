import {
  type AgentId,
  assert,
  type ExecutorId,
  type FrameworkId,
  type Micros,
  type Sink,
  type TaskId,
} from '../core/index.ts';
import {
  type AgentInfo,
  type DrainConfig,
  type FrameworkCapability,
  type FrameworkInfo,
  type StatusReason,
  type StatusSource,
  type TaskState,
  type TaskStatusDetails,
  isTerminal,
} from '../protocol/index.ts';
import type { Resources } from '../resources/index.ts';
import type { AgentExecutor } from './agent-executor.ts';
import { AgentFramework } from './agent-framework.ts';
import type { AgentTask } from './agent-task.ts';
import { CheckpointJournal } from './checkpoint-journal.ts';
import { CompletedWork } from './completed-work.ts';
import type { ContainerHandle } from './container.ts';
import { drainedUpdate } from './drain.ts';
import { AgentOperations } from './operations.ts';
import type { AgentSettings } from './options.ts';
import type { AgentOutput } from './output.ts';
import { Sandboxes } from './sandboxes.ts';
import { standingDetails } from './status-details.ts';
import { StatusUpdates } from './status-updates.ts';
import { TaskTable } from './task-table.ts';

/** What an agent knows: tasks with their update streams, and the frameworks that own them. */
export class AgentState {
  /** Executors that ended unheard although the first report over the link still named them. */
  #untoldExits: { frameworkId: FrameworkId; executorId: ExecutorId; status: number | null }[] | null = null;
  readonly tasks = new TaskTable();
  readonly updates: StatusUpdates;
  readonly #settings: AgentSettings;
  /** Null while there never was one. */
  #operations: AgentOperations | null = null;
  readonly sandboxes: Sandboxes | null;
  /** Notes what changed for the disk; null if the driver keeps whole checkpoints. */
  readonly journal: CheckpointJournal | null;
  /** What is over; null if nobody asks for it. */
  readonly completed: CompletedWork | null;
  /** Given by the first master that admitted the agent; null until then. */
  agentId: AgentId | null = null;
  /** As configured; with the id once there is one. The total is that after operations. */
  info: AgentInfo;
  /** As configured, without id and operations. */
  readonly configured: AgentInfo;
  /** Total after operations, null if there were none. */
  resources: Resources | null = null;
  /** The drain under way: no launches are taken. Over once the last task and executor are gone (spec 10 §2, bug ledger B20). */
  drain: DrainConfig | null = null;
  /** Next handle of a container. */
  nextContainer = 1;
  /** Frameworks with a task or an executor here, few; null while there never was one. */
  #frameworks: AgentFramework[] | null = null;

  constructor(info: AgentInfo, settings: AgentSettings) {
    this.info = info;
    this.configured = info;
    this.journal = settings.checkpointing ? new CheckpointJournal() : null;
    this.completed = settings.history === null ? null : new CompletedWork(settings.history);
    this.updates = new StatusUpdates(settings);
    this.#settings = settings;
    this.sandboxes = settings.garbageCollection === null ? null : new Sandboxes(settings.garbageCollection);
  }

  get operations(): AgentOperations | null {
    return this.#operations;
  }

  operationsOrNew(): AgentOperations {
    this.#operations ??= new AgentOperations(this.#settings, this.journal, this.updates.sender);
    return this.#operations;
  }

  get frameworks(): readonly AgentFramework[] {
    return this.#frameworks ?? [];
  }

  mintContainer(): ContainerHandle {
    return this.nextContainer++ as ContainerHandle;
  }

  findFramework(id: FrameworkId): AgentFramework | null {
    const frameworks = this.#frameworks;
    if (frameworks === null) return null;
    for (let index = 0; index < frameworks.length; index++) {
      if (frameworks[index]!.id === id) return frameworks[index]!;
    }
    return null;
  }

  /** The framework's record with its newest info, made if it has none. The caller adds a task or an executor to it. */
  framework(id: FrameworkId, info: FrameworkInfo | null): AgentFramework {
    let framework = this.findFramework(id);
    if (framework === null) {
      framework = new AgentFramework(id, info);
      this.#frameworks ??= [];
      this.#frameworks.push(framework);
    } else if (info !== null) {
      framework.info = info;
    }
    this.journal?.frameworkChanged(framework);
    this.completed?.frameworkSeen(framework);
    return framework;
  }

  /** The executor whose container this is, or null. */
  executorOf(container: ContainerHandle): AgentExecutor | null {
    const frameworks = this.#frameworks;
    if (frameworks === null) return null;
    for (let index = 0; index < frameworks.length; index++) {
      const { executors } = frameworks[index]!;
      if (executors === null) continue;
      for (let row = 0; row < executors.length; row++) {
        if (executors[row]!.container === container) return executors[row]!;
      }
    }
    return null;
  }

  add(task: AgentTask): void {
    task.framework.taskCount++;
    this.tasks.add(task);
    this.journal?.taskAdded(task);
  }

  /** Takes the task out with its updates, and its framework with the last of its tasks and executors. */
  forget(task: AgentTask): void {
    this.completed?.taskForgotten(task);
    this.updates.drop(task);
    this.tasks.remove(task);
    task.framework.taskCount--;
    this.journal?.taskForgotten(task);
    this.#forgetIfIdle(task.framework);
  }

  addExecutor(framework: AgentFramework, executor: AgentExecutor): void {
    framework.executors ??= [];
    framework.executors.push(executor);
    this.journal?.executorChanged(executor);
  }

  removeExecutor(framework: AgentFramework, executor: AgentExecutor): void {
    const executors = framework.executors!;
    const row = executors.indexOf(executor);
    assert(row >= 0, 'only a recorded executor is removed');
    executors.splice(row, 1);
    this.completed?.executorEnded(executor);
    this.journal?.executorForgotten(executor);
    this.#forgetIfIdle(framework);
  }

  /** The master has removed the framework: the disk forgets it at once, its executors only end. */
  leaveToEnd(framework: AgentFramework): void {
    for (const executor of framework.executors ?? []) this.journal?.executorForgotten(executor);
    this.journal?.frameworkForgotten(framework);
    framework.isTerminating = true;
  }

  /** Moves the task to `state` and queues the update that says so, with a fresh id. `timestamp` is now unless an executor gave one. */
  record(
    now: Micros,
    task: AgentTask,
    state: TaskState,
    source: StatusSource,
    reason: StatusReason | null,
    message: string | null,
    details: TaskStatusDetails | null,
    outputs: Sink<AgentOutput>,
    timestamp: Micros = now,
  ): void {
    const drained = this.drain === null ? null : drainedUpdate(this.drain, task.framework, state);
    const status = {
      taskId: task.taskId,
      state: drained === null ? state : drained.state,
      source,
      reason: drained === null ? reason : drained.reason,
      agentId: this.agentId,
      executorId: task.info === null ? null : task.executorId,
      timestamp,
      uuid: this.updates.mint(),
      message,
      details: task.checks === null && task.status === null ? details : standingDetails(task, state, details),
    };
    this.updates.append(now, task, status, outputs);
    this.completed?.recorded(task, status, isTerminal(status.state));
    this.journal?.taskChanged(task);
  }

  /** Tells the master that an executor it counts is gone, or never came to be (bug ledger B03), at once or after the next registration. */
  sendExecutorExited(
    frameworkId: FrameworkId,
    executorId: ExecutorId,
    status: number | null,
    outputs: Sink<AgentOutput>,
  ): void {
    const agentId = this.updates.sender;
    if (agentId === null) {
      this.#untoldExits ??= [];
      this.#untoldExits.push({ frameworkId, executorId, status });
      return;
    }
    outputs.push({
      kind: 'toMaster',
      message: { type: 'EXITED_EXECUTOR', agentId, frameworkId, executorId, status },
    });
  }

  /**
   * The first report over a new link goes to the master. It says by itself which executors are no more: told of later, the end of one might be
   * taken for that of another with its id, which the master launched in answer to the report. What ends from now on is told over this link.
   */
  reported(): void {
    this.#untoldExits = null;
  }

  /** Registered again: tells of the executors that ended since the first report, which still named them. */
  tellExits(outputs: Sink<AgentOutput>): void {
    const untold = this.#untoldExits;
    if (untold === null) return;
    this.#untoldExits = null;
    for (const { frameworkId, executorId, status } of untold) {
      this.sendExecutorExited(frameworkId, executorId, status, outputs);
    }
  }

  /** Ids beside those of tasks and executors that live. */
  heldIds(id: (id: TaskId | ExecutorId) => void): void {
    for (const { executorId } of this.#untoldExits ?? []) id(executorId);
    for (const { executorId } of this.sandboxes?.checkpoint() ?? []) id(executorId);
    this.completed?.heldIds(id);
  }

  /** An order to drain, or its end. */
  setDrain(drain: DrainConfig | null): void {
    if (this.drain === drain) return;
    this.drain = drain;
    this.journal?.agentChanged();
  }

  /** Nothing is left to drain: the order has been carried out, and what the master sends next is meant. */
  endDrainIfIdle(): void {
    if (this.tasks.size === 0 && this.frameworks.length === 0) this.setDrain(null);
  }

  /** After a recovery: a framework whose executor did not survive may have nothing left. */
  forgetIdleFrameworks(): void {
    for (const framework of [...this.frameworks]) this.#forgetIfIdle(framework);
  }

  checkInvariants(): void {
    this.tasks.checkInvariants();
    assert(this.drain === null || this.frameworks.length > 0, 'a drain ends with the last that it is for');
    this.updates.checkInvariants(this.tasks);
    this.#operations?.checkInvariants();
    let owned = 0;
    for (const framework of this.frameworks) {
      assert(this.findFramework(framework.id) === framework, 'a framework is recorded once');
      const executors = framework.executors?.length ?? 0;
      assert(
        framework.taskCount > 0 || executors > 0,
        'a framework without tasks and executors is forgotten',
      );
      owned += framework.taskCount;
    }
    assert(owned === this.tasks.size, 'every task belongs to a recorded framework');
    for (let row = 0; row < this.tasks.size; row++) {
      const { framework, container } = this.tasks.at(row);
      assert(this.findFramework(framework.id) === framework, 'a task points to its recorded framework');
      assert(container < this.nextContainer, 'handles of containers are given out in order');
    }
  }

  #forgetIfIdle(framework: AgentFramework): void {
    if (framework.taskCount > 0 || (framework.executors !== null && framework.executors.length > 0)) return;
    const frameworks = this.#frameworks!;
    const row = frameworks.indexOf(framework);
    const last = frameworks.pop()!;
    if (last !== framework) frameworks[row] = last;
    this.journal?.frameworkForgotten(framework);
    this.completed?.frameworkForgotten(framework);
  }
}

/** The framework's executor with this id whose container has not ended, or null. */
export function findExecutor(framework: AgentFramework | null, id: ExecutorId): AgentExecutor | null {
  if (framework === null || framework.executors === null) return null;
  for (const executor of framework.executors) {
    if (executor.info.executorId === id) return executor;
  }
  return null;
}

export function hasCapability(framework: AgentFramework, capability: FrameworkCapability): boolean {
  return framework.info?.capabilities.includes(capability) ?? false;
}
