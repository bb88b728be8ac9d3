import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assertNever, micros, MICROS_PER_SECOND } from '../../engine/core/index.ts';
import type { Agent, AllocatorOptions, Framework, Role } from '../../engine/master/index.ts';
import { ResourceLimits, type Resources } from '../../engine/resources/index.ts';
import { EventTiming } from './event-timing.ts';
import { agentInfo, frameworkInfo, type Given, quantities, resources, TestWorld } from './test-world.ts';

const DELAY = micros(5_000);
const EVENT: Partial<AllocatorOptions> = { timing: 'event', eventDelay: DELAY };

/** Advances from deadline to deadline as a driver does. */
function advanceTo(world: TestWorld, until: number, each: (given: readonly Given[]) => void): void {
  for (;;) {
    const next = world.allocator.nextDeadline();
    if (next === null || next > until) break;
    world.now = micros(Math.max(world.now, next));
    world.allocator.advance(world.now);
    const after = world.allocator.nextDeadline();
    if (after !== null) expect(after).toBeGreaterThan(world.now);
    each(world.take());
  }
  world.now = micros(until);
  world.allocator.advance(world.now);
  each(world.take());
}

function givenAt(world: TestWorld, until: number): readonly string[] {
  const texts: string[] = [];
  advanceTo(world, until, (given) => {
    for (const { framework, agent } of given) texts.push(`${framework} has ${agent} at ${world.now}`);
  });
  return texts;
}

/** An allocator with one agent that is all in use, at 0.1 s. */
function worldWithOneAgent(options: Partial<AllocatorOptions>): { world: TestWorld; given: Given } {
  const world = new TestWorld(options);
  world.addAgent(0, 'cpus:4;mem:400');
  world.addFramework(0, 'a');
  const [given] = world.take();
  world.now = micros(100_000);
  world.allocator.advance(world.now);
  return { world, given: given! };
}

describe('what comes back', () => {
  test('is offered again a delay later, and not at once', () => {
    const { world, given } = worldWithOneAgent(EVENT);
    world.giveBack(given);
    expect(world.take()).toEqual([]);
    expect(givenAt(world, 3e6)).toEqual(['0 has 0 at 105000']);
  });

  test('waits for the tick with the timing of Mesos', () => {
    const { world, given } = worldWithOneAgent({ timing: 'mesos' });
    world.giveBack(given);
    expect(givenAt(world, 3e6)).toEqual(['0 has 0 at 1000000']);
  });

  test('within the delay of something earlier is offered together with it', () => {
    const world = new TestWorld(EVENT);
    for (let agent = 0; agent < 3; agent++) world.addAgent(agent, 'cpus:1;mem:100');
    world.addFramework(0, 'a');
    const runs = world.allocator.metrics().allocationRuns;
    for (const given of world.take()) {
      world.giveBack(given);
      world.now = micros(world.now + 2_000);
    }
    expect(givenAt(world, 900_000)).toHaveLength(3);
    expect(world.now).toBe(900_000);
    expect(world.allocator.metrics().allocationRuns).toBe(runs + 1);
  });

  test('after nothing to do for long is offered a delay later, not when an earlier event would have been due', () => {
    const { world, given } = worldWithOneAgent(EVENT);
    world.allocator.setWeight(world.now, given.role, 2);
    world.now = micros(500_000);
    world.giveBack(given);
    expect(world.allocator.nextDeadline()).toBe(505_000);
  });
});

describe('a cycle comes a delay after', () => {
  test('a filter ends', () => {
    const { world, given } = worldWithOneAgent(EVENT);
    world.giveBack(given, 2.5);
    expect(givenAt(world, 5e6)).toEqual(['0 has 0 at 2605000']);
  });

  test('an agent is activated again', () => {
    const { world, given } = worldWithOneAgent(EVENT);
    world.allocator.deactivateAgent(world.now, given.agent);
    world.giveBack(given);
    expect(givenAt(world, 300_000)).toEqual([]);
    world.allocator.activateAgent(world.now, given.agent);
    expect(givenAt(world, 400_000)).toEqual(['0 has 0 at 305000']);
  });

  test('a limit is raised', () => {
    const { world, given } = worldWithOneAgent(EVENT);
    const set = (text: string): void => {
      const limits = ResourceLimits.parse(text);
      if (!limits.ok) throw new Error(text);
      world.allocator.setQuota(world.now, given.role, { guarantees: quantities(''), limits: limits.value });
    };
    set('cpus:0;mem:0');
    world.giveBack(given);
    expect(givenAt(world, 3e6)).toEqual([]);
    set('cpus:1;mem:100');
    expect(givenAt(world, 4e6)).toEqual(['0 has 0 at 3005000']);
  });

  test('a host is whitelisted', () => {
    const { world, given } = worldWithOneAgent(EVENT);
    world.allocator.setWhitelist(world.now, []);
    world.giveBack(given);
    expect(givenAt(world, 3e6)).toEqual([]);
    world.allocator.setWhitelist(world.now, null);
    expect(givenAt(world, 4e6)).toEqual(['0 has 0 at 3005000']);
  });

  test('a recovery after a failover was given up', () => {
    const world = new TestWorld({ ...EVENT, recoveryTimeout: micros(1_500_000) });
    const quotas = new Map([
      [world.role('a'), { guarantees: quantities('cpus:1'), limits: ResourceLimits.UNLIMITED }],
    ]);
    world.allocator.recover(world.now, 10, quotas);
    world.addAgent(0, 'cpus:4;mem:400');
    world.addFramework(0, 'a');
    expect(givenAt(world, 3e6)).toEqual(['0 has 0 at 1505000']);
  });

  test('enough agents are back after a failover, over all of them', () => {
    const world = new TestWorld(EVENT);
    const quotas = new Map([
      [world.role('a'), { guarantees: quantities('cpus:1'), limits: ResourceLimits.UNLIMITED }],
    ]);
    world.allocator.recover(world.now, 3, quotas);
    world.addAgent(0, 'cpus:4;mem:400');
    world.addFramework(0, 'a');
    expect(givenAt(world, 2e6)).toEqual([]);
    world.addAgent(1, 'cpus:4;mem:400');
    expect(world.take().map(({ agent }) => agent)).toEqual([1]);
    expect(givenAt(world, 3e6)).toEqual(['0 has 0 at 2005000']);
  });
});

test('the delay runs from the first event that left something to do', () => {
  const timing = new EventTiming(DELAY);
  timing.note(micros(10), true);
  timing.note(micros(2_000), true);
  expect(timing.due).toBe(7_000);
  timing.note(micros(3_000), false);
  expect(timing.due).toBe(7_000);
  timing.served();
  expect(timing.due).toBeNull();
  timing.note(micros(4_000), false);
  expect(timing.due).toBe(9_000);
});

const KINDS = [
  ...([
    'giveBack',
    'giveBack',
    'giveBack',
    'giveBack',
    'giveBack',
    'part',
    'part',
    'pass',
    'pass',
    'pass',
  ] as const),
  ...([
    'toggleAgent',
    'toggleAgent',
    'switchAgent',
    'changeAgent',
    'toggleFramework',
    'switchFramework',
  ] as const),
  ...(['suppress', 'revive', 'request', 'weigh', 'whitelist'] as const),
];
type Kind = (typeof KINDS)[number] | 'quota';
type Deed = readonly [kind: Kind, x: number, y: number, z: number];

const AGENTS = 5;
const FRAMEWORKS = 5;
const ROLES = ['a', 'a/x', 'b', 'c'];
const SHAPES = [
  'cpus:4;mem:1000',
  'cpus:2;mem:2000',
  'cpus:3;mem:300;ports:[1-10]',
  'cpus(a):2;mem(a):200;cpus:1;mem:100',
];
const REFUSALS = [null, null, 0, 0, 1, 1.5, 2, 5, 3600];
const PASSES = [1_000, 4_000, 6_000, 50_000, 700_000, 1_000_000, 3_000_000];
const QUOTAS = ['', 'cpus:1', 'cpus:2;mem:500', 'cpus:5;mem:2000'];
/** Nothing else happens at whole milliseconds, so that what a tick gave can be told by its instant. */
const ODD = 137;

/** A history under timing `event`: what was given, by whom a tick gave, and who declined what since it became free. */
class History {
  readonly world: TestWorld;
  readonly log: string[] = [];
  /** What ticks gave to those who had not declined it. */
  readonly surprises: string[] = [];
  /** By agent, `framework/role`. */
  readonly decliners: Set<string>[] = Array.from({ length: AGENTS }, () => new Set());
  readonly #isGuarded: boolean;
  #held: Given[] = [];
  readonly #agents = new Map<number, boolean>();
  readonly #frameworks = new Map<number, boolean>();

  constructor(declinerGuard: boolean) {
    this.#isGuarded = declinerGuard;
    this.world = new TestWorld({ ...EVENT, declinerGuard });
    this.world.now = micros(ODD);
    for (let framework = 0; framework < FRAMEWORKS - 1; framework++)
      this.do(['toggleFramework', framework, framework, 0]);
    for (let agent = 0; agent < AGENTS - 1; agent++) this.do(['toggleAgent', agent, agent, 0]);
  }

  do([kind, x, y, z]: Deed): void {
    const { world } = this;
    const { allocator, now } = world;
    const agent = (x % AGENTS) as Agent;
    const framework = (x % FRAMEWORKS) as Framework;
    const hasAgent = this.#agents.has(agent);
    const hasFramework = this.#frameworks.has(framework);
    const roles = y % 3 === 0 ? [] : [this.#role(y)];
    switch (kind) {
      case 'giveBack':
        this.#giveBack(x, REFUSALS[y % REFUSALS.length]!, false);
        break;
      case 'part':
        this.#giveBack(x, REFUSALS[y % REFUSALS.length]!, true);
        break;
      case 'pass':
        this.pass(PASSES[x % PASSES.length]!);
        break;
      case 'toggleAgent':
        this.#freshen(agent);
        if (hasAgent) {
          allocator.removeAgent(now, agent);
          this.#agents.delete(agent);
          this.#held = this.#held.filter((given) => given.agent !== agent);
        } else {
          allocator.addAgent(now, agent, agentInfo(this.#shape(y)), []);
          this.#agents.set(agent, true);
        }
        break;
      case 'switchAgent':
        if (!hasAgent) break;
        if (this.#agents.get(agent) === true) {
          allocator.deactivateAgent(now, agent);
        } else {
          allocator.activateAgent(now, agent);
          this.#freshen(agent);
        }
        this.#agents.set(agent, this.#agents.get(agent) !== true);
        break;
      case 'changeAgent':
        if (!hasAgent || this.#held.some((given) => given.agent === agent)) break;
        if (!allocator.available(agent).equals(this.#shape(y))) this.#freshen(agent);
        allocator.updateAgent(now, agent, agentInfo(this.#shape(y)));
        break;
      case 'toggleFramework':
        if (hasFramework) {
          for (const given of this.#held) if (given.framework === framework) this.#freshen(given.agent);
          allocator.removeFramework(now, framework);
          this.#frameworks.delete(framework);
          this.#held = this.#held.filter((given) => given.framework !== framework);
        } else {
          const info = frameworkInfo([this.#role(y), this.#role(y + 1 + (z % 3))], framework);
          allocator.addFramework(now, framework, info, true, []);
          this.#frameworks.set(framework, true);
        }
        break;
      case 'switchFramework':
        if (!hasFramework) break;
        if (this.#frameworks.get(framework) === true) allocator.deactivateFramework(now, framework);
        else allocator.activateFramework(now, framework);
        this.#frameworks.set(framework, this.#frameworks.get(framework) !== true);
        break;
      case 'suppress':
        if (hasFramework) allocator.suppressOffers(now, framework, roles);
        break;
      case 'revive':
        if (hasFramework) allocator.reviveOffers(now, framework, roles);
        break;
      case 'request':
        if (hasFramework)
          allocator.requestResources(now, framework, this.#role(y), quantities('cpus:3;mem:300'));
        break;
      case 'weigh':
        allocator.setWeight(now, this.#role(x), 1 + (y % 3));
        break;
      case 'whitelist':
        allocator.setWhitelist(now, x % 3 === 0 ? [] : null);
        break;
      case 'quota':
        this.#setQuota(world.role(x % 2 === 0 ? 'a' : 'b'), y, z);
        break;
      default:
        assertNever(kind);
    }
    this.#take(world.take(), false);
    allocator.checkInvariants();
  }

  pass(duration: number): void {
    const until = micros(this.world.now + duration);
    advanceTo(this.world, until, (given) => this.#take(given, this.world.now % MICROS_PER_SECOND === 0));
    this.world.allocator.checkInvariants();
  }

  /** A full cycle to which every agent is new; what it gives to those who had not declined it. */
  nudge(): readonly string[] {
    const { allocator, now } = this.world;
    for (const [agent, isActivated] of this.#agents) {
      if (!isActivated) continue;
      allocator.deactivateAgent(now, agent as Agent);
      allocator.activateAgent(now, agent as Agent);
    }
    allocator.allocate(now);
    return this.world
      .take()
      .filter((given) => !this.#isDecliner(given))
      .map(textOf);
  }

  #take(given: readonly Given[], isTick: boolean): void {
    for (const one of given) {
      this.log.push(`${this.world.now} ${textOf(one)}`);
      if (isTick && !this.#isDecliner(one)) this.surprises.push(`${this.world.now} ${textOf(one)}`);
    }
    this.#held.push(...given);
  }

  #giveBack(x: number, refuseSeconds: number | null, onlyPart: boolean): void {
    const given = this.#held[x % Math.max(1, this.#held.length)];
    if (given === undefined) return;
    this.#held.splice(this.#held.indexOf(given), 1);
    const half = resources('cpus:0.5');
    const part = onlyPart && given.resources.contains(half) ? half : given.resources;
    const rest = given.resources.minus(part);
    if (!rest.isEmpty) this.#held.push({ ...given, resources: rest });
    if (refuseSeconds === null) this.#freshen(given.agent);
    else this.decliners[given.agent]!.add(`${given.framework}/${given.role}`);
    this.world.giveBack(given, refuseSeconds, part);
  }

  #isDecliner({ framework, role, agent }: Given): boolean {
    return this.#isGuarded && this.decliners[agent]!.has(`${framework}/${role}`);
  }

  #freshen(agent: number): void {
    this.decliners[agent]!.clear();
  }

  #role(index: number): Role {
    return this.world.role(ROLES[index % ROLES.length]!);
  }

  #shape(index: number): Resources {
    return resources(SHAPES[index % SHAPES.length]!);
  }

  #setQuota(role: Role, y: number, z: number): void {
    const guarantees = quantities(QUOTAS[y % QUOTAS.length]!);
    const limits = ResourceLimits.parse(z % 2 === 0 ? '' : 'cpus:5;mem:2000');
    if (!limits.ok) throw new Error('limits');
    this.world.allocator.setQuota(this.world.now, role, { guarantees, limits: limits.value });
  }
}

function textOf({ framework, role, agent, resources: what }: Given): string {
  return `${framework} in ${role} has ${what.toString()} of ${agent}`;
}

describe.each([
  ['without quota, without guard', false, KINDS, 1],
  ['without quota, with guard', true, KINDS, 1],
  // With quota, what a cycle gives may change what others may get, in a cycle a delay later.
  ['with quota, without guard', false, [...KINDS, 'quota' as const], 10],
  ['with quota, with guard', true, [...KINDS, 'quota' as const], 10],
])('in random histories %s', (_name, guard, kinds, cycles) => {
  const deed: fc.Arbitrary<Deed> = fc.tuple(
    fc.constantFrom<Kind>(...kinds),
    fc.nat(1000),
    fc.nat(1000),
    fc.nat(1000),
  );
  const histories = fc.array(deed, { minLength: 10, maxLength: 80, size: 'max' });
  const played = (deeds: readonly Deed[]): History => {
    const history = new History(guard);
    for (const step of deeds) history.do(step);
    return history;
  };

  test('a tick gives nothing but what was declined', () => {
    fc.assert(
      fc.property(histories, (deeds) => {
        const history = played(deeds);
        history.pass(10_000_000);
        expect(history.surprises).toEqual([]);
      }),
    );
  });

  test('soon after the last event nobody could be given anything but what they declined', () => {
    fc.assert(
      fc.property(histories, (deeds) => {
        const history = played(deeds);
        history.pass(cycles * DELAY);
        expect(history.nudge()).toEqual([]);
      }),
    );
  });

  test('one history is one list of offers', () => {
    fc.assert(
      fc.property(histories, (deeds) => {
        expect(played(deeds).log).toEqual(played(deeds).log);
      }),
    );
  });
});
