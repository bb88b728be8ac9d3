import { cpus, freemem, loadavg, totalmem } from 'node:os';
import type { Logger } from 'pino';
import { MICROS_PER_MILLISECOND } from '../../../engine/core/index.ts';
import type {
  Flag,
  Metric,
  ProcessCall,
  ProcessResponse,
  VersionInfo,
} from '../../../engine/protocol/index.ts';
import type { VirtualFiles } from '../files/virtual-files.ts';
import type { MayAccess } from '../files/file-endpoints.ts';
import { Refusal } from '../http/refusal.ts';

/** What the calls about a process need; master and agent have one each. */
export interface ProcessParts {
  readonly version: VersionInfo;
  /** As they are told to operators: secrets are not among them. */
  readonly flags: readonly Flag[];
  readonly files: VirtualFiles;
  readonly mayAccess: MayAccess;
  readonly log: Logger;
  metrics(): readonly Metric[];
}

/** Levels of Google's logging library, which Mesos counts from 0 (INFO, more with each), as pino's. */
const LEVELS = ['info', 'debug', 'trace', 'trace'] as const;
const TIMER_MAX_MS = 2 ** 31 - 1;

/** Answers the calls about the process (spec 05 §A, 06 §A). */
export class ProcessApi {
  readonly parts: ProcessParts;
  readonly #level: string;
  #verbosity = 0;
  #revert: NodeJS.Timeout | null = null;

  constructor(parts: ProcessParts) {
    this.parts = parts;
    this.#level = parts.log.level;
  }

  /** Null for a call that has an empty answer. Rejects with Refusal. */
  async answer(call: ProcessCall, principal: string | null): Promise<ProcessResponse | null> {
    const { version, flags, files, mayAccess } = this.parts;
    const checkAccess = (path: string): void => {
      if (!mayAccess(principal, path)) throw new Refusal(403, `Not authorized to access '${path}'`);
    };
    switch (call.type) {
      case 'GET_HEALTH':
        return { type: call.type, healthy: true };
      case 'GET_FLAGS':
        return { type: call.type, flags };
      case 'GET_VERSION':
        return { type: call.type, versionInfo: version };
      case 'GET_METRICS':
        return { type: call.type, metrics: this.parts.metrics() };
      case 'GET_LOGGING_LEVEL':
        return { type: call.type, level: this.#verbosity };
      case 'SET_LOGGING_LEVEL':
        this.setLevel(call.level, call.duration / MICROS_PER_MILLISECOND);
        return null;
      case 'LIST_FILES':
        checkAccess(call.path);
        return { type: call.type, fileInfos: await files.list(call.path) };
      case 'READ_FILE': {
        checkAccess(call.path);
        const { size, data } = await files.read(call.path, call.offset, call.length);
        return { type: call.type, size, data };
      }
    }
  }

  /** For `durationMs`, then back. Throws Refusal. */
  setLevel(level: number, durationMs: number): void {
    const name = LEVELS[level];
    if (name === undefined) {
      throw new Refusal(400, `Expecting a level from 0 to ${LEVELS.length - 1}, got ${level}`);
    }
    const { log } = this.parts;
    if (this.#revert !== null) clearTimeout(this.#revert);
    this.#verbosity = level;
    log.level = level === 0 ? this.#level : name;
    this.#revert = setTimeout(
      () => {
        this.#verbosity = 0;
        log.level = this.#level;
      },
      Math.min(durationMs, TIMER_MAX_MS),
    );
    this.#revert.unref();
  }

  close(): void {
    if (this.#revert !== null) clearTimeout(this.#revert);
  }
}

/** `system/…`, the same of master and agent (spec 15). */
export function systemMetrics(): readonly Metric[] {
  const [one, five, fifteen] = loadavg();
  return [
    { name: 'system/cpus_total', value: cpus().length },
    { name: 'system/load_1min', value: one ?? null },
    { name: 'system/load_5min', value: five ?? null },
    { name: 'system/load_15min', value: fifteen ?? null },
    { name: 'system/mem_total_bytes', value: totalmem() },
    { name: 'system/mem_free_bytes', value: freemem() },
  ];
}
