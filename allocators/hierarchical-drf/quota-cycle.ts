import type { Quota, Role } from '../../engine/master/index.ts';
import {
  Quantities,
  ResourceLimits,
  type Resources,
  reservationRole,
  shrinkToLimits,
  shrinkToQuantities,
} from '../../engine/resources/index.ts';
import type { AgentRow } from './agent-row.ts';
import type { Books } from './books.ts';
import type { MinimumOffer } from './minimum-offer.ts';
import { QuotaTable } from './quota-table.ts';

/**
 * Quota accounting of one cycle (conformance README §5.3): what roles with quota consumed, how much must be kept for guarantees not yet
 * met, and how much there is to keep it of. Computed over the whole cluster when the cycle begins, then kept up to date. All in columns,
 * thousandths.
 */
export class QuotaCycle {
  readonly #books: Books;
  readonly #quotas: ReadonlyMap<Role, Quota>;
  readonly #table: QuotaTable;
  /** By slot and column, as the table. */
  readonly #consumed: Float64Array;
  readonly #required: Float64Array;
  /** Columns in which something is required. */
  #requiredCount = 0;
  readonly #headroom: Float64Array;
  readonly #scratch: Float64Array;

  /** `table` is that of `quotas`, with all columns of the books. */
  constructor(
    books: Books,
    quotas: ReadonlyMap<Role, Quota>,
    table: QuotaTable = new QuotaTable(books.columns, quotas),
  ) {
    this.#books = books;
    this.#quotas = quotas;
    this.#table = table;
    const { stride } = table;
    this.#consumed = new Float64Array(table.guarantees.length);
    this.#required = new Float64Array(stride);
    this.#headroom = new Float64Array(stride);
    this.#scratch = new Float64Array(stride);
    const special = new SpecialHoldings(books);
    this.#countHeadroom(special);
    this.#countConsumed(special);
  }

  quota(role: Role): Quota | null {
    return this.#quotas.get(role) ?? null;
  }

  consumed(role: Role): Quantities {
    const slot = this.#table.slot(role);
    if (slot < 0) return Quantities.EMPTY;
    const base = slot * this.#table.stride;
    return this.#quantities((column) => this.#consumed[base + column]!);
  }

  /** What the role's guarantee lacks. */
  unmet(role: Role): Quantities {
    const slot = this.#table.slot(role);
    if (slot < 0) return Quantities.EMPTY;
    const base = slot * this.#table.stride;
    return this.#quantities(
      (column) => this.#table.guarantees[base + column]! - this.#consumed[base + column]!,
    );
  }

  /** Whether the role's guarantee lacks anything. */
  isUnmet(role: Role): boolean {
    const slot = this.#table.slot(role);
    if (slot < 0) return false;
    const { guarantees, stride } = this.#table;
    for (let index = slot * stride; index < (slot + 1) * stride; index++) {
      if (guarantees[index]! > this.#consumed[index]!) return true;
    }
    return false;
  }

  /**
   * Whether limit and headroom leave the role so little of the unreserved that no offer of nothing else passes `minimum`. Once it is so it
   * stays so until the cycle ends.
   */
  isExhausted(role: Role, minimum: MinimumOffer): boolean {
    const { limits, stride } = this.#table;
    const slot = this.#table.slot(role);
    if (slot < 0 && this.#requiredCount === 0) return false;
    for (let column = 0; column < stride; column++) {
      let left = this.#requiredCount === 0 ? Infinity : this.#headroom[column]! - this.#required[column]!;
      if (slot >= 0)
        left = Math.min(left, limits[slot * stride + column]! - this.#consumed[slot * stride + column]!);
      this.#scratch[column] = Math.max(0, left);
    }
    return !minimum.canPassWithin(this.#scratch);
  }

  /** As much of `divisible` as the role's guarantee lacks. */
  shrunkToUnmet(divisible: Resources, role: Role): Resources {
    return shrinkToQuantities(divisible, this.unmet(role));
  }

  /** As much of `extra` as the role's limit leaves, when `first` of the same offer is counted against it already. */
  withinLimit(extra: Resources, role: Role, first: Resources): Resources {
    const limits = this.#quotas.get(role)?.limits ?? ResourceLimits.UNLIMITED;
    if (limits.isEmpty || extra.isEmpty) return extra;
    return shrinkToLimits(extra, limits.minus(this.consumed(role).plus(first.quantities())));
  }

  /** As much of `extra` as limit and headroom leave, when `first` of the same offer is counted against the limit already. */
  bounded(extra: Resources, role: Role, first: Resources): Resources {
    const rest = this.withinLimit(extra, role, first);
    if (this.#requiredCount === 0 || rest.isEmpty) return rest;
    return shrinkToQuantities(
      rest,
      this.#quantities((column) => this.#headroom[column]! - this.#required[column]!),
    );
  }

  /** Unreserved, non-revocable scalars were allocated: `guaranteed` of them towards the guarantee. */
  allocated(role: Role, guaranteed: Resources, extra: Resources): void {
    const slot = this.#table.slot(this.#books.roles.topLevel(role));
    this.#book(slot, guaranteed.quantities(), true);
    this.#book(slot, extra.quantities(), false);
  }

  #book(slot: number, given: Quantities, isGuaranteed: boolean): void {
    const { names, values } = given;
    for (let index = 0; index < names.length; index++) {
      const column = this.#books.columns.column(names[index]!);
      const value = values[index]!;
      const at = slot * this.#table.stride + column;
      if (slot >= 0) this.#consumed[at] = this.#consumed[at]! + value;
      this.#headroom[column] = Math.max(0, this.#headroom[column]! - value);
      const required = this.#required[column]!;
      if (!isGuaranteed || required === 0) continue;
      this.#required[column] = Math.max(0, required - value);
      if (required <= value) this.#requiredCount--;
    }
  }

  #countHeadroom(special: SpecialHoldings): void {
    const { columns, totals, tree } = this.#books;
    const unallocated = special.unallocatedReservations();
    const tops = tree.topLevel();
    for (let column = 0; column < this.#table.stride; column++) {
      const name = columns.name(column);
      let left = totals.amount(name) - unallocated.get(name) - special.freeRevocable.get(name);
      for (let index = 0; index < tops.length; index++) left -= tree.held(tops[index]!, column);
      this.#headroom[column] = Math.max(0, left);
    }
  }

  #countConsumed(special: SpecialHoldings): void {
    const { columns, tree } = this.#books;
    const { roles, guarantees, stride } = this.#table;
    for (let slot = 0; slot < roles.length; slot++) {
      const role = roles[slot]!;
      const limitless = special.limitless(role);
      const reservations = special.reservations(role);
      const isOrdinary = limitless.isEmpty && reservations.isEmpty;
      for (let column = 0; column < stride; column++) {
        const at = slot * stride + column;
        let consumed = tree.held(role, column);
        if (!isOrdinary) {
          const name = columns.name(column);
          consumed = reservations.get(name) + Math.max(0, consumed - limitless.get(name));
        }
        this.#consumed[at] = consumed;
        const unmet = guarantees[at]! - consumed;
        if (unmet <= 0) continue;
        if (this.#required[column] === 0) this.#requiredCount++;
        this.#required[column] = this.#required[column]! + unmet;
      }
    }
  }

  /** Of the columns in which `amount` is greater than 0. */
  #quantities(amount: (column: number) => number): Quantities {
    for (let column = 0; column < this.#scratch.length; column++) this.#scratch[column] = amount(column);
    return this.#books.columns.quantities(this.#scratch);
  }
}

/** Reservations and revocables, which only few agents have: what is held of them, and what is not. */
class SpecialHoldings {
  readonly #books: Books;
  /** By top-level role: reserved for it or a role below; held of reserved by its frameworks; held of revocable likewise. */
  readonly #reservations = new Map<Role, Quantities>();
  readonly #heldReserved = new Map<Role, Quantities>();
  readonly #heldLimitless = new Map<Role, Quantities>();
  freeRevocable = Quantities.EMPTY;

  constructor(books: Books) {
    this.#books = books;
    for (const row of books.agents) if (row !== null && row !== undefined && !isOrdinary(row)) this.#add(row);
  }

  reservations(role: Role): Quantities {
    return this.#reservations.get(role) ?? Quantities.EMPTY;
  }

  /** What the role's frameworks hold that is reserved or revocable. */
  limitless(role: Role): Quantities {
    return this.#heldLimitless.get(role) ?? Quantities.EMPTY;
  }

  unallocatedReservations(): Quantities {
    let reserved = Quantities.EMPTY;
    for (const quantities of this.#reservations.values()) reserved = reserved.plus(quantities);
    for (const quantities of this.#heldReserved.values()) reserved = reserved.minus(quantities);
    return reserved;
  }

  #add(row: AgentRow): void {
    for (const { identity, scalar } of row.total.entries) {
      const role = reservationRole(identity);
      if (role === null || identity.type !== 'SCALAR') continue;
      const top = this.#books.roles.topLevel(this.#books.roles.role(role));
      plus(this.#reservations, top, Quantities.of([[identity.name, scalar]]));
    }
    this.freeRevocable = this.freeRevocable.plus(row.free.revocable().quantities());
    for (const [role, held] of this.#heldByRole(row)) {
      const top = this.#books.roles.topLevel(role);
      plus(this.#heldReserved, top, held.reserved().quantities());
      plus(this.#heldLimitless, top, held.reserved().plus(held.unreserved().revocable()).quantities());
    }
  }

  /** What is held on the agent by role, so that a shared volume counts once for each. */
  #heldByRole(row: AgentRow): Map<Role, Resources> {
    const byRole = new Map<Role, Resources>();
    row.forEachPart((holder, held) => {
      const client = this.#books.clients[holder]!;
      if (!client.isTracked) return;
      byRole.set(client.role, byRole.get(client.role)?.plus(held) ?? held);
    });
    return byRole;
  }
}

/** Nothing on it is reserved or revocable, nor held so. */
function isOrdinary(row: AgentRow): boolean {
  return row.isPlain && !row.isIntricate;
}

function plus(sums: Map<Role, Quantities>, role: Role, quantities: Quantities): void {
  sums.set(role, sums.get(role)?.plus(quantities) ?? quantities);
}
