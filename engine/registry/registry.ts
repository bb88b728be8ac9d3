import type { AgentId, MasterEpoch, Micros } from '../core/index.ts';
import type { AgentInfo, QuotaConfig } from '../protocol/index.ts';

/** Changes to what survives a master (spec 13 §3). Each is one line of the registry's log. */
export type RegistryOperation =
  | { readonly kind: 'masterElected'; readonly epoch: MasterEpoch }
  | { readonly kind: 'agentAdmitted'; readonly id: AgentId; readonly info: AgentInfo }
  | { readonly kind: 'agentUpdated'; readonly id: AgentId; readonly info: AgentInfo }
  | { readonly kind: 'agentMarkedUnreachable'; readonly id: AgentId; readonly at: Micros }
  | { readonly kind: 'agentMarkedReachable'; readonly id: AgentId; readonly info: AgentInfo }
  | { readonly kind: 'agentMarkedGone'; readonly id: AgentId; readonly at: Micros }
  | { readonly kind: 'agentRemoved'; readonly id: AgentId }
  | { readonly kind: 'pruned'; readonly unreachable: readonly AgentId[]; readonly gone: readonly AgentId[] }
  | { readonly kind: 'weightSet'; readonly role: string; readonly weight: number }
  /** The quota is one that the rules allow (spec 08 §4). Without guarantee and limit it is removed. */
  | ({ readonly kind: 'quotaSet' } & QuotaConfig);

/** Quota of a role in the registry. */
export type RegisteredQuota = Omit<QuotaConfig, 'role'>;

/** What a new master reads. Maps keep the order of first insertion, which is part of the state. */
export interface RegistrySnapshot {
  readonly epoch: MasterEpoch;
  readonly admitted: ReadonlyMap<AgentId, AgentInfo>;
  readonly unreachable: ReadonlyMap<AgentId, Micros>;
  readonly gone: ReadonlyMap<AgentId, Micros>;
  readonly weights: ReadonlyMap<string, number>;
  /** By top-level role; none without guarantee and limit. */
  readonly quotas: ReadonlyMap<string, RegisteredQuota>;
}
