import type { WithholdingRule } from '../../../engine/master/index.ts';
import type { FrameworkCapability } from '../../../engine/protocol/index.ts';
import { Resources } from '../../../engine/resources/index.ts';
import type { AgentRow } from '../agent-row.ts';
import type { Client } from '../client.ts';
import type { MinimumOffer } from '../minimum-offer.ts';
import type { RefusedOffer } from '../offer-filters.ts';
import type { QuotaCycle } from '../quota-cycle.ts';
import {
  exclusionsOf,
  HAS_GPUS,
  IS_FLAT_ROLE,
  IS_REMOTE,
  IS_SINGLE_ROLE,
  strippedFor,
} from '../restriction.ts';
import type { Hypothesis, Scene } from './hypothesis.ts';

/** Guarantees are served first, then all is shared; `fair` alone if no role has quota. */
export type Stage = 'guarantees' | 'fair';

/**
 * The rules that decide whether a client gets an agent at its turn (spec 16 §4, §6, §7; conformance README §5.3), applied one by one, so that
 * the first that says no can be told. The cycle applies the same rules faster and without telling.
 */
export class OfferRules {
  readonly #scene: Scene;
  readonly #hypothesis: Hypothesis;
  readonly #quota: QuotaCycle | null;
  /** What the last judgement was about: the offer, and of it the scalars that guarantees and limits speak of. */
  offer = Resources.EMPTY;
  guaranteed = Resources.EMPTY;
  extra = Resources.EMPTY;

  constructor(scene: Scene, hypothesis: Hypothesis, quota: QuotaCycle | null) {
    this.#scene = scene;
    this.#hypothesis = hypothesis;
    this.#quota = quota;
  }

  /** The first rule that keeps `free` of the agent from the client; null if it is offered. `'unmet'` is a guarantee that needs none of it. */
  judge(client: Client, row: AgentRow, free: Resources, stage: Stage): WithholdingRule | 'unmet' | null {
    const { roles } = this.#scene.books;
    this.#reset();
    if (free.isEmpty) return 'nothingFree';
    const available = free.allocatableTo(roles.name(client.role));
    if (available.isEmpty) return 'reservedForOthers';
    if (this.#isConstrained(client, row)) return 'constraint';
    const minimum = this.minimumOf(client);
    this.offer = available;
    if (!minimum.passes(available)) return 'minimum';
    const barred = this.exclusions(client) & this.#restrictions(row);
    if ((barred & (HAS_GPUS | IS_REMOTE)) !== 0) return 'capability';
    const fit = strippedFor(available, this.capabilities(client));
    this.offer = fit;
    if (!minimum.passes(fit)) return 'stripped';
    const bound = this.#bind(client, fit, stage, minimum);
    if (bound !== null) return bound;
    if ((barred & (IS_SINGLE_ROLE | IS_FLAT_ROLE)) !== 0) return 'agentCapability';
    if (this.filtersOver(client, row, this.offer).length > 0) return 'filter';
    return this.#isPassedOver(client, row) ? 'passedOver' : null;
  }

  capabilities(client: Client): readonly FrameworkCapability[] {
    const { target, capabilities } = this.#hypothesis;
    const own = this.#scene.books.framework(client.framework).capabilities;
    if (client.framework !== target.framework || capabilities.length === 0) return own;
    return [...own, ...capabilities];
  }

  exclusions(client: Client): number {
    if (client.framework !== this.#hypothesis.target.framework) return client.exclusions;
    const isNested = this.#scene.books.roles.isNested(client.role);
    return exclusionsOf(this.capabilities(client), isNested, this.#scene.filterGpuResources);
  }

  minimumOf(client: Client): MinimumOffer {
    const { target, minimum } = this.#hypothesis;
    return (client === target ? minimum : null) ?? client.minimum ?? this.#scene.minimum;
  }

  /** Live filters that keep `offer` away; none if the role is revived. */
  filtersOver(client: Client, row: AgentRow, offer: Resources): readonly RefusedOffer[] {
    const { target, isRevived, at } = this.#hypothesis;
    if (client.filters === null || (client === target && isRevived)) return [];
    const isLive = ({ until, isLate }: RefusedOffer): boolean =>
      until > at || (until === at && isLate && at >= this.#scene.nextTick);
    return this.#scene.books.filters
      .refusalsOf(client.filters, row.agent)
      .filter((filter) => isLive(filter) && filter.refused.contains(offer));
  }

  /** A decliner's turn comes again at the tick, when its framework or the agent changes, or when it revives. */
  #isPassedOver(client: Client, row: AgentRow): boolean {
    const { guard } = this.#scene.books;
    const { at, isRoundOver, activated, whitelisted, upgraded } = this.#hypothesis;
    if (guard === null || isRoundOver || this.#isTurnedTo(client)) return false;
    if (at >= this.#scene.nextTick && guard.isWaiting(row.agent)) return false;
    if (activated.has(row.agent) || whitelisted.has(row.hostname) || upgraded.has(row.agent)) return false;
    return guard.isBehind(client.row, row.agent);
  }

  /** Whether the hypothesis makes the client ask anew: it revives, or its framework subscribes again, or with other settings. */
  #isTurnedTo(client: Client): boolean {
    const { target, isRevived, isFrameworkActive, capabilities, minimum, isUnconstrained } = this.#hypothesis;
    if (client === target && isRevived) return true;
    const isChanged = isFrameworkActive || capabilities.length > 0 || minimum !== null || isUnconstrained;
    return isChanged && client.framework === target.framework;
  }

  #isConstrained(client: Client, row: AgentRow): boolean {
    const { target, isUnconstrained } = this.#hypothesis;
    if (client.constraints === null || (client === target && isUnconstrained)) return false;
    return client.constraints.excludes(row);
  }

  #restrictions(row: AgentRow): number {
    return row.restrictions & ~(this.#hypothesis.upgraded.get(row.agent) ?? 0);
  }

  /** Applies quota to what the client can take; the rule that leaves too little, or null. */
  #bind(
    client: Client,
    fit: Resources,
    stage: Stage,
    minimum: MinimumOffer,
  ): WithholdingRule | 'unmet' | null {
    const quota = this.#quota;
    if (quota === null) return null;
    const divisible = fit.filter(isDivisible);
    if (stage === 'guarantees') {
      this.guaranteed = quota.shrunkToUnmet(divisible, client.role);
      if (this.guaranteed.isEmpty) return 'unmet';
    }
    const rest = divisible.minus(this.guaranteed);
    const always = this.#always(client, fit, stage);
    this.extra = quota.bounded(rest, client.role, this.guaranteed);
    this.offer = always.plus(this.guaranteed).plus(this.extra);
    if (minimum.passes(this.offer)) return null;
    const limited = quota.withinLimit(rest, client.role, this.guaranteed);
    return minimum.passes(always.plus(this.guaranteed).plus(limited)) ? 'headroom' : 'limit';
  }

  /** What no quota binds; while guarantees are served, of reservations only those of exactly the role. */
  #always(client: Client, fit: Resources, stage: Stage): Resources {
    if (stage === 'fair') return fit.filter((entry) => !isDivisible(entry));
    const own = this.#scene.books.roles.name(client.role);
    return fit.filter((entry) => {
      const { reservations, type, revocable } = entry.identity;
      return type !== 'SCALAR' || revocable || reservations[reservations.length - 1]?.role === own;
    });
  }

  #reset(): void {
    this.offer = Resources.EMPTY;
    this.guaranteed = Resources.EMPTY;
    this.extra = Resources.EMPTY;
  }
}

/** Unreserved, non-revocable scalars: what guarantees and limits speak of. */
function isDivisible(entry: Resources['entries'][number]): boolean {
  const { reservations, type, revocable } = entry.identity;
  return reservations.length === 0 && type === 'SCALAR' && !revocable;
}
