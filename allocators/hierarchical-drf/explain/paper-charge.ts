import { Resources, withCount } from '../../../engine/resources/index.ts';
import type { AgentRow } from '../agent-row.ts';
import type { Books } from '../books.ts';
import type { Client } from '../client.ts';

/** An allocation of an imagined cycle. */
export interface PaperGrant {
  readonly client: Client;
  readonly row: AgentRow;
  readonly resources: Resources;
  readonly isForGuarantee: boolean;
}

/** What resources cost a client and its role: a shared volume that is held there already counts once (conformance README §5.2). */
export class PaperCharge {
  readonly #books: Books;
  forClient = new Float64Array(0);
  forRole = new Float64Array(0);

  constructor(books: Books) {
    this.#books = books;
  }

  /** Fills both vectors. `earlier` are grants on the same agent. */
  weigh({ client, row, resources }: PaperGrant, earlier: readonly PaperGrant[]): void {
    const { columns } = this.#books;
    if (columns.count > this.forClient.length) {
      this.forClient = new Float64Array(columns.count);
      this.forRole = new Float64Array(columns.count);
    }
    columns.load(resources, this.forClient);
    this.forRole.set(this.forClient);
    if (resources.isPlain) return;
    for (const volume of resources.shared().entries) {
      const single = Resources.of([withCount(volume, 1)]);
      const column = columns.column(volume.identity.name);
      const isHeldBy = (by: (holder: Client) => boolean): boolean =>
        this.#isHeld(row, single, by) ||
        earlier.some((grant) => by(grant.client) && grant.resources.contains(single));
      if (isHeldBy((holder) => holder === client)) {
        this.forClient[column] = this.forClient[column]! - volume.scalar;
      }
      if (isHeldBy((holder) => holder.isTracked && holder.role === client.role)) {
        this.forRole[column] = this.forRole[column]! - volume.scalar;
      }
    }
  }

  #isHeld(row: AgentRow, volume: Resources, by: (holder: Client) => boolean): boolean {
    let isHeld = false;
    row.forEachPart((holder, held) => {
      isHeld ||= by(this.#books.clients[holder]!) && held.contains(volume);
    });
    return isHeld;
  }
}
