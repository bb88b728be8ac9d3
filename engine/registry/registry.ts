import type { AgentId, MasterEpoch, Micros } from '../core/index.ts';
import type {
  AgentInfo,
  DrainConfig,
  MachineId,
  MaintenanceSchedule,
  QuotaConfig,
  WeightInfo,
} from '../protocol/index.ts';

/** Changes to what survives a master (spec 13 §3). Each is one line of the registry's log, applied whole or not at all. */
export type RegistryOperation =
  | { readonly kind: 'masterElected'; readonly epoch: MasterEpoch }
  | { readonly kind: 'agentAdmitted'; readonly id: AgentId; readonly info: AgentInfo }
  | { readonly kind: 'agentUpdated'; readonly id: AgentId; readonly info: AgentInfo }
  | { readonly kind: 'agentMarkedUnreachable'; readonly id: AgentId; readonly at: Micros }
  | { readonly kind: 'agentMarkedReachable'; readonly id: AgentId; readonly info: AgentInfo }
  | { readonly kind: 'agentMarkedGone'; readonly id: AgentId; readonly at: Micros }
  | { readonly kind: 'agentRemoved'; readonly id: AgentId }
  | { readonly kind: 'pruned'; readonly unreachable: readonly AgentId[]; readonly gone: readonly AgentId[] }
  /** The agent, admitted or unreachable, is deactivated and its drain begins, or begins anew with another config (spec 10 §2). */
  | {
      readonly kind: 'agentDrainStarted';
      readonly id: AgentId;
      readonly config: DrainConfig;
      readonly at: Micros;
    }
  | { readonly kind: 'agentDrained'; readonly id: AgentId }
  /** A drain under way stays as it is. */
  | { readonly kind: 'agentDeactivated'; readonly id: AgentId }
  /** Forgets the agent's drain as well. */
  | { readonly kind: 'agentReactivated'; readonly id: AgentId }
  | { readonly kind: 'weightsUpdated'; readonly weightInfos: readonly WeightInfo[] }
  /** The quotas are ones that the rules allow (spec 08 §4), each role once. One without guarantee and limit is removed. */
  | { readonly kind: 'quotasUpdated'; readonly quotaConfigs: readonly QuotaConfig[] }
  /** Replaces the schedule. Every machine that is down is in it (spec 10 §1). */
  | { readonly kind: 'maintenanceScheduled'; readonly schedule: MaintenanceSchedule }
  /** Scheduled machines go down. */
  | { readonly kind: 'machinesDown'; readonly machines: readonly MachineId[] }
  /** Machines that are down come up and leave the schedule. */
  | { readonly kind: 'machinesUp'; readonly machines: readonly MachineId[] };

/** Quota of a role in the registry. */
export type RegisteredQuota = Omit<QuotaConfig, 'role'>;

/** Drain of an agent in the registry. */
export interface RegisteredDrain {
  readonly state: 'DRAINING' | 'DRAINED';
  readonly config: DrainConfig;
  readonly startedAt: Micros;
}

/** What a new master reads. Maps keep the order of first insertion, which is part of the state. */
export interface RegistrySnapshot {
  readonly epoch: MasterEpoch;
  readonly admitted: ReadonlyMap<AgentId, AgentInfo>;
  readonly unreachable: ReadonlyMap<AgentId, Micros>;
  readonly gone: ReadonlyMap<AgentId, Micros>;
  /** Agents, admitted or unreachable, that an operator deactivated; with their drain if they are drained. */
  readonly deactivated: ReadonlyMap<AgentId, RegisteredDrain | null>;
  readonly weights: ReadonlyMap<string, number>;
  /** By top-level role; none without guarantee and limit. */
  readonly quotas: ReadonlyMap<string, RegisteredQuota>;
  readonly schedule: MaintenanceSchedule;
  /** Machines of the schedule that are down, in the order in which they went; its other machines are draining. */
  readonly machinesDown: readonly MachineId[];
  /** `MasterInfo.Capability` names without which a master must not lead: it would not keep what the registry promises (spec 13 §3). */
  readonly minimumCapabilities: readonly string[];
}
