import type { MessageInitShape } from '@bufbuild/protobuf';
import type { DiscoveryInfo } from '../../../../engine/protocol/index.ts';
import {
  DiscoveryInfo_Visibility,
  type DiscoveryInfoSchema,
  type DiscoveryInfoValid,
} from '../../proto/generated/mesos/v1/mesos_pb.ts';
import { labelsFromWire, labelsToWire } from './labels.ts';
import { namesOf, own } from './presence.ts';

const visibilityName = namesOf(DiscoveryInfo_Visibility);

export function discoveryFromWire(discovery: DiscoveryInfoValid | undefined): DiscoveryInfo | null {
  if (discovery === undefined) return null;
  return {
    visibility: visibilityName(discovery.visibility),
    name: own(discovery, 'name'),
    environment: own(discovery, 'environment'),
    location: own(discovery, 'location'),
    version: own(discovery, 'version'),
    ports:
      discovery.ports?.ports.map((port) => ({
        number: port.number,
        name: own(port, 'name'),
        protocol: own(port, 'protocol'),
      })) ?? [],
    labels: labelsFromWire(discovery.labels),
  };
}

export function discoveryToWire(discovery: DiscoveryInfo): MessageInitShape<typeof DiscoveryInfoSchema> {
  const { name, environment, location, version, ports, labels } = discovery;
  return {
    visibility: DiscoveryInfo_Visibility[discovery.visibility],
    ...(name === null ? {} : { name }),
    ...(environment === null ? {} : { environment }),
    ...(location === null ? {} : { location }),
    ...(version === null ? {} : { version }),
    ...(ports.length === 0
      ? {}
      : {
          ports: {
            ports: ports.map((port) => ({
              number: port.number,
              ...(port.name === null ? {} : { name: port.name }),
              ...(port.protocol === null ? {} : { protocol: port.protocol }),
            })),
          },
        }),
    ...(labels === null ? {} : { labels: labelsToWire(labels)! }),
  };
}
