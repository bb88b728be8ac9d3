import { fieldsLayout } from '../../engine/core/graph/index.ts';
import { Resources, withCount } from '../../engine/resources/index.ts';
import type { AgentRow } from './agent-row.ts';
import type { Client } from './client.ts';
import type { QuantityColumns } from './quantity-columns.ts';

/**
 * What resources with shared volumes cost: a volume counts once per agent and holder, whatever the copies, where the holder is the
 * framework within its role, and the role within the tree (conformance README §5.2).
 */
export class SharedCharge {
  readonly #columns: QuantityColumns;
  #clients: readonly (Client | null)[];
  forClient = new Float64Array(8);
  forRole = new Float64Array(8);

  constructor(columns: QuantityColumns, clients: readonly (Client | null)[]) {
    this.#columns = columns;
    this.#clients = clients;
  }

  /** Fills both vectors: `whole`, the quantities of `resources`, without the volumes that are held there beside them. */
  weigh(row: AgentRow, client: Client, resources: Resources, whole: Float64Array): void {
    if (this.#columns.count > this.forClient.length) {
      this.forClient = new Float64Array(whole.length);
      this.forRole = new Float64Array(whole.length);
    }
    this.forClient.set(whole.subarray(0, this.forClient.length));
    this.forRole.set(whole.subarray(0, this.forRole.length));
    for (const volume of resources.shared().entries) {
      const single = Resources.of([withCount(volume, 1)]);
      const column = this.#columns.column(volume.identity.name);
      if (this.#isHeld(row, single, (holder) => holder === client)) {
        this.forClient[column] = this.forClient[column]! - volume.scalar;
      }
      if (this.#isHeld(row, single, (holder) => holder.isTracked && holder.role === client.role)) {
        this.forRole[column] = this.forRole[column]! - volume.scalar;
      }
    }
  }

  #isHeld(row: AgentRow, volume: Resources, by: (holder: Client) => boolean): boolean {
    let isHeld = false;
    row.forEachPart((holder, held) => {
      isHeld ||= by(this.#clients[holder]!) && held.contains(volume);
    });
    return isHeld;
  }

  static readonly layout = fieldsLayout({
    take: (it: SharedCharge) => ({ columns: it.#columns, clients: it.#clients }),
    put: (it, fields) => {
      it.#clients = fields.clients;
    },
  });
}
