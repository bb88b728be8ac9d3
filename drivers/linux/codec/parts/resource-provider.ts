import type { MessageInitShape } from '@bufbuild/protobuf';
import { microsToSeconds } from '../../../../engine/core/index.ts';
import type { CsiService, ResourceProviderInfo } from '../../../../engine/protocol/index.ts';
import type { Reservation } from '../../../../engine/resources/index.ts';
import {
  CSIPluginContainerInfo_Service,
  Resource_ReservationInfo_Type,
  type ResourceProviderInfoSchema,
  type ResourceProviderInfoValid,
} from '../../proto/generated/mesos/v1/mesos_pb.ts';
import { WireError } from '../message/wire-error.ts';
import { attributesFromWire, attributesToWire } from './attributes.ts';
import { commandFromWire, commandToWire } from './command.ts';
import { containerFromWire, containerToWire } from './container.ts';
import { labelsFromWire, labelsToWire } from './labels.ts';
import { namesOf, own, secondsField } from './presence.ts';
import { resourcesFromWire, resourcesToWire } from './resources.ts';

const serviceName: (number: CSIPluginContainerInfo_Service) => CsiService = namesOf(
  CSIPluginContainerInfo_Service,
);

export function providerFromWire(info: ResourceProviderInfoValid, path: string): ResourceProviderInfo {
  const { storage } = info;
  return {
    id: info.id === undefined ? null : info.id.value,
    attributes: attributesFromWire(info.attributes, `${path}.attributes`),
    type: info.type,
    name: info.name,
    defaultReservations: info.defaultReservations.map((reservation, index): Reservation => {
      const type = own(reservation, 'type');
      if (type !== Resource_ReservationInfo_Type.STATIC && type !== Resource_ReservationInfo_Type.DYNAMIC) {
        throw new WireError(`${path}.default_reservations[${index}].type`, 'expected STATIC or DYNAMIC');
      }
      return {
        type: type === Resource_ReservationInfo_Type.STATIC ? 'STATIC' : 'DYNAMIC',
        role: reservation.role,
        principal: own(reservation, 'principal'),
        labels: labelsFromWire(reservation.labels),
      };
    }),
    storage: storage === undefined ? null : storageFromWire(storage, `${path}.storage`),
  };
}

function storageFromWire(
  { plugin, ...storage }: NonNullable<ResourceProviderInfoValid['storage']>,
  path: string,
): NonNullable<ResourceProviderInfo['storage']> {
  const interval = own(storage, 'reconciliationIntervalSeconds');
  return {
    plugin: {
      type: plugin.type,
      name: plugin.name,
      containers: plugin.containers.map((one, index) => ({
        services: one.services.map(serviceName),
        command: commandFromWire(one.command),
        resources: resourcesFromWire(one.resources, `${path}.plugin.containers[${index}].resources`),
        container: containerFromWire(one.container),
      })),
      endpoints: plugin.endpoints.map(({ csiService, endpoint }) => ({
        csiService: serviceName(csiService),
        endpoint,
      })),
      targetPathRoot: own(plugin, 'targetPathRoot'),
      targetPathExists: own(plugin, 'targetPathExists'),
    },
    reconciliationInterval: interval === null ? null : secondsField(interval, path),
  };
}

export function providerToWire(
  info: ResourceProviderInfo,
): MessageInitShape<typeof ResourceProviderInfoSchema> {
  const { storage } = info;
  return {
    ...(info.id === null ? {} : { id: { value: info.id } }),
    attributes: attributesToWire(info.attributes),
    type: info.type,
    name: info.name,
    defaultReservations: info.defaultReservations.map(({ type, role, principal, labels }) => ({
      type: Resource_ReservationInfo_Type[type],
      role,
      ...(principal === null ? {} : { principal }),
      ...(labels === null ? {} : { labels: labelsToWire(labels)! }),
    })),
    ...(storage === null
      ? {}
      : {
          storage: {
            plugin: {
              type: storage.plugin.type,
              name: storage.plugin.name,
              containers: storage.plugin.containers.map(({ services, command, resources, container }) => ({
                services: services.map((service) => CSIPluginContainerInfo_Service[service]),
                ...(command === null ? {} : { command: commandToWire(command) }),
                resources: resourcesToWire(resources, 'post', null),
                ...(container === null ? {} : { container: containerToWire(container) }),
              })),
              endpoints: storage.plugin.endpoints.map(({ csiService, endpoint }) => ({
                csiService: CSIPluginContainerInfo_Service[csiService],
                endpoint,
              })),
              ...(storage.plugin.targetPathRoot === null
                ? {}
                : { targetPathRoot: storage.plugin.targetPathRoot }),
              ...(storage.plugin.targetPathExists === null
                ? {}
                : { targetPathExists: storage.plugin.targetPathExists }),
            },
            ...(storage.reconciliationInterval === null
              ? {}
              : { reconciliationIntervalSeconds: microsToSeconds(storage.reconciliationInterval) }),
          },
        }),
  };
}
