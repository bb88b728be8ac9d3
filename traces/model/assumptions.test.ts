import { expect, test } from 'vitest';
import { messageOf } from '../testing/trace-files.ts';
import { Assumptions, type AssumptionSpec } from './assumptions.ts';

const SPECS: readonly AssumptionSpec[] = [
  { name: 'rate', meaning: 'MiB per second', fallback: null, example: '10' },
  { name: 'mem', meaning: 'memory of a task', fallback: '1GiB', example: '1GiB' },
  { name: 'kind', meaning: 'kind of task', fallback: 'a', example: 'b' },
];

function given(values: Record<string, string>): Assumptions {
  return new Assumptions('toy', SPECS, new Map(Object.entries(values)));
}

test('every assumption used is stated, with where its value is from', () => {
  const assumptions = given({ rate: '2.5' });
  assumptions.positive('rate');
  assumptions.mebibytes('mem');
  assumptions.state('nothing fails');
  expect(assumptions.lines).toEqual([
    'rate=2.5 (given): MiB per second',
    'mem=1GiB (default): memory of a task',
    'nothing fails',
  ]);
});

test('an assumption that the format does not know is refused with those it knows', async () => {
  expect(await messageOf(() => given({ rats: '1' }))).toBe(
    'unknown assumption "rats" for toy, expected one of: rate, mem, kind',
  );
});

test('what has no default is asked for by name, with an example', async () => {
  expect(await messageOf(() => given({}).require(['rate', 'mem']))).toBe(
    'toy does not say everything a replay needs; give:\n  --assume rate=10   MiB per second',
  );
  expect(await messageOf(() => given({}).text('rate'))).toContain('--assume rate=10');
});

test.each([
  ['512', 512_000],
  ['0.5', 500],
  ['1.5GiB', 1_536_000],
  ['2GB', 2_048_000],
  ['1TiB', 1_048_576_000],
])('%s of memory is %d thousandths of a MiB', (text, expected) => {
  expect(given({ mem: text }).mebibytes('mem')).toBe(expected);
});

test.each([
  [
    () => given({ mem: '1 KB' }).mebibytes('mem'),
    'assumption mem is "1 KB", expected MiB, or a number with MiB, GiB or TiB',
  ],
  [() => given({ rate: '0' }).positive('rate'), 'assumption rate is "0", expected a number above 0'],
  [() => given({ rate: '' }).positive('rate'), 'assumption rate is "", expected a number above 0'],
  [
    () => given({ rate: '1.5' }).count('rate', 1, 9),
    'assumption rate is "1.5", expected a whole number from 1 to 9',
  ],
  [() => given({ rate: '-1' }).seconds('rate'), 'assumption rate is "-1", expected seconds above 0'],
  [() => given({ rate: 'x' }).milli('rate', 10), 'assumption rate is "x", expected a number from 0.01'],
  [() => given({ kind: 'c' }).choice('kind', ['a', 'b']), 'assumption kind is "c", expected one of: a, b'],
])('a value of another kind is refused (%#)', async (act, message) => {
  expect(await messageOf(act)).toBe(message);
});
