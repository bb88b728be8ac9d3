import type { MessageInitShape } from '@bufbuild/protobuf';
import type { MachineId, MaintenanceSchedule, MaintenanceStatus } from '../../../../engine/protocol/index.ts';
import { InverseOfferStatus_Status } from '../../proto/generated/mesos/v1/allocator/allocator_pb.ts';
import type {
  ClusterStatusSchema,
  ClusterStatusValid,
  ScheduleSchema,
  ScheduleValid,
} from '../../proto/generated/mesos/v1/maintenance/maintenance_pb.ts';
import type { MachineIDSchema, MachineIDValid } from '../../proto/generated/mesos/v1/mesos_pb.ts';
import type { IdTexts } from '../ids/id-texts.ts';
import { unavailabilityFromWire, unavailabilityToWire } from './offer.ts';
import { microsToNanos, namesOf, nanosToMicros, own } from './presence.ts';

const statusName = namesOf(InverseOfferStatus_Status);

export function machineFromWire(machine: MachineIDValid): MachineId {
  return { hostname: own(machine, 'hostname'), ip: own(machine, 'ip') };
}

export function machineToWire({ hostname, ip }: MachineId): MessageInitShape<typeof MachineIDSchema> {
  return { ...(hostname === null ? {} : { hostname }), ...(ip === null ? {} : { ip }) };
}

export function scheduleFromWire(schedule: ScheduleValid, path: string): MaintenanceSchedule {
  return {
    windows: schedule.windows.map(({ machineIds, unavailability }, index) => ({
      machineIds: machineIds.map(machineFromWire),
      unavailability: unavailabilityFromWire(unavailability, `${path}.windows[${index}].unavailability`),
    })),
  };
}

export function scheduleToWire(schedule: MaintenanceSchedule): MessageInitShape<typeof ScheduleSchema> {
  return {
    windows: schedule.windows.map(({ machineIds, unavailability }) => ({
      machineIds: machineIds.map(machineToWire),
      unavailability: unavailabilityToWire(unavailability),
    })),
  };
}

export function maintenanceStatusToWire(
  ids: IdTexts,
  status: MaintenanceStatus,
): MessageInitShape<typeof ClusterStatusSchema> {
  return {
    drainingMachines: status.drainingMachines.map(({ id, statuses }) => ({
      id: machineToWire(id),
      statuses: statuses.map((one) => ({
        status: InverseOfferStatus_Status[one.status],
        frameworkId: { value: ids.frameworkText(one.frameworkId) },
        timestamp: { nanoseconds: microsToNanos(one.timestamp) },
      })),
    })),
    downMachines: status.downMachines.map(machineToWire),
  };
}

export function maintenanceStatusFromWire(
  ids: IdTexts,
  status: ClusterStatusValid,
  path: string,
): MaintenanceStatus {
  return {
    drainingMachines: status.drainingMachines.map(({ id, statuses }) => ({
      id: machineFromWire(id),
      statuses: statuses.map((one) => ({
        status: statusName(one.status),
        frameworkId: ids.framework(one.frameworkId.value),
        timestamp: nanosToMicros(one.timestamp.nanoseconds, path),
      })),
    })),
    downMachines: status.downMachines.map(machineFromWire),
  };
}
