import {
  type AgentId,
  assertNever,
  type ExecutorId,
  type FrameworkId,
  type Machine,
  type Micros,
  type Sink,
  type TaskId,
} from '../core/index.ts';
import type {
  AgentInfo,
  AgentToMaster,
  KillPolicy,
  MasterToAgent,
  OperationState,
  OperationStatus,
  RunTaskMessage,
  StatusReason,
  StatusUpdateAcknowledgement,
  TaskInfo,
} from '../protocol/index.ts';
import type { Resources } from '../resources/index.ts';
import type { AgentFramework } from './agent-framework.ts';
import { lacksReserved, performOperation } from './agent-resources.ts';
import { AgentState, findExecutor, hasCapability } from './agent-state.ts';
import { AgentTask, commandExecutorId, NEVER } from './agent-task.ts';
import { BuiltInExecutors } from './built-in-executors.ts';
import type { AgentCheckpoint } from './checkpoint.ts';
import type { AgentInput } from './input.ts';
import type { AgentOptions } from './options.ts';
import type { AgentOutput } from './output.ts';
import { checkpointOf, recover } from './recovery.ts';
import { Registration } from './registration.ts';
import { reportedState } from './reported-state.ts';

type RunTaskGroupMessage = Extract<MasterToAgent, { readonly type: 'RUN_TASK_GROUP' }>;
type DrainMessage = Extract<MasterToAgent, { readonly type: 'DRAIN_AGENT' }>;
type ApplyOperationMessage = Extract<MasterToAgent, { readonly type: 'APPLY_OPERATION' }>;
type ReregisteredMessage = Extract<MasterToAgent, { readonly type: 'AGENT_REREGISTERED' }>;
type Outputs = Sink<AgentOutput>;

/**
 * The agent: registers and re-registers with the leading master, runs tasks through the built-in executors, and delivers their status
 * updates until they are acknowledged (spec 04, 07, 12, 13 §5).
 *
 * Orders are taken only over the link on which the agent is registered (bug ledger B18); an order that fits nothing here is ignored,
 * because the master reconciles at the next registration.
 */
export class AgentMachine implements Machine<AgentInput, AgentOutput> {
  readonly #registration: Registration;
  readonly #state: AgentState;
  readonly #executors: BuiltInExecutors;
  /** With the id, once there is one, and the total after operations. */
  #info: AgentInfo;
  #phase: 'new' | 'started' | 'ended' = 'new';
  /** Whether `#info.resources` came from CHECKPOINT_RESOURCES. */
  #resourcesChanged = false;

  constructor(options: AgentOptions) {
    this.#info = options.info;
    this.#registration = new Registration(options.settings, options.seed);
    this.#state = new AgentState(options.settings);
    this.#executors = new BuiltInExecutors(this.#state, options.settings);
  }

  /** Null before the first registration. */
  get agentId(): AgentId | null {
    return this.#state.agentId;
  }

  get isRegistered(): boolean {
    return this.#registration.phase === 'registered';
  }

  /** Tasks on the agent, terminal ones with unacknowledged updates included. */
  get taskCount(): number {
    return this.#state.tasks.size;
  }

  nextDeadline(): Micros | null {
    let earliest = this.#registration.deadline;
    const retry = this.#state.updates.deadline;
    if (retry < earliest) earliest = retry;
    const operations = this.#state.operations.deadline;
    if (operations < earliest) earliest = operations;
    const executors = this.#executors.deadline;
    if (executors < earliest) earliest = executors;
    return earliest === NEVER ? null : (earliest as Micros);
  }

  step(now: Micros, input: AgentInput, outputs: Outputs): void {
    if (this.#phase !== 'started') {
      if (this.#phase === 'new' && input.kind === 'started')
        this.#start(now, input.recovered, input.containersAlive, outputs);
      return;
    }
    switch (input.kind) {
      case 'started':
        break;
      case 'linkOpened':
        this.#state.updates.pause(this.#state.tasks);
        this.#state.operations.pause();
        this.#registration.begin(now);
        this.#sendRegistration(outputs);
        break;
      case 'linkClosed':
      case 'pingsMissed':
        this.#detach(outputs);
        break;
      case 'masterMessage':
        this.#receive(now, input.message, outputs);
        break;
      case 'containerStarted': {
        const task = this.#state.tasks.find(input.frameworkId, input.taskId);
        if (task !== null) this.#executors.containerStarted(now, task, outputs);
        break;
      }
      case 'containerExited': {
        const task = this.#state.tasks.find(input.frameworkId, input.taskId);
        if (task !== null) this.#executors.containerExited(now, task, input.exit, outputs);
        break;
      }
      case 'tick':
        this.#tick(now, outputs);
        break;
      default:
        assertNever(input);
    }
    if (this.#state.drain !== null) this.#state.endDrainIfIdle();
  }

  /** What the agent's disk holds now: the driver gives it to the machine that starts after this one. */
  checkpoint(): AgentCheckpoint {
    return { ...checkpointOf(this.#state), resources: this.#resourcesChanged ? this.#info.resources : null };
  }

  /** What the agent would report at re-registration now. */
  report(): ReturnType<typeof reportedState> {
    return reportedState(this.#state);
  }

  /** Throws when the state contradicts itself. For tests and ends of runs: O(tasks). */
  checkInvariants(): void {
    this.#state.checkInvariants();
    this.#executors.checkInvariants();
  }

  #start(now: Micros, recovered: AgentCheckpoint | null, containersAlive: boolean, outputs: Outputs): void {
    this.#phase = 'started';
    if (recovered === null) return;
    recover(now, this.#state, this.#executors, recovered, containersAlive, outputs);
    if (recovered.resources !== null) this.#setResources(recovered.resources);
    if (recovered.agentId !== null) this.#info = { ...this.#info, id: recovered.agentId };
    this.#state.endDrainIfIdle();
  }

  #setResources(resources: AgentInfo['resources']): void {
    this.#info = { ...this.#info, resources };
    this.#resourcesChanged = true;
  }

  #sendRegistration(outputs: Outputs): void {
    const message: AgentToMaster =
      this.#state.agentId === null
        ? { type: 'REGISTER_AGENT', info: this.#info }
        : { type: 'REREGISTER_AGENT', info: this.#info, ...reportedState(this.#state) };
    outputs.push({ kind: 'toMaster', message });
  }

  /** The master is lost from sight. Tasks go on; their updates wait. */
  #detach(outputs: Outputs): void {
    if (this.#registration.phase === 'detached') return;
    this.#registration.detach();
    this.#state.updates.pause(this.#state.tasks);
    this.#state.operations.pause();
    outputs.push({ kind: 'reconnect' });
  }

  #tick(now: Micros, outputs: Outputs): void {
    const { updates, operations, tasks } = this.#state;
    if (this.#registration.deadline <= now) {
      this.#registration.repeat(now);
      this.#sendRegistration(outputs);
    }
    if (updates.deadline <= now) updates.retry(now, tasks, outputs);
    if (operations.deadline <= now) operations.retry(now, outputs);
    if (this.#executors.deadline <= now) this.#executors.tick(now, outputs);
  }

  #receive(now: Micros, message: MasterToAgent, outputs: Outputs): void {
    if (this.#registration.phase === 'registered') this.#obey(now, message, outputs);
    else if (this.#registration.phase === 'registering') this.#awaitRegistration(now, message, outputs);
  }

  /** Before the answer to its registration the agent takes nothing but that answer and a final refusal. */
  #awaitRegistration(now: Micros, message: MasterToAgent, outputs: Outputs): void {
    switch (message.type) {
      case 'AGENT_REGISTERED':
        if (this.#state.agentId === null) {
          this.#state.agentId = message.agentId;
          this.#info = { ...this.#info, id: message.agentId };
        }
        if (message.agentId === this.#state.agentId) this.#registered(now, outputs);
        break;
      case 'AGENT_REREGISTERED':
        if (message.agentId !== this.#state.agentId) break;
        this.#registered(now, outputs);
        this.#answerForUnreported(now, message.unreported, outputs);
        this.#answerForOperations(now, message.unreportedOperations, outputs);
        break;
      case 'SHUTDOWN':
        this.#shutdown(message.message, outputs);
        break;
      default:
    }
  }

  #obey(now: Micros, message: MasterToAgent, outputs: Outputs): void {
    switch (message.type) {
      case 'STATUS_UPDATE_ACKNOWLEDGEMENT':
        this.#acknowledge(now, message, outputs);
        break;
      case 'RUN_TASK':
        this.#runTask(now, message, outputs);
        break;
      case 'RUN_TASK_GROUP':
        this.#runTaskGroup(now, message, outputs);
        break;
      case 'KILL_TASK':
        this.#killTask(now, message.frameworkId, message.taskId, message.killPolicy, outputs);
        break;
      case 'SHUTDOWN_FRAMEWORK':
        this.#shutdownFramework(message.frameworkId, outputs);
        break;
      case 'SHUTDOWN_EXECUTOR': {
        const framework = this.#state.findFramework(message.frameworkId);
        if (framework !== null) this.#executors.shutdownExecutor(now, framework, message.executorId, outputs);
        break;
      }
      case 'UPDATE_FRAMEWORK': {
        const framework = this.#state.findFramework(message.frameworkId);
        if (framework !== null) framework.info = message.info;
        break;
      }
      case 'APPLY_OPERATION':
        this.#applyOperation(now, message, outputs);
        break;
      case 'ACKNOWLEDGE_OPERATION_STATUS':
        this.#state.operations.acknowledge(message.operationUuid, message.uuid);
        break;
      case 'CHECKPOINT_RESOURCES':
        this.#setResources(message.resources);
        break;
      case 'AGENT_REREGISTERED':
        // The answer to a registration that was sent twice. DRAIN_AGENT follows if the drain goes on.
        if (message.agentId !== this.#state.agentId) break;
        this.#state.drain = null;
        this.#answerForUnreported(now, message.unreported, outputs);
        this.#answerForOperations(now, message.unreportedOperations, outputs);
        break;
      case 'AGENT_REGISTERED':
      // The built-in executors take no messages.
      case 'FRAMEWORK_TO_EXECUTOR':
        break;
      case 'DRAIN_AGENT':
        this.#drain(now, message, outputs);
        break;
      case 'STOP_DRAINING':
        this.#state.drain = null;
        break;
      case 'SHUTDOWN':
        this.#shutdown(message.message, outputs);
        break;
      default:
        assertNever(message);
    }
  }

  #registered(now: Micros, outputs: Outputs): void {
    this.#registration.succeed();
    // A master that still wants it says so again.
    this.#state.drain = null;
    this.#state.updates.resume(now, this.#state.agentId!, this.#state.tasks, outputs);
    this.#state.operations.resume(now, this.#state.agentId!, outputs);
    this.#state.tellExits(outputs);
  }

  /** A task that the master knows and the agent does not never reached it, or is over and acknowledged: a terminal update says so. */
  #answerForUnreported(now: Micros, unreported: ReregisteredMessage['unreported'], outputs: Outputs): void {
    for (const { frameworkId, taskId, partitionAware } of unreported) {
      if (this.#state.tasks.find(frameworkId, taskId) !== null) continue;
      const framework = this.#state.framework(frameworkId, null);
      const task = new AgentTask(framework, taskId, null, '', commandExecutorId(taskId), null, -1);
      this.#state.add(task);
      this.#drop(now, task, partitionAware, 'REASON_RECONCILIATION', 'Task is unknown to the agent', outputs);
    }
  }

  /** Likewise an operation that did not reach it. */
  #answerForOperations(
    now: Micros,
    unreported: ReregisteredMessage['unreportedOperations'],
    outputs: Outputs,
  ): void {
    const { operations } = this.#state;
    for (const { frameworkId, operationUuid, operationId } of unreported) {
      if (operations.isKnown(operationUuid)) continue;
      const message = 'Operation is unknown to the agent';
      const status = this.#operationStatus(operationId, 'OPERATION_DROPPED', message, null);
      operations.ended(now, operationUuid, frameworkId, null, status, outputs);
    }
  }

  /**
   * Done at once, and told until that is acknowledged. One that does not fit shows that the master's view of this agent is wrong: the agent
   * registers anew, and what it reports then is what counts.
   */
  #applyOperation(now: Micros, message: ApplyOperationMessage, outputs: Outputs): void {
    const { frameworkId, operationUuid, info } = message;
    const { operations } = this.#state;
    if (!operations.isNew(operationUuid)) return;
    const { state, message: text, total, converted } = performOperation(this.#info.resources, info);
    if (total !== this.#info.resources) this.#setResources(total);
    const status = this.#operationStatus(info.id, state, text, converted);
    operations.ended(now, operationUuid, frameworkId, info, status, outputs);
    if (state === 'OPERATION_DROPPED') this.#detach(outputs);
  }

  #operationStatus(
    operationId: string | null,
    state: OperationState,
    message: string | null,
    convertedResources: Resources | null,
  ): OperationStatus {
    return {
      operationId,
      state,
      message,
      convertedResources,
      uuid: this.#state.updates.mint(),
      agentId: this.#state.agentId,
      resourceProviderId: null,
    };
  }

  #acknowledge(now: Micros, message: StatusUpdateAcknowledgement, outputs: Outputs): void {
    const task = this.#state.tasks.find(message.frameworkId, message.taskId);
    if (task === null) return;
    const done = this.#state.updates.acknowledge(now, task, message.uuid, outputs);
    if (done === 'streamEnded') this.#state.forget(task);
  }

  /** Kills what the order names, all tasks or those of one wave; said again, it finds them dying and can only shorten their grace. */
  #drain(now: Micros, message: DrainMessage, outputs: Outputs): void {
    const { tasks } = this.#state;
    this.#state.drain = message.config;
    const wave: AgentTask[] = [];
    if (message.tasks === null) {
      for (let row = 0; row < tasks.size; row++) wave.push(tasks.at(row));
    } else {
      for (const { frameworkId, taskId } of message.tasks) {
        const task = tasks.find(frameworkId, taskId);
        if (task !== null) wave.push(task);
      }
    }
    this.#executors.drain(now, wave, message.config, outputs);
  }

  #runTask(now: Micros, message: RunTaskMessage, outputs: Outputs): void {
    const { frameworkId, role, task: info } = message;
    if (info.agentId !== this.#state.agentId || this.#state.tasks.find(frameworkId, info.taskId) !== null)
      return;
    const framework = this.#state.framework(frameworkId, message.framework);
    const executor = info.template.executor;
    const isLacking =
      lacksReserved(this.#info.resources, info.resources) ||
      (executor !== null && lacksReserved(this.#info.resources, executor.resources));
    if (this.#state.drain !== null || isLacking) {
      const executorId = executor === null ? commandExecutorId(info.taskId) : executor.executorId;
      const task = this.#addUnlaunched(framework, role, info, executorId);
      if (isLacking) this.#dropForResources(now, task, outputs);
      else this.#dropDraining(now, task, outputs);
      if (message.launchExecutor && executor !== null)
        this.#state.sendExecutorExited(frameworkId, executorId, null, outputs);
      return;
    }
    if (executor === null) {
      this.#executors.launchCommandTask(now, framework, role, info, outputs);
      return;
    }
    // The place of custom executors: they need containers that speak the executor API.
    const task = this.#addUnlaunched(framework, role, info, executor.executorId);
    this.#refuse(
      now,
      task,
      'REASON_TASK_INVALID',
      'Custom executors are not supported by this agent',
      outputs,
    );
    if (message.launchExecutor)
      this.#state.sendExecutorExited(frameworkId, executor.executorId, null, outputs);
  }

  /** Groups start whole or not at all. */
  #runTaskGroup(now: Micros, message: RunTaskGroupMessage, outputs: Outputs): void {
    const { frameworkId, role, executor: info, tasks: infos } = message;
    if (!this.#isNewGroup(frameworkId, infos)) return;
    const framework = this.#state.framework(frameworkId, message.framework);
    if (this.#state.drain !== null) {
      for (const taskInfo of infos)
        this.#dropDraining(now, this.#addUnlaunched(framework, role, taskInfo, info.executorId), outputs);
      if (message.launchExecutor) this.#state.sendExecutorExited(frameworkId, info.executorId, null, outputs);
      return;
    }
    const executor = findExecutor(framework, info.executorId);
    if (info.type !== 'DEFAULT') {
      for (const taskInfo of infos) {
        const task = this.#addUnlaunched(framework, role, taskInfo, info.executorId);
        this.#refuse(
          now,
          task,
          'REASON_TASK_GROUP_INVALID',
          'Custom executors are not supported by this agent',
          outputs,
        );
      }
      if (message.launchExecutor) this.#state.sendExecutorExited(frameworkId, info.executorId, null, outputs);
      return;
    }
    const total = this.#info.resources;
    if (lacksReserved(total, info.resources) || infos.some((one) => lacksReserved(total, one.resources))) {
      for (const taskInfo of infos) {
        const task = this.#addUnlaunched(framework, role, taskInfo, info.executorId);
        this.#dropForResources(now, task, outputs);
      }
      if (message.launchExecutor) this.#state.sendExecutorExited(frameworkId, info.executorId, null, outputs);
      return;
    }
    const expected = executor !== null && !executor.terminating;
    if (message.launchExecutor ? executor === null : expected) {
      this.#executors.launchGroup(now, framework, role, info, infos, outputs);
      return;
    }
    // The master's view of the executor contradicts the agent's (spec 07 §4).
    const partitionAware = hasCapability(framework, 'PARTITION_AWARE');
    const why =
      executor === null ? 'The executor is not running' : 'The executor is running already or terminating';
    for (const taskInfo of infos) {
      const task = this.#addUnlaunched(framework, role, taskInfo, info.executorId);
      this.#drop(now, task, partitionAware, 'REASON_EXECUTOR_TERMINATED', why, outputs);
    }
  }

  /** Whether the group is for this agent, has tasks, and each is new and named once. */
  #isNewGroup(frameworkId: FrameworkId, infos: readonly TaskInfo[]): boolean {
    const ids = new Set<TaskId>();
    for (const { agentId, taskId } of infos) {
      if (agentId !== this.#state.agentId || this.#state.tasks.find(frameworkId, taskId) !== null)
        return false;
      ids.add(taskId);
    }
    return infos.length > 0 && ids.size === infos.length;
  }

  #addUnlaunched(framework: AgentFramework, role: string, info: TaskInfo, executorId: ExecutorId): AgentTask {
    const task = new AgentTask(framework, info.taskId, info, role, executorId, null, -1);
    this.#state.add(task);
    return task;
  }

  #refuse(now: Micros, task: AgentTask, reason: StatusReason, message: string, outputs: Outputs): void {
    this.#state.record(now, task, 'TASK_ERROR', 'SOURCE_AGENT', reason, message, null, outputs);
  }

  /** The task never ran here: TASK_DROPPED, or TASK_LOST for a framework that does not know it (spec 07 §4). */
  #drop(
    now: Micros,
    task: AgentTask,
    partitionAware: boolean,
    reason: StatusReason,
    message: string,
    outputs: Outputs,
  ): void {
    const state = partitionAware ? 'TASK_DROPPED' : 'TASK_LOST';
    this.#state.record(now, task, state, 'SOURCE_AGENT', reason, message, null, outputs);
  }

  #dropDraining(now: Micros, task: AgentTask, outputs: Outputs): void {
    const partitionAware = hasCapability(task.framework, 'PARTITION_AWARE');
    this.#drop(now, task, partitionAware, 'REASON_AGENT_DRAINING', 'The agent is draining', outputs);
  }

  /** A reservation or volume that the task needs was never made here (spec 07 §4). */
  #dropForResources(now: Micros, task: AgentTask, outputs: Outputs): void {
    const partitionAware = hasCapability(task.framework, 'PARTITION_AWARE');
    const why = 'The agent does not have the reservations or volumes of the task';
    this.#drop(now, task, partitionAware, 'REASON_RESOURCES_UNKNOWN', why, outputs);
  }

  #killTask(
    now: Micros,
    frameworkId: FrameworkId,
    taskId: TaskId,
    policy: KillPolicy | null,
    outputs: Outputs,
  ): void {
    const task = this.#state.tasks.find(frameworkId, taskId);
    if (task !== null) this.#executors.kill(now, task, policy, outputs);
  }

  /** The master has removed the framework: nobody waits for its updates. */
  #shutdownFramework(id: FrameworkId, outputs: Outputs): void {
    this.#state.operations.forget(id);
    const framework = this.#state.findFramework(id);
    if (framework === null) return;
    framework.executors = null;
    const { tasks } = this.#state;
    // Backwards: a removal moves the last row into the gap.
    for (let row = tasks.size - 1; row >= 0; row--) {
      const task = tasks.at(row);
      if (task.framework !== framework) continue;
      this.#executors.destroy(task, outputs);
      this.#state.forget(task);
    }
  }

  /** Every container ends and every task is forgotten; the id stays on the disk for the operator to keep or to wipe (spec 12 §2). */
  #shutdown(reason: string, outputs: Outputs): void {
    const { tasks } = this.#state;
    for (let row = tasks.size - 1; row >= 0; row--) {
      const task = tasks.at(row);
      task.framework.executors = null;
      this.#executors.destroy(task, outputs);
      this.#state.forget(task);
    }
    this.#registration.detach();
    this.#state.updates.pause(tasks);
    this.#state.operations.pause();
    this.#state.operations.forget(null);
    this.#phase = 'ended';
    outputs.push({ kind: 'exit', reason });
  }
}
