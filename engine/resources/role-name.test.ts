import { expect, test } from 'vitest';
import { ancestors, isStrictSubrole, validateRole } from './index.ts';

test('valid role names are accepted', () => {
  for (const role of ['*', 'a', 'a/b', 'a/b/c', 'a-b', 'a.b', '...', 'a/..b', '_', 'ä', 'a*', '__proto__']) {
    expect(validateRole(role).ok, role).toBe(true);
  }
});

test('each rule refuses with its own reason', () => {
  const refused: readonly (readonly [string, string])[] = [
    ['', 'EMPTY'],
    ['/', 'SLASH_AT_END'],
    ['/a', 'SLASH_AT_END'],
    ['a/', 'SLASH_AT_END'],
    ['a//b', 'EMPTY_COMPONENT'],
    ['.', 'RESERVED_COMPONENT'],
    ['a/..', 'RESERVED_COMPONENT'],
    ['a/*', 'RESERVED_COMPONENT'],
    ['*/a', 'RESERVED_COMPONENT'],
    ['-a', 'LEADING_DASH'],
    ['a/-b', 'LEADING_DASH'],
    ...['\t', '\n', '\v', '\f', '\r', ' ', '\x7f'].map((c) => [`a${c}b`, 'FORBIDDEN_CHARACTER'] as const),
  ];
  for (const [role, reason] of refused) {
    expect(validateRole(role), JSON.stringify(role)).toEqual({
      ok: false,
      error: { code: 'ROLE_INVALID', role, reason },
    });
  }
});

test('a strict subrole is below at a slash', () => {
  expect(isStrictSubrole('a/b', 'a')).toBe(true);
  expect(isStrictSubrole('a/b/c', 'a')).toBe(true);
  expect(isStrictSubrole('a', 'a')).toBe(false);
  expect(isStrictSubrole('ab', 'a')).toBe(false);
  expect(isStrictSubrole('a', 'a/b')).toBe(false);
});

test('ancestors come nearest first', () => {
  expect(ancestors('a/b/c')).toEqual(['a/b', 'a']);
  expect(ancestors('a')).toEqual([]);
  expect(ancestors('*')).toEqual([]);
});
