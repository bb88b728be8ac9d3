import { describe, expect, test } from 'vitest';
import { micros } from '../core/index.ts';
import { maxAllowedAge } from './index.ts';
import { AgentDriver, EXIT_0, SECOND, SIGKILL_EXIT, taskInfo, words } from './test-kit.ts';

const DAY = 86_400 * SECOND;
const GARBAGE = { garbageCollection: { delay: micros(7 * DAY), diskHeadroom: 0.1 } };

/** An agent whose task 1 has ended. */
function ended(): AgentDriver {
  const driver = AgentDriver.registered(GARBAGE);
  driver.acknowledgeAll(driver.run(taskInfo(1)));
  driver.acknowledgeAll(driver.started(1));
  driver.acknowledgeAll(driver.exited(1, EXIT_0));
  return driver;
}

function removedBy(driver: AgentDriver): string[] {
  return words(driver.tickAtDeadline()).filter((word) => word.startsWith('removeSandbox'));
}

// Spec 12 §4.
describe('sandboxes', () => {
  test('the age allowed is delay × max(0, 1 − headroom − usage)', () => {
    const options = { delay: micros(1_000), diskHeadroom: 0.1 };
    expect([0, 0.4, 0.65, 0.9, 1].map((usage) => maxAllowedAge(options, usage))).toEqual([
      900, 500, 250, 0, 0,
    ]);
  });

  test('of a container that ended goes after the delay', () => {
    const driver = ended();
    expect(driver.machine.nextDeadline()).toBe(7 * DAY);
    expect(removedBy(driver)).toEqual(['removeSandbox 1']);
    expect(driver.machine.nextDeadline()).toBeNull();
  });

  test('the fuller the disk, the earlier it goes', () => {
    const driver = ended();
    driver.now = 2 * DAY;
    expect(driver.step({ kind: 'diskUsage', fraction: 0.5 })).toEqual([]);
    expect(words(driver.step({ kind: 'diskUsage', fraction: 0.7 }))).toEqual(['removeSandbox 1']);
    expect(driver.step({ kind: 'diskUsage', fraction: 1 })).toEqual([]);
  });

  test('one of a running container does not go, however full the disk is', () => {
    const driver = AgentDriver.registered(GARBAGE);
    driver.run(taskInfo(1));
    driver.started(1);
    expect(driver.step({ kind: 'diskUsage', fraction: 1 })).toEqual([]);
  });

  test('of a pod goes as a whole, after the pod', () => {
    const driver = AgentDriver.registered(GARBAGE);
    driver.acknowledgeAll(driver.startGroup(50, [taskInfo(1)]));
    driver.acknowledgeAll(driver.exited(1, EXIT_0));
    expect(driver.step({ kind: 'diskUsage', fraction: 1 })).toEqual([]);
    driver.executorExited(50, SIGKILL_EXIT);
    expect(words(driver.step({ kind: 'diskUsage', fraction: 1 }))).toEqual(['removeSandbox executor 50']);
  });

  test('one that could not be removed is tried again after another delay', () => {
    const driver = ended();
    removedBy(driver);
    const container = driver.containerOf(1);
    driver.step({ kind: 'sandboxRemoved', container, failure: 'busy' });
    expect(driver.machine.nextDeadline()).toBe(14 * DAY);
    expect(removedBy(driver)).toEqual(['removeSandbox 1']);
    driver.step({ kind: 'sandboxRemoved', container, failure: null });
    expect(driver.machine.nextDeadline()).toBeNull();
  });

  test('are remembered over a restart, those being removed included', () => {
    for (const isOrdered of [false, true]) {
      const driver = ended();
      if (isOrdered) removedBy(driver);
      const { next } = driver.restarted(true);
      expect(removedBy(next)).toEqual(['removeSandbox 1']);
    }
  });

  test('of a framework that does not checkpoint are removed as well', () => {
    const driver = ended();
    const { next } = driver.restarted(false);
    expect(next.machine.checkpoint().sandboxes).toHaveLength(1);
  });
});
