import { type InverseOfferStatus, machineKey, type MaintenanceStatus } from '../../protocol/index.ts';
import type { MasterState } from '../state.ts';

/** GET_MAINTENANCE_STATUS (spec 05 §A): machines that are draining, with what frameworks answered, and those that are down. */
export function maintenanceStatus(master: MasterState): MaintenanceStatus {
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
