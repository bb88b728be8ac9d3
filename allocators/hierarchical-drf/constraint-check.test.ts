import { expect, test } from 'vitest';
import type { Attribute, OfferConstraints } from '../../engine/protocol/index.ts';
import { constraintCheck } from './constraint-check.ts';

function check(kind: 'text_matches' | 'text_not_matches', regex: string) {
  const constraints: OfferConstraints = {
    roleConstraints: new Map([
      [
        'eng',
        {
          groups: [
            {
              attributeConstraints: [
                { selector: { kind: 'attribute', name: 'rack' }, predicate: { kind, regex } },
              ],
            },
          ],
        },
      ],
    ]),
  };
  const check = constraintCheck(constraints, 'eng')!;
  return (...attributes: Attribute[]) => check.excludes({ hostname: 'host', attributes, domain: null });
}

const rack = (text: string): Attribute => ({ name: 'rack', type: 'TEXT', text });

// Each of these means something else, or nothing, as an expression of JavaScript.
test.each([
  ['(?i)R[12]', 'r1', 'r3'],
  ['[[:alpha:]]+', 'abc', 'a:'],
  ['\\Ar\\z', 'r', 'Ar'],
  ['\\Qa.b\\E', 'a.b', 'axb'],
  ['(?P<row>r)[0-9]', 'r1', 'r'],
  ['\\x{1F600}?', '😀', 'x'],
  ['.', '😀', '\n'],
  ['a|ab', 'ab', 'abb'],
])('the pattern %j keeps agents by the rules of RE2', (regex, matching, other) => {
  const matches = check('text_matches', regex);
  expect([matches(rack(matching)), matches(rack(other)), matches()]).toEqual([false, true, true]);
  const differs = check('text_not_matches', regex);
  expect([differs(rack(matching)), differs(rack(other)), differs()]).toEqual([true, false, false]);
});

test('a pattern that backtracks exponentially elsewhere answers for a long text', () => {
  expect(check('text_matches', '(a*)*b')(rack('a'.repeat(5000)))).toBe(true);
  expect(check('text_matches', '(a*)*b')(rack(`${'a'.repeat(5000)}b`))).toBe(false);
});
