import { describe, expect, test } from 'vitest';
import { milli } from '../core/index.ts';
import type { QuotaConfig } from '../protocol/index.ts';
import { Quantities, ResourceLimits } from '../resources/index.ts';
import {
  type QuotaFacts,
  type QuotaRequested,
  quotaErrorText,
  validateQuota,
  validateQuotaUpdate,
  validateWeight,
} from './quota-validation.ts';

// Spec 08 §3 and §4, rule by rule.

type Amounts = Readonly<Record<string, number>>;

function requested(role: string, guarantees: Amounts, limits: Amounts = {}): QuotaRequested {
  return {
    role,
    guarantees: new Map(Object.entries(guarantees)),
    limits: new Map(Object.entries(limits)),
  };
}

function quantities(text: string): Quantities {
  const parsed = Quantities.parse(text);
  if (!parsed.ok) throw new Error(`The test's own quantities are malformed: ${text}`);
  return parsed.value;
}

/** A well-formed quota; the texts are `cpus:1;mem:512`. */
function config(role: string, guarantees: string, limits: string): QuotaConfig {
  const limited = ResourceLimits.parse(limits);
  if (!limited.ok) throw new Error(`The test's own limits are malformed: ${limits}`);
  return { role, guarantees: quantities(guarantees), limits: limited.value };
}

/** A cluster of 10 cpus of which role `ops` is guaranteed 4 and holds 3. */
function facts(changes: Partial<QuotaFacts> = {}): QuotaFacts {
  return {
    force: false,
    capacity: quantities('cpus:10;mem:1000'),
    guarantees: new Map([['ops', quantities('cpus:4')]]),
    consumption: new Map([['ops', quantities('cpus:3')]]),
    ...changes,
  };
}

const ROLES = new Set(['eng', 'eng/front']);

describe('a quota by itself', () => {
  test.each<[rule: string, quota: QuotaRequested, text: string]>([
    [
      'the role is valid',
      requested('a b', { cpus: 1 }),
      "Role 'a b' is invalid: it contains white space or DEL",
    ],
    [
      'the role is whitelisted',
      requested('ops', { cpus: 1 }),
      "Role 'ops' is not among the roles that the master allows",
    ],
    [
      'only top-level roles have quota',
      requested('eng/front', { cpus: 1 }),
      "Role 'eng/front' is nested: only top-level roles have quota, which holds for all roles below them",
    ],
    [
      'an amount is not negative',
      requested('eng', { cpus: -1 }),
      'The guarantee of cpus is -1: an amount is finite and not negative',
    ],
    [
      'an amount is a number',
      requested('eng', {}, { cpus: NaN }),
      'The limit of cpus is NaN: an amount is finite and not negative',
    ],
    [
      'an amount is finite',
      requested('eng', {}, { cpus: Infinity }),
      'The limit of cpus is Infinity: an amount is finite and not negative',
    ],
    [
      'an amount of mem is at most 1 EiB',
      requested('eng', { mem: 2 ** 40 + 1 }),
      'The guarantee of mem is 1099511627777: an amount is at most 1099511627776',
    ],
    [
      'an amount of disk is at most 1 EiB',
      requested('eng', {}, { disk: 2 ** 41 }),
      'The limit of disk is 2199023255552: an amount is at most 1099511627776',
    ],
    [
      'an amount of anything else is at most 10^12',
      requested('eng', {}, { gpus: 1e12 + 1 }),
      'The limit of gpus is 1000000000001: an amount is at most 1000000000000',
    ],
    [
      'an amount that is not 0 does not round to 0',
      requested('eng', { cpus: 0.0001 }),
      'The guarantee of cpus is 0.0001: an amount is 0 or at least 0.001',
    ],
    ['a name is not empty', requested('eng', { '': 1 }), 'A guarantee has an empty name'],
    [
      'guarantees are contained in limits',
      requested('eng', { cpus: 1, mem: 512 }, { cpus: 2, mem: 511.5 }),
      'The guarantee of 512 mem is above the limit of 511.5: guarantees are contained in limits',
    ],
    [
      'a limit of 0 contains no guarantee',
      requested('eng', { gpus: 1 }, { gpus: 0 }),
      'The guarantee of 1 gpus is above the limit of 0: guarantees are contained in limits',
    ],
  ])('is refused unless %s', (_rule, quota, text) => {
    const valid = validateQuota(quota, ROLES);
    expect(valid.ok ? null : quotaErrorText(valid.error)).toBe(text);
  });

  test.each<[what: string, quota: QuotaRequested]>([
    ['the largest amounts', requested('eng', {}, { cpus: 1e12, mem: 2 ** 40, disk: 2 ** 40 })],
    ['an amount without limit', requested('eng', { cpus: 1e6 }, { mem: 1 })],
    ['a guarantee that equals its limit', requested('eng', { cpus: 1.5 }, { cpus: 1.5 })],
    ['a limit of 0', requested('eng', {}, { gpus: 0 })],
    ['nothing, which removes it', requested('eng', {})],
  ])('may have %s', (_what, quota) => {
    expect(validateQuota(quota, ROLES).ok).toBe(true);
  });

  test('may be of the default role, or of any role without a whitelist', () => {
    expect(validateQuota(requested('*', { cpus: 1 }), null).ok).toBe(true);
    expect(validateQuota(requested('anyone', { cpus: 1 }), null).ok).toBe(true);
  });

  test('comes out in thousandths, with limits of 0 kept and guarantees of 0 left out', () => {
    expect(validateQuota(requested('eng', { cpus: 1.5, mem: 0 }, { cpus: 2, gpus: 0 }), null)).toEqual({
      ok: true,
      value: {
        role: 'eng',
        guarantees: Quantities.of([['cpus', milli(1_500)]]),
        limits: ResourceLimits.of([
          ['cpus', milli(2_000)],
          ['gpus', milli(0)],
        ]),
      },
    });
  });
});

describe('an update of quotas', () => {
  test.each<[rule: string, update: readonly QuotaConfig[], text: string]>([
    [
      'the guarantees of all roles are within the capacity',
      [config('eng', 'cpus:6.001', '')],
      'The guarantees of all roles add up to 10.001 cpus, and the cluster has 10: only force guarantees more than there is',
    ],
    [
      'the guarantees of the update together are within the capacity',
      [config('eng', 'mem:600', ''), config('web', 'mem:600', '')],
      'The guarantees of all roles add up to 1200 mem, and the cluster has 1000: only force guarantees more than there is',
    ],
    [
      'the cluster has what is guaranteed at all',
      [config('eng', 'gpus:1', '')],
      'The guarantees of all roles add up to 1 gpus, and the cluster has 0: only force guarantees more than there is',
    ],
    [
      'limits are at least what the role holds',
      [config('eng', 'cpus:1', ''), config('ops', '', 'cpus:2.5')],
      "The limit of 2.5 cpus is below the 3 that role 'ops' holds now: only force sets such a limit",
    ],
  ])('is refused unless %s, or forced', (_rule, update, text) => {
    const valid = validateQuotaUpdate(update, facts());
    expect(valid.ok ? null : quotaErrorText(valid.error)).toBe(text);
    expect(validateQuotaUpdate(update, facts({ force: true })).ok).toBe(true);
  });

  test('is refused if it names a role twice, even if forced', () => {
    const twice = [config('eng', 'cpus:1', ''), config('eng', 'cpus:2', '')];
    for (const force of [false, true]) {
      const valid = validateQuotaUpdate(twice, facts({ force }));
      expect(valid.ok ? null : quotaErrorText(valid.error)).toBe("The quota of role 'eng' is given twice");
    }
  });

  test.each<[what: string, update: readonly QuotaConfig[]]>([
    ['may guarantee all that there is', [config('eng', 'cpus:6;mem:1000', '')]],
    ['counts the new guarantee of a role and not the old one', [config('ops', 'cpus:10', '')]],
    [
      'is judged as a whole: what one role gives up another may have',
      [config('eng', 'cpus:10', ''), config('ops', '', '')],
    ],
    ['may limit a role to what it holds', [config('ops', '', 'cpus:3')]],
    ['may limit a role that holds nothing to nothing', [config('eng', '', 'cpus:0')]],
  ])('%s', (_what, update) => {
    expect(validateQuotaUpdate(update, facts()).ok).toBe(true);
  });
});

describe('a weight', () => {
  test.each<[rule: string, role: string, weight: number, text: string]>([
    ['the role is valid', 'a//b', 1, "Role 'a//b' is invalid: it contains '//'"],
    ['the role is whitelisted', 'ops', 1, "Role 'ops' is not among the roles that the master allows"],
    ['it is not 0', 'eng', 0, "The weight of role 'eng' is 0: a weight is finite and above 0"],
    ['it is not negative', 'eng', -1, "The weight of role 'eng' is -1: a weight is finite and above 0"],
    ['it is a number', 'eng', NaN, "The weight of role 'eng' is NaN: a weight is finite and above 0"],
    ['it is finite', 'eng', Infinity, "The weight of role 'eng' is Infinity: a weight is finite and above 0"],
  ])('is refused unless %s', (_rule, role, weight, text) => {
    const valid = validateWeight({ role, weight }, ROLES);
    expect(valid.ok ? null : quotaErrorText(valid.error)).toBe(text);
  });

  test('may be of a nested role', () => {
    expect(validateWeight({ role: 'eng/front', weight: 0.5 }, ROLES).ok).toBe(true);
  });
});
