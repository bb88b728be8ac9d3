import type { MasterMachine } from '../../../engine/master/index.ts';
import { firstBase } from './journal-base.ts';
import { journalSegments, readSegments, type TornTail } from './journal-reader.ts';
import {
  type Divergence,
  MachineReplay,
  type MachineReplayOptions,
  type ReplayedMachine,
} from './machine-replay.ts';
import { readSnapshot } from './snapshot-file.ts';

export interface ReplayResult {
  readonly machines: readonly ReplayedMachine[];
  readonly torn: readonly TornTail[];
  /** The first one; the replay ends there. */
  readonly divergence: Divergence | null;
  /** The machine at the end, or at `until`; null for a journal without records. */
  readonly machine: MasterMachine | null;
}

export interface ReplayOptions extends MachineReplayOptions {
  /** Version of this program: a snapshot of another one is refused. */
  readonly program: string;
}

/**
 * Takes a recorded master through its inputs again and compares what it puts out with the recorded checkpoints. Where the first segment goes on
 * with a machine, it begins from the snapshot that stands before it. Throws JournalError for a journal that cannot be read.
 */
export async function replayJournal(folder: string, options: ReplayOptions): Promise<ReplayResult> {
  const torn: TornTail[] = [];
  const segments = await journalSegments(folder);
  const base = await firstBase(folder, segments);
  const snapshot = base.isSnapshot ? await readSnapshot(folder, base.segment, options.program) : null;
  const replay = new MachineReplay(options, snapshot);
  for await (const placed of readSegments(folder, segments, (tail) => torn.push(tail))) {
    if (!(await replay.take(placed))) break;
  }
  replay.endMachine();
  return { machines: replay.machines, torn, divergence: replay.divergence, machine: replay.machine };
}
