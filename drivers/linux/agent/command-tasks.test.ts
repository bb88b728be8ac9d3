import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { shell, TestCluster } from './test-kit.ts';

let cluster: TestCluster;

afterEach(async () => {
  await cluster.close();
});

async function textIn(
  agentId: string,
  frameworkId: string,
  executorId: string,
  name: string,
): Promise<string> {
  const executor = join('slaves', agentId, 'frameworks', frameworkId, 'executors', executorId);
  return await readFile(join(cluster.workDir, executor, 'runs', 'latest', name), 'utf8');
}

test('a command task runs, ends, and leaves what it wrote in its sandbox', async () => {
  cluster = await TestCluster.start();
  const scheduler = await cluster.scheduler();
  const agentId = await scheduler.launch('t1', shell('echo hello $MESOS_TASK_ID; exit 0'));
  const { container_status } = await scheduler.status('t1', 'TASK_RUNNING');
  expect(container_status?.container_id.value).toMatch(/^[0-9a-f-]{36}$/);
  expect((await scheduler.status('t1', 'TASK_FINISHED')).message).toContain('Command exited with status 0');
  expect(await textIn(agentId, scheduler.frameworkId, 't1', 'stdout')).toBe('hello t1\n');
  await scheduler.launch('t2', shell('echo no >&2; exit 3'));
  expect((await scheduler.status('t2', 'TASK_FAILED')).message).toContain('Command exited with status 3');
  expect(await textIn(agentId, scheduler.frameworkId, 't2', 'stderr')).toBe('no\n');
});
