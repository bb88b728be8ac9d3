import { assert, milli } from '../../engine/core/index.ts';
import type { Agent, AllocatorOptions } from '../../engine/master/index.ts';
import { applyOperations, Resources, scalarResource } from '../../engine/resources/index.ts';
import { type AllocationRecord, allocationText, inverseOfferText } from './allocation-ledger.ts';
import { type Deed, performDeed } from './allocator-deeds.ts';
import { ALLOCATOR_STEPS } from './allocator-steps.ts';
import { AllocatorWorld } from './allocator-world.ts';
import { expectClose, expectSame, expectSameSet, sorted } from './failure.ts';
import { operations as readOperations } from './operations.ts';
import type { VisitingOrder } from './plain-cycle.ts';
import { PlainDrf, type VisitingOrders } from './plain-drf.ts';
import { readStep } from './scenario.ts';
import type { ConformanceSubject } from './subject.ts';

const SHARE_TOLERANCE = 1e-12;

/** An operation as it would stand in a scenario file. */
export type JsonOperation = Readonly<Record<string, unknown>>;

/** A step as it would stand in a scenario file. */
export type JsonStep = Readonly<Record<string, unknown>> & { readonly op: Deed['op'] };

/**
 * An allocator and the plain one that go through one history, step by step, and must decide the same. Where the rules leave the order
 * of agents open, the plain one takes the order that gives the other's outcome, if there is one. Keeps what was handed out and not
 * returned, so that a history can return it.
 */
export class TwinRun {
  readonly #tested: AllocatorWorld;
  readonly #plain: AllocatorWorld;
  /** What the tested one gave in each cycle of the present step, as sorted text. */
  readonly #outcomes = new Map<number, string>();
  readonly #roles = new Set<string>();
  /** Whether any role ever had quota: if none had, the first stage does nothing, and its order does not matter. */
  #hasQuota = false;
  readonly #steps: JsonStep[] = [];
  #held: AllocationRecord[] = [];

  constructor(tested: NonNullable<ConformanceSubject['allocator']>, options: AllocatorOptions) {
    this.#tested = new AllocatorWorld(tested, options);
    const orders: VisitingOrders = {
      of: (agents) => allOrders(agents, this.#hasQuota),
      accepts: (cycle, records) => {
        const texts = records.map(({ framework, role, agent, resources }) =>
          allocationText({
            framework: this.#plain.frameworkName(framework),
            role: this.#plain.allocator.roleName(role),
            agent: this.#plain.agentName(agent),
            resources,
          }),
        );
        return sorted(texts).join('\n') === (this.#outcomes.get(cycle) ?? '');
      },
    };
    this.#plain = new AllocatorWorld((now, given, sink) => new PlainDrf(now, given, sink, orders), options);
  }

  /** What frameworks hold, one entry per record, in the order in which it was given. */
  get held(): readonly AllocationRecord[] {
    return this.#held;
  }

  hasAgent(name: string): boolean {
    return this.#tested.hasAgent(name);
  }

  hasFramework(name: string): boolean {
    return this.#tested.hasFramework(name);
  }

  /** Performs the step on both and compares all that can be seen. Throws `ExpectationFailed` with the history so far in its message. */
  perform(step: JsonStep): void {
    this.#steps.push(step);
    if (step.op === 'setQuota' || step.op === 'recover') this.#hasQuota = true;
    const { op, ...fields } = step;
    const read = readStep(ALLOCATOR_STEPS, { op, fields, path: `steps[${this.#steps.length - 1}]` }) as Deed;
    performDeed(this.#tested, read);
    const records = this.#tested.ledger.takeAll();
    this.#outcomes.clear();
    for (const cycle of new Set(records.map((record) => record.cycle))) {
      const texts = records.filter((record) => record.cycle === cycle).map(allocationText);
      this.#outcomes.set(cycle, sorted(texts).join('\n'));
    }
    performDeed(this.#plain, read);
    this.#held.push(...records);
    this.#noteRoles(read);
    expectSameSet(
      'the allocations',
      this.#plain.ledger.takeAll().map(allocationText),
      records.map(allocationText),
    );
    this.#compareBooks(this.#plain, this.#tested);
  }

  /** Returns part of what was given: entry `index` of `held`, all of it or about half. */
  giveBack(index: number, part: 'ALL' | 'HALF', filterSeconds: number | null): void {
    const record = this.#held[index]!;
    const resources = part === 'ALL' ? record.resources : halfOf(record.resources);
    if (resources.isEmpty) return;
    const rest = record.resources.minus(resources);
    if (rest.isEmpty) this.#held.splice(index, 1);
    else this.#held[index] = { ...record, resources: rest };
    const { framework, role, agent } = record;
    this.perform({
      op: 'recoverResources',
      framework,
      role,
      agent,
      resources: resources.toString(),
      filterSeconds,
    });
  }

  /** What the agent has. */
  total(agent: string): Resources {
    return this.#tested.agentInfo(agent).total;
  }

  /** What of it nobody holds; shared volumes always. */
  available(agent: string): Resources {
    let free = this.total(agent).nonShared();
    for (const record of this.#held)
      if (record.agent === agent) free = free.minus(record.resources.nonShared());
    return free.plus(this.total(agent).shared());
  }

  /** Replaces what entry `index` of `held` holds by what `operations` make of it; nothing if they cannot be done there or on the agent. */
  convert(index: number, operations: readonly JsonOperation[]): void {
    const record = this.#held[index]!;
    const read = readOperations(operations, 'operations');
    const after = applyOperations(record.resources, read);
    if (!after.ok || !applyOperations(this.total(record.agent), read).ok) return;
    this.#held[index] = { ...record, resources: after.value };
    const { framework, role, agent, resources } = record;
    this.perform({
      op: 'updateAllocation',
      framework,
      role,
      agent,
      offered: resources.toString(),
      operations,
    });
  }

  /** An operator's operations on what is free: done or refused, as they can be. */
  convertAvailable(agent: string, operations: readonly JsonOperation[]): void {
    const read = readOperations(operations, 'operations');
    const isPossible =
      applyOperations(this.available(agent), read).ok && applyOperations(this.total(agent), read).ok;
    this.perform({ op: 'updateAvailable', agent, operations, expectFailure: !isPossible });
  }

  /** Forgets what is held by one that is gone. */
  forget(isGone: (record: AllocationRecord) => boolean): void {
    this.#held = this.#held.filter((record) => !isGone(record));
  }

  /** Puts a record on the list as if a cycle had made it. */
  note(record: AllocationRecord): void {
    this.#held.push(record);
  }

  /** The steps so far as a scenario's steps, to be kept as a test. */
  history(): string {
    return this.#steps.map((step) => JSON.stringify(step)).join(',\n');
  }

  #noteRoles(step: Deed): void {
    if (step.op === 'addFramework' || step.op === 'updateFramework') {
      for (const role of step.fields.roles) this.#roles.add(role);
    }
  }

  #compareBooks(first: AllocatorWorld, second: AllocatorWorld): void {
    expectSameSet(
      'the inverse offers',
      first.ledger.takeAllInverse().map(inverseOfferText),
      second.ledger.takeAllInverse().map(inverseOfferText),
    );
    const names = (world: AllocatorWorld): readonly string[] =>
      world.allocator.roleOrder().map((role) => world.allocator.roleName(role));
    expectSame('the order of roles', names(first), names(second));
    for (const role of this.#roles) {
      const [a, b] = [first.role(role), second.role(role)];
      const [share, other] = [first.allocator.dominantShare(a), second.allocator.dominantShare(b)];
      expectClose(`the share of ${role}`, share, other, SHARE_TOLERANCE);
      const filters = second.allocator.activeFilters(b);
      expectSame(`the filters of ${role}`, first.allocator.activeFilters(a), filters);
    }
    for (const name of ['cpus', 'mem', 'disk', 'gpus']) {
      expectSame(`all ${name}`, first.allocator.totalScalar(name), second.allocator.totalScalar(name));
      const held = first.allocator.offeredOrAllocatedScalar(name);
      expectSame(`${name} handed out`, held, second.allocator.offeredOrAllocatedScalar(name));
    }
    expectSame(
      'the cycles',
      first.allocator.metrics().allocationRuns,
      second.allocator.metrics().allocationRuns,
    );
  }
}

/** About half of what can be cut, and all else. */
function halfOf(resources: Resources): Resources {
  return Resources.of(
    resources.entries.map((entry) => {
      const isDivisible = entry.identity.type === 'SCALAR' && entry.identity.disk === null;
      return isDivisible ? scalarResource(entry.identity, milli(Math.ceil(entry.scalar / 2))) : entry;
    }),
  );
}

/** Every order for each stage; only for few agents. */
function allOrders(agents: readonly Agent[], hasQuota: boolean): readonly VisitingOrder[] {
  assert(agents.length <= 3, 'more than three agents have too many orders to try');
  const permutations = permutationsOf(agents);
  const firsts = hasQuota ? permutations : [agents];
  return permutations.flatMap((fairShare) => firsts.map((guarantees) => ({ guarantees, fairShare })));
}

function permutationsOf<T>(entries: readonly T[]): readonly (readonly T[])[] {
  if (entries.length === 0) return [[]];
  return entries.flatMap((entry, index) =>
    permutationsOf(entries.filter((_, other) => other !== index)).map((rest) => [entry, ...rest]),
  );
}
