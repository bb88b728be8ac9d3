import { describe, expect, test } from 'vitest';
import type { AttributeConstraint, OfferConstraints } from '../protocol/index.ts';
import { validateOfferConstraints } from './offer-constraints-validation.ts';
import { DEFAULT_MASTER_OPTIONS } from './options.ts';
import { stateDigest } from './state-digest.ts';
import { frameworkInfo, MasterDriver, words } from './test-kit.ts';

// Spec 03 §10.

const LIMITS = DEFAULT_MASTER_OPTIONS.offerConstraintsRegex;

function pattern(
  regex: string,
  kind: 'text_matches' | 'text_not_matches' = 'text_matches',
): AttributeConstraint {
  return { selector: { kind: 'attribute', name: 'rack' }, predicate: { kind, regex } };
}

function constraints(role: string, ...groups: AttributeConstraint[][]): OfferConstraints {
  return {
    roleConstraints: new Map([
      [role, { groups: groups.map((attributeConstraints) => ({ attributeConstraints })) }],
    ]),
  };
}

const EXISTS: AttributeConstraint = {
  selector: { kind: 'pseudoattribute', type: 'ZONE' },
  predicate: { kind: 'exists' },
};

test.each([
  ['no constraints', { roleConstraints: new Map() }],
  ['a pattern of RE2', constraints('eng', [pattern('(?i)rack-[0-9]+')])],
  [
    'a pattern that may not match',
    constraints('eng', [EXISTS], [pattern('[[:alpha:]]+', 'text_not_matches')]),
  ],
] satisfies [string, OfferConstraints][])('%s is valid', (_name, given) => {
  expect(validateOfferConstraints(given, new Set(['eng']), LIMITS)).toBeNull();
});

test.each([
  [
    'a foreign role',
    constraints('ops', [EXISTS]),
    "Offer constraints name role 'ops', which is not one of the framework's roles",
  ],
  ['no group', constraints('eng'), "Offer constraints of role 'eng' have no group"],
  [
    'an empty group behind a good one',
    constraints('eng', [EXISTS], []),
    "A group of the offer constraints of role 'eng' has no constraint",
  ],
  [
    'a broken pattern behind a good one',
    constraints('eng', [EXISTS, pattern('a+'), pattern('[a-d')]),
    "Offer constraints of role 'eng' have an invalid pattern '[a-d': '[a-d' at position 0: this character class has no closing ']'",
  ],
  [
    'look-around, even where it may not match',
    constraints('eng', [pattern('a(?=b)', 'text_not_matches')]),
    "Offer constraints of role 'eng' have an invalid pattern 'a(?=b)': '(?=' at position 1: look-around is not supported, as it cannot be matched in linear time",
  ],
  [
    'a pattern that is too large',
    constraints('eng', [pattern('[a-z]{97}')]),
    "Offer constraints of role 'eng' have an invalid pattern '[a-z]{97}': its program size of 101 is larger than the maximum of 100",
  ],
  [
    'a pattern that needs too much memory',
    constraints('eng', [pattern('[a-z]{300}')]),
    "Offer constraints of role 'eng' have an invalid pattern '[a-z]{300}': it needs more than 4096 bytes of memory (287 instructions)",
  ],
] satisfies [string, OfferConstraints, string][])('%s is invalid', (_name, given, message) => {
  expect(validateOfferConstraints(given, new Set(['eng']), LIMITS)).toBe(message);
});

test('a long pattern is quoted in part', () => {
  const message = validateOfferConstraints(
    constraints('eng', [pattern('a'.repeat(4000))]),
    new Set(['eng']),
    LIMITS,
  );
  expect(message).toContain(`'${'a'.repeat(200)}…': it needs more than`);
});

describe('a framework with a broken pattern', () => {
  const broken = constraints('eng', [pattern('(a)\\1')]);

  test('is refused when it subscribes, and leaves no trace', () => {
    const driver = new MasterDriver();
    const before = stateDigest(driver);
    const { outputs } = driver.trySubscribe(frameworkInfo(), { offerConstraints: broken });
    expect(words(outputs)).toEqual([
      expect.stringMatching(/^ERROR Offer constraints of role 'eng' have an invalid pattern '\(a\)\\1'/),
      'closeStream',
    ]);
    expect(stateDigest(driver)).toBe(before);
  });

  test('keeps what it had when its update is refused', () => {
    const driver = new MasterDriver();
    const { id, stream } = driver.subscribe();
    const before = stateDigest(driver);
    const outputs = driver.call(stream, {
      type: 'UPDATE_FRAMEWORK',
      frameworkId: id,
      frameworkInfo: frameworkInfo({ id }),
      suppressedRoles: [],
      offerConstraints: broken,
    });
    expect(words(outputs)).toEqual(['refused FRAMEWORK_INVALID']);
    expect(stateDigest(driver)).toBe(before);
  });

  test('is accepted where the limits are set for its pattern', () => {
    const large = constraints('eng', [pattern('a{200}')]);
    const limits = { programSizeMax: 500, memoryMax: 8192 };
    const driver = new MasterDriver({
      options: { ...DEFAULT_MASTER_OPTIONS, offerConstraintsRegex: limits },
    });
    const { outputs } = driver.trySubscribe(frameworkInfo(), { offerConstraints: large });
    expect(words(outputs)[0]).toMatch(/^SUBSCRIBED/);
  });
});
