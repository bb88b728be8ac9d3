export { scheduledMachines, withoutMachines } from './maintenance-schedule.ts';
export type { RegisteredDrain, RegisteredQuota, RegistryOperation, RegistrySnapshot } from './registry.ts';
export { NO_SCHEDULE, RegistryState } from './registry-state.ts';
export {
  entryKey,
  HEAD_KEY,
  LEADER_KEY,
  REGISTRY_PREFIX,
  type StoreAnswer,
  type StoreChange,
  type StoreCompare,
  type StoreEvent,
  type StoreItem,
  type StoreRequest,
  type StoreValue,
} from './store-port.ts';
export {
  recovered,
  type SessionInput,
  type SessionOptions,
  type SessionOutput,
  StoreSession,
} from './store-session.ts';
