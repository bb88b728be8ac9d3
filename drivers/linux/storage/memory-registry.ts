import {
  type RegistryOperation,
  type RegistrySnapshot,
  RegistryState,
} from '../../../engine/registry/index.ts';
import { type RegistryStore, RegistryStoreError } from './registry-store.ts';

/** A registry that ends with the process (`--registry=in_memory`). */
export class MemoryRegistry implements RegistryStore {
  readonly #state = new RegistryState();
  #closed = false;

  async load(): Promise<RegistrySnapshot> {
    return await Promise.resolve(this.#state.snapshot());
  }

  async append(operations: readonly RegistryOperation[]): Promise<void> {
    if (this.#closed) throw new RegistryStoreError('the registry is closed');
    for (const operation of operations) this.#state.apply(operation);
    await Promise.resolve();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.resolve();
  }
}
