import { expect, test } from 'vitest';
import { type FrameworkId, micros, type TaskId, type UpdateId } from '../core/index.ts';
import type { TaskState, TaskStatus } from '../protocol/index.ts';
import { AgentExecutor } from './agent-executor.ts';
import { AgentFramework } from './agent-framework.ts';
import { AgentTask, commandExecutorId } from './agent-task.ts';
import { CompletedWork } from './completed-work.ts';
import type { ContainerHandle } from './container.ts';
import { AGENT, executorInfo, frameworkInfo, taskInfo } from './test-kit.ts';

const SIZES = { frameworks: 2, executors: 3, tasks: 2 };

function frameworkOf(number: number): AgentFramework {
  return new AgentFramework(number as FrameworkId, frameworkInfo());
}

function commandTask(framework: AgentFramework, number: number): AgentTask {
  const id = number as TaskId;
  return new AgentTask(framework, id, taskInfo(number), 'eng', commandExecutorId(id), null, -1);
}

function podTask(executor: AgentExecutor, number: number): AgentTask {
  const id = number as TaskId;
  return new AgentTask(
    executor.framework,
    id,
    taskInfo(number),
    'eng',
    executor.info.executorId,
    executor,
    -1,
  );
}

function pod(framework: AgentFramework, number: number): AgentExecutor {
  return new AgentExecutor(framework, executorInfo(number), 'eng', 'pod', number as ContainerHandle);
}

function statusOf(task: AgentTask, state: TaskState, uuid: number): TaskStatus {
  const said = { source: 'SOURCE_EXECUTOR', reason: null, message: null, details: null } as const;
  const ids = { taskId: task.taskId, agentId: AGENT, executorId: null, uuid: uuid as UpdateId };
  return { ...said, ...ids, state, timestamp: micros(0) };
}

/** Per executor that is over, oldest first: its number and its tasks'. */
function over(work: CompletedWork, framework: AgentFramework) {
  return [...(work.framework(framework.id)?.executors ?? [])].map(({ executorId, tasks }) => [
    executorId as number,
    [...tasks].map(({ taskId }) => taskId as number),
  ]);
}

test('of each run of equal states the last status is kept, and of all the last ten', () => {
  const work = new CompletedWork(SIZES);
  const task = commandTask(frameworkOf(1), 1);
  for (const uuid of [1, 2, 3]) work.recorded(task, statusOf(task, 'TASK_RUNNING', uuid), false);
  work.recorded(task, statusOf(task, 'TASK_KILLING', 4), false);
  expect(work.statuses(task).map(({ uuid }) => uuid)).toEqual([3, 4]);
  for (let uuid = 5; uuid <= 16; uuid++)
    work.recorded(task, statusOf(task, uuid % 2 === 1 ? 'TASK_RUNNING' : 'TASK_KILLING', uuid), false);
  expect(work.statuses(task).map(({ uuid }) => uuid)).toEqual([7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
});

test('ends are counted by state, and nothing else is', () => {
  const work = new CompletedWork(SIZES);
  const framework = frameworkOf(1);
  for (const [number, state] of (['TASK_FINISHED', 'TASK_FAILED', 'TASK_FINISHED'] as const).entries()) {
    const task = commandTask(framework, number);
    work.recorded(task, statusOf(task, 'TASK_RUNNING', 1), false);
    work.recorded(task, statusOf(task, state, 2), true);
  }
  expect([...work.ends]).toEqual([
    ['TASK_FINISHED', 2],
    ['TASK_FAILED', 1],
  ]);
});

test('a command task that is over is an executor of its own with its statuses; the oldest make room', () => {
  const work = new CompletedWork(SIZES);
  const framework = frameworkOf(1);
  for (const number of [1, 2, 3, 4]) {
    const task = commandTask(framework, number);
    work.recorded(task, statusOf(task, 'TASK_FINISHED', number), true);
    work.taskForgotten(task);
    expect(work.statuses(task)).toEqual([]);
  }
  expect(over(work, framework)).toEqual([
    [2, [2]],
    [3, [3]],
    [4, [4]],
  ]);
  const [oldest] = work.framework(framework.id)!.executors;
  expect(oldest!.tasks.at(0).statuses.map(({ uuid }) => uuid)).toEqual([2]);
});

test('a pod’s tasks that are over stay with it, also those forgotten after its end', () => {
  const work = new CompletedWork(SIZES);
  const framework = frameworkOf(1);
  const [first, second] = [pod(framework, 10), pod(framework, 11)];
  for (const number of [1, 2, 3]) work.taskForgotten(podTask(first, number));
  expect([...work.tasksOf(first)].map(({ taskId }) => taskId)).toEqual([2, 3]);
  expect([...work.tasksOf(second)]).toEqual([]);
  work.executorEnded(second);
  work.executorEnded(first);
  expect([...work.tasksOf(first)]).toEqual([]);
  work.taskForgotten(podTask(second, 4));
  expect(over(work, framework)).toEqual([
    [11, [4]],
    [10, [2, 3]],
  ]);
});

test('every id that is kept is named, so that none is given to another', () => {
  const work = new CompletedWork(SIZES);
  const framework = frameworkOf(1);
  const [alive, ended] = [pod(framework, 10), pod(framework, 11)];
  work.taskForgotten(podTask(alive, 1));
  work.taskForgotten(podTask(ended, 2));
  work.executorEnded(ended);
  const ids: number[] = [];
  work.heldIds((id) => ids.push(id));
  expect(ids.sort((a, b) => a - b)).toEqual([1, 2, 11]);
});

test('of frameworks that are over the newest stay; one that is seen again is not over', () => {
  const work = new CompletedWork(SIZES);
  const frameworks = [1, 2, 3, 4].map(frameworkOf);
  for (const framework of frameworks) work.taskForgotten(commandTask(framework, 1));
  const [a, b, c, d] = frameworks as [AgentFramework, AgentFramework, AgentFramework, AgentFramework];
  const kept = () => [...work.frameworks].map(({ id, isOver }) => [id as number, isOver]);
  work.frameworkForgotten(b);
  work.frameworkForgotten(a);
  work.frameworkSeen(b);
  work.frameworkForgotten(c);
  expect(kept()).toEqual([
    [4, false],
    [2, false],
    [1, true],
    [3, true],
  ]);
  work.frameworkForgotten(d);
  expect(kept()).toEqual([
    [2, false],
    [3, true],
    [4, true],
  ]);
  // One of which nothing is kept.
  work.frameworkForgotten(frameworkOf(9));
  expect(work.framework(9 as FrameworkId)).toBeNull();
});

test('a framework is shown with what was said of it last, and keeps that if nothing is said', () => {
  const work = new CompletedWork(SIZES);
  const unknown = new AgentFramework(1 as FrameworkId, null);
  work.taskForgotten(commandTask(unknown, 1));
  const known = frameworkOf(1);
  work.frameworkSeen(known);
  expect(work.framework(known.id)!.info).toBe(known.info);
  work.frameworkSeen(unknown);
  expect(work.framework(known.id)!.info).toBe(known.info);
});
