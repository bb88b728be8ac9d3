import { describe, expect, test } from 'vitest';
import { micros } from '../core/index.ts';
import type { CheckInfo, ContainerStatus, HealthCheck } from '../protocol/index.ts';
import type { AgentOutput, ProbeResult, ProbeUse } from './index.ts';
import {
  AgentDriver,
  EXIT_0,
  frameworkInfo,
  SECOND,
  SIGTERM_EXIT,
  taskInfo,
  updates,
  words,
} from './test-kit.ts';

const KILLING = frameworkInfo(['TASK_KILLING_STATE']);
const HEALTH: HealthCheck = {
  type: 'HTTP',
  command: null,
  http: { protocol: 'IPv4', scheme: 'http', port: 80, path: '/' },
  tcp: null,
  delay: micros(15 * SECOND),
  interval: micros(10 * SECOND),
  timeout: micros(20 * SECOND),
  consecutiveFailures: 3,
  gracePeriod: micros(10 * SECOND),
};
const CHECK: CheckInfo = {
  type: 'TCP',
  command: null,
  http: null,
  tcp: { port: 443 },
  delay: micros(1 * SECOND),
  interval: micros(5 * SECOND),
  timeout: micros(2 * SECOND),
};
const OK: ProbeResult = { kind: 'responded', statusCode: 200 };
const BAD: ProbeResult = { kind: 'responded', statusCode: 500 };
const CONNECTED: ProbeResult = { kind: 'connected', succeeded: true };

function running(
  health: Partial<HealthCheck> | null,
  check: CheckInfo | null = null,
  killPolicy: { gracePeriod: ReturnType<typeof micros> } | null = null,
): AgentDriver {
  const driver = AgentDriver.registered();
  const healthCheck = health === null ? null : { ...HEALTH, ...health };
  driver.acknowledgeAll(driver.run(taskInfo(1, { healthCheck, check, killPolicy }), KILLING));
  driver.acknowledgeAll(driver.started(1));
  return driver;
}

/** Goes on to the next probe of `use`, answers it, and acknowledges what follows. */
function probed(
  driver: AgentDriver,
  result: ProbeResult,
  use: ProbeUse = 'healthCheck',
  taskId = 1,
): AgentOutput[] {
  for (;;) {
    expect(driver.machine.nextDeadline()).not.toBeNull();
    if (words(driver.tickAtDeadline()).includes(`${use} ${taskId}`)) break;
  }
  return driver.step({ kind: 'probed', container: driver.containerOf(taskId), use, result });
}

function answered(
  driver: AgentDriver,
  result: ProbeResult,
  use: ProbeUse = 'healthCheck',
  taskId = 1,
): string[] {
  const outputs = probed(driver, result, use, taskId);
  const sent = driver.acknowledgeAll(outputs);
  const told = sent.map(({ status }) => `${status.state} ${status.details?.healthy ?? '-'}`);
  return [...told, ...words(outputs).filter((word) => word.startsWith('SIG'))];
}

// Spec 07 §7.
describe('a health check', () => {
  test('is first made after its delay, then an interval after each result', () => {
    const driver = running({});
    expect(driver.machine.nextDeadline()).toBe(15 * SECOND);
    expect(driver.tickAtDeadline()).toEqual([
      {
        kind: 'probe',
        container: driver.containerOf(1),
        use: 'healthCheck',
        probe: { type: 'HTTP', scheme: 'http', protocol: 'IPv4', port: 80, path: '/' },
        timeout: 20 * SECOND,
      },
    ]);
    expect(driver.machine.nextDeadline()).toBeNull();
    driver.now = 18 * SECOND;
    driver.acknowledgeAll(
      driver.step({
        kind: 'probed',
        container: driver.containerOf(1),
        use: 'healthCheck',
        result: OK,
      }),
    );
    driver.tickAtDeadline();
    expect(driver.now).toBe(28 * SECOND);
  });

  test('a timeout of zero is none', () => {
    const driver = running({ timeout: micros(0) });
    expect(driver.tickAtDeadline()).toMatchObject([{ timeout: null }]);
  });

  test('the first healthy result and every unhealthy one are told, further healthy ones are not', () => {
    const driver = running({});
    expect(answered(driver, OK)).toEqual(['TASK_RUNNING true']);
    expect(answered(driver, OK)).toEqual([]);
    expect(answered(driver, BAD)).toEqual(['TASK_RUNNING false']);
    expect(answered(driver, BAD)).toEqual(['TASK_RUNNING false']);
    expect(answered(driver, OK)).toEqual(['TASK_RUNNING true']);
  });

  test('an update that tells of it has its reason and is the executor’s', () => {
    const [update] = updates(probed(running({}), OK));
    expect(update!.status).toMatchObject({
      reason: 'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED',
      source: 'SOURCE_EXECUTOR',
      details: { healthy: true },
    });
  });

  test('before the first result no update says healthy', () => {
    const driver = AgentDriver.registered();
    const outputs = driver.run(taskInfo(1, { healthCheck: HEALTH }));
    expect(updates(outputs)[0]!.status.details).toBeNull();
  });

  test('failures within the grace period do not count, until one has succeeded', () => {
    const driver = running({
      delay: micros(SECOND),
      interval: micros(SECOND),
      gracePeriod: micros(5 * SECOND),
    });
    for (let second = 1; second < 5; second++) expect(answered(driver, BAD)).toEqual([]);
    expect(answered(driver, BAD)).toEqual(['TASK_RUNNING false']);
    const early = running({
      delay: micros(SECOND),
      interval: micros(SECOND),
      gracePeriod: micros(5 * SECOND),
    });
    expect(answered(early, OK)).toEqual(['TASK_RUNNING true']);
    expect(answered(early, BAD)).toEqual(['TASK_RUNNING false']);
  });

  test('consecutive failures kill the task by its kill policy: KILLING, then KILLED with healthy false and no reason', () => {
    const driver = running({}, null, { gracePeriod: micros(7 * SECOND) });
    answered(driver, BAD);
    answered(driver, BAD);
    expect(answered(driver, BAD)).toEqual(['TASK_RUNNING false', 'TASK_KILLING false', 'SIGTERM 1']);
    expect(driver.machine.nextDeadline()).toBe(driver.now + 7 * SECOND);
    const [killed] = updates(driver.exited(1, SIGTERM_EXIT));
    expect(killed!.status).toMatchObject({ state: 'TASK_KILLED', reason: null, details: { healthy: false } });
  });

  test('a success between failures starts the count anew', () => {
    const driver = running({});
    for (let round = 0; round < 4; round++) {
      answered(driver, BAD);
      answered(driver, BAD);
      expect(answered(driver, OK)).toEqual(['TASK_RUNNING true']);
    }
  });

  test.each<readonly [string, Partial<HealthCheck>, ProbeResult, boolean]>([
    ['exit code 0', { type: 'COMMAND' }, { kind: 'exited', exitCode: 0 }, true],
    ['exit code 1', { type: 'COMMAND' }, { kind: 'exited', exitCode: 1 }, false],
    ['status 399', {}, { kind: 'responded', statusCode: 399 }, true],
    ['status 199', {}, { kind: 'responded', statusCode: 199 }, false],
    ['status 400', {}, { kind: 'responded', statusCode: 400 }, false],
    ['a connection', { type: 'TCP' }, { kind: 'connected', succeeded: true }, true],
    ['no connection', { type: 'TCP' }, { kind: 'connected', succeeded: false }, false],
    ['a timeout', {}, { kind: 'timedOut' }, false],
    ['a probe that failed', {}, { kind: 'failed', message: 'no shell' }, false],
  ])('%s', (_name, fields, result, healthy) => {
    const command = { value: 'true', shell: true, args: [], user: null, environment: [], uris: [] };
    const driver = running({ ...fields, command, tcp: { protocol: 'IPv4', port: 1 } });
    expect(answered(driver, result)).toEqual([`TASK_RUNNING ${healthy}`]);
  });

  test('a kill stops it: what is under way is given up, and a late result says nothing', () => {
    const driver = running({});
    driver.tickAtDeadline();
    expect(words(driver.kill(1))).toEqual(['stopProbes 1', 'TASK_KILLING 1', 'SIGTERM 1']);
    const container = driver.containerOf(1);
    expect(driver.step({ kind: 'probed', container, use: 'healthCheck', result: BAD })).toEqual([]);
    expect(driver.machine.nextDeadline()).toBe(driver.now + 3 * SECOND);
  });

  test('a task that ends is not probed any more', () => {
    const driver = running({});
    driver.acknowledgeAll(driver.exited(1, EXIT_0));
    while (driver.machine.nextDeadline() !== null) expect(driver.tickAtDeadline()).toEqual([]);
  });

  test('a pod’s task that is unhealthy takes its group with it', () => {
    const driver = AgentDriver.registered();
    const sick = taskInfo(1, { healthCheck: { ...HEALTH, consecutiveFailures: 1 } });
    driver.acknowledgeAll(driver.startGroup(50, [sick, taskInfo(2)]));
    for (const task of [1, 2]) driver.acknowledgeAll(driver.started(task));
    expect(answered(driver, BAD)).toEqual(['TASK_RUNNING false', 'SIGTERM 1', 'SIGTERM 2']);
  });

  test('after a restart of the agent it goes on after an interval, and knows what it knew', () => {
    const driver = running({});
    answered(driver, OK);
    const { next } = driver.restarted(true);
    next.acknowledgeAll(next.reregister());
    const before = next.now;
    expect(answered(next, OK)).toEqual([]);
    expect(next.now - before).toBe(10 * SECOND);
  });
});

describe('a check', () => {
  test('tells its result only when that changes, with its reason', () => {
    const driver = running(null, CHECK);
    const [first] = updates(probed(driver, CONNECTED, 'check'));
    expect(first!.status).toMatchObject({
      state: 'TASK_RUNNING',
      reason: 'REASON_TASK_CHECK_STATUS_UPDATED',
      details: { checkStatus: { type: 'TCP', succeeded: true } },
    });
    driver.acknowledgeAll([{ kind: 'toMaster', message: first! }]);
    expect(answered(driver, CONNECTED, 'check')).toEqual([]);
    expect(answered(driver, { kind: 'connected', succeeded: false }, 'check')).toHaveLength(1);
    expect(answered(driver, { kind: 'timedOut' }, 'check')).toHaveLength(1);
    expect(answered(driver, { kind: 'failed', message: '' }, 'check')).toEqual([]);
  });

  test('never kills', () => {
    const driver = running(null, CHECK);
    for (let round = 0; round < 20; round++)
      expect(answered(driver, { kind: 'connected', succeeded: false }, 'check').join()).not.toContain('SIG');
  });

  test('is in every update of its task from the first on: without a result as yet, then with the last', () => {
    const driver = AgentDriver.registered();
    const starting = driver.run(taskInfo(1, { check: CHECK }));
    expect(updates(starting)[0]!.status.details?.checkStatus).toEqual({ type: 'TCP', succeeded: null });
    driver.acknowledgeAll(starting);
    driver.acknowledgeAll(driver.started(1));
    answered(driver, CONNECTED, 'check');
    const [last] = updates(driver.exited(1, EXIT_0));
    expect(last!.status).toMatchObject({
      state: 'TASK_FINISHED',
      details: { checkStatus: { type: 'TCP', succeeded: true } },
    });
  });

  test('and a health check of one task keep their own times', () => {
    const driver = running({}, CHECK);
    const due: string[] = [];
    while (due.length < 4) {
      const orders = words(driver.tickAtDeadline());
      for (const word of orders) {
        due.push(`${word} ${driver.now / SECOND}`);
        const use = word.startsWith('check') ? 'check' : 'healthCheck';
        const result = use === 'check' ? CONNECTED : OK;
        driver.acknowledgeAll(driver.step({ kind: 'probed', container: driver.containerOf(1), use, result }));
      }
    }
    expect(due).toEqual(['check 1 1', 'check 1 6', 'check 1 11', 'healthCheck 1 15']);
  });
});

test('what the runtime knows of the container is in every later update of the task (spec 07 §2)', () => {
  const status: ContainerStatus = {
    containerId: null,
    networkInfos: [
      {
        name: null,
        ipAddresses: [{ protocol: 'IPv4', ipAddress: '10.0.0.7' }],
        groups: [],
        labels: null,
        portMappings: [],
      },
    ],
    netClsClassid: null,
    executorPid: 99,
  };
  const driver = AgentDriver.registered({ sendTaskStarting: false });
  driver.run(taskInfo(1));
  const runs = driver.started(1, undefined, status);
  expect(updates(runs)[0]!.status.details).toMatchObject({ containerStatus: status, healthy: null });
  driver.acknowledgeAll(runs);
  expect(updates(driver.exited(1, EXIT_0))[0]!.status.details?.containerStatus).toEqual(status);
});
