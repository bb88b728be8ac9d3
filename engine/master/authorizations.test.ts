import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AgentId, OfferId, TaskId } from '../core/index.ts';
import type { AuthorizationRequest, OperatorMutation, SchedulerCall } from '../protocol/index.ts';
import type { OperatorStreamId, RequestId } from './input.ts';
import type { MasterOutput } from './output.ts';
import { stateDigest } from './state-digest.ts';
import {
  agentInfo,
  EMPTY_REPORT,
  frameworkInfo,
  groupExecutor,
  launch,
  MasterDriver,
  MINUTE,
  type RegisteredAgent,
  reportedTask,
  resources,
  type Scheduler,
  SECOND,
  taskInfo,
  toldOf,
  updatesOn,
  words,
} from './test-kit.ts';

// Spec 14 §2 as the master carries it out: denied mutations 403, tasks TASK_ERROR …_UNAUTHORIZED, operations dropped; a failed authorizer
// denies and harms nobody.

const YES = (requests: readonly AuthorizationRequest[]) => requests.map(() => true);

/** A scheduler and an agent with an offer, and an authorizer that is silent from now on. */
function world(): { driver: MasterDriver; scheduler: Scheduler; agent: RegisteredAgent } {
  const driver = new MasterDriver({ options: { authorization: true } });
  driver.authorizer = YES;
  const scheduler = driver.subscribe({ principal: 'p' });
  const agent = driver.register(1);
  driver.wait(2 * SECOND);
  driver.authorizer = null;
  return { driver, scheduler, agent };
}

function asked(outputs: readonly MasterOutput[]) {
  return outputs.flatMap((output) => (output.kind === 'authorize' ? [output] : []));
}

function nothingWaits(driver: MasterDriver): void {
  const { asked: open, queues, subscribing, registering } = driver.machine.state.authorizations!;
  expect([open.size, queues.size, subscribing.size, registering.size]).toEqual([0, 0, 0, 0]);
}

describe('SUBSCRIBE', () => {
  test('asks for each role, as the principal of the framework', () => {
    const driver = new MasterDriver({ options: { authorization: true } });
    const { outputs, stream } = driver.trySubscribe(frameworkInfo({ principal: 'p', roles: ['a', 'b'] }));
    expect(outputs).toEqual([
      {
        kind: 'authorize',
        ticket: 1,
        principal: 'p',
        requests: [
          { action: 'register_frameworks', object: 'a' },
          { action: 'register_frameworks', object: 'b' },
        ],
      },
    ]);
    const answered = driver.answer([true, true]);
    expect(words(answered)[0]).toBe('SUBSCRIBED');
    expect(answered[0]).toMatchObject({ stream });
    nothingWaits(driver);
  });

  test.each([[[true, false]], [null]])('answered %j is refused inside the stream', (verdicts) => {
    const driver = new MasterDriver({ options: { authorization: true } });
    const before = stateDigest(driver);
    driver.trySubscribe(frameworkInfo({ roles: ['a', 'b'] }));
    expect(words(driver.answer(verdicts))).toEqual([
      'ERROR Not authorized to register with the roles a, b',
      'closeStream',
    ]);
    expect(stateDigest(driver)).toBe(before);
  });

  test('that breaks a rule is refused before anybody is asked', () => {
    const driver = new MasterDriver({ options: { authorization: true } });
    expect(words(driver.trySubscribe(frameworkInfo({ roles: ['a', 'a'] })).outputs)).not.toContain(
      'authorize',
    );
  });

  test('whose stream closes while it waits comes to nothing', () => {
    const driver = new MasterDriver({ options: { authorization: true } });
    const { stream } = driver.trySubscribe(frameworkInfo());
    driver.closeStream(stream);
    expect(driver.answer([true])).toEqual([]);
    expect(driver.machine.state.frameworks.count).toBe(0);
    nothingWaits(driver);
  });

  test('of one framework twice: the later one wins, whatever the authorizer takes its time for', () => {
    const { driver, scheduler } = world();
    const info = frameworkInfo({ id: scheduler.id, principal: 'p' });
    const first = driver.trySubscribe(info);
    const second = driver.trySubscribe(info);
    expect(asked([...first.outputs, ...second.outputs])).toHaveLength(1);
    driver.answer([true]);
    driver.answer([true]);
    expect(driver.machine.state.frameworksById.get(scheduler.id)!.stream).toBe(second.stream);
    nothingWaits(driver);
  });

  test('is checked again when the answer is there: a framework removed meanwhile never comes back', () => {
    const { driver, scheduler } = world();
    driver.trySubscribe(frameworkInfo({ id: scheduler.id, principal: 'p' }));
    driver.call(scheduler.stream, { type: 'TEARDOWN', frameworkId: scheduler.id });
    // TEARDOWN came later, and waits behind it.
    driver.answer([true]);
    expect(driver.machine.state.frameworksById.has(scheduler.id)).toBe(false);
    driver.authorizer = YES;
    const { outputs } = driver.trySubscribe(frameworkInfo({ id: scheduler.id, principal: 'p' }));
    expect(words(outputs)).toEqual(['ERROR Framework has been removed', 'closeStream']);
  });
});

describe('ACCEPT', () => {
  test('asks for the user of each task, and for what operations change', () => {
    const { driver, scheduler, agent } = world();
    const offer = driver.offerOf(scheduler.id);
    const www = taskInfo(1, agent.id);
    const command = { ...www.template.command!, user: 'www' };
    const reserved = resources('cpus(eng):1');
    const outputs = driver.accept(
      scheduler,
      [offer.id],
      [
        launch(taskInfo(1, agent.id, { command }), taskInfo(2, agent.id)),
        { type: 'UNRESERVE', id: null, resources: reserved },
      ],
    );
    expect(asked(outputs)).toMatchObject([
      {
        principal: 'p',
        requests: [
          { action: 'run_tasks', object: 'www' },
          { action: 'run_tasks', object: 'root' },
          { action: 'unreserve_resources', object: null },
        ],
      },
    ]);
    expect(driver.machine.state.authorizations!.isPending(scheduler.id, 2 as TaskId)).toBe(true);
  });

  test('runs what is allowed and answers TASK_ERROR REASON_TASK_UNAUTHORIZED for the rest', () => {
    const { driver, scheduler, agent } = world();
    driver.launchOn(scheduler, agent, 1, 2);
    const outputs = driver.answer([true, false]);
    expect(words(outputs)).toEqual(['RUN_TASK', 'TASK_ERROR 2']);
    expect(toldOf(updatesOn(outputs, scheduler.stream))).toEqual(['2 TASK_ERROR REASON_TASK_UNAUTHORIZED']);
    nothingWaits(driver);
  });

  test('of a failed authorizer runs nothing, gives the offers back and leaves nothing pending (bug ledger B08)', () => {
    const { driver, scheduler, agent } = world();
    driver.launchOn(scheduler, agent, 1, 2);
    expect(toldOf(updatesOn(driver.answer(null), scheduler.stream))).toEqual([
      '1 TASK_ERROR REASON_TASK_UNAUTHORIZED',
      '2 TASK_ERROR REASON_TASK_UNAUTHORIZED',
    ]);
    nothingWaits(driver);
    expect(driver.machine.stats.offered.cpus).toBe(0);
    expect(driver.reconcile(scheduler, [{ taskId: 1, agentId: null }])).toMatchObject([
      { state: 'TASK_UNKNOWN' },
    ]);
  });

  test('with a task that is invalid leaves nothing pending (bug ledger B08)', () => {
    const { driver, scheduler, agent } = world();
    const offer = driver.offerOf(scheduler.id);
    driver.accept(scheduler, [offer.id], [launch(taskInfo(1, agent.id, {}, resources('cpus:99')))]);
    expect(toldOf(updatesOn(driver.answer([true]), scheduler.stream))).toEqual([
      '1 TASK_ERROR REASON_TASK_INVALID',
    ]);
    nothingWaits(driver);
    expect(driver.reconcile(scheduler, [{ taskId: 1, agentId: agent.id }])).toMatchObject([
      { state: 'TASK_GONE' },
    ]);
  });

  test('of a group: one that may not be, and every task is answered REASON_TASK_GROUP_UNAUTHORIZED', () => {
    const { driver, scheduler, agent } = world();
    const executor = groupExecutor(9, scheduler.id);
    const taskInfos = [taskInfo(1, agent.id), taskInfo(2, agent.id)];
    driver.accept(
      scheduler,
      [driver.offerOf(scheduler.id).id],
      [{ type: 'LAUNCH_GROUP', id: null, executor, taskInfos }],
    );
    expect(toldOf(updatesOn(driver.answer([true, false]), scheduler.stream))).toEqual([
      '1 TASK_ERROR REASON_TASK_GROUP_UNAUTHORIZED',
      '2 TASK_ERROR REASON_TASK_GROUP_UNAUTHORIZED',
    ]);
  });

  test('drops an operation that may not be, and says so if it has an id', () => {
    const { driver, scheduler } = world();
    driver.accept(
      scheduler,
      [driver.offerOf(scheduler.id).id],
      [{ type: 'UNRESERVE', id: 'o', resources: resources('cpus(eng):1') }],
    );
    expect(driver.answer([false])).toMatchObject([
      { event: { type: 'UPDATE_OPERATION_STATUS', status: { operationId: 'o', state: 'OPERATION_ERROR' } } },
    ]);
  });

  test('with a KILL while it waits: the task is TASK_KILLED by the master at once and never launched (bug ledger B09)', () => {
    const { driver, scheduler, agent } = world();
    driver.launchOn(scheduler, agent, 1, 2);
    const kill = { type: 'KILL', frameworkId: scheduler.id, taskId: 1 as TaskId, killPolicy: null } as const;
    expect(driver.call(scheduler.stream, { ...kill, agentId: 77 as AgentId })).toEqual([]);
    const killed = driver.call(scheduler.stream, { ...kill, agentId: null });
    expect(updatesOn(killed, scheduler.stream)).toMatchObject([
      {
        state: 'TASK_KILLED',
        reason: 'REASON_TASK_KILLED_DURING_LAUNCH',
        source: 'SOURCE_MASTER',
        uuid: null,
        agentId: agent.id,
      },
    ]);
    const outputs = driver.answer([true, true]);
    expect(words(outputs)).toEqual(['RUN_TASK']);
    expect(driver.stateOf(scheduler.id, 1)).toBeNull();
    expect(driver.stateOf(scheduler.id, 2)).toBe('TASK_STAGING');
    nothingWaits(driver);
  });

  test('of a group with a KILL while it waits: each task of it is told TASK_KILLED once', () => {
    const { driver, scheduler, agent } = world();
    const executor = groupExecutor(9, scheduler.id);
    const taskInfos = [taskInfo(1, agent.id), taskInfo(2, agent.id)];
    driver.accept(
      scheduler,
      [driver.offerOf(scheduler.id).id],
      [{ type: 'LAUNCH_GROUP', id: null, executor, taskInfos }],
    );
    const kill = { type: 'KILL', frameworkId: scheduler.id, agentId: null, killPolicy: null } as const;
    const first = driver.call(scheduler.stream, { ...kill, taskId: 2 as TaskId });
    const then = driver.answer([true, true]);
    expect(toldOf(updatesOn([...first, ...then], scheduler.stream))).toEqual([
      '2 TASK_KILLED REASON_TASK_KILLED_DURING_LAUNCH',
      '1 TASK_KILLED REASON_TASK_KILLED_DURING_LAUNCH',
    ]);
    expect(words(then)).not.toContain('RUN_TASK_GROUP');
  });

  test('whose offers were rescinded meanwhile is answered as one with invalid offers', () => {
    const { driver, scheduler, agent } = world();
    driver.launchOn(scheduler, agent, 1);
    expect(words(driver.closeLink(agent.link))).toContain('RESCIND');
    expect(toldOf(updatesOn(driver.answer([true]), scheduler.stream))).toEqual([
      '1 TASK_DROPPED REASON_INVALID_OFFERS',
    ]);
    nothingWaits(driver);
  });

  test('whose agent was removed meanwhile launches nothing', () => {
    const { driver, scheduler, agent } = world();
    driver.launchOn(scheduler, agent, 1);
    driver.fromAgent(agent.link, { type: 'UNREGISTER_AGENT', agentId: agent.id });
    expect(words(driver.answer([true]))).toEqual(['TASK_DROPPED 1']);
    nothingWaits(driver);
  });

  test('whose framework failed over meanwhile answers the new scheduler', () => {
    const { driver, scheduler, agent } = world();
    driver.launchOn(scheduler, agent, 1);
    const { stream } = driver.trySubscribe(frameworkInfo({ id: scheduler.id, principal: 'p' }));
    // In the order in which they came.
    expect(words(driver.answer([true]))).toEqual(['RUN_TASK', 'authorize']);
    driver.answer([true]);
    expect(driver.machine.state.frameworksById.get(scheduler.id)!.stream).toBe(stream);
    expect(driver.stateOf(scheduler.id, 1)).toBe('TASK_STAGING');
  });

  test('whose framework is disconnected and removed meanwhile comes to nothing', () => {
    const driver = new MasterDriver({ options: { authorization: true } });
    driver.authorizer = YES;
    const scheduler = driver.subscribe({ failoverTimeout: 0 });
    const agent = driver.register(1);
    driver.wait(2 * SECOND);
    driver.authorizer = null;
    driver.launchOn(scheduler, agent, 1);
    driver.call(scheduler.stream, {
      type: 'UPDATE_FRAMEWORK',
      frameworkId: scheduler.id,
      frameworkInfo: frameworkInfo({ id: scheduler.id }),
      suppressedRoles: [],
      offerConstraints: null,
    });
    driver.closeStream(scheduler.stream);
    driver.wait(SECOND);
    expect(words(driver.answer([true]))).toEqual(['refused CONFLICT']);
    nothingWaits(driver);
  });
});

test('UPDATE_FRAMEWORK is answered 200, or 403, when the authorizer has answered', () => {
  const { driver, scheduler } = world();
  const call: SchedulerCall = {
    type: 'UPDATE_FRAMEWORK',
    frameworkId: scheduler.id,
    frameworkInfo: frameworkInfo({ id: scheduler.id, principal: 'p', name: 'renamed' }),
    suppressedRoles: [],
    offerConstraints: null,
  };
  expect(words(driver.call(scheduler.stream, call))).toEqual(['authorize']);
  expect(driver.answer([false])).toMatchObject([{ kind: 'refuseCall', error: { code: 'NOT_AUTHORIZED' } }]);
  driver.call(scheduler.stream, call);
  expect(driver.answer([true])).toMatchObject([{ kind: 'answerCall', status: 200 }]);
  expect(driver.machine.state.frameworksById.get(scheduler.id)!.info.name).toBe('renamed');
});

describe('agents', () => {
  const message = { type: 'REGISTER_AGENT', info: agentInfo(1) } as const;

  test('are admitted once they may register', () => {
    const driver = new MasterDriver({ options: { authorization: true } });
    const link = driver.newLink();
    const outputs = driver.step({ kind: 'agentMessage', link, message, principal: 'agent' });
    expect(asked(outputs)).toMatchObject([
      { principal: 'agent', requests: [{ action: 'register_agents', object: null }] },
    ]);
    // It asks again, and nobody is asked twice.
    expect(driver.fromAgent(link, message)).toEqual([]);
    expect(words(driver.answer([true]))).toContain('AGENT_REGISTERED');
    nothingWaits(driver);
  });

  test.each([[null], [[false]]])(
    'are never shut down by an authorizer that answers %j: they ask again, and then may be let in (bug ledger B30, B15)',
    (verdicts) => {
      const { driver, scheduler, agent } = world();
      driver.launchOn(scheduler, agent, 1);
      driver.answer([true]);
      driver.closeLink(agent.link);
      const report = {
        ...EMPTY_REPORT,
        tasks: [reportedTask(scheduler.id, taskInfo(1, agent.id))],
      };
      const { link } = driver.reregister(agent.info, report);
      expect(driver.answer(verdicts)).toEqual([]);
      expect(driver.stateOf(scheduler.id, 1)).toBe('TASK_STAGING');
      driver.reregister(agent.info, report, link);
      expect(words(driver.answer([true]))).toContain('AGENT_REREGISTERED');
      nothingWaits(driver);
    },
  );

  test('whose link breaks while they wait leave nothing behind', () => {
    const driver = new MasterDriver({ options: { authorization: true } });
    const link = driver.newLink();
    driver.fromAgent(link, message);
    driver.closeLink(link);
    expect(driver.answer([true])).toEqual([]);
    nothingWaits(driver);
    expect(driver.written).toEqual([]);
  });
});

describe('calls of operators', () => {
  function operator(driver: MasterDriver, call: OperatorMutation): MasterOutput[] {
    return driver.step({ kind: 'operatorCalled', request: 900 as RequestId, principal: 'op', call });
  }

  const agentId = 1 as AgentId;
  const volumes = resources('disk(eng):10');
  test.each<[OperatorMutation, AuthorizationRequest[]]>([
    [
      { type: 'UPDATE_WEIGHTS', weightInfos: [{ role: 'a', weight: 2 }] },
      [{ action: 'update_weights', object: 'a' }],
    ],
    [{ type: 'REMOVE_QUOTA', role: 'a' }, [{ action: 'update_quotas', object: 'a' }]],
    [{ type: 'UPDATE_QUOTA', force: false, quotaConfigs: [] }, [{ action: 'update_quotas', object: null }]],
    [
      { type: 'RESERVE_RESOURCES', agentId, source: resources(''), resources: resources('cpus(eng):1') },
      [{ action: 'reserve_resources', object: 'eng' }],
    ],
    [
      { type: 'UNRESERVE_RESOURCES', agentId, resources: resources('cpus(eng):1') },
      [{ action: 'unreserve_resources', object: null }],
    ],
    [{ type: 'CREATE_VOLUMES', agentId, volumes }, [{ action: 'create_volumes', object: 'eng' }]],
    [{ type: 'DESTROY_VOLUMES', agentId, volumes }, [{ action: 'destroy_volumes', object: null }]],
    [
      { type: 'GROW_VOLUME', agentId, volume: volumes, addition: volumes },
      [{ action: 'resize_volumes', object: 'eng' }],
    ],
    [
      { type: 'UPDATE_MAINTENANCE_SCHEDULE', schedule: { windows: [] } },
      [{ action: 'update_maintenance_schedules', object: null }],
    ],
    [{ type: 'START_MAINTENANCE', machines: [] }, [{ action: 'start_maintenances', object: null }]],
    [{ type: 'STOP_MAINTENANCE', machines: [] }, [{ action: 'stop_maintenances', object: null }]],
    [
      { type: 'DRAIN_AGENT', agentId, maxGracePeriod: null, markGone: false },
      [{ action: 'drain_agents', object: null }],
    ],
    [
      { type: 'DRAIN_AGENT', agentId, maxGracePeriod: null, markGone: true },
      [
        { action: 'drain_agents', object: null },
        { action: 'mark_agents_gone', object: null },
      ],
    ],
    [{ type: 'DEACTIVATE_AGENT', agentId }, [{ action: 'deactivate_agents', object: null }]],
    [{ type: 'REACTIVATE_AGENT', agentId }, [{ action: 'reactivate_agents', object: null }]],
    [{ type: 'MARK_AGENT_GONE', agentId }, [{ action: 'mark_agents_gone', object: null }]],
  ])('$0.type needs leave, and without it is refused with 403 and changes nothing', (call, requests) => {
    const { driver } = world();
    const before = stateDigest(driver);
    expect(operator(driver, call)).toMatchObject([{ kind: 'authorize', principal: 'op', requests }]);
    expect(driver.answer(requests.map(() => false))).toMatchObject([
      { kind: 'refuseCall', request: 900, error: { code: 'NOT_AUTHORIZED' } },
    ]);
    expect(stateDigest(driver)).toBe(before);
    operator(driver, call);
    expect(driver.answer(null)).toMatchObject([{ kind: 'refuseCall', error: { code: 'NOT_AUTHORIZED' } }]);
    expect(stateDigest(driver)).toBe(before);
  });

  test('TEARDOWN asks about the principal of the framework', () => {
    const { driver, scheduler } = world();
    expect(asked(operator(driver, { type: 'TEARDOWN', frameworkId: scheduler.id }))).toMatchObject([
      { requests: [{ action: 'teardown_frameworks', object: 'p' }] },
    ]);
  });
});

test('without the option nobody is asked anything', () => {
  const driver = new MasterDriver();
  const scheduler = driver.subscribe();
  const agent = driver.register(1);
  driver.wait(2 * SECOND);
  expect(asked(driver.launchOn(scheduler, agent, 1))).toEqual([]);
});

test('an event stream shows what its principal may view', () => {
  const rules = [{ principals: { type: 'SOME', values: ['p'] }, objects: { type: 'NONE' } }] as const;
  const acls = { permissive: true, rules: new Map([['view_frameworks', rules]] as const) };
  const driver = new MasterDriver({ options: { acls } });
  const hidden = driver.watch({ principal: 'p' });
  const open = driver.watch({ principal: 'q' });
  const outputs = driver.trySubscribe(frameworkInfo()).outputs;
  const seenBy = (stream: OperatorStreamId) =>
    outputs.filter((one) => one.kind === 'operatorEvent' && one.stream === stream).length;
  expect([seenBy(hidden.stream), seenBy(open.stream)]).toEqual([0, 1]);
});

// The calls of one framework keep their order: what a silent authorizer held up has, once all is allowed, the effects and answers that it would
// have had at once.
test('calls that waited have the effects of calls that did not, in their order', () => {
  const call = fc.record({ kind: fc.nat(7), task: fc.integer({ min: 1, max: 4 }), flag: fc.boolean() });
  fc.assert(
    fc.property(fc.array(call, { minLength: 1, maxLength: 12 }), (calls) => {
      const waiting = world();
      const direct = world();
      direct.driver.authorizer = YES;
      const said = [waiting, direct].map(({ driver, scheduler, agent }) => {
        const outputs: MasterOutput[] = [];
        // The offer that there was at the start; both worlds number it alike.
        const offer = driver.offerOf(scheduler.id).id;
        for (const one of calls)
          outputs.push(...driver.call(scheduler.stream, make(one, offer, scheduler, agent)));
        return outputs;
      });
      while (waiting.driver.unanswered.length > 0)
        said[0]!.push(...waiting.driver.answer(YES(waiting.driver.unanswered[0]!.requests)));
      const words0 = words(said[0]!).filter((word) => word !== 'authorize');
      const words1 = words(said[1]!).filter((word) => word !== 'authorize');
      expect(words0).toEqual(words1);
      expect(stateDigest(waiting.driver)).toBe(stateDigest(direct.driver));
      nothingWaits(waiting.driver);
    }),
  );
});

/** A call; KILLs are left out, for those of tasks that wait do not wait themselves. */
function make(
  { kind, task, flag }: { kind: number; task: number; flag: boolean },
  offer: OfferId,
  scheduler: Scheduler,
  agent: RegisteredAgent,
): SchedulerCall {
  const frameworkId = scheduler.id;
  switch (kind) {
    case 0:
    case 1:
    case 2:
      return {
        type: 'ACCEPT',
        frameworkId,
        offerIds: [flag ? offer : (99 as OfferId)],
        operations: [launch(taskInfo(task, agent.id))],
        filters: { refuseSeconds: flag ? 0 : 1 },
      };
    case 3:
      return { type: 'DECLINE', frameworkId, offerIds: [99 as OfferId], filters: null };
    case 4:
      return { type: flag ? 'SUPPRESS' : 'REVIVE', frameworkId, roles: [] };
    case 5:
      return {
        type: 'UPDATE_FRAMEWORK',
        frameworkId,
        frameworkInfo: frameworkInfo({ id: frameworkId, principal: 'p', name: `name ${task}` }),
        suppressedRoles: flag ? ['eng'] : [],
        offerConstraints: null,
      };
    case 6:
      return {
        type: 'RECONCILE',
        frameworkId,
        tasks: flag ? [] : [{ taskId: task as TaskId, agentId: null }],
      };
    default:
      return { type: 'SHUTDOWN', frameworkId, executorId: 3 as never, agentId: agent.id };
  }
}

test('the queue of a framework is bounded', () => {
  const { driver, scheduler, agent } = world();
  driver.launchOn(scheduler, agent, 1);
  const call = { type: 'SUPPRESS', frameworkId: scheduler.id, roles: [] } as const;
  for (let time = 0; time < 10_000; time++) expect(driver.call(scheduler.stream, call)).toEqual([]);
  expect(words(driver.call(scheduler.stream, call))).toEqual(['refused IN_TRANSITION']);
  driver.wait(MINUTE);
  driver.answer([true]);
  nothingWaits(driver);
});
