import { expect, test } from 'vitest';
import { type AgentId, type MasterEpoch, micros, milli } from '../core/index.ts';
import { RegistryState } from '../registry/index.ts';
import { Quantities, ResourceLimits } from '../resources/index.ts';
import {
  agentInfo,
  eventsOn,
  executorInfo,
  launch,
  MasterDriver,
  messagesOn,
  MINUTE,
  reportedTask,
  SECOND,
  taskInfo,
  words,
} from './test-kit.ts';

// Spec 13 §3 and §4: what a new master knows, and how the rest comes back.

/** A master with one task, gone; what it left in the registry; what its agent and framework bring to the next. */
function fallenMaster() {
  const registry = new RegistryState();
  const old = new MasterDriver({ registry });
  const agents = [old.register(1), old.register(2)];
  const scheduler = old.subscribe({ failoverTimeout: 3_600 });
  const executor = executorInfo(9);
  const task = taskInfo(1, agents[0]!.id, { command: null, executor });
  old.accept(scheduler, [old.offerOf(scheduler.id, agents[0]!.id).id], [launch(task)]);
  const { info } = old.machine.state.frameworksById.get(scheduler.id)!;
  const report = {
    tasks: [reportedTask(scheduler.id, task)],
    executors: [{ frameworkId: scheduler.id, executor, role: 'eng' }],
    frameworks: [{ id: scheduler.id, info }],
  };
  return { registry, old, agents, scheduler, info, report };
}

test('a master leads when its election is durable, with an epoch of its own', () => {
  const registry = new RegistryState();
  const driver = new MasterDriver({ registry, elect: false });
  driver.holdsRegistry = true;
  expect(words(driver.elect())).toEqual(['persist masterElected']);
  expect(driver.machine.isLeading).toBe(false);
  expect(driver.machine.nextDeadline()).toBeNull();
  driver.makeDurable();
  expect(driver.machine.isLeading).toBe(true);
  expect(registry.epoch).toBe(1);
  expect(new MasterDriver({ registry }).machine.epoch).toBe(2);
});

test('ids of two masters differ', () => {
  const registry = new RegistryState();
  const [one, two] = [new MasterDriver({ registry }), new MasterDriver({ registry })];
  expect(one.register(1).id).not.toBe(two.register(2).id);
  expect(one.subscribe().id).not.toBe(two.subscribe().id);
});

test('agents of the registry are recovered: offered to nobody until they re-register', () => {
  const { registry, agents } = fallenMaster();
  const next = new MasterDriver({ registry });
  expect([...next.machine.state.recoveredAgents.keys()]).toEqual(agents.map((agent) => agent.id));
  const scheduler = next.subscribe();
  next.wait(5 * SECOND);
  expect(next.offersOf(scheduler.id)).toEqual([]);
  const { outputs, link } = next.reregister(agents[1]!.info);
  expect(words(outputs)).toEqual(['persist agentUpdated', 'AGENT_REREGISTERED', 'OFFERS 1']);
  expect(messagesOn(outputs, link)).toMatchObject([{ unreported: [] }]);
});

test('tasks, executors and frameworks come back with the agents, and tasks run on unannounced', () => {
  const { registry, agents, scheduler, report } = fallenMaster();
  const next = new MasterDriver({ registry });
  next.reregister(agents[0]!.info, report);
  const framework = next.machine.state.frameworksById.get(scheduler.id)!;
  expect(framework).toMatchObject({ recovered: true, stream: null });
  expect(next.stateOf(scheduler.id, 1)).toBe('TASK_RUNNING');
  expect(next.machine.stats.allocated).toMatchObject({ cpus: 1_100 });
  const { stream, outputs } = next.trySubscribe({ ...framework.info });
  expect(eventsOn(outputs, stream).map((event) => event.type)).toEqual(['SUBSCRIBED', 'OFFERS']);
  expect(framework.recovered).toBe(false);
  next.wait(2 * 60 * MINUTE);
  expect(next.stateOf(scheduler.id, 1)).toBe('TASK_RUNNING');
});

test('a scheduler may be back before its agents', () => {
  const { registry, agents, scheduler, info, report } = fallenMaster();
  const next = new MasterDriver({ registry });
  const { stream } = next.trySubscribe(info);
  expect(next.reconcile({ id: scheduler.id, stream }, [{ taskId: 1, agentId: agents[0]!.id }])).toEqual([]);
  next.reregister(agents[0]!.info, report);
  const [status] = next.reconcile({ id: scheduler.id, stream }, [{ taskId: 1, agentId: agents[0]!.id }]);
  expect(status).toMatchObject({ state: 'TASK_RUNNING' });
});

test('a task that ended and was not acknowledged comes back as ended, using nothing', () => {
  const { registry, agents, scheduler, info, report } = fallenMaster();
  const next = new MasterDriver({ registry });
  const { stream } = next.trySubscribe(info);
  const tasks = [
    {
      ...report.tasks[0]!,
      state: 'TASK_FINISHED',
      statusUpdateState: 'TASK_RUNNING',
      statusUpdateUuid: 4 as never,
    } as const,
  ];
  const { link } = next.reregister(agents[0]!.info, { ...report, executors: [], tasks });
  expect(next.stateOf(scheduler.id, 1)).toBe('TASK_FINISHED');
  expect(next.machine.stats.allocated.cpus).toBe(0);
  const agent = { id: agents[0]!.id, link };
  next.acknowledge({ id: scheduler.id, stream }, agent.id, 1, 4);
  next.update(scheduler, agent, 1, 'TASK_FINISHED', 5);
  next.acknowledge({ id: scheduler.id, stream }, agent.id, 1, 5);
  expect(next.stateOf(scheduler.id, 1)).toBeNull();
});

test('agents that do not return within ten minutes become unreachable, and frameworks are told', () => {
  const { registry, agents } = fallenMaster();
  const next = new MasterDriver({ registry });
  const { stream } = next.subscribe();
  next.wait(5 * MINUTE);
  next.reregister(agents[0]!.info);
  expect(words(next.wait(5 * MINUTE - 1)).filter((word) => word.startsWith('persist'))).toEqual([]);
  const outputs = next.wait(1);
  expect(eventsOn(outputs, stream).filter((event) => event.type === 'FAILURE')).toEqual([
    { type: 'FAILURE', agentId: agents[1]!.id, executorId: null, status: null },
  ]);
  expect(next.machine.state.recoveredAgents.size).toBe(0);
  expect(registry.snapshot().unreachable).toEqual(new Map([[agents[1]!.id, next.now]]));
  expect([...registry.snapshot().admitted.keys()]).toEqual([agents[0]!.id]);
});

test('an agent whose re-admission is on its way at that moment is not given up', () => {
  const { registry, agents } = fallenMaster();
  const next = new MasterDriver({ registry });
  next.reregister(agents[1]!.info);
  next.wait(10 * MINUTE - 1);
  next.holdsRegistry = true;
  next.reregister(agents[0]!.info);
  expect(words(next.wait(1))).not.toContain('persist agentMarkedUnreachable');
  expect(words(next.makeDurable())).toContain('AGENT_REREGISTERED');
});

test('a recovered agent that is being given up is admitted again only afterwards', () => {
  const { registry, agents } = fallenMaster();
  const next = new MasterDriver({ registry });
  next.holdsRegistry = true;
  next.wait(10 * MINUTE);
  expect(next.reregister(agents[0]!.info).outputs).toEqual([]);
  next.makeDurable();
  next.holdsRegistry = false;
  const { outputs } = next.reregister(agents[0]!.info);
  expect(words(outputs)).toEqual(['persist agentMarkedReachable', 'AGENT_REREGISTERED']);
});

test('weights of the registry reach the allocator', () => {
  const registry = new RegistryState();
  registry.apply({ kind: 'weightsUpdated', weightInfos: [{ role: 'eng', weight: 2.5 }] });
  expect(new MasterDriver({ registry }).allocator.weights).toEqual(new Map([['eng', 2.5]]));
});

test.each([0, 2])('quotas of the registry reach the allocator, with %i agents to wait for', (agents) => {
  const registry = new RegistryState();
  const quota = {
    guarantees: Quantities.of([['cpus', milli(2_000)]]),
    limits: ResourceLimits.of([['cpus', milli(4_000)]]),
  };
  const none = { guarantees: Quantities.EMPTY, limits: ResourceLimits.UNLIMITED };
  registry.apply({ kind: 'quotasUpdated', quotaConfigs: [{ role: 'eng', ...quota }] });
  registry.apply({ kind: 'quotasUpdated', quotaConfigs: [{ role: 'ops', ...quota }] });
  registry.apply({ kind: 'quotasUpdated', quotaConfigs: [{ role: 'ops', ...none }] });
  for (let n = 0; n < agents; n++) {
    const id = n as AgentId;
    registry.apply({ kind: 'agentAdmitted', id, info: agentInfo(n, { id }) });
  }
  const { allocator } = new MasterDriver({ registry });
  expect(allocator.quotas).toEqual(new Map([['eng', quota]]));
  expect(allocator.expectedAgents).toBe(agents);
});

test('an epoch that is not beyond the last is our own bug', () => {
  const registry = new RegistryState();
  registry.apply({ kind: 'masterElected', epoch: 3 as MasterEpoch });
  const driver = new MasterDriver({ elect: false });
  expect(() =>
    driver.step({ kind: 'elected', epoch: 3 as MasterEpoch, registry: registry.snapshot() }),
  ).toThrow(/epoch/);
});

test('an agent that was unreachable before the failover returns to the new master', () => {
  const registry = new RegistryState();
  const id = 5 as AgentId;
  registry.apply({ kind: 'agentAdmitted', id, info: agentInfo(1, { id }) });
  registry.apply({ kind: 'agentMarkedUnreachable', id, at: micros(1) });
  const driver = new MasterDriver({ registry });
  expect(words(driver.reregister(agentInfo(1, { id })).outputs)).toEqual([
    'persist agentMarkedReachable',
    'AGENT_REREGISTERED',
  ]);
  expect(driver.machine.state.unreachableAgents.size).toBe(0);
});
