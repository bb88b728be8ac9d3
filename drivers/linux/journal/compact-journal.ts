import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { MasterMachine } from '../../../engine/master/index.ts';
import { liveIds } from '../master/live-ids.ts';
import { lastBaseBefore } from './journal-base.ts';
import { JournalDivergence, JournalError } from './journal-error.ts';
import { DISK, type JournalFiles } from './journal-files.ts';
import { snapshotName } from './journal-format.ts';
import { journalSegments, openingOf, readSegments } from './journal-reader.ts';
import type { MachineMaking, NameRecord } from './journal-record.ts';
import { MachineReplay, type MachineReplayOptions } from './machine-replay.ts';
import { type JournalSnapshot, readSnapshot, writeSnapshot } from './snapshot-file.ts';

/** Texts of so many ids that were named last are kept, whether the machine knows the ids or not: an input on its way may bring them. */
const NAMES_KEPT = 131_072;

export interface CompactOptions {
  readonly factoryOf: MachineReplayOptions['factoryOf'];
  /** Version of this program, which alone can go on from the snapshot. */
  readonly program: string;
  readonly files?: JournalFiles;
}

export interface Compaction {
  /** The snapshot's file. */
  readonly path: string;
  /** Inputs of the machine that it stands for. */
  readonly inputs: number;
}

/**
 * Writes the snapshot that stands for all before a segment that goes on with a machine: replays the machine from its beginning, or from an
 * earlier snapshot, and compares every checkpoint on the way. Removes nothing. A snapshot that is there already and whole is left as it is.
 * Throws JournalError if the journal cannot be read or the policy keeps no snapshot, JournalDivergence if it does not replay up to there; nothing
 * is written then.
 *
 * Cost: that of the replay, and memory for the machine and twice its snapshot.
 */
export async function compactJournal(
  folder: string,
  target: number,
  options: CompactOptions,
): Promise<Compaction> {
  const segments = await journalSegments(folder);
  const { program } = options;
  const base = await lastBaseBefore(folder, segments, target);
  const there = await wholeSnapshot(folder, target, program);
  if (there !== null) return { path: join(folder, snapshotName(target)), inputs: there.inputs };
  const start = base.isSnapshot ? await readSnapshot(folder, base.segment, program) : null;
  const course = new Course();
  const replay = new MachineReplay(
    { factoryOf: options.factoryOf, observer: course, until: () => false },
    start,
  );
  const before = segments.filter((segment) => segment >= base.segment && segment < target);
  const records = readSegments(folder, before, ({ segment, offset }) => {
    throw new JournalError(`segment ${segment} is cut off at byte ${offset}, though its machine goes on`);
  });
  for await (const placed of records) {
    if (!(await replay.take(placed))) break;
  }
  const { divergence } = replay;
  if (divergence !== null) {
    const { segment, offset, inputs } = divergence;
    throw new JournalDivergence(
      `this program decides otherwise than the one that recorded: DIVERGED at the checkpoint after ${inputs} inputs (segment ${segment}, byte ${offset})`,
    );
  }
  // The recorder ends a segment with a checkpoint: what is not checked is no ground to stand on.
  if (!replay.isChecked) throw new JournalError(`segment ${target - 1} does not end with a checkpoint`);
  replay.endMachine();
  const snapshot = snapshotOf(replay, course, program, start);
  await checkRestores(snapshot, options.factoryOf);
  const path = await writeSnapshot(folder, target, snapshot, options.files ?? DISK);
  return { path, inputs: snapshot.inputs };
}

async function wholeSnapshot(
  folder: string,
  target: number,
  program: string,
): Promise<JournalSnapshot | null> {
  try {
    const snapshot = await readSnapshot(folder, target, program);
    const opening = await openingOf(folder, target);
    return isDeepStrictEqual(opening?.making, snapshot.making) ? snapshot : null;
  } catch (error) {
    // Not there, or of no use: it is written anew.
    if (error instanceof JournalError) return null;
    throw error;
  }
}

function snapshotOf(
  replay: MachineReplay,
  course: Course,
  program: string,
  start: JournalSnapshot | null,
): JournalSnapshot {
  const machine = replay.machine!;
  const taken = machine.snapshot();
  if (!taken.ok)
    throw new JournalError(
      `the allocation policy ${replay.machines.at(-1)!.allocator} keeps no snapshot (${taken.error.code})`,
    );
  const last = replay.machines.at(-1)!;
  const from = start === null ? last.from : start.from;
  const to = last.to ?? start?.to ?? null;
  if (from === null || to === null) throw new JournalError('the machine had no input');
  return {
    program,
    version: last.version,
    making: course.making!,
    began: start === null ? last.segment : start.began,
    inputs: replay.steps,
    hash: last.hash,
    from,
    to,
    names: course.namesKept(machine),
    machine: taken.value,
  };
}

/** Segments are given up for a snapshot: first it shows that the machine comes back from it whole. */
async function checkRestores(
  { making, machine }: JournalSnapshot,
  factoryOf: CompactOptions['factoryOf'],
): Promise<void> {
  const factory = await factoryOf(making.allocator);
  const { masterOptions, allocatorOptions } = making;
  const again = MasterMachine.restored(masterOptions, factory, allocatorOptions, machine).snapshot();
  if (!again.ok || Buffer.compare(again.value.bytes, machine.bytes) !== 0)
    throw new JournalError('the machine that the snapshot gives is not the one that it was taken of');
}

/** What is wanted of the replay beside the machine. */
class Course {
  making: MachineMaking | null = null;
  /** By kind and number, in the order in which they came. */
  readonly #names = new Map<string, NameRecord>();

  readonly made = (making: MachineMaking): void => {
    this.making = making;
    this.#names.clear();
  };

  readonly named = ({ of, id, text }: NameRecord): void => {
    this.#names.set(`${of} ${id}`, { of, id, text });
  };

  namesKept(machine: MasterMachine): NameRecord[] {
    const live = new Set<number>();
    liveIds(machine.state, (id) => live.add(id));
    const last = this.#names.size - NAMES_KEPT;
    return [...this.#names.values()].filter(({ id }, index) => index >= last || live.has(id));
  }
}
