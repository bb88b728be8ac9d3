import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { JournalError } from './journal-error.ts';
import { DISK, type JournalFiles } from './journal-files.ts';
import {
  isUnfinishedSnapshot,
  prunedName,
  prunedNumber,
  segmentName,
  segmentNumber,
  snapshotName,
  snapshotNumber,
} from './journal-format.ts';
import type { JournalOptions } from './journal-options.ts';
import { openingOf, segmentsAmong } from './journal-reader.ts';
import { firstWithin, type SegmentFacts } from './prune-plan.ts';

/**
 * Makes the snapshot that stands for all before a segment durable, off the master's thread. Rejects with the reason if there is none; ends
 * early, rejecting, when `signal` says so.
 */
export type Compactor = (folder: string, firstKept: number, signal: AbortSignal) => Promise<void>;

export type PruneNotice =
  /** A snapshot stands for all before the segment `firstKept`, and they are gone. */
  | { readonly kind: 'compacted'; readonly firstKept: number }
  | { readonly kind: 'compactionFailed'; readonly firstKept: number; readonly reason: string }
  /** All before `firstKept` went without a snapshot: what is left of their machine cannot be replayed. */
  | { readonly kind: 'prunedWithoutSnapshot'; readonly firstKept: number; readonly reason: string };

interface Running {
  readonly firstKept: number;
  readonly bytesAtStart: number;
  readonly end: AbortController;
}

/** Attempts to compact from one base. */
const ATTEMPTS = 3;
/** The bounds may be passed so many times over for the sake of a snapshot. */
const MARGIN = 2;

/**
 * Keeps a journal within its bounds. What can go without loss goes at once; where the first segment kept would go on with a machine, a compactor
 * makes a snapshot first, at most one at a time, while the master records on. If it cannot, or falls behind, segments go without it.
 */
export class JournalPruner {
  readonly #folder: string;
  readonly #options: JournalOptions;
  readonly #compactor: Compactor | null;
  readonly #notice: (notice: PruneNotice) => void;
  readonly #files: JournalFiles;
  /** Whether a segment begins a machine. */
  readonly #begins = new Map<number, boolean>();
  #current = 0;
  #running: Running | null = null;
  /** The last compaction and what followed it. */
  #compacted: Promise<void> = Promise.resolve();
  #attempts = 0;
  /** Why the last attempt failed. */
  #failure: string | null = null;
  /** One turn at a time. */
  #turn: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(
    folder: string,
    options: JournalOptions,
    compactor: Compactor | null,
    notice: (notice: PruneNotice) => void,
    files: JournalFiles = DISK,
  ) {
    this.#folder = folder;
    this.#options = options;
    this.#compactor = compactor;
    this.#notice = notice;
    this.#files = files;
  }

  /** After the process before this one, which may have died at any instant. */
  async tidy(): Promise<void> {
    const names = await readdir(this.#folder);
    for (const name of names.filter(isUnfinishedSnapshot)) await this.#files.remove(join(this.#folder, name));
    const kept = segmentsAmong(names)[0] ?? Number.POSITIVE_INFINITY;
    await this.#removeBefore(kept, names);
  }

  /** A segment was begun, and those before it are whole. Takes away what may go; rejects if the disk fails. */
  segmentBegun(segment: number, isBeginning: boolean): Promise<void> {
    this.#current = segment;
    this.#begins.set(segment, isBeginning);
    return this.#inTurn(() => this.#prune());
  }

  /** Ends a compaction that is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#running?.end.abort();
    await this.settled();
  }

  /** Resolves when the compaction that is under way has ended, with what follows it. */
  async settled(): Promise<void> {
    await this.#compacted;
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(act);
    // Whoever asked for the turn learns of its failure; the next one goes on.
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #prune(): Promise<void> {
    const older = await this.#older();
    const now = Date.now();
    const want = firstWithin(older, this.#current, this.#options, 1, now);
    let first = older[0]?.number ?? this.#current;
    if (want === first) return;
    // Up to the beginning of a machine nothing is needed in place of what goes.
    const beginning = await this.#lastBeginning(first + 1, want);
    if (beginning !== null) {
      await this.#keepFrom(beginning);
      first = beginning;
    }
    if (want === first) return;
    if (existsSync(join(this.#folder, snapshotName(first))) || (await this.#isBeginning(first)))
      await this.#pruneWithSnapshot(
        older.filter(({ number }) => number >= first),
        want,
        now,
      );
    // Nothing is left of their machine's beginning, which was told when it went.
    else await this.#pruneWithout(want, null);
  }

  async #pruneWithSnapshot(older: readonly SegmentFacts[], want: number, now: number): Promise<void> {
    if (this.#compactor === null) {
      await this.#pruneWithout(want, null);
      return;
    }
    const bytes = this.#options.segmentBytes + older.reduce((sum, segment) => sum + segment.bytes, 0);
    const running = this.#running;
    if (running !== null) {
      const { totalBytes } = this.#options;
      // A bound that was lowered leaves more than twice as much to begin with.
      if (bytes <= Math.max(MARGIN * totalBytes, running.bytesAtStart + (MARGIN - 1) * totalBytes)) return;
      await this.#pruneWithout(want, `its snapshot fell behind: the journal has grown to ${bytes} bytes`);
    } else if (this.#attempts < ATTEMPTS) {
      this.#compact(this.#compactor, want, bytes);
    } else if (firstWithin(older, this.#current, this.#options, MARGIN, now) > older[0]!.number) {
      await this.#pruneWithout(want, this.#failure);
    }
  }

  /** Starts the compactor; when it is done, what the snapshot stands for goes. */
  #compact(compactor: Compactor, firstKept: number, bytesAtStart: number): void {
    if (this.#isClosed) return;
    const end = new AbortController();
    this.#running = { firstKept, bytesAtStart, end };
    const compact = async () => {
      try {
        await compactor(this.#folder, firstKept, end.signal);
      } finally {
        this.#running = null;
      }
      if (end.signal.aborted) return;
      await this.#inTurn(() => this.#keepFrom(firstKept));
      this.#notice({ kind: 'compacted', firstKept });
      // The journal grew meanwhile.
      if (!this.#isClosed) await this.#inTurn(() => this.#prune());
    };
    this.#compacted = compact().catch((error: unknown) => {
      if (!end.signal.aborted) this.#failed(firstKept, error as Error);
    });
  }

  #failed(firstKept: number, error: Error): void {
    const reason = error.message;
    this.#attempts++;
    if (reason !== this.#failure) this.#notice({ kind: 'compactionFailed', firstKept, reason });
    this.#failure = reason;
  }

  /** As much goes as is beyond the bounds, and what is left of a machine without a beginning, if another one follows. */
  async #pruneWithout(want: number, reason: string | null): Promise<void> {
    let kept = want;
    while (kept < this.#current && !(await this.#isBeginning(kept))) kept++;
    if (!(await this.#isBeginning(kept))) kept = want;
    await this.#keepFrom(kept);
    if (reason !== null) this.#notice({ kind: 'prunedWithoutSnapshot', firstKept: kept, reason });
  }

  /** Removes all before a segment. The journal is whole at every instant, wherever this is cut short. */
  async #keepFrom(segment: number): Promise<void> {
    this.#attempts = 0;
    this.#failure = null;
    // What it is at work on goes.
    if (this.#running !== null && this.#running.firstKept <= segment) this.#running.end.abort();
    const word = join(this.#folder, prunedName(segment));
    await this.#files.remove(word);
    await this.#files.write(word, []);
    await this.#removeBefore(segment, await readdir(this.#folder));
  }

  /** Removes segments and snapshots before a segment, then the word that they are to go. */
  async #removeBefore(segment: number, names: readonly string[]): Promise<void> {
    for (const number of [segmentNumber, snapshotNumber, prunedNumber]) {
      for (const name of names) {
        const of = number(name);
        if (of === null || of > segment || (of === segment && number !== prunedNumber)) continue;
        await this.#files.remove(join(this.#folder, name));
        this.#begins.delete(of);
      }
    }
  }

  async #older(): Promise<SegmentFacts[]> {
    const facts: SegmentFacts[] = [];
    for (const number of segmentsAmong(await readdir(this.#folder))) {
      if (number >= this.#current) continue;
      const { size, mtimeMs } = await stat(join(this.#folder, segmentName(number)));
      facts.push({ number, bytes: size, writtenMillis: mtimeMs });
    }
    return facts;
  }

  /** The last segment from `from` to `to` that begins a machine, null if none does. */
  async #lastBeginning(from: number, to: number): Promise<number | null> {
    for (let segment = to; segment >= from; segment--) {
      if (await this.#isBeginning(segment)) return segment;
    }
    return null;
  }

  async #isBeginning(segment: number): Promise<boolean> {
    let begins = this.#begins.get(segment);
    if (begins === undefined) {
      begins = await isBeginning(this.#folder, segment);
      this.#begins.set(segment, begins);
    }
    return begins;
  }
}

async function isBeginning(folder: string, segment: number): Promise<boolean> {
  try {
    const opening = await openingOf(folder, segment);
    return opening !== null && !opening.continues;
  } catch (error) {
    // Damaged: no replay can begin there.
    if (error instanceof JournalError) return false;
    throw error;
  }
}
