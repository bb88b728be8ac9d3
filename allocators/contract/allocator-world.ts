import { assert, type Micros, MICROS_PER_MILLISECOND, micros } from '../../engine/core/index.ts';
import type {
  Agent,
  AllocatorAgent,
  AllocatorFramework,
  AllocatorOptions,
  Framework,
  Role,
  Usage,
} from '../../engine/master/index.ts';
import { AllocationLedger } from './allocation-ledger.ts';
import { TextOrder } from './text-order.ts';
import type { ConformanceSubject, InspectableAllocator } from './subject.ts';

/** Rows of a table of the master: a name keeps its row, removed and added again. */
class Rows<Row extends number> {
  readonly #rows = new Map<string, Row>();
  readonly #names: string[] = [];

  rowOf(name: string): Row {
    let row = this.#rows.get(name);
    if (row === undefined) {
      row = this.#names.length as Row;
      this.#rows.set(name, row);
      this.#names.push(name);
    }
    return row;
  }

  nameOf(row: Row): string {
    const name = this.#names[row];
    assert(name !== undefined, `the allocator speaks of row ${row}, which was never given out`);
    return name;
  }
}

/**
 * An allocator under test with what a master knows around it: rows for names, what an agent last said, the clock, and the ledger of
 * what came out. Role validation, unknown ids and the like are the master's, so they are handled here.
 */
export class AllocatorWorld {
  readonly allocator: InspectableAllocator;
  readonly ledger = new AllocationLedger();
  readonly options: AllocatorOptions;
  now: Micros = micros(0);
  readonly #agents = new Map<string, AllocatorAgent>();
  readonly #frameworks = new Set<string>();
  readonly #agentRows = new Rows<Agent>();
  readonly #frameworkRows = new Rows<Framework>();
  readonly #frameworkOrder = new TextOrder();
  /** Per framework, the cycles that gave it something since `takeCounts`. */
  #counts = new Map<string, Set<number>>();

  constructor(make: NonNullable<ConformanceSubject['allocator']>, options: AllocatorOptions) {
    this.options = options;
    this.allocator = make(this.now, options, {
      allocated: (framework, role, agent, resources) => {
        const name = this.#frameworkRows.nameOf(framework);
        const cycle = this.allocator.metrics().allocationRuns;
        this.#counts.set(name, (this.#counts.get(name) ?? new Set<number>()).add(cycle));
        this.ledger.record({
          cycle,
          framework: name,
          role: this.allocator.roleName(role),
          agent: this.#agentRows.nameOf(agent),
          resources,
        });
      },
      inverseOffer: (framework, agent) => {
        const name = this.#agentRows.nameOf(agent);
        const unavailability = this.agentInfo(name).unavailability;
        assert(
          unavailability !== null,
          `${name} has an unavailability, as it is the reason for an inverse offer`,
        );
        this.ledger.recordInverse({
          framework: this.#frameworkRows.nameOf(framework),
          agent: name,
          startMs: unavailability.start / MICROS_PER_MILLISECOND,
          durationMs:
            unavailability.duration === null ? null : unavailability.duration / MICROS_PER_MILLISECOND,
        });
      },
    });
  }

  agent(name: string): Agent {
    return this.#agentRows.rowOf(name);
  }

  framework(name: string): Framework {
    return this.#frameworkRows.rowOf(name);
  }

  /** What decides between frameworks with equal shares and counts: their names. */
  tieRank(name: string): number {
    return this.#frameworkOrder.numberOf(name);
  }

  agentName(row: Agent): string {
    return this.#agentRows.nameOf(row);
  }

  frameworkName(row: Framework): string {
    return this.#frameworkRows.nameOf(row);
  }

  role(name: string): Role {
    return this.allocator.role(name);
  }

  roles(names: readonly string[]): readonly Role[] {
    return names.map((name) => this.role(name));
  }

  /** The agent as last stated; it must be known. */
  agentInfo(name: string): AllocatorAgent {
    const info = this.#agents.get(name);
    assert(info !== undefined, `agent ${name} is known`);
    return info;
  }

  hasAgent(name: string): boolean {
    return this.#agents.has(name);
  }

  hasFramework(name: string): boolean {
    return this.#frameworks.has(name);
  }

  /** Names of the agents that have an unavailability. */
  unavailableAgents(): readonly string[] {
    return [...this.#agents].flatMap(([name, { unavailability }]) => (unavailability === null ? [] : [name]));
  }

  addAgent(name: string, info: AllocatorAgent, used: readonly Usage[]): void {
    assert(!this.hasAgent(name), `agent ${name} is not known yet`);
    this.#agents.set(name, info);
    this.allocator.addAgent(this.now, this.agent(name), info, used);
  }

  /** Notes what an agent says now, without telling the allocator. */
  noteAgent(name: string, info: AllocatorAgent): void {
    this.agentInfo(name);
    this.#agents.set(name, info);
  }

  removeAgent(name: string): void {
    this.agentInfo(name);
    this.#agents.delete(name);
    this.allocator.removeAgent(this.now, this.agent(name));
  }

  addFramework(name: string, info: AllocatorFramework, active: boolean, used: readonly Usage[]): void {
    assert(!this.hasFramework(name), `framework ${name} is not known yet`);
    this.#frameworks.add(name);
    this.allocator.addFramework(this.now, this.framework(name), info, active, used);
  }

  /** The row of a framework that must be known. */
  knownFramework(name: string): Framework {
    assert(this.hasFramework(name), `framework ${name} is known`);
    return this.framework(name);
  }

  /** The row of an agent that must be known. */
  knownAgent(name: string): Agent {
    this.agentInfo(name);
    return this.agent(name);
  }

  removeFramework(name: string): void {
    const row = this.knownFramework(name);
    this.#frameworks.delete(name);
    this.allocator.removeFramework(this.now, row);
  }

  advance(duration: Micros): void {
    this.now = micros(this.now + duration);
    this.allocator.advance(this.now);
  }

  /** A cycle over all agents: what adding an active framework starts, and one without roles changes nothing else. */
  allocate(): void {
    const bystander = this.framework('a framework without roles');
    const info: AllocatorFramework = {
      tieRank: 0,
      roles: [],
      suppressedRoles: [],
      capabilities: ['MULTI_ROLE'],
      minAllocatable: new Map(),
      offerConstraints: null,
    };
    this.allocator.addFramework(this.now, bystander, info, true, []);
    this.allocator.removeFramework(this.now, bystander);
  }

  /** Cycles that gave the framework something since the last `resetCounts`. */
  count(framework: string): number {
    return this.#counts.get(framework)?.size ?? 0;
  }

  resetCounts(): void {
    this.#counts = new Map();
  }
}
