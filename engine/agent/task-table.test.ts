import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FrameworkId, TaskId } from '../core/index.ts';
import { AgentFramework } from './agent-framework.ts';
import { AgentTask, commandExecutorId } from './agent-task.ts';
import { TaskTable } from './task-table.ts';

const operation = fc.record({ add: fc.boolean(), framework: fc.nat(2), task: fc.nat(25) });

test('the table finds what a map of pairs finds, small and large', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 300 }), (operations) => {
      const frameworks = [0, 1, 2].map((id) => new AgentFramework(id as FrameworkId, null));
      const table = new TaskTable();
      const oracle = new Map<string, AgentTask>();
      for (const { add, framework, task: number } of operations) {
        const id = number as TaskId;
        const key = `${framework} ${number}`;
        const known = oracle.get(key) ?? null;
        expect(table.find(framework as FrameworkId, id)).toBe(known);
        if (add && known === null) {
          const task = new AgentTask(frameworks[framework]!, id, null, '', commandExecutorId(id), null, -1);
          table.add(task);
          oracle.set(key, task);
        } else if (!add && known !== null) {
          table.remove(known);
          oracle.delete(key);
        }
        table.checkInvariants();
        expect(table.size).toBe(oracle.size);
      }
      const held = new Set<AgentTask>();
      for (let row = 0; row < table.size; row++) held.add(table.at(row));
      expect(held).toEqual(new Set(oracle.values()));
    }),
  );
});
