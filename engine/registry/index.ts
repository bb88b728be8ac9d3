export { scheduledMachines, withoutMachines } from './maintenance-schedule.ts';
export type { RegisteredDrain, RegisteredQuota, RegistryOperation, RegistrySnapshot } from './registry.ts';
export { RegistryState } from './registry-state.ts';
