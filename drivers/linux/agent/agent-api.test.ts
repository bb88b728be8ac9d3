import { readlink } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { frameRecord } from '../http/recordio.ts';
import { JSON_HEADERS, Records, jsonRecord } from '../master/test-kit.ts';
import { askAgent, shell, type TestScheduler, TestCluster, until } from './test-kit.ts';

let cluster: TestCluster;

afterEach(async () => {
  await cluster.close();
});

async function operator(body: object): Promise<{ readonly status: number; readonly text: string }> {
  return await askAgent(cluster.agent, '/api/v1', {
    method: 'POST',
    headers: JSON_HEADERS,
    body: JSON.stringify(body),
  });
}

async function json(path: string): Promise<never> {
  const { status, text } = await askAgent(cluster.agent, path);
  expect([path, status, text.slice(0, 200)]).toEqual([path, 200, expect.any(String)]);
  return JSON.parse(text) as never;
}

/** A streaming call to the agent. */
async function stream(body: object, headers: object = {}): Promise<Records> {
  return await new Promise((resolve, reject) => {
    const { host, port } = cluster.agent;
    const request = httpRequest(
      { host, port, path: '/api/v1', method: 'POST', headers: { ...JSON_HEADERS, ...headers }, agent: false },
      (response) => {
        resolve(new Records(response, jsonRecord));
      },
    );
    request.on('error', reject);
    request.end(JSON.stringify(body));
  });
}

interface Io {
  readonly type: string;
  readonly data: { readonly type: string; readonly data: string };
}

async function output(records: Records, type: string, wanted: string): Promise<string> {
  let text = '';
  while (!text.includes(wanted)) {
    const { data } = await records.next<Io>((io) => io.type === 'DATA' && io.data.type === type);
    text += Buffer.from(data.data, 'base64').toString();
  }
  return text;
}

async function running(scheduler: TestScheduler, taskId: string, command: string): Promise<string> {
  await scheduler.launch(taskId, shell(command));
  const status = await scheduler.status(taskId, 'TASK_RUNNING');
  return status.container_status!.container_id.value;
}

test('a killed task is given its grace period, and its log is read through /files', async () => {
  cluster = await TestCluster.start();
  const scheduler = await cluster.scheduler();
  await scheduler.launch('t1', {
    ...shell('trap "echo ended; exit 0" TERM; echo ready; while :; do sleep 0.05; done'),
    kill_policy: { grace_period: { nanoseconds: 30_000_000_000 } },
  });
  await scheduler.status('t1', 'TASK_RUNNING');
  const log = `/frameworks/${scheduler.frameworkId}/executors/t1/runs/latest/stdout`;
  const read = async (offset: number) =>
    (await json(`/files/read?path=${log}&offset=${offset}`)) as { data: string; offset: number };
  await until(async () => ((await read(0)).data === 'ready\n' ? true : null), 'the task has written');
  await scheduler.kill('t1');
  expect((await scheduler.status('t1', 'TASK_KILLED')).message).toContain('exited with status 0');
  expect(await read(0)).toEqual({ data: 'ready\nended\n', offset: 0 });
  expect(await read(6)).toEqual({ data: 'ended\n', offset: 6 });
  expect(await read(-1)).toEqual({ data: '', offset: 12 });
  await scheduler.launch('t2', {
    ...shell('trap "" TERM; echo ready; while :; do sleep 0.05; done'),
    kill_policy: { grace_period: { nanoseconds: 100_000_000 } },
  });
  await scheduler.status('t2', 'TASK_RUNNING');
  await scheduler.kill('t2');
  await scheduler.status('t2', 'TASK_KILLED');
});

test('nothing outside of sandboxes is to be had through /files', async () => {
  cluster = await TestCluster.start();
  const scheduler = await cluster.scheduler();
  await running(scheduler, 't1', 'ln -s /etc/passwd p; ln -s / r; echo x > f; sleep 100');
  const alias = `/frameworks/${scheduler.frameworkId}/executors/t1/runs/latest`;
  await until(async () => {
    const names = (await json(`/files/browse?path=${alias}`)) as { path: string }[];
    return names.some(({ path }) => path.endsWith('/f')) ? true : null;
  }, 'the task has made its links');
  const names = ((await json(`/files/browse?path=${alias}`)) as { path: string }[]).map(({ path }) => path);
  expect(names.sort()).toEqual([`${alias}/f`, `${alias}/stderr`, `${alias}/stdout`]);
  for (const path of [
    `${alias}/p`,
    `${alias}/r/etc/passwd`,
    `${alias}/../../../../../meta/name`,
    '/etc/passwd',
    join(cluster.workDir, 'meta', 'name'),
    '/',
  ]) {
    const encoded = encodeURIComponent(path);
    expect((await askAgent(cluster.agent, `/files/read?path=${encoded}&offset=0`)).status).toBe(404);
    expect((await askAgent(cluster.agent, `/files/download?path=${encoded}`)).status).toBe(404);
  }
  expect((await askAgent(cluster.agent, '/files/read')).status).toBe(400);
  const padded = await askAgent(cluster.agent, `/files/browse?path=${alias}&jsonp=f`);
  expect(padded.text).toMatch(/^f\(\[.*\]\);$/);
});

test('operators see frameworks, executors, tasks and containers, live and completed', async () => {
  cluster = await TestCluster.start({ attributes: [{ name: 'rack', type: 'TEXT', text: 'r1' }] });
  const scheduler = await cluster.scheduler({ name: 'shown' });
  await scheduler.launch('over', shell('true'));
  await scheduler.status('over', 'TASK_FINISHED');
  const container = await running(scheduler, 'live', 'sleep 100');
  const state = (await json('/slave(1)/state')) as Record<string, never>;
  expect(state).toMatchObject({
    hostname: '127.0.0.1',
    attributes: { rack: 'r1' },
    resources: { cpus: 4, mem: 4096, disk: 10000, ports: '[31000-31100]' },
    frameworks: [
      {
        id: scheduler.frameworkId,
        name: 'shown',
        executors: [
          {
            id: 'live',
            name: "Command Executor (Task: live) (Command: sh -c 'sleep 100')",
            container,
            resources: { cpus: 0.2, mem: 64 },
            tasks: [
              {
                id: 'live',
                state: 'TASK_RUNNING',
                statuses: [{ state: 'TASK_STARTING' }, { state: 'TASK_RUNNING' }],
              },
            ],
          },
        ],
        completed_executors: [{ id: 'over', completed_tasks: [{ id: 'over', state: 'TASK_FINISHED' }] }],
      },
    ],
  });
  const { directory } = (state as unknown as { frameworks: { executors: { directory: string }[] }[] })
    .frameworks[0]!.executors[0]!;
  expect(directory).toContain(`/frameworks/${scheduler.frameworkId}/executors/live/runs/${container}`);
  expect((await askAgent(cluster.agent, `/files/browse?path=${directory}`)).status).toBe(200);
  const agentId = (state as unknown as { id: string }).id;
  expect(await readlink(join(cluster.workDir, 'meta', 'slaves', 'latest'))).toBe(agentId);
  const statistics = (await json('/monitor/statistics')) as object[];
  expect(statistics).toMatchObject([
    {
      framework_id: scheduler.frameworkId,
      executor_id: 'live',
      source: 'live',
      statistics: { mem_limit_bytes: 2 ** 26 },
    },
  ]);
  expect(await json('/containers')).toMatchObject([
    { container_id: container, status: { executor_pid: expect.any(Number) } },
  ]);
  const tasks = JSON.parse((await operator({ type: 'GET_TASKS' })).text) as {
    get_tasks: Record<string, { task_id: { value: string } }[]>;
  };
  expect(tasks.get_tasks['launched_tasks']!.map((task) => task.task_id.value)).toEqual(['live']);
  expect(tasks.get_tasks['completed_tasks']!.map((task) => task.task_id.value)).toEqual(['over']);
  for (const type of [
    'GET_STATE',
    'GET_EXECUTORS',
    'GET_FRAMEWORKS',
    'GET_AGENT',
    'GET_OPERATIONS',
    'GET_HEALTH',
    'GET_FLAGS',
    'GET_VERSION',
    'GET_CONTAINERS',
  ])
    expect([type, (await operator({ type })).status]).toEqual([type, 200]);
  const metrics = (await json('/metrics/snapshot')) as Record<string, number>;
  expect(metrics).toMatchObject({
    'slave/registered': 1,
    'slave/tasks_running': 1,
    'slave/tasks_finished': 1,
    'slave/cpus_total': 4,
    'slave/cpus_used': 0.2,
  });
  expect((await askAgent(cluster.agent, '/health')).status).toBe(200);
  expect((await askAgent(cluster.agent, '/state', { method: 'POST' })).status).toBe(405);
});

test('a command is run in a running task, with input, output and an end', async () => {
  cluster = await TestCluster.start();
  const scheduler = await cluster.scheduler();
  const parent = await running(scheduler, 't1', 'sleep 100');
  const id = { value: 'session-1', parent: { value: parent } };
  const records = await stream({
    type: 'LAUNCH_NESTED_CONTAINER_SESSION',
    launch_nested_container_session: {
      container_id: id,
      command: { value: 'echo "$MESOS_TASK_ID"; pwd >&2; read line; echo "got $line"' },
    },
  });
  expect(records.status).toBe(200);
  expect(await output(records, 'STDOUT', 't1\n')).toBe('t1\n');
  expect(await output(records, 'STDERR', parent)).toContain(`/runs/${parent}\n`);
  const input = [
    { type: 'CONTAINER_ID', container_id: id },
    {
      type: 'PROCESS_IO',
      process_io: { type: 'DATA', data: { type: 'STDIN', data: Buffer.from('word\n').toString('base64') } },
    },
  ].map((attach_container_input) =>
    frameRecord(Buffer.from(JSON.stringify({ type: 'ATTACH_CONTAINER_INPUT', attach_container_input }))),
  );
  const attached = await askAgent(cluster.agent, '/api/v1', {
    method: 'POST',
    headers: { 'Content-Type': 'application/recordio', 'Message-Content-Type': 'application/json' },
    body: Buffer.concat(input),
  });
  expect([attached.status, attached.text]).toEqual([200, '']);
  expect(await output(records, 'STDOUT', 'word')).toBe('got word\n');
  await records.over();
});

test('how a command in a running task ended is told also after its session is over', async () => {
  cluster = await TestCluster.start();
  const scheduler = await cluster.scheduler();
  const parent = await running(scheduler, 't1', 'sleep 100');
  const container_id = { value: 'short', parent: { value: parent } };
  const records = await stream({
    type: 'LAUNCH_NESTED_CONTAINER_SESSION',
    launch_nested_container_session: { container_id, command: { value: 'exit 4' } },
  });
  await records.over();
  const { status, text } = await operator({
    type: 'WAIT_NESTED_CONTAINER',
    wait_nested_container: { container_id },
  });
  expect([status, JSON.parse(text)]).toEqual([
    200,
    { type: 'WAIT_NESTED_CONTAINER', wait_nested_container: { exit_status: 4 * 256 } },
  ]);
});

test('a terminal has the size that is asked for, and its session ends with the connection', async () => {
  cluster = await TestCluster.start();
  const scheduler = await cluster.scheduler();
  const parent = await running(scheduler, 't1', 'sleep 100');
  const id = { value: 'tty', parent: { value: parent } };
  const records = await stream(
    {
      type: 'LAUNCH_NESTED_CONTAINER_SESSION',
      launch_nested_container_session: {
        container_id: id,
        command: { value: 'stty size; exec sleep 1000' },
        container: { type: 'MESOS', tty_info: { window_size: { rows: 33, columns: 99 } } },
      },
    },
    { Accept: 'application/recordio', 'Message-Accept': 'application/json' },
  );
  expect(records.headers['content-type']).toBe('application/recordio');
  expect(records.headers['message-content-type']).toBe('application/json');
  expect(await output(records, 'STDOUT', '33 99')).toContain('33 99');
  records.close();
  await until(async () => {
    const { status } = await operator({
      type: 'WAIT_NESTED_CONTAINER',
      wait_nested_container: { container_id: id },
    });
    return status === 404 ? true : null;
  }, 'the session is gone');
});

test('nested containers are launched, waited for, killed and removed', async () => {
  cluster = await TestCluster.start();
  const scheduler = await cluster.scheduler();
  const parent = await running(scheduler, 't1', 'sleep 100');
  const id = (value: string) => ({ container_id: { value, parent: { value: parent } } });
  const launch = (value: string, command: string) =>
    operator({
      type: 'LAUNCH_NESTED_CONTAINER',
      launch_nested_container: { ...id(value), command: { value: command } },
    });
  const wait = async (value: string) =>
    await operator({ type: 'WAIT_NESTED_CONTAINER', wait_nested_container: id(value) });
  expect((await launch('n1', 'echo out; exit 3')).status).toBe(200);
  expect(JSON.parse((await wait('n1')).text)).toEqual({
    type: 'WAIT_NESTED_CONTAINER',
    wait_nested_container: { exit_status: 3 * 256 },
  });
  expect((await launch('n1', 'true')).status).toBe(202);
  expect((await launch('n2', 'sleep 100')).status).toBe(200);
  const remove = async (value: string) =>
    await operator({ type: 'REMOVE_NESTED_CONTAINER', remove_nested_container: id(value) });
  expect((await remove('n2')).status).toBe(400);
  expect((await operator({ type: 'KILL_NESTED_CONTAINER', kill_nested_container: id('n2') })).status).toBe(
    200,
  );
  expect(JSON.parse((await wait('n2')).text)).toMatchObject({ wait_nested_container: { exit_status: 9 } });
  expect((await remove('n2')).status).toBe(200);
  expect((await wait('n2')).status).toBe(404);
  for (const value of ['', 'a.b', 'a b', '../x', 'x'.repeat(243)])
    expect((await launch(value, 'true')).status).toBe(400);
  const nowhere = { container_id: { value: 'n', parent: { value: 'nowhere' } }, command: { value: 'true' } };
  expect((await operator({ type: 'LAUNCH_NESTED_CONTAINER', launch_nested_container: nowhere })).status).toBe(
    400,
  );
});

test('a call is refused with the status of the first rule that it breaks', async () => {
  cluster = await TestCluster.start();
  expect((await operator({})).status).toBe(400);
  expect((await operator({ type: 'UNKNOWN' })).status).toBe(501);
  expect((await operator({ type: 'PRUNE_IMAGES' })).status).toBe(501);
  expect((await operator({ type: 'WAIT_CONTAINER' })).text).toContain(
    "Expecting 'wait_container' to be present",
  );
  const ask = async (headers: object, body = '{"type":"GET_HEALTH"}') =>
    (await askAgent(cluster.agent, '/api/v1', { method: 'POST', headers: { ...headers }, body })).status;
  expect(await ask({})).toBe(400);
  expect(await ask({ 'Content-Type': 'text/plain' })).toBe(415);
  expect(await ask({ ...JSON_HEADERS, 'Message-Content-Type': 'application/json' })).toBe(415);
  expect(await ask({ ...JSON_HEADERS, 'Message-Accept': 'application/json' })).toBe(406);
  expect(await ask({ ...JSON_HEADERS, Accept: 'text/html' })).toBe(406);
  expect(
    await ask({ 'Content-Type': 'application/recordio', 'Message-Content-Type': 'application/json' }, 'x'),
  ).toBe(400);
});
