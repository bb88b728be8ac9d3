import { describe, expect, test } from 'vitest';
import { micros, milli } from '../core/index.ts';
import type { TaskInfo } from '../protocol/index.ts';
import { resourceIdentity, Resources, scalarResource } from '../resources/index.ts';
import { estimateOversubscribable, mustRevoke, type OversubscriptionSettings } from './index.ts';
import {
  AgentDriver,
  executorInfo,
  frameworkInfo,
  messages,
  SECOND,
  SIGKILL_EXIT,
  taskInfo,
  updates,
  words,
} from './test-kit.ts';

/** Revocable cpus. */
function lent(cpus: number): Resources {
  const identity = resourceIdentity({ name: 'cpus', type: 'SCALAR', revocable: true });
  return Resources.of([scalarResource(identity, milli(cpus * 1_000))]);
}

const SETTINGS: OversubscriptionSettings = {
  interval: micros(15 * SECOND),
  estimator: { kind: 'fixed', resources: lent(4) },
  qos: { kind: 'load', fiveMinutes: 8, fifteenMinutes: 6 },
};

function lentTask(taskId: number, fields: Parameters<typeof taskInfo>[1] = {}): TaskInfo {
  return { ...taskInfo(taskId, fields), resources: lent(1) };
}

// Spec 12 §11.
describe('estimators', () => {
  test('noop lends nothing beside what is lent; fixed what is left of its total, and never less than nothing', () => {
    expect(estimateOversubscribable({ kind: 'noop' }, lent(1)).isEmpty).toBe(true);
    const fixed = { kind: 'fixed', resources: lent(4) } as const;
    expect(estimateOversubscribable(fixed, lent(1)).equals(lent(3))).toBe(true);
    expect(estimateOversubscribable(fixed, lent(4)).isEmpty).toBe(true);
  });
});

describe('QoS controllers', () => {
  test.each<readonly [number, number, boolean]>([
    [8, 6, false],
    [8.1, 0, true],
    [0, 6.1, true],
  ])('loads of %f and %f: %s', (fiveMinutes, fifteenMinutes, revokes) => {
    expect(mustRevoke(SETTINGS.qos, { fiveMinutes, fifteenMinutes })).toBe(revokes);
    expect(mustRevoke({ kind: 'noop' }, { fiveMinutes, fifteenMinutes })).toBe(false);
  });

  test('a threshold that is not set is not looked at', () => {
    const qos = { kind: 'load', fiveMinutes: null, fifteenMinutes: 6 } as const;
    expect(mustRevoke(qos, { fiveMinutes: 99, fifteenMinutes: 1 })).toBe(false);
  });
});

describe('an agent that lends', () => {
  function agent(): AgentDriver {
    return AgentDriver.registered({ oversubscription: SETTINGS });
  }

  test('tells its master after every registration, and then only of changes', () => {
    const driver = new AgentDriver({ oversubscription: SETTINGS });
    driver.start(null, true);
    driver.step({ kind: 'linkOpened' });
    const outputs = driver.receive({ type: 'AGENT_REGISTERED', agentId: 7 as never });
    expect(messages(outputs)).toMatchObject([{ type: 'UPDATE_AGENT', agentId: 7 }]);
    expect(words(driver.tickAtDeadline())).toEqual(['sampleUsage']);
    expect(driver.now).toBe(15 * SECOND);
    driver.step({ kind: 'linkClosed' });
    expect(words(driver.reregister())).toContain('UPDATE_AGENT');
  });

  test('ends what runs on lent resources under load, GONE or LOST with CONTAINER_PREEMPTED, and nothing else', () => {
    for (const [framework, state] of [
      [frameworkInfo(), 'TASK_LOST'],
      [frameworkInfo(['PARTITION_AWARE']), 'TASK_GONE'],
    ] as const) {
      const driver = agent();
      driver.acknowledgeAll(driver.run(lentTask(1), framework));
      driver.acknowledgeAll(driver.run(taskInfo(2), framework));
      driver.acknowledgeAll(driver.startGroup(50, [lentTask(3)], { framework }));
      for (const task of [1, 2, 3]) driver.acknowledgeAll(driver.started(task));
      const load = { fiveMinutes: 9, fifteenMinutes: 0 };
      const outputs = driver.step({ kind: 'usageSampled', containers: [], load });
      expect(words(outputs)).toEqual(['SIGKILL 1', 'SIGKILL executor 50']);
      expect(driver.machine.counts.executorsPreempted).toBe(1);
      expect(driver.step({ kind: 'usageSampled', containers: [], load })).toEqual([
        expect.objectContaining({ kind: 'signalContainer', container: driver.containerOf(1) }),
      ]);
      const told = [driver.exited(1, SIGKILL_EXIT), driver.exited(3, SIGKILL_EXIT)].flatMap(updates);
      expect(told.map(({ status }) => `${status.state} ${status.reason}`)).toEqual([
        `${state} REASON_CONTAINER_PREEMPTED`,
        `${state} REASON_CONTAINER_PREEMPTED`,
      ]);
    }
  });

  test('a custom executor on lent resources is preempted with its tasks', () => {
    const driver = agent();
    const executor = { ...executorInfo(60, 'CUSTOM'), resources: lent(1) };
    driver.run(taskInfo(1, { command: null, executor }));
    driver.executorStarted(60);
    driver.step({ kind: 'usageSampled', containers: [], load: { fiveMinutes: 9, fifteenMinutes: 9 } });
    expect(updates(driver.executorExited(60, SIGKILL_EXIT))).toMatchObject([
      { status: { state: 'TASK_LOST', reason: 'REASON_CONTAINER_PREEMPTED' } },
    ]);
  });

  test('without a load, nothing is taken back', () => {
    const driver = agent();
    driver.run(lentTask(1));
    expect(driver.step({ kind: 'usageSampled', containers: [], load: null })).toEqual([]);
  });
});
