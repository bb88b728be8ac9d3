import { assert, err, fromMilli, ok, type Result } from '../core/index.ts';
import type { OperatorMutation, QuotaConfig, QuotaRequest } from '../protocol/index.ts';
import { Quantities, ResourceLimits, type Resources } from '../resources/index.ts';
import { refuse } from './frameworks.ts';
import { answer, change, type OperatorRequest, refuseInvalid } from './operator-request.ts';
import { quotaUpdated } from './published.ts';
import { clusterCapacity, quotaConsumption } from './quota-consumption.ts';
import { rescindForQuotas } from './quota-rescinding.ts';
import {
  type QuotaError,
  quotaErrorText,
  type QuotaFacts,
  validateQuota,
  validateQuotaUpdate,
} from './quota-validation.ts';
import type { MasterState } from './state.ts';

type UpdateCall = Extract<OperatorMutation, { type: 'UPDATE_QUOTA' }>;

/** UPDATE_QUOTA (spec 08 §4): all of the list or nothing. Judged with the updates before it, durable or not. */
export function updateQuota(master: MasterState, from: OperatorRequest, call: UpdateCall): void {
  const checked = checkUpdate(master, call.quotaConfigs, call.force);
  if (!checked.ok) {
    refuseInvalid(master, from, quotaErrorText(checked.error));
  } else if (call.quotaConfigs.length === 0) {
    answer(master, from);
  } else {
    change(master, from, { kind: 'quotasUpdated', quotaConfigs: call.quotaConfigs });
  }
}

/**
 * SET_QUOTA, of the calls of old (spec 05 §A, 08 §4): the guarantee is the limit too. It does not look at what the role holds, and a
 * guarantee beyond the cluster is a conflict (409), where UPDATE_QUOTA calls it invalid.
 */
export function setQuota(master: MasterState, from: OperatorRequest, request: QuotaRequest): void {
  const config = legacyConfig(request);
  if (!config.ok) {
    refuseInvalid(master, from, config.error);
    return;
  }
  const { role } = request;
  const wellFormed = wellFormedQuota(master, config.value);
  if (!wellFormed.ok) {
    refuseInvalid(master, from, quotaErrorText(wellFormed.error));
    return;
  }
  if (master.intended.quotas.has(role)) {
    refuseInvalid(master, from, `Role '${role}' has a quota already: remove it first, or use UPDATE_QUOTA`);
    return;
  }
  const facts = { ...factsOf(master, request.force), consumption: new Map<string, Quantities>() };
  const fits = validateQuotaUpdate([config.value], facts);
  if (!fits.ok) refuse(master, from.request, { code: 'CONFLICT', message: quotaErrorText(fits.error) });
  else change(master, from, { kind: 'quotasUpdated', quotaConfigs: [config.value] });
}

/** REMOVE_QUOTA, of the calls of old. */
export function removeQuota(master: MasterState, from: OperatorRequest, role: string): void {
  if (!master.intended.quotas.has(role)) {
    refuseInvalid(master, from, `Role '${role}' has no quota to remove`);
    return;
  }
  const none = { role, guarantees: Quantities.EMPTY, limits: ResourceLimits.UNLIMITED };
  change(master, from, { kind: 'quotasUpdated', quotaConfigs: [none] });
}

/** The registry holds the quotas: they are in force, and offers in their way come back. */
export function quotasUpdated(
  master: MasterState,
  configs: readonly QuotaConfig[],
  from: OperatorRequest | null,
): void {
  for (const config of configs) {
    const { role, guarantees, limits } = config;
    if (guarantees.isEmpty && limits.isEmpty) master.quotas.delete(role);
    else master.quotas.set(role, { guarantees, limits });
    master.allocator.setQuota(master.now, master.allocator.role(role), { guarantees, limits });
    quotaUpdated(master, config);
  }
  rescindForQuotas(master, configs);
  answer(master, from);
}

function checkUpdate(
  master: MasterState,
  configs: readonly QuotaConfig[],
  force: boolean,
): Result<void, QuotaError> {
  for (const config of configs) {
    const wellFormed = wellFormedQuota(master, config);
    if (!wellFormed.ok) return wellFormed;
  }
  return validateQuotaUpdate(configs, factsOf(master, force));
}

function wellFormedQuota(master: MasterState, config: QuotaConfig): Result<void, QuotaError> {
  const amounts = ({ names, values }: Quantities | ResourceLimits) =>
    new Map(names.map((name, index) => [name, fromMilli(values[index]!)]));
  const { role, guarantees, limits } = config;
  const requested = { role, guarantees: amounts(guarantees), limits: amounts(limits) };
  const checked = validateQuota(requested, whitelist(master));
  return checked.ok ? ok(undefined) : checked;
}

function factsOf(master: MasterState, force: boolean): QuotaFacts {
  const guarantees = new Map<string, Quantities>();
  for (const [role, quota] of master.intended.quotas) guarantees.set(role, quota.guarantees);
  const consumption = new Map<string, Quantities>();
  if (!force) {
    for (const [role, tally] of quotaConsumption(master)) consumption.set(role, tally.quantities());
  }
  return { force, capacity: clusterCapacity(master), guarantees, consumption };
}

/** `--roles`. */
export function whitelist({ options }: MasterState): ReadonlySet<string> | null {
  return options.roles === null ? null : new Set(options.roles);
}

function legacyConfig({ role, guarantee }: QuotaRequest): Result<QuotaConfig, string> {
  const fault = legacyFault(guarantee);
  if (fault !== null) return err(`The guarantee of role '${role}' ${fault}`);
  const guarantees = guarantee.quantities();
  const limits = ResourceLimits.of(
    guarantees.names.map((name, index) => [name, guarantees.values[index]!] as const),
  );
  assert(!guarantees.isEmpty, 'a guarantee that passed its rules names something');
  return ok({ role, guarantees, limits });
}

/** The rule of a guarantee of old that the resources break: plain scalars only. */
function legacyFault(guarantee: Resources): string | null {
  if (guarantee.isEmpty) return 'is empty: it names at least one scalar';
  for (const { identity } of guarantee.entries) {
    const { name } = identity;
    if (identity.type !== 'SCALAR') return `names ${name}, which is no scalar: only scalars have quota`;
    if (identity.reservations.length > 0) return `has reserved ${name}: quota is of plain resources`;
    if (identity.disk !== null) return `has disk info on ${name}: quota is of plain resources`;
    if (identity.revocable) return `has revocable ${name}: quota is of plain resources`;
  }
  return null;
}
