import { describe, expect, test } from 'vitest';
import { type FrameworkId, micros, type Milli, type TaskId } from '../core/index.ts';
import type {
  AgentInfo,
  CheckInfo,
  CommandInfo,
  ContainerInfo,
  EnvironmentVariable,
  ExecutorInfo,
  HealthCheck,
  TaskInfo,
  TaskTemplate,
  Volume,
} from '../protocol/index.ts';
import {
  MEM,
  PORTS,
  rangesResource,
  resourceIdentity,
  Resources,
  scalarResource,
} from '../resources/index.ts';
import {
  executorInfo,
  groupExecutor,
  launch,
  MasterDriver,
  type RegisteredAgent,
  resources,
  type Scheduler,
  SECOND,
  taskInfo,
  updatesOn,
} from './test-kit.ts';

// Spec 03 §6: every rule for tasks and executors, and that the first broken one is named.

const COMMAND: CommandInfo = { value: 'x', shell: true, args: [], user: null, environment: [], uris: [] };
const CONTAINER: ContainerInfo = {
  type: 'MESOS',
  hostname: null,
  volumes: [],
  docker: null,
  image: null,
  networks: [],
  shareCgroups: null,
};
const DOCKER = {
  image: 'busybox',
  network: null,
  portMappings: [],
  privileged: false,
  parameters: [],
  forcePullImage: false,
};
const VOLUME: Volume = { containerPath: 'v', mode: 'RW', hostPath: null, image: null, source: null };
const HEALTH: HealthCheck = {
  type: 'COMMAND',
  command: COMMAND,
  http: null,
  tcp: null,
  delay: micros(0),
  interval: micros(SECOND),
  timeout: micros(SECOND),
  consecutiveFailures: 3,
  gracePeriod: micros(0),
};
const CHECK: CheckInfo = {
  type: 'COMMAND',
  command: COMMAND,
  http: null,
  tcp: null,
  delay: micros(0),
  interval: micros(SECOND),
  timeout: micros(SECOND),
};
const HTTP = { protocol: 'IPv4', scheme: 'http', port: 80, path: '/' } as const;
const NEGATIVE = micros(-1);

interface Scene {
  readonly driver: MasterDriver;
  readonly scheduler: Scheduler;
  readonly agent: RegisteredAgent;
}

function scene(info: Partial<AgentInfo> = {}): Scene {
  const driver = new MasterDriver();
  const agent = driver.register(1, info);
  const scheduler = driver.subscribe();
  return { driver, scheduler, agent };
}

/** Why the task is refused, or null when it is launched. */
function verdict({ driver, scheduler, agent }: Scene, task: TaskInfo): string | null {
  const offer = driver.offerOf(scheduler.id, agent.id);
  const outputs = driver.accept(scheduler, [offer.id], [launch(task)], { refuseSeconds: 0 });
  const [status] = updatesOn(outputs, scheduler.stream);
  return status === undefined ? null : status.message;
}

function verdictOf(
  template: Partial<TaskTemplate>,
  held?: Resources,
  info: Partial<AgentInfo> = {},
): string | null {
  const given = scene(info);
  return verdict(given, taskInfo(1, given.agent.id, template, held));
}

function variable(changes: Partial<EnvironmentVariable>): Partial<TaskTemplate> {
  const environment: EnvironmentVariable[] = [
    { name: 'A', type: 'VALUE', value: null, secret: null, ...changes },
  ];
  return { command: { ...COMMAND, environment } };
}

function container(changes: Partial<ContainerInfo>): Partial<TaskTemplate> {
  return { container: { ...CONTAINER, ...changes } };
}

function health(changes: Partial<HealthCheck>): Partial<TaskTemplate> {
  return { healthCheck: { ...HEALTH, ...changes } };
}

function check(changes: Partial<CheckInfo>): Partial<TaskTemplate> {
  return { check: { ...CHECK, ...changes } };
}

function executor(changes: Partial<ExecutorInfo>): Partial<TaskTemplate> {
  return { command: null, executor: executorInfo(9, changes) };
}

/** Rule of spec 03 §6, what breaks it, what the answer names. In the order of the rules. */
const TEMPLATES: readonly (readonly [number, string, Partial<TaskTemplate>, RegExp])[] = [
  [4, 'a negative grace period', { killPolicy: { gracePeriod: NEGATIVE } }, /grace_period/],
  [5, 'a negative max_completion_time', { maxCompletionTime: NEGATIVE }, /max_completion_time/],
  [6, 'a check with a negative delay', check({ delay: NEGATIVE }), /invalid check/],
  [6, 'a check with a negative interval', check({ interval: NEGATIVE }), /invalid check/],
  [6, 'a check with a negative timeout', check({ timeout: NEGATIVE }), /invalid check/],
  [6, 'a COMMAND check without command', check({ command: null }), /'command'.*check/],
  [6, 'an HTTP check without http', check({ type: 'HTTP' }), /'http'.*check/],
  [6, 'a TCP check without tcp', check({ type: 'TCP' }), /'tcp'.*check/],
  [
    6,
    'an HTTP check of a relative path',
    check({ type: 'HTTP', http: { port: 1, path: 'x' } }),
    /start with '\/'/,
  ],
  [7, 'a COMMAND health check without command', health({ command: null }), /'command'.*health/],
  [7, 'an HTTP health check without http', health({ type: 'HTTP' }), /'http'.*health/],
  [7, 'a TCP health check without tcp', health({ type: 'TCP' }), /'tcp'.*health/],
  [7, 'a relative path', health({ type: 'HTTP', http: { ...HTTP, path: 'x' } }), /start with '\/'/],
  [7, 'an unknown scheme', health({ type: 'HTTP', http: { ...HTTP, scheme: 'ftp' } }), /scheme/],
  [7, 'a negative health check delay', health({ delay: NEGATIVE }), /health check/],
  [7, 'a negative health check interval', health({ interval: NEGATIVE }), /health check/],
  [7, 'a negative health check timeout', health({ timeout: NEGATIVE }), /health check/],
  [7, 'a negative health check grace period', health({ gracePeriod: NEGATIVE }), /health check/],
  [9, 'a VALUE without value', variable({}), /'A'/],
  [9, 'a VALUE with a secret', variable({ value: 'v', secret: 's' }), /'A'/],
  [9, 'a SECRET without secret', variable({ type: 'SECRET' }), /'A'/],
  [9, 'a SECRET with a value', variable({ type: 'SECRET', secret: 's', value: 'v' }), /'A'/],
  [9, 'a secret with a NUL', variable({ type: 'SECRET', secret: 'a\0b' }), /NUL/],
  [9, 'an UNKNOWN variable', variable({ type: 'UNKNOWN' }), /unknown type/],
  [10, 'a volume from nowhere', container({ volumes: [VOLUME] }), /exactly one/],
  [
    10,
    'a volume from two places',
    container({ volumes: [{ ...VOLUME, hostPath: '/a', image: 'b' }] }),
    /exactly one/,
  ],
  [10, 'DOCKER without docker', container({ type: 'DOCKER' }), /docker/],
  [
    10,
    'a docker parameter `name`',
    container({ type: 'DOCKER', docker: { ...DOCKER, parameters: [{ key: 'name', value: 'x' }] } }),
    /name/,
  ],
  [11, 'a cpu limit below the request', { limits: { cpus: 0.999, mem: null } }, /cpu limit/],
  [11, 'a memory limit below the request', { limits: { cpus: null, mem: 511 } }, /memory limit/],
  [11, 'a limit that is no number', { limits: { cpus: Number.NaN, mem: null } }, /cpu limit/],
  [12, 'neither command nor executor', { command: null }, /exactly one/],
  [12, 'both command and executor', { executor: executorInfo(9) }, /exactly one/],
  [13, 'an executor of type DEFAULT', executor({ type: 'DEFAULT', command: null }), /CUSTOM/],
  [13, 'an executor without command', executor({ command: null }), /command/],
  [13, 'an untyped executor without command', executor({ type: null, command: null }), /command/],
  [
    13,
    'an executor that shares cgroups',
    executor({ container: { ...CONTAINER, shareCgroups: true } }),
    /share_cgroups/,
  ],
  [
    13,
    'an executor with a negative grace period',
    executor({ shutdownGracePeriod: NEGATIVE }),
    /grace_period/,
  ],
  [13, 'an executor of another framework', executor({ frameworkId: 5 as FrameworkId }), /FrameworkID/],
  [16, 'share_cgroups:false', container({ shareCgroups: false }), /share_cgroups/],
];

describe('a task is refused for', () => {
  test.each(TEMPLATES)('rule %i: %s', (_rule, _name, template, message) => {
    expect(verdictOf(template)).toMatch(message);
  });

  test('rule 2: the id of a live task', () => {
    const given = scene();
    expect(verdict(given, taskInfo(1, given.agent.id))).toBeNull();
    given.driver.wait(SECOND);
    expect(verdict(given, taskInfo(1, given.agent.id))).toMatch(/duplicate ID/);
  });

  test('rule 2: the id of a terminal task that nobody acknowledged, but not after that', () => {
    const given = scene();
    const { driver, scheduler, agent } = given;
    expect(verdict(given, taskInfo(1, agent.id))).toBeNull();
    driver.update(scheduler, agent, 1, 'TASK_FINISHED', 5);
    driver.wait(SECOND);
    expect(verdict(given, taskInfo(1, agent.id))).toMatch(/duplicate ID/);
    driver.acknowledge(scheduler, agent.id, 1, 5);
    driver.wait(SECOND);
    expect(verdict(given, taskInfo(1, agent.id))).toBeNull();
  });

  test('rule 2: the id of an unreachable task', () => {
    const given = scene();
    const { driver, scheduler, agent } = given;
    expect(verdict(given, taskInfo(1, agent.id))).toBeNull();
    driver.closeLink(agent.link);
    driver.wait(600 * SECOND);
    const other = driver.register(2);
    expect(verdict({ driver, scheduler, agent: other }, taskInfo(1, other.id))).toMatch(/unreachable/);
  });

  test('rule 3: another agent than that of the offer', () => {
    const given = scene();
    const other = given.driver.register(2);
    expect(verdict(given, taskInfo(1, other.id))).toMatch(/agent/);
  });

  test('rule 8: no resources', () => {
    expect(verdictOf({}, Resources.EMPTY)).toMatch(/no resources/);
  });

  test('rule 8: a fraction of a gpu, unless the option allows it', () => {
    const held = resources('cpus:1;mem:32;gpus:0.5');
    expect(verdictOf({}, held)).toMatch(/gpus/);
    const driver = new MasterDriver({ options: { fractionalGpus: true } });
    const agent = driver.register(1, { resources: resources('cpus:4;mem:512;gpus:2') });
    expect(
      verdict({ driver, agent, scheduler: driver.subscribe() }, taskInfo(1, agent.id, {}, held)),
    ).toBeNull();
  });

  const CPUS_REVOCABLE = resourceIdentity({ name: 'cpus', type: 'SCALAR', revocable: true });
  const VOLUMES = [1, 2].map((mib) =>
    scalarResource(
      resourceIdentity({
        name: 'disk',
        type: 'SCALAR',
        reservations: [{ type: 'DYNAMIC', role: 'eng', principal: null, labels: null }],
        disk: {
          persistence: { id: 'v', principal: null },
          volume: { containerPath: `p${mib}`, mode: 'RW' },
          source: null,
        },
      } as never),
      (mib * 1_000) as Milli,
    ),
  );
  const AS_ENG = resourceIdentity({ name: 'cpus', type: 'SCALAR', allocationRole: 'eng' });
  const AS_OPS = resourceIdentity({ name: 'mem', type: 'SCALAR', allocationRole: 'ops' });

  test('rule 8: revocable and other resources of one name', () => {
    const held = resources('cpus:1;mem:32').plus(
      Resources.of([scalarResource(CPUS_REVOCABLE, 1_000 as Milli)]),
    );
    expect(verdictOf({}, held, { resources: resources('cpus:4;mem:64').plus(held) })).toMatch(/revocable/);
  });

  test('rule 8: one persistence id twice', () => {
    const held = resources('cpus:1').plus(Resources.of(VOLUMES));
    expect(verdictOf({}, held, { resources: resources('cpus:4;mem:64').plus(held) })).toMatch(
      /Persistence ID/,
    );
  });

  test('rule 8: allocations to two roles', () => {
    const held = Resources.of([
      scalarResource(AS_ENG, 1_000 as Milli),
      scalarResource(AS_OPS, 1_000 as Milli),
    ]);
    expect(verdictOf({}, held)).toMatch(/one role/);
  });

  test.each([
    ['ops', /allocated to role 'ops'/],
    ['eng', /^$/],
  ])('rule 15: an allocation to another role than the offers: %s', (allocatedTo, message) => {
    const given = scene();
    expect(verdict(given, { ...taskInfo(1, given.agent.id), allocatedTo }) ?? '').toMatch(message);
  });

  test('rule 11: a limit that the agent cannot set', () => {
    const limits = { cpus: 2, mem: null };
    expect(verdictOf({ limits }, undefined, { capabilities: ['MULTI_ROLE'] })).toMatch(/limits/);
  });

  test.each(['cpus', 'mem'])('rule 11: a limit of %s without a request', (kind) => {
    const limits = { cpus: null, mem: null, [kind]: 5_000 };
    expect(verdictOf({ limits }, resources('disk:1'))).toMatch(/request/);
  });

  test('rule 13: an executor with shared resources', () => {
    const identity = resourceIdentity({
      name: 'disk',
      type: 'SCALAR',
      shared: true,
      reservations: [{ type: 'DYNAMIC', role: 'eng', principal: null, labels: null }],
      disk: {
        persistence: { id: 'v', principal: null },
        volume: { containerPath: 'p', mode: 'RW' },
        source: null,
      },
    } as never);
    const shared = Resources.of([scalarResource(identity, 1_000 as Milli)]);
    expect(verdictOf(executor({ resources: shared }))).toMatch(/shared/);
  });

  test('rule 13: another description of an executor that runs', () => {
    const given = scene();
    const { driver, agent } = given;
    const run = (id: number, changes: Partial<ExecutorInfo>) =>
      verdict(given, taskInfo(id, agent.id, executor(changes), resources('cpus:0.5;mem:32')));
    expect(run(1, {})).toBeNull();
    driver.wait(SECOND);
    expect(run(2, { name: 'other' })).toMatch(/ExecutorInfo/);
    driver.wait(SECOND);
    expect(run(3, { command: { ...COMMAND, value: 'y' } })).toMatch(/ExecutorInfo/);
    driver.wait(SECOND);
    // Equal, not the same object; the master fills the framework's id in.
    expect(
      run(4, { command: { value: 'sleep 1', shell: true, args: [], user: null, environment: [], uris: [] } }),
    ).toBeNull();
    driver.wait(SECOND);
    expect(run(5, { frameworkId: given.scheduler.id })).toBeNull();
  });

  test('rule 14: ports that its executor has too', () => {
    const held = resources('cpus:1;mem:32;ports:[31000-31003]');
    const overlap = executor({ resources: resources('cpus:0.1;mem:32;ports:[31003-31004]') });
    expect(verdictOf(overlap, held)).toMatch(/overlap/);
    const apart = executor({ resources: resources('cpus:0.1;mem:32;ports:[31004-31005]') });
    expect(verdictOf(apart, held)).toBeNull();
  });

  test('rule 15: more than is left, its executor included', () => {
    expect(verdictOf({}, resources('cpus:4.001;mem:32'))).toMatch(/more resources/);
    expect(verdictOf(executor({}), resources('cpus:4;mem:32'))).toMatch(/more resources/);
    expect(verdictOf(executor({}), resources('cpus:3.9;mem:32'))).toBeNull();
    const ports = Resources.of([
      rangesResource(PORTS, [{ begin: 1, end: 2 }]),
      scalarResource(MEM, 32_000 as Milli),
    ]);
    expect(verdictOf({}, ports)).toMatch(/more resources/);
  });
});

describe('a task is launched with', () => {
  const FINE: readonly (readonly [string, Partial<TaskTemplate>])[] = [
    ['a grace period of 0', { killPolicy: { gracePeriod: micros(0) } }],
    ['a kill policy without grace period', { killPolicy: { gracePeriod: null } }],
    ['a check', { check: CHECK }],
    ['an HTTP check without path', check({ type: 'HTTP', http: { port: 1, path: null } })],
    ['a health check over https', health({ type: 'HTTP', http: { ...HTTP, scheme: 'https' } })],
    ['a secret', variable({ type: 'SECRET', secret: 's' })],
    ['a volume', container({ volumes: [{ ...VOLUME, hostPath: '/a' }] })],
    ['a docker container', container({ type: 'DOCKER', docker: DOCKER })],
    ['limits equal to the requests', { limits: { cpus: 1, mem: 512 } }],
    ['an endless memory limit', { limits: { cpus: null, mem: Number.POSITIVE_INFINITY } }],
    ['an untyped executor', executor({ type: null })],
    ['an executor without resources', executor({ resources: Resources.EMPTY })],
  ];
  test.each(FINE)('%s', (_name, template) => {
    expect(verdictOf(template)).toBeNull();
  });

  test('a limit of 1.005 cpus for a request of 1.005', () => {
    expect(verdictOf({ limits: { cpus: 1.005, mem: null } }, resources('cpus:1.005;mem:32'))).toBeNull();
  });
});

test('of two broken rules the first is named', () => {
  const byRule = new Map<number, { readonly template: Partial<TaskTemplate>; readonly message: RegExp }>();
  for (const [rule, , template, message] of TEMPLATES) {
    if (!byRule.has(rule)) byRule.set(rule, { template, message });
  }
  const noResources = { template: {}, message: /no resources/ };
  for (const [rule, { template, message }] of byRule) {
    const given = scene();
    const broken = taskInfo(1, given.agent.id, template, Resources.EMPTY);
    expect(verdict(given, broken), `rule ${rule} beside rule 8`).toMatch(
      rule < 8 ? message : noResources.message,
    );
    for (const [later, { template: other }] of byRule) {
      // The executor of rule 13 mends rule 12: see below.
      if (later <= rule || (rule === 12 && later === 13)) continue;
      const both = { ...other, ...template };
      expect(verdictOf(both), `rule ${rule} beside ${later}`).toMatch(message);
    }
  }
  expect(verdictOf({ executor: executorInfo(9, { type: 'DEFAULT' }) })).toMatch(/exactly one/);
});

describe('a group is refused for', () => {
  function groupVerdict(
    changes: Partial<ExecutorInfo>,
    template: Partial<TaskTemplate> = {},
    second: Partial<TaskTemplate> = template,
    more: Partial<TaskInfo> = {},
  ): string | null {
    const { driver, scheduler, agent } = scene();
    const infos = [template, second].map((one, index) => ({
      ...taskInfo((index + 1) as TaskId, agent.id, one),
      ...more,
    }));
    const executor = groupExecutor(9, scheduler.id, changes);
    const operation = { type: 'LAUNCH_GROUP', id: null, executor, taskInfos: infos } as const;
    const outputs = driver.accept(scheduler, [driver.offerOf(scheduler.id).id], [operation]);
    return updatesOn(outputs, scheduler.stream)[0]?.message ?? null;
  }

  test('an allocation to another role than the offers', () => {
    expect(groupVerdict({}, {}, {}, { allocatedTo: 'ops' })).toMatch(/allocated to role 'ops'/);
    expect(groupVerdict({}, {}, {}, { allocatedTo: 'eng' })).toBeNull();
  });

  const EXECUTORS: readonly (readonly [string, Partial<ExecutorInfo>, RegExp])[] = [
    ['an executor without type', { type: null }, /type/],
    ['an executor without framework id', { frameworkId: null }, /framework_id/],
    ['an executor of another framework', { frameworkId: 3 as FrameworkId }, /FrameworkID/],
    ['a DEFAULT executor with a command', { command: COMMAND }, /command/],
    ['a DEFAULT executor with an image', { container: { ...CONTAINER, image: 'x' } }, /image/],
    ['a CUSTOM executor without command', { type: 'CUSTOM' }, /command/],
    [
      'an executor in a docker container',
      { type: 'CUSTOM', command: COMMAND, container: { ...CONTAINER, type: 'DOCKER', docker: DOCKER } },
      /Docker/,
    ],
    ['an executor with few cpus', { resources: resources('cpus:0.009;mem:32;disk:1') }, /cpus/],
    ['an executor with little memory', { resources: resources('cpus:1;mem:31.999;disk:1') }, /memory/],
    ['an executor without disk', { resources: resources('cpus:1;mem:32') }, /disk/],
    ['an executor with a negative grace period', { shutdownGracePeriod: NEGATIVE }, /grace_period/],
    ['an executor that does not fit', { resources: resources('cpus:5;mem:32;disk:1') }, /more resources/],
  ];
  test.each(EXECUTORS)('%s', (_name, changes, message) => {
    expect(groupVerdict(changes)).toMatch(message);
  });

  const TASKS: readonly (readonly [string, Partial<TaskTemplate>, RegExp])[] = [
    ['a task in a docker container', container({ type: 'DOCKER', docker: DOCKER }), /Docker/],
    ['a task with another executor', { executor: executorInfo(8) }, /executor/],
    ['a task with another executor of that id', { executor: executorInfo(9) }, /executor/],
    [
      'an HTTP health check on a network of its own',
      { ...container({ networks: ['n'] }), ...health({ type: 'HTTP', http: HTTP }) },
      /health/,
    ],
    ['limits in shared cgroups', { limits: { cpus: 2, mem: null } }, /share_cgroups/],
    ['any rule for tasks', { killPolicy: { gracePeriod: NEGATIVE } }, /grace_period/],
  ];
  test.each(TASKS)('%s', (_name, template, message) => {
    expect(groupVerdict({}, template)).toMatch(message);
  });

  test('tasks that do not agree on share_cgroups', () => {
    expect(groupVerdict({}, container({ shareCgroups: false }), {})).toMatch(/share_cgroups/);
    expect(groupVerdict({}, container({ shareCgroups: true }), {})).toBeNull();
  });

  test('nothing when it is in order', () => {
    expect(groupVerdict({})).toBeNull();
    expect(
      groupVerdict({}, { ...container({ shareCgroups: false }), limits: { cpus: 2, mem: null } }),
    ).toBeNull();
    expect(groupVerdict({}, { ...container({ networks: ['n'] }), healthCheck: HEALTH })).toBeNull();
  });
});
