import type { FrameworkId } from '../core/index.ts';
import type { Quantities } from '../resources/index.ts';
import type { Labels } from './labels.ts';

/** `FrameworkInfo.Capability` (spec 03 §4). */
export type FrameworkCapability =
  | 'REVOCABLE_RESOURCES'
  | 'TASK_KILLING_STATE'
  | 'GPU_RESOURCES'
  | 'SHARED_RESOURCES'
  | 'PARTITION_AWARE'
  | 'MULTI_ROLE'
  | 'RESERVATION_REFINEMENT'
  | 'REGION_AWARE';

/** What a scheduler says of itself (spec 03 §3). `role` is the legacy single role, legal only without MULTI_ROLE. */
export interface FrameworkInfo {
  readonly user: string;
  readonly name: string;
  readonly id: FrameworkId | null;
  /** Seconds, as on the wire. */
  readonly failoverTimeout: number;
  readonly checkpoint: boolean;
  readonly role: string | null;
  readonly roles: readonly string[];
  readonly hostname: string;
  readonly principal: string | null;
  readonly webuiUrl: string | null;
  readonly capabilities: readonly FrameworkCapability[];
  readonly labels: Labels | null;
  /** Per role, the minimum offers that replace the master's; an empty list accepts anything (spec 03 §3). */
  readonly offerFilters: ReadonlyMap<string, readonly Quantities[]>;
}

/** The roles a framework subscribes to: `roles` with MULTI_ROLE, else the one of `role` (default `*`). */
export function rolesOf(info: FrameworkInfo): readonly string[] {
  return info.capabilities.includes('MULTI_ROLE') ? info.roles : [info.role ?? '*'];
}
