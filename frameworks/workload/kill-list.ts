import type { AgentId, Micros, TaskId } from '../../engine/core/index.ts';

const DOUBLINGS_MAX = 4;

/** A task that is to die and has not been seen dead. */
export interface KillEntry {
  readonly agentId: AgentId;
  /** KILLs sent. */
  sent: number;
  /** When the last of them was. */
  sentAt: Micros;
}

/**
 * Tasks to be killed, until their end is known: a KILL may be lost with its connection or meet an agent that is away, so it is repeated
 * until an update says that the task is gone (bug ledger B34). A KILL for a task that the master does not know is answered with its state as
 * in reconciliation, which ends the repeating (B45: nothing is killed for being unknown).
 */
export class KillList {
  readonly #entries = new Map<TaskId, KillEntry>();

  get size(): number {
    return this.#entries.size;
  }

  get(id: TaskId): KillEntry | undefined {
    return this.#entries.get(id);
  }

  /** False if it was there. */
  add(id: TaskId, agentId: AgentId): boolean {
    if (this.#entries.has(id)) return false;
    this.#entries.set(id, { agentId, sent: 0, sentAt: 0 as Micros });
    return true;
  }

  delete(id: TaskId): void {
    if (this.#entries.size > 0) this.#entries.delete(id);
  }

  clear(): void {
    this.#entries.clear();
  }

  ids(): IterableIterator<TaskId> {
    return this.#entries.keys();
  }

  /** Until the KILL after the ones sent, given the first wait. */
  static waitAfter(entry: KillEntry, killWait: number): number {
    return killWait * 2 ** Math.min(Math.max(entry.sent - 1, 0), DOUBLINGS_MAX);
  }
}
