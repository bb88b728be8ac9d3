import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ContainerInfo, DockerInfo, Volume } from '../../../../engine/protocol/index.ts';
import {
  ContainerInfo_DockerInfo_Network,
  ContainerInfo_Type,
  type ContainerInfoSchema,
  type ContainerInfoValid,
  Image_Type,
  type ImageSchema,
  type ImageValid,
  type VolumeSchema,
  type VolumeValid,
  Volume_Mode,
  Volume_Source_SandboxPath_Type,
  Volume_Source_Type,
} from '../../proto/generated/mesos/v1/mesos_pb.ts';
import { secretFromWire, secretReferenceToWire } from './command.ts';
import { WireError } from '../message/wire-error.ts';
import { namesOf, own } from './presence.ts';

const networkName = namesOf(ContainerInfo_DockerInfo_Network);
const typeName = namesOf(ContainerInfo_Type);

/** The engine knows images by name. */
function imageName(image: ImageValid | undefined): string | null {
  return image?.docker?.name ?? image?.appc?.name ?? null;
}

function imageToWire(name: string): MessageInitShape<typeof ImageSchema> {
  return { type: Image_Type.DOCKER, docker: { name } };
}

function volumeFromWire(volume: VolumeValid): Volume {
  return {
    containerPath: volume.containerPath,
    mode: volume.mode === Volume_Mode.RO ? 'RO' : 'RW',
    hostPath: own(volume, 'hostPath'),
    image: imageName(volume.image),
    source: volumeSource(volume.source),
  };
}

function volumeSource(source: VolumeValid['source']): Volume['source'] {
  if (source === undefined) return null;
  const { sandboxPath, hostPath, dockerVolume, secret } = source;
  if (sandboxPath !== undefined) {
    const parent = sandboxPath.type === Volume_Source_SandboxPath_Type.PARENT;
    return { type: 'SANDBOX_PATH', parent, path: sandboxPath.path };
  }
  if (hostPath !== undefined) return { type: 'HOST_PATH', path: hostPath.path };
  if (dockerVolume !== undefined)
    return { type: 'DOCKER_VOLUME', driver: own(dockerVolume, 'driver'), name: dockerVolume.name };
  if (secret !== undefined) return { type: 'SECRET', reference: secretFromWire(secret) ?? '' };
  return null;
}

function volumeToWire(volume: Volume): MessageInitShape<typeof VolumeSchema> {
  const { source } = volume;
  return {
    containerPath: volume.containerPath,
    mode: Volume_Mode[volume.mode],
    ...(volume.hostPath === null ? {} : { hostPath: volume.hostPath }),
    ...(volume.image === null ? {} : { image: imageToWire(volume.image) }),
    ...(source === null ? {} : { source: sourceToWire(source) }),
  };
}

function sourceToWire(
  source: NonNullable<Volume['source']>,
): NonNullable<MessageInitShape<typeof VolumeSchema>['source']> {
  switch (source.type) {
    case 'SANDBOX_PATH':
      return {
        type: Volume_Source_Type.SANDBOX_PATH,
        sandboxPath: {
          type: source.parent ? Volume_Source_SandboxPath_Type.PARENT : Volume_Source_SandboxPath_Type.SELF,
          path: source.path,
        },
      };
    case 'HOST_PATH':
      return { type: Volume_Source_Type.HOST_PATH, hostPath: { path: source.path } };
    case 'DOCKER_VOLUME':
      return {
        type: Volume_Source_Type.DOCKER_VOLUME,
        dockerVolume: { ...(source.driver === null ? {} : { driver: source.driver }), name: source.name },
      };
    case 'SECRET':
      return { type: Volume_Source_Type.SECRET, secret: secretReferenceToWire(source.reference) };
  }
}

function dockerFromWire(docker: ContainerInfoValid['docker']): DockerInfo | null {
  if (docker === undefined) return null;
  const network = own(docker, 'network');
  return {
    image: docker.image,
    network: network === null ? null : networkName(network),
    portMappings: docker.portMappings.map((mapping) => ({
      hostPort: mapping.hostPort,
      containerPort: mapping.containerPort,
      protocol: own(mapping, 'protocol'),
    })),
    privileged: docker.privileged,
    parameters: docker.parameters.map(({ key, value }) => ({ key, value })),
    forcePullImage: docker.forcePullImage,
  };
}

export function containerFromWire(container: ContainerInfoValid | undefined): ContainerInfo | null {
  if (container === undefined) return null;
  const { linuxInfo } = container;
  return {
    type: typeName(container.type),
    hostname: own(container, 'hostname'),
    volumes: container.volumes.map(volumeFromWire),
    docker: dockerFromWire(container.docker),
    image: imageName(container.mesos?.image),
    networks: container.networkInfos.map((network) => network.name),
    shareCgroups: linuxInfo === undefined ? null : own(linuxInfo, 'shareCgroups'),
  };
}

/**
 * Refuses what a container was asked to have and no runtime here gives it: a task that runs without it would not be what its framework
 * asked for. Throws WireError.
 */
export function refuseUnsupported(container: ContainerInfoValid | undefined, path: string): void {
  if (container === undefined) return;
  const { linuxInfo, rlimitInfo, ttyInfo } = container;
  const asked: [string, boolean][] = [
    ['rlimit_info', rlimitInfo !== undefined && rlimitInfo.rlimits.length > 0],
    ['tty_info', ttyInfo !== undefined],
  ];
  if (linuxInfo !== undefined) {
    asked.push(
      ['linux_info.capability_info', linuxInfo.capabilityInfo !== undefined],
      ['linux_info.bounding_capabilities', linuxInfo.boundingCapabilities !== undefined],
      ['linux_info.effective_capabilities', linuxInfo.effectiveCapabilities !== undefined],
      ['linux_info.share_pid_namespace', own(linuxInfo, 'sharePidNamespace') === true],
      ['linux_info.seccomp', linuxInfo.seccomp !== undefined],
      ['linux_info.ipc_mode', own(linuxInfo, 'ipcMode') !== null],
      ['linux_info.shm_size', own(linuxInfo, 'shmSize') !== null],
    );
  }
  for (const [field, isAsked] of asked)
    if (isAsked)
      throw new WireError(
        `${path}.${field}`,
        'not supported by the containers of this cluster: leave it out',
      );
}

export function containerToWire(container: ContainerInfo): MessageInitShape<typeof ContainerInfoSchema> {
  const { docker } = container;
  return {
    type: ContainerInfo_Type[container.type],
    ...(container.hostname === null ? {} : { hostname: container.hostname }),
    volumes: container.volumes.map(volumeToWire),
    ...(docker === null
      ? {}
      : {
          docker: {
            image: docker.image,
            ...(docker.network === null ? {} : { network: ContainerInfo_DockerInfo_Network[docker.network] }),
            portMappings: docker.portMappings.map(({ hostPort, containerPort, protocol }) => ({
              hostPort,
              containerPort,
              ...(protocol === null ? {} : { protocol }),
            })),
            privileged: docker.privileged,
            parameters: docker.parameters.map(({ key, value }) => ({ key, value })),
            forcePullImage: docker.forcePullImage,
          },
        }),
    ...(container.image === null ? {} : { mesos: { image: imageToWire(container.image) } }),
    networkInfos: container.networks.map((name) => (name === '' ? {} : { name })),
    ...(container.shareCgroups === null ? {} : { linuxInfo: { shareCgroups: container.shareCgroups } }),
  };
}
