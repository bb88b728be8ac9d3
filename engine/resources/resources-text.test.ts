import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCommandLineResources, type ResourceError, Resources, resourceErrorText } from './index.ts';

function text(input: string): string {
  const parsed = Resources.parse(input);
  return parsed.ok ? String(parsed.value) : resourceErrorText(parsed.error);
}

function refusal(input: string): ResourceError | null {
  const parsed = Resources.parse(input);
  return parsed.ok ? null : parsed.error;
}

describe('the text form', () => {
  test('scalars, ranges, sets and static reservations are read', () => {
    expect(
      text('cpus:24;mem:24576;disk:409600;ports:[21000-24000,30000-34000];cpus(ads):8;bugs(debug):{b,a}'),
    ).toBe('bugs(debug):{a, b};cpus:24;cpus(ads):8;disk:409600;mem:24576;ports:[21000-24000, 30000-34000]');
  });

  test('blanks anywhere are ignored', () => {
    expect(text(' cpus ( ads ) : 1.5 ; ports : [ 1 - 2 , 4 - 5 ] ;; names:{ a , b };')).toBe(
      'cpus(ads):1.5;names:{a, b};ports:[1-2, 4-5]',
    );
  });

  test('(*) is unreserved, and equal entries are summed', () => {
    expect(text('cpus(*):3;cpus:1;ports:[1-5];ports:[4-9];names:{a};names:{a,b}')).toBe(
      'cpus:4;names:{a, b};ports:[1-9]',
    );
  });

  test('amounts are rounded to thousandths, half away from zero', () => {
    expect(text('cpus:0.0005;mem:1.0004;disk:2e3;gpus:.5')).toBe('cpus:0.001;disk:2000;gpus:0.5;mem:1');
  });

  test('every malformed item is refused with its reason', () => {
    const reasons: readonly (readonly [string, string])[] = [
      ['cpus', 'COLON_MISSING'],
      ['cpus(role1)', 'COLON_MISSING'],
      ['cpus:1:2', 'COLON_EXTRA'],
      ['cpus(role1:1', 'PARENTHESES_UNBALANCED'],
      ['cpus)(role1:1', 'PARENTHESES_UNBALANCED'],
      ['cpus)role1:1', 'PARENTHESES_UNBALANCED'],
      ['cpus(a)b:1', 'PARENTHESES_UNBALANCED'],
      ['cpus:', 'VALUE_EMPTY'],
      ['cpus: ', 'VALUE_EMPTY'],
      ['ports:[1-2', 'BRACKETS_UNBALANCED'],
      ['ports:]1-2[', 'BRACKETS_UNBALANCED'],
      ['names:{a', 'BRACKETS_UNBALANCED'],
      ['ports:1[1-2]', 'BRACKET_MISPLACED'],
      ['ports:[1-2]3', 'BRACKET_MISPLACED'],
      ['ports:[1-2][3-4]', 'RANGES_MALFORMED'],
      ['names:a{b}', 'BRACKET_MISPLACED'],
      ['names:{a}b', 'BRACKET_MISPLACED'],
      ['names:{{a}}', 'BRACKET_MISPLACED'],
      ['ports:[1]', 'RANGES_MALFORMED'],
      ['ports:[2-1]', 'RANGES_MALFORMED'],
      ['ports:[-1-2]', 'RANGES_MALFORMED'],
      ['ports:[1.5-2]', 'RANGES_MALFORMED'],
      ['ports:[0-9007199254740992]', 'RANGES_MALFORMED'],
      ['cpus:abc', 'VALUE_NOT_A_RESOURCE'],
      ['cpus:nan', 'VALUE_NOT_A_RESOURCE'],
      ['cpus:inf', 'VALUE_NOT_A_RESOURCE'],
      ['cpus:0x10', 'VALUE_NOT_A_RESOURCE'],
      ['cpus:1e', 'VALUE_NOT_A_RESOURCE'],
      ['cpus:.', 'VALUE_NOT_A_RESOURCE'],
    ];
    for (const [item, reason] of reasons) {
      expect(refusal(item), item).toEqual({ code: 'TEXT_MALFORMED', item: item.trim(), reason });
    }
  });

  test('invalid names, roles and amounts are refused', () => {
    expect(refusal(':1')).toEqual({ code: 'NAME_EMPTY' });
    expect(refusal('cpus():1')).toEqual({ code: 'ROLE_INVALID', role: '', reason: 'EMPTY' });
    expect(refusal('cpus(a//b):1')?.code).toBe('ROLE_INVALID');
    expect(refusal('cpus:-1')).toEqual({ code: 'SCALAR_INVALID', name: 'cpus', value: '-1' });
    expect(refusal('cpus:1e999')?.code).toBe('SCALAR_INVALID');
    expect(refusal('cpus:0.0001')?.code).toBe('SCALAR_TOO_SMALL');
    expect(refusal('cpus:4e-320')?.code).toBe('SCALAR_TOO_SMALL');
    expect(refusal('cpus:1099511627777')?.code).toBe('SCALAR_TOO_LARGE');
    expect(refusal('cpus:1099511627776')).toBe(null);
  });

  test('one name with two value types is refused, whatever the roles', () => {
    expect(refusal('foo(role1):1;foo(role2):[0-1]')).toEqual({ code: 'TYPES_MIXED', name: 'foo' });
  });

  test('what is written is read back the same', () => {
    const amount = fc.oneof(
      fc.integer({ min: 1, max: 10_000_000 }).map((thousandths) => String(thousandths / 1000)),
      fc.constant('1000000000.001'),
    );
    const range = fc.tuple(fc.nat(20), fc.nat(5)).map(([begin, length]) => `${begin}-${begin + length}`);
    const entry = fc.oneof(
      fc.tuple(fc.constantFrom('cpus', 'mem', '__proto__'), fc.constantFrom('', '(a)', '(a/b)'), amount),
      fc.tuple(
        fc.constantFrom('ports'),
        fc.constantFrom('', '(a)'),
        fc.array(range, { maxLength: 5 }).map((ranges) => `[${ranges.join(',')}]`),
      ),
      fc.tuple(
        fc.constantFrom('names'),
        fc.constantFrom('', '(a)'),
        fc.array(fc.constantFrom('x', 'y', 'z'), { maxLength: 4 }).map((items) => `{${items.join(',')}}`),
      ),
    );
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 6 }), (entries) => {
        const written = text(entries.map(([name, role, value]) => `${name}${role}:${value}`).join(';'));
        expect(text(written)).toBe(written);
      }),
    );
  });

  test('no text makes the reader throw', () => {
    const piece = fc.constantFrom(
      'cpus',
      ':',
      '(',
      ')',
      '[',
      ']',
      '{',
      '}',
      '1',
      '-',
      ',',
      ';',
      ' ',
      '.',
      'e',
      '*',
      '/',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const read = Resources.parse(pieces.join(''));
        if (!read.ok) expect(resourceErrorText(read.error)).not.toBe('');
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the command line', () => {
  test('the text form and JSON in either reservation format are read', () => {
    const static_ = parseCommandLineResources(
      ' [{"name":"cpus","type":"SCALAR","scalar":{"value":2},"role":"a"},{"name":"mem","type":"SCALAR","scalar":{"value":5}}]',
    );
    expect(static_.ok && String(static_.value)).toBe('cpus(a):2;mem:5');
    const post = parseCommandLineResources(
      '[{"name":"cpus","type":"SCALAR","scalar":{"value":2},"reservations":[{"type":"STATIC","role":"a"}]}]',
    );
    expect(post.ok && String(post.value)).toBe('cpus(a):2');
    const text_ = parseCommandLineResources('cpus(a):2');
    expect(text_.ok && post.ok && text_.value.equals(post.value)).toBe(true);
  });

  test('volumes, revocable resources, dynamic reservations and mixed types are refused', () => {
    const cpus = '"name":"cpus","type":"SCALAR","scalar":{"value":2}';
    const refusals: readonly (readonly [string, string])[] = [
      [`[{${cpus},"revocable":{}}]`, 'revocable'],
      [`[{${cpus},"role":"a","reservation":{}}]`, 'dynamic reservations'],
      [
        '[{"name":"disk","type":"SCALAR","scalar":{"value":2},"role":"a","disk":{"persistence":{"id":"1"},"volume":{"container_path":"d","mode":"RW"}}}]',
        'persistent volumes',
      ],
      [`[{${cpus}},{"name":"cpus","type":"SET","set":{"item":["a"]}}]`, 'different value types'],
      ['[{', 'a JSON array'],
      ['[1]', 'an object'],
    ];
    for (const [input, part] of refusals) {
      const read = parseCommandLineResources(input);
      expect(read.ok ? 'accepted' : resourceErrorText(read.error), input).toContain(part);
    }
  });
});
