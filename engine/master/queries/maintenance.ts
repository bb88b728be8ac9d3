import type { Viewer } from '../../authorization/index.ts';
import {
  type InverseOfferStatus,
  machineKey,
  type MaintenanceSchedule,
  type MaintenanceStatus,
} from '../../protocol/index.ts';
import type { MasterState } from '../state.ts';

/** GET_MAINTENANCE_SCHEDULE (spec 05 §A): empty for whoever may not see it. */
export function maintenanceSchedule({ schedule }: MasterState, viewer: Viewer): MaintenanceSchedule {
  return viewer.may('get_maintenance_schedules', null) ? schedule : { windows: [] };
}

/** GET_MAINTENANCE_STATUS (spec 05 §A): machines that are draining, with what frameworks answered, and those that are down; nothing for whoever may not see it. */
export function maintenanceStatus(master: MasterState, viewer: Viewer): MaintenanceStatus {
  if (!viewer.may('get_maintenance_statuses', null)) return { drainingMachines: [], downMachines: [] };
  const statuses = new Map<string, InverseOfferStatus[]>();
  for (const agent of master.agents) {
    if (agent.inverseOfferStatuses === null) continue;
    const key = machineKey(agent.info);
    const ofMachine = statuses.get(key) ?? [];
    statuses.set(key, ofMachine);
    for (const [frameworkId, { status, timestamp }] of agent.inverseOfferStatuses)
      ofMachine.push({ status, frameworkId, timestamp });
  }
  const machines = master.schedule.windows.flatMap(({ machineIds }) => machineIds);
  const draining = machines.filter((machine) => !master.machinesDown.has(machineKey(machine)));
  return {
    drainingMachines: draining.map((id) => ({ id, statuses: statuses.get(machineKey(id)) ?? [] })),
    downMachines: [...master.machinesDown.values()],
  };
}
