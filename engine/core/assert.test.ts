import { expect, test } from 'vitest';
import { assert, assertNever, err, InvariantError, ok } from './index.ts';

test('a broken invariant stops with its reason', () => {
  expect(() => assert(false, 'why it must hold')).toThrow(new InvariantError('why it must hold'));
  expect(() => assert(true, 'holds')).not.toThrow();
  expect(() => assertNever({ kind: 'unheard' } as never)).toThrow('{"kind":"unheard"}');
});

test('a result carries a value or an error', () => {
  expect(ok(1)).toEqual({ ok: true, value: 1 });
  expect(err('refused')).toEqual({ ok: false, error: 'refused' });
});
