import { expect, test } from 'vitest';
import { micros, milli } from '../core/index.ts';
import { Quantities, Resources } from '../resources/index.ts';
import {
  type Agent,
  type AllocationExplanation,
  type Change,
  changeText,
  type Contender,
  explanationText,
  type Framework,
  shortageText,
  type Withheld,
  WITHHOLDING_RULES,
  withheldText,
} from './index.ts';

const NAMES = { framework: (framework: Framework) => ['marathon', 'spark'][framework]! };
const CPUS = Quantities.of([['cpus', milli(4_000)]]);
const ASKER = { framework: 0 as Framework, role: 'web' };
const OWN: Contender = { framework: 0 as Framework, role: 'web', roleShare: 0.5, frameworkShare: 0.5 };
const AHEAD: Contender = { framework: 1 as Framework, role: 'batch', roleShare: 0.25, frameworkShare: 1 };

const FACTS: { readonly [rule in Withheld['rule']]: Omit<Extract<Withheld, { rule: rule }>, 'rule'> } = {
  recoveryPause: { until: micros(600_000_000), agentsAwaited: 8 },
  agentDeactivated: {},
  notWhitelisted: {},
  notSubscribed: {},
  frameworkInactive: {},
  suppressed: {},
  demandMet: {},
  nothingFree: { holders: [{ framework: 1 as Framework, role: 'batch', quantities: CPUS }] },
  reservedForOthers: { roles: ['db'] },
  constraint: {},
  minimum: { offer: CPUS },
  capability: { capability: 'GPU_RESOURCES' },
  stripped: { capabilities: ['REVOCABLE_RESOURCES'] },
  limit: { role: 'web', left: Quantities.EMPTY, exhausted: ['cpus'] },
  headroom: { guarantees: [{ role: 'db', unmet: CPUS }] },
  agentCapability: { capability: 'HIERARCHICAL_ROLE' },
  filter: { until: micros(9_000_000), remaining: micros(4_500_123) },
  passedOver: { until: micros(9_000_000), remaining: micros(500_000) },
  order: { own: OWN, ahead: AHEAD, forGuarantee: false },
  fit: { missing: CPUS },
};

const CHANGES: readonly Change[] = [
  { kind: 'reviveRole' },
  { kind: 'waitUntil', instant: micros(9_000_000), remaining: micros(4_000_000) },
  { kind: 'activateFramework' },
  { kind: 'addCapability', capability: 'GPU_RESOURCES' },
  { kind: 'lowerMinimum', to: CPUS },
  { kind: 'relaxConstraint' },
  { kind: 'activateAgents', agents: [0 as Agent], hostnames: ['h0'] },
  { kind: 'addToWhitelist', hostnames: ['h0', 'h1', 'h2', 'h3', 'h4'] },
  { kind: 'raiseLimit', role: 'web', by: CPUS },
  { kind: 'lowerGuarantees', guarantees: [{ role: 'db', unmet: CPUS }] },
  { kind: 'raiseWeight', role: 'web', to: 2.5 },
  { kind: 'suppressOthers', others: [AHEAD] },
  { kind: 'upgradeAgents', capability: 'MULTI_ROLE', agents: [0 as Agent], hostnames: ['h0'] },
];

test('every rule has a text of its own that names what it went by', () => {
  const texts = WITHHOLDING_RULES.map((rule) =>
    withheldText({ rule, ...FACTS[rule] } as Withheld, ASKER, NAMES),
  );
  expect(new Set(texts).size).toBe(WITHHOLDING_RULES.length);
  expect(texts).toMatchInlineSnapshot();
});

test('every change reads as advice', () => {
  expect(CHANGES.map((change) => changeText(change, ASKER, NAMES))).toMatchInlineSnapshot();
});

test('shares of frameworks decide within a role, shares of roles between roles', () => {
  const text = (own: Contender) =>
    withheldText({ rule: 'order', own, ahead: AHEAD, forGuarantee: false }, ASKER, NAMES);
  expect(text(OWN)).toContain('0.2500 against 0.5000');
  expect(text({ ...OWN, role: 'batch' })).toContain('1.0000 against 0.5000');
});

test('a shortage names the kind, and how much there is at most', () => {
  const none = { kind: 'noAgentHas', name: 'gpus', wanted: milli(3_000), most: milli(0) } as const;
  expect(shortageText(none, NAMES)).toBe('no agent has 3 gpus; the most is 0');
});

test('the whole names the answer, the reasons by size, and what would help', () => {
  const why: AllocationExplanation = {
    now: micros(5_000_000),
    ...ASKER,
    demand: CPUS,
    agents: 5,
    offerable: 1,
    roleShare: 0.5,
    reasons: [
      {
        rule: 'suppressed',
        agents: 4,
        examples: [0, 1, 2].map((agent) => ({
          agent: agent as Agent,
          hostname: `h${agent}`,
          withheld: { rule: 'suppressed' },
          offer: Resources.EMPTY,
        })),
      },
    ],
    suggestions: [{ changes: [{ kind: 'reviveRole' }, { kind: 'relaxConstraint' }], agents: 4 }],
    shortage: null,
    verdicts: [],
  };
  expect(explanationText(why, NAMES)).toEqual([
    'framework marathon in role web: 1 of 5 agents would be offered to it now with cpus:4 free',
    'dominant share of the role: 0.5000',
    '',
    'why not the others, by the first rule that withholds them:',
    '  4 agents: framework marathon suppressed offers for role web (h0, h1, h2, …)',
    '',
    'what would help, best first:',
    '  revive role web (REVIVE lifts suppression and filters); then relax the offer constraints of role web: 4 agents',
  ]);
});
