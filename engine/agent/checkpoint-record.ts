import type { ExecutorId, FrameworkId, OperationUuid, TaskId, UpdateId } from '../core/index.ts';
import type { ReportedOperation } from '../protocol/index.ts';
import type {
  AgentCheckpoint,
  CheckpointedAgent,
  CheckpointedExecutor,
  CheckpointedFramework,
  CheckpointedSandbox,
  CheckpointedTask,
  TaskProgress,
} from './checkpoint.ts';
import type { ContainerHandle } from './container.ts';

/** One change of what the agent's disk holds. */
export type CheckpointRecord =
  | { readonly kind: 'agent'; readonly agent: CheckpointedAgent }
  | { readonly kind: 'operation'; readonly operation: ReportedOperation }
  | { readonly kind: 'operationForgotten'; readonly operationUuid: OperationUuid }
  | { readonly kind: 'framework'; readonly framework: CheckpointedFramework }
  | { readonly kind: 'frameworkForgotten'; readonly frameworkId: FrameworkId }
  /** New, or changed. */
  | { readonly kind: 'executor'; readonly executor: CheckpointedExecutor }
  | {
      readonly kind: 'executorForgotten';
      readonly frameworkId: FrameworkId;
      readonly executorId: ExecutorId;
    }
  | { readonly kind: 'task'; readonly task: CheckpointedTask }
  | {
      readonly kind: 'taskChanged';
      readonly frameworkId: FrameworkId;
      readonly taskId: TaskId;
      readonly progress: TaskProgress;
    }
  | { readonly kind: 'taskForgotten'; readonly frameworkId: FrameworkId; readonly taskId: TaskId }
  | { readonly kind: 'sandbox'; readonly sandbox: CheckpointedSandbox }
  | { readonly kind: 'sandboxForgotten'; readonly container: ContainerHandle };

const NOBODY: CheckpointedAgent = {
  agentId: null,
  info: null,
  resources: null,
  drain: null,
  newestOperation: null,
  nextUpdate: 1 as UpdateId,
  nextContainer: 1 as ContainerHandle,
};

/** Folds records, one by one, into the checkpoint that they make; a log of them may start with the parts of an older checkpoint. */
export class CheckpointFold {
  #self = NOBODY;
  readonly #operations = new Map<OperationUuid, ReportedOperation>();
  readonly #frameworks = new Map<FrameworkId, CheckpointedFramework>();
  readonly #executors = new Map<string, CheckpointedExecutor>();
  readonly #tasks = new Map<string, CheckpointedTask>();
  readonly #sandboxes = new Map<ContainerHandle, CheckpointedSandbox>();

  apply(record: CheckpointRecord): void {
    switch (record.kind) {
      case 'agent':
        this.#self = record.agent;
        break;
      case 'operation':
        this.#operations.set(record.operation.operationUuid, record.operation);
        break;
      case 'operationForgotten':
        this.#operations.delete(record.operationUuid);
        break;
      case 'framework':
        this.#frameworks.set(record.framework.id, record.framework);
        break;
      case 'frameworkForgotten':
        this.#frameworks.delete(record.frameworkId);
        break;
      case 'executor':
        this.#executors.set(
          key(record.executor.frameworkId, record.executor.info.executorId),
          record.executor,
        );
        break;
      case 'executorForgotten':
        this.#executors.delete(key(record.frameworkId, record.executorId));
        break;
      case 'task':
        this.#tasks.set(key(record.task.frameworkId, record.task.taskId), record.task);
        break;
      case 'taskChanged': {
        const at = key(record.frameworkId, record.taskId);
        const task = this.#tasks.get(at);
        if (task !== undefined) this.#tasks.set(at, { ...task, progress: record.progress });
        break;
      }
      case 'taskForgotten':
        this.#tasks.delete(key(record.frameworkId, record.taskId));
        break;
      case 'sandbox':
        this.#sandboxes.set(record.sandbox.container, record.sandbox);
        break;
      case 'sandboxForgotten':
        this.#sandboxes.delete(record.container);
        break;
    }
  }

  checkpoint(): AgentCheckpoint {
    return {
      ...this.#self,
      operations: [...this.#operations.values()],
      frameworks: [...this.#frameworks.values()],
      executors: [...this.#executors.values()],
      tasks: [...this.#tasks.values()],
      sandboxes: [...this.#sandboxes.values()],
    };
  }
}

/** What a process finds that starts on a disk with these records, oldest first. */
export function restoreCheckpoint(records: Iterable<CheckpointRecord>): AgentCheckpoint {
  const fold = new CheckpointFold();
  for (const record of records) fold.apply(record);
  return fold.checkpoint();
}

/** The shortest list of records that makes `checkpoint`: how a log is compacted. */
export function recordsOf(checkpoint: AgentCheckpoint): CheckpointRecord[] {
  return [
    { kind: 'agent', agent: agentOf(checkpoint) },
    ...checkpoint.operations.map((operation) => ({ kind: 'operation' as const, operation })),
    ...checkpoint.frameworks.map((framework) => ({ kind: 'framework' as const, framework })),
    ...checkpoint.executors.map((executor) => ({ kind: 'executor' as const, executor })),
    ...checkpoint.tasks.map((task) => ({ kind: 'task' as const, task })),
    ...checkpoint.sandboxes.map((sandbox) => ({ kind: 'sandbox' as const, sandbox })),
  ];
}

function agentOf(checkpoint: AgentCheckpoint): CheckpointedAgent {
  const { agentId, info, resources, drain, newestOperation, nextUpdate, nextContainer } = checkpoint;
  return { agentId, info, resources, drain, newestOperation, nextUpdate, nextContainer };
}

function key(frameworkId: FrameworkId, id: TaskId | ExecutorId): string {
  return `${frameworkId} ${id}`;
}
