import { hierarchicalDrf } from '../../allocators/hierarchical-drf/index.ts';
import { type Micros, micros, MICROS_PER_SECOND, RollingHash } from '../../engine/core/index.ts';
import type {
  Agent,
  AllocationSink,
  AllocationTiming,
  Allocator,
  AllocatorAgent,
  AllocatorFramework,
  Framework,
  Role,
  Usage,
} from '../../engine/master/index.ts';
import type { AgentCapability, FrameworkCapability } from '../../engine/protocol/index.ts';
import type { Resources } from '../../engine/resources/index.ts';
import type { AllocatorRow } from './allocator-row.ts';
import { quantities } from './shapes.ts';
import { Stopwatch } from './stopwatch.ts';

/** The seed of every shuffle. */
const SEED = 42;
/** The longest filter there is: none ends during a benchmark. */
export const A_YEAR = micros(365 * 86_400 * MICROS_PER_SECOND);
const AGENT_CAPABILITIES: readonly AgentCapability[] = [
  'MULTI_ROLE',
  'HIERARCHICAL_ROLE',
  'RESERVATION_REFINEMENT',
];

/** As the master makes one for each allocation. */
export interface BenchOffer {
  readonly id: number;
  readonly framework: Framework;
  readonly agent: Agent;
  readonly role: Role;
  readonly resources: Resources;
}

/** What a benchmarked framework is; MULTI_ROLE goes without saying. */
export interface BenchFramework {
  readonly roles: readonly string[];
  readonly capabilities?: readonly FrameworkCapability[];
}

/** Drives an allocator as a master does: makes an offer of each allocation, keeps it until it is answered, and times what it asks for. */
export class BenchMaster implements AllocationSink {
  readonly allocator: Allocator;
  /** Cycles, and what was done with offers. */
  readonly cycles = new Stopwatch();
  readonly declines = new Stopwatch();
  readonly returns = new Stopwatch();
  now = micros(0);
  agentCount = 0;
  frameworkCount = 0;
  /** Outstanding, in order. */
  offers: BenchOffer[] = [];
  /** How many were answered by batch. */
  readonly #declined: number[] = [];
  readonly #returned: number[] = [];
  #made = 0;
  /** Offers from this id on are not hashed yet. */
  #noted = 0;
  readonly #hash = new RollingHash();
  readonly #roles = new Set<string>();

  constructor(timing: AllocationTiming = 'mesos') {
    this.allocator = hierarchicalDrf(
      this.now,
      {
        allocationInterval: micros(MICROS_PER_SECOND),
        timing,
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
        seed: SEED,
      },
      this,
    );
  }

  /** Offers made so far. */
  get made(): number {
    return this.#made;
  }

  allocated(framework: Framework, role: Role, agent: Agent, resources: Resources): void {
    this.offers.push({ id: this.#made++, framework, agent, role, resources });
  }

  inverseOffer(): void {}

  role(name: string): Role {
    return this.allocator.role(name);
  }

  agentInfo(agent: Agent, total: Resources): AllocatorAgent {
    return {
      hostname: `agent${agent + 1}`,
      total,
      capabilities: AGENT_CAPABILITIES,
      attributes: [],
      domain: null,
      unavailability: null,
    };
  }

  /** The agent's row is its number in order of addition. */
  addAgent(
    total: Resources,
    used: readonly { framework: Framework; role: string; resources: Resources }[],
  ): void {
    const agent = this.agentCount++ as Agent;
    const usage: Usage[] = used.map(({ framework, role, resources }) => ({
      framework,
      role: this.role(role),
      agent,
      resources,
    }));
    this.allocator.addAgent(this.now, agent, this.agentInfo(agent, total), usage);
  }

  /** Added active. The framework's row is its number in order of addition. */
  addFramework({ roles, capabilities = [] }: BenchFramework): void {
    const info: AllocatorFramework = {
      tieRank: this.frameworkCount,
      roles: roles.map((role) => this.role(role)),
      suppressedRoles: [],
      capabilities: ['MULTI_ROLE', ...capabilities],
      minAllocatable: new Map(),
      offerConstraints: null,
    };
    for (const role of roles) this.#roles.add(role);
    this.allocator.addFramework(this.now, this.frameworkCount++ as Framework, info, true, []);
  }

  /** As on a master whose allocator is paused: nothing that happens until `resume` finds an agent to offer. */
  pause(): void {
    for (let agent = 0; agent < this.agentCount; agent++)
      this.allocator.deactivateAgent(this.now, agent as Agent);
  }

  resume(): void {
    for (let agent = 0; agent < this.agentCount; agent++)
      this.allocator.activateAgent(this.now, agent as Agent);
  }

  /** The next batch tick, timed by `watch`: a cycle over all agents. Answers how many offers it made. */
  cycle(watch: Stopwatch = this.cycles): number {
    const before = this.#made;
    const tick = micros(this.now + MICROS_PER_SECOND);
    this.now = tick;
    watch.time(() => this.allocator.advance(tick));
    this.#note();
    return this.#made - before;
  }

  /** Declines every outstanding offer with the longest filter. */
  declineAll(): void {
    this.#note();
    const { offers } = this;
    this.offers = [];
    this.#declined.push(offers.length);
    this.declines.time(() => this.#giveBack(offers, A_YEAR));
  }

  /** Returns every outstanding offer without a filter. */
  returnAll(): void {
    this.#note();
    const { offers } = this;
    this.offers = [];
    this.#returned.push(offers.length);
    this.returns.time(() => this.#giveBack(offers, null));
  }

  /** As `returnAll`, of the offers of agents below `bound` only. */
  returnBelow(bound: number): void {
    this.#note();
    const kept = this.offers.filter(({ agent }) => agent >= bound);
    this.offers = this.offers.filter(({ agent }) => agent < bound);
    this.returnAll();
    this.offers = kept;
  }

  /** Part of what was offered is declined, without a filter. */
  giveBack(offer: BenchOffer, resources: Resources): void {
    const { framework, role, agent } = offer;
    this.allocator.recoverResources(this.now, framework, role, agent, resources, micros(0));
  }

  /** A row of the result: the state that `watch` timed, with the offers made in it. */
  row(
    workload: string,
    offers: number,
    more: Readonly<Record<string, number>> = {},
    watch = this.cycles,
  ): AllocatorRow {
    this.#note();
    return {
      name: `allocator/${workload}`,
      workload,
      agents: this.agentCount,
      frameworks: this.frameworkCount,
      roles: this.#roles.size,
      ...watch.summary(),
      offers,
      declineMicros: this.declines.microsEach(this.#declined),
      returnMicros: this.returns.microsEach(this.#returned),
      peakRssBytes: process.resourceUsage().maxRSS * 1_024,
      hash: this.#hash.digest(),
      more,
    };
  }

  /** Mixes a fact of the result into its hash. */
  noteFact(value: number): void {
    this.#hash.add(value);
  }

  /** Hashes what was made since the last time. */
  #note(): void {
    let first = this.offers.length;
    while (first > 0 && this.offers[first - 1]!.id >= this.#noted) first--;
    for (let index = first; index < this.offers.length; index++) {
      const { framework, role, agent } = this.offers[index]!;
      this.#hash.add(framework);
      this.#hash.add(role);
      this.#hash.add(agent);
    }
    this.#noted = this.#made;
  }

  #giveBack(offers: readonly BenchOffer[], refuse: Micros | null): void {
    for (let index = 0; index < offers.length; index++) {
      const { framework, role, agent, resources } = offers[index]!;
      this.allocator.recoverResources(this.now, framework, role, agent, resources, refuse);
    }
  }
}
