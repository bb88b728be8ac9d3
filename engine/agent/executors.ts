import { assert, type Micros, type Sink } from '../core/index.ts';
import type {
  ContainerStatus,
  DrainConfig,
  ExecutorEvent,
  ExecutorInfo,
  KillPolicy,
  TaskInfo,
} from '../protocol/index.ts';
import { isTerminal } from '../protocol/index.ts';
import type { Resources } from '../resources/index.ts';
import { AgentExecutor, type ExecutorEnding, executorKind } from './agent-executor.ts';
import type { AgentFramework } from './agent-framework.ts';
import { type AgentState, hasCapability } from './agent-state.ts';
import { AgentTask, NEVER } from './agent-task.ts';
import type { ContainerExit } from './container.ts';
import { drainKillPolicy } from './drain.ts';
import { executorOutcome, waitStatus } from './executor-outcome.ts';
import type { AgentSettings } from './options.ts';
import type { AgentOutput } from './output.ts';
import { checksOf } from './task-checks.ts';
import type { TaskContainers } from './task-containers.ts';

/**
 * Executors with a container of their own: pods, which are the built-in default executor (spec 04 §6, 07 §8), and custom executors, which
 * speak the executor API (spec 04). They get their tasks when they run and their container has room for them, and are ended with grace.
 */
export class Executors {
  readonly #state: AgentState;
  readonly #settings: AgentSettings;
  readonly #containers: TaskContainers;
  /** Not after the earliest timer of an executor; put right when it passes. */
  #deadline = NEVER;
  #preempted = 0;

  constructor(state: AgentState, settings: AgentSettings, containers: TaskContainers) {
    this.#state = state;
    this.#settings = settings;
    this.#containers = containers;
  }

  /** Executors that the QoS controller ended, since the process started. */
  get preempted(): number {
    return this.#preempted;
  }

  get deadline(): number {
    return this.#deadline;
  }

  /** A new executor with its first tasks: a group, or one task alone. */
  launch(
    framework: AgentFramework,
    role: string,
    info: ExecutorInfo,
    infos: readonly TaskInfo[],
    isGroup: boolean,
    outputs: Sink<AgentOutput>,
  ): void {
    const kind = executorKind(info);
    const executor = new AgentExecutor(framework, info, role, kind, this.#state.mintContainer());
    this.#state.addExecutor(framework, executor);
    this.#enqueue(executor, infos, isGroup);
    const { container } = executor;
    const common = {
      frameworkId: framework.id,
      executorId: info.executorId,
      framework: framework.info!,
      role,
      executor: info,
      resources: this.#resourcesOf(executor),
    };
    if (kind === 'pod') {
      outputs.push({ kind: 'launchContainer', container, parent: null, spec: { kind, ...common } });
      return;
    }
    const checkpoint = framework.info!.checkpoint;
    const environment = {
      checkpoint,
      recoveryTimeout: checkpoint ? this.#settings.recoveryTimeout : null,
      subscriptionBackoffMax: checkpoint ? this.#settings.subscriptionBackoffMax : null,
      shutdownGracePeriod: this.#graceOf(executor),
    };
    const spec = { kind: 'customExecutor' as const, ...common, environment };
    outputs.push({ kind: 'launchContainer', container, parent: null, spec });
  }

  /** More tasks for an executor that takes them. */
  add(
    executor: AgentExecutor,
    infos: readonly TaskInfo[],
    isGroup: boolean,
    outputs: Sink<AgentOutput>,
  ): void {
    assert(executor.phase !== 'terminating', 'an executor that ends takes no tasks');
    this.#enqueue(executor, infos, isGroup);
    executor.isSized = false;
    if (executor.phase === 'running') this.#resize(executor, outputs);
  }

  // Its container.

  started(
    now: Micros,
    executor: AgentExecutor,
    status: ContainerStatus | null,
    outputs: Sink<AgentOutput>,
  ): void {
    if (status !== null) executor.status = status;
    this.#state.journal?.executorChanged(executor);
    if (executor.phase === 'terminating') {
      // It may have started although it was told to end.
      if (isDoomed(executor)) this.#signalKill(executor, outputs);
    } else if (executor.phase === 'registering') {
      if (executor.kind === 'pod') this.runs(now, executor, outputs);
      else if (!executor.isRecovered) this.#arm(executor, now + this.#settings.executorRegistrationTimeout);
    }
  }

  /** A pod has started, a custom executor has subscribed: what waits for it goes to it once its container has room. */
  runs(now: Micros, executor: AgentExecutor, outputs: Sink<AgentOutput>): void {
    executor.phase = 'running';
    executor.isRecovered = false;
    this.#disarm(executor);
    this.#state.journal?.executorChanged(executor);
    if (executor.queue.length === 0) return;
    if (executor.isSized) this.#deliver(now, executor, outputs);
    else this.#resize(executor, outputs);
  }

  /** Its container has its new resources, or could not get them: then it is ended (spec 07 §2, REASON_CONTAINER_UPDATE_FAILED). */
  updated(now: Micros, executor: AgentExecutor, failure: string | null, outputs: Sink<AgentOutput>): void {
    if (executor.updates > 0) executor.updates--;
    if (executor.phase === 'terminating') return;
    if (failure !== null) {
      executor.endingMessage = failure;
      this.destroy(executor, 'updateFailed', outputs);
    } else if (executor.updates === 0) {
      executor.isSized = true;
      if (executor.phase === 'running') this.#deliver(now, executor, outputs);
    }
  }

  /** Its container has ended: its tasks have, and the master gives its resources back (spec 04 §4; bug ledgers B03, B06). */
  exited(now: Micros, executor: AgentExecutor, exit: ContainerExit, outputs: Sink<AgentOutput>): void {
    const { framework, info, container, stream } = executor;
    this.#disarm(executor);
    if (stream !== null) {
      outputs.push({ kind: 'closeExecutorStream', stream });
      executor.stream = null;
    }
    const { tasks } = this.#state;
    const partitionAware = hasCapability(framework, 'PARTITION_AWARE');
    for (let row = 0; row < tasks.size; row++) {
      const task = tasks.at(row);
      if (task.executor !== executor || task.phase === 'ended') continue;
      const { state, source, reason, message, details } = executorOutcome(
        exit,
        executor,
        task,
        this.#resourcesOf(executor),
        partitionAware,
      );
      this.#containers.lost(task, outputs);
      this.#state.record(now, task, state, source, reason, message, details, outputs);
    }
    executor.queue.length = 0;
    executor.liveTasks = 0;
    this.#state.sandboxes?.ended(now, container, framework.id, info.executorId, this.#state.journal);
    this.#state.removeExecutor(framework, executor);
    if (!framework.isTerminating)
      this.#state.sendExecutorExited(framework.id, info.executorId, waitStatus(exit), outputs);
  }

  // Its tasks.

  /** A task of it is over. A pod ends with its last; a custom executor lives on (spec 04 §4). */
  taskEnded(now: Micros, executor: AgentExecutor, outputs: Sink<AgentOutput>): void {
    executor.liveTasks--;
    if (executor.phase === 'terminating' && executor.kind === 'custom') return;
    if (executor.kind === 'custom' && executor.liveTasks === 0 && this.#state.drain !== null) {
      this.shutdown(now, executor, outputs);
      return;
    }
    if (executor.kind === 'pod' && executor.liveTasks === 0) {
      if (executor.ending === 'none' || executor.ending === 'shutdown')
        this.destroy(executor, 'shutdown', outputs);
    } else if (executor.phase === 'running') {
      this.#resize(executor, outputs);
    }
  }

  /** A kill by request, wherever the task is (spec 07 §4, §6). */
  kill(now: Micros, task: AgentTask, policy: KillPolicy | null, outputs: Sink<AgentOutput>): void {
    if (task.phase === 'queued') this.#killQueued(now, task, outputs);
    else if (task.phase === 'delivered') this.#killDelivered(now, task, policy, outputs);
    else this.#containers.kill(now, task, policy, outputs);
  }

  /** Kills the tasks for a drain, wherever they are, each with its own grace period within the drain's (spec 10 §2). */
  drain(now: Micros, tasks: readonly AgentTask[], config: DrainConfig, outputs: Sink<AgentOutput>): void {
    for (const task of tasks) {
      if (task.phase === 'queued') this.#killQueued(now, task, outputs);
      else if (task.phase === 'delivered')
        this.#killDelivered(now, task, drainKillPolicy(task, config), outputs);
    }
    this.#containers.drain(now, tasks, config, outputs);
  }

  /** An executor of a drained agent with nothing to do would hold the drain up for ever (bug ledger B20): it is asked to end. */
  shutdownIdle(now: Micros, outputs: Sink<AgentOutput>): void {
    for (const framework of this.#state.frameworks) {
      for (const executor of framework.executors ?? []) {
        if (executor.liveTasks === 0) this.shutdown(now, executor, outputs);
      }
    }
  }

  // Its end.

  /** Asked to end: it kills its tasks, and is destroyed after the grace period if it has not ended by then (spec 04 §3). */
  shutdown(now: Micros, executor: AgentExecutor, outputs: Sink<AgentOutput>): void {
    if (executor.phase === 'terminating') return;
    executor.phase = 'terminating';
    executor.ending = 'shutdown';
    this.#disarm(executor);
    this.#state.journal?.executorChanged(executor);
    for (const task of [...executor.queue]) {
      if (task.phase === 'queued') this.#killQueued(now, task, outputs);
    }
    if (executor.kind === 'custom') {
      this.#tell(executor, { type: 'SHUTDOWN' }, outputs);
      this.#arm(executor, now + this.#graceOf(executor));
      return;
    }
    const { tasks } = this.#state;
    for (let row = 0; row < tasks.size; row++) {
      const task = tasks.at(row);
      if (task.executor === executor && task.ending === 'none')
        this.#containers.kill(now, task, null, outputs);
    }
    if (executor.liveTasks === 0) this.#signalKill(executor, outputs);
  }

  /**
   * Its framework is removed: its tasks are forgotten without updates, which nobody awaits. A custom executor is asked to end, a pod, whose
   * tasks are the agent's to end, ends at once.
   */
  abandon(now: Micros, executor: AgentExecutor, outputs: Sink<AgentOutput>): void {
    executor.queue.length = 0;
    executor.liveTasks = 0;
    if (executor.kind === 'pod') {
      this.destroy(executor, 'shutdown', outputs);
    } else if (executor.phase !== 'terminating') {
      executor.phase = 'terminating';
      executor.ending = 'shutdown';
      this.#tell(executor, { type: 'SHUTDOWN' }, outputs);
      this.#arm(executor, now + this.#graceOf(executor));
    }
  }

  /** Ends it at once. What is left of its tasks ends with its container. */
  destroy(executor: AgentExecutor, ending: ExecutorEnding, outputs: Sink<AgentOutput>): void {
    executor.phase = 'terminating';
    if (ending === 'preempted' && executor.ending !== 'preempted') this.#preempted++;
    executor.ending = ending;
    executor.heartbeatAt = NEVER;
    this.#disarm(executor);
    this.#state.journal?.executorChanged(executor);
    this.#signalKill(executor, outputs);
  }

  /** Executors that did not (re-)subscribe in time or outlived their grace period are destroyed; others get their heartbeat. */
  tick(now: Micros, outputs: Sink<AgentOutput>): void {
    let earliest = NEVER;
    for (const framework of this.#state.frameworks) {
      for (const executor of framework.executors ?? []) {
        if (executor.deadline <= now) this.#expire(executor, outputs);
        if (executor.heartbeatAt <= now) {
          executor.heartbeatAt = now + this.#settings.executorHeartbeatInterval;
          this.#tell(executor, { type: 'HEARTBEAT' }, outputs);
        }
        earliest = Math.min(earliest, executor.deadline, executor.heartbeatAt);
      }
    }
    this.#deadline = earliest;
  }

  // Its stream.

  beginHeartbeats(now: Micros, executor: AgentExecutor): void {
    executor.heartbeatAt = now + this.#settings.executorHeartbeatInterval;
    if (executor.heartbeatAt < this.#deadline) this.#deadline = executor.heartbeatAt;
  }

  /** KILL again for tasks whose KILL may not have reached it (bug ledger B34). */
  repeatKills(executor: AgentExecutor, outputs: Sink<AgentOutput>): void {
    const { tasks } = this.#state;
    for (let row = 0; row < tasks.size; row++) {
      const task = tasks.at(row);
      if (task.executor === executor && task.phase === 'delivered' && task.ending === 'killed')
        this.#tellKill(task, outputs);
    }
  }

  /** A terminal update of the executor's, or the agent's verdict on a task that never reached it. */
  deliveredEnded(now: Micros, task: AgentTask, outputs: Sink<AgentOutput>): void {
    assert(
      task.phase === 'delivered' && task.executor !== null,
      'only a task with its executor ends by its word',
    );
    task.phase = 'ended';
    this.#state.journal?.taskChanged(task);
    this.taskEnded(now, task.executor, outputs);
  }

  /**
   * Found on the disk. A custom one has the re-registration timeout to subscribe again (spec 04 §4); one that was ending goes on ending,
   * and the last signal may not have been sent: it is sent again.
   */
  recovered(now: Micros, executor: AgentExecutor, deadline: Micros | null, outputs: Sink<AgentOutput>): void {
    if (executor.phase === 'terminating') {
      if (deadline !== null) this.#arm(executor, deadline);
      // Of a pod that ends with its tasks, those are not known yet (`endIdlePods`).
      if (executor.kind === 'custom' ? isDoomed(executor) : executor.ending !== 'shutdown')
        this.#signalKill(executor, outputs);
    } else if (executor.kind === 'custom') {
      this.#arm(executor, now + this.#settings.executorReregistrationTimeout);
    }
  }

  /** All tasks are recovered: a pod that was ending and has none left is told to end again. */
  endIdlePods(outputs: Sink<AgentOutput>): void {
    for (const framework of this.#state.frameworks) {
      for (const executor of framework.executors ?? []) {
        if (executor.kind !== 'pod' || executor.liveTasks > 0) continue;
        if (executor.ending === 'none' || executor.ending === 'shutdown')
          this.destroy(executor, 'shutdown', outputs);
      }
    }
  }

  /** Whether a custom executor of the former process has neither subscribed again nor run out of time. */
  get areExpected(): boolean {
    for (const framework of this.#state.frameworks) {
      for (const executor of framework.executors ?? []) {
        if (executor.kind === 'custom' && executor.isRecovered && executor.phase === 'registering')
          return true;
      }
    }
    return false;
  }

  checkInvariants(): void {
    const live = new Map<AgentExecutor, number>();
    const queued = new Map<AgentExecutor, number>();
    const { tasks } = this.#state;
    for (let row = 0; row < tasks.size; row++) {
      const task = tasks.at(row);
      const { executor, phase } = task;
      if (executor === null || phase === 'ended') continue;
      live.set(executor, (live.get(executor) ?? 0) + 1);
      if (phase === 'queued') {
        queued.set(executor, (queued.get(executor) ?? 0) + 1);
        assert(executor.queue.includes(task), 'a queued task stands in the queue of its executor');
      }
      assert(task.group < executor.nextGroup, 'groups are numbered by their executor');
      assert(
        phase === 'queued' || (phase === 'delivered') === (executor.kind === 'custom'),
        'tasks of a custom executor are given to it, those of a pod have containers',
      );
      assert(
        phase === 'queued' ||
          phase === 'delivered' ||
          executor.phase !== 'registering' ||
          executor.isRecovered,
        'a pod has tasks when it runs',
      );
    }
    let executors = 0;
    for (const framework of this.#state.frameworks) {
      for (const executor of framework.executors ?? []) {
        executors += live.has(executor) ? 1 : 0;
        assert(executor.framework === framework, 'an executor knows its framework');
        assert((live.get(executor) ?? 0) === executor.liveTasks, 'an executor counts its live tasks');
        assert((queued.get(executor) ?? 0) === executor.queue.length, 'a queue holds queued tasks only');
        assert(
          executor.deadline >= this.#deadline && executor.heartbeatAt >= this.#deadline,
          'no executor is due before the deadline',
        );
        if (executor.kind === 'pod' && executor.liveTasks === 0)
          assert(executor.phase === 'terminating', 'a pod ends with its last task');
        assert(executor.kind === 'custom' || executor.stream === null, 'only custom executors have streams');
      }
    }
    assert(executors === live.size, 'live tasks belong to a recorded executor');
  }

  #enqueue(executor: AgentExecutor, infos: readonly TaskInfo[], isGroup: boolean): void {
    const { framework, info, role } = executor;
    const group = isGroup ? executor.nextGroup++ : -1;
    for (const taskInfo of infos) {
      const task = new AgentTask(
        framework,
        taskInfo.taskId,
        taskInfo,
        role,
        info.executorId,
        executor,
        group,
      );
      task.phase = 'queued';
      // A custom executor checks its tasks itself.
      if (executor.kind === 'pod') task.checks = checksOf(taskInfo);
      executor.liveTasks++;
      executor.queue.push(task);
      this.#state.add(task);
    }
    this.#state.journal?.executorChanged(executor);
  }

  /** Synchronously out of the queue: what is killed is not given to the executor any more (bug ledgers B09, B10). */
  #killQueued(now: Micros, task: AgentTask, outputs: Sink<AgentOutput>): void {
    const executor = task.executor!;
    const { queue } = executor;
    const killed = queue.filter(
      (other) => other === task || (task.group !== -1 && other.group === task.group),
    );
    const kept = queue.filter((other) => !killed.includes(other));
    queue.length = 0;
    queue.push(...kept);
    for (const other of killed) {
      other.phase = 'ended';
      other.ending = 'killedDuringLaunch';
      this.#state.record(
        now,
        other,
        'TASK_KILLED',
        'SOURCE_AGENT',
        'REASON_TASK_KILLED_DURING_LAUNCH',
        'Killed before delivery to the executor',
        null,
        outputs,
      );
      executor.liveTasks--;
    }
    if (executor.liveTasks > 0 || executor.phase === 'terminating') return;
    // Nothing is left for a pod to hold, and a custom executor that has not registered has no other work.
    if (executor.kind === 'pod' || executor.phase === 'registering')
      this.destroy(executor, 'shutdown', outputs);
  }

  /** The executor kills; it is told again if it was not connected. The shortest grace period named counts. */
  #killDelivered(now: Micros, task: AgentTask, policy: KillPolicy | null, outputs: Sink<AgentOutput>): void {
    if (task.executor!.phase === 'terminating') return;
    if (task.ending === 'none') {
      task.ending = 'killed';
      task.kill = { at: now, grace: NEVER };
    }
    const grace = policy?.gracePeriod ?? null;
    if (grace !== null) {
      task.kill ??= { at: NEVER, grace: NEVER };
      if (grace < task.kill.grace) task.kill.grace = Math.max(0, grace);
    }
    this.#state.journal?.taskChanged(task);
    this.#tellKill(task, outputs);
  }

  #tellKill(task: AgentTask, outputs: Sink<AgentOutput>): void {
    const { kill } = task;
    const killPolicy = kill === null || kill.grace === NEVER ? null : { gracePeriod: kill.grace as Micros };
    this.#tell(task.executor!, { type: 'KILL', taskId: task.taskId, killPolicy }, outputs);
  }

  /** All that waits goes to the executor, in order, unless it is not connected or its container has not the room yet. */
  #deliver(now: Micros, executor: AgentExecutor, outputs: Sink<AgentOutput>): void {
    const { queue, kind } = executor;
    if (queue.length === 0 || (kind === 'custom' && executor.stream === null)) return;
    const tasks = queue.splice(0);
    if (kind === 'pod') {
      // All tasks of a group enter STARTING together (spec 07 §8).
      for (const task of tasks) this.#containers.sendStarting(now, task, outputs);
      for (const task of tasks) this.#containers.launchPodTask(task, outputs);
      return;
    }
    for (let first = 0; first < tasks.length; ) {
      const { group } = tasks[first]!;
      const end = group === -1 ? first + 1 : endOfGroup(tasks, first);
      const infos: TaskInfo[] = [];
      for (let index = first; index < end; index++) {
        const task = tasks[index]!;
        task.phase = 'delivered';
        task.status = executor.status;
        this.#state.journal?.taskChanged(task);
        infos.push(task.info!);
      }
      const event: ExecutorEvent =
        group === -1 ? { type: 'LAUNCH', task: infos[0]! } : { type: 'LAUNCH_GROUP', taskGroup: infos };
      this.#tell(executor, event, outputs);
      first = end;
    }
  }

  /** The executor's own resources and those of its tasks that have not ended. */
  #resourcesOf(executor: AgentExecutor): Resources {
    let total = executor.info.resources;
    const { tasks } = this.#state;
    for (let row = 0; row < tasks.size; row++) {
      const task = tasks.at(row);
      if (task.executor === executor && !isTerminal(task.state)) total = total.plus(task.info!.resources);
    }
    return total;
  }

  #resize(executor: AgentExecutor, outputs: Sink<AgentOutput>): void {
    executor.updates++;
    const resources = this.#resourcesOf(executor);
    outputs.push({ kind: 'updateContainer', container: executor.container, resources });
  }

  #expire(executor: AgentExecutor, outputs: Sink<AgentOutput>): void {
    if (executor.phase === 'terminating') {
      this.destroy(executor, executor.ending, outputs);
    } else {
      const ending = executor.isRecovered ? 'reregistrationTimeout' : 'registrationTimeout';
      this.destroy(executor, ending, outputs);
    }
  }

  #graceOf(executor: AgentExecutor): Micros {
    return executor.info.shutdownGracePeriod ?? this.#settings.executorShutdownGracePeriod;
  }

  #tell(executor: AgentExecutor, event: ExecutorEvent, outputs: Sink<AgentOutput>): void {
    if (executor.stream !== null) outputs.push({ kind: 'executorEvent', stream: executor.stream, event });
  }

  #signalKill(executor: AgentExecutor, outputs: Sink<AgentOutput>): void {
    outputs.push({ kind: 'signalContainer', container: executor.container, signal: 'SIGKILL' });
  }

  #arm(executor: AgentExecutor, deadline: number): void {
    executor.deadline = deadline;
    if (deadline < this.#deadline) this.#deadline = deadline;
  }

  #disarm(executor: AgentExecutor): void {
    executor.deadline = NEVER;
  }
}

/** Where the tasks of one group, which stand together, end. */
function endOfGroup(tasks: readonly AgentTask[], first: number): number {
  let end = first + 1;
  while (end < tasks.length && tasks[end]!.group === tasks[first]!.group) end++;
  return end;
}

/** It was told to end at once, not by its tasks' or by its own leave. */
function isDoomed(executor: AgentExecutor): boolean {
  if (executor.phase !== 'terminating') return false;
  if (executor.ending !== 'shutdown') return true;
  return executor.kind === 'custom' ? executor.deadline === NEVER : executor.liveTasks === 0;
}
