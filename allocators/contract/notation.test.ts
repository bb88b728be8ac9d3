import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAttributes } from './attributes-text.ts';
import { parseResources } from './resources-text.ts';

const role = fc.constantFrom('a', 'b', 'eng');
const principal = fc.constantFrom('', '@ops', '@p');
const labels = fc.constantFrom('', '#x', '#k:v');

/** A stack whose roles nest: `a@p,+a/x,+a/x/y`. */
const stack = fc
  .tuple(
    role,
    fc.boolean(),
    fc.array(fc.tuple(fc.constantFrom('x', 'y'), principal), { maxLength: 2 }),
    principal,
    labels,
  )
  .map(([bottom, isDynamic, above, by, marks]) => {
    const entries = [`${isDynamic ? '+' : ''}${bottom}${by}${marks}`];
    let path: string = bottom;
    for (const [component, principalAbove] of above) {
      path = `${path}/${component}`;
      entries.push(`+${path}${principalAbove}`);
    }
    return `(${entries.join(',')})`;
  });
const reserved = fc.oneof(fc.constant(''), stack);
const amount = fc.integer({ min: 1, max: 9999 }).map((milli) => String(milli / 1000));
const item = fc.oneof(
  fc.tuple(
    fc.constantFrom('cpus', 'mem', 'gpus'),
    reserved,
    fc.constantFrom('', '{revocable}', '{provider=p}'),
    amount,
  ),
  fc.tuple(
    fc.constant('disk'),
    reserved,
    fc.constantFrom(
      '',
      '{mount}',
      '{mount=/m}',
      '{path=/p}',
      '{volume=v1}',
      '{volume=v1,shared}',
      '{volume=v2,mount=/m}',
    ),
    amount,
  ),
  fc.tuple(fc.constant('ports'), reserved, fc.constant(''), fc.constantFrom('[1-9]', '[1-2,4-8]', '[7-7]')),
  fc.tuple(fc.constant('tags'), reserved, fc.constant(''), fc.constantFrom('{a}', '{a,b}')),
);
const texts = fc
  .array(item, { maxLength: 6 })
  .map((items) => items.map(([name, on, flags, value]) => `${name}${on}${flags}:${value}`));

function read(text: string): NonNullable<Extract<ReturnType<typeof parseResources>, { ok: true }>>['value'] {
  const parsed = parseResources(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.error}`);
  return parsed.value;
}

describe('resources text', () => {
  test('what is written out reads back equal', () => {
    fc.assert(
      fc.property(texts, (items) => {
        const resources = read(items.join(';'));
        expect(read(resources.toString()).equals(resources)).toBe(true);
      }),
    );
  });

  test('neither the order of items nor blanks around tokens nor a last semicolon matter', () => {
    fc.assert(
      fc.property(texts, (items) => {
        const spaced = [...items]
          .reverse()
          .map((text) => ` ${text.replace(':', ' : ').replace(/,/g, ' , ')} `);
        const end = items.length > 0 ? ';' : '';
        // A colon inside labels is opaque, so texts with labels keep theirs.
        if (items.some((text) => text.includes('#'))) return;
        expect(read(spaced.join(';') + end).equals(read(items.join(';')))).toBe(true);
      }),
    );
  });

  test('a text is the sum of its items', () => {
    fc.assert(
      fc.property(texts, (items) => {
        const sum = items.reduce((all, text) => all.plus(read(text)), read(''));
        expect(read(items.join(';')).equals(sum)).toBe(true);
      }),
    );
  });

  test.each([
    ['a colon is missing', 'cpus'],
    ['parentheses are unbalanced', 'cpus(a:1'],
    ['an item is empty', 'cpus:1;;mem:1'],
    ['a name starts with a digit', '1cpu:1'],
    ['an amount is negative', 'cpus:-1'],
    ['an amount is below a thousandth', 'cpus:0.0004'],
    ['a value is text', 'cpus:many'],
    ['a range descends', 'ports:[5-1]'],
    ['a set holds an empty word', 'tags:{a,,b}'],
    ['a flag is unknown', 'cpus{fast}:1'],
    ['a volume is no disk', 'cpus{volume=v}:1'],
    ['something shared is no volume', 'disk{shared}:1'],
    ['a role is malformed', 'cpus(a//b):1'],
    ['the default role is reserved for', 'cpus(+*):1'],
    ['a static reservation stands on another', 'cpus(a,a/b):1'],
    ['a refined role is not below the one before', 'cpus(a,+b):1'],
    ['a name has two types', 'x:1;x(a):[1-2]'],
  ])('it is refused when %s', (_, text) => {
    expect(parseResources(text).ok).toBe(false);
  });
});

describe('attributes text', () => {
  test('numbers are scalars, brackets ranges, all else is text without blanks, in the order given', () => {
    expect(parseAttributes('rack:r 1;cores:16; ports:[1-2, 4-5];rack:-3;url:http://x')).toEqual({
      ok: true,
      value: [
        { name: 'rack', type: 'TEXT', text: 'r1' },
        { name: 'cores', type: 'SCALAR', scalar: 16000 },
        {
          name: 'ports',
          type: 'RANGES',
          ranges: [
            { begin: 1, end: 2 },
            { begin: 4, end: 5 },
          ],
        },
        { name: 'rack', type: 'TEXT', text: '-3' },
        { name: 'url', type: 'TEXT', text: 'http://x' },
      ],
    });
  });

  test.each(['rack', ':r1', 'rack:', 'rack:{a}', 'ports:[2-1]'])('"%s" is refused', (text) => {
    expect(parseAttributes(text).ok).toBe(false);
  });
});
