import { describe, expect, test } from 'vitest';
import {
  AgentDriver,
  EXIT_0,
  executorInfo,
  SIGKILL_EXIT,
  SIGTERM_EXIT,
  taskInfo,
  words,
} from './test-kit.ts';

// Spec 12 §2.
describe('an agent that an operator ends', () => {
  test('by stop ends at once, and what runs keeps running', () => {
    const driver = AgentDriver.registered();
    driver.run(taskInfo(1));
    expect(driver.step({ kind: 'terminate', how: 'stop' })).toEqual([
      { kind: 'exit', reason: 'Stopped by the operator', containers: 'keep' },
    ]);
    expect(driver.machine.checkpoint().tasks).toHaveLength(1);
    expect(driver.machine.nextDeadline()).toBeNull();
  });

  test('by unregister leaves the cluster, shuts everything down with grace, and ends when nothing runs', () => {
    const driver = AgentDriver.registered();
    driver.acknowledgeAll(driver.run(taskInfo(1)));
    driver.acknowledgeAll(driver.started(1));
    driver.acknowledgeAll(driver.startGroup(50, [taskInfo(2)]));
    driver.acknowledgeAll(driver.started(2));
    driver.run(taskInfo(3, { command: null, executor: executorInfo(60, 'CUSTOM') }));
    const outputs = driver.step({ kind: 'terminate', how: 'unregister' });
    expect(words(outputs)).toEqual(['UNREGISTER_AGENT', 'SIGTERM 2', 'SIGTERM 1']);
    expect(driver.step({ kind: 'terminate', how: 'unregister' })).toEqual([]);
    expect(driver.step({ kind: 'linkOpened' })).toEqual([]);
    driver.exited(1, SIGTERM_EXIT);
    driver.exited(2, SIGTERM_EXIT);
    driver.executorExited(50, SIGKILL_EXIT);
    expect(driver.executorExited(60, EXIT_0)).toEqual([
      { kind: 'exit', reason: 'Unregistered by the operator', containers: 'end' },
    ]);
  });

  test('by unregister with nothing that runs ends in that step', () => {
    const outputs = AgentDriver.registered().step({ kind: 'terminate', how: 'unregister' });
    expect(words(outputs)).toEqual(['UNREGISTER_AGENT', 'exit']);
  });

  test('by unregister gives a task that ignores SIGTERM its grace period', () => {
    const driver = AgentDriver.registered();
    driver.run(taskInfo(1));
    driver.started(1);
    driver.step({ kind: 'terminate', how: 'unregister' });
    expect(words(driver.tickAtDeadline())).toEqual(['SIGKILL 1']);
    expect(words(driver.exited(1, SIGKILL_EXIT))).toEqual(['exit']);
  });
});
