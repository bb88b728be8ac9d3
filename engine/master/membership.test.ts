import { describe, expect, test } from 'vitest';
import { micros } from '../core/index.ts';
import { RegistryState } from '../registry/index.ts';
import { DEFAULT_MASTER_OPTIONS, type MasterOptions } from './options.ts';
import { stateDigest } from './state-digest.ts';
import {
  agentInfo,
  MasterDriver,
  messagesOn,
  MINUTE,
  type RegisteredAgent,
  SECOND,
  updatesOn,
  words,
} from './test-kit.ts';

const DAY = 24 * 60 * MINUTE;
const DOMAIN = { region: 'eu', zone: 'a' };
const HERE = { hostname: 'm', port: 5_050, version: '1.12.0', domain: DOMAIN };

function isUnreachable(driver: MasterDriver, { id }: Pick<RegisteredAgent, 'id'>): boolean {
  return driver.machine.state.unreachableAgents.has(id);
}

function unreachableCount(driver: MasterDriver): number {
  return driver.machine.state.unreachableAgents.size;
}

function missPings(driver: MasterDriver, agents: readonly RegisteredAgent[], times = 5): void {
  const links = agents.map(({ link }) => link);
  for (let time = 0; time < times; time++) driver.step({ kind: 'pingsMissed', links });
}

/** A registry with so many agents, and what they were registered as. */
function registryWith(count: number) {
  const driver = new MasterDriver();
  const agents = Array.from({ length: count }, (_, n) => driver.register(n));
  return { registry: driver.registry, agents };
}

describe('--agent_removal_rate_limit', () => {
  const options: Partial<MasterOptions> = {
    agentRemovalRateLimit: { agents: 1, period: micros(10 * MINUTE) },
  };

  test('agents that miss their pings are marked unreachable one in a period, the first at once', () => {
    const driver = new MasterDriver({ options });
    const agents = [1, 2, 3].map((n) => driver.register(n));
    missPings(driver, agents);
    expect(unreachableCount(driver)).toBe(1);
    driver.wait(10 * MINUTE - SECOND);
    expect(unreachableCount(driver)).toBe(1);
    driver.wait(SECOND);
    expect(unreachableCount(driver)).toBe(2);
    driver.wait(10 * MINUTE);
    expect(unreachableCount(driver)).toBe(3);
  });

  test('a pong before its turn takes the removal of an agent back', () => {
    const driver = new MasterDriver({ options });
    const agents = [1, 2].map((n) => driver.register(n));
    missPings(driver, agents);
    driver.step({ kind: 'pingsMissed', links: [] });
    driver.wait(60 * MINUTE);
    expect(isUnreachable(driver, agents[1]!)).toBe(false);
    expect(driver.machine.state.removalQueue.size).toBe(0);
  });

  test('a re-registration before its turn takes it back', () => {
    const driver = new MasterDriver({ options });
    const agents = [1, 2].map((n) => driver.register(n));
    for (const { link } of agents) driver.closeLink(link);
    driver.wait(11 * MINUTE);
    expect(unreachableCount(driver)).toBe(1);
    driver.reregister(agents[1]!.info);
    driver.wait(60 * MINUTE);
    expect(isUnreachable(driver, agents[1]!)).toBe(false);
  });

  test('agents of the registry that did not come back are given up at that rate, and spared if they do', () => {
    const { registry, agents } = registryWith(3);
    const driver = new MasterDriver({ registry, options });
    driver.wait(10 * MINUTE);
    expect(unreachableCount(driver)).toBe(1);
    driver.reregister(agents[1]!.info);
    driver.wait(10 * MINUTE);
    expect(isUnreachable(driver, agents[1]!)).toBe(false);
    expect(isUnreachable(driver, agents[2]!)).toBe(true);
  });

  test('who is marked gone meanwhile does not cost the next one its turn', () => {
    const { registry, agents } = registryWith(3);
    const driver = new MasterDriver({ registry, options });
    driver.wait(10 * MINUTE);
    driver.operator({ type: 'MARK_AGENT_GONE', agentId: agents[1]!.id });
    driver.wait(10 * MINUTE);
    expect(isUnreachable(driver, agents[2]!)).toBe(true);
  });
});

describe('--recovery_agent_removal_limit', () => {
  function electedWith(limit: number, back: number) {
    const { registry, agents } = registryWith(4);
    const driver = new MasterDriver({ registry, options: { recoveryAgentRemovalLimit: limit } });
    for (const { info } of agents.slice(0, back)) driver.reregister(info);
    return { driver, outputs: driver.wait(11 * MINUTE) };
  }

  test('a master that would remove more of the registry’s agents ends, and removes none', () => {
    const { driver, outputs } = electedWith(0.5, 1);
    expect(outputs.filter(({ kind }) => kind === 'abdicate')).toHaveLength(1);
    expect(driver.registry.snapshot().unreachable.size).toBe(0);
  });

  test('up to the limit they are removed', () => {
    expect(unreachableCount(electedWith(0.5, 2).driver)).toBe(2);
    expect(unreachableCount(electedWith(1, 0).driver)).toBe(4);
  });
});

describe('what the registry forgets', () => {
  test('agents that were unreachable or gone for --registry_max_agent_age; tasks there are unknown from then on', () => {
    expect(DEFAULT_MASTER_OPTIONS.registryMaxAgentAge).toBe(14 * DAY);
    const driver = new MasterDriver({ options: { registryMaxAgentAge: micros(60 * MINUTE) } });
    const [away, gone, fresh] = [1, 2, 3].map((n) => driver.register(n)) as [
      RegisteredAgent,
      RegisteredAgent,
      RegisteredAgent,
    ];
    const scheduler = driver.subscribe();
    driver.operator({ type: 'DEACTIVATE_AGENT', agentId: away.id });
    driver.closeLink(away.link);
    driver.operator({ type: 'MARK_AGENT_GONE', agentId: gone.id });
    driver.wait(50 * MINUTE);
    driver.operator({ type: 'MARK_AGENT_GONE', agentId: fresh.id });
    driver.wait(40 * MINUTE);
    const { unreachable, gone: stillGone, deactivated } = driver.registry.snapshot();
    expect([...unreachable.keys()]).toEqual([]);
    expect([...stillGone.keys()]).toEqual([fresh.id]);
    expect(deactivated.size).toBe(0);
    const told = driver.reconcile(scheduler, [
      { taskId: 1, agentId: away.id },
      { taskId: 2, agentId: gone.id },
    ]);
    expect(told.map(({ state }) => state)).toEqual(['TASK_UNKNOWN', 'TASK_UNKNOWN']);
  });

  test('the oldest beyond --registry_max_agent_count, of the gone as well', () => {
    const driver = new MasterDriver({ options: { registryMaxAgentCount: 1 } });
    const agents = [1, 2, 3].map((n) => driver.register(n));
    for (const { id } of agents) driver.operator({ type: 'MARK_AGENT_GONE', agentId: id });
    driver.wait(15 * MINUTE);
    expect([...driver.registry.snapshot().gone.keys()]).toEqual([agents[2]!.id]);
  });

  test('not an agent that is on its way back', () => {
    const driver = new MasterDriver({ options: { registryMaxAgentCount: 0 } });
    const agent = driver.register(1);
    driver.closeLink(agent.link);
    driver.wait(11 * MINUTE);
    driver.holdsRegistry = true;
    driver.reregister(agent.info);
    driver.wait(30 * MINUTE);
    driver.makeDurable();
    expect(driver.registry.isMember(agent.id)).toBe(true);
    expect(driver.machine.state.agentsById.has(agent.id)).toBe(true);
  });

  test('a new master forgets what the old one kept', () => {
    const before = new MasterDriver();
    const agent = before.register(1);
    before.operator({ type: 'MARK_AGENT_GONE', agentId: agent.id });
    const driver = new MasterDriver({ registry: before.registry, now: micros(15 * DAY) });
    driver.wait(16 * MINUTE);
    expect(driver.registry.snapshot().gone.size).toBe(0);
  });
});

describe('an election', () => {
  test('fails on a registry that uses what this master does not know', () => {
    const registry = RegistryState.restore({
      ...new RegistryState().snapshot(),
      minimumCapabilities: ['QUOTA_V2', 'TELEPATHY'],
    });
    const driver = new MasterDriver({ registry, elect: false });
    const outputs = driver.elect();
    expect(outputs).toEqual([
      {
        kind: 'abdicate',
        reason: 'The registry uses what this master does not know: TELEPATHY. Start a newer one',
      },
    ]);
    expect(driver.machine.isLeading).toBe(false);
  });

  test('sets --weights where the registry holds none, and persists them', () => {
    const options = { weights: [{ role: 'eng', weight: 2 }] };
    const driver = new MasterDriver({ options });
    expect(driver.allocator.weights.get('eng')).toBe(2);
    expect(driver.registry.weights.get('eng')).toBe(2);
    driver.operator({ type: 'UPDATE_WEIGHTS', weightInfos: [{ role: 'eng', weight: 5 }] });
    const next = new MasterDriver({ registry: driver.registry, options });
    expect(next.allocator.weights.get('eng')).toBe(5);
  });
});

describe('an agent is not taken', () => {
  function registration(options: Partial<MasterOptions>, changes: Parameters<typeof agentInfo>[1]) {
    const driver = new MasterDriver({ options });
    const before = stateDigest(driver);
    const link = driver.newLink();
    const register = (info = agentInfo(1, changes)) =>
      messagesOn(driver.fromAgent(link, { type: 'REGISTER_AGENT', info }), link).map(({ type }) => type);
    return { driver, register, isUntouched: () => stateDigest(driver) === before };
  }

  test('before version 1.0.0: it is ignored', () => {
    const { register, isUntouched } = registration({}, { version: '0.28.2' });
    expect(register()).toEqual([]);
    expect(isUntouched()).toBe(true);
  });

  test('with a fault domain by a master without one: it is ignored, and not shut down', () => {
    const { register, isUntouched } = registration({}, { domain: DOMAIN });
    expect(register()).toEqual([]);
    expect(isUntouched()).toBe(true);
  });

  test('without a fault domain where --require_agent_domain asks for one', () => {
    const { register } = registration({ requireAgentDomain: true, address: HERE }, {});
    expect(register()).toEqual([]);
    const remote = registration({ requireAgentDomain: true, address: HERE }, { domain: DOMAIN });
    expect(remote.register()).toEqual(['AGENT_REGISTERED']);
  });

  test('and once the cause is gone it is, over the same link: no mark of the refusal stays (bug ledger B15)', () => {
    for (const refused of [{ version: '0.9.0' }, { domain: DOMAIN }]) {
      const { register } = registration({}, refused);
      expect(register()).toEqual([]);
      expect(register(agentInfo(1))).toEqual(['AGENT_REGISTERED']);
    }
  });

  test('when it re-registers with another host name or ip than its id belongs to: it is shut down', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1, { ip: '10.0.0.1' });
    for (const change of [{ hostname: 'other' }, { ip: '10.0.0.2' }]) {
      const before = stateDigest(driver);
      expect(words(driver.reregister({ ...agent.info, ...change }).outputs)).toEqual(['SHUTDOWN']);
      expect(stateDigest(driver)).toBe(before);
    }
  });
});

test('an agent that answers pings and never re-registers after its link broke is given up (bug ledger B16)', () => {
  const driver = new MasterDriver();
  const agent = driver.register(1);
  const scheduler = driver.subscribe();
  driver.launchOn(scheduler, agent, 1);
  driver.closeLink(agent.link);
  // A new link that nothing is said over, and whose pings are answered.
  driver.newLink();
  const outputs = driver.wait(10 * MINUTE);
  for (let time = 0; time < 40; time++) driver.step({ kind: 'pingsMissed', links: [] });
  expect(updatesOn(outputs, scheduler.stream).map(({ state }) => state)).toEqual(['TASK_UNREACHABLE']);
});

describe('a master that was away itself (bug ledger B57)', () => {
  /** All that was due falls due at once, as after a freeze of the process. */
  function freeze(driver: MasterDriver, duration: number): void {
    driver.now = micros(driver.now + duration);
    driver.step({ kind: 'tick' });
  }

  test('gives agents that broke off before it the rest of their time', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    driver.closeLink(agent.link);
    driver.wait(MINUTE);
    freeze(driver, 60 * MINUTE);
    expect(isUnreachable(driver, agent)).toBe(false);
    driver.wait(8 * MINUTE);
    expect(isUnreachable(driver, agent)).toBe(false);
    driver.wait(2 * MINUTE);
    expect(isUnreachable(driver, agent)).toBe(true);
  });

  test('gives agents of the registry, and frameworks, the rest of theirs', () => {
    const { registry } = registryWith(2);
    const driver = new MasterDriver({ registry });
    const scheduler = driver.subscribe({ failoverTimeout: 600 });
    driver.closeStream(scheduler.stream);
    freeze(driver, 60 * MINUTE);
    driver.wait(9 * MINUTE);
    expect(unreachableCount(driver)).toBe(0);
    expect(driver.machine.state.frameworksById.has(scheduler.id)).toBe(true);
    driver.wait(MINUTE);
    expect(unreachableCount(driver)).toBe(2);
    expect(driver.machine.state.frameworksById.has(scheduler.id)).toBe(false);
  });

  test('does not hold missed pings of before against an agent, nor pings in a burst', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    missPings(driver, [agent], 4);
    driver.now = micros(driver.now + 10 * MINUTE);
    const outputs = [...driver.step({ kind: 'tick' }), ...driver.step({ kind: 'tick' })];
    expect(outputs.filter(({ kind }) => kind === 'pingAgents').length).toBeLessThanOrEqual(1);
    missPings(driver, [agent], 4);
    expect(isUnreachable(driver, agent)).toBe(false);
    missPings(driver, [agent], 1);
    expect(isUnreachable(driver, agent)).toBe(true);
  });

  test('a delay of less than a ping period is no absence', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1);
    missPings(driver, [agent], 4);
    freeze(driver, 20 * SECOND);
    missPings(driver, [agent], 1);
    expect(isUnreachable(driver, agent)).toBe(true);
  });
});
