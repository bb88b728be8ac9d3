import { fromBinary, toBinary, create } from '@bufbuild/protobuf';
import { afterEach, expect, test } from 'vitest';
import { Call_Type, CallSchema, ResponseSchema } from '../proto/generated/mesos/v1/master/master_pb.ts';
import type { RunningMaster } from './start-master.ts';
import { ask, openStream, post, ScriptedAgent, subscribe, testMaster } from './test-kit.ts';

let master: RunningMaster;

afterEach(async () => {
  await master.close();
});

async function call(body: object) {
  return await post(master, '/api/v1', body);
}

/** A task of a framework that runs on an agent. */
async function runningTask(resources = 'cpus:4;mem:4096;disk:1000;ports:[31000-31010]') {
  const agent = await ScriptedAgent.start(master, resources);
  const framework = await subscribe(master, { name: 'web', principal: 'p' });
  const { offers } = await framework.events.next<{
    type: string;
    offers: { offers: { id: object; agent_id: object }[] };
  }>(({ type }) => type === 'OFFERS');
  const offer = offers.offers[0]!;
  await post(
    master,
    '/api/v1/scheduler',
    {
      type: 'ACCEPT',
      framework_id: { value: framework.frameworkId },
      accept: {
        offer_ids: [offer.id],
        operations: [
          {
            type: 'LAUNCH',
            launch: {
              task_infos: [
                {
                  name: 'n',
                  task_id: { value: 't1' },
                  agent_id: offer.agent_id,
                  command: { value: 'sleep 1' },
                  labels: { labels: [{ key: 'k', value: 'v' }] },
                  resources: [{ name: 'cpus', type: 'SCALAR', scalar: { value: 1 } }],
                },
              ],
            },
          },
        ],
      },
    },
    { 'Mesos-Stream-Id': framework.streamId },
  );
  const run = await agent.next('RUN_TASK');
  agent.update(run, 'TASK_RUNNING');
  await framework.events.next<{ type: string }>(({ type }) => type === 'UPDATE');
  return { agent, framework, run };
}

test('queries answer what the cluster is, in JSON and in protobuf alike', async () => {
  master = await testMaster();
  const { agent, framework } = await runningTask();
  const state = JSON.parse((await call({ type: 'GET_STATE' })).text) as {
    readonly get_state: {
      readonly get_tasks: { readonly tasks: readonly object[] };
      readonly get_agents: { readonly agents: readonly object[] };
      readonly get_frameworks: { readonly frameworks: readonly object[] };
    };
  };
  const { get_tasks, get_agents, get_frameworks } = state.get_state;
  expect(get_tasks.tasks).toMatchObject([
    {
      task_id: { value: 't1' },
      framework_id: { value: framework.frameworkId },
      agent_id: { value: agent.agentText },
      state: 'TASK_RUNNING',
      labels: { labels: [{ key: 'k', value: 'v' }] },
      resources: [{ name: 'cpus', scalar: { value: 1 }, allocation_info: { role: 'eng' } }],
    },
  ]);
  expect(get_agents.agents).toMatchObject([{ agent_info: { hostname: 'host1' }, active: true }]);
  expect(get_frameworks.frameworks).toMatchObject([{ framework_info: { name: 'web' }, connected: true }]);

  for (const type of [
    'GET_STATE',
    'GET_TASKS',
    'GET_AGENTS',
    'GET_MASTER',
    'GET_ROLES',
    'GET_VERSION',
  ] as const) {
    const body = toBinary(CallSchema, create(CallSchema, { type: Call_Type[type] }));
    const headers = { 'Content-Type': 'application/x-protobuf', Accept: 'application/x-protobuf' };
    const answer = await ask(master, '/api/v1', { method: 'POST', headers, body });
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/x-protobuf']);
    const response = fromBinary(ResponseSchema, answer.body);
    if (type === 'GET_STATE') expect(response.getState!.getTasks!.tasks[0]!.taskId!.value).toBe('t1');
    if (type === 'GET_MASTER')
      expect(response.getMaster!.masterInfo!.id).toBe(master.ids.masterText(master.loop.machine.epoch));
  }
});

test('an operator’s stream begins with the state and goes on with every event after it', async () => {
  master = await testMaster();
  const events = await openStream(master, '/api/v1', { body: '{"type":"SUBSCRIBE"}' });
  const first = await events.next<{ type: string; subscribed: { get_state: object } }>();
  expect(first).toMatchObject({ type: 'SUBSCRIBED', subscribed: { heartbeat_interval_seconds: 15 } });
  const { run, agent } = await runningTask();
  const types: string[] = [];
  const next = async () => {
    const event = await events.next<{ type: string }>();
    types.push(event.type);
    return event;
  };
  await next();
  await next();
  await next();
  await next();
  expect(types).toEqual(['AGENT_ADDED', 'FRAMEWORK_ADDED', 'TASK_ADDED', 'TASK_UPDATED']);
  agent.update(run, 'TASK_FINISHED');
  expect(await next()).toMatchObject({ type: 'TASK_UPDATED', task_updated: { state: 'TASK_FINISHED' } });
  events.close();
});

test('quota, weights and reservations are set over the v1 API and over the endpoints of old', async () => {
  master = await testMaster();
  const agent = await ScriptedAgent.start(master, 'cpus:8;mem:8192');
  const quota = { role: 'eng', guarantees: { cpus: { value: 1 } }, limits: { cpus: { value: '2' } } };
  const updated = await call({ type: 'UPDATE_QUOTA', update_quota: { force: null, quota_configs: [quota] } });
  expect([updated.status, updated.text]).toEqual([200, '']);
  expect(JSON.parse((await ask(master, '/quota')).text)).toMatchObject({
    configs: [{ role: 'eng', guarantees: { cpus: { value: 1 } }, limits: { cpus: { value: 2 } } }],
  });
  const weights = await ask(master, '/master/weights', {
    method: 'PUT',
    body: '[{"role":"eng","weight":2.5}]',
  });
  expect(weights.status).toBe(200);
  expect((await ask(master, '/weights')).text).toBe('[{"role":"eng","weight":2.5}]');
  const reserved = JSON.stringify([
    { name: 'cpus', type: 'SCALAR', scalar: { value: 2 }, role: 'eng', reservation: { principal: 'ops' } },
  ]);
  const form = new URLSearchParams({ slaveId: agent.agentText, resources: reserved }).toString();
  const done = await ask(master, '/reserve', { method: 'POST', body: form });
  expect([done.status, done.text]).toEqual([202, '']);
  const slaves = JSON.parse((await ask(master, '/slaves')).text) as {
    slaves: { reserved_resources: object }[];
  };
  expect(slaves.slaves[0]!.reserved_resources).toMatchObject({ eng: { cpus: 2 } });
  const removed = await ask(master, '/quota/eng', { method: 'DELETE' });
  expect(removed.status).toBe(200);
  const missing = await ask(master, '/reserve', { method: 'POST', body: 'slaveId=x' });
  expect([missing.status, missing.text]).toEqual([400, expect.stringContaining("'resources'")]);
});

test('the endpoints that tools poll have the fields that tools read', async () => {
  master = await testMaster({
    clusterName: 'testing',
    flags: [
      { name: 'port', value: '5050' },
      { name: 'external_log_file', value: '/var/log/orrery.log' },
    ],
  });
  const { agent, framework } = await runningTask();
  for (const path of ['/state', '/master/state', '/state.json']) {
    const state = JSON.parse((await ask(master, path)).text) as {
      frameworks: { tasks: object[] }[];
      slaves: object[];
    };
    expect(state).toMatchObject({
      version: '1.12.0',
      cluster: 'testing',
      activated_slaves: 1,
      flags: { port: '5050' },
      external_log_file: '/var/log/orrery.log',
      pid: `master@127.0.0.1:${master.port}`,
      leader: `master@127.0.0.1:${master.port}`,
    });
    expect(state.slaves[0]).toMatchObject({
      id: agent.agentText,
      hostname: 'host1',
      pid: 'slave(1)@127.0.0.1:5051',
      attributes: { rack: 'r1' },
      resources: { cpus: 4, mem: 4096, disk: 1000, gpus: 0, ports: '[31000-31010]' },
      used_resources: { cpus: 1, mem: 0 },
      active: true,
    });
    expect(state.frameworks[0]).toMatchObject({
      id: framework.frameworkId,
      name: 'web',
      active: true,
      roles: ['eng'],
    });
    expect(state.frameworks[0]!.tasks).toMatchObject([
      {
        id: 't1',
        executor_id: '',
        slave_id: agent.agentText,
        state: 'TASK_RUNNING',
        labels: [{ key: 'k', value: 'v' }],
      },
    ]);
  }
  const summary = JSON.parse((await ask(master, '/state-summary')).text) as {
    slaves: object[];
    frameworks: object[];
  };
  expect(summary.slaves[0]).toMatchObject({
    TASK_RUNNING: 1,
    TASK_FAILED: 0,
    framework_ids: [framework.frameworkId],
  });
  expect(summary.frameworks[0]).toMatchObject({ TASK_RUNNING: 1, slave_ids: [agent.agentText] });
  const tasks = JSON.parse((await ask(master, '/tasks?limit=1&order=asc')).text) as { tasks: object[] };
  expect(tasks.tasks).toMatchObject([{ id: 't1', role: 'eng' }]);
  const roles = JSON.parse((await ask(master, '/roles')).text) as { roles: object[] };
  const none = { role: 'eng', guarantee: {}, limit: {}, consumed: { cpus: 1 } };
  expect(roles.roles).toMatchObject([
    {
      name: 'eng',
      weight: 1,
      frameworks: [framework.frameworkId],
      quota: none,
      allocated: { cpus: 1 },
      reserved: {},
    },
  ]);
  const metrics = JSON.parse((await ask(master, '/metrics/snapshot')).text) as Record<string, number>;
  expect(metrics).toMatchObject({
    'master/elected': 1,
    'master/slaves_active': 1,
    'master/tasks_running': 1,
  });
  expect(metrics['system/cpus_total']).toBeGreaterThan(0);
  expect(metrics['allocator/mesos/allocation_run_ms/count']).toBeGreaterThan(0);
  expect(metrics['allocator/mesos/allocation_run_ms/p99']).toBeGreaterThan(0);
  expect((await ask(master, '/metrics/prometheus')).text).toMatch(/^orrery_master_slaves_active 1$/m);
  expect((await ask(master, '/health')).status).toBe(200);
  const jsonp = await ask(master, '/master/slaves?jsonp=cb');
  expect(jsonp.headers['content-type']).toBe('text/javascript');
  expect(jsonp.text.startsWith('cb({"slaves":[')).toBe(true);
  expect((await ask(master, '/state?jsonp=alert(1)')).status).toBe(400);
  const zipped = await ask(master, '/state', { headers: { 'Accept-Encoding': 'gzip' } });
  expect(zipped.headers['content-encoding']).toBe('gzip');
  expect((await ask(master, '/redirect')).headers.location).toBe(`//127.0.0.1:${master.port}`);
});
