import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createNetServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { micros } from '../../../engine/core/index.ts';
import { scalars, shell, taskInfo, type TestScheduler, TestCluster, until } from './test-kit.ts';

let cluster: TestCluster;
let server: Server | null = null;

afterEach(async () => {
  await cluster.close();
  server?.close();
  server = null;
});

/** A sandbox of a command task, as its latest run. */
function sandboxOf(scheduler: TestScheduler, agentId: string, taskId: string): string {
  const executor = join('slaves', agentId, 'frameworks', scheduler.frameworkId, 'executors', taskId);
  return join(cluster.workDir, executor, 'runs', 'latest');
}

test('URIs are in the sandbox before the command runs; one that is nowhere fails the task and is named', async () => {
  cluster = await TestCluster.start();
  const scheduler = await cluster.scheduler();
  const script = join(cluster.folder, 'script.sh');
  await writeFile(script, '#!/bin/sh\necho fetched $1\n');
  await scheduler.launch(
    't1',
    shell('./script.sh $MESOS_ALLOCATION_ROLE > out', { uris: [{ value: script, executable: true }] }),
  );
  const { agent_id } = await scheduler.status('t1', 'TASK_FINISHED');
  expect(await readFile(join(sandboxOf(scheduler, agent_id.value, 't1'), 'out'), 'utf8')).toBe(
    'fetched eng\n',
  );
  await scheduler.launch('t2', shell('true', { uris: [{ value: '/no/such/file' }] }));
  const failed = await scheduler.status('t2', 'TASK_FAILED');
  expect(failed.message).toContain('URI /no/such/file could not be fetched: there is no such file');
});

test('a command runs as its user, who owns the sandbox, and with its own environment', async ({ skip }) => {
  cluster = await TestCluster.start();
  if (process.getuid?.() !== 0) {
    const missing = 'only root can run tasks as other users';
    if (process.env['CI'] !== undefined) throw new Error(missing);
    skip(missing);
  }
  const scheduler = await cluster.scheduler({ user: 'nobody' });
  const command = 'id -un; stat -c "%U %a" .; echo "$A"; env | grep -c ^MESOS_; echo "${HOME-unset}"';
  await scheduler.launch('t1', shell(command, { environment: { variables: [{ name: 'A', value: 'b c' }] } }));
  const { agent_id } = await scheduler.status('t1', 'TASK_FINISHED');
  const lines = (await readFile(join(sandboxOf(scheduler, agent_id.value, 't1'), 'stdout'), 'utf8')).split(
    '\n',
  );
  expect(lines.slice(0, 3)).toEqual(['nobody', 'nobody 750', 'b c']);
  expect(Number(lines[3])).toBeGreaterThan(8);
  await scheduler.launch('checked', {
    ...shell('sleep 1000'),
    check: {
      type: 'COMMAND',
      command: { command: { value: 'exit $(id -u nobody | cut -c1-2)$(id -u | cut -c1)' } },
      delay_seconds: 0,
    },
  });
  await scheduler.status('checked', 'TASK_RUNNING');
  const looked = await scheduler.status('checked', 'TASK_RUNNING');
  // 65 of nobody's number, 6 of the number of who looks: 656, of which a byte is the exit code.
  expect(looked.check_status).toMatchObject({ command: { exit_code: 656 % 256 } });
  await scheduler.launch('t2', shell('true', { user: 'no-such-user' }));
  expect((await scheduler.status('t2', 'TASK_FAILED')).message).toContain('no user called "no-such-user"');
});

test('a task that wants an image is refused by an agent without Docker, which says what it would need', async () => {
  cluster = await TestCluster.start();
  const scheduler = await cluster.scheduler();
  const images = [
    { type: 'DOCKER', docker: { image: 'some:1' } },
    { type: 'MESOS', mesos: { image: { type: 'DOCKER', docker: { name: 'some:1' } } } },
  ];
  for (const [index, container] of images.entries()) {
    await scheduler.launch(`t${index}`, { ...shell('true'), container });
    const failed = await scheduler.status(`t${index}`, 'TASK_FAILED');
    expect(failed.message).toContain(
      'the image some:1 needs Docker, and this agent runs without: start it with --containerizers=docker,mesos',
    );
  }
});

test('health checks look at a task by command, HTTP and TCP, and the unhealthy one is killed', async () => {
  cluster = await TestCluster.start();
  const scheduler = await cluster.scheduler();
  let isWell = true;
  server = createServer((_request, response) => response.writeHead(isWell ? 200 : 500).end());
  await new Promise<void>((resolve) => {
    server!.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const check = (what: object) => ({
    health_check: {
      ...what,
      delay_seconds: 0,
      interval_seconds: 0.05,
      timeout_seconds: 5,
      grace_period_seconds: 0,
      consecutive_failures: 2,
    },
  });
  const checks = {
    command: check({ type: 'COMMAND', command: { value: 'test -e stdout' } }),
    http: check({ type: 'HTTP', http: { port, path: '/' } }),
    tcp: check({ type: 'TCP', tcp: { port } }),
  };
  for (const [name, each] of Object.entries(checks)) {
    await scheduler.launch(name, { ...shell('sleep 1000'), ...each });
    for (;;) if ((await scheduler.status(name, 'TASK_RUNNING')).healthy === true) break;
  }
  isWell = false;
  expect((await scheduler.status('http', 'TASK_KILLED')).healthy).toBe(false);
  const free = createNetServer();
  await new Promise<void>((resolve) => {
    free.listen(0, '127.0.0.1', resolve);
  });
  const closed = (free.address() as AddressInfo).port;
  free.close();
  await scheduler.launch('deaf', {
    ...shell('sleep 1000'),
    ...check({ type: 'TCP', tcp: { port: closed } }),
  });
  expect((await scheduler.status('deaf', 'TASK_KILLED')).healthy).toBe(false);
});

test('the tasks of a pod share its volumes, and go together', async () => {
  cluster = await TestCluster.start();
  const scheduler = await cluster.scheduler();
  const volume = {
    container: {
      type: 'MESOS',
      volumes: [
        {
          mode: 'RW',
          container_path: 'shared',
          source: { type: 'SANDBOX_PATH', sandbox_path: { type: 'PARENT', path: 'common' } },
        },
      ],
    },
  };
  const offer = await scheduler.accept(({ agent_id }) => [
    {
      type: 'LAUNCH_GROUP',
      launch_group: {
        executor: {
          type: 'DEFAULT',
          executor_id: { value: 'pod' },
          framework_id: { value: scheduler.frameworkId },
          resources: scalars(0.1, 32, 10),
        },
        task_group: {
          tasks: [
            taskInfo('writes', agent_id.value, {
              ...shell('echo hello > shared/file; sleep 1000'),
              ...volume,
            }),
            taskInfo('reads', agent_id.value, {
              ...shell('while [ ! -s shared/file ]; do sleep 0.05; done; cat shared/file; exit 9'),
              ...volume,
            }),
          ],
        },
      },
    },
  ]);
  const failed = await scheduler.status('reads', 'TASK_FAILED');
  expect(failed.message).toContain('exited with status 9');
  const { container_id } = failed.container_status!;
  expect(container_id.parent?.value).toMatch(/^[0-9a-f-]{36}$/);
  const pod = sandboxOf(scheduler, offer.agent_id.value, 'pod');
  expect(await readFile(join(pod, 'containers', container_id.value, 'stdout'), 'utf8')).toBe('hello\n');
  await scheduler.status('writes', 'TASK_KILLED');
  await until(() => (cluster.agent.containers.isIdle ? true : null), 'the pod has ended with its last task');
});

test('no link that a task of a pod makes is followed by the agent', async () => {
  cluster = await TestCluster.start();
  const scheduler = await cluster.scheduler();
  const outside = join(cluster.folder, 'outside');
  await mkdir(outside);
  const volume = (path: string) => ({
    container: {
      type: 'MESOS',
      volumes: [
        {
          mode: 'RW',
          container_path: 'v',
          source: { type: 'SANDBOX_PATH', sandbox_path: { type: 'PARENT', path } },
        },
      ],
    },
  });
  const executor = {
    type: 'DEFAULT',
    executor_id: { value: 'pod' },
    framework_id: { value: scheduler.frameworkId },
    resources: scalars(0.1, 32, 10),
  };
  const group = (tasks: (agentId: string) => object[]) =>
    scheduler.accept(({ agent_id }) => [
      { type: 'LAUNCH_GROUP', launch_group: { executor, task_group: { tasks: tasks(agent_id.value) } } },
    ]);
  const links = `cd ../..; ln -s ${outside} link; echo made; sleep 1000`;
  const { agent_id } = await group((agentId) => [taskInfo('links', agentId, shell(links))]);
  await scheduler.status('links', 'TASK_RUNNING');
  const pod = sandboxOf(scheduler, agent_id.value, 'pod');
  await until(() => (existsSync(join(pod, 'link')) ? true : null), 'the link is made');
  await group((agentId) => [taskInfo('follows', agentId, { ...shell('true'), ...volume('link/sub') })]);
  const failed = await scheduler.status('follows', 'TASK_FAILED');
  expect(failed.message).toContain('goes through link, which is no directory');
  expect(await readdir(outside)).toEqual([]);
});

test('a persistent volume outlives the tasks that use it, and is gone when it is destroyed', async () => {
  cluster = await TestCluster.start({ resources: 'cpus:4;mem:4096;disk(eng):1000;ports:[31000-31100]' });
  const scheduler = await cluster.scheduler();
  const volume = {
    name: 'disk',
    type: 'SCALAR',
    scalar: { value: 64 },
    role: 'eng',
    disk: { persistence: { id: 'data', principal: 'p' }, volume: { container_path: 'data', mode: 'RW' } },
  };
  const use = (taskId: string, agentId: string, command: string) =>
    taskInfo(taskId, agentId, { ...shell(command), resources: [...scalars(0.1, 32), volume] });
  await scheduler.accept(({ agent_id }) => [
    { type: 'CREATE', create: { volumes: [volume] } },
    { type: 'LAUNCH', launch: { task_infos: [use('first', agent_id.value, 'echo kept > data/file')] } },
  ]);
  await scheduler.status('first', 'TASK_FINISHED');
  const directory = join(cluster.workDir, 'volumes', 'roles', 'eng', 'data');
  expect(await readFile(join(directory, 'file'), 'utf8')).toBe('kept\n');
  const hasVolume = ({ resources }: { readonly resources: readonly object[] }) =>
    JSON.stringify(resources).includes('"persistence"');
  await scheduler.accept(
    ({ agent_id }) => [
      { type: 'LAUNCH', launch: { task_infos: [use('second', agent_id.value, 'grep kept data/file')] } },
    ],
    hasVolume,
  );
  await scheduler.status('second', 'TASK_FINISHED');
  await scheduler.accept(() => [{ type: 'DESTROY', destroy: { volumes: [volume] } }], hasVolume);
  await until(() => (existsSync(directory) ? null : true), 'the volume is gone');
});

test('a container that uses more disk than it has is ended, where that is enforced', async () => {
  cluster = await TestCluster.start({ disk: { enforcesQuota: true, containerWatchMs: 50 } });
  const scheduler = await cluster.scheduler();
  await scheduler.launch('t1', {
    ...shell('head -c 3000000 /dev/zero > f; sleep 1000'),
    resources: scalars(0.1, 32, 1),
  });
  const failed = await scheduler.status('t1', 'TASK_FAILED');
  expect(failed.reason).toBe('REASON_CONTAINER_LIMITATION_DISK');
  expect(failed.message).toMatch(/Disk usage of \d+ bytes exceeds the quota of 1048576 bytes/);
});

test('sandboxes go when they have been kept long enough, and what is empty above them', async () => {
  cluster = await TestCluster.start({
    settings: { garbageCollection: { delay: micros(200_000), diskHeadroom: 0.1 } },
  });
  const scheduler = await cluster.scheduler();
  await scheduler.launch('t1', shell('true'));
  const { agent_id } = await scheduler.status('t1', 'TASK_FINISHED');
  const frameworks = join(cluster.workDir, 'slaves', agent_id.value, 'frameworks', scheduler.frameworkId);
  await until(() => (existsSync(frameworks) ? null : true), 'the sandbox is gone');
});
