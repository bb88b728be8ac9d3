export { flagsHelp } from './flags/flags-help.ts';
export { frameRecord, RecordError, RecordParser } from './http/recordio.ts';
export { decisionLine, type IdNames, NUMBERS } from './journal/decision-trace.ts';
export { FlightRecorder } from './journal/flight-recorder.ts';
export { type Compaction, compactJournal } from './journal/compact-journal.ts';
export { JournalDivergence, JournalError } from './journal/journal-error.ts';
export { DEFAULT_JOURNAL_OPTIONS, type JournalOptions } from './journal/journal-options.ts';
export { journalSegments, readJournal, type TornTail } from './journal/journal-reader.ts';
export type { JournalRecord, MachineMaking, NameRecord } from './journal/journal-record.ts';
export { type JournalNotice, JournalWriter } from './journal/journal-writer.ts';
export type {
  Divergence,
  ReplayedFrom,
  ReplayedMachine,
  ReplayObserver,
} from './journal/machine-replay.ts';
export { replayJournal, type ReplayResult } from './journal/replay-journal.ts';
export { LevelRegistry } from './storage/level-registry.ts';
export { MemoryRegistry } from './storage/memory-registry.ts';
export { type RegistryStore, RegistryStoreError } from './storage/registry-store.ts';
export { clusterIdFrom, IdTexts } from './codec/ids/id-texts.ts';
export { AgentLink, AgentLinkError, type AgentLinkOptions, type AgentLinkOwner } from './http/agent-link.ts';
export { DEFAULT_HTTP_LIMITS, type HttpLimits } from './http/limits.ts';
export { startMasterDaemon, type MasterDaemonOptions } from './master/master-daemon.ts';
export { MASTER_FLAGS } from './master/master-flags.ts';
export {
  allocatorOptionsOf,
  domainOf,
  journalOptionsOf,
  masterOptionsOf,
} from './master/master-options-from-flags.ts';
export { masterSecurityOf } from './security/master-security-flags.ts';
export { tlsFromEnvironment } from './security/tls-options.ts';
export type { Leader } from './master/master-context.ts';
export type { MasterTap } from './master/master-loop.ts';
export {
  type MachineParts,
  type RunningMaster,
  startMaster,
  type StartMasterOptions,
} from './master/start-master.ts';

/** Container runtimes by name, the one that needs nothing but Linux first. */
export const RUNTIME_NAMES = ['process', 'docker'] as const;
export type RuntimeName = (typeof RUNTIME_NAMES)[number];

export { AgentError } from './agent/agent-error.ts';
export { AGENT_FLAGS } from './agent/agent-flags.ts';
export { agentOptions } from './agent/agent-options.ts';
export {
  type AgentEnd,
  type RunningAgent,
  startAgent,
  type StartAgentOptions,
} from './agent/start-agent.ts';
export {
  FlagError,
  type FlagSpec,
  type FlagTable,
  type ParsedFlags,
  parseFlags,
} from './flags/parse-flags.ts';
