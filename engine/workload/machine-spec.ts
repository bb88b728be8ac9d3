import type { Micros } from '../core/index.ts';
import type { Attribute, DomainInfo } from '../protocol/index.ts';
import type { Resources } from '../resources/index.ts';

/** A machine of a cluster to simulate. */
export interface MachineSpec {
  readonly name: string;
  readonly resources: Resources;
  readonly attributes: readonly Attribute[];
  readonly domain: DomainInfo | null;
}

/** A change of the fleet that a trace records. `machine` is an index into the cluster's machines. */
export type MachineEvent =
  | { readonly kind: 'ADDED'; readonly at: Micros; readonly machine: number }
  | { readonly kind: 'REMOVED'; readonly at: Micros; readonly machine: number };
