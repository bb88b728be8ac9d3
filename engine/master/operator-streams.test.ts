import { describe, expect, test } from 'vitest';
import { micros, type TaskId } from '../core/index.ts';
import type { OperatorStreamId, RequestId } from './input.ts';
import { firstSequence } from './operator-streams.ts';
import type { MasterOutput } from './output.ts';
import { stateDigest } from './state-digest.ts';
import { frameworkInfo, MasterDriver, NOT_PARTITION_AWARE, SECOND, statusOf, watchedOn } from './test-kit.ts';

// Spec 05 §B: operators' event streams. The random histories hold snapshot and events against each other; here is what each event is.

function typesOn(outputs: readonly MasterOutput[], stream: OperatorStreamId): string[] {
  return watchedOn(outputs, stream).map(({ event }) => event.type);
}

/** One scheduler, one agent with an offer, and a stream. */
function world(options: ConstructorParameters<typeof MasterDriver>[0] = {}) {
  const driver = new MasterDriver(options);
  const scheduler = driver.subscribe();
  const agent = driver.register(1);
  driver.wait(2 * SECOND);
  const { stream, outputs } = driver.watch();
  return { driver, scheduler, agent, stream, outputs };
}

test('a stream begins with the whole state and says how often heartbeats come', () => {
  const { outputs, stream, scheduler, agent } = world({
    options: { heartbeatInterval: micros(15 * SECOND) },
  });
  expect(watchedOn(outputs, stream)).toMatchObject([
    {
      sequence: 0 + firstSequence(1 as never),
      event: {
        type: 'SUBSCRIBED',
        heartbeatIntervalSeconds: 15,
        getState: {
          getAgents: { agents: [{ agentInfo: { id: agent.id } }] },
          getFrameworks: { frameworks: [{ frameworkInfo: { id: scheduler.id } }] },
        },
      },
    },
  ]);
});

test('the first HEARTBEAT comes one interval after the subscription, then one each interval, with the number of the event before', () => {
  const { driver, stream } = world({ options: { heartbeatInterval: micros(15 * SECOND) } });
  expect(typesOn(driver.wait(15 * SECOND - 1), stream)).toEqual([]);
  expect(typesOn(driver.wait(1), stream)).toEqual(['HEARTBEAT']);
  expect(typesOn(driver.wait(45 * SECOND), stream)).toEqual(['HEARTBEAT', 'HEARTBEAT', 'HEARTBEAT']);
  driver.step({ kind: 'operatorStreamClosed', stream });
  expect(typesOn(driver.wait(45 * SECOND), stream)).toEqual([]);
});

test('one subscriber beyond the bound drops the oldest', () => {
  const driver = new MasterDriver({ options: { maxOperatorEventStreamSubscribers: 2 } });
  const [first, second] = [driver.watch(), driver.watch()];
  const third = driver.watch();
  expect(third.outputs[0]).toEqual({ kind: 'closeOperatorStream', stream: first.stream });
  const { outputs } = driver.trySubscribe(frameworkInfo());
  expect([first, second, third].map(({ stream }) => typesOn(outputs, stream).length)).toEqual([0, 1, 1]);
});

test('a master that does not lead closes the stream', () => {
  expect(new MasterDriver({ elect: false }).watch().outputs).toMatchObject([{ kind: 'closeOperatorStream' }]);
});

describe('TASK_UPDATED', () => {
  test('comes for each new state, and not for repeats of one', () => {
    const { driver, scheduler, agent, stream } = world();
    expect(typesOn(driver.launchOn(scheduler, agent, 1), stream)).toEqual(['TASK_ADDED']);
    expect(typesOn(driver.update(scheduler, agent, 1, 'TASK_RUNNING', 1), stream)).toEqual(['TASK_UPDATED']);
    expect(typesOn(driver.update(scheduler, agent, 1, 'TASK_RUNNING', 2), stream)).toEqual([]);
    expect(typesOn(driver.acknowledge(scheduler, agent.id, 1, 1), stream)).toEqual([]);
    expect(typesOn(driver.update(scheduler, agent, 1, 'TASK_FINISHED', 3), stream)).toEqual(['TASK_UPDATED']);
    // A terminal state never changes.
    expect(typesOn(driver.update(scheduler, agent, 1, 'TASK_FAILED', 4), stream)).toEqual([]);
  });

  test('comes for each result of a check', () => {
    const { driver, scheduler, agent, stream } = world();
    driver.launchOn(scheduler, agent, 1);
    driver.update(scheduler, agent, 1, 'TASK_RUNNING', 1);
    for (const reason of [
      'REASON_TASK_CHECK_STATUS_UPDATED',
      'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED',
    ] as const) {
      const outputs = driver.fromAgent(agent.link, {
        type: 'STATUS_UPDATE',
        agentId: agent.id,
        frameworkId: scheduler.id,
        status: { ...statusOf(1, agent.id, 'TASK_RUNNING', 2), reason },
        latestState: 'TASK_RUNNING',
      });
      expect(typesOn(outputs, stream)).toEqual(['TASK_UPDATED']);
    }
  });

  test('tells the latest state, which may be ahead of the status', () => {
    const { driver, scheduler, agent, stream } = world();
    driver.launchOn(scheduler, agent, 1);
    const outputs = driver.update(scheduler, agent, 1, 'TASK_RUNNING', 1, 'TASK_FINISHED');
    expect(watchedOn(outputs, stream)).toMatchObject([
      { event: { type: 'TASK_UPDATED', state: 'TASK_FINISHED', status: { state: 'TASK_RUNNING' } } },
    ]);
  });

  test('comes for what the master decides itself: lost, unreachable, killed with its framework', () => {
    const { driver, scheduler, agent, stream } = world();
    driver.launchOn(scheduler, agent, 1);
    const away = driver.fromAgent(agent.link, { type: 'UNREGISTER_AGENT', agentId: agent.id });
    expect(watchedOn(away, stream)).toMatchObject([
      { event: { type: 'TASK_UPDATED', state: 'TASK_UNREACHABLE' } },
      { event: { type: 'AGENT_REMOVED', agentId: agent.id } },
    ]);
    const other = world();
    other.driver.launchOn(other.scheduler, other.agent, 1);
    const { id } = other.scheduler;
    const torn = other.driver.call(other.scheduler.stream, { type: 'TEARDOWN', frameworkId: id });
    expect(watchedOn(torn, other.stream)).toMatchObject([
      {
        event: { type: 'TASK_UPDATED', state: 'TASK_KILLED', status: { reason: 'REASON_FRAMEWORK_REMOVED' } },
      },
      { event: { type: 'FRAMEWORK_REMOVED', frameworkInfo: { id } } },
    ]);
  });

  test('tells older frameworks’ tasks of an agent without a link as lost', () => {
    const { driver, stream } = world();
    const scheduler = driver.subscribe({ checkpoint: false, capabilities: NOT_PARTITION_AWARE });
    const agent = driver.register(2);
    driver.wait(2 * SECOND);
    driver.launchOn(scheduler, agent, 1);
    expect(watchedOn(driver.closeLink(agent.link), stream)).toMatchObject([
      { event: { type: 'TASK_UPDATED', state: 'TASK_LOST' } },
    ]);
  });
});

test('agents and frameworks are told of as they come, change and go', () => {
  const { driver, scheduler, agent, stream } = world();
  const id = scheduler.id;
  expect(typesOn(driver.closeStream(scheduler.stream), stream)).toEqual([]);
  expect(typesOn(driver.trySubscribe(frameworkInfo({ id })).outputs, stream)).toEqual(['FRAMEWORK_UPDATED']);
  expect(typesOn(driver.trySubscribe(frameworkInfo()).outputs, stream)).toEqual(['FRAMEWORK_ADDED']);
  expect(typesOn(driver.closeLink(agent.link), stream)).toEqual([]);
  // It was registered before.
  expect(typesOn(driver.reregister(agent.info).outputs, stream)).toEqual([]);
  const link = driver.newLink();
  const info = { ...agent.info, id: null, hostname: 'another' };
  expect(typesOn(driver.fromAgent(link, { type: 'REGISTER_AGENT', info }), stream)).toEqual(['AGENT_ADDED']);
});

describe('resume', () => {
  const options = { operatorEventsKept: 4 } as const;

  test('sends what was missed and nothing else, in the numbers that the events had', () => {
    const driver = new MasterDriver({ options });
    const all = driver.watch();
    const missed = [1, 2, 3].flatMap(() =>
      watchedOn(driver.trySubscribe(frameworkInfo()).outputs, all.stream),
    );
    const resumed = driver.watch({ resume: missed[0]!.sequence });
    expect(
      watchedOn(resumed.outputs, resumed.stream).map(({ event, sequence }) => ({ event, sequence })),
    ).toEqual(missed.slice(1).map(({ event, sequence }) => ({ event, sequence })));
    const upToDate = driver.watch({ resume: missed[2]!.sequence });
    expect(upToDate.outputs).toEqual([]);
    expect(typesOn(driver.trySubscribe(frameworkInfo()).outputs, upToDate.stream)).toEqual([
      'FRAMEWORK_ADDED',
    ]);
  });

  test.each([
    ['events that are no longer kept', (last: number) => last - 5],
    ['events that never were', (last: number) => last + 1],
    ['events of another master', (last: number) => last - 2 ** 32],
  ])('from %s begins anew with a snapshot', (_, from) => {
    const driver = new MasterDriver({ options });
    for (let time = 0; time < 6; time++) driver.trySubscribe(frameworkInfo());
    const { stream, outputs } = driver.watch({ resume: from(driver.machine.state.operatorSequence) });
    expect(typesOn(outputs, stream)).toEqual(['SUBSCRIBED']);
  });

  test('works over a time without any listener, as long as events are kept', () => {
    const driver = new MasterDriver({ options });
    const first = driver.watch();
    const { sequence } = watchedOn(first.outputs, first.stream)[0]!;
    driver.step({ kind: 'operatorStreamClosed', stream: first.stream });
    driver.trySubscribe(frameworkInfo());
    const second = driver.watch({ resume: sequence });
    expect(typesOn(second.outputs, second.stream)).toEqual(['FRAMEWORK_ADDED']);
  });
});

test('without listeners and kept events nothing is made or counted', () => {
  const driver = new MasterDriver();
  const before = driver.machine.state.operatorSequence;
  const { stream } = driver.watch();
  driver.step({ kind: 'operatorStreamClosed', stream });
  driver.subscribe();
  expect(driver.machine.state.streams).toBeNull();
  expect(driver.machine.state.operatorSequence).toBe(before);
});

test('a subscriber that asks for them gets events of offers, agents, quotas and weights', () => {
  const driver = new MasterDriver();
  const agent = driver.register(1);
  const { stream } = driver.watch({ extensions: true });
  const plain = driver.watch().stream;
  const { outputs, stream: schedulers } = driver.trySubscribe(frameworkInfo());
  const operator = { kind: 'operatorCalled', request: 1 as RequestId, principal: null } as const;
  const weightInfos = [{ role: 'x', weight: 2 }];
  outputs.push(...driver.step({ ...operator, call: { type: 'UPDATE_WEIGHTS', weightInfos } }));
  outputs.push(...driver.closeStream(schedulers));
  outputs.push(...driver.step({ ...operator, call: { type: 'DEACTIVATE_AGENT', agentId: agent.id } }));
  expect(typesOn(outputs, stream)).toEqual([
    'FRAMEWORK_ADDED',
    'OFFER_ADDED',
    'WEIGHT_UPDATED',
    'OFFER_REMOVED',
    'AGENT_UPDATED',
  ]);
  expect(typesOn(outputs, plain)).toEqual(['FRAMEWORK_ADDED']);
});

test('listening changes nothing but who listens', () => {
  const { driver, scheduler, agent, stream } = world();
  driver.step({ kind: 'operatorStreamClosed', stream });
  const silent = world();
  silent.driver.step({ kind: 'operatorStreamClosed', stream: silent.stream });
  silent.driver.launchOn(silent.scheduler, silent.agent, 1);
  driver.launchOn(scheduler, agent, 1);
  expect(stateDigest(driver)).toBe(stateDigest(silent.driver));
  expect(driver.machine.timelines(scheduler.id, 1 as TaskId)).toEqual([]);
});
