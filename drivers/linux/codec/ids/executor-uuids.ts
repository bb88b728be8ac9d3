import type { UpdateId } from '../../../../engine/core/index.ts';
import { TextTable } from './text-table.ts';
import { UUID_BYTES } from './update-uuid.ts';

/** The ids that executors give their own updates, as numbers for the agent's machine; bounded like all tables of texts. */
export class ExecutorUuids {
  /** For whoever keeps the pairs. */
  readonly table = new TextTable();

  number(bytes: Uint8Array): UpdateId {
    return this.table.number(Buffer.from(bytes).toString('hex')) as UpdateId;
  }

  bytes(uuid: UpdateId): Uint8Array {
    const bytes = new Uint8Array(UUID_BYTES);
    bytes.set(Buffer.from(this.table.text(uuid), 'hex'));
    return bytes;
  }

  /** Forgets those that nobody holds any more, when there are many. */
  sweepIfFull(mark: (keep: (uuid: number) => void) => void): void {
    if (this.table.wantsSweep) this.table.sweep(mark);
  }
}
