import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, expect, test } from 'vitest';
import { hierarchicalDrf } from '../../../allocators/hierarchical-drf/index.ts';
import { decisionLine, NUMBERS } from '../journal/decision-trace.ts';
import { DEFAULT_JOURNAL_OPTIONS } from '../journal/journal-options.ts';
import { replayJournal } from '../journal/replay-journal.ts';
import { RegistryStoreError } from '../storage/registry-store.ts';
import { type MasterDaemonOptions, startMasterDaemon } from './master-daemon.ts';

const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function optionsIn(): Promise<MasterDaemonOptions> {
  const workDir = await mkdtemp(join(tmpdir(), 'orrery-master-'));
  folders.push(workDir);
  return {
    workDir,
    port: 0,
    registry: 'level',
    allocatorName: 'hierarchical-drf',
    program: '0.1.0',
    compactor: null,
    journal: DEFAULT_JOURNAL_OPTIONS,
    decisions: join(workDir, 'decisions.txt'),
    log: pino({ level: 'silent' }),
  };
}

async function subscribe(url: string): Promise<string> {
  const abort = new AbortController();
  const call = () =>
    fetch(`${url}/api/v1/scheduler`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({
        type: 'SUBSCRIBE',
        subscribe: {
          framework_info: {
            user: 'u',
            name: 'f',
            roles: ['eng'],
            failover_timeout: 60,
            capabilities: [{ type: 'MULTI_ROLE' }],
          },
        },
      }),
      signal: abort.signal,
    });
  let response = await call();
  // Not leading before the election is durable.
  while (response.status === 503) response = await call();
  expect(response.status).toBe(200);
  const { value } = await response.body!.getReader().read();
  abort.abort();
  return Buffer.from(value!).toString();
}

test('what a master decided is decided again by the replay of its journal, and its ids stay over restarts', async () => {
  const options = await optionsIn();
  const first = await startMasterDaemon(options);
  const { cluster } = first.ids;
  expect(await subscribe(first.url)).toContain(`"value":"${cluster}00000001-0000"`);
  await first.close();
  const decisions = await readFile(options.decisions!, 'utf8');
  expect(decisions).toContain('subscribed framework');

  const second = await startMasterDaemon({ ...options, decisions: null });
  expect(second.ids.cluster).toBe(cluster);
  expect(await subscribe(second.url)).toContain(`"value":"${cluster}00000002-0000"`);
  await second.close();

  const lines: string[] = [];
  let machines = 0;
  const replayed = await replayJournal(join(options.workDir, 'journal'), {
    factoryOf: () => hierarchicalDrf,
    program: '0.1.0',
    until: () => false,
    observer: {
      made: () => machines++,
      stepped(now, _input, outputs) {
        if (machines > 1) return;
        for (const output of outputs) {
          const line = decisionLine(now, output, NUMBERS);
          if (line !== null) lines.push(`${line}\n`);
        }
      },
    },
  });
  expect(replayed.divergence).toBeNull();
  expect(replayed.machines.map(({ closed }) => closed)).toEqual([
    'the master was stopped',
    'the master was stopped',
  ]);
  expect(lines.join('')).toBe(decisions);
});

test('two masters do not share a work directory', async () => {
  const options = await optionsIn();
  const first = await startMasterDaemon(options);
  await expect(startMasterDaemon({ ...options, decisions: null })).rejects.toThrow(RegistryStoreError);
  await first.close();
});
