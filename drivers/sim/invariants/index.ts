export { TaskLedger } from './task-ledger.ts';
export { checkCluster, checkMachines, checkSettled, checkWorld } from './whole-system.ts';
