export type { RegisteredQuota, RegistryOperation, RegistrySnapshot } from './registry.ts';
export { RegistryState } from './registry-state.ts';
