import { appendFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type CheckpointRecord,
  type ContainerHandle,
  restoreCheckpoint,
} from '../../../engine/agent/index.ts';
import { type ExecutorId, type FrameworkId, micros, type UpdateId } from '../../../engine/core/index.ts';
import { ExecutorUuids } from '../codec/ids/executor-uuids.ts';
import { IdTexts } from '../codec/ids/id-texts.ts';
import { CheckpointLog } from './checkpoint-log.ts';
import { fileHeader, FILE_HEADER_SIZE } from './checkpoint-format.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orrery-checkpoint-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

interface Opened {
  readonly log: CheckpointLog;
  readonly ids: IdTexts;
  readonly uuids: ExecutorUuids;
  readonly durable: number[];
}

async function open(growthMin = 1_000_000): Promise<Opened> {
  const ids = new IdTexts(null);
  const uuids = new ExecutorUuids();
  const durable: number[] = [];
  const log = await CheckpointLog.open({
    folder,
    ids,
    uuids,
    durable: (sequence) => durable.push(sequence),
    failed: (error) => {
      throw error;
    },
    growthMin,
  });
  return { log, ids, uuids, durable };
}

const agent = (nextContainer: number): CheckpointRecord => ({
  kind: 'agent',
  agent: {
    agentId: null,
    info: null,
    resources: null,
    drain: null,
    newestOperation: null,
    nextUpdate: 1 as UpdateId,
    nextContainer: nextContainer as ContainerHandle,
  },
});
const sandbox = (container: number, executor: number): CheckpointRecord => ({
  kind: 'sandbox',
  sandbox: {
    container: container as ContainerHandle,
    frameworkId: 1 as FrameworkId,
    executorId: executor as ExecutorId,
    since: micros(container),
  },
});
const record = fc.oneof(
  fc.integer({ min: 1, max: 9 }).map(agent),
  fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })).map(([a, b]) => sandbox(a, b)),
  fc.integer({ min: 1, max: 9 }).map(
    (container): CheckpointRecord => ({
      kind: 'sandboxForgotten',
      container: container as ContainerHandle,
    }),
  ),
);
const history = fc.array(fc.array(record, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 25 });

async function file(): Promise<string> {
  const names = await readdir(folder);
  expect(names).toHaveLength(1);
  return join(folder, names[0]!);
}

test('what was appended is read again, whatever was written anew meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(history, fc.integer({ min: 50, max: 600 }), async (steps, growthMin) => {
      await rm(folder, { recursive: true, force: true });
      const { log, durable } = await open(growthMin);
      for (const records of steps) {
        log.append(records);
        if (records.length % 2 === 0) await new Promise(setImmediate);
      }
      await log.close();
      expect(durable.at(-1)).toBe(steps.length);
      const again = await open();
      expect(again.log.checkpoint).toEqual(restoreCheckpoint(steps.flat()));
      expect(again.log.repaired).toBe(0);
      await again.log.close();
    }),
    { numRuns: 30 },
  );
});

test('a file that is cut anywhere holds what was durable before the cut, and goes on', async () => {
  await fc.assert(
    fc.asyncProperty(history, fc.nat(), async (steps, cut) => {
      await rm(folder, { recursive: true, force: true });
      const first = await open();
      const sizes: number[] = [FILE_HEADER_SIZE];
      for (const records of steps) {
        const sequence = first.log.append(records);
        while (!first.durable.includes(sequence)) await new Promise(setImmediate);
        sizes.push((await readFile(await file())).length);
      }
      await first.log.close();
      const size = FILE_HEADER_SIZE + (cut % (sizes.at(-1)! - FILE_HEADER_SIZE + 1));
      await truncate(await file(), size);
      const whole = sizes.filter((each) => each <= size).length - 1;
      const second = await open();
      expect(second.log.repaired).toBe(size - sizes[whole]!);
      const expected = steps.slice(0, whole).flat();
      expect(second.log.checkpoint).toEqual(whole === 0 ? null : restoreCheckpoint(expected));
      second.log.append([agent(99)]);
      await second.log.close();
      const third = await open();
      expect(third.log.checkpoint).toEqual(restoreCheckpoint([...expected, agent(99)]));
      await third.log.close();
    }),
    { numRuns: 30 },
  );
});

test('a byte that flips before the last write is found and named', async () => {
  const { log, durable } = await open();
  for (let step = 1; step <= 4; step++) {
    log.append([agent(step)]);
    while (!durable.includes(step)) await new Promise(setImmediate);
  }
  await log.close();
  const path = await file();
  const bytes = await readFile(path);
  bytes[FILE_HEADER_SIZE + 30]! ^= 1;
  await writeFile(path, bytes);
  await expect(open()).rejects.toThrow(
    /damaged at byte 16, and what was written later is whole\. Restore it from a backup; or move it away/,
  );
});

test('garbage after the last write is taken away', async () => {
  const first = await open();
  first.log.append([agent(7)]);
  await first.log.close();
  await appendFile(await file(), Buffer.from('OCR1 and no frame at all, however long this may be'));
  const second = await open();
  expect(second.log.repaired).toBe(50);
  expect(second.log.checkpoint?.nextContainer).toBe(7);
  await second.log.close();
});

test('another format, and what is no checkpoint, are refused with what to do', async () => {
  const path = join(folder, 'checkpoint.00000001');
  const header = fileHeader();
  await writeFile(path, Buffer.from('something else'));
  await expect(open()).rejects.toThrow('does not begin as a checkpoint does');
  header.writeUInt32LE(9, 8);
  await writeFile(path, header);
  await expect(open()).rejects.toThrow('its header is damaged');
  const { crc32 } = await import('node:zlib');
  header.writeUInt32LE(crc32(header.subarray(0, 12)), 12);
  await writeFile(path, header);
  await expect(open()).rejects.toThrow(
    'it has format 9, this version reads format 1: start the version that wrote it',
  );
});

test('numbers of ids mean the same to the next process', async () => {
  const { log, ids, uuids } = await open(10);
  const executors = ['one', 'two', 'three'].map((text) => ids.executor(text));
  const uuid = uuids.number(new Uint8Array(16).fill(7));
  log.append(executors.map((executor, index) => sandbox(index + 1, executor)));
  await new Promise(setImmediate);
  const late = ids.executor('late');
  log.append([sandbox(9, late)]);
  await log.close();
  const again = await open();
  const texts = again.log.checkpoint!.sandboxes.map(({ executorId }) => again.ids.executorText(executorId));
  expect(texts).toEqual(['one', 'two', 'three', 'late']);
  expect(again.uuids.number(new Uint8Array(16).fill(7))).toBe(uuid);
  expect(again.ids.executor('new')).toBeGreaterThan(late);
  await again.log.close();
});
