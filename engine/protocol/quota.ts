import type { Quantities, ResourceLimits, Resources } from '../resources/index.ts';

/** `quota.QuotaConfig` (spec 08 §4): no guarantee and no limit takes the quota of the role away. */
export interface QuotaConfig {
  readonly role: string;
  readonly guarantees: Quantities;
  readonly limits: ResourceLimits;
}

/** `quota.QuotaRequest`, of the calls of old: the guarantee is the limit too. */
export interface QuotaRequest {
  readonly force: boolean;
  readonly role: string;
  readonly guarantee: Resources;
}

/** `quota.QuotaInfo`, of the calls of old. */
export interface QuotaInfo {
  readonly role: string;
  readonly principal: string | null;
  readonly guarantee: Resources;
}

/** `quota.QuotaStatus`. */
export interface QuotaStatus {
  readonly infos: readonly QuotaInfo[];
  readonly configs: readonly QuotaConfig[];
}

/** `WeightInfo` (spec 08 §3). */
export interface WeightInfo {
  readonly role: string;
  /** Greater than 0. */
  readonly weight: number;
}
