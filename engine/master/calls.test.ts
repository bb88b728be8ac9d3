import { describe, expect, test } from 'vitest';
import {
  type AgentId,
  type ExecutorId,
  type FrameworkId,
  micros,
  milli,
  type OfferId,
  type TaskId,
  type UpdateId,
} from '../core/index.ts';
import type { SchedulerCall } from '../protocol/index.ts';
import { Quantities } from '../resources/index.ts';
import { CALL_ERROR_STATUS, callErrorText, type CallError } from './index.ts';
import { stateDigest } from './state-digest.ts';
import {
  AGENT_RESOURCES,
  eventsOn,
  executorInfo,
  frameworkInfo,
  launch,
  MasterDriver,
  messagesOn,
  NOT_PARTITION_AWARE,
  SECOND,
  taskInfo,
  toldOf,
  updatesOn,
  words,
} from './test-kit.ts';

// Spec 03 §1.5: the checks that apply to every call; §7: the calls.

const ERRORS: readonly (readonly [CallError, number])[] = [
  [{ code: 'FRAMEWORK_ID_MISSING' }, 400],
  [{ code: 'FRAMEWORK_UNKNOWN', frameworkId: 1 as FrameworkId }, 400],
  [{ code: 'FRAMEWORK_NOT_SUBSCRIBED', frameworkId: 1 as FrameworkId }, 403],
  [{ code: 'STREAM_MISMATCH', frameworkId: 1 as FrameworkId }, 400],
  [{ code: 'FRAMEWORK_ID_MISMATCH' }, 400],
  [{ code: 'PRINCIPAL_MISMATCH', authenticated: 'p', claimed: null }, 400],
  [{ code: 'PRINCIPAL_MISMATCH', authenticated: 'p', claimed: 'q' }, 400],
  [{ code: 'FRAMEWORK_INVALID', message: 'wrong' }, 400],
  [{ code: 'NOT_LEADING' }, 503],
  [{ code: 'NOT_SUPPORTED', call: 'X' }, 501],
  [{ code: 'CALL_INVALID', message: 'wrong' }, 400],
  [{ code: 'NOT_AUTHORIZED', message: 'not yours' }, 403],
  [{ code: 'NOT_FOUND', message: 'nothing there' }, 404],
  [{ code: 'CONFLICT', message: 'not free' }, 409],
  [{ code: 'IN_TRANSITION', message: 'later' }, 503],
  [{ code: 'RATE_LIMITED', principal: null, retryAfter: micros(1_000_000) }, 429],
  [{ code: 'RATE_LIMITED', principal: 'p', retryAfter: micros(1_000_000) }, 429],
];

test.each(ERRORS)('the status of %o is %i, and it has a text', (error, status) => {
  expect(CALL_ERROR_STATUS[error.code]).toBe(status);
  expect(callErrorText(error).length).toBeGreaterThan(0);
});

test('every refusal has a status that the table above names', () => {
  expect(Object.keys(CALL_ERROR_STATUS).sort()).toEqual(
    [...new Set(ERRORS.map(([error]) => error.code))].sort(),
  );
});

/** One call of every type but SUBSCRIBE. */
function everyCall(frameworkId: FrameworkId): Exclude<SchedulerCall, { type: 'SUBSCRIBE' }>[] {
  const agentId = 1 as AgentId;
  const taskId = 1 as TaskId;
  const executorId = 1 as ExecutorId;
  const uuid = 1 as UpdateId;
  const data = new Uint8Array();
  const filters = null;
  return [
    { type: 'TEARDOWN', frameworkId },
    { type: 'ACCEPT', frameworkId, offerIds: [], operations: [], filters },
    { type: 'DECLINE', frameworkId, offerIds: [], filters },
    { type: 'ACCEPT_INVERSE_OFFERS', frameworkId, inverseOfferIds: [], filters },
    { type: 'DECLINE_INVERSE_OFFERS', frameworkId, inverseOfferIds: [], filters },
    { type: 'REVIVE', frameworkId, roles: [] },
    { type: 'SUPPRESS', frameworkId, roles: [] },
    { type: 'KILL', frameworkId, taskId, agentId, killPolicy: null },
    { type: 'SHUTDOWN', frameworkId, executorId, agentId },
    { type: 'ACKNOWLEDGE', frameworkId, agentId, taskId, uuid },
    {
      type: 'ACKNOWLEDGE_OPERATION_STATUS',
      frameworkId,
      agentId,
      resourceProviderId: null,
      operationId: 'o',
      uuid,
    },
    { type: 'RECONCILE', frameworkId, tasks: [] },
    { type: 'RECONCILE_OPERATIONS', frameworkId, operations: [] },
    { type: 'MESSAGE', frameworkId, agentId, executorId, data },
    { type: 'REQUEST', frameworkId, requests: [] },
    {
      type: 'UPDATE_FRAMEWORK',
      frameworkId,
      frameworkInfo: frameworkInfo({ id: frameworkId }),
      suppressedRoles: [],
      offerConstraints: null,
    },
  ];
}

describe('whatever the call, and changing nothing,', () => {
  test('an unknown framework is refused', () => {
    const driver = new MasterDriver();
    const { stream } = driver.subscribe();
    const before = stateDigest(driver);
    for (const call of everyCall(99 as FrameworkId))
      expect(words(driver.call(stream, call))).toEqual(['refused FRAMEWORK_UNKNOWN']);
    expect(stateDigest(driver)).toBe(before);
  });

  test('a disconnected framework is refused before its stream is looked at', () => {
    const driver = new MasterDriver();
    const { id, stream } = driver.subscribe();
    driver.closeStream(stream);
    const before = stateDigest(driver);
    for (const call of everyCall(id))
      expect(words(driver.call(driver.newStream(), call))).toEqual(['refused FRAMEWORK_NOT_SUBSCRIBED']);
    expect(stateDigest(driver)).toBe(before);
  });

  test('a call on another stream than the live one is refused', () => {
    const driver = new MasterDriver();
    const { id, stream } = driver.subscribe();
    const other = driver.subscribe();
    driver.subscribe({ id });
    const before = stateDigest(driver);
    for (const call of everyCall(id)) {
      for (const wrong of [stream, other.stream])
        expect(words(driver.call(wrong, call))).toEqual(['refused STREAM_MISMATCH']);
    }
    expect(stateDigest(driver)).toBe(before);
  });

  test('a master that does not lead refuses it', () => {
    const driver = new MasterDriver({ elect: false });
    const before = stateDigest(driver);
    for (const call of everyCall(1 as FrameworkId))
      expect(words(driver.call(driver.newStream(), call))).toEqual(['refused NOT_LEADING']);
    expect(words(driver.trySubscribe(frameworkInfo()).outputs)).toEqual([
      'refused NOT_LEADING',
      'closeStream',
    ]);
    expect(stateDigest(driver)).toBe(before);
  });
});

test('TEARDOWN ends tasks without an update, shuts executors down, closes the stream and frees everything', () => {
  const driver = new MasterDriver();
  const agents = [driver.register(1), driver.register(2), driver.register(3)];
  const scheduler = driver.subscribe();
  driver.launchOn(scheduler, agents[0]!, 1, 2);
  driver.accept(
    scheduler,
    [driver.offerOf(scheduler.id, agents[1]!.id).id],
    [launch(taskInfo(3, agents[1]!.id, { command: null, executor: executorInfo(9) }))],
  );
  driver.allocator.isPaused = true;
  const outputs = driver.call(scheduler.stream, { type: 'TEARDOWN', frameworkId: scheduler.id });
  expect(words(outputs)).toEqual(['SHUTDOWN_FRAMEWORK', 'SHUTDOWN_FRAMEWORK', 'closeStream']);
  expect(messagesOn(outputs, agents[2]!.link)).toEqual([]);
  expect(driver.machine.state.offers.count).toBe(0);
  expect(driver.machine.stats.allocated).toMatchObject({ cpus: 0, mem: 0 });
});

describe('DECLINE', () => {
  test.each([
    [null, 5 * SECOND],
    [5, 5 * SECOND],
    [0, 0],
    [0.25, SECOND / 4],
    [-1, 5 * SECOND],
    [Number.NaN, 5 * SECOND],
    [1e12, 365 * 24 * 3_600 * SECOND],
    [Number.POSITIVE_INFINITY, 365 * 24 * 3_600 * SECOND],
  ])('of %s s sets a filter of %s µs', (refuseSeconds, micros_) => {
    const driver = new MasterDriver();
    driver.register(1);
    const { id, stream } = driver.subscribe();
    const offer = driver.offerOf(id);
    const filters = refuseSeconds === null ? null : { refuseSeconds };
    const outputs = driver.call(stream, { type: 'DECLINE', frameworkId: id, offerIds: [offer.id], filters });
    expect(outputs).toEqual([]);
    expect(driver.allocator.recoveries.at(-1)).toMatchObject({ resources: offer.resources, refuse: micros_ });
    expect(driver.offersOf(id)).toEqual([]);
  });

  test('hides the agent from that framework until the filter ends', () => {
    const driver = new MasterDriver();
    driver.register(1);
    const { id, stream } = driver.subscribe();
    const offerIds = [driver.offerOf(id).id];
    driver.call(stream, { type: 'DECLINE', frameworkId: id, offerIds, filters: { refuseSeconds: 10 } });
    driver.wait(9 * SECOND);
    expect(driver.offersOf(id)).toEqual([]);
    driver.wait(2 * SECOND);
    expect(driver.offersOf(id)).toHaveLength(1);
  });

  test('ignores unknown and spent ids, and those of others', () => {
    const driver = new MasterDriver();
    driver.register(1);
    const owner = driver.subscribe();
    const other = driver.subscribe();
    const offer = driver.offerOf(owner.id);
    const before = stateDigest(driver);
    const offerIds = [offer.id, 999 as OfferId, -1 as OfferId, 0.5 as OfferId];
    driver.call(other.stream, { type: 'DECLINE', frameworkId: other.id, offerIds, filters: null });
    expect(stateDigest(driver)).toBe(before);
    const twice = {
      type: 'DECLINE',
      frameworkId: owner.id,
      offerIds: [offer.id, offer.id],
      filters: null,
    } as const;
    driver.call(owner.stream, twice);
    expect(driver.machine.stats.offersDeclined).toBe(1);
  });
});

describe('SUPPRESS and REVIVE', () => {
  test('stop and resume offers of the roles named, or of all', () => {
    const driver = new MasterDriver();
    const { id, stream } = driver.subscribe({ roles: ['eng', 'ops'] });
    const { row } = driver.machine.state.frameworksById.get(id)!;
    const suppressed = () => ['eng', 'ops'].map((role) => driver.allocator.isSuppressed(row, role));
    driver.call(stream, { type: 'SUPPRESS', frameworkId: id, roles: ['ops'] });
    expect(suppressed()).toEqual([false, true]);
    driver.call(stream, { type: 'SUPPRESS', frameworkId: id, roles: [] });
    expect(suppressed()).toEqual([true, true]);
    driver.register(1);
    expect(driver.offersOf(id)).toEqual([]);
    const outputs = driver.call(stream, { type: 'REVIVE', frameworkId: id, roles: ['eng'] });
    expect(suppressed()).toEqual([false, true]);
    expect(words(outputs)).toEqual(['OFFERS 1']);
    driver.call(stream, { type: 'REVIVE', frameworkId: id, roles: [] });
    expect(suppressed()).toEqual([false, false]);
  });

  test('leave outstanding offers valid', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    const scheduler = driver.subscribe();
    driver.call(scheduler.stream, { type: 'SUPPRESS', frameworkId: scheduler.id, roles: [] });
    driver.launchOn(scheduler, agent, 1);
    expect(driver.stateOf(scheduler.id, 1)).toBe('TASK_STAGING');
  });

  test('clear filters at REVIVE', () => {
    const driver = new MasterDriver();
    driver.register(1);
    const { id, stream } = driver.subscribe();
    const offerIds = [driver.offerOf(id).id];
    driver.call(stream, { type: 'DECLINE', frameworkId: id, offerIds, filters: { refuseSeconds: 1_000 } });
    expect(words(driver.call(stream, { type: 'REVIVE', frameworkId: id, roles: [] }))).toEqual(['OFFERS 1']);
  });

  test.each(['SUPPRESS', 'REVIVE'] as const)('%s is dropped whole if one role is not subscribed', (type) => {
    const driver = new MasterDriver();
    const { id, stream } = driver.subscribe({ roles: ['eng', 'ops'] }, { suppressedRoles: ['ops'] });
    const before = stateDigest(driver);
    expect(driver.call(stream, { type, frameworkId: id, roles: ['eng', 'dev', 'ops'] })).toEqual([]);
    expect(stateDigest(driver)).toBe(before);
  });
});

test('REQUEST states demand for subscribed roles only', () => {
  const driver = new MasterDriver();
  const { id, stream } = driver.subscribe();
  const asked: string[] = [];
  driver.allocator.requestResources = (_now, _framework, role?: number) => {
    asked.push(driver.allocator.roleName(role as never));
  };
  const quantities = Quantities.of([['cpus', milli(1_000)]]);
  const requests = ['eng', 'ops'].map((role) => ({ role, quantities }));
  driver.call(stream, { type: 'REQUEST', frameworkId: id, requests });
  expect(asked).toEqual(['eng']);
});

describe('KILL', () => {
  const killPolicy = { gracePeriod: micros(7 * SECOND) };

  test('is forwarded each time, with its policy', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    const scheduler = driver.subscribe();
    driver.launchOn(scheduler, agent, 1);
    const call = {
      type: 'KILL',
      frameworkId: scheduler.id,
      taskId: 1 as TaskId,
      agentId: null,
      killPolicy,
    } as const;
    const kill = { type: 'KILL_TASK', frameworkId: scheduler.id, taskId: 1, killPolicy };
    expect(messagesOn(driver.call(scheduler.stream, call), agent.link)).toEqual([kill]);
    const again = { ...call, agentId: agent.id };
    expect(messagesOn(driver.call(scheduler.stream, again), agent.link)).toEqual([kill]);
  });

  test('with the id of another agent is ignored', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    const scheduler = driver.subscribe();
    driver.launchOn(scheduler, agent, 1);
    const before = stateDigest(driver);
    const agentId = (agent.id + 1) as AgentId;
    const call = {
      type: 'KILL',
      frameworkId: scheduler.id,
      taskId: 1 as TaskId,
      agentId,
      killPolicy,
    } as const;
    expect(driver.call(scheduler.stream, call)).toEqual([]);
    expect(stateDigest(driver)).toBe(before);
  });

  test.each([
    ['TASK_UNKNOWN', ['MULTI_ROLE', 'PARTITION_AWARE']],
    ['TASK_LOST', NOT_PARTITION_AWARE],
  ] as const)('of an unknown task is answered %s, as reconciliation', (state, capabilities) => {
    const driver = new MasterDriver();
    const { id, stream } = driver.subscribe({ capabilities });
    const outputs = driver.call(stream, {
      type: 'KILL',
      frameworkId: id,
      taskId: 5 as TaskId,
      agentId: null,
      killPolicy,
    });
    expect(toldOf(updatesOn(outputs, stream))).toEqual([`5 ${state} REASON_RECONCILIATION`]);
  });

  test('for a disconnected agent is repeated when it re-registers', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    const scheduler = driver.subscribe();
    driver.launchOn(scheduler, agent, 1);
    driver.closeLink(agent.link);
    const call = {
      type: 'KILL',
      frameworkId: scheduler.id,
      taskId: 1 as TaskId,
      agentId: null,
      killPolicy,
    } as const;
    expect(driver.call(scheduler.stream, call)).toEqual([]);
    const { link, outputs } = driver.reregister(agent.info, {
      tasks: [
        {
          frameworkId: scheduler.id,
          task: taskInfo(1, agent.id),
          role: 'eng',
          executorId: 1 as ExecutorId,
          state: 'TASK_RUNNING',
          statusUpdateState: null,
          statusUpdateUuid: null,
        },
      ],
    });
    expect(messagesOn(outputs, link).map((message) => message.type)).toEqual([
      'AGENT_REREGISTERED',
      'KILL_TASK',
    ]);
    expect(messagesOn(outputs, link)[1]).toMatchObject({ killPolicy });
  });
});

test('SHUTDOWN and MESSAGE are forwarded to the agent, and ignored for one that is not there', () => {
  const driver = new MasterDriver();
  const agent = driver.register(1);
  const { id, stream } = driver.subscribe();
  const executorId = 3 as ExecutorId;
  const data = new Uint8Array([1]);
  const shutdown = driver.call(stream, { type: 'SHUTDOWN', frameworkId: id, executorId, agentId: agent.id });
  expect(messagesOn(shutdown, agent.link)).toEqual([
    { type: 'SHUTDOWN_EXECUTOR', frameworkId: id, executorId },
  ]);
  const message = driver.call(stream, {
    type: 'MESSAGE',
    frameworkId: id,
    executorId,
    agentId: agent.id,
    data,
  });
  expect(messagesOn(message, agent.link)).toEqual([
    { type: 'FRAMEWORK_TO_EXECUTOR', frameworkId: id, executorId, data },
  ]);
  const nobody = 1 as AgentId;
  expect(driver.call(stream, { type: 'SHUTDOWN', frameworkId: id, executorId, agentId: nobody })).toEqual([]);
  expect(
    driver.call(stream, { type: 'MESSAGE', frameworkId: id, executorId, agentId: nobody, data }),
  ).toEqual([]);
});

test('what an executor sends reaches its framework', () => {
  const driver = new MasterDriver();
  const agent = driver.register(1);
  const { id, stream } = driver.subscribe();
  const message = { agentId: agent.id, executorId: 3 as ExecutorId, data: new Uint8Array([7]) };
  const outputs = driver.fromAgent(agent.link, {
    type: 'EXECUTOR_TO_FRAMEWORK',
    frameworkId: id,
    ...message,
  });
  expect(eventsOn(outputs, stream)).toEqual([{ type: 'MESSAGE', ...message }]);
});

describe('UPDATE_FRAMEWORK', () => {
  test('replaces the description, the suppressed roles and tells the agents', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    const scheduler = driver.subscribe({ roles: ['eng'] });
    driver.launchOn(scheduler, agent, 1);
    const info = frameworkInfo({ id: scheduler.id, roles: ['eng', 'ops'], name: 'new' });
    const outputs = driver.call(scheduler.stream, {
      type: 'UPDATE_FRAMEWORK',
      frameworkId: scheduler.id,
      frameworkInfo: info,
      suppressedRoles: ['eng'],
      offerConstraints: null,
    });
    expect(messagesOn(outputs, agent.link)).toEqual([
      { type: 'UPDATE_FRAMEWORK', frameworkId: scheduler.id, info },
    ]);
    const { row } = driver.machine.state.frameworksById.get(scheduler.id)!;
    expect(['eng', 'ops'].map((role) => driver.allocator.isSuppressed(row, role))).toEqual([true, false]);
  });

  test.each([
    ['another id', { id: 5 as FrameworkId }],
    ['another user', { user: 'bob' }],
    ['another checkpoint', { checkpoint: false }],
    ['another principal', { principal: 'bob' }],
    ['invalid roles', { roles: ['eng', 'eng'] }],
  ])('with %s is refused and changes nothing', (_name, changes) => {
    const driver = new MasterDriver();
    const { id, stream } = driver.subscribe();
    const before = stateDigest(driver);
    const outputs = driver.call(stream, {
      type: 'UPDATE_FRAMEWORK',
      frameworkId: id,
      frameworkInfo: { ...frameworkInfo({ id, name: 'new' }), ...changes },
      suppressedRoles: ['eng'],
      offerConstraints: null,
    });
    expect(words(outputs)).toEqual(['refused FRAMEWORK_INVALID']);
    expect(stateDigest(driver)).toBe(before);
  });
});

test('an offer holds the very resources, the agent and the role that it is about', () => {
  const driver = new MasterDriver();
  const agent = driver.register(1);
  const { id } = driver.subscribe();
  const offer = driver.offerOf(id);
  expect(offer).toMatchObject({
    frameworkId: id,
    agentId: agent.id,
    role: 'eng',
    agent: { hostname: 'host-1' },
  });
  expect(offer.resources).toBe(AGENT_RESOURCES);
});
