import { describe, expect, test } from 'vitest';
import type { AgentId } from '../core/index.ts';
import { milli } from '../core/index.ts';
import type { OperatorMutation } from '../protocol/index.ts';
import { Resources } from '../resources/index.ts';
import { operationAuthorizations } from './operation-authorizations.ts';
import { appliedOn, create, dynamic, endOperation, reserved, totalOf, volume } from './operations-kit.ts';
import type { MasterOutput } from './output.ts';
import { stateDigest } from './state-digest.ts';
import {
  launch,
  MasterDriver,
  messagesOn,
  type RegisteredAgent,
  resources,
  SECOND,
  taskInfo,
  words,
} from './test-kit.ts';

const ENG = dynamic('eng');
const OPS = dynamic('ops');

type ResourceCall = Extract<
  OperatorMutation,
  { type: `${string}_RESOURCES` | `${string}_VOLUME${'S' | ''}` }
>;

function scene(total = resources('cpus:4;mem:4096;disk:1000')) {
  const driver = new MasterDriver();
  const agent = driver.register(1, { resources: total });
  return { driver, agent };
}

function reserveCall(agentId: AgentId, what: Resources, source = Resources.EMPTY): ResourceCall {
  return { type: 'RESERVE_RESOURCES', agentId, source, resources: what };
}

/** Code and text of the refusal. */
function refusalOf(outputs: readonly MasterOutput[]): string {
  return outputs
    .flatMap((one) =>
      one.kind === 'refuseCall' && 'message' in one.error ? [`${one.error.code}: ${one.error.message}`] : [],
    )
    .join();
}

function isAccepted(outputs: readonly MasterOutput[]): boolean {
  return outputs.some((one) => one.kind === 'answerCall' && one.status === 202);
}

describe('an operator', () => {
  test('reserves what is free: 202, and the agent is told', () => {
    const { driver, agent } = scene();
    const outputs = driver.operator(reserveCall(agent.id, reserved('cpus:1', ENG)));
    expect(isAccepted(outputs)).toBe(true);
    expect(totalOf(driver, agent).reserved('eng').equals(reserved('cpus:1', ENG))).toBe(true);
    const [order] = appliedOn(outputs, agent.link);
    expect(order).toMatchObject({ frameworkId: null, info: { type: 'RESERVE', id: null } });
    // Nobody else waits for its end.
    expect(messagesOn(endOperation(driver, agent, order!, 'OPERATION_FINISHED'), agent.link)).toMatchObject([
      { type: 'ACKNOWLEDGE_OPERATION_STATUS' },
    ]);
    expect(driver.machine.state.agentsById.get(agent.id)!.operations!.size).toBe(0);
  });

  test('creates, grows, shrinks and destroys volumes, and unreserves', () => {
    const { driver, agent } = scene(reserved('disk:1000', ENG));
    const agentId = agent.id;
    const calls: ResourceCall[] = [
      { type: 'CREATE_VOLUMES', agentId, volumes: volume() },
      { type: 'GROW_VOLUME', agentId, volume: volume(), addition: reserved('disk:36', ENG) },
      { type: 'SHRINK_VOLUME', agentId, volume: volume({ size: 100 }), subtract: milli(50_000) },
      { type: 'DESTROY_VOLUMES', agentId, volumes: volume({ size: 50 }) },
      { type: 'UNRESERVE_RESOURCES', agentId, resources: reserved('disk:1000', ENG) },
    ];
    for (const call of calls) expect(isAccepted(driver.operator(call))).toBe(true);
    expect(totalOf(driver, agent).equals(resources('disk:1000'))).toBe(true);
  });

  test('changes reservations in one step, between roles and labels', () => {
    const { driver, agent } = scene(reserved('cpus:4', ENG));
    const labelled = dynamic('ops', null, [{ key: 'a', value: 'b' }]);
    const call = reserveCall(agent.id, reserved('cpus:2', labelled), reserved('cpus:2', ENG));
    expect(isAccepted(driver.operator(call))).toBe(true);
    expect(totalOf(driver, agent).equals(reserved('cpus:2', ENG).plus(reserved('cpus:2', labelled)))).toBe(
      true,
    );
  });
});

describe('400 and no trace for', () => {
  test.each<readonly [string, (agent: RegisteredAgent) => ResourceCall, RegExp]>([
    ['an unknown agent', () => reserveCall(77 as AgentId, reserved('cpus:1', ENG)), /No agent found/],
    [
      'no agent',
      () => ({ type: 'GROW_VOLUME', agentId: null, volume: volume(), addition: reserved('disk:1', ENG) }),
      /'agent_id'/,
    ],
    [
      'resources that are allocated',
      (agent) => reserveCall(agent.id, reserved('cpus:1', ENG).allocate('eng')),
      /'allocation_info' must not be set/,
    ],
    [
      'what breaks a rule for operations',
      (agent) => reserveCall(agent.id, resources('cpus:1')),
      /not dynamically/,
    ],
    [
      'a source of several reservations',
      (agent) =>
        reserveCall(agent.id, reserved('cpus:2', OPS), reserved('cpus:1', ENG).plus(reserved('cpus:1', OPS))),
      /one and the same reservations/,
    ],
    [
      'a source of other resources',
      (agent) => reserveCall(agent.id, reserved('cpus:2', OPS), reserved('cpus:1', ENG)),
      /the same but for their reservations/,
    ],
    [
      'a source with a static reservation to be changed',
      (agent) =>
        reserveCall(agent.id, reserved('cpus:1', OPS), reserved('cpus:1', { ...ENG, type: 'STATIC' })),
      /static reservation/,
    ],
    [
      'a volume that the agent does not have',
      (agent) => ({ type: 'DESTROY_VOLUMES', agentId: agent.id, volumes: volume() }),
      /not known on the agent/,
    ],
    [
      'an addition that is another kind of disk',
      (agent) => ({
        type: 'GROW_VOLUME',
        agentId: agent.id,
        volume: volume(),
        addition: resources('disk:1'),
      }),
      /addition/i,
    ],
  ])('%s', (_, callOf, text) => {
    const { driver, agent } = scene();
    const before = stateDigest(driver);
    const outputs = driver.operator(callOf(agent));
    expect(refusalOf(outputs)).toMatch(/^CALL_INVALID/);
    expect(refusalOf(outputs)).toMatch(text);
    expect(outputs).toHaveLength(1);
    expect(stateDigest(driver)).toBe(before);
  });

  test("another's principal", () => {
    const { driver, agent } = scene();
    const call = reserveCall(agent.id, reserved('cpus:1', dynamic('eng', 'you')));
    expect(refusalOf(driver.operator(call, 'me'))).toMatch(/^CALL_INVALID: .*principal 'me'.*'you'/);
    expect(isAccepted(driver.operator(call, 'you'))).toBe(true);
  });

  test('a volume in use', () => {
    const { driver, agent } = scene(resources('cpus:4').plus(volume()));
    const scheduler = driver.subscribe();
    const task = taskInfo(1, agent.id, {}, resources('cpus:1').plus(volume()));
    driver.accept(scheduler, [driver.offerOf(scheduler.id).id], [launch(task)]);
    const outputs = driver.operator({ type: 'DESTROY_VOLUMES', agentId: agent.id, volumes: volume() });
    expect(refusalOf(outputs)).toMatch(/^CALL_INVALID: .*in use/);
  });
});

describe('409 and no trace', () => {
  test('when tasks use what the operation needs, whatever is on offer', () => {
    const { driver, agent } = scene();
    const scheduler = driver.subscribe();
    driver.launchOn(scheduler, agent, 1, 2, 3);
    driver.wait(SECOND);
    const before = stateDigest(driver);
    const outputs = driver.operator(reserveCall(agent.id, reserved('cpus:2', ENG)));
    expect(refusalOf(outputs)).toMatch(
      /^CONFLICT: RESERVE_RESOURCES needs 'cpus:2', but only '.*cpus:1.*' is not in use/,
    );
    expect(stateDigest(driver)).toBe(before);
  });

  test('while the agent is away', () => {
    const { driver, agent } = scene();
    driver.closeLink(agent.link);
    expect(refusalOf(driver.operator(reserveCall(agent.id, reserved('cpus:1', ENG))))).toMatch(
      /^CONFLICT: .*not connected/,
    );
  });
});

describe('offers', () => {
  /** Three offers of the agent, each with a cpu; a task has the fourth. */
  function offered() {
    const { driver, agent } = scene();
    const scheduler = driver.subscribe();
    driver.launchOn(scheduler, agent, 1, 2, 3);
    driver.wait(SECOND);
    for (const taskId of [1, 2]) {
      driver.update(scheduler, agent, taskId, 'TASK_FINISHED', taskId);
      driver.wait(SECOND);
    }
    expect(driver.offersOf(scheduler.id)).toHaveLength(3);
    return { driver, agent };
  }

  test('are rescinded until there is enough, with a filter of 5 s', () => {
    const { driver, agent } = offered();
    driver.allocator.recoveries.length = 0;
    const outputs = driver.operator(reserveCall(agent.id, reserved('cpus:2', ENG)));
    expect(isAccepted(outputs)).toBe(true);
    expect(words(outputs).filter((one) => one === 'RESCIND')).toHaveLength(2);
    expect(driver.allocator.recoveries.map(({ refuse }) => refuse)).toEqual([5 * SECOND, 5 * SECOND]);
  });

  test('that do not help are left alone', () => {
    const { driver, agent } = offered();
    // Only the first offer has disk.
    const outputs = driver.operator(reserveCall(agent.id, reserved('disk:1', ENG)));
    expect(words(outputs).filter((one) => one === 'RESCIND')).toHaveLength(1);
  });

  test('are left alone when enough is free without them', () => {
    const { driver, agent } = scene();
    driver.allocator.isPaused = true;
    driver.subscribe();
    const outputs = driver.operator(reserveCall(agent.id, reserved('cpus:1', ENG)));
    expect(words(outputs)).not.toContain('RESCIND');
  });

  test('of a shared volume are rescinded before it is destroyed', () => {
    const shared = volume({ shared: true });
    const { driver, agent } = scene(resources('cpus:1').plus(shared));
    const scheduler = driver.subscribe({ capabilities: ['MULTI_ROLE', 'SHARED_RESOURCES'] });
    driver.wait(SECOND);
    const outputs = driver.operator({ type: 'DESTROY_VOLUMES', agentId: agent.id, volumes: shared });
    expect(isAccepted(outputs)).toBe(true);
    expect(driver.offersOf(scheduler.id)).toEqual([]);
  });

  test('made after the call show what it did (bug ledger B02)', () => {
    const { driver, agent } = offered();
    driver.operator(reserveCall(agent.id, reserved('cpus:1', OPS)));
    driver.wait(10 * SECOND);
    const total = totalOf(driver, agent);
    for (const one of driver.machine.state.frameworks) {
      for (const offer of driver.offersOf(one.id)) expect(total.contains(offer.resources)).toBe(true);
    }
  });
});

describe('leave is asked (spec 14 §2)', () => {
  const asked = (operation: Parameters<typeof operationAuthorizations>[0]) =>
    operationAuthorizations(operation).map(({ action, object }) => `${action} ${object}`);

  test('to reserve for the role, and to unreserve of the principal that reserved', () => {
    const resourcesFor = reserved('cpus:1', dynamic('eng', 'p'));
    expect(asked({ type: 'RESERVE', id: null, source: Resources.EMPTY, resources: resourcesFor })).toEqual([
      'reserve_resources eng',
    ]);
    expect(asked({ type: 'UNRESERVE', id: null, resources: resourcesFor })).toEqual([
      'unreserve_resources p',
    ]);
  });

  test('for each level that a change takes off or puts on, and none that stays', () => {
    const source = reserved('cpus:1', dynamic('a', 'p'), dynamic('a/b', 'q'), dynamic('a/b/c', 'r'));
    const target = reserved('cpus:1', dynamic('a', 'p'), dynamic('a/x', 's'));
    expect(asked({ type: 'RESERVE', id: null, source, resources: target })).toEqual([
      'unreserve_resources q',
      'unreserve_resources r',
      'reserve_resources a/x',
    ]);
  });

  test('to create for the role, to destroy of the principal that created', () => {
    expect(asked(create(volume({ principal: 'p' })))).toEqual(['create_volumes eng']);
    expect(asked({ type: 'DESTROY', id: null, volumes: volume({ principal: 'p' }) })).toEqual([
      'destroy_volumes p',
    ]);
  });
});
