import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TaskId } from '../../engine/core/index.ts';
import { fifoOrder } from './job-queue.ts';
import { liveJob } from './live-job.ts';
import { RoleState } from './role-state.ts';
import { type TaskRun, TaskTable } from './task-table.ts';
import { job } from './testing/fixtures.ts';

const owner = liveJob(job({}), new RoleState('batch', fifoOrder, 1), 0);
const group = owner.groups[0]!;

test('ids never come twice, and only live ones are found', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 200 }), (choices) => {
      const table = new TaskTable();
      const live: TaskRun[] = [];
      const seen = new Set<TaskId>();
      for (const choice of choices) {
        if (choice < live.length) {
          const run = live.splice(choice, 1)[0]!;
          table.release(run);
          expect(table.find(run.id)).toBeNull();
        } else {
          const run = table.acquire(owner, group);
          expect(seen.has(run.id)).toBe(false);
          seen.add(run.id);
          live.push(run);
        }
        expect(table.live).toBe(live.length);
        for (const run of live) expect(table.find(run.id)).toBe(run);
      }
      expect([...table.values()].sort((a, b) => a.slot - b.slot)).toEqual(
        live.sort((a, b) => a.slot - b.slot),
      );
    }),
  );
});

test('an id does not come back with its slot', () => {
  const table = new TaskTable();
  const seen = new Set<TaskId>();
  for (let count = 0; count < 20_000; count++) {
    const run = table.acquire(owner, group);
    seen.add(run.id);
    table.release(run);
  }
  expect(seen.size).toBe(20_000);
});

test('eight million tasks one after another have ids below 2^31 and need a few thousand slots', () => {
  const table = new TaskTable();
  let largest = 0;
  let slots = 0;
  for (let count = 0; count < 8_000_000; count++) {
    const run = table.acquire(owner, group);
    if (run.id > largest) largest = run.id;
    if (run.slot > slots) slots = run.slot;
    table.release(run);
  }
  expect(largest).toBeLessThan(2 ** 31);
  expect(slots).toBeLessThan(5_000);
});

test('an id of no slot is not found', () => {
  expect(new TaskTable().find(5 as TaskId)).toBeNull();
  expect(new TaskTable().runMicros(5 as TaskId)).toBeNull();
});
