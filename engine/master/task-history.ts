import type { Micros } from '../core/index.ts';
import { fieldsLayout } from '../core/graph/index.ts';
import type { StatusReason, StatusSource, TaskState, TaskStatus } from '../protocol/index.ts';

/** A state that a task came into: when the master learned of it, from whom, and why. */
export interface TimelineEntry {
  readonly at: Micros;
  readonly state: TaskState;
  readonly source: StatusSource;
  readonly reason: StatusReason | null;
}

/** The states of one task in the order that the master learned of them; `forgotten` of them, after the first, no longer fit. */
export interface TaskTimeline {
  readonly entries: readonly TimelineEntry[];
  readonly forgotten: number;
}

/** What is kept of a task for operators' eyes; bounded (option `history`). */
export class TaskHistory {
  /** The latest status of each run of equal states, without data (spec 05 §A, `Task`). */
  statuses: readonly TaskStatus[] = NO_STATUSES;
  #entries: TimelineEntry[] | null = null;
  #forgotten = 0;

  get timeline(): TaskTimeline {
    return { entries: this.#entries ?? [], forgotten: this.#forgotten };
  }

  /** One more status, as told to the framework. Lists that were handed out stay as they were. */
  addStatus(status: TaskStatus): void {
    const kept = withoutData(status);
    const last = this.statuses[this.statuses.length - 1];
    const before = last?.state === status.state ? this.statuses.slice(0, -1) : this.statuses;
    this.statuses = [...before, kept];
    // A task that goes back and forth between two states for ever keeps its first status and its latest.
    if (this.statuses.length > STATUSES_MAX) this.statuses = [this.statuses[0]!, ...this.statuses.slice(2)];
  }

  /** The task came into a state; `max` bounds the entries, the first stays. Repeats of a state are one entry. */
  addState(entry: TimelineEntry, max: number): void {
    if (max === 0) return;
    const entries = this.#entries;
    if (entries === null) {
      this.#entries = [entry];
      return;
    }
    if (entries[entries.length - 1]!.state === entry.state) return;
    if (entries.length >= Math.max(max, 2)) {
      entries.splice(1, 1);
      this.#forgotten++;
    }
    entries.push(entry);
  }

  static readonly layout = fieldsLayout({
    blank: () => new TaskHistory(),
    take: (it: TaskHistory) => ({ entries: it.#entries, forgotten: it.#forgotten }),
    put: (it, fields) => {
      it.#entries = fields.entries;
      it.#forgotten = fields.forgotten;
    },
  });
}

const STATUSES_MAX = 64;
export const NO_STATUSES: readonly TaskStatus[] = [];

function withoutData(status: TaskStatus): TaskStatus {
  const { details } = status;
  return details === null || details.data === null
    ? status
    : { ...status, details: { ...details, data: null } };
}
