import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type ConformanceSubject, PLAIN_SUBJECT, resultText, runScenarioFile } from './index.ts';

const SEEDS = [1, 2, 3, 4, 5];

const AREAS = [
  'resources',
  'sorter',
  'drf',
  'hierarchy',
  'weights',
  'filters',
  'agents',
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

describe('the plain allocator passes every scenario of', () => {
  test.each(AREAS)('%s', (area) => {
    expect(failuresIn(area, PLAIN_SUBJECT)).toEqual([]);
  });
});
