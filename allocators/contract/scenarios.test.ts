import { readdirSync, readFileSync } from 'node:fs';
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

/** Rules that the other scenarios leave open. */
const RULES = readdirSync(new URL('./scenarios/rules', import.meta.url)).map((file) =>
  file.replace('.json', ''),
);

function failuresIn(area: string, subject: ConformanceSubject, folder = '.'): readonly string[] {
  const file = new URL(`./scenarios/${folder}/${area}.json`, import.meta.url);
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

describe('both pass every scenario of the rules of', () => {
  test.each(RULES)('%s', (area) => {
    expect(failuresIn(area, HIERARCHICAL_DRF_SUBJECT, 'rules')).toEqual([]);
    expect(failuresIn(area, PLAIN_SUBJECT, 'rules')).toEqual([]);
  });
});
