import type { FrameworkId, Micros, Milli } from '../core/index.ts';
import type { FrameworkCapability } from '../protocol/index.ts';
import type { Quantities, Resources } from '../resources/index.ts';
import type { Agent, Allocator, Framework } from './allocator.ts';

/** The rules that may keep an agent from a framework in a role, in the order in which a cycle applies them (spec 16 §3 to §9). */
export const WITHHOLDING_RULES = [
  'recoveryPause',
  'agentDeactivated',
  'notWhitelisted',
  'notSubscribed',
  'frameworkInactive',
  'suppressed',
  'demandMet',
  'nothingFree',
  'reservedForOthers',
  'constraint',
  'minimum',
  'capability',
  'stripped',
  'limit',
  'headroom',
  'agentCapability',
  'filter',
  'passedOver',
  'order',
  'fit',
] as const;

export type WithholdingRule = (typeof WITHHOLDING_RULES)[number];

/** What a framework holds, offered or in use, on an agent under a role. */
export interface Holder {
  readonly framework: Framework;
  readonly role: string;
  readonly quantities: Quantities;
}

/** Who was served first, with the dominant shares that the order went by: of roles, divided by their weights, and of frameworks in a role. */
export interface Contender {
  readonly framework: Framework;
  readonly role: string;
  /** Of the sibling on its path in the tree of roles where the two paths part; its own role's share if the role is the same. */
  readonly roleShare: number;
  readonly frameworkShare: number;
}

/** A guarantee that is not met, and by how much. */
export interface UnmetGuarantee {
  readonly role: string;
  readonly unmet: Quantities;
}

/** The first rule that keeps an agent away, with the facts that it went by. */
export type Withheld =
  /** No cycle runs until enough agents are back after a failover, or until then. */
  | { readonly rule: 'recoveryPause'; readonly until: Micros; readonly agentsAwaited: number }
  | { readonly rule: 'agentDeactivated' }
  | { readonly rule: 'notWhitelisted' }
  | { readonly rule: 'notSubscribed' }
  | { readonly rule: 'frameworkInactive' }
  | { readonly rule: 'suppressed' }
  /** What the framework asked for (REQUEST) was offered; it rests until it asks again. */
  | { readonly rule: 'demandMet' }
  | { readonly rule: 'nothingFree'; readonly holders: readonly Holder[] }
  /** What is free is reserved for these roles. */
  | { readonly rule: 'reservedForOthers'; readonly roles: readonly string[] }
  | { readonly rule: 'constraint' }
  /** What could be offered is below the smallest offer that is made. */
  | { readonly rule: 'minimum'; readonly offer: Quantities }
  | { readonly rule: 'capability'; readonly capability: FrameworkCapability }
  /** Little or nothing is left without shared, revocable or refined resources, which the framework cannot take. */
  | { readonly rule: 'stripped'; readonly capabilities: readonly FrameworkCapability[] }
  /** `left` of the role's limit, by limited name; names that are used up are in `exhausted`. */
  | {
      readonly rule: 'limit';
      readonly role: string;
      readonly left: Quantities;
      readonly exhausted: readonly string[];
    }
  /** What is free in the cluster is kept for these guarantees. */
  | { readonly rule: 'headroom'; readonly guarantees: readonly UnmetGuarantee[] }
  | { readonly rule: 'agentCapability'; readonly capability: 'MULTI_ROLE' | 'HIERARCHICAL_ROLE' }
  /** The framework refused what would be offered. */
  | { readonly rule: 'filter'; readonly until: Micros; readonly remaining: Micros }
  /** It declined what others have not seen yet (timing `event`); its turn comes at the latest then. */
  | { readonly rule: 'passedOver'; readonly until: Micros; readonly remaining: Micros }
  /**
   * Others come first, or may come first where the order is drawn: `own` against `ahead`, the one that takes most; `forGuarantee` if it is for a
   * guarantee, whatever the shares.
   */
  | {
      readonly rule: 'order';
      readonly own: Contender;
      readonly ahead: Contender;
      /** Where the order of the two is drawn: the probability, above 0 and below 1, that `own` is drawn first. Null where need decides. */
      readonly odds: number | null;
      readonly forGuarantee: boolean;
    }
  /** It will be offered, and is too small for the demand by this much. */
  | { readonly rule: 'fit'; readonly missing: Quantities };

export interface AgentVerdict {
  readonly agent: Agent;
  readonly hostname: string;
  /** Null: it is offered in the next cycle. */
  readonly withheld: Withheld | null;
  /** What is offered in the next cycle, of use or not; empty when nothing is. */
  readonly offer: Resources;
}

/** The agents that one rule keeps away for one reason. */
export interface ReasonGroup {
  readonly rule: WithholdingRule;
  readonly agents: number;
  /** The first few of them. */
  readonly examples: readonly AgentVerdict[];
}

/** A change that somebody could make. Role and framework are the ones explained unless named. */
export type Change =
  | { readonly kind: 'reviveRole' }
  | { readonly kind: 'waitUntil'; readonly instant: Micros; readonly remaining: Micros }
  | { readonly kind: 'activateFramework' }
  | { readonly kind: 'addCapability'; readonly capability: FrameworkCapability }
  /** The minimum of the framework in the role becomes this one alternative. */
  | { readonly kind: 'lowerMinimum'; readonly to: Quantities }
  | { readonly kind: 'relaxConstraint' }
  | {
      readonly kind: 'activateAgents';
      readonly agents: readonly Agent[];
      readonly hostnames: readonly string[];
    }
  | { readonly kind: 'addToWhitelist'; readonly hostnames: readonly string[] }
  | { readonly kind: 'raiseLimit'; readonly role: string; readonly by: Quantities }
  | { readonly kind: 'lowerGuarantees'; readonly guarantees: readonly UnmetGuarantee[] }
  | { readonly kind: 'raiseWeight'; readonly role: string; readonly to: number }
  | { readonly kind: 'suppressOthers'; readonly others: readonly Contender[] }
  | {
      readonly kind: 'upgradeAgents';
      readonly capability: 'MULTI_ROLE' | 'HIERARCHICAL_ROLE';
      readonly agents: readonly Agent[];
      readonly hostnames: readonly string[];
    };

/** Changes that, made together, bring the framework more agents in the next cycle. */
export interface Suggestion {
  readonly changes: readonly Change[];
  /** Agents, large enough for the demand if one was stated, that the next cycle would then offer it. */
  readonly agents: number;
}

/** What no change of settings can mend. */
export type Shortage =
  /** Of one kind no agent has as much, even when empty. */
  | { readonly kind: 'noAgentHas'; readonly name: string; readonly wanted: Milli; readonly most: Milli }
  /** Every kind is there, but on no agent together; the nearest agent, when empty, lacks this. */
  | { readonly kind: 'noAgentFits'; readonly hostname: string; readonly missing: Quantities }
  /** An agent that is large enough is in use; the one with least missing, and who holds it. */
  | {
      readonly kind: 'inUse';
      readonly hostname: string;
      readonly missing: Quantities;
      readonly holders: readonly Holder[];
    };

/** Why a framework gets the offers that it gets in a role, agent by agent, as the next cycle would decide if it ran now. */
export interface AllocationExplanation {
  readonly now: Micros;
  readonly framework: Framework;
  readonly role: string;
  /** What one agent must have free; null when any offer will do. */
  readonly demand: Quantities | null;
  /** Known agents. */
  readonly agents: number;
  /** Agents that it is offered, and that are large enough for the demand; where an order is drawn, those that it is offered whatever is drawn. */
  readonly offerable: number;
  /** Whether an order that may decide is drawn by lot (a random sorter) and not by need. */
  readonly isDrawn: boolean;
  /** Dominant share of the role, divided by its weight. */
  readonly roleShare: number;
  /** Largest group first. */
  readonly reasons: readonly ReasonGroup[];
  /** Best first. */
  readonly suggestions: readonly Suggestion[];
  readonly shortage: Shortage | null;
  /** By agent number. */
  readonly verdicts: readonly AgentVerdict[];
}

/** Why there is no explanation. */
export type ExplainError =
  | { readonly code: 'NOT_LEADING' }
  | { readonly code: 'FRAMEWORK_UNKNOWN'; readonly frameworkId: FrameworkId }
  /** The allocation policy cannot explain itself. */
  | { readonly code: 'ALLOCATOR_SILENT' };

/** An allocator that can say why. */
export interface ExplainingAllocator extends Allocator {
  /**
   * Explains, for a known framework, what the next cycle over all agents decides if it runs at `now`. Changes nothing that a later call
   * could tell. Agents are taken in the order of their numbers, where a cycle draws an order: so who gets which of several equal agents is
   * an example, all else is certain.
   *
   * O(agents × frameworks) at worst, and that a few dozen times for the suggestions.
   */
  explain(now: Micros, framework: Framework, role: string, demand: Quantities | null): AllocationExplanation;
}

export function isExplaining(allocator: Allocator): allocator is ExplainingAllocator {
  return 'explain' in allocator;
}
