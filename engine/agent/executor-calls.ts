import { assertNever, type Micros, type Sink } from '../core/index.ts';
import type { ExecutorCall, ExecutorSubscribeCall, TaskStatus } from '../protocol/index.ts';
import { isTerminal } from '../protocol/index.ts';
import type { AgentExecutor } from './agent-executor.ts';
import { type AgentState, findExecutor, hasCapability } from './agent-state.ts';
import type { AgentTask } from './agent-task.ts';
import type {
  ExecutorCallError,
  ExecutorClaims,
  ExecutorRequestId,
  ExecutorStreamId,
} from './executor-api.ts';
import type { Executors } from './executors.ts';
import type { AgentOutput } from './output.ts';

/** What executors said, counted since the process started (spec 15, Agent). */
export interface ExecutorCallCounts {
  validUpdates: number;
  invalidUpdates: number;
  validMessages: number;
  invalidMessages: number;
}

/** Of an agent that no executor called. */
export const NO_EXECUTOR_CALLS: Readonly<ExecutorCallCounts> = {
  validUpdates: 0,
  invalidUpdates: 0,
  validMessages: 0,
  invalidMessages: 0,
};

/** Calls of custom executors (spec 04 §1, §2). A refused call changes nothing. */
export class ExecutorCalls {
  readonly counts: ExecutorCallCounts = { ...NO_EXECUTOR_CALLS };
  readonly #state: AgentState;
  readonly #executors: Executors;

  constructor(state: AgentState, executors: Executors) {
    this.#state = state;
    this.#executors = executors;
  }

  called(
    now: Micros,
    request: ExecutorRequestId,
    stream: ExecutorStreamId | null,
    claims: ExecutorClaims | null,
    call: ExecutorCall,
    outputs: Sink<AgentOutput>,
  ): void {
    // Answered before any look-up: its ids need not be right (spec 04 §1).
    if (call.type === 'HEARTBEAT') return;
    const error = this.#refusalOf(stream, claims, call);
    if (error !== null) {
      outputs.push({ kind: 'refuseExecutorCall', request, error });
      if (call.type === 'UPDATE') this.counts.invalidUpdates++;
      return;
    }
    const executor = findExecutor(this.#state.findFramework(call.frameworkId), call.executorId)!;
    switch (call.type) {
      case 'SUBSCRIBE':
        this.#subscribe(now, executor, stream!, call, outputs);
        break;
      case 'UPDATE':
        this.#update(now, executor, call.status, outputs);
        break;
      case 'MESSAGE':
        this.#forward(executor, call.data, outputs);
        break;
      default:
        assertNever(call);
    }
  }

  /** The connection is gone. A checkpointing executor comes again; another ends, and its container says so. */
  streamClosed(stream: ExecutorStreamId): void {
    for (const framework of this.#state.frameworks) {
      for (const executor of framework.executors ?? []) {
        if (executor.stream !== stream) continue;
        executor.stream = null;
        executor.heartbeatAt = Number.POSITIVE_INFINITY;
      }
    }
  }

  /** A scheduler's message. Best effort: dropped if the executor is not there or not connected. */
  deliverMessage(executor: AgentExecutor | null, data: Uint8Array, outputs: Sink<AgentOutput>): void {
    if (executor === null || executor.stream === null || executor.phase !== 'running') {
      this.counts.invalidMessages++;
      return;
    }
    this.counts.validMessages++;
    outputs.push({ kind: 'executorEvent', stream: executor.stream, event: { type: 'MESSAGE', data } });
  }

  #refusalOf(
    stream: ExecutorStreamId | null,
    claims: ExecutorClaims | null,
    call: Exclude<ExecutorCall, { readonly type: 'HEARTBEAT' }>,
  ): ExecutorCallError | null {
    const text = call.type === 'UPDATE' ? updateError(call.executorId, call.status) : null;
    if (text !== null) return { code: 'CALL_INVALID', text };
    if (call.type === 'SUBSCRIBE') {
      if (stream === null) return { code: 'CALL_INVALID', text: 'SUBSCRIBE needs a stream' };
      for (const status of call.unacknowledgedUpdates) {
        const wrong = updateError(call.executorId, status);
        if (wrong !== null) return { code: 'CALL_INVALID', text: wrong };
      }
    }
    const framework = this.#state.findFramework(call.frameworkId);
    if (framework === null) return { code: 'FRAMEWORK_UNKNOWN' };
    const executor = findExecutor(framework, call.executorId);
    if (executor === null || executor.kind !== 'custom') return { code: 'EXECUTOR_UNKNOWN' };
    if (
      claims !== null &&
      (claims.frameworkId !== call.frameworkId ||
        claims.executorId !== call.executorId ||
        claims.container !== executor.container)
    )
      return { code: 'CLAIMS_MISMATCH' };
    if (call.type !== 'SUBSCRIBE' && executor.phase === 'registering') return { code: 'NOT_SUBSCRIBED' };
    return null;
  }

  #subscribe(
    now: Micros,
    executor: AgentExecutor,
    stream: ExecutorStreamId,
    call: ExecutorSubscribeCall,
    outputs: Sink<AgentOutput>,
  ): void {
    const { framework, info, status } = executor;
    if (executor.stream !== null) outputs.push({ kind: 'closeExecutorStream', stream: executor.stream });
    executor.stream = null;
    if (executor.phase === 'terminating') {
      outputs.push({ kind: 'executorEvent', stream, event: { type: 'SHUTDOWN' } });
      outputs.push({ kind: 'closeExecutorStream', stream });
      return;
    }
    executor.stream = stream;
    outputs.push({
      kind: 'executorEvent',
      stream,
      event: {
        type: 'SUBSCRIBED',
        executorInfo: info,
        frameworkInfo: framework.info!,
        agentInfo: this.#state.info,
        containerId: status === null ? null : status.containerId,
      },
    });
    this.#executors.beginHeartbeats(now, executor);
    for (const update of call.unacknowledgedUpdates) this.#update(now, executor, update, outputs);
    this.#dropUndelivered(now, executor, call, outputs);
    this.#executors.repeatKills(executor, outputs);
    this.#executors.runs(now, executor, outputs);
  }

  /** A task that was sent and that the executor does not know never reached it (spec 04 §4). */
  #dropUndelivered(
    now: Micros,
    executor: AgentExecutor,
    call: ExecutorSubscribeCall,
    outputs: Sink<AgentOutput>,
  ): void {
    const known = new Set(call.unacknowledgedTasks.map(({ taskId }) => taskId));
    const { tasks } = this.#state;
    for (let row = 0; row < tasks.size; row++) {
      const task = tasks.at(row);
      if (task.executor !== executor || task.phase !== 'delivered' || task.state !== 'TASK_STAGING') continue;
      if (known.has(task.taskId)) continue;
      const state = hasCapability(executor.framework, 'PARTITION_AWARE') ? 'TASK_DROPPED' : 'TASK_LOST';
      const why = 'Task launched during agent restart';
      this.#state.record(now, task, state, 'SOURCE_AGENT', 'REASON_AGENT_RESTARTED', why, null, outputs);
      this.#executors.deliveredEnded(now, task, outputs);
    }
  }

  /**
   * Recorded, then acknowledged to the executor: that is not the scheduler's acknowledgement (spec 04 §3). What is known already, is about
   * a task that is over, or about none, is acknowledged only, so that the executor stops repeating it.
   */
  #update(now: Micros, executor: AgentExecutor, update: TaskStatus, outputs: Sink<AgentOutput>): void {
    const { taskId } = update;
    const uuid = update.uuid!;
    const task = this.#state.tasks.find(executor.framework.id, taskId);
    if (task !== null && task.executor === executor && isNews(task, update)) {
      this.counts.validUpdates++;
      task.recorded ??= [];
      task.recorded.push(uuid);
      const { state, reason, message, details, timestamp } = update;
      const source = 'SOURCE_EXECUTOR';
      this.#state.record(now, task, state, source, reason, message, details, outputs, timestamp);
      if (isTerminal(state)) this.#executors.deliveredEnded(now, task, outputs);
    } else {
      this.counts.invalidUpdates++;
    }
    if (executor.stream !== null) {
      const event = { type: 'ACKNOWLEDGED' as const, taskId, uuid };
      outputs.push({ kind: 'executorEvent', stream: executor.stream, event });
    }
  }

  /** Best effort: dropped while no master is there. */
  #forward(executor: AgentExecutor, data: Uint8Array, outputs: Sink<AgentOutput>): void {
    const agentId = this.#state.updates.sender;
    if (agentId === null || executor.framework.isTerminating) {
      this.counts.invalidMessages++;
      return;
    }
    this.counts.validMessages++;
    const { framework, info } = executor;
    outputs.push({
      kind: 'toMaster',
      message: {
        type: 'EXECUTOR_TO_FRAMEWORK',
        agentId,
        frameworkId: framework.id,
        executorId: info.executorId,
        data,
      },
    });
  }
}

/** What is wrong with an update by itself, or null (spec 04 §2). */
function updateError(executorId: ExecutorCall['executorId'], status: TaskStatus): string | null {
  if (status.uuid === null) return "Expecting 'uuid' to be present";
  if (status.executorId !== null && status.executorId !== executorId)
    return 'ExecutorID in Call does not match ExecutorID in TaskStatus';
  if (status.source !== 'SOURCE_EXECUTOR')
    return `Received an update with source ${status.source}, expecting 'SOURCE_EXECUTOR'`;
  if (status.state === 'TASK_STAGING') return 'Received TASK_STAGING from executor, which is not allowed';
  return null;
}

/** The first terminal state is final (bug ledger B13), and an update counts once. */
function isNews(task: AgentTask, update: TaskStatus): boolean {
  return task.phase === 'delivered' && !(task.recorded?.includes(update.uuid!) ?? false);
}
