import type { Micros } from '../../../engine/core/index.ts';
import type { Agent, Quota, Role } from '../../../engine/master/index.ts';
import type { FrameworkCapability } from '../../../engine/protocol/index.ts';
import type { Books } from '../books.ts';
import type { Client } from '../client.ts';
import type { MinimumOffer } from '../minimum-offer.ts';

/** Which orders are drawn by lot and not by need: `--role-sorter random`, `--framework-sorter random`. */
export interface DrawnOrders {
  readonly roles: boolean;
  readonly frameworks: boolean;
}

/** What the allocator keeps beside its books, as it stands. */
export interface Scene {
  readonly books: Books;
  readonly quotas: ReadonlyMap<Role, Quota>;
  readonly minimum: MinimumOffer;
  readonly filterGpuResources: boolean;
  readonly drawn: DrawnOrders;
  /** The batch tick to come; filters that lapse at its instant may lapse after it. */
  readonly nextTick: Micros;
  readonly allocationInterval: Micros;
  readonly pause: { readonly until: Micros; readonly agentsAwaited: number } | null;
}

/** What is assumed to be otherwise in an imagined cycle; `target` is the client that it is about. */
export interface Hypothesis {
  readonly target: Client;
  /** Instant of the cycle. */
  readonly at: Micros;
  readonly isPauseOver: boolean;
  /** Those who declined were passed over, and the tick that turns to them again has come. */
  readonly isRoundOver: boolean;
  /** The target's role is revived: it takes part, has no filters, and wants all. */
  readonly isRevived: boolean;
  readonly isFrameworkActive: boolean;
  /** That the target's framework has on top. */
  readonly capabilities: readonly FrameworkCapability[];
  /** Of the target, instead of its own. */
  readonly minimum: MinimumOffer | null;
  readonly isUnconstrained: boolean;
  readonly activated: ReadonlySet<Agent>;
  readonly whitelisted: ReadonlySet<string>;
  /** Agents that have these restrictions no more. */
  readonly upgraded: ReadonlyMap<Agent, number>;
  readonly quotas: ReadonlyMap<Role, Quota>;
  readonly weights: ReadonlyMap<Role, number>;
  readonly suppressed: ReadonlySet<Client>;
}

/** Everything as it is. */
export function noHypothesis(scene: Scene, target: Client, at: Micros): Hypothesis {
  return {
    target,
    at,
    isPauseOver: false,
    isRoundOver: false,
    isRevived: false,
    isFrameworkActive: false,
    capabilities: [],
    minimum: null,
    isUnconstrained: false,
    activated: new Set(),
    whitelisted: new Set(),
    upgraded: new Map(),
    quotas: scene.quotas,
    weights: new Map(),
    suppressed: new Set(),
  };
}
