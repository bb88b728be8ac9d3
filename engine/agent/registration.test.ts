import { describe, expect, test } from 'vitest';
import { type AgentId, micros } from '../core/index.ts';
import { DEFAULT_AGENT_SETTINGS } from './index.ts';
import { Registration } from './registration.ts';
import {
  AGENT,
  AGENT_INFO,
  AgentDriver,
  FRAMEWORK,
  frameworkInfo,
  messages,
  SECOND,
  taskInfo,
  words,
} from './test-kit.ts';

// Spec 13 §5, 12 §2.
describe('registration', () => {
  test('a fresh agent asks for an id once a link is open, and nothing before', () => {
    const driver = new AgentDriver();
    expect(driver.start(null, true)).toEqual([]);
    expect(driver.machine.nextDeadline()).toBeNull();
    expect(messages(driver.step({ kind: 'linkOpened' }))).toEqual([
      { type: 'REGISTER_AGENT', info: AGENT_INFO },
    ]);
  });

  test('an unanswered registration is repeated until the answer comes', () => {
    const driver = new AgentDriver();
    driver.start(null, true);
    driver.step({ kind: 'linkOpened' });
    for (let attempt = 0; attempt < 100; attempt++)
      expect(words(driver.tickAtDeadline())).toEqual(['REGISTER_AGENT']);
    driver.receive({ type: 'AGENT_REGISTERED', agentId: AGENT });
    expect(driver.machine.isRegistered).toBe(true);
    expect(driver.machine.agentId).toBe(AGENT);
    expect(driver.machine.nextDeadline()).toBeNull();
  });

  test('waits are random in [0, b], b doubling from one second to one minute and never beyond (bug ledger B31)', () => {
    const registration = new Registration(DEFAULT_AGENT_SETTINGS, 5);
    registration.begin(micros(0));
    let bound = SECOND;
    const waits: number[] = [];
    for (let attempt = 0; attempt < 200; attempt++) {
      waits.push(registration.deadline);
      expect(registration.deadline).toBeGreaterThanOrEqual(0);
      expect(registration.deadline).toBeLessThanOrEqual(bound);
      registration.repeat(micros(0));
      bound = Math.min(2 * bound, 60 * SECOND);
    }
    expect(Math.max(...waits)).toBeGreaterThan(30 * SECOND);
    expect(new Set(waits).size).toBeGreaterThan(190);
  });

  test('agents with different seeds wait differently, one seed always the same', () => {
    const wait = (seed: number): number => {
      const driver = new AgentDriver({}, seed);
      driver.start(null, true);
      driver.step({ kind: 'linkOpened' });
      return driver.machine.nextDeadline()!;
    };
    expect(wait(1)).toBe(wait(1));
    expect(wait(1)).not.toBe(wait(2));
  });

  test('a closed link or missing pings make the agent look for the master again and re-register with its id', () => {
    for (const kind of ['linkClosed', 'pingsMissed'] as const) {
      const driver = AgentDriver.registered();
      expect(words(driver.step({ kind }))).toEqual(['reconnect']);
      expect(driver.step({ kind })).toEqual([]);
      expect(driver.machine.nextDeadline()).toBeNull();
      const asked = messages(driver.step({ kind: 'linkOpened' }));
      expect(asked).toEqual([
        {
          type: 'REREGISTER_AGENT',
          info: { ...AGENT_INFO, id: AGENT },
          tasks: [],
          executors: [],
          operations: [],
          frameworks: [],
        },
      ]);
      driver.receive({
        type: 'AGENT_REREGISTERED',
        agentId: AGENT,
        unreported: [],
        unreportedOperations: [],
      });
      expect(driver.machine.isRegistered).toBe(true);
    }
  });

  test('re-registration reports all tasks, those that ended without acknowledgement included (spec 13 §4)', () => {
    const driver = AgentDriver.registered({ sendTaskStarting: false });
    driver.run(taskInfo(1));
    driver.acknowledgeAll(driver.started(1));
    driver.run(taskInfo(2));
    driver.started(2);
    driver.exited(2, { code: 0, signal: null, cause: null, message: null });
    driver.step({ kind: 'linkClosed' });
    const [message] = messages(driver.step({ kind: 'linkOpened' }));
    expect(message).toMatchObject({
      type: 'REREGISTER_AGENT',
      frameworks: [{ id: FRAMEWORK, info: frameworkInfo() }],
      executors: [],
      tasks: [
        {
          state: 'TASK_RUNNING',
          statusUpdateState: null,
          statusUpdateUuid: null,
          role: 'dev',
          executorId: 1,
        },
        { state: 'TASK_FINISHED', statusUpdateState: 'TASK_RUNNING', statusUpdateUuid: 2, executorId: 2 },
      ],
    });
  });

  test('an answer for another id, and orders before the answer, change nothing (bug ledger B18)', () => {
    const driver = AgentDriver.registered();
    driver.step({ kind: 'linkClosed' });
    expect(driver.run(taskInfo(1))).toEqual([]);
    driver.step({ kind: 'linkOpened' });
    expect(driver.run(taskInfo(1))).toEqual([]);
    driver.receive({
      type: 'AGENT_REREGISTERED',
      agentId: 8 as AgentId,
      unreported: [],
      unreportedOperations: [],
    });
    driver.receive({ type: 'AGENT_REGISTERED', agentId: 8 as AgentId });
    expect(driver.machine.isRegistered).toBe(false);
    expect(driver.machine.agentId).toBe(AGENT);
    expect(driver.machine.taskCount).toBe(0);
  });

  test('a second answer to a repeated registration is taken without harm', () => {
    const driver = AgentDriver.registered();
    expect(driver.receive({ type: 'AGENT_REGISTERED', agentId: AGENT })).toEqual([]);
    expect(
      driver.receive({
        type: 'AGENT_REREGISTERED',
        agentId: AGENT,
        unreported: [],
        unreportedOperations: [],
      }),
    ).toEqual([]);
  });

  test('a refused agent ends all containers, then itself, and nothing comes after', () => {
    const driver = AgentDriver.registered({ sendTaskStarting: false });
    driver.run(taskInfo(1));
    driver.started(1);
    driver.run(taskInfo(2));
    const outputs = driver.receive({ type: 'SHUTDOWN', message: 'gone' });
    expect(words(outputs).sort()).toEqual(['SIGKILL 1', 'SIGKILL 2', 'exit']);
    expect(outputs.at(-1)).toEqual({ kind: 'exit', reason: 'gone', containers: 'end' });
    expect(driver.machine.nextDeadline()).toBeNull();
    expect(driver.step({ kind: 'linkOpened' })).toEqual([]);
    expect(driver.exited(1, { code: 0, signal: null, cause: null, message: null })).toEqual([]);
  });
});
