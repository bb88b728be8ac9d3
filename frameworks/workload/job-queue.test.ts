import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BinaryHeap } from './binary-heap.ts';
import { fifoOrder, JobQueue, priorityOrder } from './job-queue.ts';
import { type LiveJob, liveJob } from './live-job.ts';
import { RoleState } from './role-state.ts';
import { job } from './testing/fixtures.ts';

const role = new RoleState('batch', fifoOrder, 1);

const command = fc.oneof(
  fc.record({ kind: fc.constant('insert' as const), priority: fc.nat(3), arrival: fc.nat(5) }),
  fc.record({ kind: fc.constant('remove' as const), position: fc.nat(4) }),
);

test.each([
  ['priority', priorityOrder],
  ['fifo', fifoOrder],
] as const)('the front of a queue by %s is the start of the sorted list of its jobs', (_, before) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.array(command, { maxLength: 80 }),
      (frontMax, commands) => {
        const queue = new JobQueue(before, frontMax);
        let model: LiveJob[] = [];
        commands.forEach((each, sequence) => {
          if (each.kind === 'insert') {
            const made = liveJob(job({ priority: each.priority, arrival: each.arrival }), role, sequence);
            model.push(made);
            model.sort((a, b) => (before(a, b) ? -1 : 1));
            expect(queue.insert(made)).toBe(model.indexOf(made) < frontMax);
          } else if (each.position < queue.frontSize) {
            const removed = queue.at(each.position)!;
            queue.removeAt(each.position);
            model = model.filter((kept) => kept !== removed);
          }
          expect(queue.size).toBe(model.length);
          const front = Array.from({ length: queue.frontSize }, (__, position) => queue.at(position));
          expect(front).toEqual(model.slice(0, frontMax));
        });
      },
    ),
  );
});

test('a heap gives back what it was given, smallest first', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (numbers) => {
      const heap = new BinaryHeap<number>((a, b) => a < b);
      for (const number of numbers) heap.push(number);
      const sorted = [...numbers].sort((a, b) => a - b);
      expect(numbers.map(() => heap.pop())).toEqual(sorted);
      expect(heap.pop()).toBeUndefined();
    }),
  );
});
