import type { ContainerSpec as OrderedContainer } from '../../../engine/agent/index.ts';
import type { CommandInfo, ContainerInfo, Volume } from '../../../engine/protocol/index.ts';
import type { Resources } from '../../../engine/resources/index.ts';
import {
  type ContainerImageSpec,
  ContainerLaunchError,
  type ContainerLimits,
} from '../containers/container-runtime.ts';
import { containerLimits } from './container-limits.ts';

/** Which runtimes an agent has. */
export type RuntimeChoice = 'process' | 'docker';

export interface PlanSurroundings {
  readonly runtimes: ReadonlySet<RuntimeChoice>;
  /** Whether quotas of cpu time are enforced (`--cgroups_enable_cfs`). */
  readonly enforcesCfs: boolean;
  /** Whether a container runs as its framework's user (`--switch_user`). */
  readonly switchesUser: boolean;
}

/** What an ordered container comes to, before its files are there. */
export interface ContainerPlan {
  readonly runtime: RuntimeChoice;
  readonly image: ContainerImageSpec | null;
  /** Null for the image's own, or for a place of nested containers. */
  readonly argv: readonly string[] | null;
  readonly imageArguments: readonly string[];
  readonly command: CommandInfo | null;
  /** Owns the sandbox; null leaves it the agent's. */
  readonly owner: string | null;
  /** Runs the command; null for the agent's own, or the image's. */
  readonly user: string | null;
  readonly limits: ContainerLimits;
  /** What its persistent volumes and its disk are taken from. */
  readonly resources: Resources;
  readonly volumes: readonly Volume[];
}

/** Throws ContainerLaunchError for what this agent cannot run: says what it would need. */
export function planContainer(spec: OrderedContainer, around: PlanSurroundings): ContainerPlan {
  const { command, container } = whatRuns(spec);
  const image = imageOf(container);
  // A pod with a network of its own needs a runtime that makes networks.
  const needsDocker = image !== null || (spec.kind === 'pod' && (container?.networks.length ?? 0) > 0);
  if (needsDocker && !around.runtimes.has('docker'))
    throw new ContainerLaunchError(dockerNeeded(spec, image));
  const user = command?.user ?? (around.switchesUser ? spec.framework.user : null);
  const resources = resourcesOf(spec);
  const limits = spec.kind === 'commandTask' || spec.kind === 'podTask' ? spec.task.template.limits : null;
  return {
    runtime: needsDocker ? 'docker' : 'process',
    image,
    ...argvOf(spec, command, container, image),
    command,
    owner: around.switchesUser ? user : null,
    // An image has users of its own: the framework's may not be among them.
    user: image === null ? (around.switchesUser ? user : null) : (command?.user ?? null),
    limits: containerLimits(resources, limits, around.enforcesCfs),
    resources: spec.kind === 'commandTask' ? spec.task.resources : resources,
    volumes: container?.volumes ?? [],
  };
}

function whatRuns(spec: OrderedContainer): {
  readonly command: CommandInfo | null;
  readonly container: ContainerInfo | null;
} {
  switch (spec.kind) {
    case 'commandTask':
    case 'podTask':
      return spec.task.template;
    case 'customExecutor':
      return spec.executor;
    case 'pod':
      return { command: null, container: spec.executor.container };
  }
}

function resourcesOf(spec: OrderedContainer): Resources {
  switch (spec.kind) {
    case 'commandTask':
      return spec.task.resources.plus(spec.overhead);
    case 'podTask':
      return spec.task.resources;
    case 'customExecutor':
    case 'pod':
      return spec.resources;
  }
}

function imageOf(container: ContainerInfo | null): ContainerImageSpec | null {
  if (container === null) return null;
  const { docker, networks, hostname } = container;
  const named = networks.find((name) => name !== '') ?? null;
  if (container.type === 'DOCKER' && docker !== null) {
    return {
      name: docker.image,
      forcePull: docker.forcePullImage,
      privileged: docker.privileged,
      network: docker.network ?? 'HOST',
      networkName: named,
      portMappings: docker.portMappings.map(({ hostPort, containerPort, protocol }) => ({
        hostPort,
        containerPort,
        protocol: protocolOf(protocol),
      })),
      parameters: docker.parameters,
      hostname,
    };
  }
  if (container.image === null) return null;
  return {
    name: container.image,
    forcePull: false,
    privileged: false,
    network: named === null ? 'HOST' : 'USER',
    networkName: named,
    portMappings: [],
    parameters: [],
    hostname,
  };
}

function protocolOf(protocol: string | null): 'tcp' | 'udp' {
  const name = (protocol ?? 'tcp').toLowerCase();
  if (name === 'tcp' || name === 'udp') return name;
  throw new ContainerLaunchError(
    `a port mapping has the protocol ${JSON.stringify(protocol)}; there are tcp and udp`,
  );
}

/** Shell commands go to `sh -c`; else the value is the program (spec 12 §7). */
function argvOf(
  spec: OrderedContainer,
  command: CommandInfo | null,
  container: ContainerInfo | null,
  image: ContainerImageSpec | null,
): { readonly argv: readonly string[] | null; readonly imageArguments: readonly string[] } {
  if (spec.kind === 'pod') return { argv: null, imageArguments: [] };
  if (command === null) {
    if (image !== null) return { argv: null, imageArguments: [] };
    throw new ContainerLaunchError('there is neither a command nor an image: nothing says what is to run');
  }
  const { shell, value, args } = command;
  if (shell) {
    if (value === null)
      throw new ContainerLaunchError(
        "a shell command needs a 'value'; set 'shell' to false to run the image",
      );
    return { argv: ['/bin/sh', '-c', value], imageArguments: [] };
  }
  if (value === null) {
    if (image === null)
      throw new ContainerLaunchError("a command without shell and without image needs a program as 'value'");
    return { argv: null, imageArguments: args };
  }
  // What Docker's own command line would be given after the image: its entry point stays.
  if (container?.type === 'DOCKER') return { argv: null, imageArguments: [value, ...args] };
  // The arguments begin with the name that the program is told it has.
  return { argv: [value, ...args.slice(1)], imageArguments: [] };
}

function dockerNeeded(spec: OrderedContainer, image: ContainerImageSpec | null): string {
  const what =
    image === null
      ? 'a pod with a network of its own'
      : `the image ${image.name}${spec.kind === 'podTask' ? ' of a task in a pod' : ''}`;
  return `${what} needs Docker, and this agent runs without: start it with --containerizers=docker,mesos (or --runtime docker)`;
}
