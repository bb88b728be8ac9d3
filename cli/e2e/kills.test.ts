import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Rng } from '../../engine/core/index.ts';
import {
  BUSYBOX_IMAGE,
  type DockerEngine,
  dockerMissing,
  startDockerEngine,
} from '../../drivers/linux/testing/docker-engine.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import { agentsOf } from '../cluster/find-one.ts';
import { agentState } from '../cluster/listings.ts';
import type { Json } from '../cluster/operator-api.ts';
import { build, orrery } from '../testing/command.ts';
import { freePort } from '../../drivers/linux/testing/free-port.ts';
import { eventually, TestDaemon } from './daemons.ts';
import { type TestJob, TestScheduler } from './test-scheduler.ts';

// A master and three agents as processes of their own; tasks in processes and in Docker containers; daemons killed -9 at random instants.
// In the end every job has finished once, nothing ran twice, nothing is left, and the journal decides all of it again.

const missing = dockerMissing();
const SEED = Number(process.env['ORRERY_KILLS_SEED'] ?? 1);
const JOBS = 24;
const KILLS = 8;

let folder: string;
let engine: DockerEngine | null = null;

beforeAll(async () => {
  await build();
  folder = mkdtempSync(join(tmpdir(), 'orrery-e2e-'));
  if (missing === null) engine = await startDockerEngine();
});

afterAll(async () => {
  await engine?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A task that notes its start and its end in a file of its own, so that a second run shows. */
function taskOf(name: string, seconds: number, image: string | null): Json {
  const script = `echo started >> "$RECORD/${name}.$$.start"; sleep ${seconds}; echo done`;
  return {
    name,
    resources: [
      { name: 'cpus', type: 'SCALAR', scalar: { value: 0.2 } },
      { name: 'mem', type: 'SCALAR', scalar: { value: 64 } },
    ],
    command: {
      value:
        image === null ? `echo started >> ${folder}/runs/${name}.log; sleep ${seconds}` : `sleep ${seconds}`,
      environment: { variables: [{ name: 'SCRIPT', type: 'VALUE', value: script }] },
    },
    ...(image === null ? {} : { container: { type: 'DOCKER', docker: { image, network: 'HOST' } } }),
  };
}

test('daemons killed at random instants lose nothing, run nothing twice and leave nothing behind', async () => {
  if (missing !== null && process.env['CI'] !== undefined) throw new Error(missing);
  const rng = Rng.forPurpose(SEED, 'kills');
  mkdirSync(join(folder, 'runs'));
  const port = await freePort();
  const connection = { url: `http://127.0.0.1:${port}`, authorization: null, ca: null };
  const master = new TestDaemon('master', join(folder, 'master.log'), () => [
    'master',
    `--port=${port}`,
    `--work_dir=${join(folder, 'master')}`,
    '--agent_reregister_timeout=10mins',
    `--decision_trace=${join(folder, `decisions-${master.starts}.txt`)}`,
  ]);
  const ports = [await freePort(), await freePort(), await freePort()];
  const agents = [1, 2, 3].map(
    (number) =>
      new TestDaemon(`agent ${number}`, join(folder, `agent-${number}.log`), () => [
        'agent',
        `--master=127.0.0.1:${port}`,
        `--port=${ports[number - 1]}`,
        `--hostname=host-${number}`,
        `--work_dir=${join(folder, `agent-${number}`)}`,
        '--resources=cpus:2;mem:1024;disk:1000',
        ...(number === 3 && engine !== null ? ['--runtime=docker', `--docker_socket=${engine.socket}`] : []),
      ]),
  );
  const daemons = [master, ...agents];
  for (const daemon of daemons) await daemon.start();
  const registered = (count: number) =>
    eventually(`${count} agents are registered`, async () => {
      try {
        const active = (await agentsOf(connection)).filter((one) => agentState(one) === 'active');
        return active.length >= count ? active : null;
      } catch (error) {
        if (error instanceof ClusterError) return null;
        throw error;
      }
    });
  await registered(3);

  const jobs: TestJob[] = Array.from({ length: JOBS }, (_one, index) => {
    const inDocker = engine !== null && index % 4 === 0;
    const name = `job-${index}`;
    return {
      name,
      task: taskOf(name, 1 + rng.below(4), inDocker ? BUSYBOX_IMAGE : null),
      fits: (hostname) => !inDocker || hostname === 'host-3',
    };
  });
  const scheduler = new TestScheduler(connection, jobs);
  const running = scheduler.run();
  for (let kill = 0; kill < KILLS; kill++) {
    await sleep(300 + rng.below(1_500));
    const victim = daemons[rng.below(daemons.length)]!;
    await victim.end('SIGKILL');
    await sleep(rng.below(500));
    await victim.start();
  }
  await scheduler.settled();
  await registered(3);

  // Every task that was told to have ended has ended once, with one word.
  expect(scheduler.problems).toEqual([]);
  expect(scheduler.finished.size).toBe(JOBS);
  for (const { taskId, endings } of scheduler.attempts.values())
    expect(endings.length, `${taskId}: ${endings.join(', ')}`).toBeLessThanOrEqual(1);
  // A process job that finished started as often as it had attempts that came to run, at least once and never more.
  for (const [index, { name }] of jobs.entries()) {
    if (engine !== null && index % 4 === 0) continue;
    const starts = readFileSync(join(folder, 'runs', `${name}.log`), 'utf8')
      .trim()
      .split('\n').length;
    const attempts = [...scheduler.attempts.values()].filter((one) => one.job.name === name).length;
    expect(starts).toBeGreaterThanOrEqual(1);
    expect(starts).toBeLessThanOrEqual(attempts);
  }

  // The last kill may have been the master's: the scheduler comes back to the new one by itself.
  await eventually('the framework is torn down', async () => {
    try {
      await scheduler.teardown();
      return true;
    } catch (error) {
      if (error instanceof ClusterError) return null;
      throw error;
    }
  });
  await running;
  await eventually('no container is left in the engine', async () => {
    if (engine === null) return true;
    const left = await engine.docker.listContainers();
    return left.length === 0 ? true : null;
  });
  for (const agent of agents) expect(await agent.end('SIGUSR1')).toBe(0);
  expect(await master.end('SIGTERM')).toBe(0);
  const left = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(folder) && !line.startsWith('dockerd') && !line.includes('containerd'));
  expect(left).toEqual([]);

  // The journal of every master that was, killed or not, decides the same again.
  const replay = await orrery(folder, 'replay', 'master/journal', '--decisions', 'replayed.txt', '--json');
  expect(replay.err).toBe('');
  expect(replay.code).toBe(0);
  const { machines } = JSON.parse(replay.out) as { readonly machines: readonly unknown[] };
  expect(machines).toHaveLength(master.starts);
  const replayed = readFileSync(join(folder, 'replayed.txt'), 'utf8');
  // Of the last master, which was stopped in order, every line is there; of one that was killed, what it had written.
  for (let start = 1; start <= master.starts; start++) {
    const path = join(folder, `decisions-${start}.txt`);
    const live = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const whole = live.slice(0, live.lastIndexOf('\n') + 1);
    if (start === master.starts) expect(replayed.endsWith(whole)).toBe(true);
    else expect(replayed).toContain(whole.slice(0, Math.floor(whole.length / 2)));
  }
});
