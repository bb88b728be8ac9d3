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
  order: { own: OWN, ahead: AHEAD, odds: null, forGuarantee: false },
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
  expect(texts).toMatchInlineSnapshot(`
    [
      "no offers are made until 8 agents are back after the failover, or until 600 s",
      "the agent is deactivated",
      "the host is not on the whitelist",
      "framework marathon is not subscribed to role web",
      "framework marathon is disconnected or deactivated",
      "framework marathon suppressed offers for role web",
      "what the framework asked for was offered, and it rests until it asks again",
      "nothing is free; for example held by framework spark in role batch (cpus:4)",
      "what is free is reserved for role db",
      "the offer constraints of the framework exclude the agent",
      "what is free, for example cpus:4, is less than the smallest offer that is made",
      "the agent has gpus, and the framework lacks the capability GPU_RESOURCES",
      "too little is left without what needs REVOCABLE_RESOURCES",
      "role web has used up its limit of cpus",
      "what is free is kept for guarantees: role db lacks cpus:4",
      "the agent cannot serve nested roles (no HIERARCHICAL_ROLE)",
      "declined; the filter on the first lasts another 4.5 s (a smaller refuse_seconds shortens the next)",
      "declined, and others are asked before it is asked again, in 0.5 s",
      "framework spark in role batch comes first, with a share of 0.2500 against 0.5000",
      "offered, but too small: for example cpus:4 is missing",
    ]
  `);
});

test('every change reads as advice', () => {
  expect(CHANGES.map((change) => changeText(change, ASKER, NAMES))).toMatchInlineSnapshot(`
    [
      "revive role web (REVIVE lifts suppression and filters)",
      "wait 4 s, until 9 s",
      "let framework marathon subscribe again",
      "give the framework the capability GPU_RESOURCES",
      "lower the smallest offer of the framework in role web to cpus:4",
      "relax the offer constraints of role web",
      "activate h0",
      "put h0, h1, h2 and 2 more on the whitelist",
      "raise the limit of role web by cpus:4",
      "lower guarantees: of role db by cpus:4",
      "raise the weight of role web to 2.5",
      "let framework spark in role batch suppress offers while nothing of theirs waits",
      "give h0 the agent capability MULTI_ROLE",
    ]
  `);
});

test('where the order is drawn the text gives the odds and no shares, and says that what is offered is certain', () => {
  const withheld: Withheld = { rule: 'order', own: OWN, ahead: AHEAD, odds: 0.25, forGuarantee: false };
  const text = withheldText(withheld, ASKER, NAMES);
  expect(text).toContain('may be drawn first');
  expect(text).toContain('a probability of 0.25');
  expect(text).not.toContain('share');
});

test('shares of frameworks decide within a role, shares of roles between roles', () => {
  const text = (own: Contender) =>
    withheldText({ rule: 'order', own, ahead: AHEAD, odds: null, forGuarantee: false }, ASKER, NAMES);
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
    isDrawn: false,
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
