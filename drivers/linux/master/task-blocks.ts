import type { Task } from '../../../engine/protocol/index.ts';
import type { Slicer } from '../http/slicer.ts';

/** Tasks of a block that is rendered anew. */
const BLOCK = 128;
/** Blocks of fewer are merged with what follows, so that tasks that go do not leave crumbs. */
const BLOCK_MIN = 32;
/** Tasks between two looks at the time. */
const LOOK = 16;
/** Beside its text and its list of tasks. An estimate. */
const BLOCK_BYTES = 200;

/** Tasks that follow each other, and what they are in the answer. */
export interface TaskBlock {
  readonly tasks: readonly Task[];
  readonly text: Buffer;
}

export function bytesOfBlocks(blocks: readonly TaskBlock[]): number {
  let bytes = 0;
  for (const { tasks, text } of blocks) bytes += BLOCK_BYTES + 8 * tasks.length + text.length;
  return bytes;
}

/**
 * A list of tasks as text in blocks. Blocks of the last time whose tasks are the same are used again: a task that has not changed is the same object
 * (`taskView`). So after a change of one task one block is rendered, wherever tasks came, went or changed. O(tasks), of which few are rendered.
 */
export async function renderTasks(
  tasks: Iterable<Task>,
  before: readonly TaskBlock[],
  render: (tasks: readonly Task[]) => Buffer,
  slicer: Slicer,
): Promise<readonly TaskBlock[]> {
  const known = new Map(before.map((block) => [block.tasks[0]!, block]));
  const blocks: TaskBlock[] = [];
  /** To be rendered: none, or nothing of `candidate` is used yet. */
  let pending: Task[] = [];
  /** The known block that the last `matched` tasks begin; null while there is none. */
  let candidate: TaskBlock | null = null;
  let matched = 0;
  let count = 0;
  const flush = (): void => {
    if (pending.length > 0) blocks.push({ tasks: pending, text: render(pending) });
    pending = [];
  };
  const giveUp = (): void => {
    if (candidate === null) return;
    pending.push(...candidate.tasks.slice(0, matched));
    candidate = null;
  };
  const take = (task: Task): void => {
    if (candidate !== null) {
      if (candidate.tasks[matched] === task) {
        if (++matched === candidate.tasks.length) {
          blocks.push(candidate);
          candidate = null;
        }
        return;
      }
      giveUp();
    }
    const block = pending.length === 0 || pending.length >= BLOCK_MIN ? known.get(task) : undefined;
    if (block === undefined) {
      pending.push(task);
    } else if (block.tasks.length === 1) {
      flush();
      blocks.push(block);
    } else {
      flush();
      candidate = block;
      matched = 1;
    }
    if (pending.length >= BLOCK) flush();
  };
  for (const task of tasks) {
    take(task);
    if (++count % LOOK === 0 && slicer.isDue) await slicer.pause();
  }
  giveUp();
  flush();
  return blocks;
}
