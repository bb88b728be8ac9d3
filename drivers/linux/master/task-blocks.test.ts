import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Task } from '../../../engine/protocol/index.ts';
import { Slicer } from '../http/slicer.ts';
import { renderTasks, type TaskBlock } from './task-blocks.ts';

interface Numbered {
  readonly number: number;
}

/** Renders, and counts what is rendered. */
async function render(tasks: readonly Numbered[], before: readonly TaskBlock[]) {
  let count = 0;
  const blocks = await renderTasks(
    tasks as unknown as readonly Task[],
    before,
    (shown) => {
      count += shown.length;
      const numbers = shown.map((task) => `,${(task as unknown as Numbered).number}`);
      return Buffer.from(numbers.join(''));
    },
    new Slicer(),
  );
  return { blocks, count, text: blocks.map(({ text }) => text.toString()).join('') };
}

const edits = fc.array(
  fc.record({ what: fc.constantFrom('add', 'change', 'remove', 'removeMany'), at: fc.nat(10_000) }),
  { maxLength: 12 },
);

test('whatever becomes of the tasks, the blocks are their texts in order, and few are rendered again', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(2_000), fc.array(edits, { maxLength: 12 }), async (size, rounds) => {
      let number = 0;
      const tasks: Numbered[] = Array.from({ length: size }, () => ({ number: number++ }));
      let { blocks } = await render(tasks, []);
      for (const round of rounds) {
        for (const { what, at } of round) {
          const index = at % Math.max(tasks.length, 1);
          if (what === 'add') tasks.push({ number: number++ });
          else if (what === 'change' && tasks.length > 0) tasks[index] = { number: number++ };
          else tasks.splice(index, what === 'remove' ? 1 : 200);
        }
        const now = await render(tasks, blocks);
        expect(now.text).toBe(tasks.map((task) => `,${task.number}`).join(''));
        expect(now.count).toBeLessThanOrEqual(400 * round.length);
        expect(now.blocks.length).toBeLessThanOrEqual(2 + tasks.length / 16 + 2 * round.length);
        ({ blocks } = now);
      }
      expect((await render(tasks, blocks)).count).toBe(0);
    }),
  );
});
