import { type Milli, milli } from '../../engine/core/index.ts';
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

/**
 * Quota accounting of one cycle (conformance README §5.3): what roles with quota consumed, how much must be kept for guarantees not yet
 * met, and how much there is to keep it of. Computed over the whole cluster when the cycle begins, then kept up to date.
 */
export class QuotaCycle {
  readonly #books: Books;
  readonly #quotas: ReadonlyMap<Role, Quota>;
  /** By top-level role with quota. */
  readonly #consumed = new Map<Role, Quantities>();
  #required = Quantities.EMPTY;
  #headroom: Quantities;

  constructor(books: Books, quotas: ReadonlyMap<Role, Quota>) {
    this.#books = books;
    this.#quotas = quotas;
    const special = new SpecialHoldings(books);
    let allocated = Quantities.EMPTY;
    for (const top of books.tree.topLevel()) allocated = allocated.plus(heldBy(books, top));
    for (const [role, quota] of quotas) {
      const unreserved = heldBy(books, role).minus(special.limitless(role));
      const consumed = special.reservations(role).plus(unreserved);
      this.#consumed.set(role, consumed);
      this.#required = this.#required.plus(quota.guarantees.minus(consumed));
    }
    this.#headroom = totalOf(books)
      .minus(allocated)
      .minus(special.unallocatedReservations())
      .minus(special.freeRevocable);
  }

  quota(role: Role): Quota | null {
    return this.#quotas.get(role) ?? null;
  }

  consumed(role: Role): Quantities {
    return this.#consumed.get(role) ?? Quantities.EMPTY;
  }

  /** What the role's guarantee lacks. */
  unmet(role: Role): Quantities {
    const quota = this.#quotas.get(role);
    return quota === undefined ? Quantities.EMPTY : quota.guarantees.minus(this.consumed(role));
  }

  /** As much of `divisible` as the role's guarantee lacks. */
  shrunkToUnmet(divisible: Resources, role: Role): Resources {
    return shrinkToQuantities(divisible, this.unmet(role));
  }

  /** As much of `extra` as limit and headroom leave, when `first` of the same offer is counted against the limit already. */
  bounded(extra: Resources, role: Role, first: Resources): Resources {
    const limits = this.#quotas.get(role)?.limits ?? ResourceLimits.UNLIMITED;
    let rest = extra;
    if (!limits.isEmpty) {
      rest = shrinkToLimits(rest, limits.minus(this.consumed(role).plus(first.quantities())));
    }
    if (this.#required.isEmpty || rest.isEmpty) return rest;
    return shrinkToQuantities(rest, this.#headroom.minus(this.#required));
  }

  /** Unreserved, non-revocable scalars were allocated: `guaranteed` of them towards the guarantee. */
  allocated(role: Role, guaranteed: Resources, extra: Resources): void {
    const given = guaranteed.quantities().plus(extra.quantities());
    const top = this.#books.roles.topLevel(role);
    const consumed = this.#consumed.get(top);
    if (consumed !== undefined) this.#consumed.set(top, consumed.plus(given));
    this.#required = this.#required.minus(guaranteed.quantities());
    this.#headroom = this.#headroom.minus(given);
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

function heldBy(books: Books, role: Role): Quantities {
  return quantitiesOf(books, (column) => books.tree.held(role, column));
}

function totalOf(books: Books): Quantities {
  return quantitiesOf(books, (column) => books.totals.amount(books.columns.name(column)));
}

function quantitiesOf(books: Books, amount: (column: number) => number): Quantities {
  const amounts: [string, Milli][] = [];
  for (let column = 0; column < books.columns.count; column++) {
    amounts.push([books.columns.name(column), milli(amount(column))]);
  }
  return Quantities.of(amounts);
}
