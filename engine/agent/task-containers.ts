import { assert, type Micros, type Sink } from '../core/index.ts';
import type { ContainerStatus, DrainConfig, KillPolicy, TaskInfo } from '../protocol/index.ts';
import { isTerminal } from '../protocol/index.ts';
import type { AgentFramework } from './agent-framework.ts';
import { type AgentState, hasCapability } from './agent-state.ts';
import { AgentTask, commandExecutorId, NEVER } from './agent-task.ts';
import type { TaskProgress } from './checkpoint.ts';
import type { ContainerExit } from './container.ts';
import { containerOutcome } from './container-outcome.ts';
import { drainKillPolicy } from './drain.ts';
import { executorOutcome } from './executor-outcome.ts';
import type { AgentSettings } from './options.ts';
import type { AgentOutput } from './output.ts';
import { Checker, checksOf } from './task-checks.ts';

/**
 * Tasks with a container of their own: those of the command executor and, nested in a pod, those of the default executor, both part of the
 * agent (spec 04 §6). Launches containers, turns what becomes of them into status updates, and kills with grace.
 */
export class TaskContainers {
  readonly #state: AgentState;
  readonly #settings: AgentSettings;
  /** Null until a task has a check. */
  #checker: Checker | null = null;
  /** Tasks with an executor deadline set. */
  #waiting = 0;
  /** Not after the earliest of them; put right when it passes. */
  #deadline = NEVER;

  constructor(state: AgentState, settings: AgentSettings) {
    this.#state = state;
    this.#settings = settings;
  }

  get deadline(): number {
    return this.#deadline;
  }

  /** Of the tasks with checks; null while there never was one. */
  get checker(): Checker | null {
    return this.#checker;
  }

  launchCommandTask(
    now: Micros,
    framework: AgentFramework,
    role: string,
    info: TaskInfo,
    outputs: Sink<AgentOutput>,
  ): void {
    const executorId = commandExecutorId(info.taskId);
    const task = new AgentTask(framework, info.taskId, info, role, executorId, null, -1);
    task.checks = checksOf(info);
    this.#state.add(task);
    this.sendStarting(now, task, outputs);
    this.#order(task);
    outputs.push({
      kind: 'launchContainer',
      container: task.container,
      parent: null,
      spec: {
        kind: 'commandTask',
        frameworkId: task.frameworkId,
        executorId,
        framework: framework.info!,
        role,
        task: info,
        overhead: this.#settings.commandExecutorOverhead,
      },
    });
  }

  /** A task of a pod that runs. Its group has been sent STARTING. */
  launchPodTask(task: AgentTask, outputs: Sink<AgentOutput>): void {
    this.#order(task);
    outputs.push({
      kind: 'launchContainer',
      container: task.container,
      parent: task.executor!.container,
      spec: {
        kind: 'podTask',
        frameworkId: task.frameworkId,
        executorId: task.executorId,
        framework: task.framework.info!,
        role: task.role,
        task: task.info!,
      },
    });
  }

  sendStarting(now: Micros, task: AgentTask, outputs: Sink<AgentOutput>): void {
    if (!this.#settings.sendTaskStarting) return;
    this.#state.record(now, task, 'TASK_STARTING', 'SOURCE_EXECUTOR', null, null, null, outputs);
  }

  started(now: Micros, task: AgentTask, status: ContainerStatus | null, outputs: Sink<AgentOutput>): void {
    if (task.phase !== 'launching') return;
    task.phase = 'running';
    if (status !== null) task.status = status;
    if (task.ending !== 'none') {
      // Killed while it was launching, but the runtime could not stop the launch.
      this.#signal(task, 'SIGKILL', outputs);
      this.#state.journal?.taskChanged(task);
      return;
    }
    this.#state.record(now, task, 'TASK_RUNNING', 'SOURCE_EXECUTOR', null, null, null, outputs);
    const limit = task.info!.template.maxCompletionTime;
    if (limit !== null) this.#arm(task, now + limit);
    if (task.checks !== null) this.#checkerOrNew().begin(now, task.checks);
  }

  /** The container is gone, and so is the task. False if that is known already. */
  exited(now: Micros, task: AgentTask, exit: ContainerExit, outputs: Sink<AgentOutput>): boolean {
    if (!task.hasContainer) return false;
    const launched = task.phase === 'running';
    this.#disarm(task);
    this.#checker?.stop(task, outputs);
    task.phase = 'ended';
    this.sandboxEnded(now, task);
    // Asked for only where it matters: it scans the capabilities.
    const isForced = isForcedEnd(task);
    const partitionAware =
      (isForced || exit.cause === 'GONE' || task.ending === 'preempted') &&
      hasCapability(task.framework, 'PARTITION_AWARE');
    const outcome = isForced
      ? executorOutcome(exit, task.executor!, task, task.info!.resources, partitionAware)
      : containerOutcome(exit, task.ending, task.info!, launched, partitionAware);
    const { state, source, reason, message, details } = outcome;
    this.#state.record(now, task, state, source, reason, message, details, outputs);
    if (task.executor !== null && state !== 'TASK_FINISHED') this.#killGroup(now, task, outputs);
    return true;
  }

  /**
   * A kill by request. The grace period is the call's, else the task's, else the executor's; it counts from the first kill, and a later
   * kill can only shorten it (spec 07 §6). The whole group goes with a task (spec 07 §8).
   */
  kill(now: Micros, task: AgentTask, policy: KillPolicy | null, outputs: Sink<AgentOutput>): void {
    if (!task.hasContainer || task.ending === 'maxCompletionTime' || task.ending === 'preempted') return;
    const first = task.ending === 'none';
    this.#killOne(now, task, 'killed', policy, outputs);
    if (first && task.executor !== null) this.#killGroup(now, task, outputs);
  }

  /** Kills the tasks for a drain, each with its own grace period within the drain's; groups go whole. */
  drain(now: Micros, tasks: readonly AgentTask[], config: DrainConfig, outputs: Sink<AgentOutput>): void {
    for (const task of tasks) {
      if (!task.hasContainer || task.ending === 'maxCompletionTime' || task.ending === 'preempted') continue;
      this.#killOne(now, task, 'killed', drainKillPolicy(task, config), outputs);
    }
    for (const task of tasks) {
      if (task.executor !== null && task.ending !== 'none') this.#killGroup(now, task, outputs);
    }
  }

  /** Its health check has failed too often: killed by its own kill policy (spec 07 §7). */
  killUnhealthy(now: Micros, task: AgentTask, outputs: Sink<AgentOutput>): void {
    if (task.phase !== 'running' || task.ending !== 'none') return;
    this.#killOne(now, task, 'unhealthy', null, outputs);
    if (task.executor !== null) this.#killGroup(now, task, outputs);
  }

  /** Ends a command task that runs on lent resources; its update says so when it is gone. */
  preempt(task: AgentTask, outputs: Sink<AgentOutput>): void {
    if (!task.hasContainer) return;
    this.#disarm(task);
    this.#checker?.stop(task, outputs);
    task.ending = 'preempted';
    this.#state.journal?.taskChanged(task);
    this.#signal(task, 'SIGKILL', outputs);
  }

  /** Ends the container at once, whatever the task's state; no update is made. */
  destroy(now: Micros, task: AgentTask, outputs: Sink<AgentOutput>): void {
    this.#disarm(task);
    this.#checker?.stop(task, outputs);
    if (!task.hasContainer) return;
    this.#signal(task, 'SIGKILL', outputs);
    this.sandboxEnded(now, task);
  }

  /** Its container went away with the one that it is nested in, or it never had one; the caller says what becomes of the task. */
  lost(task: AgentTask, outputs: Sink<AgentOutput>): void {
    this.#disarm(task);
    this.#checker?.stop(task, outputs);
    task.phase = 'ended';
  }

  /** SIGKILL where the grace period is over; the end of tasks whose maximum completion time is over. O(tasks). */
  tick(now: Micros, outputs: Sink<AgentOutput>): void {
    const { tasks } = this.#state;
    for (let row = 0; row < tasks.size; row++) {
      const task = tasks.at(row);
      if (task.executorDeadline > now) continue;
      this.#disarm(task);
      this.#state.journal?.taskChanged(task);
      if (task.ending === 'none') this.#expire(now, task, outputs);
      else this.#signal(task, 'SIGKILL', outputs);
    }
    let earliest = NEVER;
    for (let row = 0; row < tasks.size; row++) {
      const deadline = tasks.at(row).executorDeadline;
      if (deadline < earliest) earliest = deadline;
    }
    this.#deadline = earliest;
  }

  /** Takes over timers and checks from a checkpoint. The last signal may not have been sent: it is sent again. */
  recovered(now: Micros, task: AgentTask, progress: TaskProgress, outputs: Sink<AgentOutput>): void {
    if (task.executor === null || task.executor.kind === 'pod') this.#recoverChecks(now, task, progress);
    if (!task.hasContainer) return;
    if (progress.deadline !== null) this.#arm(task, progress.deadline);
    if (task.ending !== 'none')
      this.#signal(task, progress.deadline === null ? 'SIGKILL' : 'SIGTERM', outputs);
  }

  /** A command task's container, or a pod's, is not there any more: its sandbox is garbage in time. Nested ones lie within their pod's. */
  sandboxEnded(now: Micros, task: AgentTask): void {
    if (task.executor !== null || task.container === 0) return;
    const { frameworkId, executorId, container } = task;
    this.#state.sandboxes?.ended(now, container, frameworkId, executorId, this.#state.journal);
  }

  checkInvariants(): void {
    const { tasks } = this.#state;
    let waiting = 0;
    for (let row = 0; row < tasks.size; row++) {
      const task = tasks.at(row);
      if (task.executorDeadline !== NEVER) waiting++;
      assert(task.executorDeadline >= this.#deadline, 'no executor is due before the deadline');
      assert(task.hasContainer || task.executorDeadline === NEVER, 'no timer without a container');
      assert(
        (task.phase === 'ended') === isTerminal(task.state),
        'a task is terminal exactly when its container, or its executor, is done with it',
      );
      assert(!task.hasContainer || task.container !== 0, 'a task that runs has a container');
      assert(
        task.executor !== null ||
          task.phase === 'launching' ||
          task.phase === 'running' ||
          task.phase === 'ended',
        'only a task of an executor waits for it or is given to it',
      );
    }
    assert(waiting === this.#waiting, 'the tasks with an executor deadline are counted');
  }

  #recoverChecks(now: Micros, task: AgentTask, progress: TaskProgress): void {
    task.checks = checksOf(task.info!);
    if (task.checks === null) return;
    task.checks.healthy = progress.healthy;
    if (progress.checkStatus !== null) task.checks.checkStatus = progress.checkStatus;
    if (task.phase === 'running' && task.ending === 'none') this.#checkerOrNew().resume(now, task.checks);
  }

  #checkerOrNew(): Checker {
    this.#checker ??= new Checker(this.#state);
    return this.#checker;
  }

  /** The task's container is ordered from here on. */
  #order(task: AgentTask): void {
    const { tasks, journal } = this.#state;
    tasks.setContainer(task, this.#state.mintContainer());
    task.phase = 'launching';
    journal?.taskChanged(task);
  }

  #killOne(
    now: Micros,
    task: AgentTask,
    ending: 'killed' | 'unhealthy',
    policy: KillPolicy | null,
    outputs: Sink<AgentOutput>,
  ): void {
    if (task.ending === 'none') {
      task.kill = { at: now, grace: NEVER };
      this.#state.journal?.taskChanged(task);
      this.#disarm(task);
      if (task.phase === 'launching') {
        // Nothing runs yet that could use a grace period.
        task.ending = 'killedDuringLaunch';
        this.#signal(task, 'SIGKILL', outputs);
        return;
      }
      this.#checker?.stop(task, outputs);
      task.ending = ending;
      this.#sendKilling(now, task, outputs);
      this.#signal(task, 'SIGTERM', outputs);
    } else if (task.ending === 'killedDuringLaunch' || task.executorDeadline === NEVER) {
      return;
    }
    const grace =
      policy?.gracePeriod ?? task.info!.template.killPolicy?.gracePeriod ?? this.#settings.killGracePeriod;
    const deadline = task.kill!.at + (grace > 0 ? grace : 0);
    if (deadline <= now) {
      this.#disarm(task);
      this.#state.journal?.taskChanged(task);
      this.#signal(task, 'SIGKILL', outputs);
    } else if (deadline < task.executorDeadline) {
      this.#arm(task, deadline);
      this.#state.journal?.taskChanged(task);
    }
  }

  /** The rest of the task's group is killed, each with its own grace period (spec 04 §6). */
  #killGroup(now: Micros, task: AgentTask, outputs: Sink<AgentOutput>): void {
    const { tasks } = this.#state;
    for (let row = 0; row < tasks.size; row++) {
      const other = tasks.at(row);
      if (other.executor !== task.executor || other.group !== task.group) continue;
      if (other.hasContainer && other.ending === 'none') this.#killOne(now, other, 'killed', null, outputs);
    }
  }

  /** `max_completion_time` is over: killed without grace, to become TASK_FAILED (spec 04 §6). */
  #expire(now: Micros, task: AgentTask, outputs: Sink<AgentOutput>): void {
    this.#checker?.stop(task, outputs);
    task.ending = 'maxCompletionTime';
    this.#sendKilling(now, task, outputs);
    this.#signal(task, 'SIGKILL', outputs);
  }

  #sendKilling(now: Micros, task: AgentTask, outputs: Sink<AgentOutput>): void {
    if (!hasCapability(task.framework, 'TASK_KILLING_STATE')) return;
    this.#state.record(now, task, 'TASK_KILLING', 'SOURCE_EXECUTOR', null, null, null, outputs);
  }

  #signal(task: AgentTask, signal: 'SIGTERM' | 'SIGKILL', outputs: Sink<AgentOutput>): void {
    outputs.push({ kind: 'signalContainer', container: task.container, signal });
  }

  #arm(task: AgentTask, deadline: number): void {
    if (task.executorDeadline === NEVER) this.#waiting++;
    task.executorDeadline = deadline;
    if (deadline < this.#deadline) this.#deadline = deadline;
  }

  #disarm(task: AgentTask): void {
    if (task.executorDeadline === NEVER) return;
    task.executorDeadline = NEVER;
    if (--this.#waiting === 0) this.#deadline = NEVER;
  }
}

/** The agent ended the pod that it was in, and not because of its tasks. */
function isForcedEnd(task: AgentTask): boolean {
  if (task.executor === null || task.ending !== 'none') return false;
  const { ending } = task.executor;
  return ending !== 'none' && ending !== 'shutdown';
}
