import { describe, expect, test } from 'vitest';
import type { ExecutorId, OfferId, TaskId } from '../core/index.ts';
import { micros } from '../core/index.ts';
import type { OfferOperation, TaskInfo } from '../protocol/index.ts';
import { Resources } from '../resources/index.ts';
import { stateDigest } from './state-digest.ts';
import {
  AGENT_RESOURCES,
  eventsOn,
  executorInfo,
  groupExecutor,
  launch,
  MasterDriver,
  messagesOn,
  NOT_PARTITION_AWARE,
  type RegisteredAgent,
  resources,
  type Scheduler,
  SECOND,
  TASK_RESOURCES,
  taskInfo,
  toldOf,
  updatesOn,
  words,
} from './test-kit.ts';

// Spec 03 §5: ACCEPT.

interface Scene {
  readonly driver: MasterDriver;
  readonly scheduler: Scheduler;
  readonly agents: readonly RegisteredAgent[];
}

/** Two agents, all offered to one scheduler; nothing is offered later. */
function scene(partitionAware = true): Scene {
  const driver = new MasterDriver();
  const agents = [driver.register(1), driver.register(2)];
  const scheduler = driver.subscribe(partitionAware ? {} : { capabilities: NOT_PARTITION_AWARE });
  driver.allocator.isPaused = true;
  return { driver, scheduler, agents };
}

describe('offers of an ACCEPT fail as a whole', () => {
  type Ids = (scene: Scene) => readonly OfferId[];
  const RULES: readonly (readonly [string, Ids, RegExp, number])[] = [
    ['when none is given', () => [], /No offers/, 2],
    [
      'when one is listed twice',
      ({ driver, scheduler, agents }) => {
        const { id } = driver.offerOf(scheduler.id, agents[0]!.id);
        return [id, id];
      },
      /Duplicate/,
      1,
    ],
    [
      'when one is unknown',
      ({ driver, scheduler, agents }) => [driver.offerOf(scheduler.id, agents[0]!.id).id, 4_000 as OfferId],
      /no longer valid/,
      1,
    ],
    [
      'when they are of different agents',
      ({ driver, scheduler }) => driver.offersOf(scheduler.id).map((offer) => offer.id),
      /one agent/,
      0,
    ],
  ];

  test.each(RULES)('%s: those that are valid come back without a filter', (_name, ids, message, left) => {
    for (const partitionAware of [true, false]) {
      const { driver, scheduler, agents } = scene(partitionAware);
      const offerIds = ids({ driver, scheduler, agents });
      const tasks = [taskInfo(1, agents[0]!.id), taskInfo(2, agents[0]!.id)];
      const group: OfferOperation = {
        type: 'LAUNCH_GROUP',
        id: null,
        executor: groupExecutor(9, scheduler.id),
        taskInfos: [taskInfo(3, agents[0]!.id)],
      };
      const outputs = driver.accept(scheduler, offerIds, [launch(...tasks), group], { refuseSeconds: 60 });
      const updates = updatesOn(outputs, scheduler.stream);
      const state = partitionAware ? 'TASK_DROPPED' : 'TASK_LOST';
      expect(toldOf(updates)).toEqual([1, 2, 3].map((id) => `${id} ${state} REASON_INVALID_OFFERS`));
      expect(updates[0]).toMatchObject({
        source: 'SOURCE_MASTER',
        uuid: null,
        message: expect.stringMatching(message),
      });
      expect(driver.offersOf(scheduler.id)).toHaveLength(left);
      expect(driver.allocator.recoveries.every(({ refuse }) => refuse === 0)).toBe(true);
      expect(messagesOn(outputs, agents[0]!.link)).toEqual([]);
    }
  });

  test('when one is another framework’s, which keeps it', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    const owner = driver.subscribe();
    const other = driver.subscribe();
    const offer = driver.offerOf(owner.id);
    const before = stateDigest(driver);
    const outputs = driver.accept(other, [offer.id], [launch(taskInfo(1, agent.id))]);
    expect(toldOf(updatesOn(outputs, other.stream))).toEqual(['1 TASK_DROPPED REASON_INVALID_OFFERS']);
    expect(stateDigest(driver)).toBe(before);
  });

  test('when they are of different roles', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1, { resources: resources('cpus:4;mem:4096') });
    const scheduler = driver.subscribe({ roles: ['eng', 'ops'] });
    // The first offer is of one role; half of it is used, and the rest goes to the other role.
    const first = driver.offerOf(scheduler.id);
    driver.accept(scheduler, [first.id], [launch(taskInfo(1, agent.id))], { refuseSeconds: 3_600 });
    driver.wait(2 * SECOND);
    driver.update(scheduler, agent, 1, 'TASK_FINISHED', 1);
    driver.call(scheduler.stream, {
      type: 'SUPPRESS',
      frameworkId: scheduler.id,
      roles: [driver.offerOf(scheduler.id).role],
    });
    driver.call(scheduler.stream, { type: 'REVIVE', frameworkId: scheduler.id, roles: [first.role] });
    const offers = driver.offersOf(scheduler.id);
    expect(new Set(offers.map((offer) => offer.role)).size).toBe(2);
    const outputs = driver.accept(
      scheduler,
      offers.map((offer) => offer.id),
      [launch(taskInfo(2, agent.id))],
    );
    expect(updatesOn(outputs, scheduler.stream)[0]).toMatchObject({
      message: expect.stringMatching(/one role/),
    });
  });

  test('and other operations are answered OPERATION_ERROR if they have an id', () => {
    const { driver, scheduler } = scene();
    const operations = ['o-1', null].map(
      (id): OfferOperation => ({ type: 'UNRESERVE', id, resources: Resources.EMPTY }),
    );
    const outputs = driver.accept(scheduler, [5_000 as OfferId], operations);
    expect(eventsOn(outputs, scheduler.stream)).toMatchObject([
      { type: 'UPDATE_OPERATION_STATUS', status: { operationId: 'o-1', state: 'OPERATION_ERROR' } },
    ]);
  });

  test('when their agent is gone', () => {
    const { driver, scheduler, agents } = scene();
    const { id } = driver.offerOf(scheduler.id, agents[0]!.id);
    expect(words(driver.closeLink(agents[0]!.link))).toEqual(['RESCIND']);
    const outputs = driver.accept(scheduler, [id], [launch(taskInfo(1, agents[0]!.id))]);
    expect(toldOf(updatesOn(outputs, scheduler.stream))).toEqual(['1 TASK_DROPPED REASON_INVALID_OFFERS']);
  });
});

describe('LAUNCH', () => {
  test('sends each task to the agent and puts it on the books, STAGING', () => {
    const { driver, scheduler, agents } = scene();
    const outputs = driver.launchOn(scheduler, agents[0]!, 1, 2);
    expect(messagesOn(outputs, agents[0]!.link)).toMatchObject([
      { type: 'RUN_TASK', frameworkId: scheduler.id, role: 'eng', task: { taskId: 1 }, launchExecutor: true },
      { type: 'RUN_TASK', task: { taskId: 2 } },
    ]);
    expect(driver.stateOf(scheduler.id, 1)).toBe('TASK_STAGING');
    expect(driver.machine.stats.allocated).toMatchObject({ cpus: 2_000, mem: 1_024_000 });
  });

  test('judges each task alone: a bad one is answered TASK_ERROR, the others run', () => {
    const { driver, scheduler, agents } = scene();
    const agent = agents[0]!;
    const tasks = [
      taskInfo(1, agent.id),
      taskInfo(1, agent.id),
      taskInfo(2, agents[1]!.id),
      taskInfo(3, agent.id),
    ];
    const outputs = driver.accept(scheduler, [driver.offerOf(scheduler.id, agent.id).id], [launch(...tasks)]);
    expect(toldOf(updatesOn(outputs, scheduler.stream))).toEqual([
      '1 TASK_ERROR REASON_TASK_INVALID',
      '2 TASK_ERROR REASON_TASK_INVALID',
    ]);
    expect(updatesOn(outputs, scheduler.stream)[0]).toMatchObject({ source: 'SOURCE_MASTER', uuid: null });
    expect(messagesOn(outputs, agent.link)).toHaveLength(2);
  });

  test('of more than the offers hold runs the tasks that fit, in order', () => {
    const { driver, scheduler, agents } = scene();
    const outputs = driver.launchOn(scheduler, agents[0]!, 1, 2, 3, 4, 5);
    expect(toldOf(updatesOn(outputs, scheduler.stream))).toEqual(['5 TASK_ERROR REASON_TASK_INVALID']);
  });

  test('with an operation id is answered TASK_ERROR', () => {
    const { driver, scheduler, agents } = scene();
    const operation = { ...launch(taskInfo(1, agents[0]!.id)), id: 'o-1' };
    const outputs = driver.accept(scheduler, [driver.offerOf(scheduler.id, agents[0]!.id).id], [operation]);
    expect(toldOf(updatesOn(outputs, scheduler.stream))).toEqual(['1 TASK_ERROR REASON_TASK_INVALID']);
  });

  test('pays a custom executor once', () => {
    const { driver, scheduler, agents } = scene();
    const agent = agents[0]!;
    const executor = executorInfo(9);
    const tasks = [1, 2].map((id) => taskInfo(id, agent.id, { command: null, executor }));
    const outputs = driver.accept(scheduler, [driver.offerOf(scheduler.id, agent.id).id], [launch(...tasks)]);
    expect(messagesOn(outputs, agent.link)).toMatchObject([
      { launchExecutor: true },
      { launchExecutor: false },
    ]);
    expect(driver.machine.stats.allocated).toMatchObject({ cpus: 2_100, mem: (2 * 512 + 32) * 1_000 });
  });
});

describe('operations run in order, each on what the ones before have left:', () => {
  test('the rest of the offers comes back with the call’s filter', () => {
    const { driver, scheduler, agents } = scene();
    const agent = agents[0]!;
    const offer = driver.offerOf(scheduler.id, agent.id);
    driver.accept(scheduler, [offer.id], [launch(taskInfo(1, agent.id)), launch(taskInfo(2, agent.id))], {
      refuseSeconds: 30,
    });
    expect(driver.allocator.recoveries).toMatchObject([{ refuse: 30 * SECOND }]);
    const left = AGENT_RESOURCES.minus(TASK_RESOURCES).minus(TASK_RESOURCES);
    expect(driver.allocator.recoveries[0]!.resources.equals(left)).toBe(true);
  });

  test.each([
    // Whether the option is on, tasks launched, refuse_seconds, and how the rest comes back.
    [true, 1, 0, null],
    [true, 0, 0, 0],
    [true, 1, 7, 7 * SECOND],
    [false, 1, 0, 0],
  ] as const)(
    'remaindersAtOnce %s, %d launched, refused for %d s: the rest comes back with %s',
    (remaindersAtOnce, launched, refuseSeconds, refuse) => {
      const driver = new MasterDriver({ options: { remaindersAtOnce } });
      const agent = driver.register(1);
      const scheduler = driver.subscribe();
      driver.allocator.isPaused = true;
      const operations = Array.from({ length: launched }, () => launch(taskInfo(1, agent.id)));
      driver.accept(scheduler, [driver.offerOf(scheduler.id, agent.id).id], operations, { refuseSeconds });
      expect(driver.allocator.recoveries).toMatchObject([{ refuse }]);
    },
  );

  test('with no filter given it is 5 s', () => {
    const { driver, scheduler, agents } = scene();
    driver.accept(scheduler, [driver.offerOf(scheduler.id, agents[0]!.id).id], [], null);
    expect(driver.allocator.recoveries).toMatchObject([{ refuse: micros(5 * SECOND) }]);
    expect(driver.allocator.recoveries[0]!.resources).toBe(AGENT_RESOURCES);
    expect(driver.machine.stats).toMatchObject({ offersAccepted: 1, offersDeclined: 0 });
  });

  test('when all is used nothing comes back', () => {
    const { driver, scheduler, agents } = scene();
    const agent = agents[0]!;
    driver.accept(
      scheduler,
      [driver.offerOf(scheduler.id, agent.id).id],
      [launch(taskInfo(1, agent.id, {}, AGENT_RESOURCES))],
    );
    expect(driver.allocator.recoveries).toEqual([]);
  });

  test('an operation that fails is dropped, and later ones run', () => {
    const { driver, scheduler, agents } = scene();
    const agent = agents[0]!;
    const operations: OfferOperation[] = [
      { type: 'CREATE', id: 'o-1', volumes: Resources.EMPTY },
      { type: 'CREATE', id: null, volumes: Resources.EMPTY },
      launch(taskInfo(1, agent.id)),
    ];
    const outputs = driver.accept(scheduler, [driver.offerOf(scheduler.id, agent.id).id], operations);
    expect(words(outputs)).toEqual(['UPDATE_OPERATION_STATUS', 'RUN_TASK']);
  });

  test('offers of one agent and role add up', () => {
    const { driver, scheduler, agents } = scene();
    const agent = agents[0]!;
    driver.launchOn(scheduler, agent, 1);
    driver.allocator.isPaused = false;
    driver.wait(SECOND);
    driver.update(scheduler, agent, 1, 'TASK_FINISHED', 1);
    driver.wait(SECOND);
    const offers = driver.offersOf(scheduler.id).filter((offer) => offer.agentId === agent.id);
    expect(offers).toHaveLength(2);
    const all = taskInfo(2, agent.id, {}, AGENT_RESOURCES);
    const outputs = driver.accept(
      scheduler,
      offers.map((offer) => offer.id),
      [launch(all)],
    );
    expect(words(outputs)).toEqual(['RUN_TASK']);
  });
});

describe('LAUNCH_GROUP', () => {
  function tryGroup(
    given: Scene,
    tasks: readonly TaskInfo[],
    changes: Partial<Extract<OfferOperation, { type: 'LAUNCH_GROUP' }>> = {},
  ) {
    const { driver, scheduler, agents } = given;
    const operation: OfferOperation = {
      type: 'LAUNCH_GROUP',
      id: null,
      executor: groupExecutor(9, scheduler.id),
      taskInfos: tasks,
      ...changes,
    };
    return driver.accept(scheduler, [driver.offerOf(scheduler.id, agents[0]!.id).id], [operation]);
  }

  test('is one message, and its executor is paid with it', () => {
    const given = scene();
    const { driver, scheduler, agents } = given;
    const outputs = tryGroup(
      given,
      [1, 2].map((id) => taskInfo(id, agents[0]!.id)),
    );
    expect(messagesOn(outputs, agents[0]!.link)).toMatchObject([
      { type: 'RUN_TASK_GROUP', launchExecutor: true, tasks: [{ taskId: 1 }, { taskId: 2 }] },
    ]);
    expect(driver.machine.stats.allocated).toMatchObject({ cpus: 2_100, disk: 10_000 });
    expect(driver.machine.state.frameworksById.get(scheduler.id)!.tasks.get(1 as TaskId)!.executorId).toBe(9);
  });

  test('joins an executor that runs, if it is described equally, and does not pay it again', () => {
    const given = scene();
    const { driver, agents } = given;
    tryGroup(given, [taskInfo(1, agents[0]!.id)]);
    driver.allocator.isPaused = false;
    driver.wait(6 * SECOND);
    const outputs = tryGroup(given, [taskInfo(2, agents[0]!.id)]);
    expect(messagesOn(outputs, agents[0]!.link)).toMatchObject([{ launchExecutor: false }]);
    expect(driver.machine.stats.allocated).toMatchObject({ cpus: 2_100 });
  });

  test.each([
    ['name', { name: 'other' }],
    ['resources', { resources: resources('cpus:0.2;mem:32;disk:10') }],
    ['labels', { labels: [{ key: 'a', value: 'b' }] }],
    ['data', { data: new Uint8Array([1]) }],
    ['shutdown grace period', { shutdownGracePeriod: micros(1) }],
  ])('is refused when the executor that runs has another %s', (_name, changes) => {
    const given = scene();
    const { driver, scheduler, agents } = given;
    tryGroup(given, [taskInfo(1, agents[0]!.id)]);
    driver.allocator.isPaused = false;
    driver.wait(6 * SECOND);
    const outputs = tryGroup(given, [taskInfo(2, agents[0]!.id)], {
      executor: groupExecutor(9, scheduler.id, changes),
    });
    expect(toldOf(updatesOn(outputs, scheduler.stream))).toEqual(['2 TASK_ERROR REASON_TASK_GROUP_INVALID']);
  });

  const BAD: readonly (readonly [string, (given: Scene) => readonly TaskInfo[]])[] = [
    [
      'one task is for another agent',
      ({ agents }) => [taskInfo(1, agents[0]!.id), taskInfo(2, agents[1]!.id)],
    ],
    ['two tasks have one id', ({ agents }) => [1, 1].map((id) => taskInfo(id, agents[0]!.id))],
    [
      'its tasks and executor do not fit together',
      ({ agents }) => [1, 2, 3, 4].map((id) => taskInfo(id, agents[0]!.id)),
    ],
  ];
  test.each(BAD)('launches nothing when %s: TASK_ERROR for all', (_name, tasks) => {
    const given = scene();
    const { driver, scheduler, agents } = given;
    const infos = tasks(given);
    const outputs = tryGroup(given, infos);
    expect(toldOf(updatesOn(outputs, scheduler.stream))).toEqual(
      infos.map((task) => `${task.taskId} TASK_ERROR REASON_TASK_GROUP_INVALID`),
    );
    expect(messagesOn(outputs, agents[0]!.link)).toEqual([]);
    expect(driver.machine.stats.allocated).toMatchObject({ cpus: 0, mem: 0, disk: 0 });
  });

  test('with an operation id is refused', () => {
    const given = scene();
    const outputs = tryGroup(given, [taskInfo(1, given.agents[0]!.id)], { id: 'o-1' });
    expect(toldOf(updatesOn(outputs, given.scheduler.stream))).toEqual([
      '1 TASK_ERROR REASON_TASK_GROUP_INVALID',
    ]);
  });

  test('without tasks changes nothing', () => {
    const given = scene();
    expect(words(tryGroup(given, []))).toEqual([]);
    expect(given.driver.machine.stats.allocated).toMatchObject({ cpus: 0 });
  });
});

test('an executor’s end gives its resources back and is told to its framework', () => {
  const { driver, scheduler, agents } = scene();
  const agent = agents[0]!;
  const task = taskInfo(1, agent.id, { command: null, executor: executorInfo(9) });
  driver.accept(scheduler, [driver.offerOf(scheduler.id, agent.id).id], [launch(task)]);
  const outputs = driver.fromAgent(agent.link, {
    type: 'EXITED_EXECUTOR',
    agentId: agent.id,
    frameworkId: scheduler.id,
    executorId: 9 as ExecutorId,
    status: 256,
  });
  expect(eventsOn(outputs, scheduler.stream)).toEqual([
    { type: 'FAILURE', agentId: agent.id, executorId: 9, status: 256 },
  ]);
  expect(driver.machine.stats.allocated).toMatchObject({ cpus: 1_000 });
});
