export { TaskLedger } from './task-ledger.ts';
