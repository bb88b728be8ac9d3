import { isAbsolute, join } from 'node:path';
import type Dockerode from 'dockerode';
import { ContainerLaunchError, type ContainerLimits, type ContainerSpec } from '../container-runtime.ts';
import { PAUSE_IMAGE, PAUSE_PROGRAM } from './pause-image.ts';

/** Where a container of an image finds its sandbox (`--sandbox_directory`). */
export const SANDBOX_DIRECTORY = '/mnt/mesos/sandbox';
/** On every container of an agent, with the agent's own name. */
export const AGENT_LABEL = 'orrery.agent';
export const ID_LABEL = 'orrery.container';
export const SANDBOX_LABEL = 'orrery.sandbox';
export const PARENT_LABEL = 'orrery.parent';

const CPU_PERIOD_MICROS = 100_000;
const SHARES_PER_CPU = 1_024;
const SHARES_MIN = 2;
/** The engine takes no smaller limit. */
const MEMORY_MIN = 6 * 1_024 * 1_024;

export function containerName(id: string): string {
  return `mesos-${id}`;
}

/** What the engine is asked for (spec 12 §6). Throws ContainerLaunchError. */
export function containerOptions(spec: ContainerSpec, agent: string): Dockerode.ContainerCreateOptions {
  const { image, argv, parent } = spec;
  const isPlace = argv === null && image === null;
  if (image === null && !isPlace)
    throw new ContainerLaunchError(
      `container ${spec.id} names no image: Docker runs images; run the agent with --runtime process for plain commands`,
    );
  const host = {
    ...limitOptions(spec.limits),
    Binds: binds(spec),
    NetworkMode: networkMode(spec),
    Privileged: image?.privileged ?? false,
    PortBindings: Object.fromEntries(
      (image?.portMappings ?? []).map(({ containerPort, hostPort, protocol }) => [
        `${containerPort}/${protocol}`,
        [{ HostPort: String(hostPort) }],
      ]),
    ),
  };
  const options: Dockerode.ContainerCreateOptions = {
    name: containerName(spec.id),
    Image: image?.name ?? PAUSE_IMAGE,
    Env: Object.entries(spec.environment).map(([name, value]) => `${name}=${value}`),
    Labels: {
      ...spec.labels,
      [AGENT_LABEL]: agent,
      [ID_LABEL]: spec.id,
      [SANDBOX_LABEL]: spec.sandbox,
      ...(parent === null ? {} : { [PARENT_LABEL]: parent }),
    },
    HostConfig: host,
    ExposedPorts: Object.fromEntries(
      (image?.portMappings ?? []).map(({ containerPort, protocol }) => [`${containerPort}/${protocol}`, {}]),
    ),
    ...entry(spec, isPlace),
    ...(spec.user === null ? {} : { User: spec.user }),
    ...(image?.hostname == null || host.NetworkMode === 'host' ? {} : { Hostname: image.hostname }),
  };
  return withParameters(options, spec);
}

export function limitOptions({ cpuShares, cpuQuota, memoryBytes, memorySoftBytes }: ContainerLimits) {
  const memory = memoryBytes === null ? 0 : Math.max(MEMORY_MIN, memoryBytes);
  return {
    CpuShares: Math.max(SHARES_MIN, Math.floor((cpuShares * SHARES_PER_CPU) / 1_000)),
    ...(cpuQuota === null
      ? {}
      : { CpuPeriod: CPU_PERIOD_MICROS, CpuQuota: Math.floor((cpuQuota * CPU_PERIOD_MICROS) / 1_000) }),
    Memory: memory,
    // As much as memory: no swap beside it.
    ...(memory === 0 ? {} : { MemorySwap: memory }),
    ...(memorySoftBytes === null ? {} : { MemoryReservation: Math.max(MEMORY_MIN, memorySoftBytes) }),
  };
}

/** A command takes the place of the image's entry point; without one the image says what runs. */
function entry({ argv, imageArguments }: ContainerSpec, isPlace: boolean) {
  if (isPlace) return { Entrypoint: [PAUSE_PROGRAM], Cmd: [] };
  if (argv !== null) return { Entrypoint: [...argv], Cmd: [] };
  return imageArguments.length === 0 ? {} : { Cmd: [...imageArguments] };
}

function networkMode({ image, parent, id }: ContainerSpec): string {
  if (parent !== null) return `container:${containerName(parent)}`;
  switch (image?.network ?? 'HOST') {
    case 'BRIDGE':
      return 'bridge';
    case 'NONE':
      return 'none';
    case 'USER':
      if (image!.networkName === null)
        throw new ContainerLaunchError(
          `container ${id} wants a USER network and names none: give network_infos[].name`,
        );
      return image!.networkName;
    case 'HOST':
      return 'host';
  }
}

function binds({ sandbox, mounts }: ContainerSpec): string[] {
  return [
    `${sandbox}:${SANDBOX_DIRECTORY}:rw`,
    ...mounts.map(({ source, target, readOnly }) => {
      const place = isAbsolute(target) ? target : join(SANDBOX_DIRECTORY, target);
      return `${source}:${place}:${readOnly ? 'ro' : 'rw'}`;
    }),
  ];
}

/** Raw parameters of `docker run` that have a place in the engine's API; others are refused rather than left out. */
function withParameters(
  options: Dockerode.ContainerCreateOptions,
  { image, id }: ContainerSpec,
): Dockerode.ContainerCreateOptions {
  const host = { ...options.HostConfig };
  const labels = { ...options.Labels };
  const env = [...(options.Env ?? [])];
  const more: { Hostname?: string; WorkingDir?: string; User?: string } = {};
  for (const { key, value } of image?.parameters ?? []) {
    switch (key) {
      case 'label': {
        const at = value.indexOf('=');
        labels[at === -1 ? value : value.slice(0, at)] = at === -1 ? '' : value.slice(at + 1);
        break;
      }
      case 'env':
        env.push(value);
        break;
      case 'volume':
        host.Binds = [...(host.Binds ?? []), value];
        break;
      case 'hostname':
        more.Hostname = value;
        break;
      case 'workdir':
        more.WorkingDir = value;
        break;
      case 'user':
        more.User = value;
        break;
      case 'cap-add':
        host.CapAdd = [...(host.CapAdd ?? []), value];
        break;
      case 'cap-drop':
        host.CapDrop = [...(host.CapDrop ?? []), value];
        break;
      case 'dns':
        host.Dns = [...(host.Dns ?? []), value];
        break;
      case 'add-host':
        host.ExtraHosts = [...(host.ExtraHosts ?? []), value];
        break;
      case 'pid':
        host.PidMode = value;
        break;
      case 'ipc':
        host.IpcMode = value;
        break;
      case 'read-only':
        host.ReadonlyRootfs = value !== 'false';
        break;
      case 'init':
        host.Init = value !== 'false';
        break;
      case 'security-opt':
        host.SecurityOpt = [...(host.SecurityOpt ?? []), value];
        break;
      default:
        throw new ContainerLaunchError(
          `container ${id} has the Docker parameter ${JSON.stringify(key)}, which is not known; there are ${KNOWN_PARAMETERS.join(', ')}`,
        );
    }
  }
  return { ...options, ...more, Env: env, Labels: labels, HostConfig: host };
}

export const KNOWN_PARAMETERS = [
  'label',
  'env',
  'volume',
  'hostname',
  'workdir',
  'user',
  'cap-add',
  'cap-drop',
  'dns',
  'add-host',
  'pid',
  'ipc',
  'read-only',
  'init',
  'security-opt',
] as const;
