import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { hierarchicalDrf } from '../../../allocators/hierarchical-drf/index.ts';
import { type Micros, micros } from '../../../engine/core/index.ts';
import { compactJournal } from './compact-journal.ts';
import { JournalError } from './journal-error.ts';
import { DISK, type JournalFiles } from './journal-files.ts';
import {
  FILE_HEADER_SIZE,
  isUnfinishedSnapshot,
  prunedName,
  BLOCK_HEADER_SIZE,
  segmentName,
  snapshotName,
  snapshotNumber,
} from './journal-format.ts';
import { DEFAULT_JOURNAL_OPTIONS } from './journal-options.ts';
import { type Compactor, JournalPruner } from './journal-pruner.ts';
import { segmentsAmong } from './journal-reader.ts';
import { type JournalNotice, JournalWriter } from './journal-writer.ts';
import { decisionLines, HISTORY_MAKING, recordHistory, type RecordingOptions } from './recorded-history.ts';
import { replayJournal, type ReplayResult } from './replay-journal.ts';

const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'orrery-snapshots-'));
  folders.push(folder);
  return folder;
}

const TINY = { segmentBytes: 10 * 1_024, totalBytes: 40 * 1_024 };
const PROGRAM = '0.1.0';
const factoryOf = () => hierarchicalDrf;

/** Compacts in this process. */
function compactorOn(files: JournalFiles): Compactor {
  return async (folder, segment) => {
    await compactJournal(folder, segment, { factoryOf, program: PROGRAM, files });
  };
}

/** A long history whose disk keeps up with it, and whose compactor does, unless it waits to be ended. */
function recordLong(
  folder: string,
  seed: number,
  steps: number,
  given: RecordingOptions & { readonly compactor: Compactor; readonly neverEnds?: boolean },
): Promise<string> {
  let last: Promise<void> = Promise.resolve();
  const compactor: Compactor = (...task) => {
    const compaction = given.compactor(...task);
    if (given.neverEnds !== true) last = compaction.catch(() => {});
    return compaction;
  };
  return recordHistory(folder, seed, steps, {
    options: TINY,
    ...given,
    compactor,
    pause: { steps: 50, then: () => last },
  });
}

interface Seen extends ReplayResult {
  readonly decisions: string[];
}

async function replayed(folder: string, until: Micros | null = null): Promise<Seen> {
  const decisions: string[] = [];
  const result = await replayJournal(folder, {
    factoryOf,
    program: PROGRAM,
    until: (now) => until !== null && now > until,
    observer: {
      stepped(now, _input, outputs) {
        decisions.push(...decisionLines(now, outputs));
      },
    },
  });
  return { ...result, decisions };
}

async function segmentBytesIn(folder: string): Promise<number> {
  let bytes = 0;
  for (const number of segmentsAmong(await readdir(folder)))
    bytes += (await stat(join(folder, segmentName(number)))).size;
  return bytes;
}

async function snapshotsIn(folder: string): Promise<number[]> {
  return (await readdir(folder)).map(snapshotNumber).filter((number) => number !== null);
}

async function firstSegment(folder: string): Promise<number> {
  return segmentsAmong(await readdir(folder))[0]!;
}

test('a journal that was pruned replays from its snapshot with the hashes, outputs and decisions of one that was not', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.integer({ min: 1_200, max: 3_000 }), async (seed, steps) => {
      const [whole, pruned] = [await freshFolder(), await freshFolder()];
      const lines: string[] = [];
      const notices: JournalNotice[] = [];
      const hash = await recordHistory(whole, seed, steps, { decisions: lines });
      expect(await recordLong(pruned, seed, steps, { compactor: compactorOn(DISK), notices })).toBe(hash);
      const first = await firstSegment(pruned);
      expect(first).toBeGreaterThan(1);
      expect(await snapshotsIn(pruned)).toContain(first);
      expect(notices.map(({ kind }) => kind).filter((kind) => kind !== 'compacted')).toEqual([]);
      expect(await segmentBytesIn(pruned)).toBeLessThan(2 * TINY.totalBytes + TINY.segmentBytes);

      const { machines: every } = await replayed(whole);
      const { machines, divergence, decisions } = await replayed(pruned);
      expect(divergence).toBeNull();
      expect(machines).toHaveLength(1);
      const [machine] = machines;
      expect(machine).toMatchObject({ hash, segment: first, closed: 'the test is over' });
      expect(machine!.snapshot).toMatchObject({ segment: first, began: 1, from: every[0]!.from });
      expect(machine!.snapshot!.inputs + machine!.inputs).toBe(every[0]!.inputs);
      expect(machine!.checkpoints).toBeGreaterThan(0);
      expect(machine!.from!).toBeGreaterThanOrEqual(machine!.snapshot!.to);
      expect(decisions.length).toBeGreaterThan(0);
      expect(decisions).toEqual(lines.slice(-decisions.length));
    }),
    { numRuns: 6 },
  );
});

test('a snapshot has the texts of the ids that its machine knows', async () => {
  const folder = await freshFolder();
  await recordLong(folder, 3, 3_000, { compactor: compactorOn(DISK) });
  const names = new Map<number, string>();
  let missing = 0;
  let asked = 0;
  await replayJournal(folder, {
    factoryOf,
    program: PROGRAM,
    until: () => false,
    observer: {
      named({ of, id, text }) {
        expect(of).toBe('task');
        names.set(id, text);
      },
      stepped(_now, input) {
        if (input.kind !== 'agentMessage' || input.message.type !== 'STATUS_UPDATE') return;
        const { taskId } = input.message.status;
        asked++;
        if (names.get(taskId) !== `task-${taskId}`) missing++;
      },
    },
  });
  expect(asked).toBeGreaterThan(20);
  expect(missing).toBe(0);
});

test('a snapshot is made of a snapshot, however often, and a replay can end anywhere after it', async () => {
  const folder = await freshFolder();
  const hash = await recordLong(folder, 3, 6_000, { compactor: compactorOn(DISK) });
  const { machines } = await replayed(folder);
  expect(machines[0]!.hash).toBe(hash);
  expect(machines[0]!.snapshot!.segment).toBeGreaterThan(6);
  const middle = micros(Math.floor((machines[0]!.from! + machines[0]!.to!) / 2));
  const half = await replayed(folder, middle);
  expect(half.machines[0]!.to!).toBeLessThanOrEqual(middle);
  expect(half.machines[0]!.inputs).toBeGreaterThan(0);
  expect((await replayed(folder, machines[0]!.snapshot!.from)).machines[0]!.inputs).toBe(0);
});

test('compacting up to a segment again leaves the snapshot that is there; one that is damaged is written anew', async () => {
  const folder = await freshFolder();
  await recordHistory(folder, 5, 3_000, { options: { segmentBytes: TINY.segmentBytes } });
  const options = { factoryOf, program: PROGRAM };
  const made = await compactJournal(folder, 4, options);
  const bytes = await readFile(made.path);
  expect(await compactJournal(folder, 4, options)).toEqual(made);
  const damaged = Buffer.from(bytes);
  damaged[bytes.length - 1]! ^= 1;
  await writeFile(made.path, damaged);
  expect(await compactJournal(folder, 4, options)).toEqual(made);
  expect(await readFile(made.path)).toEqual(bytes);
  await expect(compactJournal(folder, 99, options)).rejects.toThrow(/journal-0000000099.orj is not there/);
  await expect(compactJournal(folder, 1, options)).rejects.toThrow(/segment 1 begins a machine/);
});

test('a journal is not compacted by a program that decides otherwise', async () => {
  const folder = await freshFolder();
  await recordHistory(folder, 7, 3_000, { options: { segmentBytes: TINY.segmentBytes } });
  const other = {
    program: PROGRAM,
    factoryOf: (): typeof hierarchicalDrf => (now, options, sink) =>
      hierarchicalDrf(now, { ...options, allocationInterval: micros(options.allocationInterval * 2) }, sink),
  };
  await expect(compactJournal(folder, 3, other)).rejects.toThrow(
    /DIVERGED at the checkpoint after \d+ inputs/,
  );
  expect(await snapshotsIn(folder)).toEqual([]);
});

/** Files of a process that dies after so many operations, in the middle of a file if need be: from then on nothing happens any more. */
function dyingAfter(operations: number): JournalFiles & { isDead(): boolean } {
  let left = operations;
  const alive = () => {
    if (left-- <= 0) throw new Error('killed');
  };
  return {
    isDead: () => left < 0,
    async write(path, parts) {
      const written: Buffer[] = [];
      let died: Error | null = null;
      for (const part of parts) {
        written.push(part);
        try {
          alive();
        } catch (error) {
          died = error as Error;
          written.push(part.subarray(0, part.length / 2));
          break;
        }
      }
      if (written.length === 0) alive();
      await DISK.write(path, written);
      if (died !== null) throw died;
    },
    async rename(from, to) {
      alive();
      await DISK.rename(from, to);
    },
    async remove(path) {
      alive();
      await DISK.remove(path);
    },
  };
}

test('a compactor or a master killed at any instant leaves a journal that replays; the next master finishes what was begun', async () => {
  const recorded = await freshFolder();
  const hash = await recordHistory(recorded, 11, 1_500, { options: { segmentBytes: TINY.segmentBytes } });
  const names = await readdir(recorded);
  const last = segmentsAmong(names).at(-1)!;
  expect(last).toBeGreaterThan(6);
  let deaths = 0;
  let operations = 0;
  for (let isOver = false; !isOver; operations++) {
    const folder = await freshFolder();
    for (const name of names) await writeFile(join(folder, name), await readFile(join(recorded, name)));
    const files = dyingAfter(operations);
    const pruner = new JournalPruner(
      folder,
      { ...DEFAULT_JOURNAL_OPTIONS, ...TINY },
      compactorOn(files),
      () => {},
      files,
    );
    await pruner.segmentBegun(last, false).catch(() => {});
    await pruner.settled();
    isOver = !files.isDead();
    if (!isOver) deaths++;
    for (const moment of ['as it was left', 'after the next start']) {
      const { machines, divergence } = await replayed(folder);
      expect(divergence, `${operations}, ${moment}`).toBeNull();
      expect(machines[0]!.hash, `${operations}, ${moment}`).toBe(hash);
      if (moment !== 'as it was left') break;
      await (await JournalWriter.open(folder, DEFAULT_JOURNAL_OPTIONS, () => {})).close('looked');
      const left = await readdir(folder);
      expect(left.filter(isUnfinishedSnapshot)).toEqual([]);
      expect(left.filter((name) => name.startsWith('pruned-'))).toEqual([]);
    }
    if (isOver) expect(await firstSegment(folder)).toBeGreaterThan(1);
  }
  // Pieces of the snapshot, its renaming, the word, segments.
  expect(deaths).toBeGreaterThan(8);
});

test('a flipped bit anywhere in a snapshot is found and named', async () => {
  const folder = await freshFolder();
  await recordLong(folder, 13, 3_000, { compactor: compactorOn(DISK) });
  const path = join(folder, snapshotName(await firstSegment(folder)));
  const whole = await readFile(path);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(7), async (at, bit) => {
      const bytes = Buffer.from(whole);
      bytes[at]! ^= 1 << bit;
      await writeFile(path, bytes);
      const found = await replayed(folder).catch((error: unknown) => error);
      expect(found).toBeInstanceOf(JournalError);
      const { message } = found as Error;
      expect(message).toContain(path);
      if (at < FILE_HEADER_SIZE) return;
      const [, first, end] = /byte (\d+)(?: and byte (\d+))?/.exec(message)!;
      expect(at).toBeGreaterThanOrEqual(Number(first));
      expect(at).toBeLessThan(end === undefined ? Number(first) + BLOCK_HEADER_SIZE : Number(end));
    }),
    { numRuns: 100 },
  );
});

test('a snapshot that was cut anywhere is refused', async () => {
  const folder = await freshFolder();
  await recordLong(folder, 13, 3_000, { compactor: compactorOn(DISK) });
  const path = join(folder, snapshotName(await firstSegment(folder)));
  const whole = await readFile(path);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), async (length) => {
      await writeFile(path, whole.subarray(0, length));
      await expect(replayed(folder)).rejects.toThrow(`${path} is damaged: it ends after byte`);
    }),
    { numRuns: 40 },
  );
});

test('a snapshot that is missing, of another version or of another machine is refused, and what is wanted is named', async () => {
  const [folder, other] = [await freshFolder(), await freshFolder()];
  await recordLong(folder, 17, 3_000, { compactor: compactorOn(DISK) });
  const first = await firstSegment(folder);
  const path = join(folder, snapshotName(first));
  const bytes = await readFile(path);
  const newer = { factoryOf, program: '0.2.0', observer: {}, until: () => false };
  await expect(replayJournal(folder, newer)).rejects.toThrow(
    `${path} was written by version 0.1.0, and a machine's state is read by that version alone; this is version 0.2.0: replay the journal with version 0.1.0`,
  );
  await recordHistory(other, 18, 6_000, {
    options: { segmentBytes: TINY.segmentBytes },
    madeAt: micros(HISTORY_MAKING.madeAt + 1),
  });
  const theirs = await compactJournal(other, first, { factoryOf, program: PROGRAM });
  await writeFile(path, await readFile(theirs.path));
  await expect(replayed(folder)).rejects.toThrow(
    `${snapshotName(first)} is of another machine than the one that segment ${first} goes on with`,
  );
  await rm(path);
  await expect(replayed(folder)).rejects.toThrow(
    `segment ${first} goes on with a machine whose beginning was removed, and the snapshot that would stand for it, ${path}, is not there`,
  );
  await writeFile(path, bytes);
  await replayed(folder);
});

test('earlier masters go whole without a snapshot, and in part with one', async () => {
  const folder = await freshFolder();
  const compacted: number[] = [];
  const compactor: Compactor = async (where, segment, signal) => {
    compacted.push(segment);
    await compactorOn(DISK)(where, segment, signal);
  };
  const given = { compactor };
  const hashes: string[] = [];
  // Three segments or so each: the first is gone in the end, the next one in part.
  for (const [seed, steps] of [
    [1, 300],
    [2, 300],
    [3, 300],
  ] as const)
    hashes.push(await recordLong(folder, seed, steps, given));
  const { machines, divergence } = await replayed(folder);
  expect(divergence).toBeNull();
  expect(machines.map(({ hash }) => hash)).toEqual(hashes.slice(-machines.length));
  expect(machines.slice(1).every(({ snapshot }) => snapshot === null)).toBe(true);
  expect(machines).toHaveLength(2);
  const first = await firstSegment(folder);
  expect(machines[0]!.snapshot).not.toBeNull();
  expect(compacted).toContain(first);
  expect((await snapshotsIn(folder)).filter((number) => number < first)).toEqual([]);

  // Many short ones, a segment each.
  const short = await freshFolder();
  compacted.length = 0;
  for (let seed = 0; seed < 12; seed++) await recordLong(short, seed, 100, given);
  expect(compacted).toEqual([]);
  expect((await replayed(short)).machines.length).toBeLessThan(6);
});

test('without a snapshot segments stay up to twice the bound, then go with a word why; the next master begins a journal that replays', async () => {
  const folder = await freshFolder();
  const notices: JournalNotice[] = [];
  let attempts = 0;
  const compactor: Compactor = async () => {
    attempts++;
    await Promise.resolve();
    throw new Error('no memory');
  };
  await recordLong(folder, 19, 750, { compactor, notices });
  expect(notices).toEqual([{ kind: 'compactionFailed', firstKept: 2, reason: 'no memory' }]);
  expect(await firstSegment(folder)).toBe(1);
  expect(await segmentBytesIn(folder)).toBeGreaterThan(TINY.totalBytes);
  expect(notices).toEqual([{ kind: 'compactionFailed', firstKept: 2, reason: 'no memory' }]);
  expect(attempts).toBeGreaterThan(1);
  expect(attempts).toBeLessThan(4);

  // The next master tries again, and gives up when there is no room any more.
  notices.length = 0;
  const hash = await recordLong(folder, 20, 4_000, { compactor, notices });
  expect(notices[0]).toMatchObject({ kind: 'compactionFailed', reason: 'no memory' });
  // Once the beginning is lost, there is no more to say.
  const pruned = notices.filter(({ kind }) => kind === 'prunedWithoutSnapshot');
  expect(pruned).toMatchObject([{ kind: 'prunedWithoutSnapshot', reason: 'no memory' }]);
  expect(notices.at(-1)).toBe(pruned[0]);
  expect(await segmentBytesIn(folder)).toBeLessThan(2 * TINY.totalBytes + TINY.segmentBytes);
  const ending = await replayed(folder).catch((error: unknown) => error);
  if (ending instanceof JournalError) expect(ending.message).toContain('whose beginning was removed');
  else expect((ending as Seen).machines.at(-1)!.hash).toBe(hash);

  const third = await recordLong(folder, 21, 4_000, { compactor: compactorOn(DISK), notices: [] });
  const { machines, divergence } = await replayed(folder);
  expect(divergence).toBeNull();
  expect(machines.at(-1)!.hash).toBe(third);
});

test('a compactor that falls behind is ended, and there is never a second one beside it', async () => {
  const folder = await freshFolder();
  const notices: JournalNotice[] = [];
  let running = 0;
  let ended = 0;
  const compactor: Compactor = async (_folder, _segment, signal) => {
    expect(++running).toBe(1);
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve);
    });
    running--;
    ended++;
    throw new Error('ended');
  };
  await recordLong(folder, 23, 5_000, { compactor, notices, neverEnds: true });
  expect(notices).toHaveLength(1);
  expect(notices[0]).toMatchObject({
    kind: 'prunedWithoutSnapshot',
    reason: expect.stringMatching(/its snapshot fell behind: the journal has grown to \d+ bytes/) as unknown,
  });
  expect(ended).toBe(1);
  expect(running).toBe(0);
  expect(await segmentBytesIn(folder)).toBeLessThan(2 * TINY.totalBytes);
});

test('segments that are too old go with a snapshot as those that are too many', async () => {
  const folder = await freshFolder();
  const hash = await recordHistory(folder, 25, 1_500, { options: { segmentBytes: TINY.segmentBytes } });
  const last = segmentsAmong(await readdir(folder)).at(-1)!;
  const long = new Date(Date.now() - 2 * DEFAULT_JOURNAL_OPTIONS.ageMillis);
  for (const segment of [1, 2, 3]) await utimes(join(folder, segmentName(segment)), long, long);
  const pruner = new JournalPruner(folder, DEFAULT_JOURNAL_OPTIONS, compactorOn(DISK), () => {});
  await pruner.segmentBegun(last, false);
  await pruner.settled();
  expect(await firstSegment(folder)).toBe(4);
  expect((await replayed(folder)).machines[0]).toMatchObject({ hash, snapshot: { segment: 4 } });
});

test('what is being removed counts no more, wherever its removal was cut short', async () => {
  const folder = await freshFolder();
  await recordHistory(folder, 25, 3_000, { options: { segmentBytes: TINY.segmentBytes } });
  const hash = (await replayed(folder)).machines[0]!.hash;
  await compactJournal(folder, 4, { factoryOf, program: PROGRAM });
  expect((await replayed(folder)).machines[0]!.snapshot).toBeNull();
  await writeFile(join(folder, prunedName(4)), '');
  await rm(join(folder, segmentName(2)));
  const { machines } = await replayed(folder);
  expect(machines[0]).toMatchObject({ hash, segment: 4, snapshot: { segment: 4, began: 1 } });
});
