import type { RegistryOperation, RegistrySnapshot } from '../../../engine/registry/index.ts';

/**
 * Where the registry is kept (spec 13 §3): the port behind the master's `persist` outputs. Implementations: `MemoryRegistry`, `LevelRegistry`;
 * all pass `registryStoreContract`.
 */
export interface RegistryStore {
  /** What all durable operations so far amount to. */
  load(): Promise<RegistrySnapshot>;
  /**
   * Makes the operations durable, in order and together, after those of earlier calls; resolves when they are. Calls may overlap. Rejects if it
   * cannot tell that they are durable: the master must then end, and the store takes nothing more.
   */
  append(operations: readonly RegistryOperation[]): Promise<void>;
  /** Waits for what is on its way. */
  close(): Promise<void>;
}

/** The store refuses to be opened or written; the message says what, where, and what to do. */
export class RegistryStoreError extends Error {}
