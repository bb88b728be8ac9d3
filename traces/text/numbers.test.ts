import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatScaled, parseScaled } from './numbers.ts';

/** The same by big integers: digits, a point, digits. */
function oracle(whole: string, fraction: string, decimals: number): number {
  const padded = (fraction + '0'.repeat(decimals + 1)).slice(0, decimals + 1);
  const tenfold = BigInt(whole + padded);
  const rounded = (tenfold + 5n) / 10n;
  return rounded > BigInt(Number.MAX_SAFE_INTEGER) ? Number.NaN : Number(rounded);
}

const digits = fc.stringMatching(/^[0-9]{1,12}$/);

test('a decimal text is scaled exactly, rounded half away from zero', () => {
  fc.assert(
    fc.property(
      digits,
      fc.stringMatching(/^[0-9]{0,9}$/),
      fc.constantFrom(0, 3, 6),
      fc.boolean(),
      (whole, fraction, decimals, negative) => {
        const text = fraction === '' ? whole : `${whole}.${fraction}`;
        const expected = oracle(whole, fraction, decimals);
        const scaled = parseScaled(negative ? `-${text}` : text, decimals);
        expect(scaled).toBe(negative && expected !== 0 ? -expected : expected);
      },
    ),
  );
});

test('what is written reads back as the same integer', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.constantFrom(0, 3, 6), (value, decimals) => {
      expect(parseScaled(formatScaled(value, decimals), decimals)).toBe(value);
    }),
  );
});

test.each([
  '',
  ' ',
  '-',
  '.',
  '1,5',
  '1 ',
  ' 1',
  '+1',
  '0x10',
  '1e',
  'e5',
  '1e1234',
  'NaN',
  'Infinity',
  'None',
  '--1',
  '1.2.3',
  '99999999999999999999',
])('%j is no number', (text) => {
  expect(parseScaled(text, 6)).toBeNaN();
});

test.each([
  ['12.', 12_000_000],
  ['.5', 500_000],
  ['1e-3', 1_000],
  ['2.5E+1', 25_000_000],
  ['-0', 0],
  ['0.0000005', 1],
  ['0.0000004', 0],
])('%j is read as %d millionths', (text, expected) => {
  expect(parseScaled(text, 6)).toBe(expected);
});

test('microseconds of 2011 pass through without a double', () => {
  expect(parseScaled('2506135493517', 0)).toBe(2_506_135_493_517);
});
