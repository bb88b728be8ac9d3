export { decisionLine, type IdNames, NUMBERS } from './journal/decision-trace.ts';
export { FlightRecorder } from './journal/flight-recorder.ts';
export { JournalError, journalSegments, readJournal, type TornTail } from './journal/journal-reader.ts';
export type { JournalRecord, MachineMaking } from './journal/journal-record.ts';
export {
  DEFAULT_JOURNAL_OPTIONS,
  type JournalNotice,
  type JournalOptions,
  JournalWriter,
} from './journal/journal-writer.ts';
export {
  type Divergence,
  replayJournal,
  type ReplayedMachine,
  type ReplayObserver,
  type ReplayResult,
} from './journal/replay-journal.ts';
export { LevelRegistry } from './storage/level-registry.ts';
export { MemoryRegistry } from './storage/memory-registry.ts';
export { type RegistryStore, RegistryStoreError } from './storage/registry-store.ts';

/** Container runtimes by name, the one that needs nothing but Linux first. */
export const RUNTIME_NAMES = ['process', 'docker'] as const;
export type RuntimeName = (typeof RUNTIME_NAMES)[number];
