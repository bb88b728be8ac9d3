export { TaskLedger } from './task-ledger.ts';
export { checkMachines, checkSettled, checkWorld } from './whole-system.ts';
