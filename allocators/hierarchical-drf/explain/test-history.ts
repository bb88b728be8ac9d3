import { assert, assertNever, type Micros, micros, MICROS_PER_SECOND } from '../../../engine/core/index.ts';
import type {
  Agent,
  AllocatorAgent,
  AllocatorFramework,
  AllocatorOptions,
  Change,
  Framework,
  Quota,
  Role,
} from '../../../engine/master/index.ts';
import {
  type AgentCapability,
  ALL_AGENT_CAPABILITIES,
  type FrameworkCapability,
  type OfferConstraints,
} from '../../../engine/protocol/index.ts';
import { ResourceLimits, type Resources } from '../../../engine/resources/index.ts';
import { parseResources } from '../../contract/index.ts';
import { type Given, quantities, TestWorld } from '../test-world.ts';

/** One thing to do; the numbers choose among what there is when its turn comes. */
export interface Command {
  readonly kind: (typeof COMMAND_KINDS)[number];
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

export const COMMAND_KINDS = [
  'addAgent',
  'addAgent',
  'switchAgent',
  'changeAgent',
  'addFramework',
  'addFramework',
  'changeFramework',
  'switchFramework',
  'suppress',
  'revive',
  'request',
  'giveBack',
  'giveBack',
  'giveBack',
  'giveBack',
  'advance',
  'weigh',
  'whitelist',
  'quota',
  'quota',
] as const;

const ROLES = ['a', 'a/x', 'b', 'c'];
const SHAPES = [
  'cpus:4;mem:1000',
  'cpus:2;mem:2000;gpus:1',
  'cpus:3;mem:300;ports:[1-10]',
  'cpus(a):2;mem(a):200;cpus:1',
  'cpus:2;mem:500;cpus{revocable}:4',
  'cpus{revocable}:4;disk:50',
  'cpus(+a,+a/x):1;mem:20',
  'cpus:1;mem:100;disk(a){volume=v1,shared}:50',
  'cpus:0.005;mem:16',
];
const CAPABILITIES: readonly (readonly FrameworkCapability[])[] = [
  ['MULTI_ROLE', 'GPU_RESOURCES', 'REVOCABLE_RESOURCES', 'SHARED_RESOURCES', 'RESERVATION_REFINEMENT'],
  ['MULTI_ROLE', 'GPU_RESOURCES', 'REGION_AWARE'],
  ['MULTI_ROLE'],
  [],
];
const AGENT_CAPABILITIES: readonly (readonly AgentCapability[])[] = [
  ALL_AGENT_CAPABILITIES,
  ALL_AGENT_CAPABILITIES,
  ['MULTI_ROLE'],
  [],
];
const REFUSALS = [null, 0, 1, 2, 5, 3600];
const MINIMA = [null, null, null, ['cpus:2'], ['mem:600']];
const QUOTAS = ['', 'cpus:1', 'cpus:2;mem:500', 'cpus:5;mem:2000'];
const FRAMEWORKS = 4;

/** A world with random histories, which also knows what it told the allocator, so that suggestions can be carried out. */
export class TestHistory {
  readonly world: TestWorld;
  readonly agents = new Map<Agent, AllocatorAgent>();
  readonly frameworks = new Map<Framework, AllocatorFramework>();
  readonly held: Given[] = [];
  readonly #agentsMax: number;
  readonly #suppressed = new Set<string>();
  readonly #quotas = new Map<Role, Quota>();
  #active = new Set<Framework>();
  #whitelist: readonly string[] | null = null;

  /** Odd seeds have timing `event`. */
  constructor(agentsMax: number, seed: number, options: Partial<AllocatorOptions> = {}) {
    const domain = { region: 'home', zone: 'z' };
    const timing = seed % 2 === 0 ? 'mesos' : 'event';
    this.world = new TestWorld({ seed, domain, timing, ...options });
    this.#agentsMax = agentsMax;
  }

  get now(): Micros {
    return this.world.now;
  }

  /** What was given since the last call; it is held from now on. */
  take(): readonly Given[] {
    const given = this.world.take();
    this.held.push(...given);
    return given;
  }

  /** Every framework in every role that it has. */
  clients(): readonly { readonly framework: Framework; readonly role: string }[] {
    return [...this.frameworks].flatMap(([framework, { roles }]) =>
      roles.map((role) => ({ framework, role: this.world.allocator.roleName(role) })),
    );
  }

  do({ kind, x, y, z }: Command): void {
    const { allocator } = this.world;
    const agent = (x % this.#agentsMax) as Agent;
    const framework = (x % FRAMEWORKS) as Framework;
    const isAgent = this.agents.has(agent);
    const isFramework = this.frameworks.has(framework);
    switch (kind) {
      case 'addAgent':
        if (!isAgent) this.#addAgent(agent, y, z);
        break;
      case 'switchAgent':
        if (!isAgent) break;
        if (y % 2 === 0) allocator.activateAgent(this.now, agent);
        else allocator.deactivateAgent(this.now, agent);
        break;
      case 'changeAgent':
        if (isAgent) this.#updateAgent(agent, { total: resources(pick(SHAPES, y)) });
        break;
      case 'addFramework':
      case 'changeFramework':
        if (isFramework === (kind === 'addFramework')) break;
        this.#describe(framework, y, z);
        break;
      case 'switchFramework':
        if (!isFramework) break;
        if (this.#active.delete(framework)) allocator.deactivateFramework(this.now, framework);
        else this.apply({ kind: 'activateFramework' }, framework, '');
        break;
      case 'suppress':
        if (isFramework) this.#suppress(framework, pick(this.frameworks.get(framework)!.roles, y));
        break;
      case 'revive':
        if (isFramework) this.#revive(framework, pick(this.frameworks.get(framework)!.roles, y));
        break;
      case 'request': {
        if (!isFramework) break;
        const role = pick(this.frameworks.get(framework)!.roles, y);
        this.#suppressed.delete(`${framework} ${role}`);
        allocator.requestResources(
          this.now,
          framework,
          role,
          quantities(pick(['cpus:1', 'mem:1500', ''], z)),
        );
        break;
      }
      case 'giveBack': {
        if (this.held.length === 0) break;
        const [given] = this.held.splice(x % this.held.length, 1);
        this.world.giveBack(given!, pick(REFUSALS, z));
        break;
      }
      case 'advance':
        this.world.advance(pick([0, 0.5, 1, 1.5, 3], x));
        break;
      case 'weigh':
        allocator.setWeight(this.now, allocator.role(pick(ROLES, x)), pick([1, 2, 0.5], y));
        break;
      case 'whitelist':
        this.#setWhitelist(x % 3 !== 0 ? null : ['h0', 'h1', 'h2'].filter((_, bit) => (y >> bit) % 2 === 1));
        break;
      case 'quota': {
        const guarantees = pick(QUOTAS, y);
        const limits = pick(['', '', guarantees, 'cpus:6;mem:2500', 'cpus:0'], z);
        this.#setQuota(allocator.role(pick(['a', 'b', 'c'], x)), {
          guarantees: quantities(guarantees),
          limits: limitsOf(limits),
        });
        break;
      }
      default:
        assertNever(kind);
    }
    this.take();
  }

  /** Makes a suggested change as its owner would. */
  apply(change: Change, framework: Framework, role: string): void {
    const { allocator } = this.world;
    const number = allocator.role(role);
    const info = this.frameworks.get(framework)!;
    switch (change.kind) {
      case 'reviveRole':
        this.#revive(framework, number);
        break;
      case 'waitUntil':
        this.world.now = change.instant;
        allocator.advance(change.instant);
        break;
      case 'activateFramework':
        this.#active.add(framework);
        allocator.activateFramework(this.now, framework);
        break;
      case 'addCapability':
        this.#update(framework, { ...info, capabilities: [...info.capabilities, change.capability] });
        break;
      case 'lowerMinimum': {
        const minAllocatable = new Map([...info.minAllocatable, [number, [change.to]] as const]);
        this.#update(framework, { ...info, minAllocatable });
        break;
      }
      case 'relaxConstraint': {
        const roleConstraints = new Map(info.offerConstraints!.roleConstraints);
        roleConstraints.delete(role);
        this.#update(framework, { ...info, offerConstraints: { roleConstraints } });
        break;
      }
      case 'activateAgents':
        for (const agent of change.agents) allocator.activateAgent(this.now, agent);
        break;
      case 'addToWhitelist':
        this.#setWhitelist([...(this.#whitelist ?? []), ...change.hostnames]);
        break;
      case 'raiseLimit': {
        const quota = this.#quotas.get(allocator.role(change.role))!;
        const { names, values } = quota.limits;
        const limits = ResourceLimits.of(
          names.map((name, index) => [name, (values[index]! + change.by.get(name)) as never]),
        );
        this.#setQuota(allocator.role(change.role), { ...quota, limits });
        break;
      }
      case 'lowerGuarantees':
        for (const { role: name, unmet } of change.guarantees) {
          const quota = this.#quotas.get(allocator.role(name))!;
          this.#setQuota(allocator.role(name), { ...quota, guarantees: quota.guarantees.minus(unmet) });
        }
        break;
      case 'raiseWeight':
        allocator.setWeight(this.now, allocator.role(change.role), change.to);
        break;
      case 'suppressOthers':
        for (const other of change.others) this.#suppress(other.framework, allocator.role(other.role));
        break;
      case 'upgradeAgents':
        for (const agent of change.agents) {
          const { capabilities } = this.agents.get(agent)!;
          this.#updateAgent(agent, { capabilities: [...capabilities, change.capability] });
        }
        break;
      default:
        assertNever(change);
    }
  }

  #addAgent(agent: Agent, y: number, z: number): void {
    const region = z % 5 === 0 ? 'abroad' : 'home';
    const info: AllocatorAgent = {
      hostname: `h${agent}`,
      total: resources(pick(SHAPES, y)),
      capabilities: pick(AGENT_CAPABILITIES, z),
      attributes: [{ name: 'rack', type: 'TEXT', text: `r${y % 2}` }],
      domain: { region, zone: 'z' },
      unavailability: null,
    };
    this.agents.set(agent, info);
    this.world.allocator.addAgent(this.now, agent, info, []);
  }

  #updateAgent(agent: Agent, change: Partial<AllocatorAgent>): void {
    const info = { ...this.agents.get(agent)!, ...change };
    this.agents.set(agent, info);
    this.world.allocator.updateAgent(this.now, agent, info);
  }

  #describe(framework: Framework, y: number, z: number): void {
    const { allocator } = this.world;
    const names = ROLES.filter((_, bit) => (y >> bit) % 2 === 1);
    const roles = (names.length === 0 ? ['b'] : names).map((name) => allocator.role(name));
    const minimum = pick(MINIMA, z >> 2);
    const info: AllocatorFramework = {
      tieRank: framework,
      roles,
      suppressedRoles: [],
      capabilities: pick(CAPABILITIES, z),
      minAllocatable:
        minimum === null ? new Map() : new Map([[roles[0]!, minimum.map((text) => quantities(text))]]),
      offerConstraints: z % 4 === 0 ? onRack(allocator.roleName(roles[0]!), `r${y % 2}`) : null,
    };
    if (this.frameworks.has(framework)) {
      this.#update(framework, info);
      return;
    }
    this.frameworks.set(framework, info);
    this.#active.add(framework);
    allocator.addFramework(this.now, framework, info, true, []);
  }

  #update(framework: Framework, info: AllocatorFramework): void {
    const suppressedRoles = info.roles.filter((role) => this.#suppressed.has(`${framework} ${role}`));
    this.frameworks.set(framework, info);
    this.world.allocator.updateFramework(this.now, framework, { ...info, suppressedRoles });
  }

  #suppress(framework: Framework, role: Role): void {
    this.#suppressed.add(`${framework} ${role}`);
    this.world.allocator.suppressOffers(this.now, framework, [role]);
  }

  #revive(framework: Framework, role: Role): void {
    this.#suppressed.delete(`${framework} ${role}`);
    this.world.allocator.reviveOffers(this.now, framework, [role]);
  }

  #setWhitelist(hostnames: readonly string[] | null): void {
    this.#whitelist = hostnames;
    this.world.allocator.setWhitelist(this.now, hostnames);
  }

  #setQuota(role: Role, quota: Quota): void {
    this.#quotas.set(role, quota);
    this.world.allocator.setQuota(this.now, role, quota);
  }
}

export function seconds(count: number): Micros {
  return micros(count * MICROS_PER_SECOND);
}

function resources(text: string): Resources {
  const parsed = parseResources(text);
  assert(parsed.ok, `resources: ${text}`);
  return parsed.value;
}

function limitsOf(text: string): ResourceLimits {
  const parsed = ResourceLimits.parse(text);
  return parsed.ok ? parsed.value : ResourceLimits.UNLIMITED;
}

export function onRack(role: string, rack: string): OfferConstraints {
  const constraint = {
    selector: { kind: 'attribute', name: 'rack' },
    predicate: { kind: 'text_equals', value: rack },
  } as const;
  return { roleConstraints: new Map([[role, { groups: [{ attributeConstraints: [constraint] }] }]]) };
}

function pick<T>(list: readonly T[], number: number): T {
  return list[number % list.length]!;
}
