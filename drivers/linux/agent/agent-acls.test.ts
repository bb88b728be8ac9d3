import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import { parseAcls } from '../../../engine/authorization/index.ts';
import type { AuthorizationAction } from '../../../engine/protocol/index.ts';
import { frameRecord } from '../http/recordio.ts';
import { JSON_HEADERS } from '../master/test-kit.ts';
import { Authentication } from '../security/authentication.ts';
import { askAgent, scalars, shell, TestCluster, type TestScheduler, until } from './test-kit.ts';

// Spec 14 §2, on an agent: `ops` may do everything, `web` everything but what the test denies it.

let cluster: TestCluster;

afterEach(async () => {
  await cluster.close();
});

const CREDENTIALS = new Map([
  ['ops', 'a'],
  ['web', 'b'],
]);
const REALMS = new Set(['mesos-agent-readonly', 'mesos-agent-readwrite'] as const);
const OBJECTS: { readonly [action: string]: string } = {
  get_endpoints: 'paths',
  view_flags: 'flags',
  access_mesos_logs: 'logs',
  set_log_level: 'level',
  view_roles: 'roles',
};

/** Denies an action to `web`, on some objects or on all. */
function denying(actions: { readonly [action: string]: readonly string[] | 'ALL' }) {
  const rules = Object.entries(actions).map(([action, objects]) => {
    const key = OBJECTS[action] ?? 'users';
    const any = { type: 'ANY' };
    const none = { type: 'NONE' };
    return [
      action,
      objects === 'ALL'
        ? [
            { principals: { values: ['ops'] }, [key]: any },
            { principals: any, [key]: none },
          ]
        : [
            { principals: { values: ['ops'] }, [key]: any },
            // Everybody is matched by NONE, and denied.
            { principals: none, [key]: { values: objects } },
          ],
    ];
  });
  const acls = parseAcls(Object.fromEntries(rules));
  if (!acls.ok) throw new Error(acls.error.message);
  return acls.value;
}

async function start(actions: { readonly [action: string]: readonly string[] | 'ALL' }, more: object = {}) {
  cluster = await TestCluster.start({
    authentication: new Authentication(CREDENTIALS, REALMS),
    acls: denying(actions),
    ...more,
  });
}

interface Reply {
  readonly status: number;
  readonly text: string;
}

async function ask(principal: 'ops' | 'web', path: string, body: object | Buffer | null = null) {
  const authorization = Buffer.from(`${principal}:${CREDENTIALS.get(principal)!}`).toString('base64');
  const types = Buffer.isBuffer(body)
    ? { 'Content-Type': 'application/recordio', 'Message-Content-Type': 'application/json' }
    : JSON_HEADERS;
  const { status, text } = await askAgent(cluster.agent, path, {
    method: body === null ? 'GET' : 'POST',
    headers: { ...types, Authorization: `Basic ${authorization}` },
    ...(body === null ? {} : { body: Buffer.isBuffer(body) ? body : JSON.stringify(body) }),
  });
  return { status, text };
}

/** Only `web` is refused, with the action's name. */
async function expectDenied(action: AuthorizationAction, path: string, body: object | Buffer | null = null) {
  const { status, text } = await ask('web', path, body);
  expect([path, status]).toEqual([path, 403]);
  expect(text).toContain(`'web' is not authorized to ${action}`);
  expect([path, (await ask('ops', path, body)).status]).toEqual([path, 200]);
}

async function shown(principal: 'ops' | 'web', path: string, body: object | null = null): Promise<never> {
  const { status, text } = await ask(principal, path, body);
  expect([path, status]).toEqual([path, 200]);
  return JSON.parse(text) as never;
}

/** Tasks `root-…` and `nobody-…`, of one framework, each run by its user. */
async function tasksOfTwo(): Promise<{
  readonly scheduler: TestScheduler;
  readonly containers: { readonly root: string; readonly nobody: string };
}> {
  const scheduler = await cluster.scheduler();
  const containers = { root: '', nobody: '' };
  for (const user of ['root', 'nobody'] as const) {
    await scheduler.launch(`${user}-over`, shell('true', { user }));
    await scheduler.status(`${user}-over`, 'TASK_FINISHED');
    await scheduler.launch(`${user}-live`, shell('echo said; sleep 100', { user }));
    const status = await scheduler.status(`${user}-live`, 'TASK_RUNNING');
    containers[user] = status.container_status!.container_id.value;
  }
  return { scheduler, containers };
}

test.each([
  '/monitor/statistics',
  '/containers',
  '/containerizer/debug',
  '/metrics/snapshot',
  '/files/debug',
])('get_endpoints guards %s, also below /slave(1), and no other endpoint', async (denied) => {
  await start({ get_endpoints: [denied] });
  await expectDenied('get_endpoints', denied);
  await expectDenied('get_endpoints', `/slave(1)${denied}`);
  for (const path of ['/monitor/statistics', '/containers', '/containerizer/debug', '/metrics/snapshot'])
    expect((await ask('web', path)).status).toBe(path === denied ? 403 : 200);
  if (denied === '/metrics/snapshot') await expectDenied('get_endpoints', '/metrics/prometheus');
  for (const path of ['/state', '/flags', '/health', '/version'])
    expect((await ask('web', path)).status).toBe(200);
});

test('view_flags guards /flags, GET_FLAGS, and the flags in /state', async () => {
  await start({ view_flags: 'ALL' }, { flags: [{ name: 'port', value: '5051' }] });
  await expectDenied('view_flags', '/flags');
  await expectDenied('view_flags', '/api/v1', { type: 'GET_FLAGS' });
  expect(await shown('ops', '/state')).toMatchObject({ flags: { port: '5051' } });
  const hidden = await shown('web', '/state');
  expect(hidden).not.toHaveProperty('flags');
  expect(hidden).not.toHaveProperty('log_dir');
});

test('set_log_level guards SET_LOGGING_LEVEL; the level may be read', async () => {
  await start({ set_log_level: 'ALL' });
  await expectDenied('set_log_level', '/api/v1', {
    type: 'SET_LOGGING_LEVEL',
    set_logging_level: { level: 1, duration: { nanoseconds: 1_000_000_000 } },
  });
  expect((await ask('web', '/api/v1', { type: 'GET_LOGGING_LEVEL' })).status).toBe(200);
});

test('access_mesos_logs guards the log of the agent, and no sandbox', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'orrery-acls-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const logFile = join(folder, 'agent.log');
  await writeFile(logFile, 'line\n');
  await start({ access_mesos_logs: 'ALL' }, { logFile });
  const { scheduler } = await tasksOfTwo();
  for (const path of ['/slave/log', '//slave/./log']) {
    for (const [url, body] of [
      [`/files/read?path=${path}&offset=0`, null],
      [`/files/download?path=${path}`, null],
      ['/api/v1', { type: 'READ_FILE', read_file: { path, offset: 0 } }],
    ] as const) {
      expect([url, (await ask('web', url, body)).status]).toEqual([url, 403]);
      expect([url, (await ask('ops', url, body)).status]).toEqual([url, 200]);
    }
  }
  const sandbox = `/frameworks/${scheduler.frameworkId}/executors/root-live/runs/latest`;
  expect((await ask('web', `/files/browse?path=${sandbox}`)).status).toBe(200);
});

test('access_sandboxes guards sandboxes by the user of their executor, under every path, also when it has ended', async () => {
  await start({ access_sandboxes: ['root'] });
  const { scheduler, containers } = await tasksOfTwo();
  const state: { frameworks: { executors: { id: string; directory: string }[] }[] } = await shown(
    'ops',
    '/state',
  );
  const directory = state.frameworks[0]!.executors.find(({ id }) => id === 'root-live')!.directory;
  const alias = (executor: string, run: string) =>
    `/frameworks/${scheduler.frameworkId}/executors/${executor}/runs/${run}`;
  const guarded = [
    directory,
    directory.replace(/[^/]+$/, 'latest'),
    alias('root-live', 'latest'),
    alias('root-live', containers.root),
    `/.${alias('root-live', 'latest')}/`,
    alias('root-over', 'latest'),
  ];
  for (const path of guarded) {
    for (const [url, body] of [
      [`/files/browse?path=${path}`, null],
      [`/files/read?path=${path}/stdout&offset=0`, null],
      [`/files/download?path=${path}/stdout`, null],
      ['/api/v1', { type: 'LIST_FILES', list_files: { path } }],
      ['/api/v1', { type: 'READ_FILE', read_file: { path: `${path}/stdout`, offset: 0 } }],
    ] as const) {
      const denied = await ask('web', url, body);
      expect([url, denied.status, denied.text]).toEqual([
        url,
        403,
        expect.stringContaining('Not authorized'),
      ]);
      expect([url, (await ask('ops', url, body)).status]).toEqual([url, 200]);
    }
  }
  for (const path of [alias('nobody-live', 'latest'), alias('nobody-over', 'latest')])
    expect((await ask('web', `/files/browse?path=${path}`)).status).toBe(200);
  for (const path of ['/nowhere', `${alias('nobody-live', 'latest')}/../../../root-live/runs/latest`])
    expect((await ask('web', `/files/browse?path=${path}`)).status).toBe(404);
});

test('a sandbox whose user the agent does not remember is only for who may access all', async () => {
  await start({ access_sandboxes: 'ALL' });
  const { scheduler } = await tasksOfTwo();
  const { port } = cluster.agent;
  await cluster.agent.stop();
  await cluster.startAgent({
    port,
    authentication: new Authentication(CREDENTIALS, REALMS),
    acls: denying({ access_sandboxes: 'ALL' }),
  });
  const path = `/files/browse?path=/frameworks/${scheduler.frameworkId}/executors/root-over/runs/latest`;
  expect((await ask('ops', path)).status).toBe(200);
  expect((await ask('web', path)).status).toBe(403);
});

/** Ids of executors and tasks that a principal is shown, in /state and by the calls. */
async function seen(principal: 'ops' | 'web') {
  interface Shown {
    readonly frameworks: {
      readonly executors: { readonly id: string; readonly tasks: { readonly id: string }[] }[];
      readonly completed_executors: {
        readonly id: string;
        readonly completed_tasks: { readonly id: string }[];
      }[];
    }[];
  }
  const { frameworks }: Shown = await shown(principal, '/state');
  const executors = frameworks.flatMap((one) => [...one.executors, ...one.completed_executors]);
  const call = async (type: string): Promise<never> => {
    const answer: Record<string, never> = await shown(principal, '/api/v1', { type });
    return answer[type.toLowerCase()]!;
  };
  const lists = (answer: Readonly<Record<string, readonly object[]>>): readonly object[] =>
    Object.values(answer).flat();
  const state: Readonly<Record<string, never>> = await call('GET_STATE');
  const tasks = (lists(await call('GET_TASKS')) as { readonly task_id: { readonly value: string } }[]).map(
    ({ task_id }) => task_id.value,
  );
  const infos = lists(await call('GET_EXECUTORS')) as {
    readonly executor_info: { readonly executor_id: { readonly value: string } };
  }[];
  expect(lists(state['get_tasks'] ?? {}).length).toBe(tasks.length);
  expect(lists(state['get_executors'] ?? {}).length).toBe(infos.length);
  expect(lists(state['get_frameworks'] ?? {}).length).toBe(frameworks.length);
  expect(lists(await call('GET_FRAMEWORKS'))).toHaveLength(frameworks.length);
  const inState = {
    executors: executors.map(({ id }) => id).sort(),
    tasks: executors
      .flatMap((one) =>
        ('tasks' in one ? [...one.tasks] : []).concat('completed_tasks' in one ? one.completed_tasks : []),
      )
      .map(({ id }) => id)
      .sort(),
  };
  expect(infos.map(({ executor_info }) => executor_info.executor_id.value).sort()).toEqual(inState.executors);
  expect(tasks.sort()).toEqual(inState.tasks);
  return { frameworks: frameworks.length, ...inState };
}

const ALL = ['nobody-live', 'nobody-over', 'root-live', 'root-over'];
const NOBODYS = ['nobody-live', 'nobody-over'];

test.each([
  ['view_frameworks', { frameworks: 0, executors: [], tasks: [] }],
  ['view_executors', { frameworks: 1, executors: NOBODYS, tasks: NOBODYS }],
  ['view_tasks', { frameworks: 1, executors: ALL, tasks: NOBODYS }],
] as const)('%s filters the state by users', async (action, expected) => {
  // The framework is root's.
  await start({ [action]: ['root'] });
  await tasksOfTwo();
  expect(await seen('ops')).toEqual({ frameworks: 1, executors: ALL, tasks: ALL });
  expect(await seen('web')).toEqual(expected);
});

test('view_containers filters /containers, /monitor/statistics and GET_CONTAINERS by users, nested ones with their executor', async () => {
  await start({ view_containers: ['root'] });
  const { containers } = await tasksOfTwo();
  for (const parent of Object.values(containers)) {
    const launched = await ask('ops', '/api/v1', {
      type: 'LAUNCH_NESTED_CONTAINER',
      launch_nested_container: {
        container_id: { value: 'n', parent: { value: parent } },
        command: { value: 'sleep 100' },
      },
    });
    expect(launched.status).toBe(200);
  }
  const executors = async (principal: 'ops' | 'web', path: string, body: object | null = null) => {
    type Row = { readonly executor_id: string | { readonly value: string } };
    const answer: Row[] & { get_containers?: { containers: Row[] } } = await shown(principal, path, body);
    return (answer.get_containers?.containers ?? answer)
      .map(({ executor_id: id }) => (typeof id === 'string' ? id : id.value))
      .sort();
  };
  const call = (shows: boolean) => ({ type: 'GET_CONTAINERS', get_containers: { show_nested: shows } });
  for (const [path, body, times] of [
    ['/containers', null, 1],
    ['/monitor/statistics', null, 1],
    ['/api/v1', call(false), 1],
    ['/api/v1', call(true), 2],
  ] as const) {
    const all = ['nobody-live', 'root-live'].flatMap((id) => Array.from({ length: times }, () => id));
    expect(await executors('ops', path, body)).toEqual(all);
    expect(await executors('web', path, body)).toEqual(all.slice(0, times));
  }
});

test('view_roles hides resources that are reserved for other roles', async () => {
  await start(
    { view_roles: ['eng'] },
    { resources: 'cpus:2;cpus(eng):1;mem:1024;disk:1000;ports:[31000-31100]' },
  );
  expect(await shown('ops', '/state')).toMatchObject({ reserved_resources: { eng: { cpus: 1 } } });
  expect(await shown('web', '/state')).toMatchObject({ resources: { cpus: 2 }, reserved_resources: {} });
  const agent = JSON.stringify(await shown('web', '/api/v1', { type: 'GET_AGENT' }));
  expect(agent).not.toContain('"eng"');
});

const nested = (value: string, parent: string) => ({ container_id: { value, parent: { value: parent } } });

test.each([
  ['launch_nested_containers_under_parent_with_user', 'LAUNCH_NESTED_CONTAINER'],
  ['launch_nested_containers_under_parent_with_user', 'LAUNCH_CONTAINER'],
  ['launch_nested_container_sessions_under_parent_with_user', 'LAUNCH_NESTED_CONTAINER_SESSION'],
] as const)('%s guards %s by the user of the parent', async (action, type) => {
  await start({ [action]: ['root'] });
  const { containers } = await tasksOfTwo();
  const launch = (parent: string, name: string) => ({
    type,
    [type.toLowerCase()]: { ...nested(name, parent), command: { value: 'true' } },
  });
  await expectDenied(action, '/api/v1', launch(containers.root, 'n1'));
  expect((await ask('web', '/api/v1', launch(containers.nobody, 'n2'))).status).toBe(200);
  expect((await ask('web', '/api/v1', launch('nowhere', 'n3'))).status).toBe(400);
});

test.each([
  ['launch_nested_containers_as_user', 'LAUNCH_NESTED_CONTAINER'],
  ['launch_nested_containers_as_user', 'LAUNCH_CONTAINER'],
  ['launch_nested_container_sessions_as_user', 'LAUNCH_NESTED_CONTAINER_SESSION'],
] as const)('%s guards %s by the user of the command', async (action, type) => {
  await start({ [action]: ['root'] });
  const { containers } = await tasksOfTwo();
  const launch = (name: string, user: string) => ({
    type,
    [type.toLowerCase()]: { ...nested(name, containers.nobody), command: { value: 'true', user } },
  });
  await expectDenied(action, '/api/v1', launch('n1', 'root'));
  expect((await ask('web', '/api/v1', launch('n2', 'nobody'))).status).toBe(200);
});

test.each(['NESTED_CONTAINER', 'CONTAINER'])(
  'wait, kill and remove of a %s are guarded by the user of the executor',
  async (kind) => {
    const denied = ['wait_nested_containers', 'kill_nested_containers', 'remove_nested_containers'] as const;
    await start(Object.fromEntries(denied.map((action) => [action, ['root']])));
    const { containers } = await tasksOfTwo();
    const call = (verb: string, value: string, parent: string, more: object = {}) => ({
      type: `${verb}_${kind}`,
      [`${verb.toLowerCase()}_${kind.toLowerCase()}`]: { ...nested(value, parent), ...more },
    });
    for (const parent of Object.values(containers)) {
      const command = { command: { value: 'sleep 100' } };
      expect((await ask('ops', '/api/v1', call('LAUNCH', 'n', parent, command))).status).toBe(200);
    }
    const order = [
      ['KILL', 'kill_nested_containers'],
      ['WAIT', 'wait_nested_containers'],
      ['REMOVE', 'remove_nested_containers'],
    ] as const;
    for (const [verb, action] of order)
      await expectDenied(action, '/api/v1', call(verb, 'n', containers.root));
    for (const [verb] of order)
      expect((await ask('web', '/api/v1', call(verb, 'n', containers.nobody))).status).toBe(200);
    // Of an executor's own container, too, and one that nobody has is as before.
    const own = { [`kill_${kind.toLowerCase()}`]: { container_id: { value: containers.root } } };
    expect((await ask('web', '/api/v1', { type: `KILL_${kind}`, ...own })).status).toBe(403);
    expect((await ask('web', '/api/v1', call('KILL', 'gone', containers.root))).status).toBe(404);
  },
);

test('attach_containers_input and _output are guarded by the user of the executor', async () => {
  await start({ attach_containers_input: ['root'], attach_containers_output: ['root'] });
  const { containers } = await tasksOfTwo();
  const records = (parent: string): Buffer =>
    Buffer.concat(
      [
        { type: 'CONTAINER_ID', ...nested('s', parent) },
        { type: 'PROCESS_IO', process_io: { type: 'DATA', data: { type: 'STDIN', data: '' } } },
      ].map((attach_container_input) =>
        frameRecord(Buffer.from(JSON.stringify({ type: 'ATTACH_CONTAINER_INPUT', attach_container_input }))),
      ),
    );
  const results: Record<string, readonly [input: Reply, output: Reply]> = {};
  for (const [user, parent] of Object.entries(containers)) {
    // It ends when its input does; `web` comes first.
    const session = ask('ops', '/api/v1', {
      type: 'LAUNCH_NESTED_CONTAINER_SESSION',
      launch_nested_container_session: { ...nested('s', parent), command: { value: 'cat' } },
    });
    await until(async () => {
      const shows = { type: 'GET_CONTAINERS', get_containers: { show_nested: true } };
      const { text } = await ask('ops', '/api/v1', shows);
      return text.includes('"value":"s"') ? true : null;
    }, 'the session runs');
    const output = ask('web', '/api/v1', {
      type: 'ATTACH_CONTAINER_OUTPUT',
      attach_container_output: nested('s', parent),
    });
    const input = await ask('web', '/api/v1', records(parent));
    if (user === 'root') expect((await ask('ops', '/api/v1', records(parent))).status).toBe(200);
    results[user] = [input, await output];
    expect((await session).status).toBe(200);
  }
  expect(results['nobody']!.map(({ status }) => status)).toEqual([200, 200]);
  expect(results['root']!.map(({ status }) => status)).toEqual([403, 403]);
  const [input, output] = results['root']!;
  expect(input.text).toContain('attach_containers_input');
  expect(output.text).toContain('attach_containers_output');
});

test('the user of a custom executor counts for its container, not that of its framework', async () => {
  await start({ access_sandboxes: ['nobody'], view_executors: ['nobody'] });
  const scheduler = await cluster.scheduler();
  await scheduler.launch('t', {
    executor: {
      executor_id: { value: 'e' },
      name: 'e',
      command: { value: 'sleep 100', user: 'nobody' },
      resources: scalars(0.1, 32),
    },
  });
  const path = `/frameworks/${scheduler.frameworkId}/executors/e/runs/latest`;
  let status = 404;
  while (status === 404) ({ status } = await ask('ops', `/files/browse?path=${path}`));
  expect(status).toBe(200);
  expect((await ask('web', `/files/browse?path=${path}`)).status).toBe(403);
  expect(await seen('web')).toEqual({ frameworks: 1, executors: [], tasks: [] });
});
