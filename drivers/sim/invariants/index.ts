export { TaskLedger } from './task-ledger.ts';
export {
  checkCluster,
  checkClusterSettled,
  checkMachines,
  checkSettled,
  checkWorld,
} from './whole-system.ts';
