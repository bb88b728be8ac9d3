import { Quantities, type Resources } from '../../engine/resources/index.ts';
import type { ExpectedAllocation, FieldsOf } from './allocator-steps.ts';
import { ExpectationFailed, expectSameSet, sorted } from './failure.ts';

/** One allocation of a cycle, by the names of the scenario. */
export interface AllocationRecord {
  readonly framework: string;
  readonly role: string;
  readonly agent: string;
  readonly resources: Resources;
}

/** A record with the number of the cycle that made it. */
export interface NumberedRecord extends AllocationRecord {
  readonly cycle: number;
}

/** One inverse offer of a cycle, in milliseconds. */
export interface InverseOfferRecord {
  readonly framework: string;
  readonly agent: string;
  readonly startMs: number;
  readonly durationMs: number | null;
}

/** What cycles decided and no expectation has claimed yet (conformance README §7). */
export class AllocationLedger {
  #unclaimed: NumberedRecord[] = [];
  #lastClaimed: readonly NumberedRecord[] = [];
  #inverseOffers: InverseOfferRecord[] = [];

  record(allocation: NumberedRecord): void {
    this.#unclaimed.push(allocation);
  }

  recordInverse(offer: InverseOfferRecord): void {
    this.#inverseOffers.push(offer);
  }

  /** The records that the latest expectation of allocations claimed. */
  get lastClaimed(): readonly NumberedRecord[] {
    return this.#lastClaimed;
  }

  /** Claims all records, whatever they are. */
  takeAll(): readonly NumberedRecord[] {
    this.#claim();
    return this.#lastClaimed;
  }

  /** Claims all inverse offers, whatever they are. */
  takeAllInverse(): readonly InverseOfferRecord[] {
    const taken = this.#inverseOffers;
    this.#inverseOffers = [];
    return taken;
  }

  expectAllocations(expected: readonly ExpectedAllocation[]): void {
    expectSameSet('the allocations', expected.map(allocationText), this.#unclaimed.map(allocationText));
    this.#claim();
  }

  /** Leaves what was claimed last alone: `recoverOffers` looks past it. */
  expectNone(): void {
    expectSameSet('no allocations', [], this.#unclaimed.map(allocationText));
  }

  expectOneOf(alternatives: readonly (readonly ExpectedAllocation[])[]): void {
    const actual = sorted(this.#unclaimed.map(allocationText));
    const expected = alternatives.map((alternative) => sorted(alternative.map(allocationText)));
    if (!expected.some((lines) => lines.join('\n') === actual.join('\n'))) {
      const shown = expected.flatMap((lines, index) => [`alternative ${index + 1}:`, ...lines]);
      throw new ExpectationFailed('none of the alternatives', shown, actual);
    }
    this.#claim();
  }

  expectTotals(totals: FieldsOf<'expectTotals'>['totals']): void {
    const groups = this.#groups();
    const asks = new Map(totals.map((total) => [`${total.framework} as ${total.role}`, total]));
    const actual = [...groups].map(([key, { quantities, agents }]) =>
      totalText(key, quantities, asks.get(key)?.agents === undefined ? undefined : agents.size),
    );
    const expected = totals.map(({ framework, role, quantities, agents }) =>
      totalText(`${framework} as ${role}`, quantities, agents),
    );
    expectSameSet('the totals', expected, actual);
    this.#claim();
  }

  expectInverseOffers(expected: FieldsOf<'expectInverseOffers'>['offers']): void {
    const texts = expected.map((offer) =>
      inverseOfferText({ ...offer, durationMs: offer.durationMs ?? null }),
    );
    expectSameSet('the inverse offers', texts, this.#inverseOffers.map(inverseOfferText));
    this.#inverseOffers = [];
  }

  expectNoInverseOffers(): void {
    expectSameSet('no inverse offers', [], this.#inverseOffers.map(inverseOfferText));
  }

  expectEmpty(): void {
    expectSameSet('no allocations unclaimed at the end', [], this.#unclaimed.map(allocationText));
    expectSameSet('no inverse offers unclaimed at the end', [], this.#inverseOffers.map(inverseOfferText));
  }

  #claim(): void {
    this.#lastClaimed = this.#unclaimed;
    this.#unclaimed = [];
  }

  /** Unclaimed records summed by framework and role. */
  #groups(): ReadonlyMap<string, { readonly quantities: Quantities; readonly agents: ReadonlySet<string> }> {
    const groups = new Map<string, { quantities: Quantities; readonly agents: Set<string> }>();
    for (const { framework, role, agent, resources } of this.#unclaimed) {
      const key = `${framework} as ${role}`;
      const group = groups.get(key) ?? { quantities: Quantities.EMPTY, agents: new Set() };
      group.quantities = group.quantities.plus(resources.quantities());
      group.agents.add(agent);
      groups.set(key, group);
    }
    return groups;
  }
}

/** `framework as role on agent: resources`. */
export function allocationText({ framework, role, agent, resources }: AllocationRecord): string {
  return `${framework} as ${role} on ${agent}: ${resources.toString()}`;
}

function totalText(key: string, quantities: Quantities, agents: number | undefined): string {
  return `${key}: ${quantities.toString()}${agents === undefined ? '' : ` on ${agents} agents`}`;
}

/** `framework on agent: from 5 ms on`. */
export function inverseOfferText({ framework, agent, startMs, durationMs }: InverseOfferRecord): string {
  return `${framework} on ${agent}: from ${startMs} ms ${durationMs === null ? 'on' : `for ${durationMs} ms`}`;
}
