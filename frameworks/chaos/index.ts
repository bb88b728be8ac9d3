export { ChaosFramework } from './chaos-framework.ts';
export type { ChaosInput, ChaosMood, ChaosOutput } from './chaos-io.ts';
export type { ChaosOptions, ChaosTemper } from './chaos-options.ts';
export { runMicrosOf } from './run-time.ts';
export { ChaosLedger, isOver, type LedgerTask } from './ledger.ts';
