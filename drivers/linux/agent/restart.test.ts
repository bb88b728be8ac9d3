import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cgroupMounts } from '../containers/cgroups/cgroup-mounts.ts';
import { cgroupsBelow } from '../containers/cgroups/container-cgroup.ts';
import type { RunningMaster } from '../master/start-master.ts';
import { testMaster } from '../master/test-kit.ts';
import { freePort } from '../testing/free-port.ts';
import { startAgent } from './start-agent.ts';
import { processesIn, scalars, shell, TEST_RESOURCES, TestScheduler, until } from './test-kit.ts';

const ORRERY = join(dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url))))), 'bin', 'orrery.mjs');

/** The agent's, as in production: one that is killed before it has noted its id is known again by its address, and its tasks are not waited for. */
let port: number;
let folder: string;
let workDir: string;
let master: RunningMaster;
let scheduler: TestScheduler;

const said: string[] = [];
const children: ChildProcess[] = [];

beforeEach(async () => {
  said.length = 0;
  port = await freePort();
  folder = await mkdtemp(join(tmpdir(), 'orrery-restart-'));
  workDir = join(folder, 'work');
  master = await testMaster();
  scheduler = await TestScheduler.start(master);
});
afterEach(async ({ task }) => {
  // What the agents said, for whoever looks at a failure.
  if (task.result?.state === 'fail') console.error(said.join(''));
  // A test that failed left one running.
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  scheduler.close();
  await master.close();
  const name = (await readFile(join(workDir, 'meta', 'name'), 'utf8')).trim();
  expect(await processesIn(folder)).toEqual([]);
  expect(await cgroupsBelow(await cgroupMounts(), `orrery/${name}`)).toEqual(new Set());
  await rm(folder, { recursive: true });
});

/** The agent as a process of its own. */
async function agentProcess(...more: string[]): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    [
      ...[ORRERY, 'agent', `--master=${master.host}:${master.port}`, `--work_dir=${workDir}`],
      `--port=${port}`,
      ...[`--resources=${TEST_RESOURCES}`, '--registration_backoff_factor=50ms', ...more],
    ],
    { stdio: ['ignore', 'inherit', 'pipe'] },
  );
  children.push(child);
  child.stderr!.on('data', (data: Buffer) => {
    said.push(data.toString());
  });
  child.once('exit', (code, signal) => said.push(`ended: ${code ?? signal}\n`));
  await once(child.stderr!, 'data');
  return child;
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const end = once(child, 'exit') as Promise<[number | null]>;
  child.kill(signal);
  return (await end)[0];
}

test('an agent that is killed finds what runs when it starts again, and tells what ended meanwhile', async () => {
  let agent = await agentProcess();
  await scheduler.launch('lives', shell('sleep 1000'));
  const lives = await scheduler.status('lives', 'TASK_RUNNING');
  const go = join(folder, 'go');
  await scheduler.launch('ends', shell(`while [ ! -e ${go} ]; do sleep 0.05; done; exit 7`));
  const ends = await scheduler.status('ends', 'TASK_RUNNING');
  await ended(agent, 'SIGKILL');
  await writeFile(go, '');
  await until(async () => {
    const gone = await readFile(`/proc/${ends.container_status!.executor_pid}/stat`).catch(() => null);
    return gone === null ? true : null;
  }, 'the task has ended while the agent is away');
  agent = await agentProcess();
  const failed = await scheduler.status('ends', 'TASK_FAILED');
  expect(failed.message).toContain('exited with status 7');
  expect(failed.agent_id).toEqual(lives.agent_id);
  await scheduler.kill('lives');
  const killed = await scheduler.status('lives', 'TASK_KILLED');
  expect(killed.container_status?.executor_pid).toBe(lives.container_status?.executor_pid);
  expect(await ended(agent, 'SIGUSR1')).toBe(0);
});

test('killed at any instant of a run, an agent loses no task and runs none twice', async () => {
  const marks = join(folder, 'marks');
  const rounds = 4;
  let agent = await agentProcess();
  for (let round = 0; round < rounds; round++) {
    const tasks = [0, 1, 2].map((index) => `r${round}t${index}`);
    await scheduler.accept(({ agent_id }) => [
      {
        type: 'LAUNCH',
        launch: {
          task_infos: tasks.map((id) => ({
            name: id,
            task_id: { value: id },
            agent_id,
            resources: scalars(0.1, 32),
            ...shell(`echo ${id} >> ${marks}; sleep 0.3`),
          })),
        },
      },
    ]);
    await new Promise((resolve) => setTimeout(resolve, 40 * round));
    await ended(agent, 'SIGKILL');
    agent = await agentProcess();
    const seen = new Map(scheduler.statuses.map(({ task_id, state }) => [task_id.value, state]));
    for (const id of tasks) {
      if (isTerminal(seen.get(id))) continue;
      await scheduler.status(id, ...TERMINAL);
      for (const { task_id, state } of scheduler.statuses) seen.set(task_id.value, state);
    }
  }
  const runs = (await readFile(marks, 'utf8').catch(() => '')).trim().split('\n');
  expect(runs.length).toBe(new Set(runs).size);
  for (const status of scheduler.statuses) {
    // A task that was told to run and never did is lost to the restart, and says so.
    if (isTerminal(status.state) && status.state !== 'TASK_FINISHED')
      expect([status.state, status.reason, status.message]).toEqual([
        expect.stringMatching(/^TASK_(LOST|DROPPED|GONE|FAILED)$/),
        expect.any(String),
        expect.any(String),
      ]);
  }
  const ends = scheduler.statuses
    .filter(({ state }) => isTerminal(state))
    .map(({ task_id }) => task_id.value);
  expect(new Set(ends).size).toBe(3 * rounds);
  expect(await ended(agent, 'SIGUSR1')).toBe(0);
});

const TERMINAL = ['TASK_FINISHED', 'TASK_FAILED', 'TASK_LOST', 'TASK_DROPPED', 'TASK_GONE', 'TASK_KILLED'];
const isTerminal = (state: string | undefined): boolean => state !== undefined && TERMINAL.includes(state);

test('SIGTERM leaves tasks running; a second agent, a smaller one and one of another format are refused', async () => {
  const agent = await agentProcess();
  await scheduler.launch('lives', shell('sleep 1000'));
  await scheduler.status('lives', 'TASK_RUNNING');
  const options = { workDir, master: `${master.host}:${master.port}`, port: 0 };
  await expect(startAgent({ ...options, resources: TEST_RESOURCES })).rejects.toThrow(
    'another agent runs in the work directory',
  );
  expect(await ended(agent, 'SIGTERM')).toBe(0);
  expect(await processesIn(folder)).not.toEqual([]);
  await expect(startAgent({ ...options, resources: 'cpus:1;mem:64;disk:1' })).rejects.toThrow(
    /Incompatible agent info.*cpus/,
  );
  const cleanup = await startAgent({
    ...options,
    resources: TEST_RESOURCES,
    settings: { recover: 'cleanup' },
  });
  expect(await cleanup.ended).toMatchObject({ isFailure: false });
});
