import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { milli } from '../core/index.ts';
import { Quantities, ResourceLimits, resourceErrorText } from './index.ts';

function quantities(text: string): Quantities {
  const parsed = Quantities.parse(text);
  if (!parsed.ok) throw new Error(resourceErrorText(parsed.error));
  return parsed.value;
}

function limits(text: string): ResourceLimits {
  const parsed = ResourceLimits.parse(text);
  if (!parsed.ok) throw new Error(resourceErrorText(parsed.error));
  return parsed.value;
}

const NAMES = ['cpus', 'disk', 'mem', 'zebras'] as const;
const amounts = fc.array(fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(0, 1, 2, 3, 2 ** 40)), {
  maxLength: 6,
});

function sums(entries: readonly (readonly [string, number])[]): Record<string, number> {
  const record: Record<string, number> = {};
  for (const name of NAMES) {
    record[name] = entries.filter((entry) => entry[0] === name).reduce((sum, entry) => sum + entry[1], 0);
  }
  return record;
}

function of(entries: readonly (readonly [string, number])[]): Quantities {
  return Quantities.of(entries.map(([name, value]) => [name, milli(value)] as const));
}

function told(value: Quantities): Record<string, number> {
  return Object.fromEntries(NAMES.map((name) => [name, value.get(name)]));
}

test('quantities add, subtract down to nothing and contain name by name', () => {
  fc.assert(
    fc.property(amounts, amounts, (a, b) => {
      const [x, y] = [sums(a), sums(b)];
      expect(told(of(a))).toEqual(x);
      expect(told(of(a).plus(of(b)))).toEqual(sums([...a, ...b]));
      expect(told(of(a).minus(of(b)))).toEqual(
        Object.fromEntries(NAMES.map((name) => [name, Math.max(0, x[name]! - y[name]!)])),
      );
      expect(of(a).contains(of(b))).toBe(NAMES.every((name) => x[name]! >= y[name]!));
      expect(of(a).equals(of(b))).toBe(NAMES.every((name) => x[name] === y[name]));
    }),
  );
});

test('names ascend, each once, and no zero is kept', () => {
  fc.assert(
    fc.property(amounts, amounts, (a, b) => {
      for (const result of [of(a), of(a).plus(of(b)), of(a).minus(of(b))]) {
        expect(result.names).toEqual([...new Set(result.names)].sort());
        expect(result.values.every((value) => value > 0)).toBe(true);
        expect(result.isEmpty).toBe(result.names.length === 0);
      }
    }),
  );
});

test('the text form is read and written', () => {
  expect(String(quantities(' mem:512; cpus:1.5;cpus:1;gpus:0 '))).toBe('cpus:2.5;mem:512');
  expect(quantities('')).toBe(Quantities.EMPTY);
  for (const text of [
    'cpus',
    'cpus:1:2',
    'cpus(a):1',
    'ports:[1-2]',
    'x:{a}',
    'cpus:many',
    ':1',
    'cpus:-1',
    'cpus:0.0001',
  ]) {
    expect(Quantities.parse(text).ok, text).toBe(false);
    expect(ResourceLimits.parse(text).ok, text).toBe(false);
  }
});

test('a limit of zero is kept, a repeated one is refused, an absent one is infinite', () => {
  expect(String(limits('mem:0;cpus:1'))).toBe('cpus:1;mem:0');
  expect(limits('mem:0').get('mem')).toBe(0);
  expect(limits('mem:0').get('cpus')).toBe(null);
  expect(ResourceLimits.parse('cpus:1;cpus:2')).toEqual({
    ok: false,
    error: { code: 'LIMIT_REPEATED', name: 'cpus' },
  });
  expect(() =>
    ResourceLimits.of([
      ['a', milli(1)],
      ['a', milli(2)],
    ]),
  ).toThrow('at most one limit');
});

test('limits count down to zero and no further', () => {
  expect(String(limits('cpus:1;mem:5').minus(quantities('cpus:3;mem:1;disk:7')))).toBe('cpus:0;mem:4');
  expect(ResourceLimits.UNLIMITED.minus(quantities('cpus:3'))).toBe(ResourceLimits.UNLIMITED);
});

test('names without limit always fit', () => {
  expect(limits('cpus:1').contains(quantities('cpus:1;mem:9'))).toBe(true);
  expect(limits('cpus:1').contains(quantities('cpus:1.001'))).toBe(false);
  expect(limits('cpus:0').contains(Quantities.EMPTY)).toBe(true);
});

test('limits contain those that allow less', () => {
  expect(ResourceLimits.UNLIMITED.containsLimits(limits('cpus:1'))).toBe(true);
  expect(limits('cpus:1').containsLimits(ResourceLimits.UNLIMITED)).toBe(false);
  expect(limits('cpus:1').containsLimits(limits('cpus:1;mem:0'))).toBe(true);
  expect(limits('cpus:1').containsLimits(limits('cpus:2'))).toBe(false);
  expect(limits('cpus:1').equals(limits('cpus:1'))).toBe(true);
  expect(limits('cpus:1').equals(limits('cpus:1;mem:0'))).toBe(false);
});
