import {
  type AgentInfo,
  type MachineId,
  machineKey,
  machineText,
  type MaintenanceSchedule,
  type Unavailability,
} from '../protocol/index.ts';
import { scheduledMachines, withoutMachines } from '../registry/index.ts';
import type { AgentRecord } from './agent-record.ts';
import { forgetAsked } from './inverse-offers.ts';
import { scheduleFault, startFault, stopFault } from './maintenance-validation.ts';
import { rescindOffersOfAgent } from './offers.ts';
import { answer, change, type OperatorRequest, refuseInvalid } from './operator-request.ts';
import { agentUpdated } from './published.ts';
import type { MasterState } from './state.ts';

/** UPDATE_MAINTENANCE_SCHEDULE (spec 10 §1): the one schedule of the cluster is replaced. */
export function updateSchedule(
  master: MasterState,
  from: OperatorRequest,
  schedule: MaintenanceSchedule,
): void {
  const fault = scheduleFault(schedule, master.intended.machinesDown);
  if (fault !== null) refuseInvalid(master, from, fault);
  else change(master, from, { kind: 'maintenanceScheduled', schedule });
}

/** START_MAINTENANCE (spec 10 §1): DRAINING machines go DOWN, all of the list or none. */
export function startMaintenance(
  master: MasterState,
  from: OperatorRequest,
  machines: readonly MachineId[],
): void {
  const { schedule, machinesDown: down } = master.intended;
  const fault = startFault(machines, schedule, down);
  if (fault !== null) refuseInvalid(master, from, fault);
  else change(master, from, { kind: 'machinesDown', machines });
}

/** STOP_MAINTENANCE (spec 10 §1): DOWN machines come UP and leave the schedule, all of the list or none. */
export function stopMaintenance(
  master: MasterState,
  from: OperatorRequest,
  machines: readonly MachineId[],
): void {
  const fault = stopFault(machines, master.intended.machinesDown);
  if (fault !== null) refuseInvalid(master, from, fault);
  else change(master, from, { kind: 'machinesUp', machines });
}

// What follows once the registry holds it.

/** Agents whose window is another than before: their offers come back and are made anew, with the window (spec 10 §1). */
export function maintenanceScheduled(
  master: MasterState,
  schedule: MaintenanceSchedule,
  from: OperatorRequest | null,
): void {
  setSchedule(master, schedule);
  for (const agent of master.agents) setUnavailability(master, agent, unavailabilityOf(master, agent.info));
  answer(master, from);
}

export function machinesDown(
  master: MasterState,
  machines: readonly MachineId[],
  from: OperatorRequest | null,
): void {
  for (const machine of machines) master.machinesDown.set(machineKey(machine), machine);
  for (const agent of master.agents) if (isDown(master, agent.info)) shutDown(master, agent);
  answer(master, from);
}

export function machinesUp(
  master: MasterState,
  machines: readonly MachineId[],
  from: OperatorRequest | null,
): void {
  const keys = new Set(machines.map(machineKey));
  for (const key of keys) master.machinesDown.delete(key);
  setSchedule(master, withoutMachines(master.schedule, keys));
  // One that was told to go is on the books until the registry has it removed.
  for (const agent of master.agents) setUnavailability(master, agent, unavailabilityOf(master, agent.info));
  answer(master, from);
}

/** The schedule as the registry holds it. */
export function setSchedule(master: MasterState, schedule: MaintenanceSchedule): void {
  master.schedule = schedule;
  master.scheduledMachines = scheduledMachines(schedule);
}

/** When the machine of such an agent goes away; null where nothing is planned. */
export function unavailabilityOf(master: MasterState, info: AgentInfo): Unavailability | null {
  if (master.scheduledMachines.size === 0) return null;
  return master.scheduledMachines.get(machineKey(info)) ?? null;
}

/** Whether no agent of this machine may be part of the cluster now. */
export function isDown(master: MasterState, info: AgentInfo): boolean {
  return master.machinesDown.size > 0 && master.machinesDown.has(machineKey(info));
}

/** Tells an agent whose machine is down to go, and takes it off the books. */
export function shutDown(master: MasterState, agent: AgentRecord): void {
  agent.withdrawn = true;
  if (agent.link !== null && !agent.deactivated) {
    rescindOffersOfAgent(master, agent);
    master.allocator.deactivateAgent(master.now, agent.row);
  }
  // What it leaves for already, as for being out of reach, goes on; but its offers are void from now.
  if (agent.leaving !== null) return;
  agent.leaving = 'removed';
  master.tell(agent, { type: 'SHUTDOWN', message: downText(agent.info) });
  master.persist({ kind: 'agentRemoved', id: agent.id }, { kind: 'shutDown', agent });
}

/** What the operator took down with the machine. */
export function downText(info: AgentInfo): string {
  return `Machine ${machineText(info)} is down for maintenance`;
}

function setUnavailability(
  master: MasterState,
  agent: AgentRecord,
  unavailability: Unavailability | null,
): void {
  if (isSameWindow(agent.unavailability, unavailability)) return;
  if (agent.link !== null) rescindOffersOfAgent(master, agent);
  agent.unavailability = unavailability;
  agent.inverseOfferStatuses = null;
  forgetAsked(master, agent);
  master.allocator.setUnavailability(master.now, agent.row, unavailability);
  agentUpdated(master, agent);
}

function isSameWindow(a: Unavailability | null, b: Unavailability | null): boolean {
  if (a === null || b === null) return a === b;
  return a.start === b.start && a.duration === b.duration;
}
