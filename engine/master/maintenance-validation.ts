import {
  isIpAddress,
  type MachineId,
  machineKey,
  machineText,
  type MaintenanceSchedule,
} from '../protocol/index.ts';
import { scheduledMachines } from '../registry/index.ts';

/** The first rule of spec 10 §1 that the schedule breaks, or null. `down`: machines that are down, by key. */
export function scheduleFault(
  schedule: MaintenanceSchedule,
  down: ReadonlyMap<string, MachineId>,
): string | null {
  const seen = new Set<string>();
  for (const [index, { machineIds, unavailability }] of schedule.windows.entries()) {
    if (machineIds.length === 0)
      return `Window ${index} of the schedule has no machine: it needs at least one`;
    const { start, duration } = unavailability;
    if (!Number.isSafeInteger(start)) return `Window ${index} starts at ${start} µs, which is no instant`;
    if (duration !== null && !(duration >= 0))
      return `Window ${index} lasts ${duration} µs: a duration is 0 or more`;
    const fault = machinesFault(machineIds, seen);
    if (fault !== null) return fault;
  }
  const scheduled = scheduledMachines(schedule);
  for (const [key, machine] of down) {
    if (!scheduled.has(key))
      return `Machine ${machineText(machine)} is deactivated: it stays in the schedule until maintenance there is stopped`;
  }
  return null;
}

/** START_MAINTENANCE: each machine is in the schedule, and not down yet. */
export function startFault(
  machines: readonly MachineId[],
  schedule: MaintenanceSchedule,
  down: ReadonlyMap<string, MachineId>,
): string | null {
  const fault = listFault(machines);
  if (fault !== null) return fault;
  const scheduled = scheduledMachines(schedule);
  for (const machine of machines) {
    const key = machineKey(machine);
    if (!scheduled.has(key)) return `Machine ${machineText(machine)} is not in the maintenance schedule`;
    if (down.has(key))
      return `Machine ${machineText(machine)} is down already: only a draining one goes down`;
  }
  return null;
}

/** STOP_MAINTENANCE: each machine is down. */
export function stopFault(
  machines: readonly MachineId[],
  down: ReadonlyMap<string, MachineId>,
): string | null {
  const fault = listFault(machines);
  if (fault !== null) return fault;
  const other = machines.find((machine) => !down.has(machineKey(machine)));
  return other === undefined ? null : `Machine ${machineText(other)} is not down: only such a one comes up`;
}

function listFault(machines: readonly MachineId[]): string | null {
  if (machines.length === 0) return 'The list of machines is empty: it names at least one';
  return machinesFault(machines, new Set());
}

/** `seen`: keys of machines that were named before, to which these are added. */
function machinesFault(machines: readonly MachineId[], seen: Set<string>): string | null {
  for (const machine of machines) {
    const { hostname, ip } = machine;
    if ((hostname ?? '') === '' && (ip ?? '') === '')
      return 'A machine has neither hostname nor ip: it needs one';
    if (ip !== null && ip !== '' && !isIpAddress(ip))
      return `Machine ${machineText(machine)} has the ip '${ip}', which is no IPv4 address`;
    const key = machineKey(machine);
    if (seen.has(key)) return `Machine ${machineText(machine)} is named twice`;
    seen.add(key);
  }
  return null;
}
