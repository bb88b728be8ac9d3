import type { Milli } from '../engine/core/index.ts';
import {
  type QuotaRequested,
  quotaErrorText,
  validateQuota,
  validateQuotaUpdate,
} from '../engine/master/index.ts';
import type { QuotaConfig } from '../engine/protocol/index.ts';
import { isStrictSubrole, parseValue, Quantities } from '../engine/resources/index.ts';
import type { MachineSpec } from '../engine/workload/index.ts';
import { parsePairs } from './quantity-arguments.ts';
import { UsageError } from './usage-error.ts';

const FORM =
  "expected ROLE=cpus:100;mem:65536, which is guarantee and limit, or 'ROLE=guarantee:cpus:100|limit:cpus:200'";
const GUARANTEE = 'guarantee:';
const LIMIT = 'limit:';

/**
 * `--quota`, repeated: `a=cpus:100;gpus:8` guarantees these amounts and limits the role to them; `a=guarantee:cpus:100|limit:cpus:200;gpus:16`,
 * or one of the two parts, says them apart. Each quota keeps the rules that hold whatever the cluster. Throws UsageError.
 */
export function parseQuotas(texts: readonly string[]): readonly QuotaConfig[] {
  const quotas: QuotaConfig[] = [];
  for (const [role, spec] of parsePairs('--quota', texts)) {
    const place = `--quota ${role}=${spec}`;
    const valid = validateQuota(parseSpec(place, role, spec), null);
    if (!valid.ok) throw new UsageError(`${place}: ${quotaErrorText(valid.error)}`);
    quotas.push(valid.value);
  }
  return quotas;
}

/**
 * Holds the quotas against the run: each role has jobs, itself or below it, and the machines have what is guaranteed. Throws UsageError.
 *
 * @param force guarantees may add up to more than the machines have
 */
export function checkQuotas(
  quotas: readonly QuotaConfig[],
  machines: readonly MachineSpec[],
  roles: readonly string[],
  force: boolean,
): void {
  for (const { role } of quotas) {
    if (roles.some((one) => one === role || isStrictSubrole(one, role))) continue;
    throw new UsageError(
      `--quota ${role}: no job has this role or one below it; there are ${roles.join(', ')}`,
    );
  }
  if (quotas.length === 0) return;
  const nothing = new Map<string, Quantities>();
  const facts = { force, capacity: capacityOf(machines), guarantees: nothing, consumption: nothing };
  const valid = validateQuotaUpdate(quotas, facts);
  if (!valid.ok) throw new UsageError(`--quota: ${quotaErrorText(valid.error)} (--force-quota)`);
}

/** For the report: `a: guarantee cpus:100, limit none`. */
export function quotasText(quotas: readonly QuotaConfig[]): string {
  const texts = quotas.map(
    ({ role, guarantees, limits }) =>
      `${role}: guarantee ${guarantees.isEmpty ? 'none' : guarantees.toString()}, limit ${limits.isEmpty ? 'none' : limits.toString()}`,
  );
  return texts.join(' | ') || 'none';
}

function parseSpec(place: string, role: string, spec: string): QuotaRequested {
  if (!spec.includes('|') && !spec.startsWith(GUARANTEE) && !spec.startsWith(LIMIT)) {
    const amounts = parseAmounts(place, spec);
    return { role, guarantees: amounts, limits: amounts };
  }
  let guarantees: ReadonlyMap<string, number> | null = null;
  let limits: ReadonlyMap<string, number> | null = null;
  for (const part of spec.split('|').map((one) => one.trim())) {
    if (part.startsWith(GUARANTEE) && guarantees === null) {
      guarantees = parseAmounts(place, part.slice(GUARANTEE.length));
    } else if (part.startsWith(LIMIT) && limits === null) {
      limits = parseAmounts(place, part.slice(LIMIT.length));
    } else {
      throw new UsageError(`${place}: ${FORM}`);
    }
  }
  return { role, guarantees: guarantees ?? new Map(), limits: limits ?? new Map() };
}

/** `cpus:1;mem:512`, at least one amount. Which numbers are amounts is for the rules of quotas to say. */
function parseAmounts(place: string, text: string): ReadonlyMap<string, number> {
  const amounts = new Map<string, number>();
  for (const item of text.split(';')) {
    const [name, value, ...rest] = item.split(':').map((one) => one.trim());
    if (!name || value === undefined || rest.length > 0) throw new UsageError(`${place}: ${FORM}`);
    if (amounts.has(name)) throw new UsageError(`${place}: ${name} is given twice`);
    const parsed = parseValue(value);
    if (!parsed.ok || parsed.value.type !== 'SCALAR') {
      throw new UsageError(`${place}: ${name} is "${value}", expected a number`);
    }
    amounts.set(name, parsed.value.scalar);
  }
  return amounts;
}

/** What quota can guarantee: scalars that are not revocable. */
function capacityOf(machines: readonly MachineSpec[]): Quantities {
  const amounts: (readonly [string, Milli])[] = [];
  for (const { resources } of machines) {
    const { names, values } = resources.nonRevocable().quantities();
    for (let index = 0; index < names.length; index++) amounts.push([names[index]!, values[index]!]);
  }
  return Quantities.of(amounts);
}
