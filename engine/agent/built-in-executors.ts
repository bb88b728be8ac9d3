import { assert, type ExecutorId, type Micros, type Sink } from '../core/index.ts';
import type { DrainConfig, ExecutorInfo, KillPolicy, TaskInfo } from '../protocol/index.ts';
import { isTerminal } from '../protocol/index.ts';
import { type AgentFramework, DefaultExecutor } from './agent-framework.ts';
import { type AgentState, findExecutor, hasCapability } from './agent-state.ts';
import { AgentTask, commandExecutorId, NEVER } from './agent-task.ts';
import { containerOutcome } from './container-outcome.ts';
import { drainKillPolicy } from './drain.ts';
import type { ContainerExit } from './input.ts';
import type { AgentSettings } from './options.ts';
import type { AgentOutput } from './output.ts';

/**
 * The command executor and the default executor (spec 04 §6), as part of the agent: they launch containers, turn what becomes of them
 * into status updates, and kill with grace. Fetching, health checks and checks belong between `launch` and `containerStarted`.
 */
export class BuiltInExecutors {
  readonly #state: AgentState;
  readonly #settings: AgentSettings;
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

  launchCommandTask(
    now: Micros,
    framework: AgentFramework,
    role: string,
    info: TaskInfo,
    outputs: Sink<AgentOutput>,
  ): void {
    const task = new AgentTask(framework, info.taskId, info, role, commandExecutorId(info.taskId), null, -1);
    this.#state.add(task);
    if (this.#settings.sendTaskStarting) this.#sendStarting(now, task, outputs);
    this.#launch(task, outputs);
  }

  /** Starts one group, on the executor that runs or on a new one. All its tasks enter STARTING together (spec 07 §8). */
  launchGroup(
    now: Micros,
    framework: AgentFramework,
    role: string,
    info: ExecutorInfo,
    infos: readonly TaskInfo[],
    outputs: Sink<AgentOutput>,
  ): void {
    const { tasks } = this.#state;
    let executor = findExecutor(framework, info.executorId);
    if (executor === null) {
      executor = new DefaultExecutor(info, role);
      this.#state.addExecutor(framework, executor);
    }
    const group = executor.nextGroup++;
    const first = tasks.size;
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
      executor.liveTasks++;
      this.#state.add(task);
      if (this.#settings.sendTaskStarting) this.#sendStarting(now, task, outputs);
    }
    for (let row = first; row < tasks.size; row++) this.#launch(tasks.at(row), outputs);
  }

  containerStarted(now: Micros, task: AgentTask, outputs: Sink<AgentOutput>): void {
    if (task.container !== 'launching') return;
    task.container = 'running';
    if (task.ending !== 'none') {
      // Killed while it was launching, but the runtime could not stop the launch.
      this.#signal(task, 'SIGKILL', outputs);
      return;
    }
    this.#state.record(now, task, 'TASK_RUNNING', 'SOURCE_EXECUTOR', null, null, null, outputs);
    const limit = task.info!.template.maxCompletionTime;
    if (limit !== null) this.#arm(task, now + limit);
  }

  containerExited(now: Micros, task: AgentTask, exit: ContainerExit, outputs: Sink<AgentOutput>): void {
    if (task.container === 'none') return;
    const launched = task.container === 'running';
    task.container = 'none';
    this.#disarm(task);
    // Asked for only where it matters: it scans the capabilities.
    const partitionAware = exit.cause === 'GONE' && hasCapability(task.framework, 'PARTITION_AWARE');
    const outcome = containerOutcome(exit, task.ending, task.info!, launched, partitionAware);
    const { state, source, reason, message, details } = outcome;
    this.#state.record(now, task, state, source, reason, message, details, outputs);
    if (task.executor === null) return;
    task.executor.liveTasks--;
    if (state !== 'TASK_FINISHED') this.#killGroup(now, task, outputs);
    if (task.executor.liveTasks === 0) this.#endExecutor(task.framework, task.executor, outputs);
  }

  /**
   * A kill by request. The grace period is the call's, else the task's, else the executor's; it counts from the first kill, and a later
   * kill can only shorten it (spec 07 §6). The whole group goes with a task (spec 07 §8).
   */
  kill(now: Micros, task: AgentTask, policy: KillPolicy | null, outputs: Sink<AgentOutput>): void {
    if (task.container === 'none' || task.ending === 'maxCompletionTime') return;
    const first = task.ending === 'none';
    this.#killOne(now, task, policy, outputs);
    if (first && task.executor !== null) this.#killGroup(now, task, outputs);
  }

  /** Kills the tasks for a drain, each with its own grace period within the drain's; groups go whole. */
  drain(now: Micros, tasks: readonly AgentTask[], config: DrainConfig, outputs: Sink<AgentOutput>): void {
    for (const task of tasks) {
      if (task.container === 'none' || task.ending === 'maxCompletionTime') continue;
      this.#killOne(now, task, drainKillPolicy(task, config), outputs);
    }
    for (const task of tasks) {
      if (task.executor !== null && task.ending !== 'none') this.#killGroup(now, task, outputs);
    }
  }

  /** Ends all groups of a default executor; it takes no further one. */
  shutdownExecutor(now: Micros, framework: AgentFramework, id: ExecutorId, outputs: Sink<AgentOutput>): void {
    const executor = findExecutor(framework, id);
    if (executor === null || executor.terminating) return;
    executor.terminating = true;
    const { tasks } = this.#state;
    for (let row = 0; row < tasks.size; row++) {
      const task = tasks.at(row);
      if (task.executor === executor && task.ending === 'none') this.kill(now, task, null, outputs);
    }
  }

  /** Ends the container at once, whatever the task's state; no update is made. */
  destroy(task: AgentTask, outputs: Sink<AgentOutput>): void {
    this.#disarm(task);
    if (task.container !== 'none') this.#signal(task, 'SIGKILL', outputs);
  }

  /** SIGKILL where the grace period is over; the end of tasks whose maximum completion time is over. O(tasks). */
  tick(now: Micros, outputs: Sink<AgentOutput>): void {
    const { tasks } = this.#state;
    for (let row = 0; row < tasks.size; row++) {
      const task = tasks.at(row);
      if (task.executorDeadline > now) continue;
      this.#disarm(task);
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

  /** Takes over a timer from a checkpoint. */
  restore(task: AgentTask, deadline: number): void {
    this.#arm(task, deadline);
  }

  checkInvariants(): void {
    const { tasks } = this.#state;
    let waiting = 0;
    const live = new Map<DefaultExecutor, number>();
    for (let row = 0; row < tasks.size; row++) {
      const task = tasks.at(row);
      if (task.executorDeadline !== NEVER) waiting++;
      assert(task.executorDeadline >= this.#deadline, 'no executor is due before the deadline');
      assert(task.container !== 'none' || task.executorDeadline === NEVER, 'no timer without a container');
      assert(
        (task.container === 'none') === isTerminal(task.state),
        'a task is terminal exactly when its container is gone',
      );
      if (task.executor === null || task.container === 'none') continue;
      live.set(task.executor, (live.get(task.executor) ?? 0) + 1);
      assert(task.group < task.executor.nextGroup, 'groups are numbered by their executor');
    }
    assert(waiting === this.#waiting, 'the tasks with an executor deadline are counted');
    let executors = 0;
    for (const framework of this.#state.frameworks) {
      for (const executor of framework.executors ?? []) {
        executors++;
        assert(executor.liveTasks > 0, 'a default executor ends with its last group');
        assert(live.get(executor) === executor.liveTasks, 'an executor counts its live tasks');
      }
    }
    assert(executors === live.size, 'live tasks of a group belong to a recorded executor');
  }

  #sendStarting(now: Micros, task: AgentTask, outputs: Sink<AgentOutput>): void {
    this.#state.record(now, task, 'TASK_STARTING', 'SOURCE_EXECUTOR', null, null, null, outputs);
  }

  #launch(task: AgentTask, outputs: Sink<AgentOutput>): void {
    task.container = 'launching';
    outputs.push({
      kind: 'launchContainer',
      frameworkId: task.frameworkId,
      executorId: task.executorId,
      task: task.info!,
      overhead: task.executor === null ? this.#settings.commandExecutorOverhead : null,
    });
  }

  #killOne(now: Micros, task: AgentTask, policy: KillPolicy | null, outputs: Sink<AgentOutput>): void {
    if (task.ending === 'none') {
      task.killedAt = now;
      this.#disarm(task);
      if (task.container === 'launching') {
        // Nothing runs yet that could use a grace period.
        task.ending = 'killedDuringLaunch';
        this.#signal(task, 'SIGKILL', outputs);
        return;
      }
      task.ending = 'killed';
      this.#sendKilling(now, task, outputs);
      this.#signal(task, 'SIGTERM', outputs);
    } else if (task.ending === 'killedDuringLaunch' || task.executorDeadline === NEVER) {
      return;
    }
    const grace =
      policy?.gracePeriod ?? task.info!.template.killPolicy?.gracePeriod ?? this.#settings.killGracePeriod;
    const deadline = task.killedAt + (grace > 0 ? grace : 0);
    if (deadline <= now) {
      this.#disarm(task);
      this.#signal(task, 'SIGKILL', outputs);
    } else if (deadline < task.executorDeadline) {
      this.#arm(task, deadline);
    }
  }

  /** The rest of the task's group is killed, each with its own grace period (spec 04 §6). */
  #killGroup(now: Micros, task: AgentTask, outputs: Sink<AgentOutput>): void {
    const { tasks } = this.#state;
    for (let row = 0; row < tasks.size; row++) {
      const other = tasks.at(row);
      if (other.executor !== task.executor || other.group !== task.group) continue;
      if (other.container !== 'none' && other.ending === 'none') this.#killOne(now, other, null, outputs);
    }
  }

  /** `max_completion_time` is over: killed without grace, to become TASK_FAILED (spec 04 §6). */
  #expire(now: Micros, task: AgentTask, outputs: Sink<AgentOutput>): void {
    task.ending = 'maxCompletionTime';
    this.#sendKilling(now, task, outputs);
    this.#signal(task, 'SIGKILL', outputs);
  }

  #sendKilling(now: Micros, task: AgentTask, outputs: Sink<AgentOutput>): void {
    if (!hasCapability(task.framework, 'TASK_KILLING_STATE')) return;
    this.#state.record(now, task, 'TASK_KILLING', 'SOURCE_EXECUTOR', null, null, null, outputs);
  }

  #signal(task: AgentTask, signal: 'SIGTERM' | 'SIGKILL', outputs: Sink<AgentOutput>): void {
    outputs.push({ kind: 'signalContainer', frameworkId: task.frameworkId, taskId: task.taskId, signal });
  }

  /** The master gives the executor's own resources back on EXITED_EXECUTOR, or learns of the end at re-registration. */
  #endExecutor(framework: AgentFramework, executor: DefaultExecutor, outputs: Sink<AgentOutput>): void {
    this.#state.removeExecutor(framework, executor);
    this.#state.sendExecutorExited(framework.id, executor.info.executorId, 0, outputs);
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
