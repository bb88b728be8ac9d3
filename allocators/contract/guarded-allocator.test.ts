import { describe, expect, test } from 'vitest';
import { type Micros, micros, MICROS_PER_SECOND } from '../../engine/core/index.ts';
import type {
  Agent,
  AllocationSink,
  Allocator,
  AllocatorAgent,
  AllocatorFramework,
  Framework,
  Role,
} from '../../engine/master/index.ts';
import { ALL_AGENT_CAPABILITIES } from '../../engine/protocol/index.ts';
import { Quantities, ResourceLimits, type Resources } from '../../engine/resources/index.ts';
import { hierarchicalDrf } from '../hierarchical-drf/index.ts';
import { guarded } from './guarded-allocator.ts';
import { scenarioOptions } from './options.ts';
import { PolicyError } from './policy-error.ts';
import { parseResources } from './resources-text.ts';

const START = micros(0);
const AGENT = 3 as Agent;
const FRAMEWORK = 5 as Framework;

function resources(text: string): Resources {
  const parsed = parseResources(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
}

function agentOf(total: string): AllocatorAgent {
  return {
    hostname: 'host',
    total: resources(total),
    capabilities: ALL_AGENT_CAPABILITIES,
    attributes: [],
    domain: null,
    unavailability: null,
  };
}

function frameworkOf(...roles: readonly Role[]): AllocatorFramework {
  return {
    tieRank: 0,
    roles,
    suppressedRoles: [],
    capabilities: ['MULTI_ROLE'],
    minAllocatable: new Map(),
    offerConstraints: null,
  };
}

/** A policy that does nothing of its own accord: it decides what a test tells it, when it is told to advance. */
function puppet(changes: Partial<Allocator> = {}) {
  const given: string[] = [];
  let decide: (sink: AllocationSink) => void = () => {};
  const names: string[] = [];
  const nothing = () => {};
  const allocator = guarded(
    (_now, _options, sink) => ({
      role(name) {
        const known = names.indexOf(name);
        return (known === -1 ? names.push(name) - 1 : known) as Role;
      },
      roleName: (role) => names[role]!,
      addAgent: nothing,
      updateAgent: nothing,
      addResourceProvider: nothing,
      removeAgent: nothing,
      activateAgent: nothing,
      deactivateAgent: nothing,
      addFramework: nothing,
      updateFramework: nothing,
      removeFramework: nothing,
      activateFramework: nothing,
      deactivateFramework: nothing,
      suppressOffers: nothing,
      reviveOffers: nothing,
      requestResources: nothing,
      recoverResources: nothing,
      updateAllocation: nothing,
      addCopies: nothing,
      updateAvailable: () => true,
      setQuota: nothing,
      setWeight: nothing,
      setWhitelist: nothing,
      setUnavailability: nothing,
      respondInverseOffer: nothing,
      recover: nothing,
      nextDeadline: () => null,
      advance: () => decide(sink),
      dominantShare: () => 0,
      metrics: () => ({
        allocationRuns: 0,
        allocations: 0,
        offerFiltersActive: 0,
        declines: 0,
        declinersPassedOver: 0,
      }),
      ...changes,
    }),
    'puppet',
  )(START, scenarioOptions({}, 1), {
    allocated: (framework, role, agent, what) =>
      given.push(`${framework} ${role} ${agent} ${what.toString()}`),
    inverseOffer: (framework, agent) => given.push(`${framework} ${agent}`),
  });
  const role = allocator.role('a/b');
  allocator.addAgent(START, AGENT, agentOf('cpus:4;mem:1000;cpus(a):2;cpus(b):1'), []);
  allocator.addFramework(START, FRAMEWORK, frameworkOf(role), true, []);
  let now: Micros = START;
  return {
    allocator,
    role,
    given,
    /** Has it decide so one second later. */
    decide(decision: (sink: AllocationSink) => void): void {
      decide = decision;
      now = micros(now + MICROS_PER_SECOND);
      allocator.advance(now);
    },
    give(text: string): void {
      this.decide((sink) => sink.allocated(FRAMEWORK, role, AGENT, resources(text)));
    },
  };
}

describe('what keeps the rules passes', () => {
  test('free resources, unreserved or reserved to the role or one above it, are handed on', () => {
    const world = puppet();
    world.give('cpus:3;cpus(a):2');
    world.give('cpus:1;mem:1000');
    expect(world.given).toEqual(['5 0 3 cpus:3;cpus(a):2', '5 0 3 cpus:1;mem:1000']);
  });

  test('what came back may be handed out again', () => {
    const world = puppet();
    world.give('cpus:4');
    world.allocator.recoverResources(START, FRAMEWORK, world.role, AGENT, resources('cpus:4'), null);
    world.give('cpus:4');
    expect(world.given.length).toBe(2);
  });

  test('a policy that can explain itself still can, and one that cannot is still silent', () => {
    const make = guarded(hierarchicalDrf, 'drf');
    const sink: AllocationSink = { allocated() {}, inverseOffer() {} };
    expect('explain' in make(START, scenarioOptions({}, 1), sink)).toBe(true);
    expect('explain' in puppet().allocator).toBe(false);
  });
});

describe('what breaks a rule is refused, and nothing of it is handed on', () => {
  type World = ReturnType<typeof puppet>;
  const GIVES = 'gives framework 5 cpus:1 of agent 3 (host)';

  test.each<[string, (world: World) => void, string]>([
    [
      'more than is free',
      (world) => world.give('cpus:5'),
      'gives framework 5 cpus:5 of agent 3 (host), of which only cpus:4;cpus(a):2;cpus(b):1;mem:1000 is free',
    ],
    [
      'what agents brought back as used',
      (world) => {
        const used = [
          { framework: FRAMEWORK, role: world.role, agent: 4 as Agent, resources: resources('cpus:2') },
        ];
        world.allocator.addAgent(START, 4 as Agent, agentOf('cpus:2'), used);
        world.decide((sink) => sink.allocated(FRAMEWORK, world.role, 4 as Agent, resources('cpus:1')));
      },
      'gives framework 5 cpus:1 of agent 4 (host), of which nothing is free',
    ],
    [
      'what is reserved to another role',
      (world) => world.give('cpus:1;cpus(b):1'),
      "gives framework 5 cpus:1;cpus(b):1 of agent 3 (host) under role 'a/b', but some of it is reserved to role 'b'",
    ],
    [
      'a removed agent',
      (world) => {
        world.allocator.removeAgent(START, AGENT);
        world.give('cpus:1');
      },
      'gives framework 5 cpus:1 of agent 3, which was removed',
    ],
    [
      'a removed framework',
      (world) => {
        world.allocator.removeFramework(START, FRAMEWORK);
        world.give('cpus:1');
      },
      `${GIVES}, but that framework was removed`,
    ],
    [
      'an inactive agent',
      (world) => {
        world.allocator.deactivateAgent(START, AGENT);
        world.give('cpus:1');
      },
      `${GIVES}, but the agent is not active`,
    ],
    [
      'an inactive framework',
      (world) => {
        world.allocator.deactivateFramework(START, FRAMEWORK);
        world.give('cpus:1');
      },
      `${GIVES}, but the framework is not active`,
    ],
    [
      'a role that the framework has left',
      (world) => {
        world.allocator.updateFramework(START, FRAMEWORK, frameworkOf(world.allocator.role('c')));
        world.give('cpus:1');
      },
      `${GIVES} under role 'a/b', to which the framework does not subscribe`,
    ],
    [
      'more than a limit leaves, reservations counted',
      (world) => {
        const top = world.allocator.role('a');
        const limits = ResourceLimits.parse('cpus:4');
        if (!limits.ok) throw new Error('limits');
        world.allocator.setQuota(START, top, { guarantees: Quantities.EMPTY, limits: limits.value });
        world.allocator.updateFramework(START, FRAMEWORK, frameworkOf(top));
        const give = (cpus: string) =>
          world.decide((sink) => sink.allocated(FRAMEWORK, top, AGENT, resources(cpus)));
        give('cpus:2;cpus(a):1');
        world.given.length = 0;
        give('cpus:1');
      },
      `${GIVES}, but role 'a' has a limit of cpus:4 and consumes cpus:4 already`,
    ],
    [
      'an inverse offer without an outage',
      (world) => world.decide((sink) => sink.inverseOffer(FRAMEWORK, AGENT)),
      'asks framework 5 for agent 3 (host), but the agent has no unavailability',
    ],
  ])('%s', (_, deed, rule) => {
    const world = puppet();
    const error = thrownBy(() => deed(world));
    expect(error.fault.rule).toBe(rule);
    expect(error.fault.during).toBe(true);
    expect(world.given).toEqual([]);
    // It is out of the game for good.
    expect(thrownBy(() => world.allocator.nextDeadline())).toBe(error);
  });

  test('not what a role below a limited one was given in the same cycle, which may have been decided after it', () => {
    const world = puppet();
    const top = world.allocator.role('a');
    const below = world.allocator.role('a/b');
    const limits = ResourceLimits.parse('cpus:4.5');
    if (!limits.ok) throw new Error('limits');
    world.allocator.setQuota(START, top, { guarantees: Quantities.EMPTY, limits: limits.value });
    world.allocator.updateFramework(START, FRAMEWORK, frameworkOf(top, below));
    world.decide((sink) => {
      sink.allocated(FRAMEWORK, below, AGENT, resources('cpus:1'));
      sink.allocated(FRAMEWORK, top, AGENT, resources('cpus:2'));
    });
    expect(world.given).toHaveLength(2);
    // In the next one it is known.
    const error = thrownBy(() =>
      world.decide((sink) => sink.allocated(FRAMEWORK, top, AGENT, resources('cpus:1'))),
    );
    expect(error.fault.rule).toContain("role 'a' has a limit of cpus:4.5 and consumes cpus:5 already");
  });

  test('updateAvailable that says yes where too little is free', () => {
    const { allocator } = puppet();
    const operations = [{ type: 'UNRESERVE', resources: resources('cpus(a):3') }] as const;
    const error = thrownBy(() => allocator.updateAvailable(START, AGENT, operations));
    expect(error.fault.rule).toBe(
      'updateAvailable answers true, but what is free on agent 3 (host) does not suffice',
    );
  });

  test('two roles of one number', () => {
    const error = thrownBy(() => puppet({ role: () => 0 as Role }).allocator.role('c'));
    expect(error.fault.rule).toBe("role('c') answers 0, which is role 'a/b' already");
  });

  test('the message names policy, cycle, instant and call, and the cause is kept', () => {
    const cause = new RangeError('oh');
    const world = puppet();
    const error = thrownBy(() =>
      world.decide(() => {
        throw cause;
      }),
    );
    expect(error.message).toBe('policy puppet, in cycle 3, at 1 s (advance): throws RangeError: oh');
    expect(error.cause).toBe(cause);
  });

  function thrownBy(deed: () => void): PolicyError {
    try {
      deed();
    } catch (error) {
      if (error instanceof PolicyError) return error;
      throw error;
    }
    throw new Error('nothing was refused');
  }
});
