import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  type ConformanceSubject,
  HIERARCHICAL_DRF_SUBJECT,
  PLAIN_SUBJECT,
  resultText,
  runScenarioFile,
} from './index.ts';

const SEEDS = [1, 2, 3, 4, 5];

/** The areas whose rules the default policy must keep now. */
const REQUIRED = ['resources', 'sorter', 'drf', 'hierarchy', 'weights', 'filters', 'agents'];
const FURTHER = [
  'quota',
  'reservations',
  'persistent-volumes',
  'maintenance',
  'oversubscription',
  'fault-domains',
  'recovery',
  'metrics',
  'offer-constraints',
];

function failuresIn(area: string, subject: ConformanceSubject): readonly string[] {
  const file = new URL(`./scenarios/${area}.json`, import.meta.url);
  const json: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const results = runScenarioFile(json, `${area}.json`, subject, SEEDS);
  return results.filter(({ result }) => result !== 'pass').map(resultText);
}

describe('the default policy passes every scenario of', () => {
  test.each(REQUIRED)('%s', (area) => {
    expect(failuresIn(area, HIERARCHICAL_DRF_SUBJECT)).toEqual([]);
  });
});

describe('the default policy passes every scenario of the further area', () => {
  test.each(FURTHER)('%s', (area) => {
    expect(failuresIn(area, HIERARCHICAL_DRF_SUBJECT)).toEqual([]);
  });
});

describe('the plain allocator passes every scenario of', () => {
  test.each([...REQUIRED, ...FURTHER])('%s', (area) => {
    expect(failuresIn(area, PLAIN_SUBJECT)).toEqual([]);
  });
});
