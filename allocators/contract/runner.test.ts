import { describe, expect, test } from 'vitest';
import {
  type ConformanceSubject,
  PLAIN_SUBJECT,
  resultLine,
  resultText,
  runScenarioFile,
  summarize,
} from './index.ts';

const HEAD = { name: 'one', origin: 'docs', source: 'here', about: 'something' };

function file(...scenarios: readonly unknown[]): unknown {
  return { area: 'area', title: 'title', scenarios };
}

function scenario(kind: string, steps: readonly unknown[], more: object = {}): unknown {
  return { ...HEAD, kind, steps, ...more };
}

function run(json: unknown, subject: ConformanceSubject = PLAIN_SUBJECT): ReturnType<typeof runScenarioFile> {
  return runScenarioFile(json, 'a.json', subject, [1, 2]);
}

function only(kind: string, ...steps: readonly unknown[]): ReturnType<typeof runScenarioFile>[number] {
  const [result] = run(file(scenario(kind, steps)));
  return result!;
}

const AGENT = { op: 'addAgent', agent: 'agent1', resources: 'cpus:2;mem:1024' };
const FRAMEWORK = { op: 'addFramework', framework: 'f1', roles: ['r'] };
const WHOLE_AGENT = { framework: 'f1', role: 'r', agent: 'agent1', resources: 'cpus:2;mem:1024' };

describe('malformed input', () => {
  test('a file that is no scenario file gives one error that names it', () => {
    for (const json of [
      null,
      1,
      [],
      {},
      { area: 'a', title: 't' },
      { area: 'a', title: 't', scenarios: [] },
    ]) {
      const results = run(json);
      expect(results).toMatchObject([{ scenario: 'a.json', result: 'error' }]);
      expect(results[0]!.message).toContain('a.json');
    }
  });

  test('one malformed scenario spoils no other', () => {
    const results = run(
      file({ name: 'bad' }, scenario('roles', [{ op: 'validateRole', role: 'a', valid: true }])),
    );
    expect(results.map(({ scenario, result }) => [scenario, result])).toEqual([
      ['area/bad', 'error'],
      ['area/one', 'pass'],
    ]);
  });

  test('a message says file, scenario, step and field', () => {
    const result = only('resources', { op: 'equal', left: 'cpus:1', right: 'cpus', result: true });
    expect(result).toMatchObject({ scenario: 'area/one', result: 'error', step: 0, op: 'equal' });
    expect(result.message).toMatch(
      /^a\.json, scenario one, step 0: steps\[0\]\.right: "cpus": expected name/,
    );
  });

  test.each([
    ['a missing field', { op: 'equal', left: '', right: '' }, 'expected true or false, found nothing'],
    [
      'a wrong type',
      { op: 'equal', left: 1, right: '', result: true },
      'expected a text, found the number 1',
    ],
    ['an unknown field', { op: 'equal', left: '', right: '', result: true, x: 1 }, 'unknown field "x"'],
    [
      'neither result nor error',
      { op: 'apply', resources: '', operations: [{ type: 'REMOVE', resources: '' }] },
      'either',
    ],
    [
      'an unknown operation',
      { op: 'apply', resources: '', operations: [{ type: 'MOVE' }] },
      'one of RESERVE',
    ],
  ])('%s is an error', (_, step, message) => {
    const result = only('resources', step);
    expect(result.result).toBe('error');
    expect(result.message).toContain(message);
  });

  test('an unknown kind and an unknown op are unsupported and say what is known', () => {
    expect(only('scheduler', AGENT)).toMatchObject({ result: 'unsupported' });
    const result = only('allocator', AGENT, { op: 'explode' });
    expect(result).toMatchObject({ result: 'unsupported', step: 1, op: 'explode' });
    expect(result.message).toContain('known are addAgent');
  });

  test('a malformed step inside a repetition is found before anything runs', () => {
    const result = only('allocator', { op: 'repeat', times: 2, steps: [{ op: 'advance', ms: -1 }] });
    expect(result).toMatchObject({ result: 'error', step: 0, op: 'repeat' });
    expect(result.message).toContain('steps[0].steps[0].ms');
  });

  test('a malformed option is an error', () => {
    const [result] = run(file(scenario('allocator', [AGENT], { options: { agentRecoveryFactor: 2 } })));
    expect(result).toMatchObject({ result: 'error' });
    expect(result!.message).toContain('options.agentRecoveryFactor');
  });

  test('an agent nobody added is an error of the scenario', () => {
    expect(only('allocator', { op: 'removeAgent', agent: 'ghost' })).toMatchObject({
      result: 'error',
      step: 0,
    });
  });
});

describe('expectations', () => {
  test('what was allocated and never claimed fails behind the last step', () => {
    const result = only('allocator', AGENT, FRAMEWORK);
    expect(result).toMatchObject({ result: 'fail', step: 2, op: null });
    expect(result.message).toContain('unclaimed');
  });

  test('a wrong allocation shows both sides, and the text a difference', () => {
    const wrong = { ...WHOLE_AGENT, resources: 'cpus:1;mem:1024' };
    const result = only('allocator', AGENT, FRAMEWORK, { op: 'expectAllocations', allocations: [wrong] });
    expect(result).toMatchObject({
      result: 'fail',
      step: 2,
      expected: ['f1 as r on agent1: cpus:1;mem:1024'],
      actual: ['f1 as r on agent1: cpus:2;mem:1024'],
    });
    expect(resultText(result).split('\n')).toEqual([
      'FAIL area/one at step 2 (expectAllocations): the allocations (seed 1)',
      '  - f1 as r on agent1: cpus:1;mem:1024',
      '  + f1 as r on agent1: cpus:2;mem:1024',
    ]);
  });

  test('every allocation must be claimed once, no more and no less', () => {
    const claim = { op: 'expectAllocations', allocations: [WHOLE_AGENT] };
    expect(only('allocator', AGENT, FRAMEWORK, claim).result).toBe('pass');
    expect(only('allocator', AGENT, FRAMEWORK, claim, claim).result).toBe('fail');
    const twice = { op: 'expectAllocations', allocations: [WHOLE_AGENT, WHOLE_AGENT] };
    expect(only('allocator', AGENT, FRAMEWORK, twice).result).toBe('fail');
    expect(only('allocator', AGENT, FRAMEWORK, { op: 'expectNoAllocations' }).result).toBe('fail');
  });

  test('cycles that gave a framework something are counted since the last count', () => {
    const back = { op: 'recoverOffers', scope: 'last' };
    const round = [{ op: 'allocate' }, { op: 'expectAllocations', allocations: [WHOLE_AGENT] }, back];
    const result = only(
      'allocator',
      AGENT,
      FRAMEWORK,
      { op: 'expectAllocations', allocations: [WHOLE_AGENT] },
      back,
      { op: 'repeat', times: 3, steps: round },
      { op: 'expectCounts', counts: { f1: 4 } },
      { op: 'allocate' },
      {
        op: 'expectTotals',
        totals: [{ framework: 'f1', role: 'r', quantities: 'cpus:2;mem:1024', agents: 1 }],
      },
      { op: 'expectCounts', counts: { f1: 1 } },
      { op: 'expectCounts', counts: { f1: 0 } },
    );
    expect(result).toMatchObject({ result: 'pass' });
  });

  test('a failure inside a repetition reports the repetition', () => {
    const result = only('allocator', AGENT, { op: 'repeat', times: 2, steps: [FRAMEWORK] });
    expect(result).toMatchObject({ result: 'error', step: 1, op: 'repeat' });
  });

  test('a call that must be refused fails when it is accepted, and changes nothing when refused', () => {
    const constraints = { role_constraints: { other: { groups: [] } } };
    const refused = { ...FRAMEWORK, offerConstraints: constraints, expectError: true };
    expect(only('allocator', AGENT, refused, { op: 'expectNoAllocations' }).result).toBe('pass');
    expect(only('allocator', { ...FRAMEWORK, expectError: true })).toMatchObject({ result: 'fail', step: 0 });
  });

  test('a metric that never exists is malformed, one that does not exist now is absent', () => {
    const absent = 'allocator/mesos/roles/r/shares/dominant';
    expect(only('allocator', { op: 'expectMetrics', absent: [absent] }).result).toBe('pass');
    expect(only('allocator', { op: 'expectMetrics', metrics: { [absent]: 0 } }).result).toBe('fail');
    expect(only('allocator', { op: 'expectMetrics', metrics: { 'allocator/x': 0 } }).result).toBe('error');
  });

  test('the order of roles, the answers to inverse offers and reserved roles can be asked for', () => {
    const result = only(
      'allocator',
      AGENT,
      FRAMEWORK,
      { op: 'expectAllocations', allocations: [WHOLE_AGENT] },
      { op: 'addFramework', framework: 'f2', roles: ['s', 'r/x'] },
      { op: 'expectRoleOrder', order: ['s', 'r/x', 'r'] },
      { op: 'setUnavailability', agent: 'agent1', unavailability: { startMs: 5 } },
      { op: 'expectInverseOffers', offers: [{ framework: 'f1', agent: 'agent1', startMs: 5 }] },
      { op: 'expectInverseOfferStatuses', statuses: {} },
      { op: 'respondInverseOffer', agent: 'agent1', framework: 'f1', status: 'ACCEPT', filterSeconds: 60 },
      { op: 'expectInverseOfferStatuses', statuses: { agent1: { f1: 'ACCEPT' } } },
    );
    expect(result).toMatchObject({ result: 'pass' });
  });
});

describe('kinds', () => {
  test('limits keep zeros, quantities drop them', () => {
    expect(
      only('resources', {
        op: 'limitsSubtract',
        left: 'cpus:1;mem:0',
        right: 'cpus:5',
        result: 'cpus:0;mem:0',
      }).result,
    ).toBe('pass');
    expect(
      only('resources', {
        op: 'limitsContainQuantities',
        limits: 'cpus:0',
        quantities: 'mem:9',
        result: true,
      }).result,
    ).toBe('pass');
    expect(
      only('resources', { op: 'limitsContainLimits', left: 'cpus:2', right: 'mem:1', result: false }).result,
    ).toBe('pass');
    expect(
      only('resources', { op: 'limitsContainLimits', left: 'cpus:2;cpus:1', right: '', result: true }).result,
    ).toBe('error');
  });

  test('what may remain after shrinking can be one of several', () => {
    const oneOf = ['disk{mount=a}:5', 'disk{mount=b}:5'];
    const step = {
      op: 'shrinkToQuantities',
      resources: 'cpus:1;disk{mount=a}:5;disk{mount=b}:5',
      quantities: 'disk:7',
    };
    expect(only('resources', { ...step, oneOf }).result).toBe('pass');
    expect(only('resources', { ...step, oneOf: ['disk:7'] }).result).toBe('fail');
  });

  test('a role is known for a weight, a quota, a scalar reservation or a framework, and so are its ancestors', () => {
    const result = only(
      'roles',
      { op: 'setWeight', role: 'a/b', weight: 2 },
      { op: 'setQuota', role: 'q', guarantees: 'cpus:1' },
      { op: 'trackReservations', resources: 'cpus(x/y/z):2;ports(p):[1-2]' },
      { op: 'trackFramework', framework: 'f', role: 'w' },
      { op: 'expectRoles', roles: ['a', 'a/b', 'q', 'x', 'x/y', 'x/y/z', 'w'] },
      { op: 'expectReserved', reserved: { x: 'cpus:2', 'x/y': 'cpus:2', q: '' } },
      { op: 'setWeight', role: 'a/b', weight: 1 },
      { op: 'setQuota', role: 'q' },
      { op: 'untrackReservations', resources: 'cpus(x/y/z):2' },
      { op: 'untrackFramework', framework: 'f', role: 'w' },
      { op: 'expectRoles', roles: [] },
    );
    expect(result).toMatchObject({ result: 'pass' });
  });

  test('a part that the subject lacks makes its scenarios unsupported, which is not passed', () => {
    const nothing: ConformanceSubject = { allocator: null, sorter: null, constraints: null };
    const results = run(
      file(
        scenario('allocator', [AGENT]),
        scenario('sorter', [{ op: 'expectCount', count: 0 }]),
        scenario('offer-constraints', [{ op: 'compile', constraints: {} }]),
      ),
      nothing,
    );
    expect(summarize(results)).toEqual({ pass: 0, fail: 0, error: 0, unsupported: 3 });
  });
});

test('a result line holds the fields that apply and no others', () => {
  const [passed] = run(file(scenario('roles', [{ op: 'validateRole', role: 'a', valid: true }])));
  expect(JSON.parse(resultLine(passed!))).toEqual({ scenario: 'area/one', result: 'pass' });
  const failed = only('roles', { op: 'validateRole', role: 'a', valid: false });
  expect(JSON.parse(resultLine(failed))).toEqual({
    scenario: 'area/one',
    result: 'fail',
    step: 0,
    op: 'validateRole',
    message: 'is it a role?',
    expected: false,
    actual: true,
  });
});
