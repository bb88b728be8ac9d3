export { ChaosFramework } from './chaos-framework.ts';
export type { ChaosInput, ChaosOutput } from './chaos-io.ts';
export type { ChaosOptions, ChaosTemper } from './chaos-options.ts';
export { ChaosLedger, isOver, type LedgerTask } from './ledger.ts';
