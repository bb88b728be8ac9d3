import type { ExecutorId, FrameworkId, Micros, Sink, TaskId } from '../core/index.ts';
import type {
  ExecutorInfo,
  FrameworkInfo,
  MasterToAgent,
  RunTaskMessage,
  StatusReason,
  TaskInfo,
} from '../protocol/index.ts';
import { lacksReserved } from './agent-resources.ts';
import type { AgentExecutor } from './agent-executor.ts';
import type { AgentFramework } from './agent-framework.ts';
import { type AgentState, findExecutor, hasCapability } from './agent-state.ts';
import { AgentTask, commandExecutorId } from './agent-task.ts';
import type { Executors } from './executors.ts';
import type { AgentOutput } from './output.ts';
import type { TaskContainers } from './task-containers.ts';

type RunTaskGroupMessage = Extract<MasterToAgent, { readonly type: 'RUN_TASK_GROUP' }>;
type Unreported = Extract<MasterToAgent, { readonly type: 'AGENT_REREGISTERED' }>['unreported'];

interface Refusal {
  readonly reason: StatusReason;
  readonly message: string;
}

/** A reservation or volume that the task needs was never made here (spec 07 §4). */
const RESOURCES_UNKNOWN: Refusal = {
  reason: 'REASON_RESOURCES_UNKNOWN',
  message: 'The agent does not have the reservations or volumes of the task',
};

const DRAINING: Refusal = { reason: 'REASON_AGENT_DRAINING', message: 'The agent is draining' };

/**
 * An order to launch a command task (spec 07 §4): it starts, or is dropped. The hottest order there is: nothing is made for it but what it
 * needs.
 */
export function runCommandTask(
  now: Micros,
  state: AgentState,
  containers: TaskContainers,
  message: RunTaskMessage,
  outputs: Sink<AgentOutput>,
): void {
  const { frameworkId, role, task: info } = message;
  if (info.agentId !== state.agentId || state.tasks.find(frameworkId, info.taskId) !== null) return;
  const framework = state.framework(frameworkId, message.framework);
  if (framework.isTerminating) return;
  const refusal = lacksReserved(state.info.resources, info.resources)
    ? RESOURCES_UNKNOWN
    : state.drain === null
      ? null
      : DRAINING;
  if (refusal === null) containers.launchCommandTask(now, framework, role, info, outputs);
  else dropAll(now, state, framework, role, commandExecutorId(info.taskId), [info], refusal, outputs);
}

/** A task that the master knows and the agent does not never reached it, or is over and acknowledged: a terminal update says so. */
export function answerForUnreported(
  now: Micros,
  state: AgentState,
  unreported: Unreported,
  outputs: Sink<AgentOutput>,
): void {
  for (const { frameworkId, taskId, partitionAware } of unreported) {
    if (state.tasks.find(frameworkId, taskId) !== null) continue;
    const framework = state.framework(frameworkId, null);
    const task = new AgentTask(framework, taskId, null, '', commandExecutorId(taskId), null, -1);
    state.add(task);
    drop(now, state, task, partitionAware, 'REASON_RECONCILIATION', 'Task is unknown to the agent', outputs);
  }
}

/** What becomes of orders to launch with executors of their own (spec 07 §4): tasks wait for theirs, or are dropped, whole groups at a time. */
export class ExecutorLaunches {
  readonly #state: AgentState;
  readonly #executors: Executors;

  constructor(state: AgentState, executors: Executors) {
    this.#state = state;
    this.#executors = executors;
  }

  /** @param executor that of the task */
  runTask(now: Micros, message: RunTaskMessage, executor: ExecutorInfo, outputs: Sink<AgentOutput>): void {
    const { frameworkId, role, task, framework, launchExecutor } = message;
    this.#run(now, frameworkId, framework, role, executor, [task], false, launchExecutor, outputs);
  }

  /** Groups start whole or not at all. */
  runTaskGroup(now: Micros, message: RunTaskGroupMessage, outputs: Sink<AgentOutput>): void {
    const { frameworkId, framework, role, executor, tasks, launchExecutor } = message;
    this.#run(now, frameworkId, framework, role, executor, tasks, true, launchExecutor, outputs);
  }

  #run(
    now: Micros,
    frameworkId: FrameworkId,
    frameworkInfo: FrameworkInfo,
    role: string,
    info: ExecutorInfo,
    infos: readonly TaskInfo[],
    isGroup: boolean,
    launchExecutor: boolean,
    outputs: Sink<AgentOutput>,
  ): void {
    if (!this.#areNew(frameworkId, infos)) return;
    const framework = this.#state.framework(frameworkId, frameworkInfo);
    // Its master has removed it: nobody waits for an answer.
    if (framework.isTerminating) return;
    const executor = findExecutor(framework, info.executorId);
    const refusal = this.#refusal(info, infos);
    if (refusal !== null) {
      dropAll(now, this.#state, framework, role, info.executorId, infos, refusal, outputs);
      // The master has counted an executor that does not come to be (bug ledger B03).
      if (executor === null && launchExecutor)
        this.#state.sendExecutorExited(frameworkId, info.executorId, null, outputs);
      return;
    }
    // A task of the default executor is a group of its own, also when it comes alone.
    const grouped = isGroup || info.type === 'DEFAULT';
    if (executor === null && launchExecutor) {
      this.#executors.launch(framework, role, info, infos, grouped, outputs);
      return;
    }
    if (executor !== null && !launchExecutor && executor.phase !== 'terminating') {
      this.#executors.add(executor, infos, grouped, outputs);
      return;
    }
    const contradiction: Refusal = {
      reason: 'REASON_EXECUTOR_TERMINATED',
      message: whyNot(executor, launchExecutor),
    };
    dropAll(now, this.#state, framework, role, info.executorId, infos, contradiction, outputs);
    // The master counts an executor that is not the one which runs: as in Mesos, that one ends, and the master hears of it.
    if (executor !== null && launchExecutor) this.#executors.shutdown(now, executor, outputs);
  }

  /** Why nothing may be launched now, whatever the executor; null if it may. */
  #refusal(executor: ExecutorInfo, infos: readonly TaskInfo[]): Refusal | null {
    const total = this.#state.info.resources;
    const isLacking =
      infos.some(({ resources }) => lacksReserved(total, resources)) ||
      lacksReserved(total, executor.resources);
    if (isLacking) return RESOURCES_UNKNOWN;
    return this.#state.drain === null ? null : DRAINING;
  }

  /** Whether the tasks are for this agent, there are any, and each is new and named once. */
  #areNew(frameworkId: FrameworkId, infos: readonly TaskInfo[]): boolean {
    const ids = new Set<TaskId>();
    for (const { agentId, taskId } of infos) {
      if (agentId !== this.#state.agentId || this.#state.tasks.find(frameworkId, taskId) !== null)
        return false;
      ids.add(taskId);
    }
    return infos.length > 0 && ids.size === infos.length;
  }
}

function dropAll(
  now: Micros,
  state: AgentState,
  framework: AgentFramework,
  role: string,
  executorId: ExecutorId,
  infos: readonly TaskInfo[],
  { reason, message }: Refusal,
  outputs: Sink<AgentOutput>,
): void {
  const partitionAware = hasCapability(framework, 'PARTITION_AWARE');
  for (const info of infos) {
    const task = new AgentTask(framework, info.taskId, info, role, executorId, null, -1);
    state.add(task);
    drop(now, state, task, partitionAware, reason, message, outputs);
  }
}

/** The task never ran here: TASK_DROPPED, or TASK_LOST for a framework that does not know it (spec 07 §4). */
function drop(
  now: Micros,
  state: AgentState,
  task: AgentTask,
  partitionAware: boolean,
  reason: StatusReason,
  message: string,
  outputs: Sink<AgentOutput>,
): void {
  const terminal = partitionAware ? 'TASK_DROPPED' : 'TASK_LOST';
  state.record(now, task, terminal, 'SOURCE_AGENT', reason, message, null, outputs);
}

/** How the master's view of the executor contradicts the agent's (spec 07 §4). */
function whyNot(executor: AgentExecutor | null, launchExecutor: boolean): string {
  if (executor === null) return 'No executor is expected to launch and there is none running';
  return launchExecutor
    ? 'Master wants to launch executor, but one already exists'
    : 'Executor is terminating';
}
