import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ExecutorTokens } from './executor-tokens.ts';
import { askAgent, scalars, TestCluster } from './test-kit.ts';
import { TEST_EXECUTOR } from './test-executor.ts';

let cluster: TestCluster;
let scripts: string;

beforeEach(async () => {
  scripts = await mkdtemp(join(tmpdir(), 'orrery-executor-'));
  await writeFile(join(scripts, 'executor.mjs'), TEST_EXECUTOR);
});
afterEach(async () => {
  await cluster.close();
  await rm(scripts, { recursive: true });
});

const executor = (id: string) => ({
  executor_id: { value: id },
  name: `executor ${id}`,
  command: { value: `exec ${process.execPath} ${join(scripts, 'executor.mjs')}` },
  resources: scalars(0.1, 64),
});
const data = (text: string) => Buffer.from(text).toString('base64');

test('a custom executor that speaks HTTP runs tasks, is told of kills, and ends when it is shut down', async () => {
  cluster = await TestCluster.start();
  const scheduler = await cluster.scheduler();
  await scheduler.launch('t1', { executor: executor('e1'), data: data('finish') });
  await scheduler.status('t1', 'TASK_RUNNING');
  await scheduler.status('t1', 'TASK_FINISHED');
  await scheduler.launch('t2', { executor: executor('e1') });
  await scheduler.status('t2', 'TASK_RUNNING');
  await scheduler.kill('t2');
  expect((await scheduler.status('t2', 'TASK_KILLED')).container_status?.executor_pid).toBeGreaterThan(1);
  expect([...cluster.agent.containers.all]).toHaveLength(1);
});

test('an agent that starts again on the same work directory is found by its executor, and loses no update', async () => {
  cluster = await TestCluster.start();
  const scheduler = await cluster.scheduler();
  await scheduler.launch('t1', { executor: executor('e1') });
  const before = await scheduler.status('t1', 'TASK_RUNNING');
  const { port } = cluster.agent;
  await cluster.agent.stop();
  await cluster.startAgent({ port });
  await scheduler.kill('t1');
  const after = await scheduler.status('t1', 'TASK_KILLED');
  expect(after.container_status?.executor_pid).toBe(before.container_status?.executor_pid);
  expect(after.agent_id.value).toBe(before.agent_id.value);
});

test('with tokens an executor is heard that shows its own, and no other', async () => {
  const tokens = new ExecutorTokens(Buffer.from('key'));
  cluster = await TestCluster.start({ executorTokens: tokens });
  const scheduler = await cluster.scheduler();
  await scheduler.launch('t1', { executor: executor('e1'), data: data('finish') });
  await scheduler.status('t1', 'TASK_FINISHED');
  const claims = { fid: scheduler.frameworkId, eid: 'e1', cid: [...cluster.agent.containers.all][0]!.text };
  const send = async (authorization: string | null) => {
    const ids = { framework_id: { value: claims.fid }, executor_id: { value: claims.eid } };
    const { status } = await askAgent(cluster.agent, '/api/v1/executor', {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        ...(authorization === null ? {} : { Authorization: authorization }),
      },
      body: JSON.stringify({ ...ids, type: 'MESSAGE', message: { data: '' } }),
    });
    return status;
  };
  expect(await send(`Bearer ${tokens.make(claims)}`)).toBe(202);
  expect(await send(null)).toBe(401);
  expect(await send('Bearer a.b.c')).toBe(401);
  expect(await send(`Bearer ${new ExecutorTokens(Buffer.from('other')).make(claims)}`)).toBe(401);
  for (const other of [{ eid: 'e2' }, { cid: 'c2' }, { fid: 'f2' }])
    expect(await send(`Bearer ${tokens.make({ ...claims, ...other })}`)).toBe(403);
});

test('a call is refused with the status of the first rule that it breaks', async () => {
  cluster = await TestCluster.start();
  const ids = { framework_id: { value: 'f' }, executor_id: { value: 'e' } };
  const send = async (body: object | string, headers: object = { 'Content-Type': 'application/json' }) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await askAgent(cluster.agent, '/api/v1/executor', {
      method: 'POST',
      headers: { ...headers },
      body: text,
    });
    return [answer.status, answer.text] as const;
  };
  const cases: [object | string, number, string][] = [
    ['{', 400, 'no JSON'],
    [ids, 400, "Expecting 'type' to be present"],
    [{ ...ids, type: 'FLY' }, 400, "Expecting 'type' to be present"],
    [{ ...ids, type: 'UNKNOWN' }, 501, 'UNKNOWN'],
    // Empty lists may be left out with the message that they are in.
    [{ ...ids, type: 'SUBSCRIBE' }, 400, 'Framework cannot be found'],
    [{ ...ids, type: 'SUBSCRIBE', subscribe: {} }, 400, 'Framework cannot be found'],
    [{ ...ids, type: 'SUBSCRIBE', subscribe: [] }, 400, "'subscribe': expected an object"],
    [{ ...ids, type: 'HEARTBEAT' }, 202, ''],
    [{ ...ids, type: 'UPDATE', update: { status: {} } }, 400, 'update.status.task_id'],
  ];
  for (const [body, status, text] of cases)
    expect(await send(body)).toEqual([status, expect.stringContaining(text)]);
  expect((await send('{}', {}))[0]).toBe(400);
  expect((await send('{}', { 'Content-Type': 'text/plain' }))[0]).toBe(415);
  expect((await askAgent(cluster.agent, '/api/v1/executor')).status).toBe(405);
});
