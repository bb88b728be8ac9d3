import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type Dockerode from 'dockerode';
import { cgroupMounts } from '../../drivers/linux/containers/cgroups/cgroup-mounts.ts';
import { ContainerCgroup } from '../../drivers/linux/containers/cgroups/container-cgroup.ts';
import type {
  ContainerImageSpec,
  ContainerRuntime,
} from '../../drivers/linux/containers/container-runtime.ts';
import {
  DEFAULT_DOCKER_OPTIONS,
  DockerRuntime,
} from '../../drivers/linux/containers/docker/docker-runtime.ts';
import { ProcessRuntime } from '../../drivers/linux/containers/process/process-runtime.ts';
import {
  BUSYBOX_IMAGE,
  dockerMissing,
  startDockerEngine,
} from '../../drivers/linux/testing/docker-engine.ts';
import { type HttpRow, httpRow, median } from './http-row.ts';
import { withFolder } from './work-folder.ts';

const ARGV = ['sleep', '1000'] as const;

/** From the order until a process runs: `spawn` of Node against the runtime that makes a cgroup, a supervisor and files that outlive the agent. */
export async function processContainers(name: string, count: number): Promise<HttpRow[]> {
  return await withFolder(async (folder) => {
    const cgroup = `orrery-bench-${process.pid}`;
    // The runtime's own waiting keeps no process alive.
    const alive = setInterval(() => {}, 1_000);
    const mounts = await cgroupMounts();
    const ended = new Set<string>();
    const runtime = await ProcessRuntime.open(
      { folder: join(folder, 'containers'), cgroup, mounts },
      { exited: (id) => ended.add(id) },
    );
    const bare: number[] = [];
    const ours: number[] = [];
    for (let number = 0; number < count; number++) {
      const began = performance.now();
      const child = spawn(ARGV[0], ARGV.slice(1), { stdio: 'ignore', detached: true });
      await once(child, 'spawn');
      bare.push(performance.now() - began);
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      ours.push(await launchMs(runtime, folder, number, null));
    }
    await runtime.close();
    const whole = new ContainerCgroup(mounts, cgroup);
    await whole.kill();
    await whole.remove();
    clearInterval(alive);
    return [rowOf(name, 'processes', bare, ours)];
  });
}

/** The same against the engine's own create and start. */
export async function dockerContainers(name: string, count: number): Promise<HttpRow[]> {
  const missing = dockerMissing();
  if (missing !== null) {
    process.stderr.write(`bench: ${name} is SKIPPED: ${missing}\n`);
    return [{ name, size: 'docker', figures: {}, skipped: missing }];
  }
  const engine = await startDockerEngine();
  try {
    return await withFolder(async (folder) => {
      const runtime = await DockerRuntime.open(
        { ...DEFAULT_DOCKER_OPTIONS, socket: engine.socket, agent: 'bench' },
        { exited() {} },
      );
      const bare: number[] = [];
      const ours: number[] = [];
      for (let number = 0; number < count; number++) {
        bare.push(await bareDockerMs(engine.docker));
        ours.push(await launchMs(runtime, folder, number, IMAGE));
      }
      await runtime.close();
      return [rowOf(name, 'docker', bare, ours)];
    });
  } finally {
    await engine.stop();
  }
}

const IMAGE: ContainerImageSpec = {
  name: BUSYBOX_IMAGE,
  forcePull: false,
  privileged: false,
  network: 'HOST',
  networkName: null,
  portMappings: [],
  parameters: [],
  hostname: null,
};

async function bareDockerMs(docker: Dockerode): Promise<number> {
  const began = performance.now();
  const container = await docker.createContainer({
    Image: BUSYBOX_IMAGE,
    Cmd: [...ARGV],
    HostConfig: { NetworkMode: 'host' },
  });
  await container.start();
  const ms = performance.now() - began;
  await container.remove({ force: true });
  return ms;
}

async function launchMs(
  runtime: ContainerRuntime,
  folder: string,
  number: number,
  image: ContainerImageSpec | null,
): Promise<number> {
  const id = `bench-${process.pid}-${number}`;
  const sandbox = join(folder, id);
  await mkdir(sandbox);
  const began = performance.now();
  await runtime.launch({
    id,
    parent: null,
    sandbox,
    argv: ARGV,
    imageArguments: [],
    environment: { PATH: '/usr/bin:/bin' },
    user: null,
    limits: { cpuShares: 100, cpuQuota: null, memoryBytes: 67_108_864, memorySoftBytes: 33_554_432 },
    mounts: [],
    image,
    labels: {},
  });
  const ms = performance.now() - began;
  await runtime.signal(id, 'SIGKILL');
  return ms;
}

function rowOf(name: string, kind: string, bare: readonly number[], ours: readonly number[]): HttpRow {
  return httpRow(name, `${ours.length} ${kind}, in turns with bare ones`, {
    bareP50Ms: median(bare),
    runtimeP50Ms: median(ours),
    ratio: median(ours) / median(bare),
  });
}
