import { fieldsLayout } from '../../engine/core/graph/index.ts';
import type { Quota, Role } from '../../engine/master/index.ts';
import { QuantityColumns } from './quantity-columns.ts';

const NO_SLOT = -1;

/** Guarantees and limits of all roles with quota as columns, a slot for each role. Made anew when a quota or a column is added. */
export class QuotaTable {
  /** By slot. */
  readonly roles: readonly Role[];
  /** Entries per slot: `guarantees[slot * stride + column]`. */
  readonly stride: number;
  /** Thousandths; 0 for none. */
  readonly guarantees: Float64Array;
  /** Thousandths; Infinity for none. */
  readonly limits: Float64Array;
  /** By role. */
  #slots: Int32Array;

  constructor(columns: QuantityColumns, quotas: ReadonlyMap<Role, Quota>) {
    for (const { guarantees, limits } of quotas.values()) {
      for (const name of guarantees.names) columns.learnName(name);
      for (const name of limits.names) columns.learnName(name);
    }
    this.roles = [...quotas.keys()];
    this.stride = columns.count;
    this.guarantees = new Float64Array(this.roles.length * this.stride);
    this.limits = new Float64Array(this.roles.length * this.stride).fill(Infinity);
    this.#slots = new Int32Array(this.roles.reduce((most, role) => Math.max(most, role + 1), 0)).fill(
      NO_SLOT,
    );
    let slot = 0;
    for (const [role, { guarantees, limits }] of quotas) {
      this.#slots[role] = slot;
      const base = slot++ * this.stride;
      guarantees.names.forEach((name, index) => {
        this.guarantees[base + columns.column(name)] = guarantees.values[index]!;
      });
      limits.names.forEach((name, index) => {
        this.limits[base + columns.column(name)] = limits.values[index]!;
      });
    }
  }

  /** Less than 0 for a role without quota. */
  slot(role: Role): number {
    return role < this.#slots.length ? this.#slots[role]! : NO_SLOT;
  }

  static readonly layout = fieldsLayout({
    blank: () => new QuotaTable(new QuantityColumns(), new Map()),
    take: (it: QuotaTable) => ({ slots: it.#slots }),
    put: (it, fields) => {
      it.#slots = fields.slots;
    },
  });
}
