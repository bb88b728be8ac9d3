import { assert } from '../../../engine/core/index.ts';
import type { Agent, Contender, Role, WithholdingRule } from '../../../engine/master/index.ts';
import { type Quantities, Resources } from '../../../engine/resources/index.ts';
import type { AgentRow } from '../agent-row.ts';
import type { Client } from '../client.ts';
import { QuotaCycle } from '../quota-cycle.ts';
import type { Hypothesis, Scene } from './hypothesis.ts';
import { OfferRules, type Stage } from './offer-rules.ts';
import { PaperCharge, type PaperGrant } from './paper-charge.ts';
import { PaperOrder, type Rivalry } from './paper-order.ts';

/** Agents in the order of their visits. */
export interface Visits {
  readonly guarantees: readonly Agent[];
  readonly fair: readonly Agent[];
}

/** The target and an agent: what it gets, or the first rule that withholds it. What the rule went by is to be worked out by who wants it. */
export interface Outcome {
  readonly row: AgentRow;
  readonly rule: WithholdingRule | null;
  /** What is offered; if a rule withholds it, what the rule looked at. */
  readonly offer: Resources;
  /** Rule `order`: the target, and who was served first. */
  readonly order: {
    readonly own: Contender;
    readonly ahead: Contender;
    readonly taker: Client;
    readonly rivalry: Rivalry | null;
    /** See `PaperOrder.oddsOf`. */
    readonly odds: number | null;
    readonly forGuarantee: boolean;
  } | null;
}

/**
 * A cycle played through on paper: the same rules in the same order on the allocator's books, which stay as they are. Says what the target
 * gets of each agent, and which rule is first to withhold it.
 */
export class Rehearsal {
  readonly outcomes: Outcome[] = [];
  readonly grants: PaperGrant[] = [];
  readonly order: PaperOrder;
  readonly quota: QuotaCycle | null;
  readonly rules: OfferRules;
  /** What the target's top-level role had consumed when the target had got its first offer that suffices. */
  consumedAtFirst: Quantities | null = null;
  readonly #scene: Scene;
  readonly #hypothesis: Hypothesis;
  readonly #demand: Quantities | null;
  readonly #takesPart: ReadonlySet<Client>;
  readonly #isOfferable: (row: AgentRow) => boolean;
  /** Whether an order is drawn: what others would take first is not known then. */
  readonly #isDrawn: boolean;
  readonly #charge: PaperCharge;
  readonly #free = new Map<Agent, Resources>();
  readonly #grantsOn = new Map<Agent, PaperGrant[]>();
  readonly #judged = new Map<Agent, Outcome>();
  /** What clients that asked for something still miss. */
  readonly #missing = new Map<Client, Quantities>();
  readonly #resting = new Set<Client>();

  /** @param visits null takes agents in the order of their numbers */
  constructor(scene: Scene, hypothesis: Hypothesis, demand: Quantities | null, visits: Visits | null) {
    this.#scene = scene;
    this.#hypothesis = hypothesis;
    this.#demand = demand;
    const { books } = scene;
    books.tree.settle();
    books.shares.settle();
    const clients = books.clients.filter((client) => client != null && takesPart(scene, hypothesis, client));
    this.#takesPart = new Set(clients as Client[]);
    this.order = new PaperOrder(books, clients as Client[], hypothesis.weights, {
      client: hypothesis.target,
      drawn: scene.drawn,
    });
    this.quota = hypothesis.quotas.size > 0 ? new QuotaCycle(books, hypothesis.quotas) : null;
    this.rules = new OfferRules(scene, hypothesis, this.quota);
    this.#isDrawn = scene.drawn.roles || scene.drawn.frameworks;
    this.#charge = new PaperCharge(books);
    const { activated, whitelisted } = hypothesis;
    this.#isOfferable = (row) =>
      (row.isActivated || activated.has(row.agent)) && (row.isWhitelisted || whitelisted.has(row.hostname));
    if (scene.pause === null || hypothesis.isPauseOver) this.#play(visits ?? this.#allVisits());
    this.#conclude();
  }

  /** Agents that the target is offered and that are large enough. */
  get count(): number {
    return this.outcomes.filter(({ rule }) => rule === null).length;
  }

  #play(visits: Visits): void {
    if (this.quota !== null) for (const agent of visits.guarantees) this.#visit(agent, 'guarantees');
    for (const agent of visits.fair) this.#visit(agent, 'fair');
  }

  #allVisits(): Visits {
    const open: Agent[] = [];
    for (const row of this.#scene.books.agents)
      if (row != null && this.#isOfferable(row)) open.push(row.agent);
    return { guarantees: open, fair: open };
  }

  #freeOf(row: AgentRow): Resources {
    return this.#free.get(row.agent) ?? row.free;
  }

  #visit(agent: Agent, stage: Stage): void {
    const row = this.#scene.books.agent(agent);
    if (!this.#isOfferable(row) || this.#freeOf(row).isEmpty) return;
    this.order.walk((role) => this.#showToRole(row, role, stage));
    // Its turn may not have come, as nothing was left.
    if (stage === 'fair' && this.#takesPart.has(this.#hypothesis.target)) this.#judgeTarget(row);
    this.order.settle();
  }

  /** Shows the agent to the role's frameworks; whether to go on with the next role. */
  #showToRole(row: AgentRow, role: Role, stage: Stage): boolean {
    const { clients } = this.#scene.books;
    const isForGuarantee = stage === 'guarantees';
    for (const clientRow of this.order.clientsOf(role)) {
      if (isForGuarantee && this.quota!.unmet(role).isEmpty) break;
      const client = clients[clientRow]!;
      if (this.#resting.has(client)) continue;
      const rule = this.rules.judge(client, row, this.#freeOf(row), stage);
      if (rule === null) this.#grant(client, row, stage);
      else if (client === this.#hypothesis.target && !isForGuarantee) this.#judgeTarget(row);
      if (this.#freeOf(row).isEmpty) return false;
    }
    return true;
  }

  #grant(client: Client, row: AgentRow, stage: Stage): void {
    const { offer, guaranteed, extra } = this.rules;
    const earlier = this.#grantsOn.get(row.agent) ?? [];
    const grant = { client, row, resources: offer, isForGuarantee: stage === 'guarantees' };
    this.#charge.weigh(grant, earlier);
    this.order.grant(client, this.#charge.forClient, this.#charge.forRole);
    this.quota?.allocated(client.role, guaranteed, extra);
    this.#grantsOn.set(row.agent, [...earlier, grant]);
    this.grants.push(grant);
    const free = this.#freeOf(row);
    this.#free.set(row.agent, row.isIntricate ? freeAfter(free, offer) : free.minus(offer));
    this.#countDemand(client, offer);
    if (client === this.#hypothesis.target) this.#offered(row);
  }

  #offered(row: AgentRow): void {
    const { books } = this.#scene;
    const before = this.#judged.get(row.agent);
    const { offer } = this.rules;
    const others = this.#othersOn(row);
    if (this.#isDrawn && others.length > 0) {
      // Which of the others would take it, and what they would leave, is drawn.
      this.#judged.set(row.agent, { row, rule: 'order', offer, order: this.#behind(others) });
      return;
    }
    const whole = before?.rule === null || before?.rule === 'fit' ? before.offer.plus(offer) : offer;
    const suffices = this.#demand === null || whole.quantities().contains(this.#demand);
    this.#judged.set(row.agent, { row, rule: suffices ? null : 'fit', offer: whole, order: null });
    if (suffices && this.consumedAtFirst === null && this.quota !== null) {
      this.consumedAtFirst = this.quota.consumed(books.roles.topLevel(this.#hypothesis.target.role));
    }
  }

  /** The target's turn in the last stage came, or comes no more, and it is offered nothing: because of a rule, or because others came first. */
  #judgeTarget(row: AgentRow): void {
    if (this.#judged.has(row.agent)) return;
    const { target } = this.#hypothesis;
    const rule = this.rules.judge(target, row, row.free, 'fair');
    const { offer } = this.rules;
    if (rule !== null && rule !== 'unmet') {
      this.#judged.set(row.agent, { row, rule, offer, order: null });
      return;
    }
    const grants = this.#grantsOn.get(row.agent) ?? [];
    if (this.#resting.has(target)) {
      this.#judged.set(row.agent, { row, rule: 'demandMet', offer: Resources.EMPTY, order: null });
      return;
    }
    assert(grants.length > 0, 'who gets nothing of what no rule withholds comes after another');
    this.#judged.set(row.agent, { row, rule: 'order', offer, order: this.#behind(grants) });
  }

  #othersOn(row: AgentRow): readonly PaperGrant[] {
    const grants = this.#grantsOn.get(row.agent) ?? [];
    return grants.filter(({ client }) => client !== this.#hypothesis.target);
  }

  /** The target against the one of `grants` that took most. */
  #behind(grants: readonly PaperGrant[]): NonNullable<Outcome['order']> {
    const { target } = this.#hypothesis;
    const { client: taker, isForGuarantee: forGuarantee } = largest(grants);
    const own = this.order.contender(target, taker);
    const ahead = this.order.contender(taker, target);
    const odds = this.order.oddsOf(target, taker);
    // Where a draw decides, a larger weight promises nothing.
    const rivalry = odds === null ? this.order.rivalry(target.role, taker.role) : null;
    return { own, ahead, taker, rivalry, odds, forGuarantee };
  }

  /** Goes over all agents for what the visits left open. */
  #conclude(): void {
    const isPaused = this.#scene.pause !== null && !this.#hypothesis.isPauseOver;
    const left = this.#ruleForAll();
    for (const row of this.#scene.books.agents) {
      if (row == null) continue;
      const rule = isPaused ? 'recoveryPause' : (this.#ruleOfAgent(row) ?? left);
      if (rule !== null) {
        this.outcomes.push({ row, rule, offer: Resources.EMPTY, order: null });
        continue;
      }
      this.#judgeTarget(row);
      this.outcomes.push(this.#judged.get(row.agent)!);
    }
  }

  #ruleOfAgent(row: AgentRow): WithholdingRule | null {
    const { activated, whitelisted } = this.#hypothesis;
    if (!row.isActivated && !activated.has(row.agent)) return 'agentDeactivated';
    return row.isWhitelisted || whitelisted.has(row.hostname) ? null : 'notWhitelisted';
  }

  /** What keeps the target from taking part at all. */
  #ruleForAll(): WithholdingRule | null {
    const { target, isFrameworkActive } = this.#hypothesis;
    if (this.#takesPart.has(target)) return null;
    const framework = this.#scene.books.frameworks[target.framework] ?? null;
    if (framework === null || !target.isSubscribed) return 'notSubscribed';
    if (!framework.isActive && !isFrameworkActive) return 'frameworkInactive';
    return target.isSuppressed ? 'suppressed' : 'demandMet';
  }

  #countDemand(client: Client, offer: Resources): void {
    const isRevived = client === this.#hypothesis.target && this.#hypothesis.isRevived;
    if (client.demand === null || isRevived) return;
    const missing = (this.#missing.get(client) ?? client.demand.missing).minus(offer.quantities());
    this.#missing.set(client, missing);
    if (missing.isEmpty) this.#resting.add(client);
  }
}

/** Whether the client takes part in the imagined cycle. */
function takesPart(scene: Scene, hypothesis: Hypothesis, client: Client): boolean {
  if (hypothesis.suppressed.has(client) || !client.isSubscribed) return false;
  const framework = scene.books.frameworks[client.framework] ?? null;
  const { target, isRevived, isFrameworkActive } = hypothesis;
  if (framework === null) return false;
  if (!framework.isActive && !(isFrameworkActive && client.framework === target.framework)) return false;
  if (isRevived && client === target) return true;
  return !client.isSuppressed && (client.demand === null || !client.demand.isMet);
}

/** Shared volumes stay free. */
function freeAfter(free: Resources, offer: Resources): Resources {
  return free.nonShared().minus(offer.nonShared()).plus(free.shared());
}

/** Who took most, by the largest part of any kind; the first of equals. */
function largest(grants: readonly PaperGrant[]): PaperGrant {
  let taker = grants[0]!;
  for (const grant of grants) if (grant.resources.contains(taker.resources)) taker = grant;
  return taker;
}
