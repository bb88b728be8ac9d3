import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ContainerId, ContainerStatus, NetworkInfo } from '../../../../engine/protocol/index.ts';
import {
  type ContainerIDSchema,
  type ContainerIDValid,
  type ContainerStatusSchema,
  type ContainerStatusValid,
  NetworkInfo_Protocol,
  type NetworkInfoValid,
} from '../../proto/generated/mesos/v1/mesos_pb.ts';
import { labelsFromWire, labelsToWire } from './labels.ts';
import { namesOf, own } from './presence.ts';

const protocolName = namesOf({ IPv4: NetworkInfo_Protocol.IPv4, IPv6: NetworkInfo_Protocol.IPv6 });

export function containerIdFromWire({ value, parent }: ContainerIDValid): ContainerId {
  return { value, parent: parent === undefined ? null : containerIdFromWire(parent) };
}

export function containerIdToWire({
  value,
  parent,
}: ContainerId): MessageInitShape<typeof ContainerIDSchema> {
  return parent === null ? { value } : { value, parent: containerIdToWire(parent) };
}

export function containerStatusFromWire(status: ContainerStatusValid | undefined): ContainerStatus | null {
  if (status === undefined) return null;
  const { containerId, networkInfos, cgroupInfo } = status;
  const netCls = cgroupInfo?.netCls;
  return {
    containerId: containerId === undefined ? null : containerIdFromWire(containerId),
    networkInfos: networkInfos.map(networkInfoFromWire),
    netClsClassid: netCls === undefined ? null : own(netCls, 'classid'),
    executorPid: own(status, 'executorPid'),
  };
}

export function containerStatusToWire(
  status: ContainerStatus,
): MessageInitShape<typeof ContainerStatusSchema> {
  const { containerId, networkInfos, netClsClassid, executorPid } = status;
  return {
    ...(containerId === null ? {} : { containerId: containerIdToWire(containerId) }),
    networkInfos: networkInfos.map(networkInfoToWire),
    ...(netClsClassid === null ? {} : { cgroupInfo: { netCls: { classid: netClsClassid } } }),
    ...(executorPid === null ? {} : { executorPid }),
  };
}

function networkInfoFromWire(info: NetworkInfoValid): NetworkInfo {
  return {
    name: own(info, 'name'),
    ipAddresses: info.ipAddresses.map((address) => ({
      protocol: protocolName(address.protocol),
      ipAddress: own(address, 'ipAddress'),
    })),
    groups: info.groups,
    labels: labelsFromWire(info.labels),
    portMappings: info.portMappings.map((mapping) => ({
      hostPort: mapping.hostPort,
      containerPort: mapping.containerPort,
      protocol: own(mapping, 'protocol'),
    })),
  };
}

function networkInfoToWire({ name, ipAddresses, groups, labels, portMappings }: NetworkInfo) {
  return {
    ...(name === null ? {} : { name }),
    ipAddresses: ipAddresses.map(({ protocol, ipAddress }) => ({
      protocol: NetworkInfo_Protocol[protocol],
      ...(ipAddress === null ? {} : { ipAddress }),
    })),
    groups: [...groups],
    ...(labels === null ? {} : { labels: labelsToWire(labels)! }),
    portMappings: portMappings.map(({ hostPort, containerPort, protocol }) => ({
      hostPort,
      containerPort,
      ...(protocol === null ? {} : { protocol }),
    })),
  };
}
