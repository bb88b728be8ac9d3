import type { OperationUuid, Sink } from '../core/index.ts';
import type { ReportedOperation } from '../protocol/index.ts';
import type { AgentExecutor } from './agent-executor.ts';
import type { AgentFramework } from './agent-framework.ts';
import type { AgentState } from './agent-state.ts';
import type { AgentTask } from './agent-task.ts';
import type { CheckpointedSandbox } from './checkpoint.ts';
import type { CheckpointRecord } from './checkpoint-record.ts';
import type { ContainerHandle } from './container.ts';
import type { AgentOutput } from './output.ts';
import {
  checkpointedAgent,
  checkpointedExecutor,
  checkpointedTask,
  isCheckpointed,
  progressOf,
} from './recovery.ts';

/** Ids are made durable in blocks, so that not every update writes the counter. */
const IDS_AHEAD = 1_024;

/**
 * Notes during a step what of the disk's content changes, and writes it out at the end of the step. What belongs to a framework that does
 * not checkpoint is left out, but its ids count.
 */
export class CheckpointJournal {
  readonly #frameworks = new Set<AgentFramework>();
  readonly #executors = new Set<AgentExecutor>();
  /** True: the task is new. */
  readonly #tasks = new Map<AgentTask, boolean>();
  /** In order, after the rest. */
  readonly #others: CheckpointRecord[] = [];
  #isAgentDirty = false;
  /** Ids below these are durable as used. */
  #updates = 0;
  #containers = 0;

  agentChanged(): void {
    this.#isAgentDirty = true;
  }

  frameworkChanged(framework: AgentFramework): void {
    if (isCheckpointed(framework)) this.#frameworks.add(framework);
  }

  frameworkForgotten(framework: AgentFramework): void {
    this.#frameworks.delete(framework);
    if (isCheckpointed(framework))
      this.#others.push({ kind: 'frameworkForgotten', frameworkId: framework.id });
  }

  executorChanged(executor: AgentExecutor): void {
    if (isCheckpointed(executor.framework)) this.#executors.add(executor);
  }

  executorForgotten(executor: AgentExecutor): void {
    this.#executors.delete(executor);
    if (!isCheckpointed(executor.framework)) return;
    const { framework, info } = executor;
    this.#others.push({
      kind: 'executorForgotten',
      frameworkId: framework.id,
      executorId: info.executorId,
    });
  }

  taskAdded(task: AgentTask): void {
    if (task.info !== null && isCheckpointed(task.framework)) this.#tasks.set(task, true);
  }

  taskChanged(task: AgentTask): void {
    if (task.info === null || !isCheckpointed(task.framework) || this.#tasks.has(task)) return;
    this.#tasks.set(task, false);
  }

  taskForgotten(task: AgentTask): void {
    this.#tasks.delete(task);
    if (task.info === null || !isCheckpointed(task.framework)) return;
    this.#others.push({ kind: 'taskForgotten', frameworkId: task.frameworkId, taskId: task.taskId });
  }

  operationAdded(operation: ReportedOperation): void {
    this.#others.push({ kind: 'operation', operation });
  }

  operationForgotten(operationUuid: OperationUuid): void {
    this.#others.push({ kind: 'operationForgotten', operationUuid });
  }

  sandboxAdded(sandbox: CheckpointedSandbox): void {
    this.#others.push({ kind: 'sandbox', sandbox });
  }

  sandboxForgotten(container: ContainerHandle): void {
    this.#others.push({ kind: 'sandboxForgotten', container });
  }

  /** The end of a step: what changed goes out. What is forgotten goes first, for its id may be taken again within the step. */
  flush(state: AgentState, outputs: Sink<AgentOutput>): void {
    const { nextUpdate } = state.updates;
    const { nextContainer } = state;
    if (this.#isAgentDirty || nextUpdate > this.#updates || nextContainer > this.#containers) {
      this.#isAgentDirty = false;
      this.#updates = nextUpdate + IDS_AHEAD;
      this.#containers = nextContainer + IDS_AHEAD;
      const agent = checkpointedAgent(state, this.#updates, this.#containers);
      write(outputs, { kind: 'agent', agent });
    }
    for (const record of this.#others) write(outputs, record);
    this.#others.length = 0;
    for (const { id, info } of this.#frameworks) {
      if (info !== null) write(outputs, { kind: 'framework', framework: { id, info } });
    }
    this.#frameworks.clear();
    for (const executor of this.#executors)
      write(outputs, { kind: 'executor', executor: checkpointedExecutor(executor) });
    this.#executors.clear();
    for (const [task, isNew] of this.#tasks) {
      if (isNew) {
        write(outputs, { kind: 'task', task: checkpointedTask(task, task.info!) });
        continue;
      }
      const { frameworkId, taskId } = task;
      write(outputs, { kind: 'taskChanged', frameworkId, taskId, progress: progressOf(task) });
    }
    this.#tasks.clear();
  }
}

function write(outputs: Sink<AgentOutput>, record: CheckpointRecord): void {
  outputs.push({ kind: 'checkpoint', record });
}
