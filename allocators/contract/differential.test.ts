import * as fc from 'fast-check';
import { test } from 'vitest';
import type { Agent, Role } from '../../engine/master/index.ts';
import { Resources } from '../../engine/resources/index.ts';
import { HierarchicalDrf } from '../hierarchical-drf/index.ts';
import { ExpectationFailed } from './failure.ts';
import { guarded } from './guarded-allocator.ts';
import { scenarioOptions } from './options.ts';
import { PLAIN_SUBJECT } from './plain-subject.ts';
import { parseResources } from './resources-text.ts';
import type { ConformanceSubject, InspectableAllocator } from './subject.ts';
import { TwinRun } from './twin-run.ts';

type AllocatorUnderTest = NonNullable<ConformanceSubject['allocator']>;

/** An allocator for one history, and what it can assert of itself after every step. */
interface Contestant {
  readonly make: AllocatorUnderTest;
  readonly check: () => void;
}

/** Which rules a history may touch; each widens the one before it. */
interface Scope {
  readonly shapes: readonly string[];
  readonly kinds: readonly Command['kind'][];
  readonly agentCapabilities: readonly (readonly string[])[];
  readonly frameworkCapabilities: readonly (readonly string[])[];
}

/** One thing to do; the numbers choose among what there is when its turn comes. */
interface Command {
  readonly kind:
    | 'toggleAgent'
    | 'changeAgent'
    | 'switchAgent'
    | 'toggleFramework'
    | 'changeFramework'
    | 'switchFramework'
    | 'suppress'
    | 'revive'
    | 'giveBack'
    | 'advance'
    | 'weigh'
    | 'whitelist'
    | 'allocate'
    | 'quota'
    | 'reserve'
    | 'provide'
    | 'schedule'
    | 'answer';
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

const AGENTS = ['a0', 'a1', 'a2'];
const FRAMEWORKS = ['f0', 'f1', 'f2', 'f3'];
const ROLES = ['a', 'a/x', 'a/x/deep', 'a/y', 'b', '*'];
const TOP_ROLES = ['a', 'b', '*'];
const WEIGHTS = [1, 2, 0.5, 3];
const REFUSALS = [null, 0, 0.1, 1, 1.5, 2, 5, 3600, -1];
const DURATIONS = [0, 100, 500, 900, 1000, 1500, 2000, 5000];
const MINIMA = [undefined, [], ['cpus:2'], ['mem:600', 'cpus:1;mem:100']];

const BASIC: Scope = {
  shapes: [
    'cpus:4;mem:1000',
    'cpus:2;mem:2000;disk:100',
    'cpus:1;mem:500;gpus:1',
    'cpus:0.005;mem:16;disk:50',
    'cpus:3;mem:300;ports:[1-10]',
    'mem:700',
    '',
  ],
  kinds: [
    ...weighted('toggleAgent', 3),
    ...weighted('changeAgent', 2),
    ...weighted('switchAgent', 1),
    ...weighted('toggleFramework', 3),
    ...weighted('changeFramework', 2),
    ...weighted('switchFramework', 2),
    ...weighted('suppress', 2),
    ...weighted('revive', 2),
    ...weighted('giveBack', 14),
    ...weighted('advance', 7),
    ...weighted('weigh', 1),
    ...weighted('whitelist', 1),
    ...weighted('allocate', 1),
  ],
  agentCapabilities: [['MULTI_ROLE', 'HIERARCHICAL_ROLE', 'RESERVATION_REFINEMENT'], ['MULTI_ROLE'], []],
  frameworkCapabilities: [['MULTI_ROLE'], ['MULTI_ROLE', 'GPU_RESOURCES'], []],
};

const QUOTA: Scope = { ...BASIC, kinds: [...BASIC.kinds, ...weighted('quota', 4)] };

const SPECIAL: Scope = {
  ...QUOTA,
  shapes: [
    ...BASIC.shapes,
    'cpus:4;mem:1000;cpus(a):2;mem(a):200',
    'cpus(a/x):2;mem(a/x):100;cpus(+b@ops):3;ports(b):[5-9]',
    'cpus:2;mem:500;cpus{revocable}:4',
    'cpus:2;mem:512;cpus(+a,+a/x):1;disk(a):100',
    'cpus:1;mem:100;disk(a){volume=v1,shared}:50',
    'cpus:2;mem:600;disk{mount=/m}:40;disk:30',
    'cpus:1;mem:300;disk{volume=v2}:20;disk{volume=v3,shared}:30',
  ],
  kinds: [
    ...QUOTA.kinds,
    ...weighted('reserve', 3),
    ...weighted('provide', 1),
    ...weighted('schedule', 1),
    ...weighted('answer', 1),
  ],
  frameworkCapabilities: [
    ['MULTI_ROLE'],
    ['MULTI_ROLE', 'GPU_RESOURCES', 'REVOCABLE_RESOURCES', 'SHARED_RESOURCES', 'RESERVATION_REFINEMENT'],
    ['MULTI_ROLE', 'REVOCABLE_RESOURCES'],
    ['MULTI_ROLE', 'SHARED_RESOURCES'],
    [],
  ],
};

function weighted(kind: Command['kind'], times: number): readonly Command['kind'][] {
  return Array.from({ length: times }, () => kind);
}

function pick<T>(list: readonly T[], number: number): T {
  return list[number % list.length]!;
}

/** The entries whose bit is set, at least none. */
function subset<T>(list: readonly T[], bits: number): readonly T[] {
  return list.filter((_, index) => (bits >> index) % 2 === 1);
}

/** Only racks of that name, or only others. */
function constraintsOf(role: string, number: number): object {
  const predicate = number % 2 === 0 ? 'text_equals' : 'text_not_equals';
  const constraint = {
    selector: { attribute_name: 'rack' },
    predicate: { [predicate]: { value: `r${number % 3}` } },
  };
  return { role_constraints: { [role]: { groups: [{ attribute_constraints: [constraint] }] } } };
}

/** Turns commands into steps that a master would make, and has both allocators perform them. */
class History {
  readonly run: TwinRun;
  readonly #scope: Scope;
  readonly #roles = new Map<string, readonly string[]>();
  readonly #active = new Map<string, boolean>();

  constructor(tested: AllocatorUnderTest, scope: Scope, seed: number) {
    this.run = new TwinRun(tested, scenarioOptions({ fairnessExclude: ['gpus'] }, seed));
    this.#scope = scope;
  }

  /** Begins as after a failover: with quotas, and waiting for agents. */
  failOver(seed: number): void {
    const quotas = [{ role: 'a', guarantees: 'cpus:2', limits: 'cpus:4' }];
    this.run.perform({ op: 'recover', expectedAgents: seed % 4, quotas });
  }

  do(command: Command): void {
    const { run } = this;
    const { x, y, z } = command;
    const agent = pick(AGENTS, x);
    const framework = pick(FRAMEWORKS, x);
    switch (command.kind) {
      case 'toggleAgent':
        if (!run.hasAgent(agent)) return this.#addAgent(agent, y, z);
        return y % 3 === 0 ? this.#removeAgent(agent) : undefined;
      case 'changeAgent':
        return run.hasAgent(agent) ? this.#changeAgent(agent, y, z) : undefined;
      case 'switchAgent':
        if (run.hasAgent(agent))
          run.perform({ op: y % 2 === 0 ? 'activateAgent' : 'deactivateAgent', agent });
        return;
      case 'toggleFramework':
        if (!run.hasFramework(framework)) return this.#addFramework(framework, y, z);
        return y % 3 === 0 ? this.#removeFramework(framework) : undefined;
      case 'changeFramework':
        if (!run.hasFramework(framework)) return;
        return run.perform({ op: 'updateFramework', ...this.#description(framework, y, z) });
      case 'switchFramework': {
        if (!run.hasFramework(framework)) return;
        const isActive = this.#active.get(framework) === true;
        this.#active.set(framework, !isActive);
        return run.perform({ op: isActive ? 'deactivateFramework' : 'activateFramework', framework });
      }
      case 'suppress':
      case 'revive': {
        if (!run.hasFramework(framework)) return;
        const roles = subset(this.#roles.get(framework) ?? [], y);
        return run.perform({ op: `${command.kind}Offers`, framework, roles });
      }
      case 'giveBack': {
        const eligible = run.held.flatMap((record, index) =>
          run.hasFramework(record.framework) ? [index] : [],
        );
        if (eligible.length === 0) return;
        return run.giveBack(pick(eligible, x), y % 3 === 0 ? 'HALF' : 'ALL', pick(REFUSALS, z));
      }
      case 'advance':
        return run.perform({ op: 'advance', ms: pick(DURATIONS, x) });
      case 'weigh':
        return run.perform({ op: 'setWeight', role: pick(ROLES, x), weight: pick(WEIGHTS, y) });
      case 'whitelist':
        return run.perform({ op: 'setWhitelist', hostnames: x % 3 !== 0 ? null : subset(AGENTS, y) });
      case 'allocate':
        return run.perform({ op: 'allocate' });
      case 'quota':
        return this.#setQuota(pick(TOP_ROLES, x), y, z);
      case 'reserve':
        return this.#reserve(x, y, z);
      case 'provide':
        if (!run.hasAgent(agent)) return;
        return run.perform({
          op: 'addResourceProvider',
          agent,
          resources: pick(this.#scope.shapes, y),
          used: [],
        });
      case 'schedule': {
        if (!run.hasAgent(agent)) return;
        const unavailability = y % 3 === 0 ? null : { startMs: 1000 * (y % 7) };
        return run.perform({ op: 'setUnavailability', agent, unavailability });
      }
      case 'answer': {
        const asked = pick(FRAMEWORKS, y);
        if (!run.hasAgent(agent) || !run.hasFramework(asked)) return;
        // A lapse at the very instant of a tick is left open by the rules.
        const filterSeconds = pick([null, 0, 0.333, 7.777], z);
        return run.perform({
          op: 'respondInverseOffer',
          agent,
          framework: asked,
          status: 'DECLINE',
          filterSeconds,
        });
      }
    }
  }

  #addAgent(agent: string, y: number, z: number): void {
    const resources = pick(this.#scope.shapes, y);
    const used: { framework: string; role: string; resources: string }[] = [];
    if (z % 4 === 0 && !this.#parsed(resources).isEmpty) {
      // Known to the master or not: after a failover agents may come back before their frameworks.
      const role = pick(ROLES, z >> 2);
      const framework = pick(FRAMEWORKS, z >> 4);
      const taken = this.#parsed(resources).allocatableTo(role).nonShared();
      if (!taken.isEmpty) {
        used.push({ framework, role, resources: taken.toString() });
        this.run.note({ framework, role, agent, resources: taken });
      }
    }
    const capabilities = pick(this.#scope.agentCapabilities, Math.max(0, (z % 7) - 4));
    this.run.perform({ op: 'addAgent', agent, resources, used, capabilities, attributes: 'rack:r1' });
  }

  #changeAgent(agent: string, y: number, z: number): void {
    const change: Record<string, unknown> = {};
    if (z % 3 !== 0) change['resources'] = pick(this.#scope.shapes, y);
    if (z % 5 === 0) change['attributes'] = `rack:r${y % 3}`;
    if (z % 7 === 0) change['capabilities'] = pick(this.#scope.agentCapabilities, y);
    if (z % 11 === 0) change['hostname'] = pick(AGENTS, y);
    this.run.perform({ op: 'updateAgent', agent, ...change });
  }

  #removeAgent(agent: string): void {
    this.run.forget((record) => record.agent === agent);
    this.run.perform({ op: 'removeAgent', agent });
  }

  #description(framework: string, y: number, z: number): Record<string, unknown> {
    const roles = subset(ROLES, y);
    this.#roles.set(framework, roles);
    const minimum = pick(MINIMA, z >> 3);
    const least = pick(roles.length === 0 ? ROLES : roles, z);
    return {
      framework,
      roles,
      suppressedRoles: z % 3 === 0 ? subset(roles, z >> 2) : [],
      capabilities: pick(this.#scope.frameworkCapabilities, z),
      minAllocatable: minimum === undefined ? {} : { [least]: minimum },
      ...(z % 6 === 0 && roles.length > 0 ? { offerConstraints: constraintsOf(roles[0]!, y) } : {}),
    };
  }

  #addFramework(framework: string, y: number, z: number): void {
    const active = z % 5 !== 0;
    this.#active.set(framework, active);
    const used = this.run.held
      .filter((record) => record.framework === framework)
      .map(({ agent, role, resources }) => ({ agent, role, resources: resources.toString() }));
    this.run.perform({ op: 'addFramework', ...this.#description(framework, y, z), active, used });
  }

  #removeFramework(framework: string): void {
    this.run.forget((record) => record.framework === framework);
    this.run.perform({ op: 'removeFramework', framework });
  }

  #setQuota(role: string, y: number, z: number): void {
    const guarantees = pick(['', 'cpus:1', 'cpus:2;mem:500', 'cpus:5;mem:2000;disk:50'], y);
    const limits = pick(['', '', guarantees, 'cpus:6;mem:2500;disk:60'], z);
    this.run.perform({ op: 'setQuota', role, guarantees, limits });
  }

  /** A framework or an operator reserves some cpus for a role, or gives them back. */
  #reserve(x: number, y: number, z: number): void {
    const { run } = this;
    const role = pick(['a', 'a/x', 'b'], y);
    const operation = {
      type: z % 3 === 0 ? 'UNRESERVE' : 'RESERVE',
      resources: `cpus(+${role}):${1 + (z % 2)}`,
    };
    const agent = pick(AGENTS, x);
    if (x % 2 === 0 && run.hasAgent(agent)) return run.convertAvailable(agent, [operation]);
    const eligible = run.held.flatMap((record, index) =>
      run.hasFramework(record.framework) && record.role === role ? [index] : [],
    );
    if (eligible.length > 0) run.convert(pick(eligible, x >> 1), [operation]);
  }

  #parsed(text: string): Resources {
    const parsed = parseResources(text);
    return parsed.ok ? parsed.value : Resources.EMPTY;
  }
}

function commands(scope: Scope): fc.Arbitrary<readonly Command[]> {
  const number = fc.noBias(fc.nat(1000));
  const command = fc.record({ kind: fc.constantFrom(...scope.kinds), x: number, y: number, z: number });
  const arrivals = (['toggleAgent', 'toggleFramework'] as const).flatMap((kind) =>
    [0, 1, 2].map((x) => fc.record({ kind: fc.constant(kind), x: fc.constant(x), y: number, z: number })),
  );
  const events = fc.noBias(fc.array(command, { maxLength: 80, size: 'max' }));
  return fc
    .tuple(fc.shuffledSubarray(arrivals.map((_, index) => index)), fc.tuple(...arrivals), events)
    .map(([order, first, then]) => [...order.map((index) => first[index]!), ...then]);
}

/** Plays one history on the allocator and the plain one; a difference throws with the steps that lead to it. */
function play(contestant: Contestant, scope: Scope, seed: number, history: readonly Command[]): void {
  const game = new History(contestant.make, scope, seed);
  try {
    if (scope.kinds.includes('quota') && seed % 5 === 0) game.failOver(seed);
    for (const command of history) {
      game.do(command);
      contestant.check();
    }
  } catch (error) {
    const shown =
      error instanceof ExpectationFailed
        ? `plain: ${JSON.stringify(error.expected, null, 1)}\ntested: ${JSON.stringify(error.actual, null, 1)}\n`
        : '';
    throw new Error(`${String(error)}\n${shown}after these steps:\n${game.run.history()}`, { cause: error });
  }
}

function agreesWithPlain(contestant: () => Contestant, scope: Scope, numRuns: number): void {
  fc.assert(
    fc.property(fc.nat(1000), commands(scope), (seed, history) => play(contestant(), scope, seed, history)),
    { numRuns: fc.readConfigureGlobal().numRuns ?? numRuns },
  );
}

const SCOPES: readonly (readonly [string, Scope])[] = [
  ['without quota', BASIC],
  ['with quota', QUOTA],
  ['with reservations, revocable and shared resources', SPECIAL],
];

test.each(SCOPES)('the default policy decides as the plain allocator, its books in order: %s', (_, scope) => {
  agreesWithPlain(
    () => {
      let made: HierarchicalDrf | null = null;
      return {
        make: (now, options, sink) => (made = new HierarchicalDrf(now, options, sink)),
        check: () => made?.checkInvariants(),
      };
    },
    scope,
    150,
  );
});

test.each(SCOPES)('the plain allocator decides as itself under other visiting orders: %s', (_, scope) => {
  agreesWithPlain(() => ({ make: PLAIN_SUBJECT.allocator!, check: () => {} }), scope, 20);
});

/** Behind the guard, which throws at the first rule that is broken; its books remain readable. */
function guardedSubject(make: AllocatorUnderTest): AllocatorUnderTest {
  return (now, options, sink) => {
    let made: InspectableAllocator | null = null;
    const guard = guarded((...given) => (made = make(...given)), 'under test')(now, options, sink);
    const policy = made!;
    return Object.assign(guard, {
      roleOrder: () => policy.roleOrder(),
      totalScalar: (name: string) => policy.totalScalar(name),
      offeredOrAllocatedScalar: (name: string) => policy.offeredOrAllocatedScalar(name),
      activeFilters: (role: Role) => policy.activeFilters(role),
      roleOfferedOrAllocatedScalar: (role: Role, name: string) =>
        policy.roleOfferedOrAllocatedScalar(role, name),
      quotaOf: (role: Role) => policy.quotaOf(role),
      inverseOfferStatuses: (agent: Agent) => policy.inverseOfferStatuses(agent),
    });
  };
}

test.each(SCOPES)('the guard never refuses what the default policy does: %s', (_, scope) => {
  const make = guardedSubject((now, options, sink) => new HierarchicalDrf(now, options, sink));
  agreesWithPlain(() => ({ make, check: () => {} }), scope, 60);
});
