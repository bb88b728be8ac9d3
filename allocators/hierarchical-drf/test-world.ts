import { assert, type Micros, micros, MICROS_PER_SECOND } from '../../engine/core/index.ts';
import type {
  Agent,
  AllocationSink,
  AllocatorAgent,
  AllocatorFramework,
  AllocatorOptions,
  Framework,
  Role,
} from '../../engine/master/index.ts';
import { ALL_AGENT_CAPABILITIES } from '../../engine/protocol/index.ts';
import { Quantities, Resources } from '../../engine/resources/index.ts';
import { HierarchicalDrf } from './index.ts';

/** A record of a cycle. */
export interface Given {
  readonly framework: Framework;
  readonly role: Role;
  readonly agent: Agent;
  readonly resources: Resources;
}

export const OPTIONS: AllocatorOptions = {
  allocationInterval: micros(MICROS_PER_SECOND),
  timing: 'mesos',
  eventDelay: micros(5_000),
  declinerGuard: true,
  minAllocatable: [quantities('cpus:0.01'), quantities('mem:32')],
  fairnessExclude: [],
  filterGpuResources: true,
  domain: null,
  recoveryTimeout: micros(600 * MICROS_PER_SECOND),
  agentRecoveryFactor: 0.8,
  roleSorter: 'drf',
  frameworkSorter: 'drf',
  seed: 1,
};

export function resources(text: string): Resources {
  const parsed = Resources.parse(text);
  assert(parsed.ok, `resources: ${text}`);
  return parsed.value;
}

export function quantities(text: string): Quantities {
  const parsed = Quantities.parse(text);
  assert(parsed.ok, `quantities: ${text}`);
  return parsed.value;
}

export function agentInfo(total: Resources): AllocatorAgent {
  return {
    hostname: 'host',
    total,
    capabilities: ALL_AGENT_CAPABILITIES,
    attributes: [],
    domain: null,
    unavailability: null,
  };
}

/** With its row as what decides ties. */
export function frameworkInfo(roles: readonly Role[], framework: number): AllocatorFramework {
  return {
    tieRank: framework,
    roles,
    suppressedRoles: [],
    capabilities: ['MULTI_ROLE'],
    minAllocatable: new Map(),
    offerConstraints: null,
  };
}

/** An allocator at instant `now`, and what it gave and was not taken yet. */
export class TestWorld implements AllocationSink {
  readonly allocator: HierarchicalDrf;
  now = 0 as Micros;
  #given: Given[] = [];

  constructor(options: Partial<AllocatorOptions> = {}) {
    this.allocator = new HierarchicalDrf(this.now, { ...OPTIONS, ...options }, this);
  }

  allocated(framework: Framework, role: Role, agent: Agent, given: Resources): void {
    this.#given.push({ framework, role, agent, resources: given });
  }

  inverseOffer(): void {}

  role(name: string): Role {
    return this.allocator.role(name);
  }

  addAgent(agent: number, total: string): void {
    this.allocator.addAgent(this.now, agent as Agent, agentInfo(resources(total)), []);
  }

  addFramework(framework: number, ...roles: string[]): void {
    const info = frameworkInfo(
      roles.map((name) => this.role(name)),
      framework,
    );
    this.allocator.addFramework(this.now, framework as Framework, info, true, []);
  }

  advance(seconds: number): void {
    this.now = micros(this.now + seconds * MICROS_PER_SECOND);
    this.allocator.advance(this.now);
  }

  /** Returns a record, refusing it for `refuseSeconds` if given. */
  giveBack(given: Given, refuseSeconds: number | null = null, part: Resources = given.resources): void {
    const refuse = refuseSeconds === null ? null : micros(refuseSeconds * MICROS_PER_SECOND);
    this.allocator.recoverResources(this.now, given.framework, given.role, given.agent, part, refuse);
  }

  /** What was given since the last call. */
  take(): Given[] {
    const given = this.#given;
    this.#given = [];
    return given;
  }
}
