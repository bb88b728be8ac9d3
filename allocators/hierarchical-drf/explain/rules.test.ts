import { describe, expect, test } from 'vitest';
import { micros, MICROS_PER_SECOND } from '../../../engine/core/index.ts';
import type {
  Agent,
  AgentVerdict,
  AllocationExplanation,
  AllocatorAgent,
  AllocatorFramework,
  AllocatorOptions,
  Change,
  Framework,
} from '../../../engine/master/index.ts';
import { ResourceLimits } from '../../../engine/resources/index.ts';
import { parseResources } from '../../contract/index.ts';
import { agentInfo, frameworkInfo, quantities, resources, TestWorld } from '../test-world.ts';
import { onRack, seconds } from './test-history.ts';

const F = 0 as Framework;
const A = 0 as Agent;
const NO_LIMITS = ResourceLimits.UNLIMITED;

function special(text: string) {
  const parsed = parseResources(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

function limits(text: string): ResourceLimits {
  const parsed = ResourceLimits.parse(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
}

/** A world with agents and frameworks, `h0` and 0 in role `r` unless told otherwise. */
class Scene {
  readonly world: TestWorld;

  constructor(options: Partial<AllocatorOptions> = {}) {
    this.world = new TestWorld({ domain: { region: 'home', zone: 'z' }, ...options });
  }

  agent(change: Partial<AllocatorAgent> = {}, agent: Agent = A): this {
    const info = { ...agentInfo(resources('cpus:4;mem:1000')), hostname: `h${agent}`, ...change };
    this.world.allocator.addAgent(this.world.now, agent, info, []);
    return this;
  }

  framework(change: Partial<AllocatorFramework> = {}, framework: Framework = F, role = 'r'): this {
    const info = { ...frameworkInfo([this.world.role(role)], framework), ...change };
    this.world.allocator.addFramework(this.world.now, framework, info, true, []);
    return this;
  }

  why(demand: string | null = null, framework: Framework = F, role = 'r'): AllocationExplanation {
    const { allocator, now } = this.world;
    return allocator.explain(now, framework, role, demand === null ? null : quantities(demand));
  }

  /** All that was offered comes back, refused for so long. */
  decline(refuseSeconds: number | null): this {
    for (const given of this.world.take()) this.world.giveBack(given, refuseSeconds);
    return this;
  }
}

/** The one agent's verdict. */
function only({ verdicts }: AllocationExplanation): AgentVerdict {
  expect(verdicts).toHaveLength(1);
  return verdicts[0]!;
}

function firstChanges({ suggestions }: AllocationExplanation): readonly Change[] {
  return suggestions[0]?.changes ?? [];
}

describe('the first rule that withholds an agent, and what would help', () => {
  test('an agent that is free, and that nobody else is ahead for, is offered', () => {
    const why = new Scene().agent().framework().decline(null).why();
    expect(only(why)).toMatchObject({ withheld: null, hostname: 'h0' });
    expect(only(why).offer.toString()).toBe('cpus:4;mem:1000');
    expect(why).toMatchObject({ agents: 1, offerable: 1, reasons: [], suggestions: [], shortage: null });
  });

  test('during recovery all waits, for agents or the end of the wait', () => {
    const scene = new Scene();
    const quota = { guarantees: quantities('cpus:1'), limits: NO_LIMITS };
    scene.world.allocator.recover(scene.world.now, 10, new Map([[scene.world.role('q'), quota]]));
    const why = scene.agent().framework().why();
    expect(only(why).withheld).toEqual({ rule: 'recoveryPause', until: seconds(600), agentsAwaited: 8 });
    expect(firstChanges(why)).toEqual([
      { kind: 'waitUntil', instant: seconds(600), remaining: seconds(600) },
    ]);
  });

  test('a deactivated agent', () => {
    const scene = new Scene().agent().framework().decline(null);
    scene.world.allocator.deactivateAgent(scene.world.now, A);
    const why = scene.why();
    expect(only(why).withheld).toEqual({ rule: 'agentDeactivated' });
    expect(firstChanges(why)).toEqual([{ kind: 'activateAgents', agents: [A], hostnames: ['h0'] }]);
  });

  test('a host that is not on the whitelist', () => {
    const scene = new Scene().agent().framework().decline(null);
    scene.world.allocator.setWhitelist(scene.world.now, ['other']);
    const why = scene.why();
    expect(only(why).withheld).toEqual({ rule: 'notWhitelisted' });
    expect(firstChanges(why)).toEqual([{ kind: 'addToWhitelist', hostnames: ['h0'] }]);
  });

  test('a role that the framework does not have, and one that nobody ever mentioned', () => {
    const scene = new Scene()
      .agent()
      .framework()
      .framework({}, 1 as Framework, 's')
      .decline(null);
    expect(only(scene.why(null, F, 's')).withheld).toEqual({ rule: 'notSubscribed' });
    expect(only(scene.why(null, F, 'unheard/of')).withheld).toEqual({ rule: 'notSubscribed' });
  });

  test('an inactive framework', () => {
    const scene = new Scene().agent().framework().decline(null);
    scene.world.allocator.deactivateFramework(scene.world.now, F);
    const why = scene.why();
    expect(only(why).withheld).toEqual({ rule: 'frameworkInactive' });
    expect(firstChanges(why)).toEqual([{ kind: 'activateFramework' }]);
  });

  test('a suppressed role', () => {
    const scene = new Scene().agent().framework().decline(null);
    scene.world.allocator.suppressOffers(scene.world.now, F, []);
    const why = scene.why();
    expect(only(why).withheld).toEqual({ rule: 'suppressed' });
    expect(firstChanges(why)).toEqual([{ kind: 'reviveRole' }]);
  });

  test('a role at rest, as all that it asked for was offered', () => {
    const scene = new Scene().agent().framework().decline(null);
    scene.world.allocator.requestResources(scene.world.now, F, scene.world.role('r'), quantities('cpus:1'));
    const why = scene.decline(null).why();
    expect(only(why).withheld).toEqual({ rule: 'demandMet' });
    expect(firstChanges(why)).toEqual([{ kind: 'reviveRole' }]);
  });

  test('an agent of which nothing is free, and who holds it', () => {
    const why = new Scene().agent().framework().why('cpus:1');
    expect(only(why).withheld).toEqual({
      rule: 'nothingFree',
      holders: [{ framework: F, role: 'r', quantities: quantities('cpus:4;mem:1000') }],
    });
    expect(why.shortage).toMatchObject({ kind: 'inUse', hostname: 'h0', missing: quantities('cpus:1') });
    expect(why.suggestions).toEqual([]);
  });

  test('an agent whose free resources are reserved for others', () => {
    const why = new Scene()
      .agent({ total: resources('cpus(x):4;mem(y):10') })
      .framework()
      .why();
    expect(only(why).withheld).toEqual({ rule: 'reservedForOthers', roles: ['x', 'y'] });
  });

  test('an offer constraint', () => {
    const why = new Scene()
      .agent()
      .framework({ offerConstraints: onRack('r', 'r1') })
      .why();
    expect(only(why).withheld).toEqual({ rule: 'constraint' });
    expect(firstChanges(why)).toEqual([{ kind: 'relaxConstraint' }]);
  });

  test('less than the smallest offer', () => {
    const scene = new Scene();
    const minAllocatable = new Map([[scene.world.role('r'), [quantities('cpus:8')]]]);
    const why = scene.agent().framework({ minAllocatable }).why();
    expect(only(why).withheld).toEqual({ rule: 'minimum', offer: quantities('cpus:4;mem:1000') });
    expect(firstChanges(why)).toEqual([{ kind: 'lowerMinimum', to: quantities('cpus:4;mem:1000') }]);
  });

  test.each([
    ['GPU_RESOURCES', { total: resources('cpus:4;gpus:1') }],
    ['REGION_AWARE', { domain: { region: 'abroad', zone: 'z' } }],
  ] as const)('a capability that the framework lacks: %s', (capability, change) => {
    const why = new Scene().agent(change).framework().why();
    expect(only(why).withheld).toEqual({ rule: 'capability', capability });
    expect(firstChanges(why)).toEqual([{ kind: 'addCapability', capability }]);
  });

  test.each([
    ['SHARED_RESOURCES', 'disk(r){volume=v,shared}:50'],
    ['REVOCABLE_RESOURCES', 'cpus{revocable}:4'],
    ['RESERVATION_REFINEMENT', 'cpus(p,+p/r):4'],
  ] as const)('what is stripped for want of %s leaves too little', (capability, total) => {
    const role = capability === 'RESERVATION_REFINEMENT' ? 'p/r' : 'r';
    const scene = new Scene();
    const minAllocatable = new Map([[scene.world.role(role), []]]);
    const why = scene
      .agent({ total: special(total) })
      .framework({ minAllocatable }, F, role)
      .why(null, F, role);
    expect(only(why).withheld).toEqual({ rule: 'stripped', capabilities: [capability] });
    expect(firstChanges(why)).toEqual([{ kind: 'addCapability', capability }]);
  });

  test('a limit that is used up, and by how much to raise it', () => {
    const scene = new Scene();
    const quota = { guarantees: quantities(''), limits: limits('cpus:4;mem:1000') };
    scene.world.allocator.setQuota(scene.world.now, scene.world.role('r'), quota);
    scene.agent().framework();
    scene.world.take();
    scene.agent({ total: resources('cpus:3;mem:500') }, 1 as Agent);
    const why = scene.why();
    expect(why.verdicts[1]!.withheld).toEqual({
      rule: 'limit',
      role: 'r',
      left: quantities(''),
      exhausted: ['cpus', 'mem'],
    });
    expect(firstChanges(why)).toEqual([{ kind: 'raiseLimit', role: 'r', by: quantities('cpus:3;mem:500') }]);
  });

  test('for a demand the limit need be raised only until an agent suffices', () => {
    const scene = new Scene();
    const quota = { guarantees: quantities(''), limits: limits('cpus:0') };
    scene.world.allocator.setQuota(scene.world.now, scene.world.role('r'), quota);
    const why = scene.agent({ total: resources('cpus:3') }).agent({ total: resources('cpus:8') }, 1 as Agent);
    const [first] = why.framework().why('cpus:6').suggestions;
    expect(first).toMatchObject({ agents: 1, changes: [{ kind: 'raiseLimit', by: quantities('cpus:11') }] });
  });

  test('headroom that is held for guarantees of others', () => {
    const scene = new Scene();
    const quota = { guarantees: quantities('cpus:9;mem:2000'), limits: NO_LIMITS };
    scene.world.allocator.setQuota(scene.world.now, scene.world.role('q'), quota);
    const why = scene.agent().framework().why();
    const guarantees = [{ role: 'q', unmet: quantities('cpus:9;mem:2000') }];
    expect(only(why).withheld).toEqual({ rule: 'headroom', guarantees });
    expect(firstChanges(why)).toEqual([{ kind: 'lowerGuarantees', guarantees }]);
  });

  test.each([
    ['MULTI_ROLE', 'r'],
    ['HIERARCHICAL_ROLE', 'p/r'],
  ] as const)('an agent without the capability %s', (capability, role) => {
    const capabilities = capability === 'MULTI_ROLE' ? [] : (['MULTI_ROLE'] as const);
    const why = new Scene().agent({ capabilities }).framework({}, F, role).why(null, F, role);
    expect(only(why).withheld).toEqual({ rule: 'agentCapability', capability });
    expect(firstChanges(why)).toEqual([
      { kind: 'upgradeAgents', capability, agents: [A], hostnames: ['h0'] },
    ]);
  });

  test('a filter, and how long it lasts', () => {
    const scene = new Scene().agent().framework().decline(30);
    scene.world.advance(10);
    const why = scene.why();
    expect(only(why).withheld).toEqual({ rule: 'filter', until: seconds(30), remaining: seconds(20) });
    expect(why.suggestions.flatMap(({ changes }) => changes)).toEqual([
      { kind: 'reviveRole' },
      { kind: 'waitUntil', instant: seconds(30), remaining: seconds(20) },
    ]);
  });

  test('a filter that lapsed, or over less than is free now, withholds nothing', () => {
    const scene = new Scene().agent().framework().decline(1);
    scene.world.now = micros(2 * MICROS_PER_SECOND);
    expect(only(scene.why()).withheld).toBeNull();
    const grown = new Scene().agent().framework().decline(30);
    grown.world.allocator.updateAgent(grown.world.now, A, {
      ...agentInfo(resources('cpus:5;mem:1000')),
      hostname: 'h0',
    });
    grown.decline(null);
    expect(only(grown.why()).withheld).toBeNull();
  });

  test('with timing event, who declined without a filter is passed over until others were asked', () => {
    const scene = new Scene({ timing: 'event' }).agent().framework();
    scene.world.take().forEach((given) => scene.world.giveBack(given, 0));
    const why = scene.why();
    expect(only(why).withheld).toEqual({ rule: 'passedOver', until: seconds(1), remaining: seconds(1) });
    expect(firstChanges(why)).toEqual([{ kind: 'waitUntil', instant: seconds(1), remaining: seconds(1) }]);
  });

  test('another role that comes first by its share, and the weight that would turn it', () => {
    const scene = new Scene().agent({ total: resources('cpus:4;mem:100') }).framework();
    scene.world.take();
    scene.framework({}, 1 as Framework, 's').agent({ total: resources('cpus:2;mem:100') }, 1 as Agent);
    scene.world.take();
    scene.agent({ total: resources('cpus:2;mem:100') }, 2 as Agent).decline(null);
    const why = scene.why();
    expect(why.verdicts[2]!.withheld).toMatchObject({
      rule: 'order',
      own: { framework: 0, role: 'r', roleShare: 4 / 8 },
      ahead: { framework: 1, role: 's', roleShare: 1 / 3 },
      forGuarantee: false,
    });
    const kinds = why.suggestions.flatMap(({ changes }) => changes.map(({ kind }) => kind));
    expect(kinds).toEqual(['raiseWeight', 'suppressOthers']);
  });

  test('a role that may be drawn first where roles are drawn, with the odds of the weights, and no weight that would turn it', () => {
    const scene = new Scene({ roleSorter: 'random' });
    scene.world.allocator.setWeight(scene.world.now, scene.world.role('s'), 3);
    scene
      .agent()
      .framework()
      .framework({}, 1 as Framework, 's')
      .decline(null);
    const why = scene.why();
    expect(why).toMatchObject({ isDrawn: true, offerable: 0 });
    expect(only(why).withheld).toMatchObject({ rule: 'order', ahead: { role: 's' }, odds: 1 / 4 });
    expect(only(scene.why(null, 1 as Framework, 's')).withheld).toMatchObject({
      ahead: { role: 'r' },
      odds: 3 / 4,
    });
    expect(firstChanges(why)).toMatchObject([{ kind: 'suppressOthers' }]);
    scene.world.allocator.suppressOffers(scene.world.now, 1 as Framework, []);
    expect(scene.why().offerable).toBe(1);
  });

  test('frameworks of one role are drawn with equal odds, whatever they hold, where frameworks are drawn', () => {
    const scene = new Scene({ frameworkSorter: 'random' }).agent().framework();
    scene.world.take();
    scene.framework({}, 1 as Framework).agent({}, 1 as Agent);
    const taken = scene.world.take();
    taken.forEach((given) => scene.world.giveBack(given));
    for (const framework of [0, 1] as Framework[]) {
      expect(scene.why(null, framework).verdicts[1]!.withheld).toMatchObject({ rule: 'order', odds: 1 / 2 });
    }
  });

  test('a guarantee of another role is served first, whatever the shares', () => {
    const scene = new Scene();
    const quota = { guarantees: quantities('cpus:4;mem:1000'), limits: NO_LIMITS };
    scene.world.allocator.setQuota(scene.world.now, scene.world.role('s'), quota);
    scene
      .agent()
      .framework()
      .framework({}, 1 as Framework, 's')
      .decline(null);
    expect(only(scene.why()).withheld).toMatchObject({ rule: 'order', forGuarantee: true });
  });

  test('an offer that is too small for the demand, and by how much', () => {
    const why = new Scene().agent().framework().decline(null).why('cpus:6;mem:500');
    expect(only(why).withheld).toEqual({ rule: 'fit', missing: quantities('cpus:2') });
    expect(only(why).offer.toString()).toBe('cpus:4;mem:1000');
    expect(why.offerable).toBe(0);
  });

  test('a demand that no agent could meet, of one kind or of all together', () => {
    const scene = new Scene().agent().framework().decline(null);
    expect(scene.why('gpus:3').shortage).toEqual({
      kind: 'noAgentHas',
      name: 'gpus',
      wanted: 3_000,
      most: 0,
    });
    scene.agent({ total: resources('cpus:9;mem:100') }, 1 as Agent).decline(null);
    expect(scene.why('cpus:5;mem:500').shortage).toEqual({
      kind: 'noAgentFits',
      hostname: 'h0',
      missing: quantities('cpus:1'),
    });
  });

  test('where no single change helps, those that help together', () => {
    const scene = new Scene()
      .agent({ total: resources('cpus:4;gpus:1') })
      .framework({ offerConstraints: onRack('r', 'r1') });
    scene.world.allocator.suppressOffers(scene.world.now, F, []);
    const kinds = firstChanges(scene.why()).map(({ kind }) => kind);
    expect(kinds).toEqual(['reviveRole', 'relaxConstraint', 'addCapability']);
  });
});
