import { type Micros, MICROS_PER_SECOND, micros, secondsToMicros } from '../core/index.ts';
import type { Filters, Offer } from '../protocol/index.ts';
import type { AgentRecord } from './agent-record.ts';
import type { FrameworkRecord } from './framework-record.ts';
import { offerAdded, offerRemoved } from './published.ts';
import { discardInverseOffersOfFramework, rescindInverseOffersOfAgent } from './inverse-offers.ts';
import type { MasterState } from './state.ts';

const REFUSE_SECONDS_DEFAULT = 5;
const REFUSE_SECONDS_MAX = 365 * 24 * 3_600;
/** What comes back was refused, and may be offered again at once. */
export const UNFILTERED = micros(0);

/**
 * How long the refused resources stay hidden, 0 for not at all (spec 16 §8): default 5 s, negative or NaN likewise, at most 365 days.
 */
export function refusal(filters: Filters | null): Micros {
  const seconds = filters === null ? REFUSE_SECONDS_DEFAULT : filters.refuseSeconds;
  if (seconds === 0) return UNFILTERED;
  if (!(seconds > 0)) return micros(REFUSE_SECONDS_DEFAULT * MICROS_PER_SECOND);
  return secondsToMicros(Math.min(seconds, REFUSE_SECONDS_MAX));
}

/** Turns what the allocator decided into offers, one event per framework; gives back at once what nobody can take any more. */
export function flushAllocations(master: MasterState): void {
  const { allocatedFrameworks, allocatedRoles, allocatedAgents, allocatedResources, allocator, stats } =
    master;
  const count = allocatedFrameworks.length;
  const { offerTimeout } = master.options;
  const deadline = offerTimeout === null ? null : master.after(offerTimeout);
  let index = 0;
  while (index < count) {
    const row = allocatedFrameworks[index]!;
    const framework = master.frameworks.get(row);
    const offers: Offer[] = [];
    for (; index < count && allocatedFrameworks[index] === row; index++) {
      const role = allocatedRoles[index]!;
      const agent = master.agents.get(allocatedAgents[index]!);
      const resources = allocatedResources[index]!;
      if (framework === null || agent === null) continue;
      if (framework.stream === null || !agent.isOfferable || master.offers.isFull) {
        allocator.recoverResources(master.now, row, role, agent.row, resources, UNFILTERED);
        continue;
      }
      const offer = master.offers.add(framework, agent, role, allocator.roleName(role), resources);
      if (deadline !== null) master.offerTimeouts.add(offer.id, deadline);
      offers.push(offer);
      if (master.streams !== null) offerAdded(master, framework, offer);
      stats.offered.add(resources);
    }
    if (framework !== null && offers.length > 0) {
      stats.offersMade += offers.length;
      if (framework.counters !== null) framework.counters.offersSent += offers.length;
      master.send(framework, { type: 'OFFERS', offers });
    }
  }
  allocatedFrameworks.length = 0;
  allocatedRoles.length = 0;
  allocatedAgents.length = 0;
  allocatedResources.length = 0;
}

/** Takes an offer off the books and gives its resources back to the allocator. */
export function returnOffer(master: MasterState, slot: number, refuse: Micros | null): void {
  const { offers } = master;
  const resources = offers.offer(slot).resources;
  master.stats.offered.subtract(resources);
  master.allocator.recoverResources(
    master.now,
    offers.framework(slot).row,
    offers.role(slot),
    offers.agent(slot).row,
    resources,
    refuse,
  );
  if (master.streams !== null) offerRemoved(master, offers.framework(slot), offers.offer(slot).id);
  offers.remove(slot);
}

/** Takes an offer off the books; what becomes of its resources is the caller's. */
export function removeOffer(master: MasterState, slot: number): void {
  const offer = master.offers.offer(slot);
  master.stats.offered.subtract(offer.resources);
  if (master.streams !== null) offerRemoved(master, master.offers.framework(slot), offer.id);
  master.offers.remove(slot);
}

/** The offer is void, and its framework is told. */
export function rescindOffer(master: MasterState, slot: number, refuse: Micros | null): void {
  const { id } = master.offers.offer(slot);
  const framework = master.offers.framework(slot);
  returnOffer(master, slot, refuse);
  master.stats.offersRescinded++;
  if (framework.counters !== null) framework.counters.offersRescinded++;
  master.send(framework, { type: 'RESCIND', offerId: id });
}

/** The agent went away, or is no longer offered as it was: its offers and inverse offers are void, and their frameworks are told. */
export function rescindOffersOfAgent(master: MasterState, agent: AgentRecord): void {
  let slot = agent.offerHead;
  while (slot !== -1) {
    const next = master.offers.nextOfAgent(slot);
    rescindOffer(master, slot, null);
    slot = next;
  }
  if (master.inverseOffers.size > 0) rescindInverseOffersOfAgent(master, agent);
}

/** All offers were made by rules that no longer hold. Agents in the order of their rows. */
export function rescindAllOffers(master: MasterState): void {
  for (const agent of master.agents) {
    for (let slot = agent.offerHead; slot !== -1; slot = agent.offerHead) rescindOffer(master, slot, null);
  }
}

/** The framework went away or failed over: its offers are void, without RESCIND (spec 03 §1.2). */
export function discardOffersOfFramework(master: MasterState, framework: FrameworkRecord): void {
  let slot = framework.offerHead;
  while (slot !== -1) {
    const next = master.offers.nextOfFramework(slot);
    returnOffer(master, slot, null);
    master.stats.offersRescinded++;
    if (framework.counters !== null) framework.counters.offersRescinded++;
    slot = next;
  }
  if (master.inverseOffers.size > 0) discardInverseOffersOfFramework(master, framework);
}

/** Offers that nobody answered in time are rescinded, without a filter: a framework cannot hoard for ever (spec 17, `--offer_timeout`). */
export function rescindTimedOut(master: MasterState): void {
  for (;;) {
    const id = master.offerTimeouts.pop(master.now, master.isOutstanding);
    if (id === null) return;
    const slot = master.offers.slotOf(id);
    const framework = master.offers.framework(slot);
    returnOffer(master, slot, UNFILTERED);
    master.stats.offersRescinded++;
    if (framework.counters !== null) framework.counters.offersRescinded++;
    master.stats.offersTimedOut++;
    master.send(framework, { type: 'RESCIND', offerId: id });
  }
}
