import { describe, expect, test } from 'vitest';
import { type AgentId, micros } from '../core/index.ts';
import type { AgentInfo } from '../protocol/index.ts';
import { RegistryState } from '../registry/index.ts';
import {
  agentInfo,
  EMPTY_REPORT,
  eventsOn,
  MasterDriver,
  messagesOn,
  MINUTE,
  reportedTask,
  resources,
  SECOND,
  taskInfo,
  toldOf,
  updatesOn,
  words,
} from './test-kit.ts';

// Spec 13 §3 and §5: registration, what waits for the registry, pings, duplicates, addresses.

function registerMessage(n: number, changes: Partial<AgentInfo> = {}) {
  return { type: 'REGISTER_AGENT', info: agentInfo(n, changes) } as const;
}

describe('nothing is answered before it is durable:', () => {
  test('an agent is registered and offered when its admission is', () => {
    const driver = new MasterDriver();
    const { id: frameworkId } = driver.subscribe();
    driver.holdsRegistry = true;
    const link = driver.newLink();
    expect(words(driver.fromAgent(link, registerMessage(1)))).toEqual(['persist agentAdmitted']);
    expect(driver.machine.state.agents.count).toBe(0);
    expect(words(driver.wait(5 * SECOND))).toEqual([]);
    expect(words(driver.makeDurable())).toEqual(['AGENT_REGISTERED', 'OFFERS 1']);
    expect(driver.offersOf(frameworkId)).toHaveLength(1);
  });

  test('an unreachable agent stays what it was until the registry says so', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    const scheduler = driver.subscribe();
    driver.launchOn(scheduler, agent, 1);
    driver.holdsRegistry = true;
    driver.closeLink(agent.link);
    const at = micros(driver.now + 10 * MINUTE);
    expect(words(driver.wait(10 * MINUTE))).toEqual(['persist agentMarkedUnreachable']);
    driver.wait(MINUTE);
    expect(driver.stateOf(scheduler.id, 1)).toBe('TASK_STAGING');
    // Too late to come back: the write is on its way.
    expect(driver.reregister(agent.info).outputs).toEqual([]);
    const updates = updatesOn(driver.makeDurable(), scheduler.stream);
    expect(toldOf(updates)).toEqual(['1 TASK_UNREACHABLE REASON_AGENT_REMOVED']);
    // The instant is the one that the registry holds.
    expect(updates[0]!.details!.unreachableTime).toBe(at);
    expect(driver.machine.state.unreachableAgents.get(agent.id)).toBe(at);
  });

  test('a returning agent is answered when its re-admission is', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    driver.closeLink(agent.link);
    driver.wait(10 * MINUTE);
    driver.holdsRegistry = true;
    const { outputs } = driver.reregister(agent.info);
    expect(words(outputs)).toEqual(['persist agentMarkedReachable']);
    expect(words(driver.reregister(agent.info).outputs)).toEqual([]);
    expect(words(driver.makeDurable())).toEqual(['AGENT_REREGISTERED']);
  });

  test('writes take effect in the order in which they were made, as many as are durable', () => {
    const driver = new MasterDriver();
    driver.holdsRegistry = true;
    const links = [1, 2, 3].map((n) => {
      const link = driver.newLink();
      driver.fromAgent(link, registerMessage(n));
      return link;
    });
    const first = driver.makeDurable(2);
    expect(links.map((link) => messagesOn(first, link).length)).toEqual([1, 1, 0]);
    expect(messagesOn(driver.makeDurable(1), links[2]!)).toHaveLength(1);
  });

  test('a row that an agent left in a batch of writes is not taken for the next one’s', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    const { id: frameworkId } = driver.subscribe();
    const decline = () => driver.offersOf(frameworkId).map((offer) => offer.id);
    const { stream } = driver.machine.state.frameworksById.get(frameworkId)!;
    driver.call(stream!, {
      type: 'DECLINE',
      frameworkId,
      offerIds: decline(),
      filters: { refuseSeconds: 0 },
    });
    driver.holdsRegistry = true;
    driver.fromAgent(driver.newLink(), registerMessage(2));
    for (let miss = 0; miss < 5; miss++) driver.step({ kind: 'pingsMissed', links: [agent.link] });
    driver.fromAgent(driver.newLink(), registerMessage(3, { resources: resources('cpus:1') }));
    // The admission of 2 offers 1's resources too; then 1 goes, and 3 takes its row.
    driver.makeDurable();
    for (const offer of driver.offersOf(frameworkId))
      expect(offer.agent.resources.contains(offer.resources)).toBe(true);
    expect(driver.offersOf(frameworkId)).toHaveLength(2);
  });

  test('a master whose registry fails abdicates and does nothing any more', () => {
    const driver = new MasterDriver();
    expect(words(driver.step({ kind: 'registryFailed', reason: 'disk full' }))).toEqual(['abdicate']);
    expect(driver.step({ kind: 'tick' })).toEqual([]);
    expect(driver.machine.nextDeadline()).toBeNull();
  });
});

describe('a registration', () => {
  test('that is repeated while its write is on its way is ignored, and answered again afterwards', () => {
    const driver = new MasterDriver();
    driver.holdsRegistry = true;
    const link = driver.newLink();
    driver.fromAgent(link, registerMessage(1));
    expect(driver.fromAgent(link, registerMessage(1))).toEqual([]);
    const [answer] = messagesOn(driver.makeDurable(), link);
    expect(messagesOn(driver.fromAgent(link, registerMessage(1)), link)).toEqual([answer]);
    expect(driver.machine.state.agents.count).toBe(1);
  });

  test('whose link broke before it was durable leaves an agent that is offered to nobody and times out', () => {
    const driver = new MasterDriver();
    const { id } = driver.subscribe();
    driver.holdsRegistry = true;
    const link = driver.newLink();
    driver.fromAgent(link, registerMessage(1));
    driver.closeLink(link);
    expect(messagesOn(driver.makeDurable(), link)).toEqual([]);
    driver.holdsRegistry = false;
    driver.wait(5 * SECOND);
    expect(driver.offersOf(id)).toEqual([]);
    driver.wait(10 * MINUTE);
    expect(driver.machine.state.agents.count).toBe(0);
  });

  test('at the address of another agent removes that one first', () => {
    const driver = new MasterDriver();
    const old = driver.register(1);
    const scheduler = driver.subscribe();
    driver.launchOn(scheduler, old, 1);
    driver.closeLink(old.link);
    driver.holdsRegistry = true;
    const link = driver.newLink();
    expect(words(driver.fromAgent(link, registerMessage(1)))).toEqual(['persist agentRemoved']);
    const removal = driver.makeDurable();
    expect(toldOf(updatesOn(removal, scheduler.stream))).toEqual(['1 TASK_GONE REASON_AGENT_REMOVED']);
    expect(words(removal)).toContain('persist agentAdmitted');
    const [registered] = messagesOn(driver.makeDurable(), link);
    expect(registered).toMatchObject({ type: 'AGENT_REGISTERED' });
    expect(driver.registry.snapshot().admitted.has(old.id)).toBe(false);
    expect(driver.machine.state.agents.count).toBe(1);
  });

  test('at the address of an agent being removed is taken up when it is repeated', () => {
    const driver = new MasterDriver();
    const old = driver.register(1);
    driver.holdsRegistry = true;
    for (let miss = 0; miss < 5; miss++) driver.step({ kind: 'pingsMissed', links: [old.link] });
    const link = driver.newLink();
    expect(driver.fromAgent(link, registerMessage(1))).toEqual([]);
    driver.makeDurable();
    driver.holdsRegistry = false;
    expect(messagesOn(driver.fromAgent(link, registerMessage(1)), link)).toHaveLength(1);
  });

  test('at another port of one host is another agent’s', () => {
    const driver = new MasterDriver();
    driver.register(1);
    driver.register(1, { port: 5052 });
    expect(driver.machine.state.agents.count).toBe(2);
  });

  test('of an agent older than 1.0.0 is ignored', () => {
    const driver = new MasterDriver();
    const info = agentInfo(1, { version: '0.28.3' });
    expect(driver.fromAgent(driver.newLink(), { type: 'REGISTER_AGENT', info })).toEqual([]);
    expect(driver.reregister({ ...info, id: 5 as AgentId }).outputs).toEqual([]);
  });

  test('before the master leads closes the link', () => {
    const driver = new MasterDriver({ elect: false });
    expect(words(driver.fromAgent(driver.newLink(), registerMessage(1)))).toEqual(['closeLink']);
  });
});

describe('a re-registration', () => {
  test('from another host is answered by SHUTDOWN and changes nothing', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    const { link, outputs } = driver.reregister({ ...agent.info, hostname: 'other' });
    expect(messagesOn(outputs, link)).toMatchObject([{ type: 'SHUTDOWN' }]);
    expect(driver.machine.state.agentsById.get(agent.id)!.link).toBe(agent.link);
  });

  test('of a gone agent, or without id, is answered by SHUTDOWN', () => {
    const registry = new RegistryState();
    registry.apply({ kind: 'agentMarkedGone', id: 7 as AgentId, at: micros(0) });
    const driver = new MasterDriver({ registry });
    for (const id of [7 as AgentId, null]) {
      const { link, outputs } = driver.reregister(agentInfo(1, { id }));
      expect(messagesOn(outputs, link)).toMatchObject([{ type: 'SHUTDOWN' }]);
    }
    expect(driver.machine.state.agents.count).toBe(0);
  });

  test('over a new link while the old one seems open closes the old one and rescinds its offers', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    driver.subscribe();
    driver.allocator.isPaused = true;
    const { outputs } = driver.reregister(agent.info);
    expect(words(outputs)).toEqual(['closeLink', 'RESCIND', 'AGENT_REREGISTERED']);
    // The end of the old link comes late and means nothing.
    expect(driver.closeLink(agent.link)).toEqual([]);
    expect(driver.machine.stats.agentsConnected).toBe(1);
  });

  test('with more resources and another port is written to the registry, and the allocator has the new total', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    driver.closeLink(agent.link);
    const info = { ...agent.info, port: 6000, resources: resources('cpus:8;mem:8192') };
    const { outputs } = driver.reregister(info);
    expect(words(outputs)).toEqual(['persist agentUpdated', 'AGENT_REREGISTERED']);
    expect(driver.registry.snapshot().admitted.get(agent.id)).toEqual(info);
    const { row } = driver.machine.state.agentsById.get(agent.id)!;
    expect(driver.allocator.agentInfoOf(row).total.cpus).toBe(8_000);
    expect(driver.machine.stats.total.cpus).toBe(8_000);
    // The old address is free, the new one is taken.
    driver.register(1);
    expect(driver.machine.state.agents.count).toBe(2);
    driver.register(1, { port: 6000 });
    expect(driver.machine.state.agents.count).toBe(2);
  });

  test('with other attributes reaches registry and allocator', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    driver.closeLink(agent.link);
    const attributes = [{ name: 'rack', type: 'TEXT', text: 'r1' }] as const;
    driver.reregister({ ...agent.info, attributes });
    expect(driver.registry.snapshot().admitted.get(agent.id)!.attributes).toEqual(attributes);
    const { row } = driver.machine.state.agentsById.get(agent.id)!;
    expect(driver.allocator.agentInfoOf(row).attributes).toEqual(attributes);
  });

  test('over the link of another agent ends that link: a link is one agent’s', () => {
    const driver = new MasterDriver();
    const [one, two] = [driver.register(1), driver.register(2)];
    const { outputs } = driver.reregister(two.info, {}, one.link);
    expect(outputs).toEqual([{ kind: 'closeLink', link: one.link }]);
    expect(driver.machine.state.agentsById.get(two.id)!.link).toBe(two.link);
  });

  test('of an id that this master would mint next takes that id', () => {
    const driver = new MasterDriver();
    const one = driver.register(1);
    const id = (one.id + 1) as AgentId;
    driver.reregister(agentInfo(2, { id }));
    expect(driver.register(3).id).not.toBe(id);
    expect(driver.machine.state.agents.count).toBe(3);
  });

  test('brings tasks of a framework that nobody knows: it is recovered, inactive, and has its failover timeout to subscribe', () => {
    const driver = new MasterDriver({ options: { recoveredFrameworkGrace: micros(0) } });
    const other = new MasterDriver();
    const scheduler = other.subscribe({ failoverTimeout: 60 });
    const { info } = other.machine.state.frameworksById.get(scheduler.id)!;
    const id = 5 as AgentId;
    driver.reregister(agentInfo(1, { id }), {
      tasks: [reportedTask(scheduler.id, taskInfo(1, id))],
      frameworks: [{ id: scheduler.id, info }],
    });
    const framework = driver.machine.state.frameworksById.get(scheduler.id)!;
    expect(framework).toMatchObject({ recovered: true, stream: null });
    driver.wait(2 * SECOND);
    expect(driver.offersOf(scheduler.id)).toEqual([]);
    driver.wait(MINUTE);
    expect(driver.machine.state.frameworksById.has(scheduler.id)).toBe(false);
    expect(driver.machine.stats.allocated.cpus).toBe(0);
  });

  test('gives a framework that fails over at once its grace after a change of masters: its scheduler may be slower than its agents', () => {
    const driver = new MasterDriver();
    const other = new MasterDriver();
    const scheduler = other.subscribe({ failoverTimeout: 0 });
    const { info } = other.machine.state.frameworksById.get(scheduler.id)!;
    const id = 5 as AgentId;
    driver.reregister(agentInfo(1, { id }), {
      tasks: [reportedTask(scheduler.id, taskInfo(1, id))],
      frameworks: [{ id: scheduler.id, info }],
    });
    driver.wait(9 * MINUTE);
    expect(driver.stateOf(scheduler.id, 1)).toBe('TASK_RUNNING');
    driver.wait(2 * MINUTE);
    expect(driver.machine.state.frameworksById.has(scheduler.id)).toBe(false);
  });
});

describe('pings', () => {
  test('go out each period while an agent is connected', () => {
    const driver = new MasterDriver();
    expect(words(driver.wait(MINUTE))).toEqual([]);
    const agent = driver.register(1);
    expect(words(driver.wait(MINUTE))).toEqual(['pingAgents', 'pingAgents', 'pingAgents', 'pingAgents']);
    driver.closeLink(agent.link);
    expect(words(driver.wait(MINUTE))).toEqual([]);
  });

  test('five missed in a row make an agent unreachable; an answer starts the count anew', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    const other = driver.register(2);
    const miss = (...links: (typeof agent.link)[]) => words(driver.step({ kind: 'pingsMissed', links }));
    for (let time = 0; time < 4; time++) expect(miss(agent.link)).toEqual([]);
    expect(miss(other.link)).toEqual([]);
    for (let time = 0; time < 4; time++) expect(miss(agent.link, agent.link)).toEqual([]);
    expect(miss(agent.link)).toEqual(['persist agentMarkedUnreachable', 'closeLink']);
    expect(driver.machine.state.agentsById.has(other.id)).toBe(true);
    expect(miss(agent.link)).toEqual([]);
  });

  test('missed on a link before do not count after a re-registration', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    for (let time = 0; time < 4; time++) driver.step({ kind: 'pingsMissed', links: [agent.link] });
    driver.closeLink(agent.link);
    const { link } = driver.reregister(agent.info);
    expect(driver.step({ kind: 'pingsMissed', links: [link] })).toEqual([]);
  });
});

test('a broken link gives an agent ten minutes to come back, counted anew each time', () => {
  const driver = new MasterDriver();
  const agent = driver.register(1);
  driver.closeLink(agent.link);
  driver.wait(9 * MINUTE);
  const { link } = driver.reregister(agent.info);
  driver.closeLink(link);
  driver.wait(9 * MINUTE);
  expect(driver.machine.state.agents.count).toBe(1);
  driver.wait(MINUTE);
  expect(driver.machine.state.agents.count).toBe(0);
});

test('unreachable agents beyond the bound are pruned, the oldest first, in the registry too', () => {
  const driver = new MasterDriver({ options: { registryMaxAgentCount: 1 } });
  const agents = [driver.register(1), driver.register(2)];
  for (const agent of agents) {
    driver.closeLink(agent.link);
    driver.wait(SECOND);
  }
  // Marked unreachable after ten minutes, and looked for after fifteen more.
  driver.wait(25 * MINUTE);
  expect([...driver.machine.state.unreachableAgents.keys()]).toEqual([agents[1]!.id]);
  expect([...driver.registry.snapshot().unreachable.keys()]).toEqual([agents[1]!.id]);
});

test('FAILURE reaches connected frameworks only', () => {
  const driver = new MasterDriver();
  const agent = driver.register(1);
  const gone = driver.subscribe();
  driver.closeStream(gone.stream);
  driver.closeLink(agent.link);
  expect(eventsOn(driver.wait(10 * MINUTE), gone.stream)).toEqual([]);
});

test('a registration that comes late, over a link that the agent has replaced since, changes nothing', () => {
  const driver = new MasterDriver();
  const agent = driver.register(1);
  const scheduler = driver.subscribe();
  driver.launchOn(scheduler, agent, 1);
  driver.update(scheduler, agent, 1, 'TASK_RUNNING', 1);
  const task = reportedTask(scheduler.id, taskInfo(1, agent.id));
  const older = driver.newLink();
  const { link } = driver.reregister(agent.info, { ...EMPTY_REPORT, tasks: [task] });
  driver.update(scheduler, { ...agent, link }, 1, 'TASK_FINISHED', 2);
  driver.acknowledge(scheduler, agent.id, 1, 2);
  expect(driver.stateOf(scheduler.id, 1)).toBeNull();
  const late = { type: 'REREGISTER_AGENT', info: agent.info, ...EMPTY_REPORT, tasks: [task] } as const;
  expect(driver.fromAgent(older, late)).toEqual([{ kind: 'closeLink', link: older }]);
  expect(driver.stateOf(scheduler.id, 1)).toBeNull();
  expect(driver.machine.state.agentsById.get(agent.id)!.link).toBe(link);
});
