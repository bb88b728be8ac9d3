import { type Micros, micros, milli, type Milli } from '../../../engine/core/index.ts';
import type {
  Agent,
  Change,
  Quota,
  Role,
  Suggestion,
  Withheld,
  WithholdingRule,
} from '../../../engine/master/index.ts';
import { Quantities, ResourceLimits } from '../../../engine/resources/index.ts';
import type { Client } from '../client.ts';
import { MinimumOffer } from '../minimum-offer.ts';
import { IS_FLAT_ROLE, IS_SINGLE_ROLE } from '../restriction.ts';
import { unmetGuarantees, withheldBy } from './facts.ts';
import type { Hypothesis, Scene } from './hypothesis.ts';
import { type Outcome, Rehearsal } from './rehearsal.ts';

/** Changes that are tried together at most. */
const CHANGES_MAX = 5;
/** Changes that others are added to. */
const STARTS_MAX = 3;
/** Suggestions at most. */
const SUGGESTIONS_MAX = 5;
/** A weight this much beyond the one at which shares are equal. */
const WEIGHT_MARGIN = 1.01;
const WEIGHT_STEPS = 1_000;
/** Others that are asked to suppress at most. */
const OTHERS_MAX = 10;

/** A change and the cycle as it would be with it and those before it. */
interface Trial {
  readonly changes: readonly Change[];
  readonly hypothesis: Hypothesis;
  readonly rehearsal: Rehearsal;
}

/**
 * Finds what would help: every rule that withholds agents names a change that lifts it, each change is tried in an imagined cycle, and the
 * agents that it brings are counted. Where no single change brings any, changes are added one by one until some come.
 */
export class Suggestions {
  readonly #scene: Scene;
  readonly #demand: Quantities | null;
  readonly #now: Micros;

  constructor(scene: Scene, now: Micros, demand: Quantities | null) {
    this.#scene = scene;
    this.#now = now;
    this.#demand = demand;
  }

  /** Best first: more agents, then fewer changes, then the rule met first. */
  find(hypothesis: Hypothesis, rehearsal: Rehearsal): readonly Suggestion[] {
    const start: Trial = { changes: [], hypothesis, rehearsal };
    const singles = this.#steps(start);
    const before = rehearsal.count;
    let helpful = singles.filter((trial) => trial.rehearsal.count > before);
    if (helpful.length === 0) {
      helpful = singles
        .slice(0, STARTS_MAX)
        .map((trial) => this.#extend(trial, before))
        .filter((trial) => trial !== null);
    }
    return helpful
      .map(({ changes, rehearsal: { count: agents } }) => ({ changes, agents }))
      .sort((a, b) => b.agents - a.agents || a.changes.length - b.changes.length)
      .slice(0, SUGGESTIONS_MAX);
  }

  /** Adds changes, always the one that moves most agents on, until more agents are offered; null if they never are. */
  #extend(trial: Trial, before: number): Trial | null {
    let current = trial;
    while (current.changes.length < CHANGES_MAX) {
      const steps = this.#steps(current);
      const best = steps.find(({ rehearsal }) => rehearsal.count > before) ?? steps[0];
      if (best === undefined) return null;
      if (best.rehearsal.count > before) return best;
      current = best;
    }
    return null;
  }

  /** One change more, each of those that the rules in force ask for; the one for most agents first. */
  #steps(trial: Trial): readonly Trial[] {
    const byRule = new Map<string, Outcome[]>();
    for (const outcome of trial.rehearsal.outcomes) {
      if (outcome.rule === null) continue;
      const withheld = byRule.get(outcome.rule);
      if (withheld === undefined) byRule.set(outcome.rule, [outcome]);
      else withheld.push(outcome);
    }
    return [...byRule.values()]
      .sort((a, b) => b.length - a.length)
      .flatMap((outcomes) => this.#lift(trial, outcomes));
  }

  /** Ways to lift the rule that withholds all of `outcomes`. */
  #lift(trial: Trial, outcomes: readonly Outcome[]): Trial[] {
    const { hypothesis } = trial;
    const first = this.#facts(trial, outcomes[0]!);
    const rows = outcomes.map(({ row }) => row);
    const agents = rows.map(({ agent }) => agent);
    const hostnames = rows.map(({ hostname }) => hostname);
    switch (first.rule) {
      case 'recoveryPause':
        return this.#wait(trial, first.until);
      case 'passedOver':
        return this.#wait(trial, first.until, { isRoundOver: true });
      case 'agentDeactivated':
        return this.#try(
          trial,
          { kind: 'activateAgents', agents, hostnames },
          {
            activated: new Set([...hypothesis.activated, ...agents]),
          },
        );
      case 'notWhitelisted':
        return this.#try(
          trial,
          { kind: 'addToWhitelist', hostnames: [...new Set(hostnames)] },
          {
            whitelisted: new Set([...hypothesis.whitelisted, ...hostnames]),
          },
        );
      case 'frameworkInactive':
        return this.#try(trial, { kind: 'activateFramework' }, { isFrameworkActive: true });
      case 'suppressed':
      case 'demandMet':
        return this.#try(trial, { kind: 'reviveRole' }, { isRevived: true });
      case 'constraint':
        return this.#try(trial, { kind: 'relaxConstraint' }, { isUnconstrained: true });
      case 'minimum':
        return this.#lowerMinimum(trial, outcomes);
      case 'capability': {
        const lacking = this.#factsOf(trial, outcomes, first.rule).map(({ capability }) => capability);
        return [...new Set(lacking)].flatMap((capability) => this.#addCapability(trial, capability));
      }
      case 'stripped': {
        const lacking = this.#factsOf(trial, outcomes, first.rule).flatMap(
          ({ capabilities }) => capabilities,
        );
        return [...new Set(lacking)].flatMap((capability) => this.#addCapability(trial, capability));
      }
      case 'limit':
        return this.#raiseLimit(trial, outcomes[0]!);
      case 'headroom':
        return this.#lowerGuarantees(trial);
      case 'agentCapability':
        return this.#upgrade(trial, first.capability, outcomes);
      case 'filter': {
        const untils = this.#factsOf(trial, outcomes, first.rule).map(({ until }) => until);
        const revived = this.#try(trial, { kind: 'reviveRole' }, { isRevived: true });
        const instants = new Set([Math.min(...untils), Math.max(...untils)]);
        return [...revived, ...[...instants].flatMap((until) => this.#wait(trial, micros(until)))];
      }
      case 'order':
        return [...this.#raiseWeight(trial, outcomes), ...this.#suppressOthers(trial, outcomes)];
      case 'notSubscribed':
      case 'nothingFree':
      case 'reservedForOthers':
      case 'fit':
        return [];
      default:
        return first satisfies never;
    }
  }

  #facts(trial: Trial, outcome: Outcome): Withheld {
    return withheldBy(outcome, trial.rehearsal, this.#scene, trial.hypothesis, this.#demand)!;
  }

  /** The facts of outcomes that one rule decided. */
  #factsOf<R extends WithholdingRule>(
    trial: Trial,
    outcomes: readonly Outcome[],
    rule: R,
  ): Extract<Withheld, { rule: R }>[] {
    const facts = outcomes.map((outcome) => this.#facts(trial, outcome));
    return facts.filter((one): one is Extract<Withheld, { rule: R }> => one.rule === rule);
  }

  #try(trial: Trial, change: Change, assumed: Partial<Hypothesis>): Trial[] {
    const hypothesis = { ...trial.hypothesis, ...assumed };
    const rehearsal = new Rehearsal(this.#scene, hypothesis, this.#demand, null);
    return [{ changes: [...trial.changes, change], hypothesis, rehearsal }];
  }

  #wait(trial: Trial, until: Micros, assumed: Partial<Hypothesis> = {}): Trial[] {
    const change: Change = { kind: 'waitUntil', instant: until, remaining: micros(until - this.#now) };
    const { pause } = this.#scene;
    const isPauseOver = trial.hypothesis.isPauseOver || (pause !== null && until >= pause.until);
    return this.#try(trial, change, { ...assumed, at: until, isPauseOver });
  }

  #addCapability(trial: Trial, capability: Hypothesis['capabilities'][number]): Trial[] {
    const { capabilities } = trial.hypothesis;
    return this.#try(
      trial,
      { kind: 'addCapability', capability },
      { capabilities: [...capabilities, capability] },
    );
  }

  /** To the largest of the offers that are too small. */
  #lowerMinimum(trial: Trial, outcomes: readonly Outcome[]): Trial[] {
    let to = Quantities.EMPTY;
    for (const { offer } of outcomes) {
      const sizes = offer.sizes();
      if (to.isEmpty || sizes.contains(to)) to = sizes;
    }
    return this.#try(trial, { kind: 'lowerMinimum', to }, { minimum: new MinimumOffer([to]) });
  }

  #upgrade(
    trial: Trial,
    capability: 'MULTI_ROLE' | 'HIERARCHICAL_ROLE',
    outcomes: readonly Outcome[],
  ): Trial[] {
    const rows = outcomes.map(({ row }) => row);
    const bit = capability === 'MULTI_ROLE' ? IS_SINGLE_ROLE : IS_FLAT_ROLE;
    const upgraded = new Map<Agent, number>(trial.hypothesis.upgraded);
    for (const { agent } of rows) upgraded.set(agent, (upgraded.get(agent) ?? 0) | bit);
    return this.#try(
      trial,
      {
        kind: 'upgradeAgents',
        capability,
        agents: rows.map(({ agent }) => agent),
        hostnames: rows.map(({ hostname }) => hostname),
      },
      { upgraded },
    );
  }

  /** Tries without limit, and then asks for no more than what was consumed when the first agent that suffices had been given. */
  #raiseLimit(trial: Trial, outcome: Outcome): Trial[] {
    const { quotas, target } = trial.hypothesis;
    const quota = quotas.get(target.role)!;
    const unlimited = withQuota(quotas, target.role, { ...quota, limits: ResourceLimits.UNLIMITED });
    const free = new Rehearsal(this.#scene, { ...trial.hypothesis, quotas: unlimited }, this.#demand, null);
    const { limits } = quota;
    const consumed = trial.rehearsal.quota!.consumed(target.role);
    const wanted = free.consumedAtFirst ?? consumed.plus(outcome.row.free.quantities());
    const by = Quantities.of(
      limits.names.map((name, index): [string, Milli] => [
        name,
        milli(Math.max(0, wanted.get(name) - limits.values[index]!)),
      ]),
    );
    if (by.isEmpty) return [];
    const raised = ResourceLimits.of(
      limits.names.map((name, index): [string, Milli] => [name, milli(limits.values[index]! + by.get(name))]),
    );
    return this.#try(
      trial,
      { kind: 'raiseLimit', role: this.#roleName(target.role), by },
      { quotas: withQuota(quotas, target.role, { ...quota, limits: raised }) },
    );
  }

  /** To what those roles have. */
  #lowerGuarantees(trial: Trial): Trial[] {
    const guarantees = unmetGuarantees(this.#scene, trial.hypothesis, trial.rehearsal);
    if (guarantees.length === 0) return [];
    let { quotas } = trial.hypothesis;
    for (const { role, unmet } of guarantees) {
      const number = this.#scene.books.roles.role(role);
      const quota = quotas.get(number)!;
      quotas = withQuota(quotas, number, { ...quota, guarantees: quota.guarantees.minus(unmet) });
    }
    return this.#try(trial, { kind: 'lowerGuarantees', guarantees }, { quotas });
  }

  /** So that the role's share falls below that of everybody who came first, where shares decided. */
  #raiseWeight(trial: Trial, outcomes: readonly Outcome[]): Trial[] {
    const { weights } = trial.hypothesis;
    const needed = new Map<Role, number>();
    for (const { order } of outcomes) {
      const { rivalry } = order!;
      if (rivalry === null || rivalry.rivalShare === 0) continue;
      const weight = weights.get(rivalry.role) ?? this.#scene.books.tree.weight(rivalry.role);
      const factor = (rivalry.share / rivalry.rivalShare) * WEIGHT_MARGIN;
      const to = Math.ceil(weight * factor * WEIGHT_STEPS) / WEIGHT_STEPS;
      if (to > weight) needed.set(rivalry.role, Math.max(to, needed.get(rivalry.role) ?? 0));
    }
    return [...needed].flatMap(([role, to]) =>
      this.#try(
        trial,
        { kind: 'raiseWeight', role: this.#roleName(role), to },
        { weights: new Map([...weights, [role, to]]) },
      ),
    );
  }

  /** As if those who came first wanted nothing. */
  #suppressOthers(trial: Trial, outcomes: readonly Outcome[]): Trial[] {
    const others = takers(outcomes).slice(0, OTHERS_MAX);
    const { target, suppressed } = trial.hypothesis;
    const change: Change = {
      kind: 'suppressOthers',
      others: others.map((taker) => trial.rehearsal.order.contender(taker, target)),
    };
    return this.#try(trial, change, { suppressed: new Set([...suppressed, ...others]) });
  }

  #roleName(role: Role): string {
    return this.#scene.books.roles.name(role);
  }
}

/** Who came first, each once. */
function takers(outcomes: readonly Outcome[]): readonly Client[] {
  return [...new Set(outcomes.map(({ order }) => order!.taker))];
}

function withQuota(quotas: ReadonlyMap<Role, Quota>, role: Role, quota: Quota): ReadonlyMap<Role, Quota> {
  return new Map([...quotas, [role, quota]]);
}
