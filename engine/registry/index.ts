export type { RegistryOperation, RegistrySnapshot } from './registry.ts';
export { RegistryState } from './registry-state.ts';
