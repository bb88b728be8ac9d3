import { describe, expect, test } from 'vitest';
import { milli } from '../core/index.ts';
import { Resources } from '../resources/index.ts';
import type { TaskEnding } from './agent-task.ts';
import { containerOutcome } from './container-outcome.ts';
import type { ContainerExit } from './index.ts';
import { EXIT_0, EXIT_1, failure, SIGKILL_EXIT, SIGTERM_EXIT, taskInfo } from './test-kit.ts';

function outcome(
  exit: ContainerExit,
  ending: TaskEnding = 'none',
  launched = true,
  partitionAware = false,
): unknown[] {
  const { state, source, reason, message } = containerOutcome(
    exit,
    ending,
    taskInfo(1),
    launched,
    partitionAware,
  );
  return [state, source, reason, message];
}

// Spec 04 §4 and §6, 07 §2.
describe('what the end of a container means for its task', () => {
  test('exit 0 finishes it, another code or a signal fails it, in the words of Mesos', () => {
    expect(outcome(EXIT_0)).toEqual([
      'TASK_FINISHED',
      'SOURCE_EXECUTOR',
      null,
      'Command exited with status 0',
    ]);
    expect(outcome(EXIT_1)).toEqual(['TASK_FAILED', 'SOURCE_EXECUTOR', null, 'Command exited with status 1']);
    expect(outcome(SIGKILL_EXIT)).toEqual([
      'TASK_FAILED',
      'SOURCE_EXECUTOR',
      null,
      'Command terminated with signal Killed',
    ]);
    expect(outcome({ ...SIGKILL_EXIT, signal: 64 })[3]).toBe(
      'Command terminated with signal Unknown signal 64',
    );
  });

  test('a killed task is KILLED whatever its exit code', () => {
    for (const exit of [EXIT_0, EXIT_1, SIGTERM_EXIT, SIGKILL_EXIT, failure('GONE')]) {
      expect(outcome(exit, 'killed').slice(0, 3)).toEqual(['TASK_KILLED', 'SOURCE_EXECUTOR', null]);
    }
    expect(outcome(SIGTERM_EXIT, 'killed')[3]).toBe('Command terminated with signal Terminated');
  });

  test('killed during launch is KILLED with that reason, even if the launch failed', () => {
    for (const exit of [EXIT_0, SIGKILL_EXIT, failure('LAUNCH_FAILED'), failure('GONE')]) {
      const [state, source, reason] = outcome(exit, 'killedDuringLaunch', false);
      expect([state, source, reason]).toEqual([
        'TASK_KILLED',
        'SOURCE_AGENT',
        'REASON_TASK_KILLED_DURING_LAUNCH',
      ]);
    }
  });

  test('a limit fails it and says which limit was hit, before any kill', () => {
    for (const ending of ['none', 'killed'] as const) {
      const memory = containerOutcome(failure('MEMORY_LIMIT'), ending, taskInfo(1), true, false);
      expect(memory).toMatchObject({
        state: 'TASK_FAILED',
        source: 'SOURCE_AGENT',
        reason: 'REASON_CONTAINER_LIMITATION_MEMORY',
      });
      expect(memory.details!.limitation!.equals(Resources.ofScalars({ mem: milli(64_000) }))).toBe(true);
      const disk = containerOutcome(failure('DISK_LIMIT'), ending, taskInfo(1), true, false);
      expect(disk).toMatchObject({
        state: 'TASK_FAILED',
        source: 'SOURCE_AGENT',
        reason: 'REASON_CONTAINER_LIMITATION_DISK',
      });
      expect(disk.details!.limitation!.equals(Resources.ofScalars({ disk: milli(10_000) }))).toBe(true);
    }
  });

  test('the limit told is the bursting limit where the task has a finite one', () => {
    const limited = (mem: number | null) =>
      containerOutcome(
        failure('MEMORY_LIMIT'),
        'none',
        taskInfo(1, { limits: { cpus: null, mem } }),
        true,
        false,
      );
    expect(limited(128).details!.limitation!.mem).toBe(128_000);
    expect(limited(Number.POSITIVE_INFINITY).details!.limitation!.mem).toBe(64_000);
    expect(limited(null).details!.limitation!.mem).toBe(64_000);
  });

  test('a failed launch, an exhausted completion time and an unknown end have their reasons', () => {
    expect(outcome(failure('LAUNCH_FAILED'), 'none', false).slice(0, 3)).toEqual([
      'TASK_FAILED',
      'SOURCE_AGENT',
      'REASON_CONTAINER_LAUNCH_FAILED',
    ]);
    expect(outcome(SIGKILL_EXIT, 'maxCompletionTime').slice(0, 3)).toEqual([
      'TASK_FAILED',
      'SOURCE_EXECUTOR',
      'REASON_MAX_COMPLETION_TIME_REACHED',
    ]);
    expect(outcome(failure('GONE')).slice(0, 3)).toEqual([
      'TASK_FAILED',
      'SOURCE_AGENT',
      'REASON_EXECUTOR_TERMINATED',
    ]);
  });

  test('a container that never started before the agent restarted is LOST, or DROPPED for a partition-aware framework', () => {
    expect(outcome(failure('GONE'), 'none', false, false).slice(0, 3)).toEqual([
      'TASK_LOST',
      'SOURCE_AGENT',
      'REASON_AGENT_RESTARTED',
    ]);
    expect(outcome(failure('GONE'), 'none', false, true)[0]).toBe('TASK_DROPPED');
  });
});
