import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileRegex, DEFAULT_REGEX_LIMITS, NO_REGEX_LIMITS, type Regex, regexErrorText } from './index.ts';
import { Matcher } from './matcher.ts';

function compiled(pattern: string): Regex {
  const regex = compileRegex(pattern, NO_REGEX_LIMITS);
  if (!regex.ok) throw new Error(`${pattern}: ${regexErrorText(regex.error)}`);
  return regex.value;
}

/** Pattern, texts that it matches as a whole, texts that it does not. */
const MATCHES: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['', [''], ['a']],
  ['abc', ['abc'], ['', 'ab', 'abcd', 'xabc', 'ABC']],
  ['a|ab', ['a', 'ab'], ['abb', '']],
  ['foo|fob|bar', ['foo', 'fob', 'bar'], ['fo', 'foobar']],
  ['a*', ['', 'aaa'], ['b']],
  ['(?:a*)*b', ['b', 'aab'], ['a']],
  ['a+?', ['a', 'aaa'], ['']],
  ['a??b', ['b', 'ab'], ['aab']],
  ['(?U)a*', ['', 'aa'], ['b']],
  ['a{2}', ['aa'], ['a', 'aaa']],
  ['a{2,}', ['aa', 'aaaa'], ['a']],
  ['a{1,3}?', ['a', 'aaa'], ['', 'aaaa']],
  ['a{0}b', ['b'], ['ab']],
  ['a{,2}', ['a{,2}'], ['a', 'aa']],
  ['a{x}', ['a{x}'], ['a']],
  ['{', ['{'], ['']],
  ['.', ['a', 'é', '日', '😀'], ['', '\n', 'ab']],
  ['(?s).', ['\n', 'a'], ['']],
  ['(?s:.)a.', ['\nab'], ['\na\n']],
  ['[a-d]+', ['abcd'], ['bcde', '']],
  ['[^a-d]', ['e', '\n', '😀'], ['a']],
  ['[]a]+', [']a'], ['b']],
  ['[^]a]', ['b'], [']', 'a']],
  ['[a-]', ['a', '-'], ['b']],
  ['[-a]', ['a', '-'], ['b']],
  ['[\\w-]+', ['a-1'], ['.']],
  ['[α-ω]+', ['αβγ'], ['a']],
  ['[^\\x00-\\x{10FFFF}]', [], ['', 'a']],
  ['\\d\\D\\w\\W\\s\\S', ['1a_- x'], ['1aé- x', '11_- x']],
  ['\\s', [' ', '\t', '\n', '\f', '\r'], ['\v', '\u00a0']],
  ['[[:space:]]', ['\v', ' '], ['\u00a0']],
  ['[[:alpha:][:digit:]]+', ['aZ9'], ['é', '_']],
  ['[[:^alpha:]]', ['1', 'é'], ['a']],
  ['[[:xdigit:]]{4}', ['cAfE'], ['cafg']],
  ['[[:word:]]', ['_'], ['-']],
  ['[[:punct:]]', ['~', '`'], ['a']],
  ['\\p{Any}', ['a', '😀'], ['']],
  ['\\p{Cc}', ['\n', '\u0085'], ['a']],
  ['\\P{Cc}', ['a'], ['\n']],
  ['\\p{^Cc}', ['a'], ['\n']],
  ['(a)(?:b)(?P<name>c)(?<other_1>d)', ['abcd'], ['abc']],
  ['(?i)abc', ['abc', 'AbC'], ['abd']],
  ['a(?i)b', ['ab', 'aB'], ['Ab']],
  ['a(?i:b)c', ['aBc'], ['aBC', 'ABc']],
  ['(?i)a(?-i)b', ['Ab'], ['AB']],
  ['(?i)[a-c]+', ['aBC'], ['d']],
  ['(?i)[^k]', ['a'], ['k', 'K', '\u212a']],
  ['(?i)k', ['k', 'K', '\u212a'], ['j']],
  ['(?i)\\W', ['-'], ['ſ', '\u212a', 's']],
  ['(?i)日本', ['日本'], ['日']],
  ['^abc$', ['abc'], ['abcd']],
  ['\\Aa\\z', ['a'], ['a\n']],
  ['a$', ['a'], ['a\n']],
  ['a^b', [], ['ab']],
  ['a\n^b', [], ['a\nb']],
  ['(?m)a$\n^b', ['a\nb'], ['ab']],
  ['a\\b-\\bb', ['a-b'], ['a-']],
  ['a\\Bb', ['ab'], ['a']],
  ['é\\b', [], ['é']],
  ['\\x41\\x{1F600}\\101\\07', ['A😀A\x07'], ['']],
  ['\\a\\f\\t\\n\\r\\v', ['\x07\f\t\n\r\v'], ['']],
  ['\\.\\*\\-', ['.*-'], ['abc']],
  ['\\Qa.b*\\E+', ['a.b*', 'a.b**'], ['axb']],
  ['\\Qa.b', ['a.b'], ['axb']],
  ['\\C\\C', ['é', 'ab'], ['a']],
];

describe('a pattern matches whole texts:', () => {
  test.each(MATCHES)('%j', (pattern, matching, others) => {
    const regex = compiled(pattern);
    for (const text of matching) expect(regex.matchesWhole(text), JSON.stringify(text)).toBe(true);
    for (const text of others) expect(regex.matchesWhole(text), JSON.stringify(text)).toBe(false);
  });
});

/** Pattern, fault, position, what was found. */
const REFUSED: readonly (readonly [string, string, number, string])[] = [
  ['ab(c', 'GROUP_UNCLOSED', 2, '(c'],
  ['a)b', 'GROUP_UNOPENED', 1, ')'],
  ['a(?zb)', 'GROUP_UNKNOWN', 1, '(?z'],
  ['(?i-)a', 'GROUP_UNKNOWN', 0, '(?i-)'],
  ['(?#c)', 'GROUP_UNKNOWN', 0, '(?#'],
  ['(?>a)', 'GROUP_UNKNOWN', 0, '(?>'],
  ['(?P<>a)', 'GROUP_NAME_INVALID', 0, '(?P<>'],
  ['(?<n', 'GROUP_NAME_INVALID', 0, '(?<n'],
  ['(?<é>a)', 'GROUP_NAME_INVALID', 0, '(?<é'],
  ['a(?=b)', 'LOOK_AROUND', 1, '(?='],
  ['a(?!b)', 'LOOK_AROUND', 1, '(?!'],
  ['(?<=a)b', 'LOOK_AROUND', 0, '(?<='],
  ['(?<!a)b', 'LOOK_AROUND', 0, '(?<!'],
  ['(a)\\1', 'BACKREFERENCE', 3, '\\1'],
  ['(a)\\9', 'BACKREFERENCE', 3, '\\9'],
  ['(?P<n>a)(?P=n)', 'BACKREFERENCE', 8, '(?P='],
  ['日本\\y', 'ESCAPE_UNKNOWN', 2, '\\y'],
  ['\\Z', 'ESCAPE_UNKNOWN', 0, '\\Z'],
  ['\\E', 'ESCAPE_UNKNOWN', 0, '\\E'],
  ['\\x{110000}', 'ESCAPE_UNKNOWN', 0, '\\x{110000'],
  ['\\x{}', 'ESCAPE_UNKNOWN', 0, '\\x{'],
  ['\\x1', 'ESCAPE_UNKNOWN', 0, '\\x1'],
  ['a\\', 'ESCAPE_UNFINISHED', 1, '\\'],
  ['x[a-d', 'CLASS_UNCLOSED', 1, '[a-d'],
  ['[', 'CLASS_UNCLOSED', 0, '['],
  ['[]', 'CLASS_UNCLOSED', 0, '[]'],
  ['[[:foo:]]', 'CLASS_NAME_UNKNOWN', 1, '[:foo:]'],
  ['[z-a]', 'CLASS_RANGE_REVERSED', 1, 'z-a'],
  ['[a-\\d]', 'ESCAPE_UNKNOWN', 3, '\\d'],
  ['a\\p{Greek}', 'UNICODE_CLASS', 1, '\\p{Greek}'],
  ['\\pL', 'UNICODE_CLASS', 0, '\\pL'],
  ['[\\p{Lu}]', 'UNICODE_CLASS', 1, '\\p{Lu}'],
  ['(?i)é', 'CASE_NOT_ASCII', 4, 'é'],
  ['(?i)[à-ÿ]', 'CASE_NOT_ASCII', 5, 'à-ÿ'],
  ['*a', 'REPETITION_OF_NOTHING', 0, '*'],
  ['a|+', 'REPETITION_OF_NOTHING', 2, '+'],
  ['(?:{2})', 'REPETITION_OF_NOTHING', 3, '{2}'],
  ['a**', 'REPETITION_REPEATED', 1, '**'],
  ['a+?+', 'REPETITION_REPEATED', 1, '+?+'],
  ['a{2}{3}', 'REPETITION_REPEATED', 1, '{2}{3}'],
  ['a{1001}', 'REPETITION_TOO_LARGE', 1, '{1001}'],
  ['a{3,2}', 'REPETITION_TOO_LARGE', 1, '{3,2}'],
  ['(a{500}){3}', 'REPETITION_TOO_LARGE', 8, '{3}'],
  ['a\ud800', 'NOT_UNICODE', 1, '\ud800'],
  ['('.repeat(1001), 'GROUP_TOO_DEEP', 1000, '('],
];

describe('what RE2 refuses is refused, with position and what was found:', () => {
  test.each(REFUSED)('%j', (pattern, fault, position, found) => {
    expect(compileRegex(pattern, NO_REGEX_LIMITS)).toEqual({
      ok: false,
      error: { code: 'SYNTAX', fault, position, found },
    });
  });
});

test('errors say what was found where, and what would be accepted', () => {
  const textOf = (pattern: string): string => {
    const regex = compileRegex(pattern, DEFAULT_REGEX_LIMITS);
    return regex.ok ? 'accepted' : regexErrorText(regex.error);
  };
  expect(textOf('a(?=b)')).toBe(
    "'(?=' at position 1: look-around is not supported, as it cannot be matched in linear time",
  );
  expect(textOf('[a-d')).toBe("'[a-d' at position 0: this character class has no closing ']'");
  expect(textOf('a{100}')).toBe('its program size of 104 is larger than the maximum of 100');
  expect(textOf('a{1000}')).toBe('it needs more than 4096 bytes of memory (287 instructions)');
  expect(textOf('a'.repeat(4097))).toBe('it has 4097 characters; at most 4096 are read');
  expect(textOf(`(${'x'.repeat(100)}`)).toBe(
    `'(${'x'.repeat(39)}…' at position 0: this group has no closing ')'`,
  );
});

/** Measured with RE2, release of November 2025. */
const SIZES: readonly (readonly [string, number])[] = [
  ['', 4],
  ['a', 5],
  ['abc', 7],
  ['a*', 5],
  ['a+', 6],
  ['a?', 6],
  ['a|b', 5],
  ['(a|b)*c', 8],
  ['(a)', 7],
  ['[a-z]+', 6],
  ['.', 12],
  ['(?s).', 11],
  ['[^a]', 12],
  ['é', 6],
  ['日本', 10],
  ['[α-ω]', 8],
  ['[à-ÿ]', 6],
  ['[^\\x00-\\x{10FFFF}]', 1],
  ['(?i)abc', 7],
  ['(?i)k', 8],
  ['a{0,3}', 10],
  ['a{3}', 7],
  ['[^a-z]{3}', 28],
  ['(foo|fob|bar)', 13],
  ['ab|ac|a', 7],
  ['x.|x.y|z', 16],
  ['a+a*aab', 9],
  ['(a*)*', 11],
  ['(?:a?){5}', 14],
  ['(?:a*)*', 5],
  ['\\bfoo\\b', 9],
  ['^a', 4],
  ['a$', 5],
  ['^rack-[0-9]+$', 6],
  ['(?m)^a$', 7],
  ['rack-[0-9]{2}\\.(eu|us)-(east|west)-[1-3]', 31],
  ['(?:^|x)*', 10],
  ['((((a))))', 13],
  ['\\C', 5],
  ['[[:word:]]+', 8],
  ['\\D+', 13],
  ['(?i)[^k]', 26],
  ['(?:ab){2,5}', 17],
  ['[a-cà-ÿ😀]', 11],
];

test.each(SIZES)('the program of %j has the size that RE2 gives it', (pattern, size) => {
  expect(compiled(pattern).programSize).toBe(size);
});

describe('limits', () => {
  test('the program size may be the limit and no more', () => {
    expect(compileRegex('a'.repeat(96), DEFAULT_REGEX_LIMITS).ok).toBe(true);
    expect(compileRegex('a'.repeat(97), DEFAULT_REGEX_LIMITS)).toMatchObject({
      error: { code: 'PROGRAM_TOO_LARGE', programSize: 101, programSizeMax: 100 },
    });
  });

  test.each([
    [1024, 27],
    [2048, 112],
    [4096, 283],
    [8192, 624],
  ])(
    '%i bytes are enough for a literal of %i characters, as in RE2, and not for one more',
    (memoryMax, length) => {
      const limits = { programSizeMax: Infinity, memoryMax };
      expect(compileRegex('a'.repeat(length), limits).ok).toBe(true);
      expect(compileRegex('a'.repeat(length + 1), limits)).toMatchObject({
        error: { code: 'MEMORY_EXCEEDED' },
      });
    },
  );

  test('the text behind an anchor is compared by itself and takes no program, as in RE2', () => {
    expect(compiled(`^${'a'.repeat(4000)}`).programSize).toBe(4);
    expect(compiled('^ab+').matchesWhole('abb')).toBe(true);
    expect(compiled('^(?i)ab').matchesWhole('aB')).toBe(true);
    expect(compiled('^é.').matchesWhole('éé')).toBe(true);
    expect(compiled('^ab').matchesWhole('a')).toBe(false);
  });
});

// Patterns whose meaning JavaScript shares: full match in Unicode mode over a small alphabet.
const atom = fc.constantFrom(
  ...[
    'a',
    'b',
    '😀',
    '.',
    '[ab]',
    '[^a]',
    '[a-z]',
    '\\d',
    '\\w',
    '\\W',
    '^',
    '$',
    '\\b',
    '\\B',
    '\\n',
    '1',
    '',
  ],
);
const { pattern } = fc.letrec<{ pattern: string; repeated: string }>((tie) => ({
  repeated: fc
    .tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '*?', '+?', '??', '{2}', '{0,2}', '{1,}', '{1,2}?'))
    .map(([inner, times]) => `(?:${inner})${times}`),
  pattern: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { weight: 3, arbitrary: atom },
    {
      weight: 2,
      arbitrary: fc.array(tie('pattern'), { minLength: 2, maxLength: 3 }).map((all) => all.join('')),
    },
    {
      weight: 2,
      arbitrary: fc.array(tie('pattern'), { minLength: 2, maxLength: 4 }).map((all) => `(${all.join('|')})`),
    },
    { weight: 2, arbitrary: tie('repeated') },
  ),
}));
const text = fc
  .array(fc.constantFrom('a', 'b', '1', '\n', '😀', '-'), { maxLength: 6 })
  .map((all) => all.join(''));

test('on the syntax that both know, it agrees with the expressions of JavaScript', () => {
  fc.assert(
    fc.property(pattern, fc.array(text, { minLength: 1, maxLength: 8 }), (source, texts) => {
      const own = compiled(source);
      const other = new RegExp(`^(?:${source})$`, 'u');
      for (const one of texts) expect(own.matchesWhole(one), JSON.stringify(one)).toBe(other.test(one));
    }),
    { numRuns: 3000 },
  );
});

test('limits change which patterns are accepted, never what they match', () => {
  fc.assert(
    fc.property(pattern, text, (source, one) => {
      const limited = compileRegex(source, DEFAULT_REGEX_LIMITS);
      const { programSize } = compiled(source);
      if (programSize > DEFAULT_REGEX_LIMITS.programSizeMax) expect(limited.ok).toBe(false);
      else if (limited.ok) expect(limited.value.matchesWhole(one)).toBe(compiled(source).matchesWhole(one));
    }),
  );
});

test('any string compiles or is refused with a position inside it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...'ab()[]{}|*+?^$.\\-,:<>=!pPQExC1290isU'), { maxLength: 20 }),
      (characters) => {
        const regex = compileRegex(characters.join(''), DEFAULT_REGEX_LIMITS);
        if (regex.ok) regex.value.matchesWhole('aab');
        else if (regex.error.code === 'SYNTAX')
          expect(characters.join('').startsWith(regex.error.found, regex.error.position)).toBe(true);
      },
    ),
    { numRuns: 3000 },
  );
});

describe('a match takes steps in proportion to program size × text', () => {
  function steps(source: string, input: string): number {
    const regex = compiled(source);
    regex.matchesWhole(input);
    if (!(regex instanceof Matcher)) throw new Error('the only implementation');
    expect(regex.steps).toBeLessThanOrEqual(2 * (input.length + 1) * regex.programSize);
    return regex.steps;
  }

  test.each(['(a*)*b', '(a+)+b', '(a|a)*b', '(a|aa)+b', '(?:.*.*)*=', '((a*)*)*b', '(a?){20}a{20}b'])(
    'twice the text of a’s takes %s at most twice the steps, and a few',
    (source) => {
      expect(steps(source, 'a'.repeat(4000))).toBeLessThanOrEqual(2 * steps(source, 'a'.repeat(2000)) + 200);
    },
  );

  test.each([10, 20, 40, 80])('a?^n a^n on a^n, n = %i', (n) => {
    const source = 'a?'.repeat(n) + 'a'.repeat(n);
    expect(compiled(source).matchesWhole('a'.repeat(n))).toBe(true);
    steps(source, 'a'.repeat(n));
  });
});

test('a match leaves nothing behind for the next', () => {
  const regex = compiled('(a|b)*c');
  for (const [input, expected] of [
    ['abc', true],
    ['ab', false],
    ['c', true],
    ['', false],
    ['abc', true],
  ] as const)
    expect(regex.matchesWhole(input)).toBe(expected);
});
