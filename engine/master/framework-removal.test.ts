import { describe, expect, test } from 'vitest';
import { type FrameworkId, micros } from '../core/index.ts';
import type { ExtensionCall, OperatorMutation } from '../protocol/index.ts';
import { stateDigest } from './state-digest.ts';
import { answersIn, eventsOn, frameworkInfo, MasterDriver, MINUTE, SECOND, words } from './test-kit.ts';

function tearDown(frameworkId: FrameworkId): OperatorMutation {
  return { type: 'TEARDOWN', frameworkId };
}

function undo(frameworkId: FrameworkId): ExtensionCall {
  return { type: 'UNDO_TEARDOWN', frameworkId };
}

function refused(driver: MasterDriver, call: OperatorMutation | ExtensionCall): string {
  const before = stateDigest(driver);
  const outputs = driver.operator(call);
  expect(words(outputs)).toHaveLength(1);
  expect(stateDigest(driver)).toBe(before);
  return answersIn(outputs)[0]!;
}

function cluster(frameworkUndoWindow: number | null, failoverTimeout = 3_600) {
  const driver = new MasterDriver({
    options: { frameworkUndoWindow: frameworkUndoWindow === null ? null : micros(frameworkUndoWindow) },
  });
  const agent = driver.register(1);
  const scheduler = driver.subscribe({ failoverTimeout });
  driver.launchOn(scheduler, agent, 1);
  driver.wait(2 * SECOND);
  return { driver, agent, scheduler };
}

describe('TEARDOWN by an operator', () => {
  test('removes the framework: its stream is closed, its executors are shut down, the call is answered', () => {
    const { driver, scheduler } = cluster(null);
    expect(words(driver.operator(tearDown(scheduler.id)))).toEqual([
      'SHUTDOWN_FRAMEWORK',
      'closeStream',
      'answerCall',
    ]);
    expect(driver.machine.state.completedFrameworks.has(scheduler.id)).toBe(true);
  });

  test('of a framework that nobody knows is refused (400), without a trace', () => {
    expect(refused(new MasterDriver(), tearDown(3 as FrameworkId))).toMatch('CALL_INVALID');
  });
});

describe('with the option frameworkUndoWindow', () => {
  test('a torn-down framework’s tasks go on for the window, and end after it', () => {
    const { driver, scheduler } = cluster(10 * MINUTE);
    const outputs = driver.operator(tearDown(scheduler.id));
    expect(eventsOn(outputs, scheduler.stream).at(-1)).toMatchObject({ type: 'ERROR' });
    expect(words(outputs)).not.toContain('SHUTDOWN_FRAMEWORK');
    expect(answersIn(outputs)).toEqual(['200']);
    driver.wait(9 * MINUTE);
    expect(driver.stateOf(scheduler.id, 1)).toBe('TASK_STAGING');
    expect(driver.offersOf(scheduler.id)).toEqual([]);
    expect(words(driver.wait(MINUTE))).toContain('SHUTDOWN_FRAMEWORK');
    expect(driver.machine.state.frameworksById.has(scheduler.id)).toBe(false);
  });

  test('the scheduler’s own TEARDOWN waits as well, and a re-subscription takes it back', () => {
    const { driver, scheduler } = cluster(10 * MINUTE);
    driver.call(scheduler.stream, { type: 'TEARDOWN', frameworkId: scheduler.id });
    driver.wait(5 * MINUTE);
    const { stream, outputs } = driver.trySubscribe(frameworkInfo({ id: scheduler.id }));
    expect(eventsOn(outputs, stream)[0]).toMatchObject({ type: 'SUBSCRIBED', frameworkId: scheduler.id });
    driver.wait(60 * MINUTE);
    expect(driver.stateOf(scheduler.id, 1)).toBe('TASK_STAGING');
  });

  test('UNDO_TEARDOWN takes it back: the framework has its failover timeout again', () => {
    const { driver, scheduler } = cluster(10 * MINUTE);
    driver.operator(tearDown(scheduler.id));
    driver.wait(5 * MINUTE);
    expect(answersIn(driver.operator(undo(scheduler.id)))).toEqual(['200']);
    driver.wait(50 * MINUTE);
    expect(driver.stateOf(scheduler.id, 1)).toBe('TASK_STAGING');
    driver.wait(25 * MINUTE);
    expect(driver.machine.state.frameworksById.has(scheduler.id)).toBe(false);
  });

  test('a framework whose failover timeout has passed has the window on top of it', () => {
    const { driver, scheduler } = cluster(10 * MINUTE, 60);
    driver.closeStream(scheduler.stream);
    driver.wait(10 * MINUTE);
    expect(driver.machine.state.frameworksById.has(scheduler.id)).toBe(true);
    driver.wait(MINUTE);
    expect(driver.machine.state.frameworksById.has(scheduler.id)).toBe(false);
  });

  test('UNDO_TEARDOWN is refused (400) for a stranger, and for a framework that is not about to be removed', () => {
    const { driver, scheduler } = cluster(10 * MINUTE);
    expect(refused(driver, undo(9 as FrameworkId))).toMatch('is not known');
    expect(refused(driver, undo(scheduler.id))).toMatch('not about to be removed');
    driver.closeStream(scheduler.stream);
    expect(refused(driver, undo(scheduler.id))).toMatch('not about to be removed');
  });

  test('a second TEARDOWN does not prolong the window', () => {
    const { driver, scheduler } = cluster(10 * MINUTE);
    driver.operator(tearDown(scheduler.id));
    driver.wait(9 * MINUTE);
    expect(answersIn(driver.operator(tearDown(scheduler.id)))).toEqual(['200']);
    driver.wait(MINUTE);
    expect(driver.machine.state.frameworksById.has(scheduler.id)).toBe(false);
  });
});
