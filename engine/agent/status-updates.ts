import { type AgentId, assert, type Micros, type Sink, type UpdateId } from '../core/index.ts';
import { isTerminal, type TaskStatus } from '../protocol/index.ts';
import { type AgentTask, NEVER } from './agent-task.ts';
import type { AgentSettings } from './options.ts';
import type { AgentOutput } from './output.ts';
import type { TaskTable } from './task-table.ts';

/** What the acknowledgement of an update did. */
export type Acknowledged = 'ignored' | 'acknowledged' | 'streamEnded';

/**
 * The status update manager (spec 07 §3): one stream per task, in order, at least once. The oldest unacknowledged update is sent and
 * repeated until its own id comes back; then the next. Nothing is sent while there is no registration.
 *
 * Retries keep one deadline for the agent. It is a lower bound, put right when it passes: an acknowledgement, which nearly always comes
 * within milliseconds, only counts down the streams that wait, and the last one clears the deadline.
 */
export class StatusUpdates {
  readonly #retryDelayFirst: Micros;
  readonly #retryDelayMax: Micros;
  #next = 1;
  /** Null while the agent is not registered. */
  #sender: AgentId | null = null;
  /** Streams with a retry set. */
  #waiting = 0;
  #deadline = NEVER;

  constructor(settings: AgentSettings) {
    this.#retryDelayFirst = settings.statusUpdateRetry;
    this.#retryDelayMax = settings.statusUpdateRetryMax;
  }

  /** Not after the earliest retry; NEVER when nothing waits. */
  get deadline(): number {
    return this.#deadline;
  }

  /** The agent's id while it is registered, else null. */
  get sender(): AgentId | null {
    return this.#sender;
  }

  get nextUpdate(): UpdateId {
    return this.#next as UpdateId;
  }

  /** Goes on counting where a former process ended. */
  continueAt(next: UpdateId): void {
    if (next > this.#next) this.#next = next;
  }

  mint(): UpdateId {
    return this.#next++ as UpdateId;
  }

  /** Appends `status` to the task's stream and sends it if it is the oldest. The task's state is the update's. */
  append(now: Micros, task: AgentTask, status: TaskStatus, outputs: Sink<AgentOutput>): void {
    assert(!isTerminal(task.state), 'the first terminal state of a task is final (bug ledger B13)');
    task.state = status.state;
    if (task.head === null) {
      task.head = status;
      if (this.#sender !== null) this.#send(now, task, this.#retryDelayFirst, outputs);
    } else if (task.queued === null) {
      task.queued = [status];
    } else {
      task.queued.push(status);
    }
  }

  /** Takes the oldest update out if `uuid` is its own; an id of another update changes nothing (bug ledger B12). */
  acknowledge(now: Micros, task: AgentTask, uuid: UpdateId, outputs: Sink<AgentOutput>): Acknowledged {
    const head = task.head;
    if (head === null || head.uuid !== uuid) return 'ignored';
    this.#disarm(task);
    const next = task.queued === null ? undefined : task.queued.shift();
    if (next === undefined) {
      task.head = null;
      return isTerminal(head.state) ? 'streamEnded' : 'acknowledged';
    }
    task.head = next;
    if (this.#sender !== null) this.#send(now, task, this.#retryDelayFirst, outputs);
    return 'acknowledged';
  }

  /** Registered: every stream sends its oldest update again. */
  resume(now: Micros, sender: AgentId, tasks: TaskTable, outputs: Sink<AgentOutput>): void {
    this.#sender = sender;
    for (let row = 0; row < tasks.size; row++) {
      const task = tasks.at(row);
      if (task.head !== null) this.#send(now, task, this.#retryDelayFirst, outputs);
    }
  }

  /** The registration is gone: nothing is sent until the next. */
  pause(tasks: TaskTable): void {
    this.#sender = null;
    for (let row = 0; row < tasks.size; row++) tasks.at(row).retryAt = NEVER;
    this.#waiting = 0;
    this.#deadline = NEVER;
  }

  /** Sends what is due again, with a doubled wait, and finds the next deadline. O(tasks). */
  retry(now: Micros, tasks: TaskTable, outputs: Sink<AgentOutput>): void {
    let earliest = NEVER;
    for (let row = 0; row < tasks.size; row++) {
      const task = tasks.at(row);
      if (task.retryAt <= now)
        this.#send(now, task, Math.min(2 * task.retryDelay, this.#retryDelayMax), outputs);
      if (task.retryAt < earliest) earliest = task.retryAt;
    }
    this.#deadline = earliest;
  }

  /** The task leaves the agent with whatever its stream holds. */
  drop(task: AgentTask): void {
    this.#disarm(task);
    task.head = null;
    task.queued = null;
  }

  checkInvariants(tasks: TaskTable): void {
    let waiting = 0;
    for (let row = 0; row < tasks.size; row++) {
      const task = tasks.at(row);
      const waits = task.retryAt !== NEVER;
      assert(
        waits === (task.head !== null && this.#sender !== null),
        'a retry is set exactly for a sent, unacknowledged update',
      );
      assert(task.retryAt >= this.#deadline, 'no retry is due before the deadline');
      if (waits) waiting++;
      if (task.head === null)
        assert(task.queued === null || task.queued.length === 0, 'updates queue only behind a sent one');
      const last = task.queued?.at(-1) ?? task.head;
      assert(last === null || last.state === task.state, 'the newest update carries the latest state');
      assert(
        task.head === null || last === task.head || !isTerminal(task.head.state),
        'nothing follows a terminal update',
      );
    }
    assert(waiting === this.#waiting, 'the streams that wait are counted');
    assert(waiting > 0 || this.#deadline === NEVER, 'no deadline without a stream that waits');
  }

  #send(now: Micros, task: AgentTask, retryDelay: number, outputs: Sink<AgentOutput>): void {
    if (task.retryAt === NEVER) this.#waiting++;
    task.retryDelay = retryDelay;
    const retryAt = now + retryDelay;
    task.retryAt = retryAt;
    if (retryAt < this.#deadline) this.#deadline = retryAt;
    outputs.push({
      kind: 'toMaster',
      message: {
        type: 'STATUS_UPDATE',
        agentId: this.#sender!,
        frameworkId: task.frameworkId,
        status: task.head!,
        latestState: task.state,
      },
    });
  }

  #disarm(task: AgentTask): void {
    if (task.retryAt === NEVER) return;
    task.retryAt = NEVER;
    if (--this.#waiting === 0) this.#deadline = NEVER;
  }
}
