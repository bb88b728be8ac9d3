import { expect, test } from 'vitest';
import type { ContainerSpec } from '../../../engine/agent/index.ts';
import { Resources } from '../../../engine/resources/index.ts';
import { type PlanSurroundings, planContainer } from './container-plan.ts';

const resources = (text: string): Resources => {
  const parsed = Resources.parse(text);
  if (!parsed.ok) throw new Error('the test is malformed');
  return parsed.value;
};

const command = (more: object = {}) => ({
  value: 'run',
  shell: true,
  args: [],
  user: null,
  environment: [],
  uris: [],
  ...more,
});
const docker = (more: object = {}) => ({
  image: 'img:1',
  network: null,
  portMappings: [],
  privileged: false,
  parameters: [],
  forcePullImage: false,
  ...more,
});
const container = (more: object) => ({
  type: 'DOCKER',
  hostname: null,
  volumes: [],
  docker: null,
  image: null,
  networks: [],
  shareCgroups: null,
  ...more,
});

function task(template: object, more: object = {}): ContainerSpec {
  return {
    kind: 'commandTask',
    framework: { user: 'web' },
    task: {
      resources: resources('cpus:0.5;mem:64'),
      template: { command: command(), container: null, limits: null, ...template },
    },
    overhead: resources('cpus:0.1;mem:32'),
    ...more,
  } as unknown as ContainerSpec;
}

const around = (...runtimes: ('process' | 'docker')[]): PlanSurroundings => ({
  runtimes: new Set(runtimes),
  enforcesCfs: false,
  switchesUser: true,
});
const BOTH = around('process', 'docker');
const MB = 2 ** 20;

test('a command is a process of its framework’s user with the resources of task and executor', () => {
  expect(planContainer(task({}), BOTH)).toMatchObject({
    runtime: 'process',
    argv: ['/bin/sh', '-c', 'run'],
    user: 'web',
    owner: 'web',
    limits: { cpuShares: 600, cpuQuota: null, memoryBytes: 96 * MB, memorySoftBytes: null },
  });
  const own = task({ command: command({ user: 'other', shell: false, args: ['zero', 'one'] }) });
  expect(planContainer(own, BOTH)).toMatchObject({ argv: ['run', 'one'], user: 'other' });
  expect(planContainer(task({}), { ...BOTH, switchesUser: false })).toMatchObject({
    user: null,
    owner: null,
  });
});

test('limits are those of the task where it has some, and at least what a container needs', () => {
  const limits = (template: object, enforcesCfs = false) =>
    planContainer(task(template), { ...BOTH, enforcesCfs }).limits;
  expect(limits({}, true).cpuQuota).toBe(600);
  expect(limits({ limits: { cpus: 2, mem: 512 } })).toMatchObject({
    cpuQuota: 2_000,
    memoryBytes: 512 * MB,
    memorySoftBytes: 96 * MB,
  });
  const infinite = { limits: { cpus: Number.POSITIVE_INFINITY, mem: Number.POSITIVE_INFINITY } };
  expect(limits(infinite, true)).toMatchObject({ cpuQuota: null, memoryBytes: null });
  const small = planContainer(
    task(
      {},
      {
        overhead: Resources.EMPTY,
        task: {
          resources: resources('mem:1'),
          template: { command: command(), container: null, limits: null },
        },
      },
    ),
    BOTH,
  );
  expect(small.limits).toMatchObject({ memoryBytes: 32 * MB });
  expect(small.limits.cpuShares).toBeGreaterThan(0);
});

test.each<[string, object, object]>([
  ['a shell command', {}, { argv: ['/bin/sh', '-c', 'run'], imageArguments: [] }],
  [
    'a program with the entry point of the image',
    { command: command({ shell: false, args: ['a'] }) },
    { argv: null, imageArguments: ['run', 'a'] },
  ],
  [
    'arguments alone',
    { command: command({ shell: false, value: null, args: ['a'] }) },
    { argv: null, imageArguments: ['a'] },
  ],
  ['nothing but the image', { command: null }, { argv: null, imageArguments: [] }],
])('in a Docker image, %s is run as Docker’s own command line would', (_what, template, expected) => {
  const spec = task({ container: container({ docker: docker() }), ...template });
  expect(planContainer(spec, BOTH)).toMatchObject({ runtime: 'docker', user: null, ...expected });
});

test('networks and ports are those that the container names', () => {
  const spec = task({
    container: container({
      networks: ['', 'blue'],
      docker: docker({ network: 'USER', portMappings: [{ hostPort: 1, containerPort: 2, protocol: null }] }),
    }),
  });
  expect(planContainer(spec, BOTH).image).toMatchObject({
    network: 'USER',
    networkName: 'blue',
    portMappings: [{ hostPort: 1, containerPort: 2, protocol: 'tcp' }],
  });
});

test.each<[string, object, PlanSurroundings, string]>([
  [
    'an image without Docker',
    { container: container({ docker: docker() }) },
    around('process'),
    'the image img:1 needs Docker',
  ],
  ['a shell without command', { command: command({ value: null }) }, BOTH, "needs a 'value'"],
  ['no program', { command: command({ shell: false, value: null }) }, BOTH, 'needs a program'],
  ['nothing at all', { command: null }, BOTH, 'neither a command nor an image'],
  [
    'a protocol that is none',
    {
      container: container({
        docker: docker({ portMappings: [{ hostPort: 1, containerPort: 2, protocol: 'sctp' }] }),
      }),
    },
    BOTH,
    'there are tcp and udp',
  ],
])('%s is refused with what is missing', (_what, template, surroundings, why) => {
  expect(() => planContainer(task(template), surroundings)).toThrow(why);
});
