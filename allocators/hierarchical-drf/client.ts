import type { Framework, Role } from '../../engine/master/index.ts';
import type { ConstraintCheck } from './constraint-check.ts';
import type { Demand } from './demand.ts';
import type { FilterRow } from './filter-row.ts';
import type { MinimumOffer } from './minimum-offer.ts';

/** A framework in a role: what is offered to, and what fair sharing within the role is between. */
export interface Client {
  /** Row of the share table. */
  readonly row: number;
  readonly framework: Framework;
  readonly role: Role;
  /** Whether the framework is known to the allocator and subscribed to the role or holding something under it. */
  isTracked: boolean;
  isSubscribed: boolean;
  isSuppressed: boolean;
  /** Whether it takes part in cycles: subscribed, unsuppressed, its framework active, its demand not met. */
  isActive: boolean;
  /** Whether agents that found no taker must be shown to it again. */
  isAwake: boolean;
  /** Parts that it holds on agents; see `Holdings`. */
  parts: number;
  /** Restrictions of agents that keep it away from them; bits of `Restriction`. */
  exclusions: number;
  /** Null for the allocator's own. */
  minimum: MinimumOffer | null;
  constraints: ConstraintCheck | null;
  /** What is left of what it asked for; null when it takes all, as in Mesos. */
  demand: Demand | null;
  filters: FilterRow | null;
}

export function newClient(row: number, framework: Framework, role: Role): Client {
  return {
    row,
    framework,
    role,
    isTracked: false,
    isSubscribed: false,
    isSuppressed: false,
    isActive: false,
    isAwake: false,
    parts: 0,
    exclusions: 0,
    minimum: null,
    constraints: null,
    demand: null,
    filters: null,
  };
}
