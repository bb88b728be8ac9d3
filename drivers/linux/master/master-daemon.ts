import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { Logger } from 'pino';
import { assertNever, type Micros } from '../../../engine/core/index.ts';
import type { MasterInput, MasterOutput } from '../../../engine/master/index.ts';
import { decisionLine, NUMBERS } from '../journal/decision-trace.ts';
import { FlightRecorder } from '../journal/flight-recorder.ts';
import { compactorProcess } from '../journal/compactor-process.ts';
import type { JournalOptions } from '../journal/journal-options.ts';
import { type JournalNotice, JournalWriter } from '../journal/journal-writer.ts';
import { LevelRegistry } from '../storage/level-registry.ts';
import { MemoryRegistry } from '../storage/memory-registry.ts';
import { clusterIdIn } from './cluster-id.ts';
import type { MasterTap } from './master-loop.ts';
import {
  type MachineParts,
  type RunningMaster,
  startMaster,
  type StartMasterOptions,
} from './start-master.ts';

/** A master with a work directory. */
export interface MasterDaemonOptions extends Omit<StartMasterOptions, 'registry' | 'cluster' | 'tap'> {
  /** Registry, journal and the cluster's id are below it. */
  readonly workDir: string;
  /** `in_memory` forgets everything with the process. */
  readonly registry: 'level' | 'in_memory';
  /** Name of the allocation policy, for the journal. */
  readonly allocatorName: string;
  /** Version of the program, for the journal: that version replays it. */
  readonly program: string;
  /** Null records nothing. */
  readonly journal: JournalOptions | null;
  /**
   * Arguments for Node to run a process that writes the snapshot before a segment of the journal in a folder (`compactJournal`) and ends early when
   * its standard input closes. Null prunes the journal without snapshots.
   */
  readonly compactor: ((folder: string, segment: number) => readonly string[]) | null;
  /** A new file that gets a line for every decision, as `orrery replay --decisions` writes them; null for none. */
  readonly decisions: string | null;
  readonly log: Logger;
}

/** Starts a master on its work directory. Rejects with RegistryStoreError or JournalError, which say what to do. */
export async function startMasterDaemon(options: MasterDaemonOptions): Promise<RunningMaster> {
  const { workDir, log } = options;
  const cluster = await clusterIdIn(workDir);
  const registry =
    options.registry === 'level' ? await LevelRegistry.open(join(workDir, 'registry')) : new MemoryRegistry();
  try {
    const journal =
      options.journal === null
        ? null
        : await JournalWriter.open(
            join(workDir, 'journal'),
            options.journal,
            (notice) => {
              tellOf(notice, log);
            },
            options.compactor === null ? null : compactorProcess(options.compactor),
          );
    const decisions =
      options.decisions === null ? null : createWriteStream(options.decisions, { flags: 'wx' });
    const made: { recorder: FlightRecorder | null } = { recorder: null };
    const tap = (parts: MachineParts): MasterTap => {
      if (journal !== null) {
        made.recorder = new FlightRecorder(journal, options.program, {
          cluster,
          allocator: options.allocatorName,
          masterOptions: parts.options,
          allocatorOptions: parts.allocatorOptions,
          madeAt: parts.madeAt,
        });
      }
      return new DaemonTap(made.recorder, decisions);
    };
    const master = await startMaster({
      ...options,
      registry,
      cluster,
      ...(journal === null && decisions === null ? {} : { tap }),
    });
    const { recorder } = made;
    if (recorder !== null) {
      master.ids.names.onNew = (number, text) => {
        recorder.name('task', number, text);
      };
    }
    return {
      ...master,
      async close() {
        await master.close();
        await recorder?.close('the master was stopped');
        if (decisions !== null) {
          decisions.end();
          await finished(decisions);
        }
      },
    };
  } catch (error) {
    await registry.close();
    throw error;
  }
}

/** Journal and decision trace, either of which may be missing. */
class DaemonTap implements MasterTap {
  readonly #recorder: FlightRecorder | null;
  readonly #decisions: WriteStream | null;

  constructor(recorder: FlightRecorder | null, decisions: WriteStream | null) {
    this.#recorder = recorder;
    this.#decisions = decisions;
  }

  input(now: Micros, input: MasterInput): void {
    if (this.#recorder !== null) this.#recorder.input(now, input);
  }

  stepped(now: Micros, outputs: readonly MasterOutput[]): void {
    if (this.#recorder !== null) this.#recorder.stepped(now, outputs);
    if (this.#decisions === null) return;
    for (const output of outputs) {
      const line = decisionLine(now, output, NUMBERS);
      if (line !== null) this.#decisions.write(`${line}\n`);
    }
  }
}

function tellOf(notice: JournalNotice, log: Logger): void {
  switch (notice.kind) {
    case 'failed':
      log.error({ reason: notice.reason }, 'the journal has ended');
      break;
    case 'repaired': {
      const { segment, offset, bytes } = notice.tail;
      log.warn({ segment, offset, bytes }, 'a torn tail of the journal was cut off');
      break;
    }
    case 'compacted':
      log.info({ firstKept: notice.firstKept }, 'a snapshot stands for the first segments of the journal');
      break;
    case 'compactionFailed':
      log.warn(
        { firstKept: notice.firstKept, reason: notice.reason },
        'no snapshot could be made of the first segments of the journal; they are kept up to twice its bound',
      );
      break;
    case 'prunedWithoutSnapshot':
      log.warn(
        { firstKept: notice.firstKept, reason: notice.reason },
        'the first segments of the journal were removed without a snapshot: the rest of their machine cannot be replayed',
      );
      break;
    default:
      assertNever(notice);
  }
}
