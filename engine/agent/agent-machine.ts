import {
  type AgentId,
  assertNever,
  type ExecutorId,
  type FrameworkId,
  type Machine,
  type Micros,
  type Sink,
  type TaskId,
  type UpdateId,
} from '../core/index.ts';
import type {
  AgentInfo,
  AgentToMaster,
  KillPolicy,
  MasterToAgent,
  OperationState,
  OperationStatus,
  StatusUpdateAcknowledgement,
} from '../protocol/index.ts';
import type { Resources } from '../resources/index.ts';
import { performOperation } from './agent-resources.ts';
import { AgentState, findExecutor } from './agent-state.ts';
import { type AgentTask, NEVER } from './agent-task.ts';
import { type AgentView, agentView } from './agent-view.ts';
import type { AgentCheckpoint } from './checkpoint.ts';
import type { ContainerExit, ContainerHandle } from './container.ts';
import { type ExecutorCallCounts, ExecutorCalls, NO_EXECUTOR_CALLS } from './executor-calls.ts';
import { Executors } from './executors.ts';
import type { AgentInput } from './input.ts';
import type { AgentOptions, AgentSettings } from './options.ts';
import type { AgentOutput } from './output.ts';
import { checkpointOf, recover } from './recovery.ts';
import { Oversubscription } from './oversubscription.ts';
import { incompatibility, incompatibilityText } from './reconfiguration.ts';
import { Registration } from './registration.ts';
import { reportedState } from './reported-state.ts';
import { revocableUsers } from './revocable-use.ts';
import { TaskContainers } from './task-containers.ts';
import { answerForUnreported, ExecutorLaunches, runCommandTask } from './task-launches.ts';

type DrainMessage = Extract<MasterToAgent, { readonly type: 'DRAIN_AGENT' }>;
type ApplyOperationMessage = Extract<MasterToAgent, { readonly type: 'APPLY_OPERATION' }>;
type ReregisteredMessage = Extract<MasterToAgent, { readonly type: 'AGENT_REREGISTERED' }>;
type Outputs = Sink<AgentOutput>;

/** Counted since the process started; gauges as of now. */
export interface AgentCounts extends Readonly<ExecutorCallCounts> {
  readonly executorsPreempted: number;
  readonly sandboxRemovalsPending: number;
  readonly sandboxRemovalsSucceeded: number;
  readonly sandboxRemovalsFailed: number;
  /** Null without garbage collection. */
  readonly sandboxMaxAllowedAge: Micros | null;
}

/**
 * The agent: registers and re-registers with the leading master, runs tasks through built-in and custom executors, and delivers their
 * status updates until they are acknowledged (spec 04, 07, 12, 13 §5).
 *
 * Orders are taken only over the link on which the agent is registered (bug ledger B18); an order that fits nothing here is ignored,
 * because the master reconciles at the next registration.
 */
export class AgentMachine implements Machine<AgentInput, AgentOutput> {
  readonly #oversubscription: Oversubscription | null;
  readonly #registration: Registration;
  readonly #state: AgentState;
  readonly #settings: AgentSettings;
  readonly #containers: TaskContainers;
  // Each null until the agent has use for it: of ten thousand agents most never have an executor that is not their own.
  #executorsOnce: Executors | null = null;
  #callsOnce: ExecutorCalls | null = null;
  #launchesOnce: ExecutorLaunches | null = null;
  /** `recovering`: executors of the former process are awaited before the agent registers. `leaving`: all that runs is being ended. */
  #phase: 'new' | 'recovering' | 'started' | 'leaving' | 'ended' = 'new';
  /** What the disk held when the agent refused to start on it: it stays so. */
  #refused: AgentCheckpoint | null = null;
  /** A link was opened while the agent was recovering. */
  #isLinkWaiting = false;

  constructor(options: AgentOptions) {
    const { settings } = options;
    this.#settings = settings;
    this.#registration = new Registration(settings, options.seed);
    this.#state = new AgentState(options.info, settings);
    this.#containers = new TaskContainers(this.#state, settings);
    this.#oversubscription =
      settings.oversubscription === null
        ? null
        : new Oversubscription(this.#state, settings.oversubscription);
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

  /** What happened since the process started, for metrics (spec 15, Agent). */
  get counts(): AgentCounts {
    const { sandboxes } = this.#state;
    return {
      ...(this.#callsOnce?.counts ?? NO_EXECUTOR_CALLS),
      executorsPreempted: this.#executorsOnce?.preempted ?? 0,
      sandboxRemovalsPending: sandboxes?.pending ?? 0,
      sandboxRemovalsSucceeded: sandboxes?.succeeded ?? 0,
      sandboxRemovalsFailed: sandboxes?.failed ?? 0,
      sandboxMaxAllowedAge: sandboxes?.maxAllowedAge ?? null,
    };
  }

  nextDeadline(): Micros | null {
    let earliest = this.#registration.deadline;
    const retry = this.#state.updates.deadline;
    if (retry < earliest) earliest = retry;
    const containers = this.#containers.deadline;
    if (containers < earliest) earliest = containers;
    const { operations, sandboxes } = this.#state;
    if (operations !== null && operations.deadline < earliest) earliest = operations.deadline;
    const executors = this.#executorsOnce;
    if (executors !== null && executors.deadline < earliest) earliest = executors.deadline;
    const { checker } = this.#containers;
    if (checker !== null && checker.deadline < earliest) earliest = checker.deadline;
    if (sandboxes !== null && sandboxes.deadline < earliest) earliest = sandboxes.deadline;
    const oversubscription = this.#oversubscription;
    if (oversubscription !== null && oversubscription.deadline < earliest)
      earliest = oversubscription.deadline;
    return earliest === NEVER || this.#phase === 'ended' ? null : (earliest as Micros);
  }

  step(now: Micros, input: AgentInput, outputs: Outputs): void {
    if (this.#phase === 'new' || this.#phase === 'ended') {
      this.#outside(now, input, outputs);
    } else {
      this.#inside(now, input, outputs);
      if (this.#phase === 'recovering') this.#finishRecovery(now, outputs);
      if (this.#phase === 'leaving') this.#finishLeaving(outputs);
      if (this.#state.drain !== null) this.#state.endDrainIfIdle();
    }
    if (this.#refused === null) this.#state.journal?.flush(this.#state, outputs);
  }

  /** What the agent's disk holds now: the driver gives it to the machine that starts after this one. */
  checkpoint(): AgentCheckpoint {
    return this.#refused ?? checkpointOf(this.#state);
  }

  /** What the agent would report at re-registration now. */
  report(): ReturnType<typeof reportedState> {
    return reportedState(this.#state);
  }

  /** What operators are shown. */
  view(): AgentView {
    return agentView(this.#state, this.#settings.commandExecutorOverhead);
  }

  /** Names every id that frameworks chose and every id of an executor's update that is held. O(tasks). */
  heldIds(id: (id: TaskId | ExecutorId) => void, update: (uuid: UpdateId) => void): void {
    const { tasks, frameworks } = this.#state;
    for (let row = 0; row < tasks.size; row++) {
      const task = tasks.at(row);
      id(task.taskId);
      id(task.executorId);
      for (const uuid of task.recorded ?? []) update(uuid);
    }
    for (const { executors } of frameworks) for (const { info } of executors ?? []) id(info.executorId);
    this.#state.heldIds(id);
  }

  /** Containers that were ordered and have not been seen to end. For checks: O(tasks). */
  liveContainers(): ContainerHandle[] {
    const live: ContainerHandle[] = [];
    const { tasks, frameworks } = this.#state;
    for (let row = 0; row < tasks.size; row++) {
      const task = tasks.at(row);
      if (task.hasContainer) live.push(task.container);
    }
    for (const { executors } of frameworks) for (const { container } of executors ?? []) live.push(container);
    return live;
  }

  /** Throws when the state contradicts itself. For tests and ends of runs: O(tasks). */
  checkInvariants(): void {
    this.#state.checkInvariants();
    this.#containers.checkInvariants();
    this.#executorsOnce?.checkInvariants();
    this.#containers.checker?.checkInvariants();
    this.#state.sandboxes?.checkInvariants();
  }

  get #executors(): Executors {
    this.#executorsOnce ??= new Executors(this.#state, this.#settings, this.#containers);
    return this.#executorsOnce;
  }

  get #calls(): ExecutorCalls {
    this.#callsOnce ??= new ExecutorCalls(this.#state, this.#executors);
    return this.#callsOnce;
  }

  get #launches(): ExecutorLaunches {
    this.#launchesOnce ??= new ExecutorLaunches(this.#state, this.#executors);
    return this.#launchesOnce;
  }

  /** Before the start and after the end: only the start counts, and an executor is told to come later. */
  #outside(now: Micros, input: AgentInput, outputs: Outputs): void {
    if (this.#phase === 'new' && input.kind === 'started') {
      this.#start(now, input.recovered, input.containersAlive, outputs);
    } else if (input.kind === 'executorCalled' && input.call.type !== 'HEARTBEAT') {
      const error = { code: 'RECOVERING' as const };
      outputs.push({ kind: 'refuseExecutorCall', request: input.request, error });
    }
  }

  #inside(now: Micros, input: AgentInput, outputs: Outputs): void {
    switch (input.kind) {
      case 'started':
        break;
      case 'linkOpened':
        this.#linkOpened(now, outputs);
        break;
      case 'linkClosed':
      case 'pingsMissed':
        this.#detach(outputs);
        break;
      case 'masterMessage':
        this.#receive(now, input.message, outputs);
        break;
      case 'containerStarted': {
        const { container, status } = input;
        const task = this.#state.tasks.findByContainer(container);
        if (task !== null) {
          this.#containers.started(now, task, status, outputs);
          break;
        }
        const executor = this.#state.executorOf(container);
        if (executor !== null) this.#executors.started(now, executor, status, outputs);
        break;
      }
      case 'containerExited':
        this.#containerExited(now, input.container, input.exit, outputs);
        break;
      case 'containerUpdated': {
        const executor = this.#state.executorOf(input.container);
        if (executor !== null) this.#executors.updated(now, executor, input.failure, outputs);
        break;
      }
      case 'executorCalled': {
        const { request, stream, claims, call } = input;
        this.#calls.called(now, request, stream, claims, call, outputs);
        break;
      }
      case 'executorStreamClosed':
        this.#calls.streamClosed(input.stream);
        break;
      case 'probed': {
        const task = this.#state.tasks.findByContainer(input.container);
        if (task === null) break;
        if (this.#containers.checker?.probed(now, task, input.use, input.result, outputs) === 'unhealthy')
          this.#containers.killUnhealthy(now, task, outputs);
        break;
      }
      case 'diskUsage':
        this.#state.sandboxes?.diskUsage(now, input.fraction, outputs);
        break;
      case 'sandboxRemoved':
        this.#state.sandboxes?.removed(now, input.container, input.failure, this.#state.journal);
        break;
      case 'usageSampled':
        if (this.#oversubscription?.sampled(input.load) === true) this.#revoke(outputs);
        break;
      case 'terminate':
        this.#terminate(now, input.how, outputs);
        break;
      case 'tick':
        this.#tick(now, outputs);
        break;
      default:
        assertNever(input);
    }
  }

  #start(now: Micros, recovered: AgentCheckpoint | null, containersAlive: boolean, outputs: Outputs): void {
    this.#phase = 'started';
    this.#oversubscription?.begin(now);
    if (recovered === null) return;
    const { reconfigurationPolicy: policy } = this.#settings;
    const what =
      recovered.info === null ? null : incompatibility(policy, recovered.info, this.#state.configured);
    if (what !== null && this.#settings.recover === 'reconnect') {
      this.#refused = recovered;
      this.#exit(incompatibilityText(policy, what), 'keep', outputs);
      return;
    }
    recover(now, this.#state, this.#containers, this.#executors, recovered, containersAlive, outputs);
    if (this.#settings.recover === 'cleanup') {
      this.#shutdown(now, 'Everything that a former process left was ended', outputs);
      return;
    }
    this.#state.endDrainIfIdle();
    if (this.#executors.areExpected) this.#phase = 'recovering';
  }

  /** All executors of the former process have subscribed again or are being ended: the agent registers (spec 12 §2). */
  #finishRecovery(now: Micros, outputs: Outputs): void {
    if (this.#executors.areExpected) return;
    this.#phase = 'started';
    if (!this.#isLinkWaiting) return;
    this.#isLinkWaiting = false;
    this.#linkOpened(now, outputs);
  }

  #linkOpened(now: Micros, outputs: Outputs): void {
    if (this.#phase === 'leaving') return;
    if (this.#phase === 'recovering') {
      this.#isLinkWaiting = true;
      return;
    }
    this.#state.updates.pause(this.#state.tasks);
    this.#state.operations?.pause();
    this.#registration.begin(now);
    this.#state.reported();
    this.#sendRegistration(outputs);
  }

  #sendRegistration(outputs: Outputs): void {
    const { agentId, info } = this.#state;
    const message: AgentToMaster =
      agentId === null
        ? { type: 'REGISTER_AGENT', info }
        : { type: 'REREGISTER_AGENT', info, ...reportedState(this.#state) };
    outputs.push({ kind: 'toMaster', message });
  }

  /** The master is lost from sight. Tasks go on; their updates wait. */
  #detach(outputs: Outputs): void {
    if (this.#registration.phase === 'detached') {
      // A link that waited for the end of the recovery was not in use yet; another is wanted all the same.
      if (this.#isLinkWaiting) outputs.push({ kind: 'reconnect' });
      this.#isLinkWaiting = false;
      return;
    }
    this.#registration.detach();
    this.#state.updates.pause(this.#state.tasks);
    this.#state.operations?.pause();
    outputs.push({ kind: 'reconnect' });
  }

  #tick(now: Micros, outputs: Outputs): void {
    const { updates, operations, tasks, sandboxes } = this.#state;
    if (this.#registration.deadline <= now) {
      this.#registration.repeat(now);
      this.#sendRegistration(outputs);
    }
    if (updates.deadline <= now) updates.retry(now, tasks, outputs);
    if (operations !== null && operations.deadline <= now) operations.retry(now, outputs);
    if (this.#containers.deadline <= now) this.#containers.tick(now, outputs);
    const executors = this.#executorsOnce;
    if (executors !== null && executors.deadline <= now) executors.tick(now, outputs);
    const { checker } = this.#containers;
    if (checker !== null && checker.deadline <= now) checker.tick(now, outputs);
    if (sandboxes !== null && sandboxes.deadline <= now) sandboxes.tick(now, outputs);
    const oversubscription = this.#oversubscription;
    if (oversubscription !== null && oversubscription.deadline <= now) oversubscription.tick(now, outputs);
  }

  #receive(now: Micros, message: MasterToAgent, outputs: Outputs): void {
    if (this.#registration.phase === 'registered') this.#obey(now, message, outputs);
    else if (this.#registration.phase === 'registering') this.#awaitRegistration(now, message, outputs);
  }

  /** Before the answer to its registration the agent takes nothing but that answer and a final refusal. */
  #awaitRegistration(now: Micros, message: MasterToAgent, outputs: Outputs): void {
    switch (message.type) {
      case 'AGENT_REGISTERED':
        if (this.#state.agentId === null) this.#admitted(message.agentId);
        if (message.agentId === this.#state.agentId) this.#registered(now, outputs);
        break;
      case 'AGENT_REREGISTERED':
        if (message.agentId !== this.#state.agentId) break;
        this.#registered(now, outputs);
        answerForUnreported(now, this.#state, message.unreported, outputs);
        this.#answerForOperations(now, message.unreportedOperations, outputs);
        break;
      case 'SHUTDOWN':
        this.#shutdown(now, message.message, outputs);
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
        if (message.task.template.executor === null)
          runCommandTask(now, this.#state, this.#containers, message, outputs);
        else this.#launches.runTask(now, message, message.task.template.executor, outputs);
        break;
      case 'RUN_TASK_GROUP':
        this.#launches.runTaskGroup(now, message, outputs);
        break;
      case 'KILL_TASK':
        this.#killTask(now, message.frameworkId, message.taskId, message.killPolicy, outputs);
        break;
      case 'SHUTDOWN_FRAMEWORK':
        this.#shutdownFramework(now, message.frameworkId, outputs);
        break;
      case 'SHUTDOWN_EXECUTOR': {
        const framework = this.#state.findFramework(message.frameworkId);
        const executor = findExecutor(framework, message.executorId);
        if (executor !== null) this.#executors.shutdown(now, executor, outputs);
        break;
      }
      case 'UPDATE_FRAMEWORK': {
        const framework = this.#state.findFramework(message.frameworkId);
        if (framework !== null) this.#state.framework(message.frameworkId, message.info);
        break;
      }
      case 'FRAMEWORK_TO_EXECUTOR': {
        const framework = this.#state.findFramework(message.frameworkId);
        this.#calls.deliverMessage(findExecutor(framework, message.executorId), message.data, outputs);
        break;
      }
      case 'CHECKPOINT_RESOURCES':
        this.#setResources(message.resources);
        break;
      case 'AGENT_REREGISTERED':
        // The answer to a registration that was sent twice. DRAIN_AGENT follows if the drain goes on.
        if (message.agentId !== this.#state.agentId) break;
        this.#state.setDrain(null);
        answerForUnreported(now, this.#state, message.unreported, outputs);
        this.#answerForOperations(now, message.unreportedOperations, outputs);
        break;
      case 'AGENT_REGISTERED':
        break;
      case 'APPLY_OPERATION':
        this.#applyOperation(now, message, outputs);
        break;
      case 'ACKNOWLEDGE_OPERATION_STATUS':
        this.#state.operations?.acknowledge(message.operationUuid, message.uuid);
        break;
      case 'DRAIN_AGENT':
        this.#drain(now, message, outputs);
        break;
      case 'STOP_DRAINING':
        this.#state.setDrain(null);
        break;
      case 'SHUTDOWN':
        this.#shutdown(now, message.message, outputs);
        break;
      default:
        assertNever(message);
    }
  }

  #admitted(agentId: AgentId): void {
    this.#state.agentId = agentId;
    this.#state.info = { ...this.#state.info, id: agentId };
    this.#state.journal?.agentChanged();
  }

  #setResources(resources: AgentInfo['resources']): void {
    this.#state.info = { ...this.#state.info, resources };
    this.#state.resources = resources;
    this.#state.journal?.agentChanged();
  }

  #registered(now: Micros, outputs: Outputs): void {
    this.#registration.succeed();
    // A master that still wants it says so again.
    this.#state.setDrain(null);
    this.#state.updates.resume(now, this.#state.agentId!, this.#state.tasks, outputs);
    this.#state.operations?.resume(now, this.#state.agentId!, outputs);
    this.#state.tellExits(outputs);
    this.#oversubscription?.registered(outputs);
  }

  /** An operation that the master waits for and that did not reach the agent. */
  #answerForOperations(
    now: Micros,
    unreported: ReregisteredMessage['unreportedOperations'],
    outputs: Outputs,
  ): void {
    if (unreported.length === 0) return;
    const operations = this.#state.operationsOrNew();
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
    const { info: agent } = this.#state;
    const operations = this.#state.operationsOrNew();
    if (!operations.isNew(operationUuid)) return;
    this.#state.journal?.agentChanged();
    const { state, message: text, total, converted } = performOperation(agent.resources, info);
    if (total !== agent.resources) this.#setResources(total);
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

  /** Everything that runs on lent resources ends (spec 12 §11). */
  #revoke(outputs: Outputs): void {
    const { tasks, executors } = revocableUsers(this.#state);
    for (const task of tasks) this.#containers.preempt(task, outputs);
    for (const executor of executors) {
      if (executor.ending !== 'preempted') this.#executors.destroy(executor, 'preempted', outputs);
    }
  }

  /** Kills what the order names, all tasks or those of one wave; said again, it finds them dying and can only shorten their grace. */
  #drain(now: Micros, message: DrainMessage, outputs: Outputs): void {
    const { tasks } = this.#state;
    this.#state.setDrain(message.config);
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
    if (message.tasks === null) this.#executors.shutdownIdle(now, outputs);
  }

  #acknowledge(now: Micros, message: StatusUpdateAcknowledgement, outputs: Outputs): void {
    const task = this.#state.tasks.find(message.frameworkId, message.taskId);
    if (task === null) return;
    const done = this.#state.updates.acknowledge(now, task, message.uuid, outputs);
    if (done === 'streamEnded') this.#state.forget(task);
    else if (done === 'acknowledged') this.#state.journal?.taskChanged(task);
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

  #containerExited(now: Micros, container: ContainerHandle, exit: ContainerExit, outputs: Outputs): void {
    const task = this.#state.tasks.findByContainer(container);
    if (task !== null) {
      const isNews = this.#containers.exited(now, task, exit, outputs);
      if (isNews && task.executor !== null) this.#executors.taskEnded(now, task.executor, outputs);
      return;
    }
    const executor = this.#state.executorOf(container);
    if (executor !== null) this.#executors.exited(now, executor, exit, outputs);
  }

  /** The master has removed the framework: nobody waits for its updates. Custom executors are given their grace period. */
  #shutdownFramework(now: Micros, id: FrameworkId, outputs: Outputs): void {
    this.#state.operations?.forget(id);
    const framework = this.#state.findFramework(id);
    if (framework === null || framework.isTerminating) return;
    this.#state.leaveToEnd(framework);
    for (const executor of framework.executors ?? []) this.#executors.abandon(now, executor, outputs);
    const { tasks } = this.#state;
    // Backwards: a removal moves the last row into the gap.
    for (let row = tasks.size - 1; row >= 0; row--) {
      const task = tasks.at(row);
      if (task.framework !== framework) continue;
      this.#containers.destroy(now, task, outputs);
      this.#state.forget(task);
    }
  }

  /** The operator ends the agent. Without anything that runs it ends at once. */
  #terminate(now: Micros, how: 'unregister' | 'stop', outputs: Outputs): void {
    if (how === 'stop') {
      this.#exit('Stopped by the operator', 'keep', outputs);
      return;
    }
    if (this.#phase === 'leaving') return;
    const { tasks, updates } = this.#state;
    const agentId = updates.sender;
    if (agentId !== null) outputs.push({ kind: 'toMaster', message: { type: 'UNREGISTER_AGENT', agentId } });
    this.#phase = 'leaving';
    this.#registration.detach();
    updates.pause(tasks);
    this.#state.operations?.pause();
    for (const framework of this.#state.frameworks) {
      for (const executor of framework.executors ?? []) this.#executors.shutdown(now, executor, outputs);
    }
    for (let row = 0; row < tasks.size; row++) this.#executors.kill(now, tasks.at(row), null, outputs);
  }

  #finishLeaving(outputs: Outputs): void {
    const { tasks, frameworks } = this.#state;
    for (const { executors } of frameworks) if (executors !== null && executors.length > 0) return;
    for (let row = 0; row < tasks.size; row++) if (tasks.at(row).hasContainer) return;
    this.#exit('Unregistered by the operator', 'end', outputs);
  }

  /** Every container ends and every task is forgotten; the id stays on the disk for the operator to keep or to wipe (spec 12 §2). */
  #shutdown(now: Micros, reason: string, outputs: Outputs): void {
    const { tasks } = this.#state;
    for (const framework of [...this.#state.frameworks]) {
      for (const executor of [...(framework.executors ?? [])]) {
        this.#executors.destroy(executor, 'shutdown', outputs);
        this.#state.removeExecutor(framework, executor);
      }
    }
    for (let row = tasks.size - 1; row >= 0; row--) {
      const task = tasks.at(row);
      this.#containers.destroy(now, task, outputs);
      this.#state.forget(task);
    }
    this.#state.operations?.forget(null);
    this.#exit(reason, 'end', outputs);
  }

  #exit(reason: string, containers: 'end' | 'keep', outputs: Outputs): void {
    this.#registration.detach();
    this.#state.updates.pause(this.#state.tasks);
    this.#state.operations?.pause();
    this.#phase = 'ended';
    outputs.push({ kind: 'exit', reason, containers });
  }
}
