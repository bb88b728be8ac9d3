import type { AgentId, ExecutorId, Micros, TaskId, UpdateId } from '../../engine/core/index.ts';
import { isTerminal, type TaskState, type TaskStatus } from '../../engine/protocol/index.ts';

/** What a chaos framework knows of one task that it launched: only what it was told. */
export interface LedgerTask {
  readonly taskId: TaskId;
  /** Where it was launched, or where its last update came from. */
  agentId: AgentId;
  readonly executorId: ExecutorId;
  /** Counts launches under one id, from 1. */
  readonly incarnation: number;
  readonly launchedAt: Micros;
  /** TASK_STAGING until the first word. */
  state: TaskState;
  /** Terminal state that its agent reported (an update with a uuid); final. */
  ended: TaskState | null;
  /** Update of `ended`. */
  endedBy: UpdateId | null;
  /** When the first terminal or the last word came. */
  toldAt: Micros | null;
  endAcknowledged: boolean;
  killsSent: number;
  /** The framework used the id while the task lived, so that answers about it are ambiguous. */
  isAmbiguous: boolean;
  /** Launches under the id since the first whose refusal was not heard: any of them may live beside it, or on after its end. */
  twins: number;
  /** Its agent or the master has said that it never came to be or is over, without a uuid; it may yet turn up. */
  isGivenUp: boolean;
}

/** States after which nothing of a task remains, if an agent says so. */
export function isFinal(state: TaskState): boolean {
  return isTerminal(state);
}

/**
 * The tasks of a chaos framework by id: those that live as far as it knows and, until they are told over, those that ended. It survives the
 * framework's restarts, as a good scheduler's database does.
 */
export class ChaosLedger {
  readonly tasks = new Map<TaskId, LedgerTask>();
  /** Ids of tasks that ended and were acknowledged, oldest first, bounded: their ids may be used again. */
  readonly ended: LedgerTask[] = [];
  /** Agents' updates that were acknowledged, with their task; bounded. For duplicate acknowledgements. */
  readonly acknowledged: { readonly agentId: AgentId; readonly taskId: TaskId; readonly uuid: UpdateId }[] =
    [];
  launches = 0;
  live = 0;
  #minted = 0;
  #numbers = 0;

  /** A number for the name of a volume or an operation. */
  newNumber(): number {
    return ++this.#numbers;
  }

  /** An id that no instance of the framework has used. */
  newTaskId(): TaskId {
    return ++this.#minted as TaskId;
  }

  launched(
    now: Micros,
    taskId: TaskId,
    agentId: AgentId,
    executorId: ExecutorId,
    isAmbiguous: boolean,
  ): LedgerTask {
    const before = this.tasks.get(taskId);
    if (before !== undefined) {
      // A live id used again: the master refuses one of the two, and nobody can tell which one an answer is about.
      before.isAmbiguous = true;
      before.twins++;
      return before;
    }
    const task: LedgerTask = {
      taskId,
      agentId,
      executorId,
      incarnation: ++this.launches,
      launchedAt: now,
      state: 'TASK_STAGING',
      ended: null,
      endedBy: null,
      toldAt: null,
      endAcknowledged: false,
      killsSent: 0,
      isAmbiguous,
      twins: 0,
      isGivenUp: false,
    };
    this.tasks.set(taskId, task);
    this.live++;
    return task;
  }

  /** An update of a task; the entry, or null for a task that the ledger does not keep. One given up that turns up again is kept again. */
  told(now: Micros, status: TaskStatus): LedgerTask | null {
    let task = this.tasks.get(status.taskId);
    if (task === undefined) {
      // Somebody still speaks of it: its id is not free.
      const known = this.ended.findIndex((one) => one.taskId === status.taskId);
      if (known !== -1) this.ended.splice(known, 1);
      if (isOver(status.state) || status.agentId === null) return null;
      const executorId = status.executorId ?? (status.taskId as number as ExecutorId);
      task = this.launched(now, status.taskId, status.agentId, executorId, false);
    }
    task.toldAt = now;
    if (task.ended !== null) {
      if (task.twins === 0 || isOver(status.state)) return task;
      // Another launch under the id lives. The end of this one, not acknowledged yet, is told again, or by nobody if its agent is gone.
      task.twins--;
      task.ended = null;
      task.endedBy = null;
    }
    // That a second launch under the id was refused says nothing of the first.
    if (task.isAmbiguous && status.uuid === null && status.reason !== 'REASON_RECONCILIATION') {
      if (task.twins > 0 && isOver(status.state)) task.twins--;
      return task;
    }
    task.state = status.state;
    if (status.agentId !== null) task.agentId = status.agentId;
    if (status.uuid !== null && isTerminal(status.state)) {
      task.ended = status.state;
      task.endedBy = status.uuid;
    }
    task.isGivenUp = isOver(status.state);
    return task;
  }

  /** The framework acknowledged; an end acknowledged leaves the ledger. */
  acknowledges(agentId: AgentId, taskId: TaskId, uuid: UpdateId): void {
    this.acknowledged.push({ agentId, taskId, uuid });
    if (this.acknowledged.length > ACKNOWLEDGED_MAX) this.acknowledged.shift();
    const task = this.tasks.get(taskId);
    if (task === undefined || task.endedBy !== uuid) return;
    if (task.twins === 0) {
      this.retire(task);
      return;
    }
    // One of several under the id has ended: the others are still to be heard of, or to be asked about.
    task.twins--;
    task.ended = null;
    task.endedBy = null;
    task.state = 'TASK_STAGING';
    task.isGivenUp = false;
  }

  /** The task is over and done with. */
  retire(task: LedgerTask): void {
    task.endAcknowledged = true;
    this.tasks.delete(task.taskId);
    this.live--;
    this.ended.push(task);
    if (this.ended.length > ENDED_MAX) this.ended.shift();
  }

  /** The framework is another one from now on: its tasks are nobody's. */
  forgetAll(): void {
    this.tasks.clear();
    this.live = 0;
    this.ended.length = 0;
    this.acknowledged.length = 0;
  }
}

/** States that tell a framework to expect nothing more of a task, whoever says so. */
export function isOver(state: TaskState): boolean {
  return isTerminal(state) || state === 'TASK_UNKNOWN';
}

const ENDED_MAX = 64;
const ACKNOWLEDGED_MAX = 32;
