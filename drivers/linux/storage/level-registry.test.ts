import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { afterEach, expect, test } from 'vitest';
import { type AgentId, type MasterEpoch, micros } from '../../../engine/core/index.ts';
import { LevelRegistry } from './level-registry.ts';
import { MemoryRegistry } from './memory-registry.ts';
import { registryStoreContract } from './registry-store-contract.ts';

const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'orrery-registry-'));
  folders.push(folder);
  return folder;
}

registryStoreContract(
  'LevelRegistry',
  async () => {
    const folder = await freshFolder();
    return { open: () => LevelRegistry.open(folder) };
  },
  true,
);
registryStoreContract(
  'MemoryRegistry',
  () => Promise.resolve({ open: () => Promise.resolve(new MemoryRegistry()) }),
  false,
);

test('a registry that another process has open is refused, and the message says what to do', async () => {
  const folder = await freshFolder();
  const store = await LevelRegistry.open(folder);
  await expect(LevelRegistry.open(folder)).rejects.toThrow(
    /open in another process: stop that master, or give this one another --work_dir/,
  );
  await store.close();
});

test('a registry of another format is refused, and the message says what to do', async () => {
  const folder = await freshFolder();
  const level = new ClassicLevel(folder);
  await level.put('format', '2');
  await level.close();
  await expect(LevelRegistry.open(folder)).rejects.toThrow(
    /has format 2, this version reads format 1: start the version that wrote it/,
  );
});

test('a damaged entry and a missing one are named', async () => {
  const folder = await freshFolder();
  const store = await LevelRegistry.open(folder);
  for (let n = 1; n <= 3; n++) await store.append([{ kind: 'masterElected', epoch: n as MasterEpoch }]);
  await store.close();
  const level = new ClassicLevel<string, Buffer>(folder, { valueEncoding: 'buffer' });
  await level.put('log/0000000000000003', Buffer.from([99]));
  await level.close();
  await expect(LevelRegistry.open(folder)).rejects.toThrow(/damaged entry log\/0000000000000003/);
  await level.open();
  await level.del('log/0000000000000002');
  await level.close();
  await expect(LevelRegistry.open(folder)).rejects.toThrow(
    /misses the entry log\/0000000000000002 before log\/0000000000000003/,
  );
});

test('a long log is folded into a snapshot, and opening reads the same', async () => {
  const folder = await freshFolder();
  const store = await LevelRegistry.open(folder);
  const writes: Promise<void>[] = [];
  for (let n = 1; n <= 41_000; n++) {
    writes.push(store.append([{ kind: 'masterElected', epoch: n as MasterEpoch }]));
    // Not all at once: what waits is written together and would be few entries.
    if (n % 2 === 0 && n < 40_500) await writes.pop();
  }
  await Promise.all(writes);
  const before = await store.load();
  await store.close();
  const again = await LevelRegistry.open(folder);
  expect(await again.load()).toEqual(before);
  await again.append([{ kind: 'agentMarkedGone', id: 1 as AgentId, at: micros(1) }]);
  await again.close();
  const level = new ClassicLevel(folder);
  expect((await level.keys({ gt: 'log/', lt: 'log0' }).all()).length).toBeLessThan(20_000);
  await level.close();
});

const WRITER = `
  import { LevelRegistry } from ${JSON.stringify(new URL('../../../dist/drivers/linux/storage/level-registry.js', import.meta.url).href)};
  const store = await LevelRegistry.open(process.argv[1]);
  let epoch = (await store.load()).epoch;
  for (;;) {
    await store.append([{ kind: 'masterElected', epoch: ++epoch }]);
    process.stdout.write(epoch + '\\n');
  }
`;

test('a process killed at any instant leaves everything that it had been told is durable', async () => {
  const folder = await freshFolder();
  for (let round = 0; round < 4; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', WRITER, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (data: Buffer) => {
      text += data.toString();
      if (text.split('\n').length > 40 + round * 37) child.kill('SIGKILL');
    });
    await once(child, 'close');
    const told = Number(text.split('\n').at(-2));
    const store = await LevelRegistry.open(folder);
    const { epoch } = await store.load();
    await store.close();
    expect(epoch).toBeGreaterThanOrEqual(told);
  }
});
