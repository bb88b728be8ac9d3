import { assert, type AgentId, type Micros, type TaskId } from '../../engine/core/index.ts';
import type { StatusReason } from '../../engine/protocol/index.ts';
import type { LiveGroup, LiveJob } from './live-job.ts';

/** One attempt at a task, from its launch to its end; a slot of the table, used again for a later attempt. */
export interface TaskRun {
  readonly slot: number;
  id: TaskId;
  /** Null when the slot is free. */
  job: LiveJob | null;
  group: LiveGroup | null;
  /** Index of the task in its job. */
  index: number;
  /** From 1. */
  attempt: number;
  agentId: AgentId;
  launched: Micros;
  /** First TASK_RUNNING, or -1. */
  running: number;
  /** Run time of the program, µs; readable until the slot is used again. */
  runMicros: number;
  /** Number of the subscription in which the task was launched or last heard of. */
  heardIn: number;
  /** No status came yet. */
  silent: boolean;
  /** When it was reported unreachable, or -1. */
  unreachableSince: number;
  /** Of the last status. */
  reason: StatusReason | null;
  /** Next free slot, or -1. */
  nextFree: number;
}

const SLOTS_MAX = 2 ** 20;
/**
 * Slots made before any is used again. Free slots are used oldest first, so generations grow evenly, and ids stay below 2^31 (small integers
 * to the engine that runs this) for at least 8 million tasks.
 */
const SLOTS_MIN = 4_096;

/**
 * The tasks that a framework has launched and not seen end, by id. An id is `slot + generation × 2^20`: looking it up is an array
 * read, and an id never comes twice, so that a late update of an ended task finds nothing. Memory is that of the most tasks alive at once.
 */
export class TaskTable {
  readonly #runs: TaskRun[] = [];
  #oldestFree = -1;
  #newestFree = -1;
  #live = 0;

  get live(): number {
    return this.#live;
  }

  /** A run for a new attempt, with a new id; the caller fills in the rest. */
  acquire(job: LiveJob, group: LiveGroup): TaskRun {
    this.#live++;
    const slots = this.#runs.length;
    if (this.#oldestFree < 0 || slots < SLOTS_MIN) {
      assert(slots < SLOTS_MAX, 'a framework has at most 2^20 tasks alive at once');
      const run = freshRun(slots, job, group);
      this.#runs.push(run);
      return run;
    }
    const run = this.#runs[this.#oldestFree]!;
    this.#oldestFree = run.nextFree;
    if (this.#oldestFree < 0) this.#newestFree = -1;
    run.id = (run.id + SLOTS_MAX) as TaskId;
    run.job = job;
    run.group = group;
    run.nextFree = -1;
    return run;
  }

  release(run: TaskRun): void {
    assert(run.job !== null, 'a run is released once');
    this.#live--;
    run.job = null;
    run.group = null;
    if (this.#newestFree < 0) this.#oldestFree = run.slot;
    else this.#runs[this.#newestFree]!.nextFree = run.slot;
    this.#newestFree = run.slot;
  }

  /** The live run of that id, or null. */
  find(id: TaskId): TaskRun | null {
    const run = this.#runs[id % SLOTS_MAX];
    return run !== undefined && run.id === id && run.job !== null ? run : null;
  }

  /** Run time of the program of a task, µs; of an ended one as long as its slot is unused, else null. */
  runMicros(id: TaskId): number | null {
    const run = this.#runs[id % SLOTS_MAX];
    return run !== undefined && run.id === id ? run.runMicros : null;
  }

  /** Live runs by slot. O(slots). */
  *values(): Iterable<TaskRun> {
    for (const run of this.#runs) if (run.job !== null) yield run;
  }
}

function freshRun(slot: number, job: LiveJob, group: LiveGroup): TaskRun {
  return {
    slot,
    // Generation 1: no task has the id 0.
    id: (slot + SLOTS_MAX) as TaskId,
    job,
    group,
    index: 0,
    attempt: 0,
    agentId: 0 as AgentId,
    launched: 0 as Micros,
    running: -1,
    runMicros: 0,
    heardIn: 0,
    silent: true,
    unreachableSince: -1,
    reason: null,
    nextFree: -1,
  };
}
