import { Rng } from '../../engine/core/index.ts';
import { fieldsLayout } from '../../engine/core/graph/index.ts';
import type { Agent, AllocatorOptions, Quota, Role } from '../../engine/master/index.ts';
import { Resources } from '../../engine/resources/index.ts';
import type { AgentRow } from './agent-row.ts';
import type { Books } from './books.ts';
import type { Client } from './client.ts';
import type { MinimumOffer } from './minimum-offer.ts';
import { RandomPlaces, RandomRoleOrder } from './random-order.ts';
import { QuotaCycle } from './quota-cycle.ts';
import { QuotaTable } from './quota-table.ts';
import type { AllocationRecords } from './records.ts';
import { strippedFor } from './restriction.ts';
import { RoleRoll } from './role-roll.ts';
import type { SiblingOrder } from './sibling-order.ts';

const UNKNOWN = -1;
/** Settled agents are shown to the one client that awoke alone if they outnumber the others by this much. */
const MOSTLY = 8;

/** What a visit does: give whole agents to the neediest, serve guarantees, or share what guarantees and limits leave. */
type Stage = 'whole' | 'guarantees' | 'fair';

/**
 * One allocation cycle (spec 16 §6, §7; conformance README §5.3): agents in random order, each shown to the roles in order of need, and
 * within a role to its frameworks.
 *
 * An agent is served in the order that held when its turn came, and for frameworks when their role's turn came: so what takes something is
 * charged at once, and moved to its new place when the agent is done, rightmost first, which leaves all to its right in order.
 */
export class Cycle {
  readonly #books: Books;
  readonly #minimum: MinimumOffer;
  readonly #records: AllocationRecords;
  readonly #rng: Rng;
  #visiting = new Int32Array(64);
  #stage: Stage = 'whole';
  #quota: QuotaCycle | null = null;
  /** Of the quotas at `#tableRevision`. */
  #quotaTable: QuotaTable | null = null;
  #tableRevision = UNKNOWN;
  /** Roles that can still get something in the stage; not in use where an agent may have more than the unreserved to give. */
  readonly #roll: RoleRoll;
  #isByRoll = false;
  /** Null where the sorter is by need. */
  readonly #randomRoles: RandomRoleOrder | null;
  readonly #randomPlaces: RandomPlaces | null;
  /** Active clients when `#randomRoles` was filled: it is filled again when one of them drops out. */
  #filledFor = UNKNOWN;
  /** The books' revision at which a cycle with quota over all agents allocated nothing. */
  #restedAt = UNKNOWN;
  /** The agent being visited, and whether what is free passes the common minimum: 1, 0, or UNKNOWN. */
  #row!: AgentRow;
  #passes = UNKNOWN;
  /** Clients known to refuse all that is free on it. */
  #blocked: Int32Array = new Int32Array(0);
  /** Whether clients may be behind on the agent, and how many were passed over. */
  #hasAnyBehind = false;
  #passedOver = 0;
  #isDisturbed = false;
  /** Places to mend when the agent is done. */
  #movedOrders: (SiblingOrder | RoleRoll)[] = [];
  #movedIndices: number[] = [];
  #movedCount = 0;
  /** The agents of the last stage in the order of their visits; for tests. */
  #visited: number[] | null = null;

  constructor(books: Books, minimum: MinimumOffer, records: AllocationRecords, options: AllocatorOptions) {
    this.#books = books;
    this.#minimum = minimum;
    this.#records = records;
    this.#rng = Rng.forPurpose(options.seed, 'allocator.agents');
    const belongs = (node: number) => this.#canGetMore(node);
    this.#roll = new RoleRoll(books.tree, belongs);
    const sorterRng = Rng.forPurpose(options.seed, 'allocator.sorter');
    this.#randomRoles =
      options.roleSorter === 'random' ? new RandomRoleOrder(books.tree, sorterRng, belongs) : null;
    this.#randomPlaces =
      options.frameworkSorter === 'random' ? new RandomPlaces(books.shares, sorterRng) : null;
  }

  /** Whether `runAll` would do nothing at all. */
  isIdle(quotas: ReadonlyMap<Role, Quota>): boolean {
    const books = this.#books;
    if (books.awake.length > 0) return false;
    if (books.activeClients === 0 || books.open.size === 0) return true;
    return quotas.size > 0 ? this.#restedAt === books.revision : books.unsettled.size === 0;
  }

  /** Cycle over all agents. Without quota it visits those that something changed for; with quota all that are open. */
  runAll(quotas: ReadonlyMap<Role, Quota>): void {
    const books = this.#books;
    if (quotas.size > 0) {
      if (this.#restedAt !== books.revision) this.#runQuotaStages(books.open.size, UNKNOWN, quotas);
    } else if (books.activeClients > 0 && (books.awake.length > 0 || books.unsettled.size > 0)) {
      this.#stage = 'whole';
      const isMostlySettled = books.unsettled.size * MOSTLY <= books.open.size;
      const only = books.awake.length === 1 && isMostlySettled ? books.awake[0]! : null;
      const source = books.awake.length > 0 ? books.open : books.unsettled;
      if (source.size > 0) {
        this.#settle();
        this.#reserve(source.size);
        this.#visitShuffled(
          // Then the order decides nothing, and memory is walked as it lies.
          this.#isForOneAlone() ? source.copyAscendingTo(this.#visiting) : source.copyTo(this.#visiting),
          only,
        );
      }
    }
    for (let index = 0; index < books.awake.length; index++) books.awake[index]!.isAwake = false;
    books.awake.length = 0;
  }

  /** Cycle over one agent. */
  runOne(agent: Agent, quotas: ReadonlyMap<Role, Quota>): void {
    const books = this.#books;
    if (!books.open.has(agent) || books.activeClients === 0) return;
    if (quotas.size > 0) {
      this.#runQuotaStages(1, agent, quotas);
    } else if (books.unsettled.has(agent) || books.awake.length > 0) {
      this.#settle();
      this.#stage = 'whole';
      this.#reserve(1);
      this.#visiting[0] = agent;
      this.#visitShuffled(1, null);
    }
  }

  /** From now on notes the order of visits. For tests that compare with a plain allocator. */
  watchVisits(): number[] {
    this.#visited = [];
    return this.#visited;
  }

  #runQuotaStages(count: number, only: number, quotas: ReadonlyMap<Role, Quota>): void {
    const books = this.#books;
    if (count === 0 || books.activeClients === 0) return;
    const { revision } = books;
    this.#quota = new QuotaCycle(books, quotas, this.#tableOf(quotas));
    for (const stage of ['guarantees', 'fair'] as const) {
      this.#stage = stage;
      this.#settle();
      this.#reserve(count);
      let visits = 0;
      if (only === UNKNOWN) {
        visits = books.open.copyTo(this.#visiting);
      } else if (books.open.has(only)) {
        this.#visiting[0] = only;
        visits = 1;
      }
      this.#isByRoll = stage === 'guarantees' || this.#areAllPlain(visits);
      if (this.#isByRoll && this.#randomRoles === null) this.#roll.fill();
      this.#visitShuffled(visits, null);
      this.#isByRoll = false;
    }
    this.#quota = null;
    if (only === UNKNOWN && books.revision === revision) this.#restedAt = revision;
  }

  #tableOf(quotas: ReadonlyMap<Role, Quota>): QuotaTable {
    const { columns, quotaRevision } = this.#books;
    let table = this.#quotaTable;
    if (table === null || this.#tableRevision !== quotaRevision || table.stride !== columns.count) {
      table = new QuotaTable(columns, quotas);
      this.#quotaTable = table;
      this.#tableRevision = quotaRevision;
    }
    return table;
  }

  #areAllPlain(visits: number): boolean {
    for (let index = 0; index < visits; index++) {
      if (!this.#books.agents[this.#visiting[index]!]!.isPlain) return false;
    }
    return true;
  }

  /** Whether some framework at or below a top-level node may still get something in this stage, of plain agents. */
  #canGetMore(node: number): boolean {
    const { tree } = this.#books;
    const role = tree.roleOf(node);
    if (this.#stage === 'guarantees') return this.#quota!.isUnmet(role);
    return !tree.isLeaf(node) || !this.#isExhausted(role);
  }

  /** Whether the role's frameworks cannot get a minimum offer of unreserved resources any more. */
  #isExhausted(role: Role): boolean {
    return this.#books.ownMinimums === 0 && this.#quota!.isExhausted(role, this.#minimum);
  }

  #settle(): void {
    this.#isDisturbed = false;
    this.#books.tree.settle();
    this.#books.shares.settle();
  }

  #reserve(count: number): void {
    if (count > this.#visiting.length) this.#visiting = new Int32Array(count * 2);
  }

  /**
   * Visits the first `count` entries of `#visiting`, shuffling as it goes. If `only` is given, agents that were settled are
   * shown to it alone. Ends early when no framework wants anything any more.
   */
  #visitShuffled(count: number, only: Client | null): void {
    const books = this.#books;
    const visiting = this.#visiting;
    // One client that takes whatever there is gets it all in any order: then memory is walked as it lies, which is twice as fast.
    const isOrdered = !this.#isForOneAlone();
    this.#filledFor = UNKNOWN;
    for (let index = 0; index < count && books.activeClients > 0; index++) {
      if (this.#isByRoll && this.#isRollSpent()) break;
      const drawn = isOrdered && index + 1 < count ? index + this.#rng.below(count - index) : index;
      const agent = visiting[drawn]!;
      visiting[drawn] = visiting[index]!;
      visiting[index] = agent;
      const row = books.agents[agent]!;
      this.#row = row;
      this.#passes = UNKNOWN;
      this.#blocked = books.filters.blockedBits(agent, row.free);
      this.#hasAnyBehind = books.guard?.hasAnyBehind(agent) ?? false;
      if (this.#visited !== null) this.#visited.push(agent);
      if (only !== null && !books.unsettled.has(agent)) this.#showTo(only);
      else this.#showToAll(agent, row);
    }
  }

  /** Whether one client alone takes part, and wants whatever there is. */
  #isForOneAlone(): boolean {
    const { activeClients, awake } = this.#books;
    if (this.#stage !== 'whole' || activeClients !== 1 || awake.length !== 1) return false;
    const client = awake[0]!;
    return client.isActive && client.demand === null;
  }

  #showToAll(agent: number, row: AgentRow): void {
    const books = this.#books;
    if (this.#isDisturbed) this.#settle();
    let tookAny = false;
    if (this.#randomRoles !== null) tookAny = this.#walkRandom(this.#randomRoles);
    else if (this.#isByRoll) this.#walkRoll();
    else if (!this.#isSpent()) tookAny = this.#walk(books.tree.root);
    if (this.#hasAnyBehind) this.#endVisit(agent, row, tookAny || this.#movedCount > 0);
    this.#mendOrders();
    // A shared volume may be offered again at once, to who was asked before somebody took it.
    const mayFindAnother = tookAny && row.hasShared;
    if (!row.isOfferable) books.close(row);
    else if (mayFindAnother) books.unsettled.add(agent);
    else if (this.#stage === 'whole') books.unsettled.remove(agent);
  }

  /** If something is left, those who were passed over get their turn at the next tick; if there are none and nobody took any, a round is over. */
  #endVisit(agent: number, row: AgentRow, tookAny: boolean): void {
    const guard = this.#books.guard!;
    if (row.isOfferable && this.#passedOver > 0) guard.wait(agent);
    else if (row.isOfferable && !tookAny && this.#mayEndRound(agent)) guard.beginRound(agent);
    guard.passedOver += this.#passedOver;
    this.#passedOver = 0;
  }

  /** With quota the second stage says whether nobody could take it, and not of those whom the first passed over: it may not have come to them. */
  #mayEndRound(agent: number): boolean {
    if (this.#stage === 'whole') return true;
    return this.#stage === 'fair' && !this.#books.guard!.isWaiting(agent);
  }

  /** A settled agent's turn when only one client awoke. Places are mended before an order is read next. */
  #showTo(client: Client): void {
    const books = this.#books;
    if (!client.isActive || !this.#tryClient(client)) return;
    if (!this.#row.isOfferable) books.close(this.#row);
    else if (this.#row.hasShared) books.unsettled.add(this.#row.agent);
    books.shares.group(client.row).disturb();
    books.tree.disturb(client.role);
    this.#isDisturbed = true;
  }

  #mendOrders(): void {
    for (let last = this.#movedCount - 1; last >= 0; last--) {
      this.#movedOrders[last]!.moveRight(this.#movedIndices[last]!);
    }
    this.#movedCount = 0;
  }

  #noteMove(order: SiblingOrder | RoleRoll, index: number): void {
    this.#movedOrders[this.#movedCount] = order;
    this.#movedIndices[this.#movedCount] = index;
    this.#movedCount++;
  }

  /** Whether nobody can take what is left of the agent. */
  #isSpent(): boolean {
    const { free } = this.#row;
    if (free.entries.length === 0) return true;
    return this.#books.ownMinimums === 0 && !this.#minimum.passes(free);
  }

  /** As `#walk` over the roles that can still get something. The order of all top-level roles is sorted again before it is read. */
  #walkRoll(): void {
    const { tree } = this.#books;
    const roll = this.#roll;
    if (this.#isSpent()) return;
    for (let index = 0; index < roll.length; index++) {
      const node = roll.at(index);
      const took = tree.isLeaf(node) ? this.#showToRole(tree.roleOf(node)) : this.#walk(node);
      if (!took) continue;
      tree.order(tree.root).disturb();
      this.#noteMove(roll, index);
      if (this.#isSpent()) break;
    }
  }

  /** Whether no role can get anything in the stage any more. */
  #isRollSpent(): boolean {
    if (this.#randomRoles === null) return this.#roll.length === 0;
    return this.#filledFor !== UNKNOWN && this.#randomRoles.length === 0;
  }

  /** As `#walk` and `#walkRoll` in an order drawn for this agent. Places are mended before an order is read next. */
  #walkRandom(roles: RandomRoleOrder): boolean {
    const { tree, activeClients } = this.#books;
    if (this.#isSpent()) return false;
    if (this.#filledFor !== activeClients) roles.fill(this.#isByRoll);
    else roles.begin();
    this.#filledFor = activeClients;
    let tookAny = false;
    for (let leaf = roles.next(); leaf >= 0; leaf = roles.next()) {
      // All its frameworks may have got what they asked for since.
      if (!tree.takesPart(leaf)) continue;
      const role = tree.roleOf(leaf);
      if (!this.#showToRole(role)) continue;
      tookAny = true;
      tree.disturb(role);
      if (this.#isSpent()) break;
    }
    return tookAny;
  }

  /** Shows the agent to the roles below `node` in order; whether any took something. */
  #walk(node: number): boolean {
    const { tree } = this.#books;
    const order = tree.order(node);
    let tookAny = false;
    for (let index = 0; index < order.length; index++) {
      const child = order.at(index);
      if (!tree.takesPart(child)) continue;
      const took = tree.isLeaf(child) ? this.#showToRole(tree.roleOf(child)) : this.#walk(child);
      if (!took) continue;
      tookAny = true;
      this.#noteMove(order, index);
      if (this.#isSpent()) break;
    }
    return tookAny;
  }

  #showToRole(role: Role): boolean {
    const books = this.#books;
    if (this.#stage === 'guarantees' && !this.#quota!.isUnmet(role)) return false;
    if (this.#stage === 'fair' && this.#row.isPlain && this.#isExhausted(role)) return false;
    const order = books.order(role);
    const random = this.#randomPlaces;
    random?.begin(order);
    let tookAny = false;
    for (let index = 0; index < order.length; index++) {
      const place = random === null ? index : random.next();
      if (place < 0) break;
      const clientRow = order.at(place);
      if (this.#isKnownBlocked(clientRow) || (this.#hasAnyBehind && this.#isPassedOver(clientRow))) continue;
      const client = books.clients[clientRow]!;
      if (!client.isActive || !this.#tryClient(client)) continue;
      tookAny = true;
      if (random === null) this.#noteMove(order, index);
      else order.disturb();
      if (this.#isSpent()) break;
      if (this.#stage === 'guarantees' && !this.#quota!.isUnmet(role)) break;
    }
    return tookAny;
  }

  /** Answered without a look at the client: many refuse an agent that few are left for. Filters of parts of it block less. */
  #isKnownBlocked(clientRow: number): boolean {
    const word = clientRow >> 5;
    return word < this.#blocked.length && (this.#blocked[word]! & (1 << (clientRow & 31))) !== 0;
  }

  /** Whether the client declined what others have not seen yet; counts it if so. */
  #isPassedOver(clientRow: number): boolean {
    const books = this.#books;
    if (!books.guard!.isBehind(clientRow, this.#row.agent) || !books.clients[clientRow]!.isActive)
      return false;
    this.#passedOver++;
    return true;
  }

  /** Offers the agent to the client; whether it took something. */
  #tryClient(client: Client): boolean {
    const row = this.#row;
    if ((client.exclusions & row.restrictions) !== 0) return false;
    if (client.constraints !== null && client.constraints.excludes(row)) return false;
    if (this.#stage !== 'whole' || !row.isPlain) return this.#tryPart(client);
    const { free } = row;
    if (!this.#isWorthwhile(client, free)) return false;
    if (this.#books.filters.blocks(client, row.agent, free)) {
      this.#blocked = this.#books.filters.noteBlocked(client, row.agent, free);
      return false;
    }
    this.#books.grant(row, client, free);
    row.holdAll(client);
    this.#records.add(client, row.agent, free);
    if (client.demand !== null) this.#countDemand(client, free);
    return true;
  }

  /** As `#tryClient` where not all that is free may go to the client. */
  #tryPart(client: Client): boolean {
    const books = this.#books;
    const row = this.#row;
    const available = row.free.allocatableTo(books.roles.name(client.role));
    if (!this.#passesMinimum(client, available)) return false;
    const fit = strippedFor(available, books.framework(client.framework).capabilities);
    let offer = fit;
    let guaranteed = Resources.EMPTY;
    let extra = Resources.EMPTY;
    const quota = this.#quota;
    if (quota !== null) {
      const divisible = fit.filter(isLimited);
      if (this.#stage === 'guarantees') {
        guaranteed = quota.shrunkToUnmet(divisible, client.role);
        if (guaranteed.isEmpty) return false;
      }
      extra = quota.bounded(divisible.minus(guaranteed), client.role, guaranteed);
      offer = this.#limitless(fit, client.role).plus(guaranteed).plus(extra);
    }
    if (!this.#passesMinimum(client, offer)) return false;
    if (books.filters.blocks(client, row.agent, offer)) return false;
    books.grant(row, client, offer);
    if (offer === row.free) {
      row.holdAll(client);
    } else {
      row.hold(client, offer);
      if (row.isIntricate) row.recount();
      else row.free = row.free.minus(offer);
    }
    if (this.#stage === 'whole') this.#records.add(client, row.agent, offer);
    else this.#records.addOrMerge(client, row.agent, offer);
    quota?.allocated(client.role, guaranteed, extra);
    if (client.demand !== null) this.#countDemand(client, offer);
    return true;
  }

  /** What no limit binds: non-scalars, revocables and reservations; while guarantees are served, only those of exactly the role. */
  #limitless(fit: Resources, role: Role): Resources {
    if (this.#stage === 'fair') return fit.filter((entry) => !isLimited(entry));
    const own = this.#books.roles.name(role);
    return fit.filter((entry) => {
      const { reservations, type, revocable } = entry.identity;
      if (type !== 'SCALAR' || revocable) return true;
      return reservations.length > 0 && reservations[reservations.length - 1]!.role === own;
    });
  }

  /** Whether all that is free passes the client's minimum; the common one is tested once per agent. */
  #isWorthwhile(client: Client, free: Resources): boolean {
    if (client.minimum !== null) return client.minimum.passes(free);
    if (this.#passes === UNKNOWN) this.#passes = this.#minimum.passes(free) ? 1 : 0;
    return this.#passes === 1;
  }

  #passesMinimum(client: Client, offer: Resources): boolean {
    return (client.minimum ?? this.#minimum).passes(offer);
  }

  #countDemand(client: Client, offer: Resources): void {
    client.demand!.offered(offer);
    if (client.demand!.isMet) this.#books.refreshActivity(client);
  }

  static readonly layout = fieldsLayout({
    take: (it: Cycle) => ({
      books: it.#books,
      records: it.#records,
      rng: it.#rng,
      visiting: it.#visiting,
      stage: it.#stage,
      quota: it.#quota,
      quotaTable: it.#quotaTable,
      tableRevision: it.#tableRevision,
      roll: it.#roll,
      isByRoll: it.#isByRoll,
      randomRoles: it.#randomRoles,
      randomPlaces: it.#randomPlaces,
      filledFor: it.#filledFor,
      restedAt: it.#restedAt,
      row: it.#row,
      passes: it.#passes,
      blocked: it.#blocked,
      hasAnyBehind: it.#hasAnyBehind,
      passedOver: it.#passedOver,
      isDisturbed: it.#isDisturbed,
      movedOrders: it.#movedOrders,
      movedIndices: it.#movedIndices,
      movedCount: it.#movedCount,
      visited: it.#visited,
    }),
    put: (it, fields) => {
      it.#visiting = fields.visiting;
      it.#stage = fields.stage;
      it.#quota = fields.quota;
      it.#quotaTable = fields.quotaTable;
      it.#tableRevision = fields.tableRevision;
      it.#isByRoll = fields.isByRoll;
      it.#filledFor = fields.filledFor;
      it.#restedAt = fields.restedAt;
      it.#row = fields.row;
      it.#passes = fields.passes;
      it.#blocked = fields.blocked;
      it.#hasAnyBehind = fields.hasAnyBehind;
      it.#passedOver = fields.passedOver;
      it.#isDisturbed = fields.isDisturbed;
      it.#movedOrders = fields.movedOrders;
      it.#movedIndices = fields.movedIndices;
      it.#movedCount = fields.movedCount;
      it.#visited = fields.visited;
    },
    kept: ['#minimum'],
  });
}

/** Unreserved, non-revocable scalars: what guarantees and limits speak of. */
function isLimited(entry: Resources['entries'][number]): boolean {
  const { reservations, type, revocable } = entry.identity;
  return reservations.length === 0 && type === 'SCALAR' && !revocable;
}
