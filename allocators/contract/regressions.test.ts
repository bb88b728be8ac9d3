import { expect, test } from 'vitest';
import { HIERARCHICAL_DRF_SUBJECT } from './hierarchical-drf-subject.ts';
import { scenarioOptions } from './options.ts';
import { type JsonStep, TwinRun } from './twin-run.ts';

/** Histories that once told the default policy from the plain allocator; `differential.test.ts` found and shrank them. */

function agree(...steps: readonly JsonStep[]): TwinRun {
  const run = new TwinRun(HIERARCHICAL_DRF_SUBJECT.allocator!, scenarioOptions({}, 1));
  for (const step of steps) run.perform(step);
  return run;
}

test('a role keeps the count of its subtree when a framework moves from below it to the role itself', () => {
  agree(
    { op: 'addFramework', framework: 'f2', roles: ['a'] },
    { op: 'addFramework', framework: 'f1', roles: ['a/y'], active: false },
    { op: 'addAgent', agent: 'a2', resources: 'cpus:4;mem:1000' },
    { op: 'removeFramework', framework: 'f2' },
    { op: 'updateFramework', framework: 'f1', roles: ['a', 'b', '*'] },
  );
});

test('an agent that headroom kept from a framework is offered to it once no quota is left', () => {
  const run = agree(
    {
      op: 'addFramework',
      framework: 'f3',
      roles: ['a'],
      suppressedRoles: ['a'],
      minAllocatable: { a: ['mem:600'] },
    },
    { op: 'addAgent', agent: 'a0', resources: 'cpus:4;mem:1000', capabilities: [] },
    { op: 'reviveOffers', framework: 'f3' },
    { op: 'setQuota', role: '*', guarantees: 'cpus:2;mem:500' },
    {
      op: 'addFramework',
      framework: 'f0',
      roles: ['a'],
      capabilities: [],
      minAllocatable: { a: ['cpus:4'] },
    },
    { op: 'setQuota', role: '*' },
    { op: 'advance', ms: 1000 },
  );
  expect(run.held.map(({ framework }) => framework)).toEqual(['f0']);
});

test('what comes back changes the order of roles at once', () => {
  const run = agree(
    { op: 'addAgent', agent: 'a1', resources: 'cpus:4;mem:1000' },
    { op: 'addFramework', framework: 'f0', roles: ['a', 'a/y'], suppressedRoles: ['a'] },
    {
      op: 'addAgent',
      agent: 'a0',
      resources: 'cpus:4;mem:1000',
      used: [{ framework: 'f0', role: 'a', resources: 'cpus:4;mem:1000' }],
    },
  );
  expect(run.held.map(({ role, agent }) => `${role} on ${agent}`)).toEqual(['a/y on a1']);
  run.giveBack(0, 'HALF', null);
});
