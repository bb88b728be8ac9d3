import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type ConformanceSubject, resultText, runScenarioFile } from '../contract/index.ts';
import { DrfSorter, HierarchicalDrf, isExcludedByConstraints } from './index.ts';

const SEEDS = [1, 2, 3, 4, 5, 6, 7];

const SUBJECT: ConformanceSubject = {
  allocator: (now, options, sink) => new HierarchicalDrf(now, options, sink),
  sorter: (fairnessExclude) => new DrfSorter({ fairnessExclude }),
  constraints: isExcludedByConstraints,
};

describe('hierarchical DRF passes every scenario of', () => {
  test.each([
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
  ])('%s', (area) => {
    const file = new URL(`../contract/scenarios/${area}.json`, import.meta.url);
    const json: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const results = runScenarioFile(json, `${area}.json`, SUBJECT, SEEDS);
    expect(results.filter(({ result }) => result !== 'pass').map(resultText)).toEqual([]);
  });
});
