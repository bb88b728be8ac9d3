import { expect, test } from 'vitest';
import type { FrameworkId, TaskId } from '../core/index.ts';
import { AgentFramework } from './agent-framework.ts';
import { AgentTask, commandExecutorId } from './agent-task.ts';
import { taskInfo } from './test-kit.ts';

// Millions of these pass through a replay: what few tasks need belongs into one nullable object, not into a field of each.
test('a task holds nothing for what it does not use, and no more than two numbers in boxes of their own', () => {
  const framework = new AgentFramework(1 as FrameworkId, null);
  const id = 1 as TaskId;
  const task = new AgentTask(framework, id, taskInfo(1), 'a', commandExecutorId(id), null, -1);
  const values: unknown[] = Object.values(task);
  expect(values.length).toBeLessThanOrEqual(23);
  // A number that is no small integer, such as NEVER, is an object by itself in V8.
  expect(values.filter((value) => typeof value === 'number' && !Number.isInteger(value)).length).toBe(2);
  const objects = values.filter((value) => typeof value === 'object' && value !== null);
  expect(objects).toEqual([framework, task.info]);
});

test('tasks have their fields in one order, whatever became of them', () => {
  const framework = new AgentFramework(1 as FrameworkId, null);
  const made = [1, 2].map(
    (id) =>
      new AgentTask(
        framework,
        id as TaskId,
        id === 1 ? null : taskInfo(id),
        'a',
        commandExecutorId(id as TaskId),
        null,
        -1,
      ),
  );
  made[1]!.kill = { at: 5, grace: 3 };
  made[1]!.recorded = [];
  expect(Object.keys(made[1]!)).toEqual(Object.keys(made[0]!));
});
