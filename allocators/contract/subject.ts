import type { Micros, Milli } from '../../engine/core/index.ts';
import type {
  Agent,
  AllocationSink,
  Allocator,
  AllocatorOptions,
  Framework,
  Quota,
  Role,
} from '../../engine/master/index.ts';
import type { Attribute, DomainInfo, OfferConstraints } from '../../engine/protocol/index.ts';
import type { Quantities, Resources } from '../../engine/resources/index.ts';

/** An allocator whose books the scenarios can read. Nothing here changes it. */
export interface InspectableAllocator extends Allocator {
  /** Roles with frameworks, in the order in which the next agent would be offered to them. */
  roleOrder(): readonly Role[];
  /** Of the whole cluster, thousandths. */
  totalScalar(name: string): Milli;
  /** Of the whole cluster, thousandths. */
  offeredOrAllocatedScalar(name: string): Milli;
  /** Live offer filters of a role over all its frameworks. */
  activeFilters(role: Role): number;
  /** What the role and those below it hold, offered or in use, reserved or not; thousandths. */
  roleOfferedOrAllocatedScalar(role: Role, name: string): Milli;
  /** Null for a role without quota. */
  quotaOf(role: Role): Quota | null;
  /** The answers that count, by framework. */
  inverseOfferStatuses(agent: Agent): ReadonlyMap<Framework, 'ACCEPT' | 'DECLINE' | 'UNKNOWN'>;
}

/** The fair-share sorter as the scenarios drive it; clients are paths such as `eng/web`, agents are names. */
export interface ScenarioSorter {
  addAgent(agent: string, total: Quantities): void;
  removeAgent(agent: string): void;
  addClient(client: string): void;
  removeClient(client: string): void;
  activate(client: string): void;
  deactivate(client: string): void;
  setWeight(path: string, weight: number): void;
  allocated(client: string, agent: string, resources: Resources): void;
  unallocated(client: string, agent: string, resources: Resources): void;
  /** Replaces part of an allocation; no allocation of its own. */
  updateAllocation(client: string, agent: string, before: Resources, after: Resources): void;

  /** Active clients, neediest first. */
  order(): readonly string[];
  contains(client: string): boolean;
  /** Clients, active or not. */
  count(): number;
  allocation(client: string, agent: string): Resources;
  /** Agents on which the client has anything. */
  allocatedAgents(client: string): readonly string[];
  quantities(client: string): Quantities;
  totalAllocated(): Quantities;
  /** Dominant share divided by weight. */
  share(client: string): number;
}

/** Whether constraints keep an agent from a role. */
export type ConstraintsEvaluator = (
  constraints: OfferConstraints,
  role: string,
  agent: {
    readonly hostname: string;
    readonly attributes: readonly Attribute[];
    readonly domain: DomainInfo | null;
  },
) => boolean;

/** What is put to the test: an implementation's parts. A null part makes the scenarios that need it `unsupported`. */
export interface ConformanceSubject {
  readonly allocator:
    | ((now: Micros, options: AllocatorOptions, sink: AllocationSink) => InspectableAllocator)
    | null;
  readonly sorter: ((fairnessExclude: readonly string[]) => ScenarioSorter) | null;
  readonly constraints: ConstraintsEvaluator | null;
}
