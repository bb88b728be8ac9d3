export { renderReport, REPORT_FILE } from './render-report.ts';
export { type ReportError, reportErrorText } from './report-error.ts';
export { readSummary } from './read-summary.ts';
export { SUMMARY_FILE } from './result-folder.ts';
export type {
  MachineFacts,
  OptionValue,
  RunDescription,
  RunEnd,
  SkippedReason,
  SkippedRows,
  Timing,
  TraceFacts,
  WaitingRole,
} from './run-facts.ts';
export { RunWriter, type RunWriterOptions, type WrittenRun } from './run-writer.ts';
export type {
  Distribution,
  GroupSummary,
  RoleSummary,
  Summary,
  UserSummary,
} from './summary.ts';
export { WaitCollector } from './statistics/wait-collector.ts';
export type { OtherTimingRun, RoleWaitPair, TimingComparison, WaitPair } from './timing-comparison.ts';
export { SUMMARY_SCHEMA } from './summary.ts';
export { printSummary } from './summary-text.ts';
