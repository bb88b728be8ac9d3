import { describe, expect, test } from 'vitest';
import type { AgentId } from '../core/index.ts';
import { stateDigest } from './state-digest.ts';
import {
  answersIn,
  eventsOn,
  MasterDriver,
  messagesOn,
  MINUTE,
  NOT_PARTITION_AWARE,
  reportedTask,
  taskInfo,
  toldOf,
  updatesOn,
  words,
} from './test-kit.ts';

function gone(agentId: AgentId) {
  return { type: 'MARK_AGENT_GONE', agentId } as const;
}

describe('MARK_AGENT_GONE', () => {
  test('ends the agent’s tasks in the step that removes it, and frees their resources (bug ledger B59)', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    const scheduler = driver.subscribe();
    driver.launchOn(scheduler, agent, 1, 2);
    const outputs = driver.operator(gone(agent.id));
    expect(toldOf(updatesOn(outputs, scheduler.stream))).toEqual([
      '1 TASK_GONE_BY_OPERATOR REASON_AGENT_REMOVED_BY_OPERATOR',
      '2 TASK_GONE_BY_OPERATOR REASON_AGENT_REMOVED_BY_OPERATOR',
    ]);
    expect(messagesOn(outputs, agent.link)).toEqual([
      { type: 'SHUTDOWN', message: 'Agent has been marked gone' },
    ]);
    expect(answersIn(outputs)).toEqual(['200']);
    expect(driver.machine.stats.allocated).toMatchObject({ cpus: 0, mem: 0 });
  });

  test('frameworks that are not partition-aware are told TASK_LOST', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    const scheduler = driver.subscribe({ capabilities: NOT_PARTITION_AWARE });
    driver.launchOn(scheduler, agent, 1);
    const outputs = driver.operator(gone(agent.id));
    expect(toldOf(updatesOn(outputs, scheduler.stream))).toEqual([
      '1 TASK_LOST REASON_AGENT_REMOVED_BY_OPERATOR',
    ]);
  });

  test('an agent that is gone may never re-register, with this master or the next', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    driver.operator(gone(agent.id));
    for (const master of [driver, new MasterDriver({ registry: driver.registry })]) {
      const { link, outputs } = master.reregister(agent.info);
      expect(messagesOn(outputs, link).map(({ type }) => type)).toEqual(['SHUTDOWN']);
    }
  });

  test('twice is once: 200, and nothing happens', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    driver.operator(gone(agent.id));
    const before = stateDigest(driver);
    expect(words(driver.operator(gone(agent.id)))).toEqual(['answerCall']);
    expect(stateDigest(driver)).toBe(before);
  });

  test('of an agent that nobody knows is refused with 404, without a trace', () => {
    const driver = new MasterDriver();
    const before = stateDigest(driver);
    expect(answersIn(driver.operator(gone(9 as AgentId)))[0]).toMatch('NOT_FOUND');
    expect(stateDigest(driver)).toBe(before);
  });

  test('is refused with 503 while another transition of the agent is on its way to the registry', () => {
    const driver = new MasterDriver();
    const [one, two] = [driver.register(1), driver.register(2)];
    driver.holdsRegistry = true;
    driver.operator(gone(one.id));
    driver.fromAgent(two.link, { type: 'UNREGISTER_AGENT', agentId: two.id });
    const before = stateDigest(driver);
    for (const { id } of [one, two]) expect(answersIn(driver.operator(gone(id)))[0]).toMatch('IN_TRANSITION');
    expect(stateDigest(driver)).toBe(before);
    driver.makeDurable();
    driver.reregister(two.info);
    expect(answersIn(driver.operator(gone(two.id)))[0]).toMatch('IN_TRANSITION');
  });

  test('of a recovered agent tells of no task, and frameworks that its agent is gone', () => {
    const before = new MasterDriver();
    const agent = before.register(1);
    const driver = new MasterDriver({ registry: before.registry });
    const scheduler = driver.subscribe();
    const outputs = driver.operator(gone(agent.id));
    expect(eventsOn(outputs, scheduler.stream)).toEqual([
      { type: 'FAILURE', agentId: agent.id, executorId: null, status: null },
    ]);
    expect(driver.reconcile(scheduler, [{ taskId: 1, agentId: agent.id }]).map(({ state }) => state)).toEqual(
      ['TASK_GONE_BY_OPERATOR'],
    );
  });

  test('of an unreachable agent ends the tasks that partition-aware frameworks still hope for', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    const scheduler = driver.subscribe();
    driver.launchOn(scheduler, agent, 1);
    driver.closeLink(agent.link);
    driver.wait(11 * MINUTE);
    const outputs = driver.operator(gone(agent.id));
    expect(toldOf(updatesOn(outputs, scheduler.stream))).toEqual([
      '1 TASK_GONE_BY_OPERATOR REASON_AGENT_REMOVED_BY_OPERATOR',
    ]);
    const { link, outputs: refused } = driver.reregister(agent.info, {
      tasks: [reportedTask(scheduler.id, taskInfo(1, agent.id))],
    });
    expect(messagesOn(refused, link).map(({ type }) => type)).toEqual(['SHUTDOWN']);
  });

  test('what the agent says while it is being marked is not heard', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    driver.closeLink(agent.link);
    driver.wait(11 * MINUTE);
    driver.holdsRegistry = true;
    driver.operator(gone(agent.id));
    expect(driver.reregister(agent.info).outputs).toEqual([]);
    driver.makeDurable();
    expect(words(driver.reregister(agent.info).outputs)).toEqual(['SHUTDOWN']);
  });
});
