import { expect, test } from 'vitest';
import { micros, type TaskId } from '../../engine/core/index.ts';
import type { Job } from '../../engine/workload/index.ts';
import { job, SECOND } from './testing/fixtures.ts';
import { Desk } from './testing/desk.ts';
import { scalars } from './testing/plain-master.ts';

const WHOLE = scalars(4, 16_384);

/** Offers until everything queued is launched. */
function launchAll(desk: Desk): void {
  for (let round = 0; desk.framework.roleCounts('batch').tasksQueued > 0; round++) {
    expect(round).toBeLessThan(20);
    desk.offer([WHOLE, WHOLE]);
  }
}

test('every update with a uuid is acknowledged, even for tasks unknown here, and none without', () => {
  const desk = Desk.open({}, [job({})]).offer([WHOLE]);
  const task = desk.launched[0]!;
  desk.update(task, 'TASK_RUNNING', 5);
  expect(desk.calls('ACKNOWLEDGE')).toMatchObject([{ taskId: task.taskId, agentId: task.agentId, uuid: 5 }]);
  expect(desk.update(task, 'TASK_RUNNING', null).said).toEqual([]);
  desk.update(99 as TaskId, 'TASK_FINISHED', 6);
  expect(desk.calls('ACKNOWLEDGE')).toMatchObject([{ taskId: 99, uuid: 6 }]);
});

test('an attempt tells when it was launched, first ran and ended, and a repeated end does not move it', () => {
  const desk = Desk.open({}, [job({ id: 'j' })]);
  desk.now = micros(1_000);
  desk.offer([WHOLE]);
  const task = desk.launched[0]!;
  desk.now = micros(2_000);
  desk.update(task, 'TASK_STARTING').update(task, 'TASK_RUNNING');
  desk.now = micros(3_000);
  desk.update(task, 'TASK_RUNNING').update(task, 'TASK_FINISHED');
  desk.now = micros(4_000);
  desk.update(task, 'TASK_FINISHED');
  expect(desk.attempts).toMatchObject([
    {
      job: 'j',
      index: 0,
      attempt: 1,
      launched: 1_000,
      running: 2_000,
      ended: 3_000,
      cpus: 1_000,
      state: 'TASK_FINISHED',
    },
  ]);
  expect(desk.outcomes).toMatchObject([
    { job: 'j', state: 'FINISHED', firstRunning: 2_000, ended: 3_000, ideal: 10 * SECOND, retries: 0 },
  ]);
});

test('a failed task is launched again until its attempts are spent, and then its job fails', () => {
  const desk = Desk.open({ maxAttempts: 3 }, [job({})]);
  for (let attempt = 1; attempt <= 3; attempt++) {
    expect(desk.outcomes).toEqual([]);
    launchAll(desk);
    desk.update(desk.launched[attempt - 1]!, 'TASK_FAILED');
  }
  expect(desk.attempts.map((each) => each.attempt)).toEqual([1, 2, 3]);
  expect(desk.outcomes).toMatchObject([{ state: 'FAILED', retries: 2 }]);
});

test('a task whose description was refused is not tried again', () => {
  const desk = Desk.open({ maxAttempts: 3 }, [job({})]).offer([WHOLE]);
  desk.update(desk.launched[0]!, 'TASK_ERROR', null);
  expect(desk.outcomes).toMatchObject([{ state: 'FAILED', retries: 0 }]);
});

test('tasks of a job that is no gang go on when one of them fails for good', () => {
  const desk = Desk.open({ maxAttempts: 1 }, [job({ count: 2 })]).offer([WHOLE]);
  desk.update(desk.launched[0]!, 'TASK_FAILED');
  expect(desk.calls('KILL')).toEqual([]);
  expect(desk.outcomes).toEqual([]);
  desk.update(desk.launched[1]!, 'TASK_FINISHED');
  expect(desk.outcomes).toMatchObject([{ state: 'FAILED' }]);
});

test('when a gang fails for good its other tasks are killed, and the job ends with the last of them', () => {
  const desk = Desk.open({ maxAttempts: 1 }, [job({ gang: true, count: 3 })]).offer([WHOLE]);
  const [first, second, third] = desk.launched;
  desk.update(first!, 'TASK_FAILED');
  expect(desk.calls('KILL').map((call) => call.taskId)).toEqual([second!.taskId, third!.taskId]);
  desk.update(second!, 'TASK_KILLED');
  expect(desk.outcomes).toEqual([]);
  desk.update(third!, 'TASK_FINISHED');
  expect(desk.outcomes).toMatchObject([{ state: 'FAILED' }]);
});

test('a gang that is being restarted fails when the description of one of its tasks is refused', () => {
  const desk = Desk.open({ maxAttempts: 3 }, [job({ gang: true, count: 2 })]).offer([WHOLE]);
  desk.update(desk.launched[0]!, 'TASK_LOST', null).update(desk.launched[1]!, 'TASK_ERROR', null);
  expect(desk.outcomes).toMatchObject([{ state: 'FAILED' }]);
});

test('a gang is not queued again before all tasks of its attempt have ended', () => {
  const desk = Desk.open({ policy: 'keep' }, [job({ gang: true, count: 2 })]).offer([WHOLE, WHOLE]);
  const [first, second] = desk.launched;
  desk.update(first!, 'TASK_LOST');
  expect(desk.framework.roleCounts('batch').tasksQueued).toBe(0);
  desk.update(second!, 'TASK_KILLED');
  expect(desk.launched).toHaveLength(4);
  expect(desk.framework.roleCounts('batch')).toMatchObject({ tasksQueued: 0, tasksLive: 2 });
});

test('an unreachable task that comes back within the wait goes on', () => {
  const desk = Desk.open({ unreachableWait: micros(60 * SECOND) }, [job({})]).offer([WHOLE]);
  const task = desk.launched[0]!;
  desk.update(task, 'TASK_UNREACHABLE', null).pass(59);
  desk.update(task, 'TASK_RUNNING').pass(100);
  expect(desk.attempts).toEqual([]);
  desk.update(task, 'TASK_UNREACHABLE', null).pass(61);
  expect(desk.attempts).toMatchObject([{ state: 'TASK_UNREACHABLE', running: 59 * SECOND }]);
});

test('what was given up is killed, and killed again when it surfaces, but never for being unknown or gone', () => {
  const desk = Desk.open({ unreachableWait: micros(60 * SECOND) }, [job({})]).offer([WHOLE]);
  const task = desk.launched[0]!;
  desk.update(task, 'TASK_UNREACHABLE', null).pass(60);
  expect(desk.calls('KILL')).toMatchObject([{ taskId: task.taskId }]);
  expect(desk.update(task, 'TASK_UNREACHABLE', null).said).toEqual([]);
  expect(desk.pass(1_000).calls('KILL')).toEqual([]);
  expect(desk.update(task, 'TASK_RUNNING', null).said).toEqual(['KILL']);
  expect(desk.update(task, 'TASK_RUNNING', null).said).toEqual([]);
  expect(desk.update(task, 'TASK_UNKNOWN', null).said).toEqual([]);
  expect(desk.update(task, 'TASK_GONE', null).said).toEqual([]);
  expect(desk.pass(1_000).calls('KILL')).toEqual([]);
});

test('a killed task that does not end is killed again, less and less often', () => {
  const desk = Desk.open({ killWait: micros(10 * SECOND) }, [job({ gang: true, count: 2 })]).offer([WHOLE]);
  desk.update(desk.launched[0]!, 'TASK_FAILED');
  const kills = desk.pass(1_000).calls('KILL').length;
  expect(kills).toBeGreaterThan(5);
  expect(kills).toBeLessThan(12);
});

test('a task that the master does not know is launched again', () => {
  const desk = Desk.open({ policy: 'keep' }, [job({})]).offer([WHOLE, WHOLE]);
  desk.update(desk.launched[0]!, 'TASK_UNKNOWN', null);
  expect(desk.launched).toHaveLength(2);
});

test('a launched task of which nothing is heard is reconciled', () => {
  const desk = Desk.open({ launchWait: micros(120 * SECOND) }, [job({ count: 2 })]).offer([WHOLE]);
  desk.update(desk.launched[0]!, 'TASK_STARTING');
  expect(desk.pass(119).said).toEqual([]);
  const [call] = desk.pass(2).calls('RECONCILE');
  expect(call!.tasks).toEqual([{ taskId: desk.launched[1]!.taskId, agentId: desk.launched[1]!.agentId }]);
});

test('run times are those of the tasks, one by one, and are still told of a task that has just ended', () => {
  const base = job({ count: 3 });
  const varied: Job = { ...base, tasks: [{ ...base.tasks[0]!, duration: Float64Array.of(10, 30, 20) }] };
  const desk = Desk.open({}, [varied]).offer([WHOLE]);
  expect(desk.launched.map((task) => desk.framework.runMicrosOf(task.taskId))).toEqual([10, 30, 20]);
  for (const task of desk.launched) desk.update(task, 'TASK_FINISHED');
  expect(desk.framework.runMicrosOf(desk.launched[1]!.taskId)).toBe(30);
  expect(desk.framework.runMicrosOf(12_345 as TaskId)).toBe(1);
  expect(desk.outcomes).toMatchObject([{ ideal: 30 }]);
});

test('a retry of a task runs as long as the task, wherever it stands in its job', () => {
  const base = job({ count: 2 });
  const varied: Job = {
    ...base,
    tasks: [base.tasks[0]!, { ...base.tasks[0]!, duration: Float64Array.of(10, 30) }],
  };
  const desk = Desk.open({ policy: 'keep' }, [varied]).offer([WHOLE, WHOLE]);
  desk.update(desk.launched[3]!, 'TASK_FAILED');
  expect(desk.framework.runMicrosOf(desk.launched[4]!.taskId)).toBe(30);
  desk.update(desk.launched[4]!, 'TASK_FINISHED');
  expect(desk.attempts).toMatchObject([
    { index: 3, attempt: 1 },
    { index: 3, attempt: 2 },
  ]);
});

test('counts and demand follow a task from the queue to its end', () => {
  const desk = Desk.open({ policy: 'decline' }, [job({ count: 2, resources: scalars(1, 512, 1) })]);
  const counts = () => desk.framework.roleCounts('batch');
  expect(counts()).toEqual({ tasksQueued: 2, tasksLive: 0, tasksRunning: 0, jobsQueued: 1 });
  expect(desk.framework.demandOf('batch')).toEqual({ cpus: 2_000, mem: 1_024_000, disk: 0, gpus: 2_000 });
  desk.offer([scalars(1, 512, 1)]);
  expect(counts()).toEqual({ tasksQueued: 1, tasksLive: 1, tasksRunning: 0, jobsQueued: 1 });
  desk.update(desk.launched[0]!, 'TASK_RUNNING');
  expect(counts()).toEqual({ tasksQueued: 1, tasksLive: 1, tasksRunning: 1, jobsQueued: 1 });
  desk.update(desk.launched[0]!, 'TASK_FINISHED').offer([scalars(1, 512, 1)]);
  expect(counts()).toEqual({ tasksQueued: 0, tasksLive: 1, tasksRunning: 0, jobsQueued: 0 });
  expect(desk.framework.demandOf('batch').cpus).toBe(0);
  expect(desk.framework.roleCounts('nobody').tasksQueued).toBe(0);
});

test('a job of a role that the framework has not is refused, and one without tasks is finished', () => {
  const empty: Job = { ...job({ id: 'empty' }), tasks: [] };
  const desk = Desk.open({}, [job({ id: 'stranger', role: 'nobody', count: 2 }), empty]);
  expect(desk.outcomes).toMatchObject([
    { job: 'stranger', state: 'REFUSED', tasks: 2 },
    { job: 'empty', state: 'FINISHED' },
  ]);
  expect(desk.framework.isIdle).toBe(true);
});

test('what a run cut short leaves behind is UNFINISHED', () => {
  const desk = Desk.open({}, [job({ id: 'a' }), job({ id: 'b', count: 9 })]).offer([WHOLE]);
  desk.update(desk.launched[0]!, 'TASK_FINISHED');
  expect([...desk.framework.unfinished(desk.now)]).toMatchObject([
    { job: 'b', state: 'UNFINISHED', ended: null },
  ]);
});

test('when all is done no timer is left', () => {
  const desk = Desk.open({ policy: 'suppress', maxAttempts: 2 });
  for (let round = 0; round < 50; round++) {
    desk.submit(job({ gang: round % 2 === 0, count: 3 }));
    launchAll(desk);
    for (const task of desk.launched.splice(0))
      desk.update(task, round % 3 === 0 ? 'TASK_FAILED' : 'TASK_FINISHED');
    launchAll(desk);
    for (const task of desk.launched.splice(0)) desk.update(task, 'TASK_FINISHED');
  }
  expect(desk.framework.isIdle).toBe(true);
  desk.pass(1_000);
  expect(desk.framework.nextDeadline()).toBeNull();
  expect(desk.framework.offersHeld).toBe(0);
});

test('a job first ran when the first of its tasks did', () => {
  const desk = Desk.open({}, [job({ count: 2 })]).offer([WHOLE]);
  desk.now = micros(10);
  desk.update(desk.launched[1]!, 'TASK_RUNNING');
  desk.now = micros(20);
  desk.update(desk.launched[0]!, 'TASK_RUNNING');
  for (const task of desk.launched) desk.update(task, 'TASK_FINISHED');
  expect(desk.outcomes).toMatchObject([{ firstRunning: 10 }]);
});

test('a launched task that stays silent is reconciled again and again', () => {
  const desk = Desk.open({ launchWait: micros(120 * SECOND) }, [job({})]).offer([WHOLE]);
  expect(desk.pass(500).calls('RECONCILE')).toHaveLength(4);
});
