import { afterEach, expect, test } from 'vitest';
import type { RunningMaster } from './start-master.ts';
import { MemoryRegistry } from '../storage/memory-registry.ts';
import { ask, post, ScriptedAgent, subscribe, testMaster } from './test-kit.ts';

let master: RunningMaster;

afterEach(async () => {
  await master.close();
});

interface OffersRecord {
  readonly type: string;
  readonly offers: {
    readonly offers: readonly {
      readonly id: { readonly value: string };
      readonly agent_id: { readonly value: string };
      readonly hostname: string;
      readonly allocation_info?: { readonly role: string };
      readonly resources: readonly {
        readonly name: string;
        readonly allocation_info?: object;
        readonly role?: string;
      }[];
    }[];
  };
}
interface UpdateRecord {
  readonly type: string;
  readonly update: {
    readonly status: {
      readonly task_id: { readonly value: string };
      readonly agent_id: { readonly value: string };
      readonly state: string;
      readonly uuid?: string;
      readonly message?: string;
      readonly reason?: string;
    };
  };
}
const isOffers = (record: OffersRecord): boolean => record.type === 'OFFERS';
const isUpdate = (record: UpdateRecord): boolean => record.type === 'UPDATE';

test('a task is launched, runs, ends and is acknowledged over JSON', async () => {
  master = await testMaster();
  const agent = await ScriptedAgent.start(master);
  expect(agent.agentText).toMatch(/^[0-9a-f-]{36}-S0$/);
  const { events, streamId, frameworkId } = await subscribe(master);
  expect(events.headers['content-type']).toBe('application/json');
  expect(frameworkId).toMatch(/^[0-9a-f-]{36}-0000$/);
  const { offers } = await events.next(isOffers);
  const offer = offers.offers[0]!;
  expect(offer).toMatchObject({
    hostname: 'host1',
    allocation_info: { role: 'eng' },
    agent_id: { value: agent.agentText },
  });
  const call = (body: object) =>
    post(
      master,
      '/api/v1/scheduler',
      { framework_id: { value: frameworkId }, ...body },
      { 'Mesos-Stream-Id': streamId },
    );
  const accepted = await call({
    type: 'ACCEPT',
    accept: {
      offer_ids: [offer.id],
      operations: [
        {
          type: 'LAUNCH',
          launch: {
            task_infos: [
              {
                name: 't',
                task_id: { value: 'web.1' },
                agent_id: offer.agent_id,
                command: { value: 'sleep 100' },
                resources: [
                  { name: 'cpus', type: 'SCALAR', scalar: { value: 0.5 }, allocation_info: { role: 'eng' } },
                  { name: 'mem', type: 'SCALAR', scalar: { value: 32 } },
                ],
              },
              {
                name: 'bad',
                task_id: { value: 'web/2' },
                agent_id: offer.agent_id,
                command: { value: 'true' },
              },
              {
                name: 'of another role',
                task_id: { value: 'web.3' },
                agent_id: offer.agent_id,
                command: { value: 'true' },
                resources: [
                  { name: 'cpus', type: 'SCALAR', scalar: { value: 0.5 }, allocation_info: { role: 'ops' } },
                ],
              },
              {
                name: 'with rlimits',
                task_id: { value: 'web.4' },
                agent_id: offer.agent_id,
                command: { value: 'true' },
                container: {
                  type: 'MESOS',
                  rlimit_info: { rlimits: [{ type: 'RLMT_NOFILE', hard: 8, soft: 8 }] },
                },
                resources: [{ name: 'cpus', type: 'SCALAR', scalar: { value: 0.5 } }],
              },
            ],
          },
        },
      ],
      filters: { refuse_seconds: 30 },
    },
  });
  expect([accepted.status, accepted.text]).toEqual([202, '']);
  const refused = await events.next(isUpdate);
  expect(refused.update.status).toMatchObject({
    task_id: { value: 'web/2' },
    state: 'TASK_ERROR',
    reason: 'REASON_TASK_INVALID',
  });
  expect(refused.update.status.message).toContain("contains '/'");
  expect((await events.next(isUpdate)).update.status).toMatchObject({
    task_id: { value: 'web.3' },
    state: 'TASK_ERROR',
    reason: 'REASON_TASK_INVALID',
    message: "Task uses resources allocated to role 'ops', and the offers are to role 'eng'",
  });
  const unsupported = (await events.next(isUpdate)).update.status;
  expect(unsupported).toMatchObject({ task_id: { value: 'web.4' }, state: 'TASK_ERROR' });
  expect(unsupported.message).toContain('container.rlimit_info');
  const run = await agent.next('RUN_TASK');
  expect(run.task.template.command!.value).toBe('sleep 100');
  expect(run.task.resources.toString()).toBe('cpus:0.5;mem:32');
  expect(agent.ids.taskText(run.task.taskId)).toBe('web.1');
  for (const state of ['TASK_RUNNING', 'TASK_FINISHED'] as const) {
    agent.update(run, state);
    const { status } = (await events.next(isUpdate)).update;
    expect(status).toMatchObject({ task_id: { value: 'web.1' }, state });
    const acknowledged = await call({
      type: 'ACKNOWLEDGE',
      acknowledge: { agent_id: status.agent_id, task_id: status.task_id, uuid: status.uuid },
    });
    expect(acknowledged.status).toBe(202);
    expect((await agent.next('STATUS_UPDATE_ACKNOWLEDGEMENT')).taskId).toBe(run.task.taskId);
  }
  events.close();
});

test('a call is refused with the status and the reason of the first rule that it breaks', async () => {
  master = await testMaster();
  const { events, streamId, frameworkId } = await subscribe(master);
  const send = (body: object, headers = {}) => post(master, '/api/v1/scheduler', body, headers);
  const id = { framework_id: { value: frameworkId } };
  const stream = { 'Mesos-Stream-Id': streamId };
  const cases: [object, object, number, string][] = [
    [{}, stream, 400, "Expecting 'type' to be present"],
    [{ type: 'FLY' }, stream, 400, "Expecting 'type' to be present"],
    [{ type: 'UNKNOWN' }, stream, 501, 'UNKNOWN'],
    [{ type: 'ACCEPT' }, stream, 400, "Expecting 'framework_id' to be present"],
    [{ type: 'ACCEPT', ...id }, stream, 400, "Expecting 'accept' to be present"],
    [{ type: 'REVIVE', framework_id: { value: 'nobody' } }, stream, 400, 'Framework cannot be found'],
    [{ type: 'REVIVE', ...id }, {}, 400, "'Mesos-Stream-Id' header"],
    [{ type: 'REVIVE', ...id }, { 'Mesos-Stream-Id': 'stale' }, 400, 'does not match'],
    [
      {
        type: 'ACKNOWLEDGE',
        ...id,
        acknowledge: { agent_id: { value: 'a' }, task_id: { value: 't' }, uuid: 'AA==' },
      },
      stream,
      400,
      '16 bytes',
    ],
    [{ type: 'KILL', ...id, kill: {} }, stream, 400, "'kill.task_id': required, and missing"],
    [
      { type: 'KILL', ...id, kill: { task_id: { value: 7 } } },
      stream,
      400,
      "'kill.task_id.value': expected a string",
    ],
  ];
  for (const [body, headers, status, text] of cases) {
    const answer = await send(body, headers);
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(text)]);
  }
  const got = await ask(master, '/api/v1/scheduler');
  expect([got.status, got.headers.allow]).toEqual([405, 'POST']);
  const untyped = await ask(master, '/api/v1/scheduler', { method: 'POST', body: '{}' });
  expect(untyped.status).toBe(400);
  const typed = { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: '{}' };
  expect((await ask(master, '/api/v1/scheduler', typed)).status).toBe(415);
  const garbage = { method: 'POST', headers: { 'Content-Type': 'application/x-protobuf' }, body: 'garbage' };
  expect((await ask(master, '/api/v1/scheduler', garbage)).status).toBe(400);
  events.close();
});

test('an operation that cannot be read is dropped by itself, with feedback if it asks for it', async () => {
  master = await testMaster();
  const agent = await ScriptedAgent.start(master);
  const { events, streamId, frameworkId } = await subscribe(master);
  const { offers } = await events.next(isOffers);
  const offer = offers.offers[0]!;
  const executor = { type: 'DEFAULT', executor_id: { value: 'a/b' }, framework_id: { value: frameworkId } };
  const cpus = { name: 'cpus', type: 'SCALAR', scalar: { value: 1 } };
  const task = (id: string) => ({
    name: id,
    task_id: { value: id },
    agent_id: offer.agent_id,
    command: { value: 'true' },
    resources: [cpus],
  });
  const answer = await post(
    master,
    '/api/v1/scheduler',
    {
      type: 'ACCEPT',
      framework_id: { value: frameworkId },
      accept: {
        offer_ids: [offer.id],
        operations: [
          {
            type: 'RESERVE',
            id: { value: 'op1' },
            reserve: { resources: [{ ...cpus, scalar: { value: -1 } }] },
          },
          { type: 'CREATE', id: { value: 'op2' } },
          {
            type: 'LAUNCH_GROUP',
            launch_group: { executor, task_group: { tasks: [task('g1'), task('g2')] } },
          },
          { type: 'OF_TOMORROW' },
          { type: 'LAUNCH', launch: { task_infos: [task('t1')] } },
        ],
      },
    },
    { 'Mesos-Stream-Id': streamId },
  );
  expect(answer.status).toBe(202);
  const failed: string[] = [];
  while (failed.length < 4) {
    const event = await events.next<{
      type: string;
      update?: UpdateRecord['update'];
      update_operation_status?: {
        status: { operation_id: { value: string }; state: string; message: string };
      };
    }>(({ type }) => type === 'UPDATE' || type === 'UPDATE_OPERATION_STATUS');
    const operation = event.update_operation_status?.status;
    failed.push(
      operation === undefined
        ? `${event.update!.status.task_id.value} ${event.update!.status.state} ${event.update!.status.message}`
        : `${operation.operation_id.value} ${operation.state} ${operation.message}`,
    );
  }
  expect(failed).toEqual([
    expect.stringMatching(/^op1 OPERATION_ERROR .*'cpus' has the value -1/),
    expect.stringMatching(/^op2 OPERATION_ERROR Expecting '.*create' to be present/),
    expect.stringMatching(/^g1 TASK_ERROR .*contains '\/'/),
    expect.stringMatching(/^g2 TASK_ERROR .*contains '\/'/),
  ]);
  expect((await agent.next('RUN_TASK')).task.template.name).toBe('t1');
  events.close();
});

test('a master that does not lead sends clients to the one that does, or tells them to come again', async () => {
  let leader: { hostname: string; port: number } | null = null;
  // Its election never becomes durable.
  const registry = new MemoryRegistry();
  registry.append = () => new Promise(() => {});
  master = await testMaster({ registry, leader: () => leader });
  const call = { type: 'GET_STATE' };
  for (const path of ['/api/v1', '/api/v1/scheduler'])
    expect((await post(master, path, call)).status).toBe(503);
  expect((await ask(master, '/state')).status).toBe(503);
  leader = { hostname: 'other', port: 5_055 };
  for (const path of ['/api/v1', '/api/v1/scheduler']) {
    const answer = await post(master, path, call);
    expect([answer.status, answer.headers.location]).toEqual([307, `//other:5055${path}`]);
  }
  expect((await ask(master, '/master/state?jsonp=x')).headers.location).toBe(
    '//other:5055/master/state?jsonp=x',
  );
  expect((await ask(master, '/health')).status).toBe(200);
  expect((await ask(master, '/metrics/snapshot')).text).toContain('"master/elected":0');
});
