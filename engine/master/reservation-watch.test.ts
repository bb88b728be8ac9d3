import { describe, expect, test } from 'vitest';
import type { ResourceOfferOperation } from '../protocol/index.ts';
import type { Reservation, Resources } from '../resources/index.ts';
import {
  appliedOn,
  create,
  destroy,
  dynamic,
  grow,
  reserve,
  reserved,
  shrink,
  toldOperation,
  totalOf,
  unreserve,
  volume,
} from './operations-kit.ts';
import type { MasterOptions } from './options.ts';
import { launch, MasterDriver, MINUTE, resources, SECOND, taskInfo, words } from './test-kit.ts';

function labelled(labels: Readonly<Record<string, string>>, role = 'eng'): Reservation {
  return dynamic(
    role,
    null,
    Object.entries(labels).map(([key, value]) => ({ key, value })),
  );
}

const OF_A = labelled({ owner: 'a' });
const HOUR = labelled({ lease: '3600' });

function scene(options: Partial<MasterOptions>, total: Resources, name = 'b') {
  const driver = new MasterDriver({ options });
  const scheduler = driver.subscribe({
    name,
    roles: ['eng'],
    capabilities: ['MULTI_ROLE', 'PARTITION_AWARE', 'RESERVATION_REFINEMENT'],
  });
  const agent = driver.register(1, { resources: total });
  const act = (operation: ResourceOfferOperation) =>
    toldOperation(
      driver.accept(scheduler, [driver.offerOf(scheduler.id).id], [operation], { refuseSeconds: 0 }),
      scheduler,
    );
  return { driver, scheduler, agent, act };
}

describe('with owners, a framework is refused', () => {
  const ofA = reserved('cpus:1;disk:100', OF_A)
    .plus(volume({ stack: [OF_A] }))
    .plus(resources('cpus:1'));

  test.each<readonly [string, ResourceOfferOperation]>([
    ['to unreserve what another owns', unreserve(reserved('cpus:1', OF_A), 'o')],
    ['to destroy a volume that another owns', destroy(volume({ stack: [OF_A] }), 'o')],
    ['to create a volume on disk that another owns', create(volume({ stack: [OF_A], id: 'mine' }), 'o')],
    ['to grow a volume that another owns', grow(volume({ stack: [OF_A] }), reserved('disk:1', OF_A), 'o')],
    ['to shrink a volume that another owns', shrink(volume({ stack: [OF_A] }), 1, 'o')],
    ["to reserve in another's name", reserve(reserved('cpus:1', OF_A), 'o')],
    [
      'to refine what another owns',
      reserve(reserved('cpus:1', OF_A, labelled({ owner: 'b' }, 'eng/x')), 'o'),
    ],
  ])('%s (bug ledger B49)', (_, operation) => {
    const { driver, agent, act } = scene({ reservationOwners: true }, ofA);
    expect(act(operation)).toMatch(/OPERATION_ERROR: .*belongs to 'a'/);
    expect(totalOf(driver, agent).equals(ofA)).toBe(true);
  });

  test('nothing of what it owns itself, or nobody does', () => {
    for (const stack of [labelled({ owner: 'b' }), dynamic('eng')]) {
      const { act } = scene({ reservationOwners: true }, reserved('cpus:1', stack));
      expect(act(unreserve(reserved('cpus:1', stack), 'o'))).toBe('');
    }
  });

  test('nothing at all without the option, as in Mesos', () => {
    const { act } = scene({}, reserved('cpus:1', OF_A));
    expect(act(unreserve(reserved('cpus:1', OF_A), 'o'))).toBe('');
  });

  test('what an operator is not', () => {
    const { driver, agent } = scene({ reservationOwners: true }, reserved('cpus:1', OF_A));
    const call = {
      type: 'UNRESERVE_RESOURCES',
      agentId: agent.id,
      resources: reserved('cpus:1', OF_A),
    } as const;
    expect(words(driver.operator(call))).toContain('answerCall');
  });
});

describe('orphans are', () => {
  const total = reserved('cpus:1', OF_A)
    .plus(volume({ stack: [OF_A] }))
    .plus(resources('mem:100'));

  test('reservations and volumes whose owner is not here, by agent', () => {
    const { driver, agent } = scene({}, total);
    expect(
      driver.machine
        .reservationOrphans()
        .map(({ agentId, owner, resources: left, since }) => [agentId, owner, left.toString(), since]),
    ).toEqual([
      [agent.id, 'a', reserved('cpus:1', OF_A).toString(), null],
      [agent.id, 'a', volume({ stack: [OF_A] }).toString(), null],
    ]);
  });

  test('not those of a framework that is here, connected or not, and again those once it was removed', () => {
    const { driver, scheduler } = scene({}, total, 'a');
    expect(driver.machine.reservationOrphans()).toEqual([]);
    driver.closeStream(scheduler.stream);
    expect(driver.machine.reservationOrphans()).toEqual([]);
    driver.wait(61 * MINUTE);
    expect(driver.machine.reservationOrphans()).toHaveLength(2);
  });

  test('told with the time since which they have been so, where owners mean something', () => {
    const { driver, scheduler } = scene({ reservationOwners: true }, total, 'a');
    driver.wait(10 * MINUTE);
    driver.call(scheduler.stream, { type: 'TEARDOWN', frameworkId: scheduler.id });
    const removedAt = driver.now;
    driver.wait(30 * MINUTE);
    for (const { since } of driver.machine.reservationOrphans()) {
      expect(since! - removedAt).toBeGreaterThanOrEqual(0);
      expect(since! - removedAt).toBeLessThanOrEqual(MINUTE);
    }
  });
});

describe('with leases', () => {
  test('what nobody used for that long is released, and its volumes are destroyed, offers or not', () => {
    const total = reserved('cpus:1', HOUR)
      .plus(volume({ stack: [HOUR] }))
      .plus(resources('mem:100'));
    const { driver, agent } = scene({ reservationLeases: true }, total);
    driver.wait(59 * MINUTE);
    expect(totalOf(driver, agent).equals(total)).toBe(true);
    const outputs = driver.wait(3 * MINUTE);
    expect(totalOf(driver, agent).equals(resources('cpus:1;disk:64;mem:100'))).toBe(true);
    expect(appliedOn(outputs, agent.link).map(({ info, frameworkId }) => [info.type, frameworkId])).toEqual([
      ['UNRESERVE', null],
      ['DESTROY', null],
      ['UNRESERVE', null],
    ]);
  });

  test('a use begins the lease anew, also one that is over within a minute', () => {
    const total = reserved('cpus:1', HOUR);
    const { driver, scheduler, agent } = scene({ reservationLeases: true }, total);
    driver.wait(40 * MINUTE + 5 * SECOND);
    driver.accept(scheduler, [driver.offerOf(scheduler.id).id], [launch(taskInfo(1, agent.id, {}, total))]);
    driver.wait(SECOND);
    driver.update(scheduler, agent, 1, 'TASK_FINISHED', 1);
    driver.wait(50 * MINUTE);
    expect(totalOf(driver, agent).equals(total)).toBe(true);
    driver.wait(12 * MINUTE);
    expect(totalOf(driver, agent).equals(resources('cpus:1'))).toBe(true);
  });

  test('what is in use is never released', () => {
    const total = reserved('cpus:1', HOUR);
    const { driver, scheduler, agent } = scene({ reservationLeases: true }, total);
    driver.accept(scheduler, [driver.offerOf(scheduler.id).id], [launch(taskInfo(1, agent.id, {}, total))]);
    driver.wait(300 * MINUTE);
    expect(totalOf(driver, agent).equals(total)).toBe(true);
  });

  test('nothing is released while the agent is away', () => {
    const total = reserved('cpus:1', HOUR);
    const { driver, agent } = scene(
      { reservationLeases: true, agentReregisterTimeout: (10_000 * MINUTE) as never },
      total,
    );
    driver.closeLink(agent.link);
    driver.wait(300 * MINUTE);
    expect(totalOf(driver, agent).equals(total)).toBe(true);
    driver.reregister({ ...agent.info, resources: total });
    driver.wait(2 * MINUTE);
    expect(totalOf(driver, agent).equals(resources('cpus:1'))).toBe(true);
  });

  test('only the reservation with the lease and what refines it goes', () => {
    const total = reserved('cpus:1', dynamic('eng'), labelled({ lease: '60' }, 'eng/x'), dynamic('eng/x/y'));
    const { driver, agent } = scene({ reservationLeases: true }, total);
    driver.wait(3 * MINUTE);
    expect(totalOf(driver, agent).equals(reserved('cpus:1', dynamic('eng')))).toBe(true);
  });

  test.each(['', '0', '-5', '1.5', 'soon', '99999999999'])('a lease of %j seconds is refused', (lease) => {
    const { act } = scene({ reservationLeases: true }, resources('cpus:1'));
    expect(act(reserve(reserved('cpus:1', labelled({ lease })), 'o'))).toMatch(/expecting whole seconds/);
  });

  test('off, nothing is released, as in Mesos', () => {
    const total = reserved('cpus:1', HOUR);
    const { driver, agent } = scene({}, total);
    driver.wait(300 * MINUTE);
    expect(totalOf(driver, agent).equals(total)).toBe(true);
  });
});
