import { machineKey, type MaintenanceSchedule, type Unavailability } from '../protocol/index.ts';

/** The machines of a schedule by key, each with its window. */
export function scheduledMachines(schedule: MaintenanceSchedule): Map<string, Unavailability> {
  const machines = new Map<string, Unavailability>();
  for (const { machineIds, unavailability } of schedule.windows) {
    for (const machine of machineIds) machines.set(machineKey(machine), unavailability);
  }
  return machines;
}

/** The schedule without the machines of these keys, and without the windows that this empties. */
export function withoutMachines(
  schedule: MaintenanceSchedule,
  keys: ReadonlySet<string>,
): MaintenanceSchedule {
  const windows = schedule.windows.map(({ machineIds, unavailability }) => ({
    machineIds: machineIds.filter((machine) => !keys.has(machineKey(machine))),
    unavailability,
  }));
  return { windows: windows.filter(({ machineIds }) => machineIds.length > 0) };
}
