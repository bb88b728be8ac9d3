import type { Micros, Sink } from '../core/index.ts';
import { micros } from '../core/index.ts';
import { DefaultExecutor } from './agent-framework.ts';
import { type AgentState, findExecutor, hasCapability } from './agent-state.ts';
import { AgentTask, NEVER } from './agent-task.ts';
import type { BuiltInExecutors } from './built-in-executors.ts';
import type { AgentCheckpoint, CheckpointedExecutor, CheckpointedTask } from './checkpoint.ts';
import type { AgentOutput } from './output.ts';

/** What the disk holds of `state`: frameworks that asked for checkpoints, with their executors and tasks (spec 12 §2). */
export function checkpointOf(state: AgentState): Omit<AgentCheckpoint, 'resources'> {
  const frameworks: AgentCheckpoint['frameworks'][number][] = [];
  const executors: CheckpointedExecutor[] = [];
  const tasks: CheckpointedTask[] = [];
  for (const framework of state.frameworks) {
    const { id, info } = framework;
    if (info === null || !info.checkpoint) continue;
    frameworks.push({ id, info });
    for (const executor of framework.executors ?? []) {
      const { role, terminating } = executor;
      executors.push({ frameworkId: id, info: executor.info, role, terminating });
    }
  }
  for (let row = 0; row < state.tasks.size; row++) {
    const task = state.tasks.at(row);
    if (task.info !== null && task.framework.info?.checkpoint === true)
      tasks.push(checkpointedTask(task, task.info));
  }
  return {
    agentId: state.agentId,
    nextUpdate: state.updates.nextUpdate,
    operations: state.operations.report(),
    newestOperation: state.operations.newest,
    drain: state.drain,
    frameworks,
    executors,
    tasks,
  };
}

/**
 * Takes a checkpoint over into an empty `state`. After a reboot nothing runs any more: tasks that did become TASK_LOST, or TASK_GONE
 * for partition-aware frameworks (spec 07 §5), and executors are not reported again.
 */
export function recover(
  now: Micros,
  state: AgentState,
  executors: BuiltInExecutors,
  checkpoint: AgentCheckpoint,
  containersAlive: boolean,
  outputs: Sink<AgentOutput>,
): void {
  state.agentId = checkpoint.agentId;
  state.drain = checkpoint.drain;
  state.updates.continueAt(checkpoint.nextUpdate);
  state.operations.recover(checkpoint.operations, checkpoint.newestOperation);
  const infos = new Map(checkpoint.frameworks.map(({ id, info }) => [id, info]));
  if (containersAlive) {
    for (const { frameworkId, info, role, terminating } of checkpoint.executors) {
      const executor = new DefaultExecutor(info, role);
      executor.terminating = terminating;
      state.addExecutor(state.framework(frameworkId, infos.get(frameworkId) ?? null), executor);
    }
  }
  for (const saved of checkpoint.tasks) {
    const framework = state.framework(saved.frameworkId, infos.get(saved.frameworkId) ?? null);
    const executor = saved.group === null ? null : findExecutor(framework, saved.executorId);
    const group = saved.group ?? -1;
    const task = new AgentTask(
      framework,
      saved.taskId,
      saved.task,
      saved.role,
      saved.executorId,
      executor,
      group,
    );
    task.ending = saved.ending;
    task.killedAt = saved.killedAt ?? NEVER;
    state.add(task);
    for (const status of saved.updates) state.updates.append(now, task, status, outputs);
    task.state = saved.state;
    if (saved.container === 'none') continue;
    if (!containersAlive) {
      const lost = hasCapability(framework, 'PARTITION_AWARE') ? 'TASK_GONE' : 'TASK_LOST';
      state.record(
        now,
        task,
        lost,
        'SOURCE_AGENT',
        'REASON_AGENT_RESTARTED',
        'The host was rebooted',
        null,
        outputs,
      );
      continue;
    }
    task.container = saved.container;
    if (saved.deadline !== null) executors.restore(task, saved.deadline);
    if (executor !== null) {
      executor.liveTasks++;
      executor.nextGroup = Math.max(executor.nextGroup, group + 1);
    }
  }
}

function checkpointedTask(task: AgentTask, info: CheckpointedTask['task']): CheckpointedTask {
  return {
    frameworkId: task.frameworkId,
    taskId: task.taskId,
    executorId: task.executorId,
    container: task.container,
    task: info,
    role: task.role,
    group: task.group === -1 ? null : task.group,
    state: task.state,
    ending: task.ending,
    killedAt: task.killedAt === NEVER ? null : micros(task.killedAt),
    deadline: task.executorDeadline === NEVER ? null : micros(task.executorDeadline),
    updates: task.head === null ? [] : [task.head, ...(task.queued ?? [])],
  };
}
