import { expect, test } from 'vitest';
import {
  formatCompact,
  formatCount,
  formatDuration,
  formatInstant,
  formatMebibytes,
  formatNumber,
  formatPercent,
  formatPlural,
} from './units.ts';

test('numbers have about three digits, and thousands are separated', () => {
  expect([0, 0.01234, 0.5, 1, 4.567, 67.89, 99.96, 1_234.4, -2.5].map(formatNumber)).toEqual([
    '0',
    '0.0123',
    '0.5',
    '1',
    '4.57',
    '67.9',
    '100',
    '1,234',
    '-2.5',
  ]);
  expect([0, 999, 1_000, 1_234_567].map(formatCount)).toEqual(['0', '999', '1,000', '1,234,567']);
});

test('an axis gets few characters', () => {
  expect([0, 0.25, 950, 1_200, 12_000, 1_200_000, 3e9, 5e12].map(formatCompact)).toEqual([
    '0',
    '0.25',
    '950',
    '1,200',
    '12k',
    '1.2M',
    '3G',
    '5T',
  ]);
});

test('a duration is shown in its natural unit', () => {
  expect(
    [0, 12e-6, 3.4e-3, 0.9999, 5.6, 59.99, 60, 3_599, 3_600, 86_399, 86_400, 1e8].map(formatDuration),
  ).toEqual([
    '0 s',
    '12 µs',
    '3.4 ms',
    '1 s',
    '5.6 s',
    '1 min',
    '1 min',
    '1 h',
    '1 h',
    '1 d',
    '1 d',
    '1,157 d',
  ]);
});

test('an instant is shown in its two largest units', () => {
  expect([0, 0.5, 45, 90, 9_000, 86_400, 280_800, 90_061].map(formatInstant)).toEqual([
    '0',
    '0.5 s',
    '45 s',
    '1 min 30 s',
    '2 h 30 min',
    '1 d',
    '3 d 6 h',
    '1 d 1 h',
  ]);
});

test('shares, memory and plurals read well', () => {
  expect([0, 0.0012, 0.345, 1].map(formatPercent)).toEqual(['0 %', '0.12 %', '34.5 %', '100 %']);
  expect([512, 1_536, 20_971_520].map(formatMebibytes)).toEqual(['512 MiB', '1.5 GiB', '20 TiB']);
  expect([1, 2_345].map((count) => formatPlural(count, 'job', 'jobs'))).toEqual(['1 job', '2,345 jobs']);
});
