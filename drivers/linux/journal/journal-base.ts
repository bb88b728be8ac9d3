import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { JournalError } from './journal-error.ts';
import { segmentName, snapshotName } from './journal-format.ts';
import { openingOf } from './journal-reader.ts';

/** Where a replay can begin. */
export interface JournalBase {
  /** The first segment that is read. */
  readonly segment: number;
  /** Whether the snapshot that stands for all before it is needed; else a machine begins there. */
  readonly isSnapshot: boolean;
}

/** Where the replay of a whole journal begins: at its first segment. Throws JournalError if that goes on with a machine of which nothing is left. */
export async function firstBase(folder: string, segments: readonly number[]): Promise<JournalBase> {
  const segment = segments[0]!;
  const opening = await openingOf(folder, segment);
  if (opening === null || !opening.continues) return { segment, isSnapshot: false };
  if (!existsSync(join(folder, snapshotName(segment)))) throw beginsMidway(folder, segment);
  return { segment, isSnapshot: true };
}

/**
 * The latest place before segment `target` that leads to it: the beginning of its machine, or a snapshot of it. Throws JournalError if there is
 * none, or nothing goes on at `target`.
 */
export async function lastBaseBefore(
  folder: string,
  segments: readonly number[],
  target: number,
): Promise<JournalBase> {
  const [first] = segments;
  if (!segments.includes(target))
    throw new JournalError(
      `${join(folder, segmentName(target))} is not there; the segments are ${first} to ${segments.at(-1)}`,
    );
  const opening = await openingOf(folder, target);
  if (opening === null || !opening.continues)
    throw new JournalError(
      `segment ${target} begins a machine: it is replayed without what is before it, and needs no snapshot`,
    );
  for (let segment = target - 1; segment >= first!; segment--) {
    const before = await openingOf(folder, segment);
    if (before !== null && !before.continues) return { segment, isSnapshot: false };
    if (existsSync(join(folder, snapshotName(segment)))) return { segment, isSnapshot: true };
  }
  throw beginsMidway(folder, first!);
}

export function beginsMidway(folder: string, segment: number): JournalError {
  return new JournalError(
    `segment ${segment} goes on with a machine whose beginning was removed, and the snapshot that would stand for it, ` +
      `${join(folder, snapshotName(segment))}, is not there: a journal is replayed from the beginning of a machine or from a snapshot`,
  );
}
