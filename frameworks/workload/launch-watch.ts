import type { Micros, TaskId } from '../../engine/core/index.ts';
import type { TaskRun, TaskTable } from './task-table.ts';

/**
 * Finds tasks that were launched and of which no status came (bug ledger B35). Launches stand in the order of their instants; a tick takes
 * off the front what was heard of since, so that a launch costs one push, and what is kept is bounded by the launches within the wait.
 */
export class LaunchWatch {
  readonly #wait: Micros;
  #ids: TaskId[] = [];
  #instants: number[] = [];
  #deadline = Number.POSITIVE_INFINITY;

  constructor(wait: Micros) {
    this.#wait = wait;
  }

  get deadline(): number {
    return this.#deadline;
  }

  launched(now: Micros, id: TaskId): void {
    if (this.#ids.length === 0) this.#deadline = now + this.#wait;
    this.#ids.push(id);
    this.#instants.push(now);
  }

  /** The live runs that are due and silent; each is watched for another wait. */
  due(now: Micros, table: TaskTable): TaskRun[] {
    const silent: TaskRun[] = [];
    if (now < this.#deadline) return silent;
    let first = 0;
    for (; first < this.#ids.length; first++) {
      const run = table.find(this.#ids[first]!);
      if (run === null || !run.silent) continue;
      if (this.#instants[first]! + this.#wait > now) break;
      silent.push(run);
    }
    this.#ids = this.#ids.slice(first);
    this.#instants = this.#instants.slice(first);
    for (const run of silent) {
      this.#ids.push(run.id);
      this.#instants.push(now);
    }
    this.#deadline = this.#ids.length === 0 ? Number.POSITIVE_INFINITY : this.#instants[0]! + this.#wait;
    return silent;
  }
}
