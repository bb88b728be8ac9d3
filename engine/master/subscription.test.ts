import { describe, expect, test } from 'vitest';
import { type FrameworkId, micros } from '../core/index.ts';
import type { FrameworkInfo, OfferConstraints, SubscribeCall } from '../protocol/index.ts';
import { Quantities } from '../resources/index.ts';
import {
  eventsOn,
  frameworkInfo,
  MasterDriver,
  messagesOn,
  MINUTE,
  SECOND,
  taskInfo,
  words,
} from './test-kit.ts';
import { stateDigest } from './state-digest.ts';

// Spec 03 §1: subscription, failover, disconnection, heartbeats.

const NO_GROUPS: OfferConstraints = { roleConstraints: new Map([['eng', { groups: [] }]]) };
const EMPTY_GROUP: OfferConstraints = {
  roleConstraints: new Map([['eng', { groups: [{ attributeConstraints: [] }] }]]),
};
const FOREIGN_ROLE: OfferConstraints = {
  roleConstraints: new Map([
    [
      'ops',
      {
        groups: [
          {
            attributeConstraints: [
              { selector: { kind: 'attribute', name: 'a' }, predicate: { kind: 'exists' } },
            ],
          },
        ],
      },
    ],
  ]),
};

const REFUSED: readonly (readonly [string, Partial<FrameworkInfo>, Partial<SubscribeCall>, RegExp])[] = [
  ['roles without MULTI_ROLE', { capabilities: [] }, {}, /roles/],
  ['role beside MULTI_ROLE', { role: 'eng' }, {}, /role/],
  ['a role twice', { roles: ['eng', 'eng'] }, {}, /duplicate role/],
  ['a role with a bad name', { roles: ['eng//db'] }, {}, /invalid role/],
  ['a legacy role with a bad name', { capabilities: [], roles: [], role: '-x' }, {}, /invalid role/],
  ['a failover timeout that is no number', { failoverTimeout: Number.NaN }, {}, /failover_timeout/],
  ['an endless failover timeout', { failoverTimeout: Number.POSITIVE_INFINITY }, {}, /failover_timeout/],
  ['a failover timeout below every duration', { failoverTimeout: -1e10 }, {}, /failover_timeout/],
  [
    'an offer filter with an empty set',
    { offerFilters: new Map([['eng', [Quantities.EMPTY]]]) },
    {},
    /offer_filters/,
  ],
  ['an offer filter of a role that is not its own', { offerFilters: new Map([['ops', []]]) }, {}, /'ops'/],
  ['a suppressed role that is not its own', {}, { suppressedRoles: ['ops'] }, /'ops'/],
  ['constraints of a role that is not its own', {}, { offerConstraints: FOREIGN_ROLE }, /'ops'/],
  ['constraints without a group', {}, { offerConstraints: NO_GROUPS }, /group/],
  ['a group without a constraint', {}, { offerConstraints: EMPTY_GROUP }, /constraint/],
];

describe('a refused subscription gets one ERROR and its stream is closed:', () => {
  test.each(REFUSED)('%s', (_name, info, call, message) => {
    const driver = new MasterDriver();
    driver.register(1);
    const before = stateDigest(driver);
    const { stream, outputs } = driver.trySubscribe(frameworkInfo(info), call);
    expect(outputs.map((output) => output.kind)).toEqual(['event', 'closeStream']);
    const [event] = eventsOn(outputs, stream);
    expect(event).toMatchObject({ type: 'ERROR', message: expect.stringMatching(message) });
    expect(stateDigest(driver)).toBe(before);
  });

  test('a removed framework', () => {
    const driver = new MasterDriver();
    const scheduler = driver.subscribe();
    driver.call(scheduler.stream, { type: 'TEARDOWN', frameworkId: scheduler.id });
    const { outputs } = driver.trySubscribe(frameworkInfo({ id: scheduler.id }));
    expect(words(outputs)).toEqual(['ERROR Framework has been removed', 'closeStream']);
  });

  test('a known framework under another principal', () => {
    const driver = new MasterDriver();
    const { id, stream } = driver.subscribe({ principal: 'alice' });
    const before = stateDigest(driver);
    const { outputs } = driver.trySubscribe(frameworkInfo({ id, principal: 'bob' }));
    expect(words(outputs)).toEqual(["ERROR Changing framework's principal is not allowed.", 'closeStream']);
    expect(stateDigest(driver)).toBe(before);
    expect(driver.machine.state.frameworksById.get(id)!.stream).toBe(stream);
  });
});

test.each([
  ['no capabilities and no role subscribe to `*`', { capabilities: [], roles: [] }, ['*']],
  ['a legacy role', { capabilities: [], roles: [], role: 'eng/db' }, ['eng/db']],
  ['no roles at all', { roles: [] }, []],
  ['a negative failover timeout', { failoverTimeout: -5 }, ['eng']],
] satisfies [string, Partial<FrameworkInfo>, string[]][])(
  'a subscription is accepted with %s',
  (_name, info, roles) => {
    const driver = new MasterDriver();
    const { id } = driver.subscribe(info);
    expect(driver.machine.state.frameworksById.get(id)!.roles).toEqual(roles);
  },
);

test('ids in the call and in the FrameworkInfo that differ are refused before the stream opens', () => {
  const driver = new MasterDriver();
  const { outputs } = driver.trySubscribe(frameworkInfo(), { frameworkId: 77 as FrameworkId });
  expect(words(outputs)).toEqual(['refused FRAMEWORK_ID_MISMATCH', 'closeStream']);
});

test('new frameworks get distinct ids, are told the heartbeat interval first, and are then offered what is free', () => {
  const driver = new MasterDriver({ options: { heartbeatInterval: micros(15 * SECOND) } });
  driver.register(1);
  const first = driver.trySubscribe(frameworkInfo());
  expect(words(first.outputs)).toEqual(['SUBSCRIBED', 'HEARTBEAT', 'OFFERS 1']);
  const [subscribed] = eventsOn(first.outputs, first.stream);
  expect(subscribed).toMatchObject({ heartbeatIntervalSeconds: 15, master: driver.machine.epoch });
  expect(driver.subscribe().id).not.toBe(driver.subscribe().id);
});

test('an id that this master has never seen is accepted as it is', () => {
  const driver = new MasterDriver();
  const id = 12_345_678 as FrameworkId;
  expect(driver.subscribe({ id }).id).toBe(id);
});

test('an id that a scheduler made up is never given to another framework', () => {
  const driver = new MasterDriver();
  const { id } = driver.subscribe();
  const next = (id + 1) as FrameworkId;
  driver.subscribe({ id: next });
  const { id: minted } = driver.subscribe();
  expect([id, next]).not.toContain(minted);
});

describe('a scheduler that subscribes again', () => {
  test('wins over the live one, which is told and closed, and voids its offers without RESCIND', () => {
    const driver = new MasterDriver();
    driver.register(1);
    const old = driver.subscribe();
    const offer = driver.offerOf(old.id);
    driver.allocator.isPaused = true;
    const { stream, outputs } = driver.trySubscribe(frameworkInfo({ id: old.id }));
    expect(words(outputs)).toEqual(['ERROR Framework failed over', 'closeStream', 'SUBSCRIBED']);
    expect(outputs[1]).toEqual({ kind: 'closeStream', stream: old.stream });
    expect(driver.offersOf(old.id)).toEqual([]);
    expect(words(driver.accept({ id: old.id, stream }, [offer.id], []))).toEqual([]);
    // The old stream's end comes late and means nothing.
    driver.closeStream(old.stream);
    expect(driver.machine.state.frameworksById.get(old.id)!.stream).toBe(stream);
  });

  test('keeps its tasks, and its agents learn the new FrameworkInfo', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    const old = driver.subscribe();
    driver.launchOn(old, agent, 1);
    const { outputs } = driver.trySubscribe(frameworkInfo({ id: old.id, name: 'renamed' }));
    const [update] = messagesOn(outputs, agent.link);
    expect(update).toMatchObject({ type: 'UPDATE_FRAMEWORK', info: { name: 'renamed' } });
    expect(driver.stateOf(old.id, 1)).toBe('TASK_STAGING');
  });

  test('cannot change user and checkpoint, and changes everything else', () => {
    const driver = new MasterDriver();
    const { id } = driver.subscribe({ user: 'alice', checkpoint: true });
    driver.subscribe({ id, user: 'bob', checkpoint: false, name: 'new', roles: ['ops'], failoverTimeout: 9 });
    const framework = driver.machine.state.frameworksById.get(id)!;
    expect(framework.info).toMatchObject({
      id,
      user: 'alice',
      checkpoint: true,
      name: 'new',
      failoverTimeout: 9,
    });
    expect(framework.roles).toEqual(['ops']);
  });

  test('suppresses exactly the roles listed', () => {
    const driver = new MasterDriver();
    const roles = ['eng', 'ops'];
    const { id } = driver.subscribe({ roles }, { suppressedRoles: ['eng'] });
    driver.subscribe({ id, roles }, { suppressedRoles: ['ops'] });
    const { row } = driver.machine.state.frameworksById.get(id)!;
    expect(roles.map((role) => driver.allocator.isSuppressed(row, role))).toEqual([false, true]);
  });

  test('is offered resources again', () => {
    const driver = new MasterDriver();
    driver.register(1);
    const { id, stream } = driver.subscribe();
    driver.closeStream(stream);
    driver.wait(2 * SECOND);
    expect(driver.offersOf(id)).toEqual([]);
    driver.subscribe({ id });
    expect(driver.offersOf(id)).toHaveLength(1);
  });
});

describe('a framework whose stream broke', () => {
  test('has no offers, and its calls are refused', () => {
    const driver = new MasterDriver();
    driver.register(1);
    const scheduler = driver.subscribe();
    expect(words(driver.closeStream(scheduler.stream))).toEqual([]);
    expect(driver.offersOf(scheduler.id)).toEqual([]);
    expect(words(driver.accept(scheduler, [], []))).toEqual(['refused FRAMEWORK_NOT_SUBSCRIBED']);
  });

  test('is removed when its failover timeout passed, not before: tasks end, agents are told, the id is spent', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    const scheduler = driver.subscribe({ failoverTimeout: 60 });
    driver.launchOn(scheduler, agent, 1);
    driver.closeStream(scheduler.stream);
    driver.wait(MINUTE - 1);
    expect(driver.stateOf(scheduler.id, 1)).toBe('TASK_STAGING');
    const outputs = driver.wait(1);
    expect(messagesOn(outputs, agent.link)).toEqual([
      { type: 'SHUTDOWN_FRAMEWORK', frameworkId: scheduler.id },
    ]);
    expect(driver.machine.state.frameworksById.has(scheduler.id)).toBe(false);
    expect(driver.machine.stats.allocated).toMatchObject({ cpus: 0, mem: 0 });
    const again = driver.trySubscribe(frameworkInfo({ id: scheduler.id }));
    expect(words(again.outputs)).toEqual(['ERROR Framework has been removed', 'closeStream']);
  });

  test('is removed at the next tick when its failover timeout is 0', () => {
    const driver = new MasterDriver();
    const { id, stream } = driver.subscribe({ failoverTimeout: 0 });
    driver.closeStream(stream);
    expect(driver.machine.nextDeadline()).toBe(driver.now);
    driver.wait(0);
    expect(driver.machine.state.frameworksById.has(id)).toBe(false);
  });

  test('stays when it subscribes again in time, even if the first timer fires while it is away a second time', () => {
    const driver = new MasterDriver();
    const first = driver.subscribe({ failoverTimeout: 60 });
    driver.closeStream(first.stream);
    driver.wait(50 * SECOND);
    const second = driver.subscribe({ id: first.id, failoverTimeout: 60 });
    driver.closeStream(second.stream);
    driver.wait(59 * SECOND);
    expect(driver.machine.state.frameworksById.has(first.id)).toBe(true);
    driver.wait(SECOND);
    expect(driver.machine.state.frameworksById.has(first.id)).toBe(false);
  });

  test('is not mistaken for another one that was given its row', () => {
    const driver = new MasterDriver();
    const first = driver.subscribe({ failoverTimeout: 60 });
    driver.closeStream(first.stream);
    const again = driver.subscribe({ id: first.id });
    driver.call(again.stream, { type: 'TEARDOWN', frameworkId: first.id });
    const second = driver.subscribe({ failoverTimeout: 600 });
    driver.closeStream(second.stream);
    driver.wait(2 * MINUTE);
    expect(driver.machine.state.frameworksById.has(second.id)).toBe(true);
  });
});

test('completed frameworks are forgotten beyond their bound, the oldest first', () => {
  const driver = new MasterDriver({ options: { maxCompletedFrameworks: 2 } });
  const ids = [1, 2, 3].map(() => {
    const { id, stream } = driver.subscribe();
    driver.call(stream, { type: 'TEARDOWN', frameworkId: id });
    return id;
  });
  expect([...driver.machine.state.completedFrameworks.keys()]).toEqual(ids.slice(1));
});

test('heartbeats go to every connected framework, each period', () => {
  const driver = new MasterDriver({ options: { heartbeatInterval: micros(15 * SECOND) } });
  const kept = driver.subscribe();
  const gone = driver.subscribe();
  driver.closeStream(gone.stream);
  const outputs = driver.wait(45 * SECOND);
  expect(eventsOn(outputs, kept.stream)).toEqual([1, 2, 3].map(() => ({ type: 'HEARTBEAT' })));
  expect(eventsOn(outputs, gone.stream)).toEqual([]);
});

test('a task of a framework that is away stays, and its updates go nowhere until it is back', () => {
  const driver = new MasterDriver();
  const agent = driver.register(1);
  const scheduler = driver.subscribe();
  driver.accept(
    scheduler,
    [driver.offerOf(scheduler.id).id],
    [{ type: 'LAUNCH', id: null, taskInfos: [taskInfo(1, agent.id)] }],
  );
  driver.closeStream(scheduler.stream);
  expect(words(driver.update(scheduler, agent, 1, 'TASK_RUNNING', 1))).toEqual([]);
  expect(driver.stateOf(scheduler.id, 1)).toBe('TASK_RUNNING');
});
