import { assertNever, fromMilli, type Micros, microsToSeconds } from '../core/index.ts';
import type { Quantities } from '../resources/index.ts';
import type {
  AllocationExplanation,
  Change,
  Contender,
  Holder,
  ReasonGroup,
  Shortage,
  Suggestion,
  UnmetGuarantee,
  Withheld,
} from './allocation-explanation.ts';
import type { Framework } from './allocator.ts';

/** What the text calls things. */
export interface ExplanationNames {
  framework(framework: Framework): string;
}

const NAMES_MAX = 3;
const SHARE_DIGITS = 4;

/** The explanation for people, a line per entry: the answer, the reasons, what would help. */
export function explanationText(why: AllocationExplanation, names: ExplanationNames): readonly string[] {
  const asker = names.framework(why.framework);
  const wanted = why.demand === null ? '' : ` with ${why.demand.toString()} free`;
  const lines = [
    `framework ${asker} in role ${why.role}: ${why.offerable} of ${counted(why.agents, 'agent')} would be offered to it now${wanted}${why.isDrawn ? ', whatever order is drawn' : ''}`,
    `dominant share of the role: ${share(why.roleShare)}`,
  ];
  if (why.reasons.length > 0) lines.push('', 'why not the others, by the first rule that withholds them:');
  for (const group of why.reasons) lines.push(reasonText(group, why, names));
  if (why.shortage !== null) lines.push('', shortageText(why.shortage, names));
  if (why.suggestions.length > 0) lines.push('', 'what would help, best first:');
  for (const suggestion of why.suggestions) lines.push(suggestionText(suggestion, why, names));
  return lines;
}

function reasonText(group: ReasonGroup, why: AllocationExplanation, names: ExplanationNames): string {
  const hosts = group.examples.map(({ hostname }) => hostname);
  const example = group.examples[0]!;
  const more = group.agents > hosts.length ? ', …' : '';
  return `  ${counted(group.agents, 'agent')}: ${withheldText(example.withheld!, why, names)} (${hosts.join(', ')}${more})`;
}

/** What one rule says, without the agent. */
export function withheldText(
  withheld: Withheld,
  why: Pick<AllocationExplanation, 'framework' | 'role'>,
  names: ExplanationNames,
): string {
  const asker = names.framework(why.framework);
  switch (withheld.rule) {
    case 'recoveryPause':
      return `no offers are made until ${counted(withheld.agentsAwaited, 'agent')} are back after the failover, or until ${instant(withheld.until)}`;
    case 'agentDeactivated':
      return 'the agent is deactivated';
    case 'notWhitelisted':
      return 'the host is not on the whitelist';
    case 'notSubscribed':
      return `framework ${asker} is not subscribed to role ${why.role}`;
    case 'frameworkInactive':
      return `framework ${asker} is disconnected or deactivated`;
    case 'suppressed':
      return `framework ${asker} suppressed offers for role ${why.role}`;
    case 'demandMet':
      return 'what the framework asked for was offered, and it rests until it asks again';
    case 'nothingFree':
      return withheld.holders.length === 0
        ? 'the agent has nothing'
        : `nothing is free; for example held by ${holdersText(withheld.holders, names)}`;
    case 'reservedForOthers':
      return `what is free is reserved for ${rolesText(withheld.roles)}`;
    case 'constraint':
      return 'the offer constraints of the framework exclude the agent';
    case 'minimum':
      return `what is free, for example ${withheld.offer.toString()}, is less than the smallest offer that is made`;
    case 'capability':
      return withheld.capability === 'GPU_RESOURCES'
        ? 'the agent has gpus, and the framework lacks the capability GPU_RESOURCES'
        : 'the agent is in another region, and the framework lacks the capability REGION_AWARE';
    case 'stripped':
      return `too little is left without what needs ${withheld.capabilities.join(', ')}`;
    case 'limit':
      return withheld.exhausted.length > 0
        ? `role ${withheld.role} has used up its limit of ${withheld.exhausted.join(', ')}`
        : `role ${withheld.role} has only ${withheld.left.toString()} left of its limit`;
    case 'headroom':
      return `what is free is kept for guarantees: ${guaranteesText(withheld.guarantees)}`;
    case 'agentCapability':
      return withheld.capability === 'MULTI_ROLE'
        ? 'the agent cannot serve frameworks of several roles (no MULTI_ROLE)'
        : 'the agent cannot serve nested roles (no HIERARCHICAL_ROLE)';
    case 'filter':
      return `declined; the filter on the first lasts another ${seconds(withheld.remaining)} (a smaller refuse_seconds shortens the next)`;
    case 'passedOver':
      return `declined, and others are asked before it is asked again, in ${seconds(withheld.remaining)}`;
    case 'order':
      return orderText(withheld, names);
    case 'fit':
      return `offered, but too small: for example ${withheld.missing.toString()} is missing`;
    default:
      return assertNever(withheld);
  }
}

/** A change as advice. */
export function changeText(
  change: Change,
  why: Pick<AllocationExplanation, 'framework' | 'role'>,
  names: ExplanationNames,
): string {
  switch (change.kind) {
    case 'reviveRole':
      return `revive role ${why.role} (REVIVE lifts suppression and filters)`;
    case 'waitUntil':
      return `wait ${seconds(change.remaining)}, until ${instant(change.instant)}`;
    case 'activateFramework':
      return `let framework ${names.framework(why.framework)} subscribe again`;
    case 'addCapability':
      return `give the framework the capability ${change.capability}`;
    case 'lowerMinimum':
      return `lower the smallest offer of the framework in role ${why.role} to ${change.to.toString()}`;
    case 'relaxConstraint':
      return `relax the offer constraints of role ${why.role}`;
    case 'activateAgents':
      return `activate ${listed(change.hostnames)}`;
    case 'addToWhitelist':
      return `put ${listed(change.hostnames)} on the whitelist`;
    case 'raiseLimit':
      return `raise the limit of role ${change.role} by ${change.by.toString()}`;
    case 'lowerGuarantees':
      return `lower guarantees: ${change.guarantees.map(({ role, unmet }) => `of role ${role} by ${unmet.toString()}`).join(', ')}`;
    case 'raiseWeight':
      return `raise the weight of role ${change.role} to ${change.to}`;
    case 'suppressOthers':
      return `let ${listed(change.others.map(({ framework, role }) => clientText(framework, role, names)))} suppress offers while nothing of theirs waits`;
    case 'upgradeAgents':
      return `give ${listed(change.hostnames)} the agent capability ${change.capability}`;
    default:
      return assertNever(change);
  }
}

function suggestionText(suggestion: Suggestion, why: AllocationExplanation, names: ExplanationNames): string {
  const steps = suggestion.changes.map((change) => changeText(change, why, names));
  return `  ${steps.join('; then ')}: ${counted(suggestion.agents, 'agent')}`;
}

export function shortageText(shortage: Shortage, names: ExplanationNames): string {
  switch (shortage.kind) {
    case 'noAgentHas':
      return `no agent has ${fromMilli(shortage.wanted)} ${shortage.name}; the most is ${fromMilli(shortage.most)}`;
    case 'noAgentFits':
      return `no agent has all of it, even when empty; ${shortage.hostname} comes nearest and lacks ${shortage.missing.toString()}`;
    case 'inUse':
      return `no agent has all of it free; ${shortage.hostname} comes nearest and lacks ${shortage.missing.toString()}${heldText(shortage.holders, names)}`;
    default:
      return assertNever(shortage);
  }
}

function heldText(holders: readonly Holder[], names: ExplanationNames): string {
  return holders.length === 0 ? '' : `, held by ${holdersText(holders, names)}`;
}

function orderText(withheld: Extract<Withheld, { rule: 'order' }>, names: ExplanationNames): string {
  const { own, ahead, odds, forGuarantee } = withheld;
  const who = clientText(ahead.framework, ahead.role, names);
  if (forGuarantee) return `the guarantee of role ${ahead.role} is served first (${who})`;
  if (odds !== null) {
    return `${who} may be drawn first: the order is random, and this framework comes before it with a probability of ${odds.toFixed(2)}`;
  }
  return `${who} comes first, with a share of ${competing(ahead, own)} against ${competing(own, ahead)}`;
}

/** The share that decided: of the roles if they differ, else of the frameworks in the role. */
function competing(one: Contender, other: Contender): string {
  return share(one.role === other.role ? one.frameworkShare : one.roleShare);
}

function clientText(framework: Framework, role: string, names: ExplanationNames): string {
  return `framework ${names.framework(framework)} in role ${role}`;
}

function holdersText(holders: readonly Holder[], names: ExplanationNames): string {
  return listed(
    holders.map(
      ({ framework, role, quantities }) => `${clientText(framework, role, names)} (${amounts(quantities)})`,
    ),
  );
}

function amounts(quantities: Quantities): string {
  return quantities.isEmpty ? 'no scalars' : quantities.toString();
}

function guaranteesText(guarantees: readonly UnmetGuarantee[]): string {
  return guarantees.map(({ role, unmet }) => `role ${role} lacks ${unmet.toString()}`).join(', ');
}

function rolesText(roles: readonly string[]): string {
  return `${roles.length === 1 ? 'role' : 'roles'} ${listed(roles)}`;
}

function listed(texts: readonly string[]): string {
  const more = texts.length - NAMES_MAX;
  return more > 0 ? `${texts.slice(0, NAMES_MAX).join(', ')} and ${more} more` : texts.join(', ');
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function share(value: number): string {
  return value.toFixed(SHARE_DIGITS);
}

function seconds(duration: Micros): string {
  return `${rounded(duration)} s`;
}

function instant(at: Micros): string {
  return `${rounded(at)} s`;
}

/** Seconds to the millisecond. */
function rounded(time: Micros): number {
  return Number(microsToSeconds(time).toFixed(3));
}
