import { assert, type TaskId } from '../../../engine/core/index.ts';

/** Ids of live tasks of each framework, from the accept that launches one to the one end that its framework learns of. */
export class TaskLedger {
  readonly #live: Set<TaskId>[] = [];
  #count = 0;

  /** Tasks launched whose end is not known. */
  get count(): number {
    return this.#count;
  }

  countOf(framework: number): number {
    return this.#live[framework]?.size ?? 0;
  }

  launched(framework: number, task: TaskId): void {
    while (this.#live.length <= framework) this.#live.push(new Set());
    const live = this.#live[framework]!;
    assert(!live.has(task), `task ${task} of framework ${framework} is launched once`);
    live.add(task);
    this.#count++;
  }

  ended(framework: number, task: TaskId): void {
    const wasLive = this.#live[framework]?.delete(task) ?? false;
    assert(wasLive, `task ${task} of framework ${framework} was launched, and ends once`);
    this.#count--;
  }
}
