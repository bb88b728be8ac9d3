import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  CallSchema,
  Call_Type,
  type Event,
  Event_Type,
  EventSchema,
} from '../proto/generated/mesos/v1/scheduler/scheduler_pb.ts';
import {
  FrameworkInfo_Capability_Type,
  Offer_Operation_Type,
  TaskState,
  Value_Type,
} from '../proto/generated/mesos/v1/mesos_pb.ts';
import type { RunningMaster } from './start-master.ts';
import { ask, openStream, ScriptedAgent, testMaster } from './test-kit.ts';

/** npm's `mesos-framework` in a process of its own, as its example has it; events come out as lines of JSON. */
const FOREIGN = `
const { Scheduler, Mesos } = require('mesos-framework');
const [port, path] = process.argv.slice(1);
const tell = (event, value) => process.send([event, value]);
const scheduler = new Scheduler({
  masterUrl: '127.0.0.1',
  port,
  frameworkName: 'foreign one',
  // Its own default is shorter than Mesos's heartbeat.
  masterConnectionTimeout: 60,
  logging: { path, fileName: 'foreign.log', level: 'error' },
  tasks: {
    sleeper: {
      priority: 1,
      instances: 3,
      commandInfo: new (Mesos.getMesos().CommandInfo)(null, null, true, 'sleep 10;', null, null),
      resources: { cpus: 0.2, mem: 128, ports: 1, disk: 0 },
    },
  },
});
for (const event of ['error', 'update', 'subscribed']) scheduler.on(event, (value) => tell(event, value));
scheduler.on('ready', () => scheduler.subscribe());
process.on('message', () => scheduler.teardown());
`;

let master: RunningMaster;
let logs: string;

beforeEach(async () => {
  logs = mkdtempSync(join(tmpdir(), 'orrery-foreign-'));
  master = await testMaster();
});

afterEach(async () => {
  await master.close();
  rmSync(logs, { recursive: true, force: true });
});

test('the scheduler of npm’s mesos-framework, unmodified, subscribes, launches its tasks and sees them end', async () => {
  const agent = await ScriptedAgent.start(master, 'cpus:4;mem:4096;disk:1000;ports:[31000-31100]');
  const errors: unknown[] = [];
  const states: string[] = [];
  let frameworkId = '';
  const child = spawn(process.execPath, ['-e', FOREIGN, String(master.port), logs], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const over = new Promise((resolve) => {
    child.on('close', resolve);
  });
  try {
    const ended = new Promise<void>((resolve) => {
      child.on(
        'message',
        ([event, value]: [string, { status?: { state: string }; frameworkId?: string }]) => {
          if (event === 'error') errors.push(value);
          if (event === 'subscribed') frameworkId = value.frameworkId!;
          if (event !== 'update') return;
          states.push(value.status!.state);
          if (states.filter((state) => state === 'TASK_FINISHED').length === 3) resolve();
        },
      );
    });
    for (let count = 0; count < 3; count++) {
      const run = await agent.next('RUN_TASK');
      expect(run.task.template.command!.value).toBe('sleep 10;');
      expect(run.task.resources.toString()).toMatch(/^cpus:0\.2;mem:128;ports:\[\d+-\d+\]$/);
      agent.update(run, 'TASK_RUNNING');
      await agent.next('STATUS_UPDATE_ACKNOWLEDGEMENT');
      agent.update(run, 'TASK_FINISHED');
      await agent.next('STATUS_UPDATE_ACKNOWLEDGEMENT');
    }
    await ended;
    expect(errors).toEqual([]);
    expect(states.filter((state) => state === 'TASK_RUNNING')).toHaveLength(3);
    const frameworks = JSON.parse((await ask(master, '/frameworks')).text) as { frameworks: object[] };
    expect(frameworks.frameworks).toMatchObject([{ id: frameworkId, name: 'foreign-one', role: '*' }]);
    const events = await openStream(master, '/api/v1', { body: '{"type":"SUBSCRIBE"}' });
    child.send('teardown');
    await events.next<{ type: string }>(({ type }) => type === 'FRAMEWORK_REMOVED');
    events.close();
  } finally {
    child.kill('SIGKILL');
    await over;
  }
});

test('a scheduler that speaks protobuf launches a task and sees it end', async () => {
  const agent = await ScriptedAgent.start(master);
  const types = { 'Content-Type': 'application/x-protobuf', Accept: 'application/x-protobuf' };
  const subscribe = create(CallSchema, {
    type: Call_Type.SUBSCRIBE,
    subscribe: {
      frameworkInfo: {
        user: 'nobody',
        name: 'proto',
        roles: ['eng'],
        capabilities: [{ type: FrameworkInfo_Capability_Type.MULTI_ROLE }],
      },
    },
  });
  const events = await openStream(
    master,
    '/api/v1/scheduler',
    { headers: types, body: toBinary(CallSchema, subscribe) },
    (record) => fromBinary(EventSchema, record),
  );
  expect([events.status, events.headers['content-type']]).toEqual([200, 'application/x-protobuf']);
  const next = (type: Event_Type) => events.next<Event>((event) => event.type === type);
  const { frameworkId } = (await next(Event_Type.SUBSCRIBED)).subscribed!;
  await next(Event_Type.HEARTBEAT);
  const offer = (await next(Event_Type.OFFERS)).offers!.offers[0]!;
  const call = (message: object) =>
    ask(master, '/api/v1/scheduler', {
      method: 'POST',
      headers: { ...types, 'Mesos-Stream-Id': String(events.headers['mesos-stream-id']) },
      body: toBinary(CallSchema, create(CallSchema, { frameworkId: frameworkId!, ...message })),
    });
  const accepted = await call({
    type: Call_Type.ACCEPT,
    accept: {
      offerIds: [offer.id!],
      operations: [
        {
          type: Offer_Operation_Type.LAUNCH,
          launch: {
            taskInfos: [
              {
                name: 't',
                taskId: { value: 'p1' },
                agentId: offer.agentId!,
                command: { value: 'true' },
                resources: [{ name: 'cpus', type: Value_Type.SCALAR, scalar: { value: 1 } }],
              },
            ],
          },
        },
      ],
    },
  });
  expect(accepted.status).toBe(202);
  const run = await agent.next('RUN_TASK');
  agent.update(run, 'TASK_FINISHED');
  const { status } = (await next(Event_Type.UPDATE)).update!;
  expect([status!.taskId!.value, status!.state]).toEqual(['p1', TaskState.TASK_FINISHED]);
  const acknowledged = await call({
    type: Call_Type.ACKNOWLEDGE,
    acknowledge: { agentId: status!.agentId!, taskId: status!.taskId!, uuid: status!.uuid },
  });
  expect(acknowledged.status).toBe(202);
  await agent.next('STATUS_UPDATE_ACKNOWLEDGEMENT');
  events.close();
});
