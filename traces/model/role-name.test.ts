import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { validateRole } from '../../engine/resources/index.ts';
import { roleName } from './role-name.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('a', '~', '2', 'f', ';', '/', '.', '-', '*', ' ', '\t', '\x7f') }),
);

test('any text becomes a valid role name', () => {
  fc.assert(
    fc.property(text, (name) => {
      expect(validateRole(roleName(name)).ok).toBe(true);
    }),
  );
});

test('different texts never share a role', () => {
  fc.assert(
    fc.property(text, text, (left, right) => {
      expect(roleName(left) === roleName(right)).toBe(left === right);
    }),
  );
});

test.each([
  ['11cb48', '11cb48'],
  ['', '~'],
  ['*', '~2a;'],
  ['..', '~2e;~2e;'],
  ['-x', '~2d;x'],
  ['a/b c', 'a~2f;b~20;c'],
  ['70s3v5qRyCO/1PCdI6f=', '70s3v5qRyCO~2f;1PCdI6f='],
])('%j becomes %j', (name, role) => {
  expect(roleName(name)).toBe(role);
});
