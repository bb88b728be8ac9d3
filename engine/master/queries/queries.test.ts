import { describe, expect, test } from 'vitest';
import { ALL_SEEING, type ViewAction, type Viewer } from '../../authorization/index.ts';
import { type MasterEpoch, micros, type TaskId } from '../../core/index.ts';
import type { OperatorResponse } from '../../protocol/index.ts';
import type { Quantities } from '../../resources/index.ts';
import { RegistryState } from '../../registry/index.ts';
import type { RequestId } from '../input.ts';
import { quotaConsumption } from '../quota-consumption.ts';
import { stateDigest } from '../state-digest.ts';
import {
  agentInfo,
  MasterDriver,
  resources,
  SECOND,
  statusOf,
  taskInfo,
  launch,
  executorInfo,
} from '../test-kit.ts';
import { type OperatorRead, RoleBreakdowns } from './index.ts';

// Spec 05 §A: what operators are shown.

const QUERIES: readonly OperatorRead['type'][] = [
  'GET_STATE',
  'GET_AGENTS',
  'GET_FRAMEWORKS',
  'GET_EXECUTORS',
  'GET_OPERATIONS',
  'GET_TASKS',
  'GET_ROLES',
  'GET_WEIGHTS',
  'GET_MASTER',
  'GET_MAINTENANCE_STATUS',
  'GET_MAINTENANCE_SCHEDULE',
  'GET_QUOTA',
];

function hiding(action: ViewAction, object: string | null = null): Viewer {
  return { seesAll: false, may: (asked, of) => asked !== action || (object !== null && of !== object) };
}

function ask<Type extends OperatorRead['type']>(
  driver: MasterDriver,
  type: Type,
  viewer: Viewer = ALL_SEEING,
) {
  const answer = driver.machine.query(driver.now, { type }, viewer);
  if (!answer.ok) throw new Error(answer.error.code);
  return answer.value as Extract<OperatorResponse, { type: Type }>;
}

/** A master that keeps history, one scheduler, one agent, and task 1 launched. */
function world() {
  const driver = new MasterDriver({ options: { history: 'full', taskTimelineEntries: 4 } });
  const scheduler = driver.subscribe({ user: 'ops', roles: ['eng/db'] });
  const agent = driver.register(1);
  driver.wait(2 * SECOND);
  driver.launchOn(scheduler, agent, 1);
  return { driver, scheduler, agent };
}

test.each(QUERIES)('%s is answered, and changes nothing', (type) => {
  const { driver } = world();
  const before = stateDigest(driver);
  expect(ask(driver, type).type).toBe(type);
  expect(ask(driver, type, hiding('view_roles')).type).toBe(type);
  expect(stateDigest(driver)).toBe(before);
});

test('a master that does not lead answers nothing', () => {
  const driver = new MasterDriver({ elect: false });
  expect(driver.machine.query(driver.now, { type: 'GET_STATE' }, ALL_SEEING)).toMatchObject({
    ok: false,
    error: { code: 'NOT_LEADING' },
  });
});

describe('GET_AGENTS', () => {
  test('shows when an agent came, what it holds and what of it is used and offered, by role', () => {
    const { driver, agent } = world();
    driver.wait(2 * SECOND);
    const [status] = ask(driver, 'GET_AGENTS').agents;
    expect(status).toMatchObject({
      active: true,
      deactivated: false,
      registeredTime: 0,
      reregisteredTime: null,
    });
    expect(status!.agentInfo.id).toBe(agent.id);
    const used = resources('cpus:1;mem:512').allocate('eng/db');
    expect(status!.allocatedResources.equals(used)).toBe(true);
    expect(status!.offeredResources.equals(agent.info.resources.allocate('eng/db').minus(used))).toBe(true);
    driver.closeLink(agent.link);
    driver.reregister(agent.info);
    expect(ask(driver, 'GET_AGENTS').agents[0]).toMatchObject({ reregisteredTime: driver.now });
  });

  test('shows a disconnected agent as not active', () => {
    const { driver, agent } = world();
    driver.closeLink(agent.link);
    expect(ask(driver, 'GET_AGENTS').agents).toMatchObject([{ active: false }]);
  });

  test('shows a draining agent as deactivated, with its drain', () => {
    const { driver, agent } = world();
    const call = { type: 'DRAIN_AGENT', agentId: agent.id, maxGracePeriod: null, markGone: false } as const;
    driver.step({ kind: 'operatorCalled', request: 1 as RequestId, principal: null, call });
    expect(ask(driver, 'GET_AGENTS').agents).toMatchObject([
      {
        active: false,
        deactivated: true,
        drainInfo: { state: 'DRAINING', config: { markGone: false } },
        estimatedDrainStartTime: driver.now,
      },
    ]);
  });

  test('shows agents of the registry that have not come back as recovered', () => {
    const registry = new RegistryState();
    const id = 7 as never;
    registry.apply({ kind: 'agentAdmitted', id, info: agentInfo(7, { id }) });
    const driver = new MasterDriver({ registry });
    expect(ask(driver, 'GET_AGENTS')).toMatchObject({ agents: [], recoveredAgents: [{ id }] });
  });

  test('keeps the resources of roles that may not be viewed to itself', () => {
    const driver = new MasterDriver();
    driver.register(1, { resources: resources('cpus:1;cpus(eng):2') });
    const [status] = ask(driver, 'GET_AGENTS', hiding('view_roles', 'eng')).agents;
    expect([status!.totalResources.toString(), status!.agentInfo.resources.toString()]).toEqual([
      'cpus:1',
      'cpus:1',
    ]);
  });
});

describe('GET_FRAMEWORKS', () => {
  test('shows offers, and a removed framework among the completed ones with the instant', () => {
    const { driver, scheduler } = world();
    driver.wait(2 * SECOND);
    const [framework] = ask(driver, 'GET_FRAMEWORKS').frameworks;
    expect(framework).toMatchObject({ active: true, connected: true, recovered: false, registeredTime: 0 });
    expect(framework!.offers.map(({ id }) => id)).toEqual(driver.offersOf(scheduler.id).map(({ id }) => id));
    driver.call(scheduler.stream, { type: 'TEARDOWN', frameworkId: scheduler.id });
    expect(ask(driver, 'GET_FRAMEWORKS')).toMatchObject({
      frameworks: [],
      completedFrameworks: [
        { frameworkInfo: { id: scheduler.id }, unregisteredTime: driver.now, offers: [] },
      ],
    });
  });

  test('hides frameworks whose user may not be viewed, with their tasks and executors', () => {
    const { driver } = world();
    const viewer = hiding('view_frameworks', 'ops');
    expect(ask(driver, 'GET_STATE', viewer)).toMatchObject({
      getFrameworks: { frameworks: [] },
      getTasks: { tasks: [] },
      getExecutors: { executors: [] },
    });
  });
});

describe('GET_TASKS', () => {
  test('shows the latest status of each run of equal states, without data', () => {
    const { driver, scheduler, agent } = world();
    const data = new Uint8Array([1]);
    const details = {
      healthy: true,
      checkStatus: null,
      labels: null,
      containerStatus: null,
      data,
      unreachableTime: null,
      limitation: null,
    };
    for (const [uuid, state] of [
      [1, 'TASK_STARTING'],
      [2, 'TASK_RUNNING'],
      [3, 'TASK_RUNNING'],
    ] as const) {
      driver.fromAgent(agent.link, {
        type: 'STATUS_UPDATE',
        agentId: agent.id,
        frameworkId: scheduler.id,
        status: { ...statusOf(1, agent.id, state, uuid), details },
        latestState: state,
      });
    }
    const [task] = ask(driver, 'GET_TASKS').tasks;
    expect(task).toMatchObject({
      taskId: 1,
      state: 'TASK_RUNNING',
      executorId: null,
      role: 'eng/db',
      user: null,
    });
    expect(task!.statuses.map(({ state, uuid }) => [state, uuid])).toEqual([
      ['TASK_STARTING', 1],
      ['TASK_RUNNING', 3],
    ]);
    expect(task!.statuses.map((status) => status.details)).toMatchObject([
      { data: null, healthy: true },
      { data: null, healthy: true },
    ]);
  });

  test('shows an acknowledged end among the completed tasks, the last ones up to the bound', () => {
    const options = { history: 'full', maxCompletedTasksPerFramework: 2 } as const;
    const driver = new MasterDriver({ options });
    const scheduler = driver.subscribe();
    const agent = driver.register(1);
    for (const taskId of [1, 2, 3]) {
      driver.wait(2 * SECOND);
      driver.launchOn(scheduler, agent, taskId);
      driver.update(scheduler, agent, taskId, 'TASK_FINISHED', taskId);
      driver.acknowledge(scheduler, agent.id, taskId, taskId);
    }
    expect(ask(driver, 'GET_TASKS').tasks).toEqual([]);
    expect(ask(driver, 'GET_TASKS').completedTasks).toMatchObject([
      { taskId: 2, state: 'TASK_FINISHED' },
      { taskId: 3, state: 'TASK_FINISHED' },
    ]);
  });

  test('shows the tasks of a removed framework as killed', () => {
    const { driver, scheduler } = world();
    driver.call(scheduler.stream, { type: 'TEARDOWN', frameworkId: scheduler.id });
    expect(ask(driver, 'GET_TASKS').completedTasks).toMatchObject([
      { taskId: 1, state: 'TASK_KILLED', statuses: [{ reason: 'REASON_FRAMEWORK_REMOVED' }] },
    ]);
  });

  test('shows tasks of an unreachable agent as unreachable', () => {
    const { driver, agent } = world();
    driver.fromAgent(agent.link, { type: 'UNREGISTER_AGENT', agentId: agent.id });
    expect(ask(driver, 'GET_TASKS')).toMatchObject({
      tasks: [],
      unreachableTasks: [{ taskId: 1, state: 'TASK_UNREACHABLE' }],
    });
  });

  test('shows unreachable tasks of a removed framework among the completed ones: they come back to nobody', () => {
    const { driver, scheduler, agent } = world();
    driver.fromAgent(agent.link, { type: 'UNREGISTER_AGENT', agentId: agent.id });
    driver.call(scheduler.stream, { type: 'TEARDOWN', frameworkId: scheduler.id });
    expect(ask(driver, 'GET_TASKS')).toMatchObject({
      tasks: [],
      unreachableTasks: [],
      completedTasks: [{ taskId: 1, state: 'TASK_UNREACHABLE' }],
    });
  });

  test('hides tasks whose own user may not be viewed', () => {
    const driver = new MasterDriver();
    const scheduler = driver.subscribe();
    const agent = driver.register(1);
    driver.wait(2 * SECOND);
    const { command } = taskInfo(1, agent.id).template;
    const tasks = [taskInfo(1, agent.id, { command: { ...command!, user: 'www' } }), taskInfo(2, agent.id)];
    driver.accept(scheduler, [driver.offerOf(scheduler.id).id], [launch(...tasks)]);
    expect(ask(driver, 'GET_TASKS', hiding('view_tasks', 'www')).tasks.map(({ taskId }) => taskId)).toEqual([
      2,
    ]);
    expect(ask(driver, 'GET_TASKS', hiding('view_tasks', 'root')).tasks.map(({ user }) => user)).toEqual([
      'www',
    ]);
  });

  test('without history shows live tasks without their past, and nothing of what has ended', () => {
    const driver = new MasterDriver();
    const scheduler = driver.subscribe();
    const agent = driver.register(1);
    driver.wait(2 * SECOND);
    driver.launchOn(scheduler, agent, 1, 2);
    driver.update(scheduler, agent, 1, 'TASK_FINISHED', 1);
    driver.acknowledge(scheduler, agent.id, 1, 1);
    expect(ask(driver, 'GET_TASKS')).toMatchObject({
      tasks: [{ taskId: 2, statuses: [] }],
      completedTasks: [],
    });
  });
});

test('GET_EXECUTORS shows executors of the frameworks, not those of command tasks', () => {
  const { driver, scheduler, agent } = world();
  driver.wait(2 * SECOND);
  const executor = executorInfo(90);
  const offer = driver.offerOf(scheduler.id);
  driver.accept(scheduler, [offer.id], [launch(taskInfo(2, agent.id, { executor, command: null }))]);
  expect(ask(driver, 'GET_EXECUTORS').executors).toMatchObject([
    { agentId: agent.id, executorInfo: { executorId: 90, frameworkId: scheduler.id } },
  ]);
  expect(ask(driver, 'GET_TASKS').tasks.map(({ executorId }) => executorId)).toEqual([null, 90]);
  expect(ask(driver, 'GET_EXECUTORS', hiding('view_executors')).executors).toEqual([]);
});

test('GET_ROLES shows roles subscribed to, reserved for, weighed or under quota, with their ancestors, by name', () => {
  const registry = new RegistryState();
  registry.apply({ kind: 'weightsUpdated', weightInfos: [{ role: 'web', weight: 3 }] });
  const driver = new MasterDriver({ registry });
  const scheduler = driver.subscribe({ roles: ['eng/db'] });
  driver.register(1, { resources: resources('cpus:2;mem:1024;cpus(ads/x):1') });
  driver.wait(2 * SECOND);
  const { roles } = ask(driver, 'GET_ROLES');
  expect(roles.map(({ name, weight, frameworks }) => [name, weight, frameworks])).toEqual([
    ['ads', 1, []],
    ['ads/x', 1, []],
    ['eng', 1, []],
    ['eng/db', 1, [scheduler.id]],
    ['web', 3, []],
  ]);
  // The policy of the tests offers reserved resources to anybody.
  expect(roles[3]!.resources.cpus).toBe(3_000);
  expect(ask(driver, 'GET_ROLES', hiding('view_roles', 'web')).roles.map(({ name }) => name)).not.toContain(
    'web',
  );
  expect(ask(driver, 'GET_WEIGHTS').weightInfos).toEqual([{ role: 'web', weight: 3 }]);
});

test('what a role holds counts for those above it: allocated, offered and reserved apart; offers consume no quota', () => {
  const driver = new MasterDriver();
  const scheduler = driver.subscribe({ roles: ['eng/db'] });
  const agent = driver.register(1, { resources: resources('cpus:3;mem:2048;cpus(eng/db):1;cpus(ads):2') });
  driver.wait(2 * SECOND);
  driver.launchOn(scheduler, agent, 1);
  driver.wait(2 * SECOND);
  const breakdowns = new RoleBreakdowns(driver.machine.state);
  // One look for each agent.
  expect([...breakdowns.gather()]).toHaveLength(1);
  const told = (role: string) =>
    Object.fromEntries(
      Object.entries(breakdowns.of(role)).map(([field, { names, values }]: [string, Quantities]) => [
        field,
        names.map((name, index) => `${name}:${values[index]!}`).join(' '),
      ]),
    );
  // The policy of the tests offers reserved resources to anybody.
  const db = {
    allocated: 'cpus:1000 mem:512000',
    offered: 'cpus:5000 mem:1536000',
    reserved: 'cpus:1000',
    consumed: 'cpus:2000 mem:512000',
  };
  expect(told('eng/db')).toEqual(db);
  expect(told('eng')).toEqual(db);
  expect(told('ads')).toEqual({ allocated: '', offered: '', reserved: 'cpus:2000', consumed: 'cpus:2000' });
  expect(told('none')).toEqual({ allocated: '', offered: '', reserved: '', consumed: '' });
  for (const [role, tally] of quotaConsumption(driver.machine.state))
    expect(breakdowns.of(role).consumed.equals(tally.quantities())).toBe(true);
});

test('an answer stays what it was while the cluster goes on', () => {
  const { driver, scheduler, agent } = world();
  const { getAgents, getTasks } = ask(driver, 'GET_STATE');
  driver.update(scheduler, agent, 1, 'TASK_FINISHED', 1);
  driver.acknowledge(scheduler, agent.id, 1, 1);
  const later = ask(driver, 'GET_STATE');
  expect(getAgents.agents[0]!.allocatedResources.cpus).toBe(1_000);
  expect(later.getAgents.agents[0]!.allocatedResources.isEmpty).toBe(true);
  expect(getTasks.tasks.map(({ state }) => state)).toEqual(['TASK_STAGING']);
  expect(later.getTasks.completedTasks.map(({ state }) => state)).toEqual(['TASK_FINISHED']);
});

test('GET_MASTER tells who leads since when', () => {
  const driver = new MasterDriver({ now: micros(5) });
  expect(ask(driver, 'GET_MASTER')).toMatchObject({
    masterInfo: { epoch: 1 as MasterEpoch, port: 5_050 },
    startTime: 5,
    electedTime: 5,
  });
});

describe('a timeline', () => {
  test('has every state with instant, source and reason, over the end of the task and its framework', () => {
    const { driver, scheduler, agent } = world();
    const launched = driver.now;
    driver.wait(SECOND);
    driver.update(scheduler, agent, 1, 'TASK_RUNNING', 1);
    driver.update(scheduler, agent, 1, 'TASK_RUNNING', 1);
    driver.fromAgent(agent.link, { type: 'UNREGISTER_AGENT', agentId: agent.id });
    const expected = [
      { at: launched, state: 'TASK_STAGING', source: 'SOURCE_MASTER', reason: null },
      { at: driver.now, state: 'TASK_RUNNING', source: 'SOURCE_EXECUTOR', reason: null },
      { at: driver.now, state: 'TASK_UNREACHABLE', source: 'SOURCE_MASTER', reason: 'REASON_AGENT_REMOVED' },
    ];
    expect(driver.machine.timelines(scheduler.id, 1 as TaskId)).toEqual([
      { entries: expected, forgotten: 0 },
    ]);
    driver.call(scheduler.stream, { type: 'TEARDOWN', frameworkId: scheduler.id });
    expect(driver.machine.timelines(scheduler.id, 1 as TaskId)).toMatchObject([{ forgotten: 0 }]);
    expect(driver.machine.timelines(99 as never, 1 as TaskId)).toBeNull();
    expect(driver.machine.timelines(scheduler.id, 2 as TaskId)).toEqual([]);
  });

  test('keeps its first entry and the latest ones, and says how many it forgot', () => {
    const { driver, scheduler, agent } = world();
    for (let uuid = 1; uuid <= 6; uuid++)
      driver.update(scheduler, agent, 1, uuid % 2 === 0 ? 'TASK_RUNNING' : 'TASK_STARTING', uuid);
    const [timeline] = driver.machine.timelines(scheduler.id, 1 as TaskId)!;
    expect(timeline!.entries.map(({ state }) => state)).toEqual([
      'TASK_STAGING',
      'TASK_RUNNING',
      'TASK_STARTING',
      'TASK_RUNNING',
    ]);
    expect(timeline!.forgotten).toBe(3);
  });

  test('of an id used again: the latest task first', () => {
    const { driver, scheduler, agent } = world();
    driver.update(scheduler, agent, 1, 'TASK_FAILED', 1);
    driver.acknowledge(scheduler, agent.id, 1, 1);
    driver.wait(2 * SECOND);
    driver.launchOn(scheduler, agent, 1);
    const timelines = driver.machine.timelines(scheduler.id, 1 as TaskId)!;
    expect(timelines.map(({ entries }) => entries.at(-1)!.state)).toEqual(['TASK_STAGING', 'TASK_FAILED']);
  });
});
