import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  BUSYBOX_IMAGE,
  type DockerEngine,
  dockerMissing,
  startDockerEngine,
} from '../../testing/docker-engine.ts';
import { containerRuntimeContract, until } from '../container-runtime-contract.ts';
import { type ContainerImageSpec, ContainerLaunchError, type ContainerSpec } from '../container-runtime.ts';
import { containerOptions } from './container-options.ts';
import { DEFAULT_DOCKER_OPTIONS, DockerRuntime } from './docker-runtime.ts';
import { answered, EngineUnavailableError } from './engine-calls.ts';
import { pauseProgram } from './pause-image.ts';

const BUSYBOX: ContainerImageSpec = {
  name: BUSYBOX_IMAGE,
  forcePull: false,
  privileged: false,
  network: 'HOST',
  networkName: null,
  portMappings: [],
  parameters: [],
  hostname: null,
};

const SPEC: ContainerSpec = {
  id: 'c1',
  parent: null,
  sandbox: '/var/lib/sandbox',
  argv: ['/bin/sh', '-c', 'true'],
  imageArguments: [],
  environment: { A: '1' },
  user: null,
  limits: { cpuShares: 1_500, cpuQuota: null, memoryBytes: 64 * 1_024 * 1_024, memorySoftBytes: null },
  mounts: [],
  image: BUSYBOX,
  labels: {},
};

let number = 0;
const missing = dockerMissing();

if (missing !== null) {
  test('containers in a Docker Engine', ({ skip }) => {
    if (process.env['CI'] !== undefined) throw new Error(missing);
    skip(missing);
  });
} else {
  describe('with an engine', () => {
    let engine: DockerEngine;

    beforeAll(async () => {
      engine = await startDockerEngine();
    });
    afterAll(async () => {
      await engine.stop();
    });

    const open = (agent: string, patienceMillis = 30_000) =>
      DockerRuntime.open(
        { ...DEFAULT_DOCKER_OPTIONS, socket: engine.socket, agent, patienceMillis },
        { exited() {} },
      );

    containerRuntimeContract(
      'Docker',
      async () => {
        const folder = await mkdtemp(join(tmpdir(), 'orrery-docker-runtime-'));
        const agent = `agent-${++number}`;
        return {
          folder,
          open: (events) =>
            DockerRuntime.open(
              { ...DEFAULT_DOCKER_OPTIONS, socket: engine.socket, agent, patienceMillis: 30_000 },
              events,
            ),
          async remove() {
            const runtime = await open(agent);
            await runtime.recover([]);
            await runtime.close();
            await until(async () => {
              const filters = { label: [`orrery.agent=${agent}`] };
              const left = await engine.docker.listContainers({ all: true, filters });
              return left.length === 0 ? true : null;
            }, 'nothing is left in the engine');
            await rm(folder, { recursive: true });
          },
        };
      },
      { image: BUSYBOX, limitsMemory: true, nests: true },
    );

    test('containers of another agent are left alone', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'orrery-docker-runtime-'));
      const one = await open('one');
      const other = await open('other');
      await one.launch({ ...SPEC, id: 'of-one', sandbox: folder, argv: ['/bin/sleep', '60'] });
      await other.recover([]);
      expect(await one.recover(['of-one'])).toMatchObject([{ state: 'running' }]);
      await one.remove('of-one');
      await Promise.all([one.close(), other.close()]);
      await rm(folder, { recursive: true });
    });

    test('an image that is nowhere is refused with what the engine says', async () => {
      const runtime = await open('nowhere');
      const image = { ...BUSYBOX, name: 'localhost:1/no/such:image' };
      await expect(runtime.launch({ ...SPEC, id: 'no-image', image })).rejects.toThrow(
        /the image localhost:1\/no\/such:image cannot be pulled/,
      );
      await runtime.close();
    });

    test('an engine that hangs is detected, and does its work when it goes on', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'orrery-docker-runtime-'));
      const patient = await open('patient');
      const runtime = await open('hasty', 1_000);
      process.kill(engine.pid, 'SIGSTOP');
      try {
        await expect(runtime.launch({ ...SPEC, id: 'late', sandbox: folder })).rejects.toThrow(
          /Docker Engine has not answered for 1000 ms/,
        );
      } finally {
        process.kill(engine.pid, 'SIGCONT');
      }
      await until(async () => {
        const left = await engine.docker.listContainers({
          all: true,
          filters: { label: ['orrery.agent=hasty'] },
        });
        return left.length === 0 ? true : null;
      }, 'what the engine made too late is taken away');
      await patient.launch({ ...SPEC, id: 'after', sandbox: folder });
      await patient.remove('after');
      await Promise.all([patient.close(), runtime.close()]);
      await rm(folder, { recursive: true });
    });

    test('a dozen containers at once make Node suspect no leak', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'orrery-docker-runtime-'));
      const warnings: string[] = [];
      const note = ({ name }: Error) => warnings.push(name);
      process.on('warning', note);
      const runtime = await open('crowd');
      const ids = Array.from({ length: 12 }, (_one, index) => `crowd-${index}`);
      await Promise.all(
        ids.map((id) => runtime.launch({ ...SPEC, id, sandbox: folder, argv: ['/bin/sleep', '60'] })),
      );
      await Promise.all(ids.map((id) => runtime.remove(id)));
      await runtime.close();
      process.off('warning', note);
      expect(warnings).toEqual([]);
      await rm(folder, { recursive: true });
    });

    test('what was said before the agent restarted stands in the files once', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'orrery-docker-runtime-'));
      const script = 'for n in 1 2 3 4 5 6 7 8; do echo line $n; echo error $n >&2; sleep 0.2; done';
      const first = await open('speaker');
      await first.launch({ ...SPEC, id: 'speaker', sandbox: folder, argv: ['/bin/sh', '-c', script] });
      const stdout = join(folder, 'stdout');
      await until(
        async () => ((await readFile(stdout, 'utf8')).includes('line 2') ? true : null),
        'it speaks',
      );
      await first.close();
      const exits: string[] = [];
      const second = await DockerRuntime.open(
        { ...DEFAULT_DOCKER_OPTIONS, socket: engine.socket, agent: 'speaker' },
        { exited: (id) => exits.push(id) },
      );
      await second.recover(['speaker']);
      await until(() => (exits.length > 0 ? true : null), 'it ends');
      const lines = [1, 2, 3, 4, 5, 6, 7, 8];
      expect(await readFile(stdout, 'utf8')).toBe(lines.map((n) => `line ${n}\n`).join(''));
      expect(await readFile(join(folder, 'stderr'), 'utf8')).toBe(lines.map((n) => `error ${n}\n`).join(''));
      await second.remove('speaker');
      await second.close();
      await rm(folder, { recursive: true });
    });
  });
}

test('an engine that is not there is told as such', async () => {
  await expect(
    DockerRuntime.open(
      { ...DEFAULT_DOCKER_OPTIONS, socket: '/no/such/docker.sock', agent: 'a' },
      { exited() {} },
    ),
  ).rejects.toThrow(EngineUnavailableError);
});

test('a call that is never answered fails, and its late answer harms nobody', async () => {
  await expect(answered(new Promise(() => {}), 'wait', 10)).rejects.toThrow(
    /has not answered for 10 ms: wait/,
  );
});

test('cpus, memory, volumes, network, ports, parameters and labels become what the engine understands', () => {
  const options = containerOptions(
    {
      ...SPEC,
      user: 'nobody',
      limits: { ...SPEC.limits, cpuQuota: 2_000, memorySoftBytes: 32 * 1_024 * 1_024 },
      mounts: [
        { source: '/data', target: 'data', readOnly: false },
        { source: '/etc/hosts', target: '/hosts', readOnly: true },
      ],
      image: {
        ...BUSYBOX,
        network: 'BRIDGE',
        privileged: true,
        hostname: 'inside',
        portMappings: [{ hostPort: 31_000, containerPort: 80, protocol: 'tcp' }],
        parameters: [
          { key: 'label', value: 'team=search' },
          { key: 'cap-add', value: 'NET_ADMIN' },
        ],
      },
      labels: { own: 'label' },
    },
    'agent-1',
  );
  expect(options).toMatchObject({
    name: 'mesos-c1',
    Image: BUSYBOX_IMAGE,
    Entrypoint: ['/bin/sh', '-c', 'true'],
    Env: ['A=1'],
    User: 'nobody',
    Hostname: 'inside',
    Labels: { own: 'label', team: 'search', 'orrery.agent': 'agent-1', 'orrery.container': 'c1' },
    HostConfig: {
      CpuShares: 1_536,
      CpuPeriod: 100_000,
      CpuQuota: 200_000,
      Memory: 67_108_864,
      MemorySwap: 67_108_864,
      MemoryReservation: 33_554_432,
      NetworkMode: 'bridge',
      Privileged: true,
      CapAdd: ['NET_ADMIN'],
      PortBindings: { '80/tcp': [{ HostPort: '31000' }] },
      Binds: [
        '/var/lib/sandbox:/mnt/mesos/sandbox:rw',
        '/data:/mnt/mesos/sandbox/data:rw',
        '/etc/hosts:/hosts:ro',
      ],
    },
  });
});

test.each([
  [{ ...SPEC, image: null }, /names no image: Docker runs images/],
  [{ ...SPEC, image: { ...BUSYBOX, network: 'USER' as const } }, /wants a USER network and names none/],
  [
    { ...SPEC, image: { ...BUSYBOX, parameters: [{ key: 'storage', value: '1' }] } },
    /has the Docker parameter "storage", which is not known; there are label/,
  ],
])('what Docker cannot do is refused with what it could', (spec, why) => {
  expect(() => containerOptions(spec, 'agent')).toThrow(ContainerLaunchError);
  expect(() => containerOptions(spec, 'agent')).toThrow(why);
});

test('the pause program is an executable of each architecture, and there is none for others', async () => {
  for (const arch of ['x64', 'arm64']) {
    const path = join(await mkdtemp(join(tmpdir(), 'orrery-pause-')), 'pause');
    await writeFile(path, pauseProgram(arch), { mode: 0o755 });
    expect((await readFile(path)).subarray(0, 4).toString('latin1')).toBe('\x7fELF');
    if (arch === process.arch) {
      const { signal, error } = spawnSync(path, { timeout: 300, killSignal: 'SIGTERM' });
      expect((error as NodeJS.ErrnoException | undefined)?.code).toBe('ETIMEDOUT');
      expect(signal).toBe('SIGTERM');
    }
    await rm(path);
  }
  expect(() => pauseProgram('mips')).toThrow(/use --runtime process/);
});
