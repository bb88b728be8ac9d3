import { describe, expect, test } from 'vitest';
import { type Milli, milli } from '../core/index.ts';
import type { OperatorMutation, QuotaConfig } from '../protocol/index.ts';
import { Quantities, ResourceLimits } from '../resources/index.ts';
import { stateDigest } from './state-digest.ts';
import { answersIn, MasterDriver, resources, SECOND, words } from './test-kit.ts';

function amounts(text: string): Quantities {
  const parsed = Quantities.parse(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
}

function config(role: string, guarantees: string, limits = ''): QuotaConfig {
  const parsed = ResourceLimits.parse(limits);
  if (!parsed.ok) throw new Error(limits);
  return { role, guarantees: amounts(guarantees), limits: parsed.value };
}

function update(quotaConfigs: readonly QuotaConfig[], force = false): OperatorMutation {
  return { type: 'UPDATE_QUOTA', force, quotaConfigs };
}

function legacy(role: string, guarantee: string, force = false): OperatorMutation {
  return { type: 'SET_QUOTA', quotaRequest: { role, force, guarantee: resources(guarantee) } };
}

function refused(driver: MasterDriver, call: OperatorMutation): string {
  const before = stateDigest(driver);
  const outputs = driver.operator(call);
  expect(words(outputs)).toHaveLength(1);
  expect(stateDigest(driver)).toBe(before);
  return answersIn(outputs)[0]!;
}

/** Two agents of 4 cpus, one framework that runs two tasks of 1 cpu on the first. */
function cluster(options: ConstructorParameters<typeof MasterDriver>[0] = {}) {
  const driver = new MasterDriver(options);
  const agents = [driver.register(1), driver.register(2)] as const;
  const scheduler = driver.subscribe();
  driver.launchOn(scheduler, agents[0], 1, 2);
  return { driver, agents, scheduler };
}

describe('UPDATE_QUOTA', () => {
  test('is persisted, then in force in the allocator and in the books', () => {
    const { driver } = cluster();
    driver.holdsRegistry = true;
    const one = config('ops', 'cpus:1', 'cpus:2');
    expect(words(driver.operator(update([one])))).toEqual(['persist quotasUpdated']);
    expect(driver.allocator.quotas.size).toBe(0);
    expect(answersIn(driver.makeDurable())).toEqual(['200']);
    const { guarantees, limits } = one;
    expect(driver.allocator.quotas.get('ops')).toEqual({ guarantees, limits });
    expect(driver.machine.state.quotas.get('ops')).toEqual({ guarantees, limits });
    expect(driver.registry.quotas.get('ops')).toEqual({ guarantees, limits });
    const next = new MasterDriver({ registry: driver.registry });
    expect(next.allocator.quotas.get('ops')).toEqual({ guarantees, limits });
  });

  test('is atomic: one bad config, and none of the list is set', () => {
    const { driver } = cluster();
    expect(refused(driver, update([config('ops', 'cpus:1'), config('a/b', 'cpus:1')]))).toMatch('nested');
  });

  test('without guarantee and limit it takes the quota away', () => {
    const { driver } = cluster();
    driver.operator(update([config('ops', 'cpus:1')]));
    driver.operator(update([config('ops', '')]));
    expect(driver.allocator.quotas.size).toBe(0);
    expect(driver.registry.quotas.size).toBe(0);
  });

  test.each<readonly [string, QuotaConfig[], string]>([
    ['a role that is no role', [config('a b', 'cpus:1')], 'is invalid'],
    ['a nested role', [config('eng/web', 'cpus:1')], 'nested'],
    ['a role given twice', [config('ops', 'cpus:1'), config('ops', 'cpus:2')], 'given twice'],
    ['a guarantee above its limit', [config('ops', 'cpus:2', 'cpus:1')], 'above the limit'],
    ['a limit below what the role holds', [config('eng', '', 'cpus:1')], 'below the 2'],
    ['guarantees beyond the cluster', [config('ops', 'cpus:9')], 'the cluster has 8'],
    [
      'guarantees that are beyond it only together',
      [config('ops', 'cpus:5'), config('dev', 'cpus:4')],
      'add up to 9',
    ],
    [
      'an amount beyond the largest',
      [
        {
          role: 'ops',
          guarantees: Quantities.of([['cpus', milli(2e15)]]),
          limits: ResourceLimits.UNLIMITED,
        },
      ],
      'at most',
    ],
  ])('refuses %s (400), without a trace', (_name, configs, text) => {
    const { driver } = cluster();
    const answer = refused(driver, update(configs));
    expect(answer).toMatch(/^CALL_INVALID/);
    expect(answer).toMatch(new RegExp(text));
  });

  test('refuses a role that is not whitelisted (400)', () => {
    const { driver } = cluster({ options: { roles: ['eng'] } });
    expect(refused(driver, update([config('ops', 'cpus:1')]))).toMatch('not among the roles');
  });

  test('with force a limit may be below what is held, and guarantees beyond the cluster', () => {
    const { driver } = cluster();
    const configs = [config('eng', '', 'cpus:1'), config('ops', 'cpus:100')];
    expect(answersIn(driver.operator(update(configs, true)))).toEqual(['200']);
  });

  test('two updates that fit each, and not together, are not both granted, however slow the registry is', () => {
    const { driver } = cluster();
    driver.holdsRegistry = true;
    driver.operator(update([config('ops', 'cpus:5')]));
    expect(refused(driver, update([config('dev', 'cpus:4')]))).toMatch('add up to 9');
  });

  test('capacity is that of all registered agents, disconnected ones included', () => {
    const { driver, agents } = cluster();
    driver.closeLink(agents[1].link);
    expect(answersIn(driver.operator(update([config('ops', 'cpus:8')])))).toEqual(['200']);
  });

  test('consumption counts reservations whether they are allocated or not, and tasks, and not offers', () => {
    const driver = new MasterDriver();
    const reserved = resources('cpus(eng):2;cpus:2;mem:1024');
    driver.register(1, { resources: reserved });
    driver.subscribe();
    driver.wait(2 * SECOND);
    expect(refused(driver, update([config('eng', '', 'cpus:1')]))).toMatch('below the 2');
    expect(answersIn(driver.operator(update([config('eng', '', 'cpus:2')])))).toEqual(['200']);
  });

  test('a subrole’s reservations and tasks are its top-level role’s consumption', () => {
    const driver = new MasterDriver();
    const agent = driver.register(1, { resources: resources('cpus(eng/web):2;cpus:2;mem:4096') });
    const scheduler = driver.subscribe({ roles: ['eng/db'] });
    driver.launchOn(scheduler, agent, 1);
    expect(refused(driver, update([config('eng', '', 'cpus:2.5')]))).toMatch('below the 3');
  });

  test('offers of the role come back until it is within its limit', () => {
    const { driver, scheduler } = cluster();
    driver.wait(2 * SECOND);
    // 2 cpus in use, 2 and 4 on offer.
    expect(driver.offersOf(scheduler.id)).toHaveLength(2);
    driver.allocator.isPaused = true;
    const outputs = driver.operator(update([config('eng', '', 'cpus:6')]));
    expect(words(outputs).filter((word) => word === 'RESCIND')).toHaveLength(1);
    const left = driver.offersOf(scheduler.id).reduce((sum, offer) => sum + offer.resources.cpus, 0);
    expect(left).toBeLessThanOrEqual(4_000);
  });

  test('offers of others come back until the guarantee could be met, and no more', () => {
    const { driver, scheduler } = cluster();
    driver.wait(2 * SECOND);
    driver.allocator.isPaused = true;
    const outputs = driver.operator(update([config('ops', 'cpus:2')]));
    expect(words(outputs).filter((word) => word === 'RESCIND')).toHaveLength(1);
    expect(driver.offersOf(scheduler.id)).toHaveLength(1);
  });

  test('offers stay where the guarantee can be met out of what is free', () => {
    const { driver, scheduler } = cluster();
    driver.wait(2 * SECOND);
    const offer = driver.offersOf(scheduler.id)[0]!;
    driver.allocator.isPaused = true;
    driver.call(scheduler.stream, {
      type: 'DECLINE',
      frameworkId: scheduler.id,
      offerIds: [offer.id],
      filters: null,
    });
    expect(words(driver.operator(update([config('ops', 'cpus:1')])))).not.toContain('RESCIND');
  });

  test('an empty list is answered at once', () => {
    expect(words(new MasterDriver().operator(update([])))).toEqual(['answerCall']);
  });
});

describe('SET_QUOTA and REMOVE_QUOTA, of the calls of old', () => {
  test('the guarantee is the limit too', () => {
    const { driver } = cluster();
    expect(answersIn(driver.operator(legacy('ops', 'cpus:2;mem:100')))).toEqual(['200']);
    const quota = driver.machine.state.quotas.get('ops')!;
    expect(quota.guarantees.get('cpus')).toBe(2_000);
    expect(quota.limits.get('cpus')).toBe(2_000 as Milli);
    expect(quota.limits.get('mem')).toBe(100_000 as Milli);
  });

  test('a role that has a quota is refused (400), as is one whose quota is on its way', () => {
    const { driver } = cluster();
    driver.holdsRegistry = true;
    driver.operator(legacy('ops', 'cpus:2'));
    expect(refused(driver, legacy('ops', 'cpus:1'))).toMatch(/^CALL_INVALID .* has a quota already/);
  });

  test('a guarantee beyond the cluster is a conflict (409), and granted with force', () => {
    const { driver } = cluster();
    expect(refused(driver, legacy('ops', 'cpus:9'))).toMatch(/^CONFLICT .* the cluster has 8/);
    expect(answersIn(driver.operator(legacy('ops', 'cpus:9', true)))).toEqual(['200']);
  });

  test('what the role holds is no obstacle', () => {
    const { driver } = cluster();
    expect(answersIn(driver.operator(legacy('eng', 'cpus:1')))).toEqual(['200']);
  });

  test.each([
    ['ports:[1-2]', 'no scalar'],
    ['cpus(eng):1', 'reserved'],
    ['', 'empty'],
  ])('a guarantee of %s is refused (400)', (guarantee, text) => {
    const { driver } = cluster();
    const answer = refused(driver, legacy('ops', guarantee));
    expect(answer).toMatch(/^CALL_INVALID/);
    expect(answer).toMatch(text);
  });

  test('REMOVE_QUOTA takes the quota away, and where there is none it is refused (400)', () => {
    const { driver } = cluster();
    driver.operator(legacy('ops', 'cpus:2'));
    expect(answersIn(driver.operator({ type: 'REMOVE_QUOTA', role: 'ops' }))).toEqual(['200']);
    expect(driver.registry.quotas.size).toBe(0);
    expect(refused(driver, { type: 'REMOVE_QUOTA', role: 'ops' })).toMatch('has no quota');
  });
});

describe('UPDATE_WEIGHTS', () => {
  function weights(...weightInfos: { role: string; weight: number }[]): OperatorMutation {
    return { type: 'UPDATE_WEIGHTS', weightInfos };
  }

  test('is persisted, then in force', () => {
    const { driver } = cluster();
    expect(words(driver.operator(weights({ role: 'ops', weight: 2 })))).toEqual([
      'persist weightsUpdated',
      'answerCall',
    ]);
    expect(driver.allocator.weights.get('ops')).toBe(2);
    expect(new MasterDriver({ registry: driver.registry }).allocator.weights.get('ops')).toBe(2);
  });

  test('rescinds all outstanding offers when an active role’s weight changes, subroles included', () => {
    for (const role of ['eng', 'team']) {
      const driver = new MasterDriver();
      driver.register(1);
      driver.register(2);
      const scheduler = driver.subscribe({ roles: [role === 'eng' ? 'eng' : 'team/a'] });
      driver.allocator.isPaused = true;
      const outputs = driver.operator(weights({ role, weight: 3 }));
      expect(words(outputs).filter((word) => word === 'RESCIND')).toHaveLength(2);
      expect(driver.offersOf(scheduler.id)).toEqual([]);
    }
  });

  test('rescinds nothing for a role that nobody is in, or a weight that stays', () => {
    const { driver } = cluster();
    driver.wait(2 * SECOND);
    expect(words(driver.operator(weights({ role: 'ops', weight: 3 })))).not.toContain('RESCIND');
    expect(words(driver.operator(weights({ role: 'eng', weight: 1 })))).not.toContain('RESCIND');
  });

  test.each([
    ['0', 0],
    ['a negative weight', -1],
    ['no number', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
  ])('refuses %s (400), and the whole list with it', (_name, weight) => {
    const { driver } = cluster();
    expect(refused(driver, weights({ role: 'ops', weight: 2 }, { role: 'eng', weight }))).toMatch(
      /^CALL_INVALID .* above 0/,
    );
  });

  test('refuses a bad role and one that is not whitelisted (400)', () => {
    expect(refused(cluster().driver, weights({ role: 'a//b', weight: 1 }))).toMatch('CALL_INVALID');
    const { driver } = cluster({ options: { roles: ['eng'] } });
    expect(refused(driver, weights({ role: 'ops', weight: 1 }))).toMatch('not among the roles');
  });
});
