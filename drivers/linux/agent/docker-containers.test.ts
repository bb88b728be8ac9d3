import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  BUSYBOX_IMAGE,
  type DockerEngine,
  dockerMissing,
  startDockerEngine,
} from '../testing/docker-engine.ts';
import { askAgent, scalars, shell, taskInfo, TestCluster, until } from './test-kit.ts';

const missing = dockerMissing();

if (missing !== null) {
  test('tasks in Docker containers', ({ skip }) => {
    if (process.env['CI'] !== undefined) throw new Error(missing);
    skip(missing);
  });
} else {
  describe('an agent with a Docker Engine', () => {
    let engine: DockerEngine;
    let cluster: TestCluster;

    beforeAll(async () => {
      engine = await startDockerEngine();
    });
    afterEach(async () => {
      await cluster.close();
      await until(
        async () => ((await engine.docker.listContainers({ all: true })).length === 0 ? true : null),
        'nothing is left in the engine',
      );
    });
    afterAll(async () => {
      await engine.stop();
    });

    const start = () => TestCluster.start({ docker: { socket: engine.socket } });
    const docker = (more: object = {}) => ({
      container: { type: 'DOCKER', docker: { image: BUSYBOX_IMAGE, network: 'HOST', ...more } },
    });

    test('a command runs in an image, sees its sandbox, and what it says is read from there', async () => {
      cluster = await start();
      const scheduler = await cluster.scheduler();
      await scheduler.launch('t1', {
        ...shell('echo "$MESOS_SANDBOX $MESOS_TASK_ID"; echo file > "$MESOS_SANDBOX/made"'),
        ...docker({ parameters: [{ key: 'label', value: 'team=web' }] }),
      });
      const { agent_id } = await scheduler.status('t1', 'TASK_FINISHED');
      const executor = join('slaves', agent_id.value, 'frameworks', scheduler.frameworkId, 'executors', 't1');
      const sandbox = join(cluster.workDir, executor, 'runs', 'latest');
      expect(await readFile(join(sandbox, 'stdout'), 'utf8')).toBe('/mnt/mesos/sandbox t1\n');
      expect(await readFile(join(sandbox, 'made'), 'utf8')).toBe('file\n');
      await scheduler.launch('t2', {
        command: { shell: false, value: 'sh', arguments: ['-c', 'exit 4'] },
        ...docker(),
      });
      expect((await scheduler.status('t2', 'TASK_FAILED')).message).toContain('exited with status 4');
      await scheduler.launch('t3', {
        ...shell('exit 5'),
        container: {
          type: 'MESOS',
          mesos: { image: { type: 'DOCKER', docker: { name: BUSYBOX_IMAGE } } },
        },
      });
      expect((await scheduler.status('t3', 'TASK_FAILED')).message).toContain('exited with status 5');
      await scheduler.launch('t4', shell('exit 6'));
      expect((await scheduler.status('t4', 'TASK_FAILED')).message).toContain('exited with status 6');
    });

    test('an agent that starts again finds its Docker containers, and what ended meanwhile', async () => {
      cluster = await start();
      const scheduler = await cluster.scheduler();
      await scheduler.launch('lives', { ...shell('exec sleep 1000'), ...docker() });
      const before = await scheduler.status('lives', 'TASK_RUNNING');
      const sandbox = '"$MESOS_SANDBOX"';
      await scheduler.launch('ends', {
        ...shell(`while [ ! -e ${sandbox}/go ]; do sleep 0.05; done; exit 7`),
        ...docker(),
      });
      const ends = await scheduler.status('ends', 'TASK_RUNNING');
      await cluster.agent.stop();
      const container = engine.docker.getContainer(`mesos-${ends.container_status!.container_id.value}`);
      await container.kill({ signal: 'SIGKILL' });
      await until(async () => ((await container.inspect()).State.Running ? null : true), 'it has ended');
      await cluster.startAgent({ docker: { socket: engine.socket } });
      expect((await scheduler.status('ends', 'TASK_FAILED')).message).toContain(
        'terminated with signal Killed',
      );
      await scheduler.kill('lives', { grace_period: { nanoseconds: 50_000_000 } });
      const killed = await scheduler.status('lives', 'TASK_KILLED');
      expect(killed.container_status?.executor_pid).toBe(before.container_status?.executor_pid);
    });

    test('a task in an image is checked from inside, shown to operators, and entered', async () => {
      cluster = await start();
      const scheduler = await cluster.scheduler();
      await scheduler.launch('t1', {
        ...shell('exec sleep 1000'),
        ...docker(),
        health_check: {
          type: 'COMMAND',
          command: { value: 'test "$MESOS_TASK_ID" = t1 && test -x /bin/busybox' },
          delay_seconds: 0,
          interval_seconds: 0.1,
        },
      });
      for (;;) if ((await scheduler.status('t1', 'TASK_RUNNING')).healthy === true) break;
      const rows = JSON.parse((await askAgent(cluster.agent, '/containers')).text) as {
        container_id: string;
        statistics: { cpus_limit: number; mem_total_bytes: number };
      }[];
      expect(rows).toHaveLength(1);
      expect(rows[0]!.statistics.cpus_limit).toBeCloseTo(0.2);
      expect(rows[0]!.statistics.mem_total_bytes).toBeGreaterThan(0);
      const id = { container_id: { value: 'n1', parent: { value: rows[0]!.container_id } } };
      const call = async (body: object) =>
        await askAgent(cluster.agent, '/api/v1', {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(body),
        });
      const command = { value: 'test -x /bin/busybox && exit 8' };
      const launched = await call({
        type: 'LAUNCH_NESTED_CONTAINER',
        launch_nested_container: { ...id, command },
      });
      expect(launched.status).toBe(200);
      const waited = await call({ type: 'WAIT_NESTED_CONTAINER', wait_nested_container: id });
      expect(JSON.parse(waited.text)).toMatchObject({ wait_nested_container: { exit_status: 8 * 256 } });
    });

    test('a pod may mix images and plain commands', async () => {
      cluster = await start();
      const scheduler = await cluster.scheduler();
      await scheduler.accept(({ agent_id }) => [
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
                taskInfo('plain', agent_id.value, shell('sleep 1000')),
                taskInfo('image', agent_id.value, {
                  ...shell('sleep 0.3; exit 3'),
                  container: {
                    type: 'MESOS',
                    mesos: { image: { type: 'DOCKER', docker: { name: BUSYBOX_IMAGE } } },
                  },
                }),
              ],
            },
          },
        },
      ]);
      expect((await scheduler.status('image', 'TASK_FAILED')).message).toContain('exited with status 3');
      await scheduler.status('plain', 'TASK_KILLED');
    });

    test('memory beyond the limit ends the task, and that is the reason', async () => {
      cluster = await start();
      const scheduler = await cluster.scheduler();
      await scheduler.launch('t1', { ...shell('x=a; while :; do x=$x$x; done'), ...docker() });
      const failed = await scheduler.status('t1', 'TASK_FAILED');
      expect(failed.reason).toBe('REASON_CONTAINER_LIMITATION_MEMORY');
    });
  });
}
