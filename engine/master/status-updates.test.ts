import { describe, expect, test } from 'vitest';
import type { AgentId, FrameworkId, UpdateId } from '../core/index.ts';
import type { ReportedTask, TaskState } from '../protocol/index.ts';
import { stateDigest } from './state-digest.ts';
import {
  eventsOn,
  frameworkInfo,
  MasterDriver,
  messagesOn,
  reportedTask,
  SECOND,
  TASK_RESOURCES,
  taskInfo,
  toldOf,
  updatesOn,
  words,
} from './test-kit.ts';

// Spec 07 §1 and §3: delivery, accounting by the latest state, acknowledgement.

function scene() {
  const driver = new MasterDriver();
  const agent = driver.register(1);
  const scheduler = driver.subscribe();
  driver.launchOn(scheduler, agent, 1);
  driver.allocator.isPaused = true;
  const used = () => driver.machine.stats.allocated.cpus;
  return { driver, agent, scheduler, used };
}

test('an update is forwarded as the agent made it', () => {
  const { driver, agent, scheduler } = scene();
  const outputs = driver.update(scheduler, agent, 1, 'TASK_RUNNING', 7);
  expect(eventsOn(outputs, scheduler.stream)).toMatchObject([
    { type: 'UPDATE', status: { state: 'TASK_RUNNING', uuid: 7, source: 'SOURCE_EXECUTOR' } },
  ]);
});

test('a task goes through every state that is not terminal and holds its resources in each', () => {
  const { driver, agent, scheduler, used } = scene();
  for (const [uuid, state] of (['TASK_STARTING', 'TASK_RUNNING', 'TASK_KILLING'] as const).entries()) {
    driver.update(scheduler, agent, 1, state, uuid + 1);
    expect(driver.stateOf(scheduler.id, 1)).toBe(state);
    expect(used()).toBe(1_000);
  }
});

const TERMINAL: readonly TaskState[] = [
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_LOST',
  'TASK_ERROR',
  'TASK_DROPPED',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
];

describe.each(TERMINAL)('%s', (terminal) => {
  test('gives the resources back at once, and the task leaves when the update is acknowledged', () => {
    const { driver, agent, scheduler, used } = scene();
    const before = driver.allocator.recoveries.length;
    driver.update(scheduler, agent, 1, terminal, 1);
    expect(used()).toBe(0);
    expect(driver.allocator.recoveries.slice(before)).toMatchObject([
      { resources: TASK_RESOURCES, refuse: null },
    ]);
    expect(driver.stateOf(scheduler.id, 1)).toBe(terminal);
    const outputs = driver.acknowledge(scheduler, agent.id, 1, 1);
    expect(messagesOn(outputs, agent.link)).toEqual([
      { type: 'STATUS_UPDATE_ACKNOWLEDGEMENT', frameworkId: scheduler.id, taskId: 1, uuid: 1 },
    ]);
    expect(driver.stateOf(scheduler.id, 1)).toBeNull();
  });

  test('is final: a later update is forwarded and the state kept', () => {
    const { driver, agent, scheduler } = scene();
    driver.update(scheduler, agent, 1, terminal, 1);
    const later = driver.update(scheduler, agent, 1, 'TASK_RUNNING', 2);
    expect(words(later)).toEqual(['TASK_RUNNING 1']);
    expect(driver.stateOf(scheduler.id, 1)).toBe(terminal);
  });
});

test('the latest state counts, not the state of the update: resources come back before the scheduler hears of the end', () => {
  const { driver, agent, scheduler, used } = scene();
  driver.update(scheduler, agent, 1, 'TASK_STARTING', 1, 'TASK_FINISHED');
  expect(used()).toBe(0);
  driver.acknowledge(scheduler, agent.id, 1, 1);
  expect(driver.stateOf(scheduler.id, 1)).toBe('TASK_FINISHED');
  driver.update(scheduler, agent, 1, 'TASK_FINISHED', 2);
  driver.acknowledge(scheduler, agent.id, 1, 2);
  expect(driver.stateOf(scheduler.id, 1)).toBeNull();
});

test('a terminal update that is repeated gives nothing back twice', () => {
  const { driver, agent, scheduler } = scene();
  driver.update(scheduler, agent, 1, 'TASK_FINISHED', 1);
  const { length } = driver.allocator.recoveries;
  expect(words(driver.update(scheduler, agent, 1, 'TASK_FINISHED', 1))).toEqual(['TASK_FINISHED 1']);
  driver.acknowledge(scheduler, agent.id, 1, 1);
  // The acknowledgement was lost on its way: the agent repeats the update once more.
  expect(words(driver.update(scheduler, agent, 1, 'TASK_FINISHED', 1))).toEqual(['TASK_FINISHED 1']);
  expect(words(driver.acknowledge(scheduler, agent.id, 1, 1))).toEqual(['STATUS_UPDATE_ACKNOWLEDGEMENT']);
  expect(driver.allocator.recoveries).toHaveLength(length);
});

describe('a task launched again under the id of one that has ended', () => {
  /** The first run as its agent reports it, its end not acknowledged. */
  function firstRun(frameworkId: FrameworkId, agentId: AgentId): ReportedTask {
    return {
      ...reportedTask(frameworkId, taskInfo(1, agentId), 'TASK_FINISHED'),
      statusUpdateState: 'TASK_FINISHED',
      statusUpdateUuid: 16 as UpdateId,
    };
  }

  /** The agent has not heard yet that the end of the first run, update 16, is acknowledged. */
  function relaunched() {
    const { driver, agent, scheduler, used } = scene();
    driver.update(scheduler, agent, 1, 'TASK_FINISHED', 16);
    driver.acknowledge(scheduler, agent.id, 1, 16);
    driver.allocator.isPaused = false;
    driver.wait(SECOND);
    driver.launchOn(scheduler, agent, 1);
    driver.allocator.isPaused = true;
    expect(driver.stateOf(scheduler.id, 1)).toBe('TASK_STAGING');
    return { driver, agent, scheduler, used };
  }

  test('is not ended by the end of the first run told again, nor by its acknowledgement', () => {
    const { driver, agent, scheduler, used } = relaunched();
    const { length } = driver.allocator.recoveries;
    const told = driver.update(scheduler, agent, 1, 'TASK_FINISHED', 16);
    // At least once: the framework, which has acknowledged it, gets it again, and its answer reaches the agent.
    expect(words(told)).toEqual(['TASK_FINISHED 1']);
    expect(words(driver.acknowledge(scheduler, agent.id, 1, 16))).toEqual(['STATUS_UPDATE_ACKNOWLEDGEMENT']);
    expect(driver.allocator.recoveries).toHaveLength(length);
    expect(driver.stateOf(scheduler.id, 1)).toBe('TASK_STAGING');
    expect(used()).toBe(1_000);
  });

  test('follows its own updates', () => {
    const { driver, agent, scheduler, used } = relaunched();
    driver.update(scheduler, agent, 1, 'TASK_RUNNING', 17);
    expect(driver.stateOf(scheduler.id, 1)).toBe('TASK_RUNNING');
    driver.update(scheduler, agent, 1, 'TASK_FINISHED', 18);
    expect(used()).toBe(0);
    driver.acknowledge(scheduler, agent.id, 1, 18);
    expect(driver.stateOf(scheduler.id, 1)).toBeNull();
  });

  test('never reached an agent that comes back with the first run: it is dropped, and the end of the first is told', () => {
    const { driver, agent, scheduler, used } = relaunched();
    driver.closeLink(agent.link);
    const first = firstRun(scheduler.id, agent.id);
    const { link, outputs } = driver.reregister(agent.info, { tasks: [first] });
    expect(toldOf(updatesOn(outputs, scheduler.stream))).toEqual(['1 TASK_DROPPED REASON_RECONCILIATION']);
    expect(used()).toBe(0);
    driver.update(scheduler, { ...agent, link }, 1, 'TASK_FINISHED', 16);
    driver.acknowledge(scheduler, agent.id, 1, 16);
    expect(driver.stateOf(scheduler.id, 1)).toBeNull();
  });

  test('may be on its way to an agent that repeats its registration on the same link', () => {
    const { driver, agent, scheduler, used } = relaunched();
    const first = firstRun(scheduler.id, agent.id);
    const { outputs } = driver.reregister(agent.info, { tasks: [first] }, agent.link);
    expect(updatesOn(outputs, scheduler.stream)).toEqual([]);
    expect(driver.stateOf(scheduler.id, 1)).toBe('TASK_STAGING');
    expect(used()).toBe(1_000);
  });

  test('is told apart from the first run by the next master too', () => {
    const { driver, agent, scheduler } = scene();
    driver.update(scheduler, agent, 1, 'TASK_FINISHED', 16);
    const next = new MasterDriver({ registry: driver.registry });
    const { link } = next.reregister(agent.info, {
      tasks: [firstRun(scheduler.id, agent.id)],
      frameworks: [{ id: scheduler.id, info: frameworkInfo({ id: scheduler.id }) }],
    });
    const again = next.subscribe({ id: scheduler.id });
    next.acknowledge(again, agent.id, 1, 16);
    next.wait(SECOND);
    next.launchOn(again, agent, 1);
    next.update(again, { ...agent, link }, 1, 'TASK_FINISHED', 16);
    expect(next.stateOf(scheduler.id, 1)).toBe('TASK_STAGING');
  });
});

test('an end that its agent has forgotten is told once more by the master, and never contradicted', () => {
  const { driver, agent, scheduler } = scene();
  driver.update(scheduler, agent, 1, 'TASK_FINISHED', 16);
  driver.closeLink(agent.link);
  // The agent has restarted, and the framework does not checkpoint.
  const { link, outputs } = driver.reregister(agent.info);
  expect(toldOf(updatesOn(outputs, scheduler.stream))).toEqual(['1 TASK_FINISHED REASON_RECONCILIATION']);
  expect(updatesOn(outputs, scheduler.stream)[0]!.uuid).toBeNull();
  expect(messagesOn(outputs, link)).toMatchObject([{ type: 'AGENT_REREGISTERED', unreported: [] }]);
  expect(driver.stateOf(scheduler.id, 1)).toBeNull();
});

test('an end that its agent has forgotten while the framework was away is told when that is back', () => {
  const { driver, agent, scheduler } = scene();
  driver.update(scheduler, agent, 1, 'TASK_FINISHED', 16);
  driver.step({ kind: 'streamClosed', stream: scheduler.stream });
  driver.closeLink(agent.link);
  const { outputs } = driver.reregister(agent.info);
  expect(words(outputs)).toEqual(['AGENT_REREGISTERED']);
  expect(driver.stateOf(scheduler.id, 1)).toBe('TASK_FINISHED');
  const back = driver.trySubscribe(frameworkInfo({ id: scheduler.id }));
  expect(toldOf(updatesOn(back.outputs, back.stream))).toEqual(['1 TASK_FINISHED REASON_RECONCILIATION']);
  expect(driver.stateOf(scheduler.id, 1)).toBeNull();
});

test('a task that has ended does not come back by a report from before its end was acknowledged', () => {
  const { driver, agent, scheduler, used } = scene();
  driver.closeLink(agent.link);
  const tasks = [reportedTask(scheduler.id, taskInfo(1, agent.id))];
  const { link } = driver.reregister(agent.info, { tasks });
  driver.update(scheduler, { ...agent, link }, 1, 'TASK_KILLED', 9);
  driver.acknowledge(scheduler, agent.id, 1, 9);
  // The agent had asked twice, and this was on its way.
  const { outputs } = driver.reregister(agent.info, { tasks }, link);
  expect(words(outputs)).toEqual(['AGENT_REREGISTERED']);
  expect(driver.stateOf(scheduler.id, 1)).toBeNull();
  expect(used()).toBe(0);
});

describe('an acknowledgement', () => {
  test('of another update than the last terminal one is forwarded and ends nothing', () => {
    const { driver, agent, scheduler } = scene();
    driver.update(scheduler, agent, 1, 'TASK_RUNNING', 1);
    expect(words(driver.acknowledge(scheduler, agent.id, 1, 1))).toEqual(['STATUS_UPDATE_ACKNOWLEDGEMENT']);
    driver.update(scheduler, agent, 1, 'TASK_FINISHED', 2);
    driver.acknowledge(scheduler, agent.id, 1, 1);
    expect(driver.stateOf(scheduler.id, 1)).toBe('TASK_FINISHED');
  });

  test('for an agent that is unknown or disconnected is ignored', () => {
    const { driver, agent, scheduler } = scene();
    driver.update(scheduler, agent, 1, 'TASK_FINISHED', 1);
    driver.closeLink(agent.link);
    const before = stateDigest(driver);
    expect(driver.acknowledge(scheduler, agent.id, 1, 1)).toEqual([]);
    expect(driver.acknowledge(scheduler, 1 as never, 1, 1)).toEqual([]);
    expect(stateDigest(driver)).toBe(before);
  });
});

describe('an update', () => {
  test('of an agent that is not registered is ignored', () => {
    const { driver, scheduler } = scene();
    const stranger = { id: 5 as never, link: driver.newLink() };
    const before = stateDigest(driver);
    expect(driver.update(scheduler, stranger, 1, 'TASK_FINISHED', 1)).toEqual([]);
    expect(stateDigest(driver)).toBe(before);
  });

  test('from another agent than the task’s is forwarded and changes nothing', () => {
    const { driver, scheduler } = scene();
    const other = driver.register(2);
    const before = stateDigest(driver);
    expect(words(driver.update(scheduler, other, 1, 'TASK_FINISHED', 1))).toEqual(['TASK_FINISHED 1']);
    expect(stateDigest(driver)).toBe(before);
  });

  test('of a removed framework is answered by shutting that framework down; of an unknown one it is ignored', () => {
    const { driver, agent, scheduler } = scene();
    driver.call(scheduler.stream, { type: 'TEARDOWN', frameworkId: scheduler.id });
    const outputs = driver.update(scheduler, agent, 1, 'TASK_KILLED', 1);
    expect(messagesOn(outputs, agent.link)).toEqual([
      { type: 'SHUTDOWN_FRAMEWORK', frameworkId: scheduler.id },
    ]);
    expect(driver.update({ id: 5 as FrameworkId }, agent, 1, 'TASK_KILLED', 1)).toEqual([]);
  });

  test('over a link that is not the agent’s any more is ignored: its agent repeats it', () => {
    const { driver, agent, scheduler } = scene();
    driver.closeLink(agent.link);
    const before = stateDigest(driver);
    expect(driver.update(scheduler, agent, 1, 'TASK_FINISHED', 1)).toEqual([]);
    expect(stateDigest(driver)).toBe(before);
  });
});

test('resources of an ended task are offered again', () => {
  const { driver, agent, scheduler } = scene();
  driver.allocator.isPaused = false;
  driver.wait(SECOND);
  driver.call(scheduler.stream, {
    type: 'DECLINE',
    frameworkId: scheduler.id,
    offerIds: driver.offersOf(scheduler.id).map((one) => one.id),
    filters: { refuseSeconds: 0 },
  });
  driver.update(scheduler, agent, 1, 'TASK_FINISHED', 1);
  driver.wait(SECOND);
  expect(driver.offersOf(scheduler.id)).toHaveLength(1);
  expect(driver.offerOf(scheduler.id).resources.cpus).toBe(4_000);
});
