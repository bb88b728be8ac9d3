import { cp, mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { hierarchicalDrf } from '../../../allocators/hierarchical-drf/index.ts';
import {
  type AgentId,
  type FrameworkId,
  type Micros,
  micros,
  type TaskId,
  type UpdateId,
} from '../../../engine/core/index.ts';
import type { AllocatorFactory, MasterInput, RequestId, StreamId } from '../../../engine/master/index.ts';
import { BLOCK_HEADER_SIZE, FILE_HEADER_SIZE, segmentName } from './journal-format.ts';
import { JournalError } from './journal-error.ts';
import { DEFAULT_JOURNAL_OPTIONS } from './journal-options.ts';
import { readJournal } from './journal-reader.ts';
import type { JournalRecord } from './journal-record.ts';
import { type JournalNotice, JournalWriter } from './journal-writer.ts';
import { HISTORY_MAKING, HISTORY_START, recordHistory } from './recorded-history.ts';
import { replayJournal } from './replay-journal.ts';

const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'orrery-journal-'));
  folders.push(folder);
  return folder;
}

const FACTORIES = (name: string): AllocatorFactory => {
  expect(name).toBe('hierarchical-drf');
  return hierarchicalDrf;
};

async function recordsOf(folder: string): Promise<JournalRecord[]> {
  const records: JournalRecord[] = [];
  for await (const { record: one } of readJournal(folder, () => {})) records.push(one);
  return records;
}

function replayAll(folder: string, until: Micros | null = null) {
  return replayJournal(folder, {
    factoryOf: FACTORIES,
    program: '0.1.0',
    observer: {},
    until: (now) => until !== null && now > until,
  });
}

/** Many blocks: the disk gets what was recorded every few steps. */
const BLOCKS = { pause: { steps: 3, then: () => Promise.resolve() } };

test('a recorded master replays with the outputs that it had, whatever its history', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.nat(400), async (seed, steps) => {
      const folder = await freshFolder();
      const hash = await recordHistory(folder, seed, steps);
      const { machines, divergence, torn } = await replayAll(folder);
      expect(divergence).toBeNull();
      expect(torn).toEqual([]);
      expect(machines).toHaveLength(1);
      expect(machines[0]).toMatchObject({ hash, closed: 'the test is over', allocator: 'hierarchical-drf' });
      expect(machines[0]!.checkpoints).toBeGreaterThan(0);
    }),
    { numRuns: 15 },
  );
});

test('several masters, one after the other, are one journal', async () => {
  const folder = await freshFolder();
  const hashes = [
    await recordHistory(folder, 1, 200),
    await recordHistory(folder, 2, 100),
    await recordHistory(folder, 3, 50),
  ];
  const { machines } = await replayAll(folder);
  expect(machines.map(({ hash }) => hash)).toEqual(hashes);
});

test('segments roll over, and a machine goes on in the next one', async () => {
  const folder = await freshFolder();
  const hash = await recordHistory(folder, 5, 6_000, { options: { segmentBytes: 20_000 } });
  const names = await readdir(folder);
  expect(names.length).toBeGreaterThan(3);
  const { machines, divergence } = await replayAll(folder);
  expect(divergence).toBeNull();
  expect(machines).toHaveLength(1);
  expect(machines[0]!.hash).toBe(hash);
});

test('a journal stays within its bytes, and the oldest segments go first', async () => {
  const folder = await freshFolder();
  await recordHistory(folder, 5, 8_000, { options: { segmentBytes: 20_000, totalBytes: 100_000 } });
  const names = (await readdir(folder)).sort();
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  expect(sizes.reduce((a, b) => a + b, 0)).toBeLessThan(200_000);
  expect(names).not.toContain(segmentName(1));
  expect(names.length).toBeGreaterThan(1);
});

test('a replay ends before the first input after an instant', async () => {
  const folder = await freshFolder();
  await recordHistory(folder, 7, 300);
  const whole = await replayAll(folder);
  const middle = micros(HISTORY_START + Math.floor((whole.machines[0]!.to! - HISTORY_START) / 2));
  const half = await replayAll(folder, middle);
  expect(half.machines[0]!.to!).toBeLessThanOrEqual(middle);
  expect(half.machines[0]!.inputs).toBeGreaterThan(0);
  expect(half.machines[0]!.inputs).toBeLessThan(whole.machines[0]!.inputs);
});

test('another decision than the recorded one is found, and told with its place', async () => {
  const folder = await freshFolder();
  await recordHistory(folder, 9, 300);
  const { divergence } = await replayJournal(folder, {
    // Half of the cluster's time between two allocations: other offers.
    factoryOf: () => (now, options, sink) =>
      hierarchicalDrf(now, { ...options, allocationInterval: micros(options.allocationInterval * 2) }, sink),
    program: '0.1.0',
    observer: {},
    until: () => false,
  });
  expect(divergence).toMatchObject({ segment: 1 });
  expect(divergence!.replayed).not.toBe(divergence!.recorded);
});

test('a tail torn off anywhere is no error: what is before it is whole; opening the journal cuts it off', async () => {
  const folder = await freshFolder();
  await recordHistory(folder, 11, 60, { ...BLOCKS, close: false });
  const path = join(folder, segmentName(1));
  const whole = await readFile(path);
  const records = await recordsOf(folder);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: whole.length }), fc.nat(40), async (cut, zeros) => {
      await writeFile(path, Buffer.concat([whole.subarray(0, cut), Buffer.alloc(zeros)]));
      const left: JournalRecord[] = [];
      const tails: number[] = [];
      try {
        for await (const { record: one } of readJournal(folder, ({ bytes }) => tails.push(bytes)))
          left.push(one);
      } catch (error) {
        // A header cut within and filled up with zeros cannot be told from a damaged one.
        expect(error).toBeInstanceOf(JournalError);
        expect(zeros).toBeGreaterThan(0);
        return;
      }
      expect(left).toEqual(records.slice(0, left.length));
      if (zeros === 0)
        expect(tails.length).toBe(left.length === records.length || tails.length === 0 ? 0 : 1);
      const notices: JournalNotice[] = [];
      const writer = await JournalWriter.open(folder, DEFAULT_JOURNAL_OPTIONS, (notice) =>
        notices.push(notice),
      );
      writer.begin('0.1.0', HISTORY_MAKING);
      await writer.close('again');
      expect(notices.map(({ kind }) => kind)).toEqual(tails.length > 0 ? ['repaired'] : []);
      const after = await recordsOf(folder);
      expect(after.slice(0, left.length)).toEqual(left);
      expect(after.slice(left.length)).toMatchObject([
        { kind: 'opened' },
        { kind: 'closed', reason: 'again' },
      ]);
      for (const name of await readdir(folder)) if (name !== segmentName(1)) await rm(join(folder, name));
    }),
    { numRuns: 60 },
  );
});

test('a flipped bit anywhere before the tail is found and named', async () => {
  const folder = await freshFolder();
  await recordHistory(folder, 13, 60, BLOCKS);
  const path = join(folder, segmentName(1));
  const whole = await readFile(path);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(7), async (at, bit) => {
      const bytes = Buffer.from(whole);
      bytes[at]! ^= 1 << bit;
      await writeFile(path, bytes);
      let found: unknown = null;
      try {
        await recordsOf(folder);
      } catch (error) {
        found = error;
      }
      // Four bytes of the header are unused but for the checksum over them.
      expect(found).toBeInstanceOf(JournalError);
      expect((found as Error).message).toContain(segmentName(1));
      if (at >= FILE_HEADER_SIZE) {
        const [, first, last] = /byte (\d+)(?: and byte (\d+))?/.exec((found as Error).message)!;
        const end = last === undefined ? Number(first) + BLOCK_HEADER_SIZE : Number(last);
        expect(at).toBeGreaterThanOrEqual(Number(first));
        expect(at).toBeLessThan(end);
      }
    }),
    { numRuns: 200 },
  );
});

test('a missing segment, an empty folder and a folder that is not there are told apart', async () => {
  const folder = await freshFolder();
  await expect(replayAll(folder)).rejects.toThrow(/holds no journal/);
  await expect(replayAll(join(folder, 'nowhere'))).rejects.toThrow(/no journal can be read/);
  await recordHistory(folder, 15, 3_000, { options: { segmentBytes: 10_000 } });
  await rm(join(folder, segmentName(2)));
  await expect(replayAll(folder)).rejects.toThrow(/journal-0000000002.orj is missing/);
});

test('a journal of another format is refused, and the message says what to do', async () => {
  const folder = await freshFolder();
  await recordHistory(folder, 17, 10);
  const path = join(folder, segmentName(1));
  const file = await open(path, 'r+');
  await file.write(Buffer.from([9]), 0, 1, 8);
  await file.close();
  await expect(replayAll(folder)).rejects.toThrow(
    /has format 9, this version reads formats 1 to 2: replay it with/,
  );
});

const FORMAT_1 = fileURLToPath(new URL('fixtures/format-1', import.meta.url));

// An upgrade finds what the version before it wrote.
test('a journal of format 1 is read, and a master goes on in its folder', async () => {
  const kinds: Record<string, number> = {};
  for (const { kind } of await recordsOf(FORMAT_1)) kinds[kind] = (kinds[kind] ?? 0) + 1;
  expect(kinds).toEqual({ opened: 1, input: 67, name: 16, checkpoint: 11, closed: 1 });

  const folder = await freshFolder();
  await cp(FORMAT_1, folder, { recursive: true });
  const before = await recordsOf(folder);
  await recordHistory(folder, 21, 30);
  const after = await recordsOf(folder);
  expect(after.slice(0, before.length)).toEqual(before);
  expect(after.length).toBeGreaterThan(before.length + 30);
});

test('an input that is no data ends the recording with a notice; what was recorded before it stays', async () => {
  const folder = await freshFolder();
  const notices: JournalNotice[] = [];
  const writer = await JournalWriter.open(folder, DEFAULT_JOURNAL_OPTIONS, (notice) => notices.push(notice));
  writer.begin('0.1.0', HISTORY_MAKING);
  const tick = { kind: 'tick' } as const;
  writer.input(HISTORY_START, tick);
  writer.input(HISTORY_START, { kind: 'streamClosed', stream: (() => 1) as never });
  expect(writer.isRecording).toBe(false);
  writer.input(HISTORY_START, tick);
  await writer.close('over');
  expect(notices).toMatchObject([
    { kind: 'failed', reason: expect.stringContaining('a function is no data') },
  ]);
  expect(await recordsOf(folder)).toMatchObject([
    { kind: 'opened' },
    { kind: 'input', now: HISTORY_START, input: tick },
  ]);
});

test('what is recorded reaches the file soon, whether or not anybody asks', async () => {
  const folder = await freshFolder();
  const writer = await JournalWriter.open(folder, DEFAULT_JOURNAL_OPTIONS, () => {});
  writer.begin('0.1.0', HISTORY_MAKING);
  const acknowledge: MasterInput = {
    kind: 'schedulerCalled',
    request: 1 as RequestId,
    principal: null,
    stream: 1 as StreamId,
    call: {
      type: 'ACKNOWLEDGE',
      frameworkId: 1 as FrameworkId,
      agentId: 2 as AgentId,
      taskId: 3 as TaskId,
      uuid: 4 as UpdateId,
    },
  };
  // More than wait for a block.
  const count = 1_000;
  for (let number = 0; number < count; number++) writer.input(HISTORY_START, acknowledge);
  await vi.waitFor(async () => expect(await recordsOf(folder)).toHaveLength(1 + count));
  await writer.close('over');
});

test('a renamed segment is not taken for another one', async () => {
  const folder = await freshFolder();
  await recordHistory(folder, 19, 10);
  const bytes = await readFile(join(folder, segmentName(1)));
  await writeFile(join(folder, segmentName(2)), bytes);
  await expect(replayAll(folder)).rejects.toThrow(/says that it is segment 1: it was renamed/);
});

test('a disk that fails ends the recording with a notice, and nothing else', async () => {
  const folder = await freshFolder();
  const notices: JournalNotice[] = [];
  const writer = await JournalWriter.open(folder, DEFAULT_JOURNAL_OPTIONS, (notice) => notices.push(notice));
  // The next segment's name is taken.
  await writeFile(join(folder, segmentName(1)), '');
  writer.begin('0.1.0', HISTORY_MAKING);
  await writer.flush();
  expect(notices).toMatchObject([{ kind: 'failed' }]);
  expect(writer.isRecording).toBe(false);
  writer.input(HISTORY_START, { kind: 'tick' });
  await writer.close('over');
  await truncate(join(folder, segmentName(1)), 0);
});
