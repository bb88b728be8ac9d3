import { describe, expect, test } from 'vitest';
import type { AgentId, UpdateId } from '../core/index.ts';
import type { OperationStatus, SchedulerCall } from '../protocol/index.ts';
import {
  appliedOn,
  create,
  disk,
  dynamic,
  endOperation,
  mountDisk,
  operationStatusesOn,
  reportedOperation,
  reserve,
  reserved,
  totalOf,
  volume,
} from './operations-kit.ts';
import { ALL_SEEING } from '../authorization/index.ts';
import { stateDigest } from './state-digest.ts';
import {
  agentInfo,
  launch,
  MasterDriver,
  messagesOn,
  MINUTE,
  reportedTask,
  type RegisteredAgent,
  resources,
  type Scheduler,
  SECOND,
  taskInfo,
  toldOf,
  updatesOn,
} from './test-kit.ts';

const ENG = dynamic('eng');
const ONE_CPU = reserved('cpus:1', ENG);
const RAW = disk(100, {
  source: { ...mountDisk('/x'), type: 'RAW', root: null },
  providerId: 'csi',
});
const MADE = disk(100, { source: mountDisk('/x'), providerId: 'csi' });

/** A framework that reserved a cpu under the id `o`, on an agent that has not answered yet. */
function scene() {
  const driver = new MasterDriver();
  const scheduler = driver.subscribe({ capabilities: ['MULTI_ROLE', 'PARTITION_AWARE', 'SHARED_RESOURCES'] });
  const agent = driver.register(1, { resources: resources('cpus:4;mem:4096;disk:1000').plus(RAW) });
  const outputs = driver.accept(scheduler, [driver.offerOf(scheduler.id).id], [reserve(ONE_CPU, 'o')], {
    refuseSeconds: 0,
  });
  const [order] = appliedOn(outputs, agent.link);
  return { driver, scheduler, agent, order: order! };
}

/** A disk that its provider is to make, still pending. */
function diskScene() {
  const { driver, scheduler, agent } = scene();
  driver.wait(SECOND);
  const outputs = driver.accept(
    scheduler,
    [driver.offerOf(scheduler.id).id],
    [{ type: 'CREATE_DISK', id: 'd', source: RAW, targetType: 'MOUNT', targetProfile: 'fast' }],
    { refuseSeconds: 0 },
  );
  const [order] = appliedOn(outputs, agent.link);
  return { driver, scheduler, agent, order: order! };
}

function acknowledge(
  { driver, scheduler, agent }: { driver: MasterDriver; scheduler: Scheduler; agent: RegisteredAgent },
  uuid: number,
  changes: Partial<Extract<SchedulerCall, { type: 'ACKNOWLEDGE_OPERATION_STATUS' }>> = {},
) {
  return driver.call(scheduler.stream, {
    type: 'ACKNOWLEDGE_OPERATION_STATUS',
    frameworkId: scheduler.id,
    agentId: agent.id,
    resourceProviderId: null,
    operationId: 'o',
    uuid: uuid as UpdateId,
    ...changes,
  });
}

function reconcile(
  driver: MasterDriver,
  scheduler: Scheduler,
  operations: readonly { readonly operationId: string; readonly agentId: AgentId | null }[],
): OperationStatus[] {
  const outputs = driver.call(scheduler.stream, {
    type: 'RECONCILE_OPERATIONS',
    frameworkId: scheduler.id,
    operations: operations.map((one) => ({ ...one, resourceProviderId: null })),
  });
  return operationStatusesOn(outputs, scheduler);
}

function states(statuses: readonly OperationStatus[]): string[] {
  return statuses.map(({ operationId, state }) => `${operationId} ${state}`);
}

describe('the end of an operation', () => {
  test('is forwarded with its uuid to a framework that gave it an id, until it acknowledges', () => {
    const { driver, scheduler, agent, order } = scene();
    for (let time = 0; time < 2; time++) {
      const outputs = endOperation(driver, agent, order, 'OPERATION_FINISHED', {
        convertedResources: ONE_CPU,
      });
      expect(operationStatusesOn(outputs, scheduler)).toMatchObject([
        {
          operationId: 'o',
          state: 'OPERATION_FINISHED',
          uuid: 9_001,
          agentId: agent.id,
          convertedResources: ONE_CPU,
        },
      ]);
      expect(messagesOn(outputs, agent.link)).toEqual([]);
    }
  });

  test('that is acknowledged is over: the agent is told', () => {
    const given = scene();
    const { driver, agent, order } = given;
    endOperation(driver, agent, order, 'OPERATION_FINISHED');
    expect(messagesOn(acknowledge(given, 9_001), agent.link)).toEqual([
      { type: 'ACKNOWLEDGE_OPERATION_STATUS', operationUuid: order.operationUuid, uuid: 9_001 },
    ]);
    expect(driver.machine.state.operations.size).toBe(0);
    expect(acknowledge(given, 9_001)).toEqual([]);
  });

  test.each<readonly [string, Parameters<typeof acknowledge>[1], Parameters<typeof acknowledge>[2]]>([
    ['another uuid', 9_002, {}],
    ['another id', 9_001, { operationId: 'x' }],
    ['another agent', 9_001, { agentId: 77 as AgentId }],
    ['no agent', 9_001, { agentId: null }],
  ])('is not acknowledged by %s', (_, uuid, changes) => {
    const given = scene();
    endOperation(given.driver, given.agent, given.order, 'OPERATION_FINISHED');
    const before = stateDigest(given.driver);
    expect(acknowledge(given, uuid, changes)).toEqual([]);
    expect(stateDigest(given.driver)).toBe(before);
  });

  test('is acknowledged by the master itself where no id asked for it', () => {
    const { driver, scheduler, agent } = scene();
    driver.wait(SECOND);
    const outputs = driver.accept(scheduler, [driver.offerOf(scheduler.id).id], [reserve(ONE_CPU)]);
    const [order] = appliedOn(outputs, agent.link);
    const told = endOperation(driver, agent, order!, 'OPERATION_FINISHED');
    expect(operationStatusesOn(told, scheduler)).toEqual([]);
    expect(messagesOn(told, agent.link)).toMatchObject([
      { type: 'ACKNOWLEDGE_OPERATION_STATUS', uuid: 9_001 },
    ]);
    expect(driver.machine.state.agentsById.get(agent.id)!.operations!.size).toBe(1);
  });

  test('is acknowledged by the master itself where the framework was removed', () => {
    const { driver, scheduler, agent, order } = scene();
    driver.call(scheduler.stream, { type: 'TEARDOWN', frameworkId: scheduler.id });
    const told = endOperation(driver, agent, order, 'OPERATION_FINISHED');
    expect(messagesOn(told, agent.link)).toMatchObject([{ type: 'ACKNOWLEDGE_OPERATION_STATUS' }]);
  });

  test('waits for a framework that is away', () => {
    const { driver, scheduler, agent, order } = scene();
    driver.closeStream(scheduler.stream);
    expect(endOperation(driver, agent, order, 'OPERATION_FINISHED')).toEqual([]);
    expect(driver.machine.state.operations.size).toBe(1);
  });

  test('over a link that is not the agent’s changes nothing', () => {
    const { driver, agent, order } = scene();
    const before = stateDigest(driver);
    expect(
      endOperation(driver, { id: agent.id, link: driver.newLink() }, order, 'OPERATION_FINISHED'),
    ).toEqual([]);
    expect(stateDigest(driver)).toBe(before);
  });
});

describe('an operation that its provider decides', () => {
  test('gives what it made when it finished', () => {
    const { driver, scheduler, agent, order } = diskScene();
    endOperation(driver, agent, order, 'OPERATION_FINISHED', { convertedResources: MADE });
    expect(totalOf(driver, agent).contains(MADE)).toBe(true);
    expect(totalOf(driver, agent).contains(RAW)).toBe(false);
    driver.wait(SECOND);
    expect(driver.offersOf(scheduler.id).some((offer) => offer.resources.contains(MADE))).toBe(true);
    expect(driver.machine.stats.allocated.disk).toBe(0);
  });

  test('gives back what it was to consume when it failed', () => {
    const { driver, scheduler, agent, order } = diskScene();
    endOperation(driver, agent, order, 'OPERATION_FAILED');
    expect(totalOf(driver, agent).contains(RAW)).toBe(true);
    driver.wait(SECOND);
    expect(driver.offersOf(scheduler.id).some((offer) => offer.resources.contains(RAW))).toBe(true);
  });

  test('takes its disk off the total when its framework is removed, until it has ended', () => {
    const { driver, scheduler, agent, order } = diskScene();
    driver.call(scheduler.stream, { type: 'TEARDOWN', frameworkId: scheduler.id });
    expect(totalOf(driver, agent).contains(RAW)).toBe(false);
    endOperation(driver, agent, order, 'OPERATION_FINISHED', { convertedResources: MADE });
    expect(totalOf(driver, agent).contains(MADE)).toBe(true);
  });

  test('is as the agent reports it after a broken link', () => {
    const { driver, scheduler, agent, order } = diskScene();
    driver.closeLink(agent.link);
    const { outputs } = driver.reregister(
      { ...agent.info, resources: totalOf(driver, agent).minus(RAW).plus(MADE) },
      {
        operations: [
          reportedOperation(agent, scheduler.id, order.operationUuid, order.info, 'OPERATION_FINISHED'),
        ],
      },
    );
    expect(driver.machine.stats.allocated.disk).toBe(0);
    expect(
      messagesOn(outputs, outputs.flatMap((one) => (one.kind === 'toAgent' ? [one.link] : []))[0]!),
    ).toMatchObject([{ type: 'AGENT_REREGISTERED', unreportedOperations: [{ operationId: 'o' }] }]);
  });
});

describe('when an agent returns on a new link', () => {
  test('without an operation, that is undone, and the agent is asked to answer for it', () => {
    const { driver, agent, order, scheduler } = scene();
    driver.closeLink(agent.link);
    const { link, outputs } = driver.reregister(agent.info);
    expect(messagesOn(outputs, link)).toMatchObject([
      {
        type: 'AGENT_REREGISTERED',
        unreportedOperations: [
          { frameworkId: scheduler.id, operationUuid: order.operationUuid, operationId: 'o' },
        ],
      },
    ]);
    expect(totalOf(driver, agent).equals(agent.info.resources)).toBe(true);
    const told = endOperation(driver, { id: agent.id, link }, order, 'OPERATION_DROPPED');
    expect(states(operationStatusesOn(told, scheduler))).toEqual(['o OPERATION_DROPPED']);
  });

  test('a task launched on what never was made is dropped by the master; others the agent answers for', () => {
    const { driver, scheduler, agent } = scene();
    driver.wait(SECOND);
    driver.accept(
      scheduler,
      [driver.offerOf(scheduler.id).id],
      [launch(taskInfo(1, agent.id, {}, ONE_CPU)), launch(taskInfo(2, agent.id, {}, resources('cpus:1')))],
    );
    driver.closeLink(agent.link);
    const { link, outputs } = driver.reregister(agent.info);
    expect(toldOf(updatesOn(outputs, scheduler.stream))).toEqual(['1 TASK_DROPPED REASON_RECONCILIATION']);
    expect(messagesOn(outputs, link)).toMatchObject([{ unreported: [{ taskId: 2 }] }]);
  });

  test('with an operation that ended, its framework is told when the agent repeats it', () => {
    const { driver, scheduler, agent, order } = scene();
    driver.closeLink(agent.link);
    const { link, outputs } = driver.reregister(
      { ...agent.info, resources: totalOf(driver, agent) },
      {
        operations: [
          reportedOperation(agent, scheduler.id, order.operationUuid, order.info, 'OPERATION_FINISHED'),
        ],
      },
    );
    expect(messagesOn(outputs, link)).toMatchObject([{ unreportedOperations: [] }]);
    expect(states(reconcile(driver, scheduler, []))).toEqual(['o OPERATION_FINISHED']);
  });

  test('without an operation whose end was acknowledged meanwhile, it is over', () => {
    const { driver, agent, order } = scene();
    endOperation(driver, agent, order, 'OPERATION_FINISHED');
    const total = totalOf(driver, agent);
    driver.closeLink(agent.link);
    driver.reregister({ ...agent.info, resources: total });
    expect(driver.machine.state.operations.size).toBe(0);
  });
});

test('a registration repeated over one link does not undo what was sent over it meanwhile', () => {
  const { driver, agent, order } = scene();
  const outputs = driver.fromAgent(agent.link, {
    type: 'REREGISTER_AGENT',
    info: agent.info,
    tasks: [],
    executors: [],
    operations: [],
    frameworks: [],
  });
  expect(messagesOn(outputs, agent.link)).toMatchObject([{ unreportedOperations: [] }]);
  expect(totalOf(driver, agent).reserved('eng').equals(ONE_CPU)).toBe(true);
  expect(driver.machine.state.agentsById.get(agent.id)!.operations!.has(order.operationUuid)).toBe(true);
});

describe('an agent that', () => {
  test('becomes unreachable takes its operations along: OPERATION_UNREACHABLE', () => {
    const { driver, scheduler, agent } = scene();
    driver.closeLink(agent.link);
    const outputs = driver.wait(11 * MINUTE);
    expect(states(operationStatusesOn(outputs, scheduler))).toEqual(['o OPERATION_UNREACHABLE']);
    expect(states(reconcile(driver, scheduler, [{ operationId: 'o', agentId: agent.id }]))).toEqual([
      'o OPERATION_UNREACHABLE',
    ]);
  });

  test('is replaced by another at its address takes its operations along: OPERATION_GONE_BY_OPERATOR', () => {
    const { driver, scheduler } = scene();
    const outputs = driver.fromAgent(driver.newLink(), { type: 'REGISTER_AGENT', info: agentInfo(1) });
    expect(states(operationStatusesOn(outputs, scheduler))).toEqual(['o OPERATION_GONE_BY_OPERATOR']);
  });

  test('returns from unreachable brings its operations back', () => {
    const { driver, scheduler, agent, order } = scene();
    driver.closeLink(agent.link);
    driver.wait(11 * MINUTE);
    driver.reregister(agent.info, {
      operations: [
        reportedOperation(agent, scheduler.id, order.operationUuid, order.info, 'OPERATION_FINISHED'),
      ],
    });
    expect(states(reconcile(driver, scheduler, []))).toEqual(['o OPERATION_FINISHED']);
  });
});

describe('after a failover of the master', () => {
  test('reservations, volumes and operations are as the agents report them', () => {
    const { driver, scheduler, agent, order } = scene();
    const total = totalOf(driver, agent);
    const next = new MasterDriver({ registry: driver.registry, now: driver.now });
    const again = next.subscribe({ id: scheduler.id });
    const info = { ...agent.info, resources: total };
    next.reregister(info, {
      operations: [
        reportedOperation(agent, scheduler.id, order.operationUuid, order.info, 'OPERATION_FINISHED'),
      ],
    });
    expect(totalOf(next, agent).equals(total)).toBe(true);
    expect(states(reconcile(next, again, []))).toEqual(['o OPERATION_FINISHED']);
  });

  test('no uuid of an operation is used again', () => {
    const { driver, agent, order, scheduler } = scene();
    const next = new MasterDriver({ registry: driver.registry, now: driver.now });
    const again = next.subscribe({ id: scheduler.id });
    const { link } = next.reregister(agent.info);
    next.wait(SECOND);
    const outputs = next.accept(again, [next.offerOf(again.id).id], [reserve(ONE_CPU)]);
    const [later] = appliedOn(outputs, link);
    expect(later!.operationUuid).toBeGreaterThan(order.operationUuid);
  });
});

describe('RECONCILE_OPERATIONS (spec 03 §9) answers', () => {
  test('for all that are known when none is named, without uuid', () => {
    const { driver, scheduler, agent, order } = scene();
    expect(states(reconcile(driver, scheduler, []))).toEqual(['o OPERATION_PENDING']);
    endOperation(driver, agent, order, 'OPERATION_FINISHED');
    const answers = reconcile(driver, scheduler, []);
    expect(states(answers)).toEqual(['o OPERATION_FINISHED']);
    expect(answers[0]!.uuid).toBeNull();
  });

  test('for a known one with its latest status, whatever agent is named', () => {
    const { driver, scheduler } = scene();
    for (const agentId of [null, 77 as AgentId]) {
      expect(states(reconcile(driver, scheduler, [{ operationId: 'o', agentId }]))).toEqual([
        'o OPERATION_PENDING',
      ]);
    }
  });

  test('for an unknown one on a recovered agent: OPERATION_RECOVERING', () => {
    const { driver, agent } = scene();
    const next = new MasterDriver({ registry: driver.registry, now: driver.now });
    const scheduler = next.subscribe();
    const asked = [{ operationId: 'x', agentId: agent.id }];
    expect(states(reconcile(next, scheduler, asked))).toEqual(['x OPERATION_RECOVERING']);
  });

  test('for an unknown one on a registered agent: OPERATION_UNKNOWN', () => {
    const { driver, scheduler, agent } = scene();
    const asked = [{ operationId: 'x', agentId: agent.id }];
    expect(states(reconcile(driver, scheduler, asked))).toEqual(['x OPERATION_UNKNOWN']);
  });

  test('for an unknown one on an unreachable agent: OPERATION_UNREACHABLE', () => {
    const { driver, scheduler, agent } = scene();
    driver.closeLink(agent.link);
    driver.wait(11 * MINUTE);
    const asked = [{ operationId: 'x', agentId: agent.id }];
    expect(states(reconcile(driver, scheduler, asked))).toEqual(['x OPERATION_UNREACHABLE']);
  });

  test('for an unknown one on an agent that was marked gone: OPERATION_GONE_BY_OPERATOR', () => {
    const { driver, scheduler } = scene();
    driver.machine.state.goneAgents.set(99 as AgentId, driver.now);
    const asked = [{ operationId: 'x', agentId: 99 as AgentId }];
    expect(states(reconcile(driver, scheduler, asked))).toEqual(['x OPERATION_GONE_BY_OPERATOR']);
  });

  test('for an unknown one on an unknown agent, or on none: OPERATION_UNKNOWN', () => {
    const { driver, scheduler } = scene();
    const asked = [
      { operationId: 'x', agentId: 98 as AgentId },
      { operationId: 'y', agentId: null },
    ];
    expect(states(reconcile(driver, scheduler, asked))).toEqual([
      'x OPERATION_UNKNOWN',
      'y OPERATION_UNKNOWN',
    ]);
  });

  test('nothing about the operations of another framework', () => {
    const { driver } = scene();
    const other = driver.subscribe();
    expect(reconcile(driver, other, [])).toEqual([]);
    const asked = [{ operationId: 'o', agentId: null }];
    expect(states(reconcile(driver, other, asked))).toEqual(['o OPERATION_UNKNOWN']);
  });
});

describe('reservations and volumes', () => {
  test('outlive the framework that made them', () => {
    const { driver, scheduler, agent } = scene();
    driver.call(scheduler.stream, { type: 'TEARDOWN', frameworkId: scheduler.id });
    expect(totalOf(driver, agent).reserved('eng').equals(ONE_CPU)).toBe(true);
  });

  test('are offered to other frameworks of the role', () => {
    const { driver, scheduler } = scene();
    driver.call(scheduler.stream, { type: 'TEARDOWN', frameworkId: scheduler.id });
    const other = driver.subscribe();
    driver.wait(SECOND);
    expect(driver.offersOf(other.id).some((offer) => offer.resources.contains(ONE_CPU))).toBe(true);
  });
});

describe('a shared volume', () => {
  const shared = volume({ shared: true });
  const half = resources('cpus:0.5');

  test('is used by more tasks of one ACCEPT than copies were offered, and by tasks of later ones', () => {
    const { driver, scheduler, agent } = scene();
    driver.wait(SECOND);
    const tasks = [1, 2, 3].map((id) => launch(taskInfo(id, agent.id, {}, half.plus(shared))));
    const made = [reserve(reserved('disk:64', ENG)), create(shared), ...tasks];
    const outputs = driver.accept(scheduler, [driver.offerOf(scheduler.id).id], made, { refuseSeconds: 0 });
    expect(updatesOn(outputs, scheduler.stream)).toEqual([]);
    expect([1, 2, 3].map((id) => driver.stateOf(scheduler.id, id))).toEqual(Array(3).fill('TASK_STAGING'));
    driver.wait(SECOND);
    driver.accept(
      scheduler,
      [driver.offerOf(scheduler.id).id],
      [4, 5].map((id) => launch(taskInfo(id, agent.id, {}, half.plus(shared)))),
    );
    expect(driver.stateOf(scheduler.id, 5)).toBe('TASK_STAGING');
    expect(totalOf(driver, agent).shared().equals(shared)).toBe(true);
    for (const id of [1, 2, 3, 4, 5]) driver.update(scheduler, agent, id, 'TASK_FINISHED', id);
    expect(driver.machine.stats.allocated).toMatchObject({ cpus: 0, disk: 0 });
  });

  test('that was not offered is not to be had', () => {
    const { driver, scheduler, agent } = scene();
    driver.wait(SECOND);
    const task = taskInfo(1, agent.id, {}, half.plus(shared));
    const outputs = driver.accept(scheduler, [driver.offerOf(scheduler.id).id], [launch(task)]);
    expect(toldOf(updatesOn(outputs, scheduler.stream))).toEqual(['1 TASK_ERROR REASON_TASK_INVALID']);
  });
});

test('reported tasks on a volume are back on the books after a failover', () => {
  const { driver, scheduler, agent } = scene();
  const total = resources('cpus:4').plus(volume());
  const next = new MasterDriver({ registry: driver.registry, now: driver.now });
  next.subscribe({ id: scheduler.id });
  const task = taskInfo(1, agent.id, {}, resources('cpus:1').plus(volume()));
  next.reregister({ ...agent.info, resources: total }, { tasks: [reportedTask(scheduler.id, task)] });
  expect(next.stateOf(scheduler.id, 1)).toBe('TASK_RUNNING');
  expect(next.machine.stats.allocated.disk).toBe(64_000);
});

test('an operation is listed for operators until its end is acknowledged', () => {
  const { driver, scheduler, agent, order } = scene();
  const listed = () => {
    const answer = driver.machine.query(driver.now, { type: 'GET_OPERATIONS' }, ALL_SEEING);
    return answer.ok && answer.value.type === 'GET_OPERATIONS' ? answer.value.operations : null;
  };
  expect(listed()).toMatchObject([
    { uuid: order.operationUuid, frameworkId: scheduler.id, latestStatus: { state: 'OPERATION_PENDING' } },
  ]);
  endOperation(driver, agent, order, 'OPERATION_FINISHED');
  acknowledge({ driver, scheduler, agent }, 9_001);
  expect(listed()).toEqual([]);
});
