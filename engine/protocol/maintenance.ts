import type { FrameworkId, Micros } from '../core/index.ts';

/** `MachineID`: both fields must match what an agent uses; an absent one matches only an agent without it (spec 10 §1). */
export interface MachineId {
  readonly hostname: string | null;
  readonly ip: string | null;
}

/** `Unavailability`: a planned outage; `duration` null means without end. */
export interface Unavailability {
  readonly start: Micros;
  readonly duration: Micros | null;
}

/** `maintenance.Window`. */
export interface MaintenanceWindow {
  readonly machineIds: readonly MachineId[];
  readonly unavailability: Unavailability;
}

/** `maintenance.Schedule`: one per cluster; a new one replaces it. */
export interface MaintenanceSchedule {
  readonly windows: readonly MaintenanceWindow[];
}

/** `allocator.InverseOfferStatus`: how a framework answered the last inverse offer. */
export interface InverseOfferStatus {
  readonly status: 'UNKNOWN' | 'ACCEPT' | 'DECLINE';
  readonly frameworkId: FrameworkId;
  readonly timestamp: Micros;
}

/** `maintenance.ClusterStatus`. */
export interface MaintenanceStatus {
  readonly drainingMachines: readonly {
    readonly id: MachineId;
    readonly statuses: readonly InverseOfferStatus[];
  }[];
  readonly downMachines: readonly MachineId[];
}

/** `DrainConfig` (spec 10 §2). */
export interface DrainConfig {
  readonly maxGracePeriod: Micros | null;
  readonly markGone: boolean;
}

/** `DrainInfo`: how far an agent's drain has come. */
export interface DrainInfo {
  readonly state: 'UNKNOWN' | 'DRAINING' | 'DRAINED';
  readonly config: DrainConfig;
}
