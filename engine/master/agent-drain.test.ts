import { describe, expect, test } from 'vitest';
import { ALL_SEEING } from '../authorization/index.ts';
import { type AgentId, type FrameworkId, micros } from '../core/index.ts';
import type { FrameworkInfo, MasterToAgent, OperatorMutation } from '../protocol/index.ts';
import type { MasterOutput } from './output.ts';
import { stateDigest } from './state-digest.ts';
import {
  answersIn,
  eventsOn,
  MasterDriver,
  messagesOn,
  MINUTE,
  type RegisteredAgent,
  reportedTask,
  type Scheduler,
  SECOND,
  taskInfo,
  updatesOn,
  words,
} from './test-kit.ts';

function drain(agentId: AgentId, changes: Partial<{ maxGracePeriod: number; markGone: boolean }> = {}) {
  const { maxGracePeriod = null, markGone = false } = changes;
  return {
    type: 'DRAIN_AGENT',
    agentId,
    maxGracePeriod: maxGracePeriod === null ? null : micros(maxGracePeriod),
    markGone,
  } as const;
}

function reactivate(agentId: AgentId): OperatorMutation {
  return { type: 'REACTIVATE_AGENT', agentId };
}

function drainOf(driver: MasterDriver, { id }: Pick<RegisteredAgent, 'id'>) {
  return driver.machine.state.deactivatedAgents.get(id) ?? null;
}

function isDeactivated(driver: MasterDriver, { id }: Pick<RegisteredAgent, 'id'>): boolean {
  const recorded = driver.machine.state.deactivatedAgents.has(id);
  expect(driver.registry.deactivated.has(id)).toBe(recorded);
  return recorded;
}

function drainOrders(outputs: readonly MasterOutput[], agent: Pick<RegisteredAgent, 'link'>) {
  return messagesOn(outputs, agent.link).filter(
    (message): message is Extract<MasterToAgent, { type: 'DRAIN_AGENT' }> => message.type === 'DRAIN_AGENT',
  );
}

/** As the scheduler subscribed it, with its id. */
function frameworkOf(driver: MasterDriver, id: FrameworkId): FrameworkInfo {
  return driver.machine.state.frameworksById.get(id)!.info;
}

/** The task ends, and its end is acknowledged. */
function end(
  driver: MasterDriver,
  scheduler: Scheduler,
  agent: RegisteredAgent,
  taskId: number,
): MasterOutput[] {
  return [
    ...driver.update(scheduler, agent, taskId, 'TASK_KILLED', 100 + taskId),
    ...driver.acknowledge(scheduler, agent.id, taskId, 100 + taskId),
  ];
}

function refusedWithoutTrace(driver: MasterDriver, call: OperatorMutation): string {
  const before = stateDigest(driver);
  const outputs = driver.operator(call);
  expect(outputs).toHaveLength(1);
  expect(stateDigest(driver)).toBe(before);
  return answersIn(outputs)[0]!;
}

describe('DRAIN_AGENT', () => {
  test('the agent is deactivated: its offers are rescinded, no more are made, and it is told to drain', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    const scheduler = driver.subscribe();
    driver.launchOn(scheduler, agent, 1);
    driver.wait(2 * SECOND);
    expect(driver.offersOf(scheduler.id)).toHaveLength(1);
    const outputs = driver.operator(drain(agent.id, { maxGracePeriod: 5 * SECOND }));
    expect(words(outputs)).toEqual(['persist agentDrainStarted', 'RESCIND', 'DRAIN_AGENT', 'answerCall']);
    expect(drainOrders(outputs, agent)).toEqual([
      { type: 'DRAIN_AGENT', config: { maxGracePeriod: 5 * SECOND, markGone: false }, tasks: null },
    ]);
    driver.wait(10 * SECOND);
    expect(driver.offersOf(scheduler.id)).toEqual([]);
    expect(drainOf(driver, agent)).toMatchObject({ state: 'DRAINING' });
  });

  test('nothing is told, answered or rescinded before the registry holds it', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    const scheduler = driver.subscribe();
    driver.holdsRegistry = true;
    expect(words(driver.operator(drain(agent.id)))).toEqual(['persist agentDrainStarted']);
    expect(driver.offersOf(scheduler.id)).toHaveLength(1);
    expect(words(driver.makeDurable())).toContain('answerCall');
    expect(driver.offersOf(scheduler.id)).toEqual([]);
  });

  test('it is over when no task is left, not even an ended one that nobody has acknowledged', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    const scheduler = driver.subscribe();
    driver.launchOn(scheduler, agent, 1, 2);
    driver.operator(drain(agent.id));
    end(driver, scheduler, agent, 1);
    driver.update(scheduler, agent, 2, 'TASK_KILLED', 102);
    expect(drainOf(driver, agent)?.state).toBe('DRAINING');
    expect(words(driver.acknowledge(scheduler, agent.id, 2, 102))).toEqual([
      'STATUS_UPDATE_ACKNOWLEDGEMENT',
      'persist agentDrained',
    ]);
    expect(drainOf(driver, agent)?.state).toBe('DRAINED');
    expect(isDeactivated(driver, agent)).toBe(true);
  });

  test('an agent with nothing on it is drained at once (bug ledger B20)', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    expect(words(driver.operator(drain(agent.id)))).toEqual([
      'persist agentDrainStarted',
      'DRAIN_AGENT',
      'answerCall',
      'persist agentDrained',
    ]);
    expect(drainOf(driver, agent)?.state).toBe('DRAINED');
  });

  test('with mark_gone the agent is marked gone when it is empty, and told to go', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    const scheduler = driver.subscribe();
    driver.launchOn(scheduler, agent, 1);
    driver.operator(drain(agent.id, { markGone: true }));
    const outputs = end(driver, scheduler, agent, 1);
    expect(words(outputs)).toEqual([
      'TASK_KILLED 1',
      'STATUS_UPDATE_ACKNOWLEDGEMENT',
      'persist agentMarkedGone',
      'SHUTDOWN',
      'closeLink',
      'FAILURE',
    ]);
    expect(driver.machine.state.goneAgents.has(agent.id)).toBe(true);
    expect(isDeactivated(driver, agent)).toBe(false);
  });

  test('said again, it replaces the config and the agent is told anew', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    const scheduler = driver.subscribe();
    driver.launchOn(scheduler, agent, 1);
    driver.operator(drain(agent.id, { markGone: true }));
    const outputs = driver.operator(drain(agent.id, { maxGracePeriod: 0 }));
    expect(drainOrders(outputs, agent).map(({ config }) => config)).toEqual([
      { maxGracePeriod: 0, markGone: false },
    ]);
    end(driver, scheduler, agent, 1);
    expect(driver.machine.state.goneAgents.has(agent.id)).toBe(false);
    expect(drainOf(driver, agent)?.state).toBe('DRAINED');
  });

  test('survives a new master: the agent is told again as soon as it is back, and gets no offer in between', () => {
    const before = new MasterDriver();
    const agent = before.register(1);
    const scheduler = before.subscribe();
    before.launchOn(scheduler, agent, 1);
    before.operator(drain(agent.id, { maxGracePeriod: SECOND }));
    const driver = new MasterDriver({ registry: before.registry });
    driver.trySubscribe(frameworkOf(before, scheduler.id));
    const report = {
      tasks: [reportedTask(scheduler.id, taskInfo(1, agent.id))],
      frameworks: [{ id: scheduler.id, info: frameworkOf(before, scheduler.id) }],
    };
    const { link, outputs } = driver.reregister(agent.info, report);
    expect(messagesOn(outputs, link).map(({ type }) => type)).toEqual(['AGENT_REREGISTERED', 'DRAIN_AGENT']);
    driver.wait(MINUTE);
    expect(driver.offersOf(scheduler.id)).toEqual([]);
    expect(isDeactivated(driver, agent)).toBe(true);
  });

  test('survives unreachability: back from it, the agent is drained as before and offered to nobody (bug ledger B21)', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    const scheduler = driver.subscribe();
    driver.launchOn(scheduler, agent, 1);
    driver.operator(drain(agent.id));
    driver.closeLink(agent.link);
    driver.wait(11 * MINUTE);
    expect(driver.machine.state.unreachableAgents.has(agent.id)).toBe(true);
    expect(drainOf(driver, agent)?.state).toBe('DRAINING');
    const report = { tasks: [reportedTask(scheduler.id, taskInfo(1, agent.id))] };
    const { link, outputs } = driver.reregister(agent.info, report);
    expect(messagesOn(outputs, link).map(({ type }) => type)).toEqual(['AGENT_REREGISTERED', 'DRAIN_AGENT']);
    driver.wait(MINUTE);
    expect(driver.offersOf(scheduler.id)).toEqual([]);
    expect(drainOf(driver, agent)?.state).toBe('DRAINING');
  });

  test('an unreachable agent can be drained; once it is back without a task it is drained', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    driver.closeLink(agent.link);
    driver.wait(11 * MINUTE);
    expect(answersIn(driver.operator(drain(agent.id)))).toEqual(['200']);
    expect(drainOf(driver, agent)?.state).toBe('DRAINING');
    const { outputs } = driver.reregister(agent.info);
    expect(words(outputs)).toContain('persist agentDrained');
  });

  test('a recovered agent can be drained', () => {
    const before = new MasterDriver();
    const agent = before.register(1);
    const driver = new MasterDriver({ registry: before.registry });
    expect(answersIn(driver.operator(drain(agent.id)))).toEqual(['200']);
    expect(words(driver.reregister(agent.info).outputs)).toContain('DRAIN_AGENT');
  });

  test('a disconnected agent is not drained before it is back and has said what it runs', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    driver.closeLink(agent.link);
    driver.operator(drain(agent.id));
    expect(drainOf(driver, agent)?.state).toBe('DRAINING');
    driver.reregister(agent.info);
    expect(drainOf(driver, agent)?.state).toBe('DRAINED');
  });

  describe('is refused, without a trace,', () => {
    test('for an agent that nobody knows (400)', () => {
      expect(refusedWithoutTrace(new MasterDriver(), drain(77 as AgentId))).toBe(
        'CALL_INVALID Unknown agent #A77',
      );
    });

    test('for an agent that is gone (400), and for one that is being marked gone (409)', () => {
      const driver = new MasterDriver();
      const agent = driver.register(1);
      driver.holdsRegistry = true;
      driver.operator({ type: 'MARK_AGENT_GONE', agentId: agent.id });
      expect(refusedWithoutTrace(driver, drain(agent.id))).toMatch('CONFLICT');
      driver.makeDurable();
      expect(refusedWithoutTrace(driver, drain(agent.id))).toMatch('CALL_INVALID Unknown agent');
    });

    test('for an agent whose machine is in the maintenance schedule (400)', () => {
      const driver = new MasterDriver();
      const agent = driver.register(1, { ip: '10.0.0.1' });
      driver.operator({
        type: 'UPDATE_MAINTENANCE_SCHEDULE',
        schedule: {
          windows: [
            {
              machineIds: [{ hostname: 'HOST-1', ip: '10.0.0.1' }],
              unavailability: { start: micros(0), duration: null },
            },
          ],
        },
      });
      expect(refusedWithoutTrace(driver, drain(agent.id))).toMatch('in the maintenance schedule');
    });

    test('for an agent without AGENT_DRAINING (400), and for a negative grace period (400)', () => {
      const driver = new MasterDriver();
      const old = driver.register(1, { capabilities: ['MULTI_ROLE'] });
      expect(refusedWithoutTrace(driver, drain(old.id))).toMatch('lacks AGENT_DRAINING');
      const agent = driver.register(2);
      expect(refusedWithoutTrace(driver, drain(agent.id, { maxGracePeriod: -1 }))).toMatch('0 or more');
    });
  });
});

describe('DEACTIVATE_AGENT', () => {
  test('offers are rescinded and no more are made; running tasks are let alone', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    const scheduler = driver.subscribe();
    driver.launchOn(scheduler, agent, 1);
    driver.wait(2 * SECOND);
    const outputs = driver.operator({ type: 'DEACTIVATE_AGENT', agentId: agent.id });
    expect(words(outputs)).toEqual(['persist agentDeactivated', 'RESCIND', 'answerCall']);
    driver.wait(MINUTE);
    expect(driver.offersOf(scheduler.id)).toEqual([]);
    expect(driver.stateOf(scheduler.id, 1)).toBe('TASK_STAGING');
  });

  test('is persistent over links and masters', () => {
    const before = new MasterDriver();
    const agent = before.register(1);
    before.operator({ type: 'DEACTIVATE_AGENT', agentId: agent.id });
    before.closeLink(agent.link);
    before.reregister(agent.info);
    const first = before.subscribe();
    before.wait(MINUTE);
    expect(before.offersOf(first.id)).toEqual([]);
    const driver = new MasterDriver({ registry: before.registry });
    driver.reregister(agent.info);
    const scheduler = driver.subscribe();
    driver.wait(MINUTE);
    expect(driver.offersOf(scheduler.id)).toEqual([]);
    expect(isDeactivated(driver, agent)).toBe(true);
  });

  test('of an agent that drains it changes nothing', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    const scheduler = driver.subscribe();
    driver.launchOn(scheduler, agent, 1);
    driver.operator(drain(agent.id));
    expect(answersIn(driver.operator({ type: 'DEACTIVATE_AGENT', agentId: agent.id }))).toEqual(['200']);
    expect(drainOf(driver, agent)?.state).toBe('DRAINING');
  });

  test('of a stranger is refused (400), without a trace', () => {
    expect(
      refusedWithoutTrace(new MasterDriver(), { type: 'DEACTIVATE_AGENT', agentId: 5 as AgentId }),
    ).toMatch('CALL_INVALID');
  });
});

describe('REACTIVATE_AGENT', () => {
  test('offers resume at the next allocation; a drained agent is told that its drain is over', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    driver.operator(drain(agent.id));
    const scheduler = driver.subscribe();
    const outputs = driver.operator(reactivate(agent.id));
    expect(messagesOn(outputs, agent.link)).toEqual([{ type: 'STOP_DRAINING' }]);
    expect(answersIn(outputs)).toEqual(['200']);
    driver.wait(2 * SECOND);
    expect(driver.offersOf(scheduler.id)).toHaveLength(1);
    expect(isDeactivated(driver, agent)).toBe(false);
  });

  test('an agent that was away while the registry was written is not activated: it is not there (bug ledger B19)', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    driver.operator({ type: 'DEACTIVATE_AGENT', agentId: agent.id });
    const scheduler = driver.subscribe();
    driver.holdsRegistry = true;
    driver.operator(reactivate(agent.id));
    driver.closeLink(agent.link);
    expect(answersIn(driver.makeDurable())).toEqual(['200']);
    driver.wait(MINUTE);
    expect(driver.offersOf(scheduler.id)).toEqual([]);
    driver.holdsRegistry = false;
    driver.reregister(agent.info);
    driver.wait(2 * SECOND);
    expect(driver.offersOf(scheduler.id)).toHaveLength(1);
  });

  test('409 if the agent is not registered at that moment, and its state is cleared all the same (bug ledger B19)', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    driver.operator({ type: 'DEACTIVATE_AGENT', agentId: agent.id });
    driver.closeLink(agent.link);
    driver.wait(11 * MINUTE);
    expect(answersIn(driver.operator(reactivate(agent.id)))[0]).toMatch('CONFLICT');
    expect(isDeactivated(driver, agent)).toBe(false);
  });

  test('is refused for an agent that is not deactivated (400) and for one that is draining (400)', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    expect(refusedWithoutTrace(driver, reactivate(agent.id))).toMatch('is not deactivated');
    const scheduler = driver.subscribe();
    driver.launchOn(scheduler, agent, 1);
    driver.operator(drain(agent.id));
    expect(refusedWithoutTrace(driver, reactivate(agent.id))).toMatch('still draining');
  });

  test('while the end of the drain is on its way to the registry, the drain still counts as going on', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    driver.holdsRegistry = true;
    driver.operator(drain(agent.id));
    expect(refusedWithoutTrace(driver, reactivate(agent.id))).toMatch('still draining');
    driver.makeDurable(1);
    // `agentDrained` is written: what is judged is what will be.
    expect(driver.operator(reactivate(agent.id)).map(({ kind }) => kind)).toEqual(['persist']);
    expect(answersIn(driver.makeDurable())).toEqual(['200']);
    expect(isDeactivated(driver, agent)).toBe(false);
  });

  test('with the option drainCancel it takes a drain back that goes on', () => {
    const driver = new MasterDriver({ options: { drainCancel: true } });
    const agent = driver.register(1);
    const scheduler = driver.subscribe();
    driver.launchOn(scheduler, agent, 1);
    driver.operator(drain(agent.id));
    const outputs = driver.operator(reactivate(agent.id));
    expect(answersIn(outputs)).toEqual(['200']);
    expect(messagesOn(outputs, agent.link)).toEqual([{ type: 'STOP_DRAINING' }]);
    end(driver, scheduler, agent, 1);
    expect(isDeactivated(driver, agent)).toBe(false);
    driver.wait(2 * SECOND);
    expect(driver.offersOf(scheduler.id)).not.toEqual([]);
  });
});

test('what operators see of an agent says that it is deactivated, how far its drain is, and since when', () => {
  const driver = new MasterDriver();
  const agent = driver.register(1);
  driver.now = micros(5 * SECOND);
  driver.operator(drain(agent.id));
  const seen = driver.machine.query(driver.now, { type: 'GET_AGENTS' }, ALL_SEEING);
  expect(seen.ok && seen.value).toMatchObject({
    agents: [
      {
        active: false,
        deactivated: true,
        drainInfo: { state: 'DRAINED', config: { maxGracePeriod: null, markGone: false } },
        estimatedDrainStartTime: 5 * SECOND,
      },
    ],
  });
});

test('an agent that is drained can no longer be offered, so nothing is launched on it by an offer of before', () => {
  const driver = new MasterDriver();
  const agent = driver.register(1);
  const scheduler = driver.subscribe();
  const offer = driver.offerOf(scheduler.id);
  driver.operator(drain(agent.id));
  const outputs = driver.accept(
    scheduler,
    [offer.id],
    [{ type: 'LAUNCH', id: null, taskInfos: [taskInfo(1, agent.id)] }],
  );
  expect(updatesOn(outputs, scheduler.stream).map(({ state }) => state)).toEqual(['TASK_DROPPED']);
  expect(eventsOn(outputs, scheduler.stream)).toHaveLength(1);
});
