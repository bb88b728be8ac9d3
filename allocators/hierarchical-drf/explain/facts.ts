import { assertNever, milli, type Milli, type Micros, micros } from '../../../engine/core/index.ts';
import type { Holder, Role, UnmetGuarantee, Withheld } from '../../../engine/master/index.ts';
import type { FrameworkCapability } from '../../../engine/protocol/index.ts';
import { Quantities, reservationRole, type Resources } from '../../../engine/resources/index.ts';
import type { AgentRow } from '../agent-row.ts';
import type { Books } from '../books.ts';
import { HAS_GPUS, IS_SINGLE_ROLE } from '../restriction.ts';
import type { Hypothesis, Scene } from './hypothesis.ts';
import type { Outcome, Rehearsal } from './rehearsal.ts';

/** The facts that the rule of `outcome` went by; null if the agent is offered. */
export function withheldBy(
  outcome: Outcome,
  rehearsal: Rehearsal,
  scene: Scene,
  hypothesis: Hypothesis,
  demand: Quantities | null,
): Withheld | null {
  const { rule, row, offer } = outcome;
  const { target, at } = hypothesis;
  const { books } = scene;
  switch (rule) {
    case null:
      return null;
    case 'recoveryPause':
      return { rule, until: scene.pause!.until, agentsAwaited: scene.pause!.agentsAwaited };
    case 'agentDeactivated':
    case 'notWhitelisted':
    case 'notSubscribed':
    case 'frameworkInactive':
    case 'suppressed':
    case 'demandMet':
    case 'constraint':
      return { rule };
    case 'nothingFree':
      return { rule, holders: holdersOf(books, row) };
    case 'reservedForOthers':
      return { rule, roles: reservedRoles(row.free) };
    case 'minimum':
      return { rule, offer: offer.sizes() };
    case 'capability': {
      const barred = rehearsal.rules.exclusions(target) & row.restrictions;
      return { rule, capability: (barred & HAS_GPUS) !== 0 ? 'GPU_RESOURCES' : 'REGION_AWARE' };
    }
    case 'stripped':
      return { rule, capabilities: strippedCapabilities(row, rehearsal.rules.capabilities(target)) };
    case 'limit':
      return limitFacts(rehearsal, scene, target.role, hypothesis);
    case 'headroom':
      return { rule, guarantees: unmetGuarantees(scene, hypothesis, rehearsal) };
    case 'agentCapability': {
      const barred = rehearsal.rules.exclusions(target) & row.restrictions;
      return { rule, capability: (barred & IS_SINGLE_ROLE) !== 0 ? 'MULTI_ROLE' : 'HIERARCHICAL_ROLE' };
    }
    case 'filter': {
      const until = rehearsal.rules
        .filtersOver(target, row, offer)
        .reduce((latest, filter) => Math.max(latest, filter.until), 0);
      return { rule, until: micros(until), remaining: micros(until - at) };
    }
    case 'passedOver': {
      const until = tickAfter(scene, at);
      return { rule, until, remaining: micros(until - at) };
    }
    case 'order': {
      const { own, ahead, odds, forGuarantee } = outcome.order!;
      return { rule, own, ahead, odds, forGuarantee };
    }
    case 'fit':
      return { rule, missing: demand!.minus(offer.quantities()) };
    default:
      return assertNever(rule);
  }
}

/** The first batch tick that is later than `at`. */
function tickAfter({ nextTick, allocationInterval }: Scene, at: Micros): Micros {
  if (at < nextTick) return nextTick;
  const ticks = Math.floor((at - nextTick) / allocationInterval) + 1;
  return micros(nextTick + ticks * allocationInterval);
}

/** Who holds what on the agent, in order of first mention. */
export function holdersOf(books: Books, row: AgentRow): readonly Holder[] {
  return [...new Set(row.holders())].map((holder) => {
    const client = books.clients[holder]!;
    return {
      framework: client.framework,
      role: books.roles.name(client.role),
      quantities: row.heldBy(client).quantities(),
    };
  });
}

/** Guarantees that lack something when the cycle is over. */
export function unmetGuarantees(
  scene: Scene,
  hypothesis: Hypothesis,
  rehearsal: Rehearsal,
): readonly UnmetGuarantee[] {
  const { roles } = scene.books;
  const unmet: UnmetGuarantee[] = [];
  for (const role of hypothesis.quotas.keys()) {
    const missing = rehearsal.quota!.unmet(role);
    if (!missing.isEmpty) unmet.push({ role: roles.name(role), unmet: missing });
  }
  return unmet;
}

function limitFacts(rehearsal: Rehearsal, scene: Scene, role: Role, hypothesis: Hypothesis): Withheld {
  const { limits } = hypothesis.quotas.get(role)!;
  const left = limits.minus(rehearsal.quota!.consumed(role));
  const entries = left.names.map((name, index): [string, Milli] => [name, left.values[index]!]);
  return {
    rule: 'limit',
    role: scene.books.roles.name(role),
    left: Quantities.of(entries),
    exhausted: entries.filter(([, amount]) => amount === milli(0)).map(([name]) => name),
  };
}

/** The capabilities that the framework lacks for what is free. */
function strippedCapabilities(
  row: AgentRow,
  capabilities: readonly FrameworkCapability[],
): readonly FrameworkCapability[] {
  const lacking: FrameworkCapability[] = [];
  const { free } = row;
  const needs = (capability: FrameworkCapability, isNeeded: boolean): void => {
    if (isNeeded && !capabilities.includes(capability)) lacking.push(capability);
  };
  needs('SHARED_RESOURCES', !free.shared().isEmpty);
  needs('REVOCABLE_RESOURCES', !free.revocable().isEmpty);
  needs(
    'RESERVATION_REFINEMENT',
    free.entries.some(({ identity }) => identity.reservations.length > 1),
  );
  return lacking;
}

function reservedRoles(free: Resources): readonly string[] {
  const roles = new Set<string>();
  for (const { identity } of free.entries) {
    const role = reservationRole(identity);
    if (role !== null) roles.add(role);
  }
  return [...roles].sort((a, b) => (a < b ? -1 : 1));
}

/** Agents withheld by one rule for one reason have one key. */
export function groupKey(withheld: Withheld): string {
  switch (withheld.rule) {
    case 'capability':
    case 'agentCapability':
      return `${withheld.rule} ${withheld.capability}`;
    case 'stripped':
      return `${withheld.rule} ${withheld.capabilities.join()}`;
    case 'order':
      return `${withheld.rule} ${withheld.ahead.role} ${withheld.ahead.framework}`;
    default:
      return withheld.rule;
  }
}
