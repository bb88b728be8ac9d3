import { assertNever, err, fromMilli, type Milli, ok, type Result } from '../core/index.ts';
import type { QuotaConfig, WeightInfo } from '../protocol/index.ts';
import {
  ancestors,
  Quantities,
  type ResourceError,
  ResourceLimits,
  resourceErrorText,
  scalarAmount,
  validateRole,
} from '../resources/index.ts';

/** A quota as somebody asks for it: amounts by name, as they stand on the wire. */
export interface QuotaRequested {
  readonly role: string;
  readonly guarantees: ReadonlyMap<string, number>;
  readonly limits: ReadonlyMap<string, number>;
}

/** What an update of quotas is held against. */
export interface QuotaFacts {
  /** Leaves out the rules that compare with what the cluster has and uses. */
  readonly force: boolean;
  /** Non-revocable totals of all registered agents, connected or not. */
  readonly capacity: Quantities;
  /** Guarantees in force before the update, by role. */
  readonly guarantees: ReadonlyMap<string, Quantities>;
  /** What roles with their subtrees hold: reservations, and unreserved non-revocable allocations. An absent role holds nothing. */
  readonly consumption: ReadonlyMap<string, Quantities>;
}

type QuotaPart = 'guarantee' | 'limit';

/** The rule of spec 08 §3, §4 that a quota or weight breaks. Nothing was changed. */
export type QuotaError =
  | { readonly code: 'ROLE_INVALID'; readonly error: ResourceError }
  | { readonly code: 'ROLE_NOT_WHITELISTED'; readonly role: string }
  | { readonly code: 'ROLE_NESTED'; readonly role: string }
  | { readonly code: 'ROLE_REPEATED'; readonly role: string }
  | {
      readonly code: 'AMOUNT_INVALID' | 'AMOUNT_TOO_LARGE' | 'AMOUNT_TOO_SMALL';
      readonly part: QuotaPart;
      readonly name: string;
      readonly value: number;
    }
  | { readonly code: 'NAME_EMPTY'; readonly part: QuotaPart }
  | {
      readonly code: 'GUARANTEE_ABOVE_LIMIT';
      readonly name: string;
      readonly guarantee: Milli;
      readonly limit: Milli;
    }
  | {
      readonly code: 'LIMIT_BELOW_CONSUMPTION';
      readonly role: string;
      readonly name: string;
      readonly limit: Milli;
      readonly consumption: Milli;
    }
  | {
      readonly code: 'CAPACITY_EXCEEDED';
      readonly name: string;
      readonly guaranteed: Milli;
      readonly capacity: Milli;
    }
  | { readonly code: 'WEIGHT_INVALID'; readonly role: string; readonly weight: number };

/** Largest amounts of a quota (spec 02 §2): 1 EiB in MiB, and 10^12 of anything else. */
const MIB_MAX = 2 ** 40;
const AMOUNT_MAX = 1e12;

/**
 * The rules that a quota keeps whatever the cluster (spec 08 §4).
 *
 * @param whitelist `--roles`; null allows every name
 */
export function validateQuota(
  { role, guarantees, limits }: QuotaRequested,
  whitelist: ReadonlySet<string> | null,
): Result<QuotaConfig, QuotaError> {
  const named = validateName(role, whitelist);
  if (!named.ok) return named;
  if (ancestors(role).length > 0) return err({ code: 'ROLE_NESTED', role });
  const guaranteed = amountsOf('guarantee', guarantees);
  if (!guaranteed.ok) return guaranteed;
  const limited = amountsOf('limit', limits);
  if (!limited.ok) return limited;
  const config = {
    role,
    guarantees: Quantities.of(guaranteed.value),
    limits: ResourceLimits.of(limited.value),
  };
  const name = firstAbove(config.guarantees, config.limits);
  if (name === null) return ok(config);
  const guarantee = config.guarantees.get(name);
  return err({ code: 'GUARANTEE_ABOVE_LIMIT', name, guarantee, limit: config.limits.get(name)! });
}

/** The rules that an update of well-formed quotas keeps, as a whole, with what else is in force (spec 08 §4). */
export function validateQuotaUpdate(
  update: readonly QuotaConfig[],
  facts: QuotaFacts,
): Result<void, QuotaError> {
  const guarantees = new Map(facts.guarantees);
  const updated = new Set<string>();
  for (const config of update) {
    if (updated.has(config.role)) return err({ code: 'ROLE_REPEATED', role: config.role });
    updated.add(config.role);
    guarantees.set(config.role, config.guarantees);
  }
  if (facts.force) return ok(undefined);
  for (const { role, limits } of update) {
    const consumption = facts.consumption.get(role) ?? Quantities.EMPTY;
    const name = firstAbove(consumption, limits);
    if (name === null) continue;
    return err({
      code: 'LIMIT_BELOW_CONSUMPTION',
      role,
      name,
      limit: limits.get(name)!,
      consumption: consumption.get(name),
    });
  }
  let guaranteed = Quantities.EMPTY;
  for (const quantities of guarantees.values()) guaranteed = guaranteed.plus(quantities);
  const { capacity } = facts;
  const name = guaranteed.names.find((one) => guaranteed.get(one) > capacity.get(one));
  if (name === undefined) return ok(undefined);
  return err({
    code: 'CAPACITY_EXCEEDED',
    name,
    guaranteed: guaranteed.get(name),
    capacity: capacity.get(name),
  });
}

/**
 * The rules of a weight (spec 08 §3).
 *
 * @param whitelist `--roles`; null allows every name
 */
export function validateWeight(
  { role, weight }: WeightInfo,
  whitelist: ReadonlySet<string> | null,
): Result<void, QuotaError> {
  const named = validateName(role, whitelist);
  if (!named.ok) return named;
  if (weight > 0 && Number.isFinite(weight)) return ok(undefined);
  return err({ code: 'WEIGHT_INVALID', role, weight });
}

/** Which rule was broken, by what, and what would be accepted. */
export function quotaErrorText(error: QuotaError): string {
  switch (error.code) {
    case 'ROLE_INVALID':
      return resourceErrorText(error.error);
    case 'ROLE_NOT_WHITELISTED':
      return `Role '${error.role}' is not among the roles that the master allows`;
    case 'ROLE_NESTED':
      return `Role '${error.role}' is nested: only top-level roles have quota, which holds for all roles below them`;
    case 'ROLE_REPEATED':
      return `The quota of role '${error.role}' is given twice`;
    case 'AMOUNT_INVALID':
      return `The ${error.part} of ${error.name} is ${error.value}: an amount is finite and not negative`;
    case 'AMOUNT_TOO_LARGE':
      return `The ${error.part} of ${error.name} is ${error.value}: an amount is at most ${largest(error.name)}`;
    case 'AMOUNT_TOO_SMALL':
      return `The ${error.part} of ${error.name} is ${error.value}: an amount is 0 or at least 0.001`;
    case 'NAME_EMPTY':
      return `A ${error.part} has an empty name`;
    case 'GUARANTEE_ABOVE_LIMIT':
      return `The guarantee of ${fromMilli(error.guarantee)} ${error.name} is above the limit of ${fromMilli(error.limit)}: guarantees are contained in limits`;
    case 'LIMIT_BELOW_CONSUMPTION':
      return `The limit of ${fromMilli(error.limit)} ${error.name} is below the ${fromMilli(error.consumption)} that role '${error.role}' holds now: only force sets such a limit`;
    case 'CAPACITY_EXCEEDED':
      return `The guarantees of all roles add up to ${fromMilli(error.guaranteed)} ${error.name}, and the cluster has ${fromMilli(error.capacity)}: only force guarantees more than there is`;
    case 'WEIGHT_INVALID':
      return `The weight of role '${error.role}' is ${error.weight}: a weight is finite and above 0`;
    default:
      return assertNever(error);
  }
}

function validateName(role: string, whitelist: ReadonlySet<string> | null): Result<void, QuotaError> {
  const valid = validateRole(role);
  if (!valid.ok) return err({ code: 'ROLE_INVALID', error: valid.error });
  if (whitelist !== null && !whitelist.has(role)) return err({ code: 'ROLE_NOT_WHITELISTED', role });
  return ok(undefined);
}

function amountsOf(
  part: QuotaPart,
  wanted: ReadonlyMap<string, number>,
): Result<(readonly [string, Milli])[], QuotaError> {
  const amounts: (readonly [string, Milli])[] = [];
  for (const [name, value] of wanted) {
    if (name === '') return err({ code: 'NAME_EMPTY', part });
    if (!Number.isFinite(value) || value < 0) return err({ code: 'AMOUNT_INVALID', part, name, value });
    if (value > largest(name)) return err({ code: 'AMOUNT_TOO_LARGE', part, name, value });
    const amount = scalarAmount(name, value);
    if (!amount.ok) return err({ code: 'AMOUNT_TOO_SMALL', part, name, value });
    amounts.push([name, amount.value]);
  }
  return ok(amounts);
}

function largest(name: string): number {
  return name === 'mem' || name === 'disk' ? MIB_MAX : AMOUNT_MAX;
}

/** The first name of which there is more than its limit; null if all is within. */
function firstAbove(amounts: Quantities, limits: ResourceLimits): string | null {
  const name = amounts.names.find((one) => amounts.get(one) > (limits.get(one) ?? Infinity));
  return name ?? null;
}
