import { describe, expect, test } from 'vitest';
import { type ExecutorId, micros, type UpdateId } from '../core/index.ts';
import type { FrameworkCapability } from '../protocol/index.ts';
import {
  EMPTY_REPORT,
  eventsOn,
  executorInfo,
  launch,
  MasterDriver,
  messagesOn,
  MINUTE,
  NOT_PARTITION_AWARE,
  type RegisteredAgent,
  reportedTask,
  type Scheduler,
  SECOND,
  taskInfo,
  toldOf,
  updatesOn,
  words,
} from './test-kit.ts';

// Spec 07 §5: agents that go away and come back.

const AWARE: readonly FrameworkCapability[] = ['MULTI_ROLE', 'PARTITION_AWARE'];

interface Scene {
  readonly driver: MasterDriver;
  readonly agent: RegisteredAgent;
  readonly scheduler: Scheduler;
}

/** A task 1 that runs under a custom executor, and an outstanding offer of the rest. */
function scene(given: { readonly checkpoint?: boolean; readonly aware?: boolean } = {}): Scene {
  const driver = new MasterDriver();
  const agent = driver.register(1);
  const scheduler = driver.subscribe({
    checkpoint: given.checkpoint ?? true,
    capabilities: given.aware === false ? NOT_PARTITION_AWARE : AWARE,
  });
  const task = taskInfo(1, agent.id, { command: null, executor: executorInfo(9) });
  driver.accept(scheduler, [driver.offerOf(scheduler.id).id], [launch(task)], { refuseSeconds: 0 });
  driver.update(scheduler, agent, 1, 'TASK_RUNNING', 1);
  driver.wait(SECOND);
  expect(driver.offersOf(scheduler.id)).toHaveLength(1);
  return { driver, agent, scheduler };
}

function reportOf({ agent, scheduler }: Scene) {
  const task = taskInfo(1, agent.id, { command: null, executor: executorInfo(9) });
  return {
    tasks: [reportedTask(scheduler.id, task)],
    executors: [{ frameworkId: scheduler.id, executor: executorInfo(9), role: 'eng' }],
  };
}

/** Misses as many pings as it takes, or breaks its link and stays away. */
const WAYS = ['misses its pings', 'breaks its link and does not return'] as const;

function loseAgent({ driver, agent }: Scene, way: (typeof WAYS)[number]) {
  if (way === 'misses its pings')
    return [1, 2, 3, 4, 5].flatMap(() => driver.step({ kind: 'pingsMissed', links: [agent.link] }));
  return [...driver.closeLink(agent.link), ...driver.wait(10 * MINUTE)];
}

describe.each(WAYS)('when an agent %s', (way) => {
  test.each([
    [true, 'TASK_UNREACHABLE'],
    [false, 'TASK_LOST'],
  ])(
    'its tasks (framework partition-aware: %s) become %s, offers are rescinded, and all frameworks are told',
    (aware, state) => {
      const given = scene({ aware });
      const { driver, scheduler, agent } = given;
      const bystander = driver.subscribe();
      const outputs = loseAgent(given, way);
      const updates = updatesOn(outputs, scheduler.stream);
      expect(toldOf(updates)).toEqual([`1 ${state} REASON_AGENT_REMOVED`]);
      expect(updates[0]).toMatchObject({ source: 'SOURCE_MASTER', uuid: null, agentId: agent.id });
      expect(updates[0]!.details?.unreachableTime ?? null).toBe(aware ? driver.now : null);
      const others = eventsOn(outputs, scheduler.stream).filter((event) => event.type !== 'UPDATE');
      expect(others.map((event) => event.type)).toEqual(['RESCIND', 'FAILURE']);
      expect(eventsOn(outputs, bystander.stream)).toEqual([
        { type: 'FAILURE', agentId: agent.id, executorId: null, status: null },
      ]);
      expect(driver.registry.snapshot().unreachable).toEqual(new Map([[agent.id, driver.now]]));
      expect(driver.machine.stats).toMatchObject({
        agentsConnected: 0,
        allocated: { cpus: 0 },
        total: { cpus: 0 },
      });
      expect(driver.machine.state.frameworksById.get(scheduler.id)!.unreachableTasks.size).toBe(1);
    },
  );

  test.each([true, false])(
    'and comes back, every task that it reports is back and nothing is killed (partition-aware: %s)',
    (aware) => {
      const given = scene({ aware });
      const { driver, scheduler, agent } = given;
      loseAgent(given, way);
      driver.wait(MINUTE);
      driver.allocator.isPaused = true;
      const { link, outputs } = driver.reregister(agent.info, reportOf(given));
      expect(toldOf(updatesOn(outputs, scheduler.stream))).toEqual([
        '1 TASK_RUNNING REASON_AGENT_REREGISTERED',
      ]);
      expect(messagesOn(outputs, link)).toEqual([
        { type: 'AGENT_REREGISTERED', agentId: agent.id, unreported: [], unreportedOperations: [] },
      ]);
      expect(driver.stateOf(scheduler.id, 1)).toBe('TASK_RUNNING');
      expect(driver.machine.stats.allocated).toMatchObject({ cpus: 1_100 });
      expect(driver.registry.snapshot().admitted.has(agent.id)).toBe(true);
      expect(driver.registry.snapshot().unreachable.size).toBe(0);
      driver.allocator.isPaused = false;
      driver.wait(SECOND);
      expect(driver.offerOf(scheduler.id, agent.id).resources.cpus).toBe(2_900);
    },
  );

  test('and comes back without a task, that task is gone and its id free', () => {
    const given = scene();
    const { driver, scheduler, agent } = given;
    loseAgent(given, way);
    driver.reregister(agent.info);
    expect(driver.machine.state.frameworksById.get(scheduler.id)!.unreachableTasks.size).toBe(0);
    expect(toldOf(driver.reconcile(scheduler, [{ taskId: 1, agentId: agent.id }]))).toEqual([
      '1 TASK_GONE REASON_RECONCILIATION',
    ]);
    driver.wait(SECOND);
    driver.launchOn(scheduler, agent, 1);
    expect(driver.stateOf(scheduler.id, 1)).toBe('TASK_STAGING');
  });

  test('and comes back with tasks of a removed framework, they are shut down, once it is registered and obeys', () => {
    const given = scene();
    const { driver, scheduler, agent } = given;
    loseAgent(given, way);
    driver.call(scheduler.stream, { type: 'TEARDOWN', frameworkId: scheduler.id });
    const frameworks = [{ id: scheduler.id, info: { user: 'x' } as never }];
    const { link, outputs } = driver.reregister(agent.info, { ...reportOf(given), frameworks });
    expect(messagesOn(outputs, link).map((message) => message.type)).toEqual([
      'AGENT_REREGISTERED',
      'SHUTDOWN_FRAMEWORK',
    ]);
    expect(driver.machine.stats.allocated).toMatchObject({ cpus: 0 });
    expect(driver.machine.state.frameworks.count).toBe(0);
  });

  test('and comes back with a task whose id runs elsewhere by now, it is killed there', () => {
    const driver = new MasterDriver({ options: { maxUnreachableTasksPerFramework: 0 } });
    const agent = driver.register(1);
    const scheduler = driver.subscribe();
    driver.launchOn(scheduler, agent, 1);
    loseAgent({ driver, agent, scheduler }, way);
    const other = driver.register(2);
    driver.launchOn(scheduler, other, 1);
    const report = { tasks: [reportedTask(scheduler.id, taskInfo(1, agent.id))] };
    const { link, outputs } = driver.reregister(agent.info, report);
    expect(messagesOn(outputs, link)).toMatchObject([
      { type: 'AGENT_REREGISTERED' },
      { type: 'KILL_TASK', taskId: 1 },
    ]);
    expect(driver.machine.state.frameworksById.get(scheduler.id)!.tasks.get(1 as never)!.agent.id).toBe(
      other.id,
    );
  });

  test('and comes back with a task whose id runs elsewhere by now, nobody is offered what it uses until it has ended', () => {
    const driver = new MasterDriver({ options: { maxUnreachableTasksPerFramework: 0 } });
    const agent = driver.register(1);
    const scheduler = driver.subscribe();
    const whole = agent.info.resources;
    const ofAgent = () => driver.offersOf(scheduler.id).filter(({ agentId }) => agentId === agent.id);
    driver.accept(scheduler, [driver.offerOf(scheduler.id).id], [launch(taskInfo(1, agent.id, {}, whole))]);
    loseAgent({ driver, agent, scheduler }, way);
    const other = driver.register(2);
    driver.launchOn(scheduler, other, 1);
    const task = reportedTask(scheduler.id, taskInfo(1, agent.id, {}, whole));
    const { link } = driver.reregister(agent.info, { tasks: [task] });
    driver.wait(MINUTE);
    expect(ofAgent()).toEqual([]);
    // Over another link, and in another way around the books, it is the same.
    driver.closeLink(link);
    const again = driver.reregister(agent.info, { tasks: [task] });
    expect(messagesOn(again.outputs, again.link).map(({ type }) => type)).toContain('KILL_TASK');
    driver.wait(MINUTE);
    expect(ofAgent()).toEqual([]);
    driver.update(scheduler, { ...agent, link: again.link }, 1, 'TASK_KILLED', 5);
    driver.wait(MINUTE);
    expect(ofAgent().map(({ resources }) => resources.toString())).toEqual([whole.toString()]);
    expect(driver.stateOf(scheduler.id, 1)).toBe('TASK_STAGING');
  });
});

test('an agent that misses its pings but is connected keeps the tasks of frameworks that do not checkpoint until it is unreachable', () => {
  const given = scene({ checkpoint: false });
  expect(toldOf(updatesOn(loseAgent(given, 'misses its pings'), given.scheduler.stream))).toEqual([
    '1 TASK_UNREACHABLE REASON_AGENT_REMOVED',
  ]);
});

describe('when a link breaks', () => {
  test('offers are rescinded, nothing else happens to a framework that checkpoints, and the agent is inactive', () => {
    const given = scene();
    const { driver, scheduler, agent } = given;
    expect(words(driver.closeLink(agent.link))).toEqual(['RESCIND']);
    driver.wait(9 * MINUTE);
    expect(driver.offersOf(scheduler.id)).toEqual([]);
    expect(driver.stateOf(scheduler.id, 1)).toBe('TASK_RUNNING');
  });

  test.each([true, false])(
    'tasks of a framework that does not checkpoint are lost at once (partition-aware: %s)',
    (aware) => {
      const given = scene({ checkpoint: false, aware });
      const { driver, scheduler, agent } = given;
      const outputs = driver.closeLink(agent.link);
      expect(toldOf(updatesOn(outputs, scheduler.stream))).toEqual(['1 TASK_LOST REASON_AGENT_DISCONNECTED']);
      expect(driver.machine.stats.allocated).toMatchObject({ cpus: 0, mem: 0 });
      expect(driver.stateOf(scheduler.id, 1)).toBeNull();
    },
  );

  test('and such a task is reported again, it counts again and is killed', () => {
    const given = scene({ checkpoint: false });
    const { driver, agent } = given;
    driver.closeLink(agent.link);
    const { link, outputs } = driver.reregister(agent.info, reportOf(given));
    expect(messagesOn(outputs, link).map((message) => message.type)).toEqual([
      'AGENT_REREGISTERED',
      'KILL_TASK',
    ]);
    expect(driver.machine.stats.allocated).toMatchObject({ cpus: 1_100 });
  });

  test('and such a task has ended meanwhile, whoever asks is told its end until that is acknowledged', () => {
    const given = scene({ checkpoint: false });
    const { driver, agent, scheduler } = given;
    driver.closeLink(agent.link);
    const task = reportedTask(scheduler.id, taskInfo(1, agent.id), 'TASK_FINISHED');
    const ended = { ...task, statusUpdateState: 'TASK_FINISHED', statusUpdateUuid: 2 as UpdateId } as const;
    const { link } = driver.reregister(agent.info, { ...EMPTY_REPORT, tasks: [ended] });
    expect(driver.machine.stats.allocated).toMatchObject({ cpus: 0 });
    expect(toldOf(driver.reconcile(scheduler, [{ taskId: 1, agentId: agent.id }]))).toEqual([
      '1 TASK_FINISHED REASON_RECONCILIATION',
    ]);
    driver.acknowledge(scheduler, agent.id, 1, 2);
    expect(driver.stateOf(scheduler.id, 1)).toBeNull();
    // A registration that was sent before the acknowledgement brings nothing back.
    driver.fromAgent(link, { type: 'REREGISTER_AGENT', info: agent.info, ...EMPTY_REPORT, tasks: [ended] });
    expect(driver.stateOf(scheduler.id, 1)).toBeNull();
  });

  test('and such a task runs elsewhere by now, the old one is killed', () => {
    const given = scene({ checkpoint: false });
    const { driver, agent, scheduler } = given;
    driver.closeLink(agent.link);
    const other = driver.register(2);
    driver.launchOn(scheduler, other, 1);
    const { link, outputs } = driver.reregister(agent.info, reportOf(given));
    expect(messagesOn(outputs, link).map((message) => message.type)).toEqual([
      'AGENT_REREGISTERED',
      'KILL_TASK',
    ]);
  });

  test('and the agent returns in time, it is active again and its tasks are as they were', () => {
    const given = scene();
    const { driver, agent, scheduler } = given;
    driver.closeLink(agent.link);
    driver.wait(MINUTE);
    const { link, outputs } = driver.reregister(agent.info, reportOf(given));
    expect(messagesOn(outputs, link)).toEqual([
      { type: 'AGENT_REREGISTERED', agentId: agent.id, unreported: [], unreportedOperations: [] },
    ]);
    expect(updatesOn(outputs, scheduler.stream)).toEqual([]);
    expect(driver.offersOf(scheduler.id)).toHaveLength(1);
    driver.wait(20 * MINUTE);
    expect(driver.stateOf(scheduler.id, 1)).toBe('TASK_RUNNING');
  });

  test('tasks that the agent does not report are told to it, to be answered by it', () => {
    const given = scene();
    const { driver, agent, scheduler } = given;
    driver.closeLink(agent.link);
    const { link, outputs } = driver.reregister(agent.info);
    expect(messagesOn(outputs, link)).toEqual([
      {
        type: 'AGENT_REREGISTERED',
        agentId: agent.id,
        unreported: [{ frameworkId: scheduler.id, taskId: 1, partitionAware: true }],
        unreportedOperations: [],
      },
    ]);
    // The executor ended while the agent was away: nobody is charged for it.
    expect(driver.machine.stats.allocated).toMatchObject({ cpus: 1_000 });
  });
});

test('a registration repeated over one link does not end an executor launched over it meanwhile', () => {
  const { driver, agent } = scene();
  driver.fromAgent(agent.link, {
    type: 'REREGISTER_AGENT',
    info: agent.info,
    tasks: [],
    executors: [],
    operations: [],
    frameworks: [],
  });
  expect(driver.machine.stats.allocated).toMatchObject({ cpus: 1_100 });
});

test('an executor’s end told over an old link does not end the one that runs now', () => {
  const given = scene();
  const { driver, agent, scheduler } = given;
  driver.closeLink(agent.link);
  driver.reregister(agent.info, reportOf(given));
  const exited = { agentId: agent.id, frameworkId: scheduler.id, executorId: 9 as ExecutorId, status: null };
  expect(driver.fromAgent(agent.link, { type: 'EXITED_EXECUTOR', ...exited })).toEqual([]);
  expect(driver.machine.stats.allocated).toMatchObject({ cpus: 1_100 });
});

test('unreachable tasks are remembered up to a bound, the oldest are forgotten', () => {
  const driver = new MasterDriver({ options: { maxUnreachableTasksPerFramework: 2 } });
  const agent = driver.register(1);
  const scheduler = driver.subscribe();
  driver.launchOn(scheduler, agent, 1, 2, 3);
  driver.closeLink(agent.link);
  driver.wait(10 * MINUTE);
  const { unreachableTasks } = driver.machine.state.frameworksById.get(scheduler.id)!;
  expect([...unreachableTasks.keys()]).toEqual([2, 3]);
});

test('a task that had ended unacknowledged is told of too, gives nothing back twice and is not remembered as unreachable', () => {
  const given = scene();
  const { driver, agent, scheduler } = given;
  driver.update(scheduler, agent, 1, 'TASK_FINISHED', 2);
  expect(toldOf(updatesOn(loseAgent(given, 'misses its pings'), scheduler.stream))).toEqual([
    '1 TASK_UNREACHABLE REASON_AGENT_REMOVED',
  ]);
  expect(driver.stateOf(scheduler.id, 1)).toBeNull();
  expect(driver.machine.state.frameworksById.get(scheduler.id)!.unreachableTasks.size).toBe(0);
});

test('unregistering marks the agent unreachable', () => {
  const { driver, agent } = scene();
  driver.fromAgent(agent.link, { type: 'UNREGISTER_AGENT', agentId: agent.id });
  expect(driver.machine.state.agentsById.size).toBe(0);
  expect(driver.now).toBe(micros(SECOND));
});
