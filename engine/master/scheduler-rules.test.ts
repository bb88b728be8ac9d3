import { describe, expect, test } from 'vitest';
import { micros } from '../core/index.ts';
import type { FrameworkInfo, SchedulerCall } from '../protocol/index.ts';
import { Quantities, type Resources } from '../resources/index.ts';
import type { RequestId } from './input.ts';
import type { MasterOptions } from './options.ts';
import type { MasterOutput } from './output.ts';
import { stateDigest } from './state-digest.ts';
import {
  eventsOn,
  executorInfo,
  frameworkInfo,
  launch,
  MasterDriver,
  resources,
  type Scheduler,
  SECOND,
  taskInfo,
  words,
} from './test-kit.ts';

// Rules of spec 03 that the flags and the caller's identity decide; its other rules are in the tests of their calls.

function quantities(held: Resources): Quantities {
  return held.quantities();
}

/** A call by somebody who proved who it is. */
function callAs(
  driver: MasterDriver,
  principal: string,
  stream: Scheduler['stream'],
  call: SchedulerCall,
): MasterOutput[] {
  return driver.step({ kind: 'schedulerCalled', request: 700 as RequestId, principal, stream, call });
}

function subscribeAs(driver: MasterDriver, principal: string, info: FrameworkInfo) {
  const stream = driver.newStream();
  const outputs = callAs(driver, principal, stream, {
    type: 'SUBSCRIBE',
    frameworkId: info.id,
    frameworkInfo: info,
    suppressedRoles: [],
    offerConstraints: null,
  });
  return { stream, outputs };
}

function updateOf(info: FrameworkInfo): SchedulerCall {
  return {
    type: 'UPDATE_FRAMEWORK',
    frameworkId: info.id!,
    frameworkInfo: info,
    suppressedRoles: [],
    offerConstraints: null,
  };
}

describe('a subscription is refused inside its stream', () => {
  test.each<[string, Partial<MasterOptions>, Partial<FrameworkInfo>, string]>([
    [
      'for a role beyond --roles',
      { roles: ['eng', 'ops'] },
      { roles: ['eng', 'web'] },
      "Role 'web' is not in",
    ],
    [
      'for user root without root submissions',
      { rootSubmissions: false },
      { user: 'root' },
      "User 'root' is not",
    ],
  ])('%s', (_, options, info, message) => {
    const driver = new MasterDriver({ options });
    const before = stateDigest(driver);
    const { stream, outputs } = driver.trySubscribe(frameworkInfo(info));
    expect(eventsOn(outputs, stream)).toMatchObject([
      { type: 'ERROR', message: expect.stringContaining(message) },
    ]);
    expect(words(outputs).at(-1)).toBe('closeStream');
    expect(stateDigest(driver)).toBe(before);
    driver.subscribe({ roles: ['eng'], user: 'www' });
  });
});

describe('a caller that proved who it is', () => {
  test('gives its principal to a framework that names none', () => {
    const driver = new MasterDriver();
    const { outputs, stream } = subscribeAs(driver, 'alice', frameworkInfo());
    expect(words(outputs)[0]).toBe('SUBSCRIBED');
    expect(driver.machine.state.frameworksByStream.get(stream)!.info.principal).toBe('alice');
  });

  test('cannot subscribe a framework of another: refused before the stream opens', () => {
    const driver = new MasterDriver();
    const before = stateDigest(driver);
    const { outputs } = subscribeAs(driver, 'alice', frameworkInfo({ principal: 'bob' }));
    expect(words(outputs)).toEqual(['refused PRINCIPAL_MISMATCH', 'closeStream']);
    expect(stateDigest(driver)).toBe(before);
  });

  test.each([['bob'], [null]])('cannot call for a framework of %s, connected or not', (principal) => {
    const driver = new MasterDriver();
    const scheduler = driver.subscribe({ principal });
    const call = { type: 'TEARDOWN', frameworkId: scheduler.id } as const;
    const before = stateDigest(driver);
    expect(words(callAs(driver, 'alice', scheduler.stream, call))).toEqual(['refused PRINCIPAL_MISMATCH']);
    expect(stateDigest(driver)).toBe(before);
    driver.closeStream(scheduler.stream);
    expect(words(callAs(driver, 'alice', scheduler.stream, call))).toEqual(['refused PRINCIPAL_MISMATCH']);
  });

  test('calls for its own framework', () => {
    const driver = new MasterDriver();
    const scheduler = driver.subscribe({ principal: 'alice' });
    const call = { type: 'SUPPRESS', frameworkId: scheduler.id, roles: [] } as const;
    expect(callAs(driver, 'alice', scheduler.stream, call)).toEqual([]);
  });
});

describe('UPDATE_FRAMEWORK', () => {
  test('is answered 200 at once', () => {
    const driver = new MasterDriver();
    const { id, stream } = driver.subscribe();
    expect(driver.call(stream, updateOf(frameworkInfo({ id, name: 'new' })))).toMatchObject([
      { kind: 'answerCall', status: 200 },
    ]);
  });

  test('is refused 400 for a role beyond --roles', () => {
    const driver = new MasterDriver({ options: { roles: ['eng'] } });
    const { id, stream } = driver.subscribe();
    expect(words(driver.call(stream, updateOf(frameworkInfo({ id, roles: ['web'] }))))).toEqual([
      'refused FRAMEWORK_INVALID',
    ]);
  });

  test('sends whoever is told of frameworks the new description', () => {
    const driver = new MasterDriver();
    const { id, stream } = driver.subscribe();
    const watch = driver.watch();
    const outputs = driver.call(stream, updateOf(frameworkInfo({ id, name: 'new' })));
    expect(outputs).toMatchObject([
      {
        stream: watch.stream,
        event: { type: 'FRAMEWORK_UPDATED', framework: { frameworkInfo: { name: 'new' } } },
      },
      { kind: 'answerCall' },
    ]);
  });
});

test('the minimum offers of a role reach the allocator with SUBSCRIBE, and are replaced by UPDATE_FRAMEWORK', () => {
  const driver = new MasterDriver();
  const large = quantities(resources('cpus:3'));
  const { id, stream } = driver.subscribe({ offerFilters: new Map([['eng', [large]]]) });
  const { row } = driver.machine.state.frameworksById.get(id)!;
  const minimums = () => driver.allocator.infoOf(row).minAllocatable.get(driver.allocator.role('eng'));
  expect(minimums()).toEqual([large]);
  driver.call(stream, updateOf(frameworkInfo({ id, offerFilters: new Map([['eng', []]]) })));
  expect(minimums()).toEqual([]);
  driver.call(stream, updateOf(frameworkInfo({ id })));
  expect(minimums()).toBeUndefined();
});

test('an offer names the executors of the framework that run on the agent, and no others', () => {
  const driver = new MasterDriver();
  const mine = driver.subscribe();
  const agent = driver.register(1);
  driver.wait(2 * SECOND);
  const task = taskInfo(1, agent.id, { executor: executorInfo(90), command: null });
  expect(driver.offerOf(mine.id).executorIds).toEqual([]);
  driver.accept(mine, [driver.offerOf(mine.id).id], [launch(task)], { refuseSeconds: 0 });
  driver.wait(2 * SECOND);
  expect(driver.offerOf(mine.id).executorIds).toEqual([90]);
  driver.closeStream(mine.stream);
  const other = driver.subscribe();
  driver.wait(2 * SECOND);
  expect(driver.offerOf(other.id).executorIds).toEqual([]);
});

test('the first HEARTBEAT follows upon SUBSCRIBED at once, which says how often they come', () => {
  const driver = new MasterDriver({ options: { heartbeatInterval: micros(15 * SECOND) } });
  const { stream, outputs } = driver.trySubscribe(frameworkInfo());
  expect(eventsOn(outputs, stream)).toMatchObject([
    { type: 'SUBSCRIBED', heartbeatIntervalSeconds: 15 },
    { type: 'HEARTBEAT' },
  ]);
});
