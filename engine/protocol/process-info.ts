import type { Micros } from '../core/index.ts';

/** `Flag`: a flag of the process and its value as text. */
export interface Flag {
  readonly name: string;
  readonly value: string | null;
}

/** `VersionInfo`. */
export interface VersionInfo {
  readonly version: string;
  readonly buildDate: string | null;
  /** Seconds since the epoch. */
  readonly buildTime: number | null;
  readonly buildUser: string | null;
  readonly gitSha: string | null;
  readonly gitBranch: string | null;
  readonly gitTag: string | null;
}

/** `Metric`: null when it has no value at the moment. */
export interface Metric {
  readonly name: string;
  readonly value: number | null;
}

/** `FileInfo`: an entry of a directory under a virtual path (spec 06 §E). */
export interface FileInfo {
  readonly path: string;
  readonly nlink: number | null;
  /** Bytes. */
  readonly size: number | null;
  readonly mtime: Micros | null;
  readonly mode: number | null;
  readonly uid: string | null;
  readonly gid: string | null;
}

/** Calls about the process itself, the same of master and agent (spec 05 §A, 06 §A). */
export type ProcessCall =
  | { readonly type: 'GET_HEALTH' | 'GET_FLAGS' | 'GET_VERSION' | 'GET_LOGGING_LEVEL' }
  /** What is not known within `timeout` is left out; null waits for all. */
  | { readonly type: 'GET_METRICS'; readonly timeout: Micros | null }
  /** Goes back to the level before after `duration`. */
  | { readonly type: 'SET_LOGGING_LEVEL'; readonly level: number; readonly duration: Micros }
  | { readonly type: 'LIST_FILES'; readonly path: string }
  /** Bytes; null reads as much as one answer may hold. */
  | {
      readonly type: 'READ_FILE';
      readonly path: string;
      readonly offset: number;
      readonly length: number | null;
    };

/** Answers to `ProcessCall`s. */
export type ProcessResponse =
  | { readonly type: 'GET_HEALTH'; readonly healthy: boolean }
  | { readonly type: 'GET_FLAGS'; readonly flags: readonly Flag[] }
  | { readonly type: 'GET_VERSION'; readonly versionInfo: VersionInfo }
  | { readonly type: 'GET_METRICS'; readonly metrics: readonly Metric[] }
  | { readonly type: 'GET_LOGGING_LEVEL'; readonly level: number }
  | { readonly type: 'LIST_FILES'; readonly fileInfos: readonly FileInfo[] }
  /** `size` is that of the whole file, bytes. */
  | { readonly type: 'READ_FILE'; readonly size: number; readonly data: Uint8Array };
