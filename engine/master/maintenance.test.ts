import { describe, expect, test } from 'vitest';
import { ALL_SEEING } from '../authorization/index.ts';
import { micros, type OfferId } from '../core/index.ts';
import type { InverseOffer, MachineId, MaintenanceSchedule, OperatorMutation } from '../protocol/index.ts';
import type { MasterOutput } from './output.ts';
import { stateDigest } from './state-digest.ts';
import {
  answersIn,
  eventsOn,
  MasterDriver,
  messagesOn,
  MINUTE,
  type RegisteredAgent,
  type Scheduler,
  SECOND,
  toldOf,
  updatesOn,
  words,
} from './test-kit.ts';

const HOST_1: MachineId = { hostname: 'host-1', ip: '10.0.0.1' };
const HOST_2: MachineId = { hostname: 'host-2', ip: '10.0.0.2' };

function scheduleOf(start: number, duration: number | null, ...machineIds: MachineId[]): MaintenanceSchedule {
  const unavailability = { start: micros(start), duration: duration === null ? null : micros(duration) };
  return { windows: machineIds.length === 0 ? [] : [{ machineIds, unavailability }] };
}

function plan(schedule: MaintenanceSchedule): OperatorMutation {
  return { type: 'UPDATE_MAINTENANCE_SCHEDULE', schedule };
}

function start(...machines: MachineId[]): OperatorMutation {
  return { type: 'START_MAINTENANCE', machines };
}

function stop(...machines: MachineId[]): OperatorMutation {
  return { type: 'STOP_MAINTENANCE', machines };
}

function refused(driver: MasterDriver, call: OperatorMutation): string {
  const before = stateDigest(driver);
  const outputs = driver.operator(call);
  expect(words(outputs)).toHaveLength(1);
  expect(stateDigest(driver)).toBe(before);
  return answersIn(outputs)[0]!;
}

function machines(driver: MasterDriver) {
  const answer = driver.machine.query(driver.now, { type: 'GET_MAINTENANCE_STATUS' }, ALL_SEEING);
  if (!answer.ok || answer.value.type !== 'GET_MAINTENANCE_STATUS') throw new Error('no status');
  const { drainingMachines, downMachines } = answer.value.status;
  return {
    draining: drainingMachines.map(({ id }) => id.hostname),
    down: downMachines.map(({ hostname }) => hostname),
    statuses: drainingMachines.flatMap(({ statuses }) => statuses.map(({ status }) => status)),
  };
}

function inverseOffers(outputs: readonly MasterOutput[], scheduler: Scheduler): InverseOffer[] {
  return eventsOn(outputs, scheduler.stream).flatMap((event) =>
    event.type === 'INVERSE_OFFERS' ? event.inverseOffers : [],
  );
}

/** Two agents on machines of their own, and a framework with a task on the first. */
function cluster() {
  const driver = new MasterDriver();
  const agents = [1, 2].map((n) => driver.register(n, { ip: `10.0.0.${n}` })) as [
    RegisteredAgent,
    RegisteredAgent,
  ];
  const scheduler = driver.subscribe();
  driver.launchOn(scheduler, agents[0], 1);
  driver.wait(2 * SECOND);
  return { driver, agents, scheduler };
}

describe('UPDATE_MAINTENANCE_SCHEDULE', () => {
  test('machines in it are draining, those taken out are up again; it survives a master', () => {
    const { driver } = cluster();
    expect(answersIn(driver.operator(plan(scheduleOf(5, null, HOST_1, HOST_2))))).toEqual(['200']);
    expect(machines(driver).draining).toEqual(['host-1', 'host-2']);
    driver.operator(plan(scheduleOf(5, null, HOST_2)));
    expect(machines(driver).draining).toEqual(['host-2']);
    const next = new MasterDriver({ registry: driver.registry });
    expect(machines(next).draining).toEqual(['host-2']);
  });

  test('the start of a window changes nothing by itself', () => {
    const { driver, agents } = cluster();
    driver.operator(plan(scheduleOf(MINUTE, MINUTE, HOST_1)));
    driver.wait(10 * MINUTE);
    expect(machines(driver).draining).toEqual(['host-1']);
    expect(driver.machine.state.agentsById.has(agents[0].id)).toBe(true);
  });

  test('offers of the agent are rescinded and made anew with the window; those of others stay as they are', () => {
    const { driver, agents, scheduler } = cluster();
    const other = driver.offerOf(scheduler.id, agents[1].id);
    const outputs = driver.operator(plan(scheduleOf(5, 7, HOST_1)));
    expect(words(outputs).filter((word) => word === 'RESCIND')).toHaveLength(1);
    expect(driver.offerOf(scheduler.id, agents[0].id).unavailability).toEqual({ start: 5, duration: 7 });
    expect(driver.offerOf(scheduler.id, agents[1].id)).toBe(other);
    expect(other.unavailability).toBeNull();
  });

  test('the same schedule again disturbs nobody', () => {
    const { driver } = cluster();
    driver.operator(plan(scheduleOf(5, 7, HOST_1)));
    expect(words(driver.operator(plan(scheduleOf(5, 7, HOST_1))))).toEqual([
      'persist maintenanceScheduled',
      'answerCall',
    ]);
  });

  test('a machine is matched by host name without case and by ip, both', () => {
    for (const [machine, matches] of [
      [{ hostname: 'HOST-1', ip: '10.0.0.1' }, true],
      [{ hostname: 'host-1', ip: '10.0.0.9' }, false],
      [{ hostname: 'host-1', ip: null }, false],
      [{ hostname: null, ip: '10.0.0.1' }, false],
    ] as const) {
      const { driver, agents } = cluster();
      driver.operator(plan(scheduleOf(5, 7, machine)));
      const agent = driver.machine.state.agentsById.get(agents[0].id)!;
      expect(agent.unavailability !== null).toBe(matches);
    }
  });

  test('an agent that registers on a scheduled machine knows the window', () => {
    const driver = new MasterDriver();
    driver.operator(plan(scheduleOf(5, null, HOST_1)));
    driver.register(1, { ip: '10.0.0.1' });
    const scheduler = driver.subscribe();
    expect(driver.offerOf(scheduler.id).unavailability).toEqual({ start: 5, duration: null });
  });

  test.each<readonly [string, MaintenanceSchedule, string]>([
    [
      'a window without a machine',
      { windows: [{ machineIds: [], unavailability: { start: micros(1), duration: null } }] },
      'no machine',
    ],
    ['a negative duration', scheduleOf(1, -1, HOST_1), 'a duration is 0 or more'],
    ['a machine named twice', scheduleOf(1, 1, HOST_1, { ...HOST_1, hostname: 'Host-1' }), 'named twice'],
    [
      'a machine named in two windows',
      { windows: [...scheduleOf(1, 1, HOST_1).windows, ...scheduleOf(5, 1, HOST_1).windows] },
      'named twice',
    ],
    ['a machine without hostname and ip', scheduleOf(1, 1, { hostname: null, ip: '' }), 'neither hostname'],
    ['an ip that is none', scheduleOf(1, 1, { hostname: 'a', ip: '10.0.0.256' }), 'no IPv4 address'],
  ])('refuses %s (400), without a trace', (_name, schedule, text) => {
    const { driver } = cluster();
    const answer = refused(driver, plan(schedule));
    expect(answer).toMatch(/^CALL_INVALID/);
    expect(answer).toMatch(text);
  });

  test('refuses a schedule without a machine that is down, or on its way down (400)', () => {
    const { driver } = cluster();
    driver.operator(plan(scheduleOf(1, null, HOST_1)));
    driver.holdsRegistry = true;
    driver.operator(start(HOST_1));
    expect(refused(driver, plan(scheduleOf(1, null, HOST_2)))).toMatch('is deactivated');
    driver.makeDurable();
    expect(refused(driver, plan({ windows: [] }))).toMatch('is deactivated');
  });
});

describe('START_MAINTENANCE', () => {
  test('agents on the machine are told to shut down and are removed: their tasks are lost, FAILURE says so', () => {
    const { driver, agents, scheduler } = cluster();
    driver.operator(plan(scheduleOf(1, null, HOST_1)));
    const outputs = driver.operator(start(HOST_1));
    expect(answersIn(outputs)).toEqual(['200']);
    expect(messagesOn(outputs, agents[0].link).map(({ type }) => type)).toEqual(['SHUTDOWN']);
    expect(toldOf(updatesOn(outputs, scheduler.stream))).toEqual(['1 TASK_LOST REASON_AGENT_REMOVED']);
    expect(words(outputs)).toContain('FAILURE');
    expect(driver.registry.isMember(agents[0].id)).toBe(false);
    expect(machines(driver)).toMatchObject({ draining: [], down: ['host-1'] });
    expect(driver.offersOf(scheduler.id).map(({ agentId }) => agentId)).toEqual([agents[1].id]);
  });

  test('the offers of an agent that is about to be unreachable are void from then, and no new one is made', () => {
    const { driver, agents, scheduler } = cluster();
    driver.operator(plan(scheduleOf(1, null, HOST_1)));
    driver.wait(SECOND);
    const ofAgent = () => driver.offersOf(scheduler.id).filter(({ agentId }) => agentId === agents[0].id);
    expect(ofAgent()).toHaveLength(1);
    driver.holdsRegistry = true;
    driver.operator(start(HOST_1));
    for (let missed = 0; missed < 5; missed++) driver.step({ kind: 'pingsMissed', links: [agents[0].link] });
    expect(driver.written.map(({ kind }) => kind)).toEqual(['machinesDown', 'agentMarkedUnreachable']);
    expect(ofAgent()).toHaveLength(1);
    // The machine is down; that the agent is out of reach is not written yet.
    expect(words(driver.makeDurable(1))).toContain('RESCIND');
    driver.wait(MINUTE);
    expect(ofAgent()).toEqual([]);
    driver.makeDurable();
    expect(driver.machine.state.unreachableAgents.has(agents[0].id)).toBe(true);
  });

  test('an agent that misses its pings after its machine went down, and one that is made active again just then, is not offered', () => {
    const { driver, agents, scheduler } = cluster();
    driver.operator(plan(scheduleOf(1, null, HOST_1)));
    driver.operator({ type: 'DEACTIVATE_AGENT', agentId: agents[0].id });
    driver.holdsRegistry = true;
    driver.operator(start(HOST_1));
    driver.operator({ type: 'REACTIVATE_AGENT', agentId: agents[0].id });
    driver.makeDurable();
    driver.wait(MINUTE);
    expect(driver.offersOf(scheduler.id).map(({ agentId }) => agentId)).not.toContain(agents[0].id);
  });

  test('no agent of a machine that is down may register, re-register, or come in by a write of before', () => {
    const { driver, agents } = cluster();
    driver.operator(plan(scheduleOf(1, null, HOST_1, HOST_2)));
    driver.holdsRegistry = true;
    const link = driver.newLink();
    const info = { ...agents[0].info, id: null, port: 9_999 };
    driver.fromAgent(link, { type: 'REGISTER_AGENT', info });
    driver.operator(start(HOST_1));
    driver.holdsRegistry = false;
    const outputs = driver.makeDurable();
    const late = [...outputs, ...driver.step({ kind: 'tick' })];
    expect(messagesOn(late, link).map(({ type }) => type)).toEqual(['AGENT_REGISTERED', 'SHUTDOWN']);
    expect(words(driver.reregister(agents[0].info).outputs)).toEqual(['SHUTDOWN']);
    const again = driver.newLink();
    expect(words(driver.fromAgent(again, { type: 'REGISTER_AGENT', info }))).toEqual(['SHUTDOWN']);
    driver.wait(SECOND);
    expect([...driver.machine.state.agents].map(({ id }) => id)).toEqual([agents[1].id]);
  });

  test('refuses a machine that is not draining: not scheduled, down already, named twice, or none (400)', () => {
    const { driver } = cluster();
    expect(refused(driver, start(HOST_1))).toMatch('not in the maintenance schedule');
    driver.operator(plan(scheduleOf(1, null, HOST_1, HOST_2)));
    expect(refused(driver, start(HOST_1, HOST_1))).toMatch('named twice');
    expect(refused(driver, start())).toMatch('empty');
    expect(refused(driver, start(HOST_2, { hostname: 'x', ip: null }))).toMatch('not in the maintenance');
    driver.operator(start(HOST_1));
    expect(refused(driver, start(HOST_2, HOST_1))).toMatch('is down already');
  });
});

describe('STOP_MAINTENANCE', () => {
  test('the machine is up, out of the schedule, and its agents may register', () => {
    const { driver, agents } = cluster();
    driver.operator(plan(scheduleOf(1, null, HOST_1, HOST_2)));
    driver.operator(start(HOST_1));
    expect(answersIn(driver.operator(stop(HOST_1)))).toEqual(['200']);
    expect(machines(driver)).toMatchObject({ draining: ['host-2'], down: [] });
    const { link, outputs } = driver.reregister(agents[0].info);
    expect(messagesOn(outputs, link).map(({ type }) => type)).toEqual(['AGENT_REREGISTERED']);
  });

  test('an agent that is still on its way out then no longer goes away', () => {
    const { driver } = cluster();
    driver.operator(plan(scheduleOf(1, null, HOST_1)));
    driver.holdsRegistry = true;
    driver.operator(start(HOST_1));
    driver.operator(stop(HOST_1));
    const outputs = driver.makeDurable();
    expect(answersIn(outputs)).toEqual(['200', '200']);
    expect(driver.written.map(({ kind }) => kind)).toEqual(['agentRemoved']);
    for (const agent of driver.machine.state.agents) expect(agent.unavailability).toBeNull();
  });

  test('refuses a machine that is not down (400)', () => {
    const { driver } = cluster();
    driver.operator(plan(scheduleOf(1, null, HOST_1)));
    expect(refused(driver, stop(HOST_1))).toMatch('is not down');
  });
});

describe('inverse offers', () => {
  test('frameworks that hold something on an agent that goes away are asked for it, with the window', () => {
    const { driver, agents, scheduler } = cluster();
    const outputs = driver.operator(plan(scheduleOf(5, 7, HOST_1)));
    const asked = inverseOffers([...outputs, ...driver.wait(2 * SECOND)], scheduler);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({
      frameworkId: scheduler.id,
      agentId: agents[0].id,
      unavailability: { start: 5, duration: 7 },
    });
    expect(asked[0]!.id).toBeGreaterThanOrEqual(2 ** 52);
  });

  test('after each answer it is asked again, once the filter is over; the status tells the last answer', () => {
    const { driver, scheduler } = cluster();
    const outputs = driver.operator(plan(scheduleOf(5, 7, HOST_1)));
    const first = inverseOffers([...outputs, ...driver.wait(2 * SECOND)], scheduler)[0]!;
    const respond = (type: 'ACCEPT_INVERSE_OFFERS' | 'DECLINE_INVERSE_OFFERS', id: OfferId) =>
      driver.call(scheduler.stream, {
        type,
        frameworkId: scheduler.id,
        inverseOfferIds: [id],
        filters: { refuseSeconds: 30 },
      });
    respond('DECLINE_INVERSE_OFFERS', first.id);
    expect(machines(driver).statuses).toEqual(['DECLINE']);
    expect(inverseOffers(driver.wait(20 * SECOND), scheduler)).toEqual([]);
    const second = inverseOffers(driver.wait(20 * SECOND), scheduler);
    expect(second).toHaveLength(1);
    expect(second[0]!.id).not.toBe(first.id);
    respond('ACCEPT_INVERSE_OFFERS', first.id);
    expect(machines(driver).statuses).toEqual(['DECLINE']);
    respond('ACCEPT_INVERSE_OFFERS', second[0]!.id);
    expect(machines(driver).statuses).toEqual(['ACCEPT']);
  });

  test('a framework that gets resources of an agent while its window is moved is asked for it once', () => {
    const { driver, agents, scheduler } = cluster();
    driver.operator(plan(scheduleOf(5, 7, HOST_1, HOST_2)));
    driver.wait(2 * SECOND);
    const other = driver.subscribe();
    // Nobody has them until the next cycle, which the move of the first window brings.
    driver.call(scheduler.stream, {
      type: 'DECLINE',
      frameworkId: scheduler.id,
      offerIds: [driver.offerOf(scheduler.id, agents[1].id).id],
      filters: { refuseSeconds: 1_000 },
    });
    const outputs = driver.operator(plan(scheduleOf(9, 7, HOST_1, HOST_2)));
    const asked = inverseOffers([...outputs, ...driver.wait(2 * SECOND)], other);
    expect(asked.filter(({ agentId }) => agentId === agents[1].id)).toHaveLength(1);
  });

  test('another framework’s inverse offers, and offers, are not answered by them', () => {
    const { driver, scheduler } = cluster();
    const other = driver.subscribe();
    const outputs = driver.operator(plan(scheduleOf(5, 7, HOST_1)));
    const asked = inverseOffers([...outputs, ...driver.wait(2 * SECOND)], scheduler)[0]!;
    driver.call(other.stream, {
      type: 'ACCEPT_INVERSE_OFFERS',
      frameworkId: other.id,
      inverseOfferIds: [asked.id],
      filters: null,
    });
    expect(machines(driver).statuses).toEqual([]);
    const before = driver.machine.state.offers.count;
    driver.call(scheduler.stream, {
      type: 'DECLINE',
      frameworkId: scheduler.id,
      offerIds: [asked.id],
      filters: null,
    });
    expect(driver.machine.state.offers.count).toBe(before);
    expect(driver.machine.state.inverseOffers.has(asked.id)).toBe(true);
  });

  test('another window rescinds it, clears the answers and the filter, and asks anew', () => {
    const { driver, scheduler } = cluster();
    const outputs = driver.operator(plan(scheduleOf(5, 7, HOST_1)));
    const first = inverseOffers([...outputs, ...driver.wait(2 * SECOND)], scheduler)[0]!;
    const moved = [...driver.operator(plan(scheduleOf(9, 7, HOST_1))), ...driver.wait(2 * SECOND)];
    expect(eventsOn(moved, scheduler.stream)).toContainEqual({
      type: 'RESCIND_INVERSE_OFFER',
      inverseOfferId: first.id,
    });
    expect(inverseOffers(moved, scheduler)[0]!.unavailability).toEqual({ start: 9, duration: 7 });
    expect(machines(driver).statuses).toEqual([]);
  });

  test('it stands when the agent repeats its registration over the link that it is on', () => {
    const { driver, agents, scheduler } = cluster();
    driver.operator(plan(scheduleOf(5, 7, HOST_1)));
    driver.wait(2 * SECOND);
    const standing = [...driver.machine.state.inverseOffers.keys()];
    expect(standing).toHaveLength(1);
    const { outputs } = driver.reregister(agents[0].info, {}, agents[0].link);
    expect(words(outputs)).not.toContain('RESCIND_INVERSE_OFFER');
    expect(inverseOffers(driver.wait(2 * SECOND), scheduler)).toEqual([]);
    expect([...driver.machine.state.inverseOffers.keys()]).toEqual(standing);
  });

  test('it is void when its agent goes away, when its framework does, and when the machine leaves the schedule', () => {
    for (const end of ['agent', 'framework', 'schedule'] as const) {
      const { driver, agents, scheduler } = cluster();
      driver.operator(plan(scheduleOf(5, 7, HOST_1)));
      driver.wait(2 * SECOND);
      expect(driver.machine.state.inverseOffers.size).toBe(1);
      if (end === 'agent') driver.closeLink(agents[0].link);
      else if (end === 'framework') driver.closeStream(scheduler.stream);
      else driver.operator(plan({ windows: [] }));
      expect(driver.machine.state.inverseOffers.size).toBe(0);
      expect(driver.allocator.answers.at(-1)?.status ?? 'UNKNOWN').toBe('UNKNOWN');
    }
  });
});
