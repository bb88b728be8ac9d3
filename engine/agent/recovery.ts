import { type Micros, micros, type Sink, type UpdateId } from '../core/index.ts';
import type { TaskInfo } from '../protocol/index.ts';
import { AgentExecutor } from './agent-executor.ts';
import type { AgentFramework } from './agent-framework.ts';
import { type AgentState, findExecutor, hasCapability } from './agent-state.ts';
import { AgentTask, NEVER } from './agent-task.ts';
import type {
  AgentCheckpoint,
  CheckpointedAgent,
  CheckpointedExecutor,
  CheckpointedTask,
  TaskProgress,
} from './checkpoint.ts';
import { type ContainerHandle, NO_CONTAINER } from './container.ts';
import type { Executors } from './executors.ts';
import type { AgentOutput } from './output.ts';
import type { TaskContainers } from './task-containers.ts';

/** Whether the disk holds what belongs to the framework: only if it asked for that, and while the master knows it (spec 12 §2). */
export function isCheckpointed(framework: AgentFramework): boolean {
  return framework.info !== null && framework.info.checkpoint && !framework.isTerminating;
}

/** What the disk holds of `state`. */
export function checkpointOf(state: AgentState): AgentCheckpoint {
  const frameworks: AgentCheckpoint['frameworks'][number][] = [];
  const executors: CheckpointedExecutor[] = [];
  const tasks: CheckpointedTask[] = [];
  for (const framework of state.frameworks) {
    const { id, info } = framework;
    if (info === null || !isCheckpointed(framework)) continue;
    frameworks.push({ id, info });
    for (const executor of framework.executors ?? []) executors.push(checkpointedExecutor(executor));
  }
  for (let row = 0; row < state.tasks.size; row++) {
    const task = state.tasks.at(row);
    if (task.info !== null && isCheckpointed(task.framework)) tasks.push(checkpointedTask(task, task.info));
  }
  return {
    ...checkpointedAgent(state, state.updates.nextUpdate, state.nextContainer),
    operations: state.operations?.report() ?? [],
    frameworks,
    executors,
    tasks,
    sandboxes: state.sandboxes === null ? [] : state.sandboxes.checkpoint(),
  };
}

export function checkpointedAgent(
  state: AgentState,
  nextUpdate: number,
  nextContainer: number,
): CheckpointedAgent {
  return {
    agentId: state.agentId,
    info: state.agentId === null ? null : state.configured,
    resources: state.resources,
    drain: state.drain,
    newestOperation: state.operations?.newest ?? null,
    nextUpdate: nextUpdate as UpdateId,
    nextContainer: nextContainer as ContainerHandle,
  };
}

export function checkpointedExecutor(executor: AgentExecutor): CheckpointedExecutor {
  const { framework, info, role, kind, container, status, phase, ending, nextGroup, deadline } = executor;
  return {
    frameworkId: framework.id,
    info,
    role,
    kind,
    container,
    status,
    isTerminating: phase === 'terminating',
    ending,
    deadline: phase === 'terminating' && deadline !== NEVER ? micros(deadline) : null,
    nextGroup,
  };
}

export function checkpointedTask(task: AgentTask, info: TaskInfo): CheckpointedTask {
  return {
    frameworkId: task.frameworkId,
    taskId: task.taskId,
    executorId: task.executorId,
    task: info,
    role: task.role,
    group: task.group === -1 ? null : task.group,
    hasExecutor: task.executor !== null,
    progress: progressOf(task),
  };
}

export function progressOf(task: AgentTask): TaskProgress {
  return {
    container: task.container,
    status: task.status,
    phase: task.phase,
    state: task.state,
    ending: task.ending,
    killedAt: task.kill === null || task.kill.at === NEVER ? null : micros(task.kill.at),
    killGrace: task.kill === null || task.kill.grace === NEVER ? null : micros(task.kill.grace),
    deadline: task.executorDeadline === NEVER ? null : micros(task.executorDeadline),
    healthy: task.checks?.healthy ?? null,
    checkStatus: task.checks?.checkStatus ?? null,
    updates: task.head === null ? [] : [task.head, ...(task.queued ?? [])],
    recorded: task.recorded === null ? null : [...task.recorded],
  };
}

/**
 * Takes a checkpoint over into an empty `state`. After a reboot nothing runs any more: tasks that did become TASK_LOST, or TASK_GONE
 * for partition-aware frameworks (spec 07 §5), and executors are not reported again.
 */
export function recover(
  now: Micros,
  state: AgentState,
  containers: TaskContainers,
  executors: Executors,
  checkpoint: AgentCheckpoint,
  containersAlive: boolean,
  outputs: Sink<AgentOutput>,
): void {
  const { agentId, resources } = checkpoint;
  state.agentId = agentId;
  state.info = { ...state.info, id: agentId };
  if (resources !== null) {
    // What the operator has added meanwhile is added to what operations had made of the rest.
    const added =
      checkpoint.info === null ? null : state.configured.resources.minus(checkpoint.info.resources);
    state.resources = added === null || added.isEmpty ? resources : resources.plus(added);
    state.info = { ...state.info, resources: state.resources };
  }
  state.drain = checkpoint.drain;
  state.updates.continueAt(checkpoint.nextUpdate);
  if (checkpoint.newestOperation !== null)
    state.operationsOrNew().recover(checkpoint.operations, checkpoint.newestOperation);
  state.nextContainer = Math.max(state.nextContainer, checkpoint.nextContainer);
  state.sandboxes?.restore(checkpoint.sandboxes);
  const infos = new Map(checkpoint.frameworks.map(({ id, info }) => [id, info]));
  for (const saved of checkpoint.executors) {
    const framework = state.framework(saved.frameworkId, infos.get(saved.frameworkId) ?? null);
    const executor = restoredExecutor(framework, saved);
    if (containersAlive) {
      state.addExecutor(framework, executor);
      executors.recovered(now, executor, saved.deadline, outputs);
    } else {
      const { info, container } = saved;
      state.sandboxes?.ended(now, container, saved.frameworkId, info.executorId, state.journal);
      state.journal?.executorForgotten(executor);
    }
  }
  for (const saved of checkpoint.tasks) {
    const framework = state.framework(saved.frameworkId, infos.get(saved.frameworkId) ?? null);
    const task = restoredTask(now, state, framework, saved, outputs);
    if (saved.progress.phase === 'ended') continue;
    if (!containersAlive) {
      task.phase = 'ended';
      if (!saved.hasExecutor) containers.sandboxEnded(now, task);
      const lost = hasCapability(framework, 'PARTITION_AWARE') ? 'TASK_GONE' : 'TASK_LOST';
      const why = 'The host was rebooted';
      state.record(now, task, lost, 'SOURCE_AGENT', 'REASON_AGENT_RESTARTED', why, null, outputs);
      continue;
    }
    task.phase = saved.progress.phase;
    containers.recovered(now, task, saved.progress, outputs);
    if (task.executor !== null) task.executor.liveTasks++;
    if (task.phase !== 'queued') continue;
    const executor = task.executor!;
    executor.queue.push(task);
    executor.isSized = false;
  }
  executors.endIdlePods(outputs);
  state.forgetIdleFrameworks();
  state.journal?.agentChanged();
}

function restoredExecutor(framework: AgentFramework, saved: CheckpointedExecutor): AgentExecutor {
  const { info, role, kind, container } = saved;
  const executor = new AgentExecutor(framework, info, role, kind, container);
  executor.status = saved.status;
  executor.ending = saved.ending;
  executor.nextGroup = saved.nextGroup;
  // A custom executor has to subscribe to this process; of a pod's container the port says anew that it runs.
  executor.phase = saved.isTerminating ? 'terminating' : 'registering';
  executor.isRecovered = true;
  return executor;
}

function restoredTask(
  now: Micros,
  state: AgentState,
  framework: AgentFramework,
  saved: CheckpointedTask,
  outputs: Sink<AgentOutput>,
): AgentTask {
  const { progress, executorId } = saved;
  const executor = saved.hasExecutor ? findExecutor(framework, executorId) : null;
  const task = new AgentTask(
    framework,
    saved.taskId,
    saved.task,
    saved.role,
    executorId,
    executor,
    saved.group ?? -1,
  );
  task.ending = progress.ending;
  const { killedAt, killGrace } = progress;
  if (killedAt !== null || killGrace !== null)
    task.kill = { at: killedAt ?? NEVER, grace: killGrace ?? NEVER };
  task.status = progress.status;
  task.recorded = progress.recorded === null ? null : [...progress.recorded];
  state.add(task);
  if (progress.container !== NO_CONTAINER) state.tasks.setContainer(task, progress.container);
  for (const status of progress.updates) state.updates.append(now, task, status, outputs);
  task.state = progress.state;
  return task;
}
