import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Status, TestCluster, until } from './test-kit.ts';

const SCHEDULER = join(import.meta.dirname, '../testing/foreign-scheduler.cjs');
const EXECUTOR = `exec ${process.execPath} ${join(import.meta.dirname, '../testing/foreign-executor.cjs')}`;

type Told = readonly [event: string, value: { readonly status?: Status; readonly [name: string]: unknown }];

/** The scheduler's process, and what it tells. */
class ForeignScheduler {
  readonly #child: ChildProcess;
  readonly #told: Told[] = [];
  #wake = (): void => {};

  constructor(cluster: TestCluster, names: readonly string[]) {
    this.#child = spawn(
      process.execPath,
      [SCHEDULER, String(cluster.master.port), cluster.folder, EXECUTOR, ...names],
      { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
    );
    this.#child.on('message', (told: Told) => {
      this.#told.push(told);
      this.#wake();
    });
  }

  send(method: string, ...values: readonly unknown[]): void {
    this.#child.send([method, ...values]);
  }

  /** The next of its events that fits; an error that it tells of fails the test. */
  async next(fits: (told: Told) => boolean): Promise<Told[1]> {
    for (;;) {
      const error = this.#told.find(([event]) => event === 'error');
      if (error !== undefined) throw new Error(`the scheduler fails: ${JSON.stringify(error[1])}`);
      const index = this.#told.findIndex(fits);
      if (index >= 0) return this.#told.splice(index, 1)[0]![1];
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async status(taskId: string, state: string): Promise<Status> {
    const { status } = await this.next(
      ([event, { status: told }]) =>
        event === 'update' && told?.task_id.value === taskId && told.state === state,
    );
    return status!;
  }

  async close(): Promise<void> {
    const over = new Promise((resolve) => {
      this.#child.on('close', resolve);
    });
    this.#child.kill('SIGKILL');
    await over;
  }
}

let cluster: TestCluster;
let scheduler: ForeignScheduler;

beforeEach(async () => {
  cluster = await TestCluster.start();
});
afterEach(async () => {
  await scheduler.close();
  await cluster.close();
});

test('scheduler and executor of npm’s mesos-framework, unmodified, run tasks, kill one and exchange messages', async () => {
  scheduler = new ForeignScheduler(cluster, ['finish', 'finish', 'run']);
  await scheduler.next(([event]) => event === 'subscribed');
  for (const id of ['finish-0', 'finish-1']) {
    await scheduler.status(id, 'TASK_RUNNING');
    await scheduler.status(id, 'TASK_FINISHED');
  }
  const { agent_id } = await scheduler.status('run-2', 'TASK_RUNNING');
  scheduler.send('message', agent_id.value, 'foreign-executor', 'hello');
  expect(await scheduler.next(([event]) => event === 'message')).toEqual({
    agentId: agent_id,
    executorId: { value: 'foreign-executor' },
    data: 'hello',
  });
  scheduler.send('kill', 'run-2', agent_id.value);
  await scheduler.status('run-2', 'TASK_KILLED');
  expect([...cluster.agent.containers.all]).toHaveLength(1);
  scheduler.send('teardown');
  await until(
    () => ([...cluster.agent.containers.all].length === 0 ? true : null),
    'the executor is gone with its framework',
  );
  const said = readFileSync(fileBelow(cluster.workDir, 'stderr'), 'utf8');
  expect(said).not.toContain('error');
  expect(said).toContain('subscribed foreign-executor of foreign\n');
  expect(said.match(/^acknowledged .*/gm)?.sort()).toEqual([
    'acknowledged finish-0',
    'acknowledged finish-0',
    'acknowledged finish-1',
    'acknowledged finish-1',
    'acknowledged run-2',
    'acknowledged run-2',
  ]);
  expect(said).toContain('shut down\n');
});

function fileBelow(folder: string, name: string): string {
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((path) =>
    path.endsWith(`/${name}`),
  );
  return join(folder, found!);
}
