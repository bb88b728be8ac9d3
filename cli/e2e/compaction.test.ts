import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build, orrery } from '../testing/command.ts';
import { freePort } from '../../drivers/linux/testing/free-port.ts';
import { eventually, TestDaemon } from './daemons.ts';

// A master whose journal is too small for it: compactors make snapshots beside it, one of them killed; master killed as well. What is left replays.

const JOURNAL_MAX = 64 * 1_024;
const SEGMENT = JOURNAL_MAX / 4;
const PATIENCE_MILLIS = 240_000;

let folder: string;

beforeAll(async () => {
  await build();
  folder = mkdtempSync(join(tmpdir(), 'orrery-compaction-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function filesLike(pattern: RegExp): string[] {
  return readdirSync(join(folder, 'master', 'journal'))
    .filter((name) => pattern.test(name))
    .sort();
}

const segments = () => filesLike(/^journal-/);

/** Whether segments are to go, once a snapshot stands for them. */
function isOverBound(): boolean {
  const older = segments().slice(0, -1);
  const bytes = older.map((name) =>
    statSync(join(folder, 'master', 'journal', name), { throwIfNoEntry: false }),
  );
  return SEGMENT + bytes.reduce((sum, stats) => sum + (stats?.size ?? 0), 0) > JOURNAL_MAX;
}

/** Processes that a process started. */
function childrenOf(pid: number): number[] {
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(Number);
}

/** A framework that comes, with a name of its own, and goes. */
async function subscribeOnce(url: string, number: number): Promise<void> {
  const abort = new AbortController();
  const frameworkInfo = {
    user: 'u',
    name: `framework ${number} ${'x'.repeat(400)}`,
    roles: [`role-${number % 7}`],
    failover_timeout: 0,
    capabilities: [{ type: 'MULTI_ROLE' }],
  };
  const response = await fetch(`${url}/api/v1/scheduler`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ type: 'SUBSCRIBE', subscribe: { framework_info: frameworkInfo } }),
    signal: abort.signal,
  });
  expect(response.status).toBe(200);
  await response.body!.getReader().read();
  abort.abort();
}

test(
  'the journal of a master stays small and replays, whoever is killed on the way',
  async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const master = new TestDaemon('master', join(folder, 'master.log'), () => [
      'master',
      `--port=${port}`,
      `--work_dir=${join(folder, 'master')}`,
      '--journal_max_size=64KB',
      `--decision_trace=${join(folder, `decisions-${master.starts}.txt`)}`,
    ]);
    let number = 0;
    const leads = () =>
      eventually('the master leads', async () => {
        try {
          await subscribeOnce(url, number);
          return true;
        } catch {
          return null;
        }
      });
    const recordUntil = (what: string, isReached: () => boolean) =>
      eventually(what, async () => {
        await subscribeOnce(url, ++number);
        return isReached() ? true : null;
      });
    const recordUntilOver = () => recordUntil('the bound is passed', isOverBound);
    const compactions = () => master.log().split('a snapshot stands for').length - 1;
    const compacted = (count: number) =>
      eventually(`${count} compactions`, () => (!isOverBound() && compactions() >= count ? true : null));

    await master.start();
    await leads();
    await recordUntilOver();
    await compacted(1);
    await recordUntilOver();
    // The compactor dies: the next one does its work, when there is one more segment.
    const killed = await eventually('a compactor', () => childrenOf(master.pid)[0] ?? null);
    process.kill(killed, 'SIGKILL');
    await eventually('its end is told', () =>
      master.log().includes('the compactor ended with SIGKILL') ? true : null,
    );
    expect(filesLike(/\.tmp$/)).toEqual([]);
    const last = segments().at(-1)!;
    await recordUntil('the next segment', () => segments().at(-1) !== last);
    await compacted(2);
    // The master dies while a compactor is at work, which ends with it.
    await recordUntilOver();
    const orphan = await eventually('a compactor', () => childrenOf(master.pid)[0] ?? null);
    await master.end('SIGKILL');
    await eventually('the compactor has ended', () => {
      try {
        process.kill(orphan, 0);
        return null;
      } catch {
        return true;
      }
    });
    await master.start();
    await leads();
    expect(filesLike(/\.tmp$/)).toEqual([]);
    const replayed = await orrery(folder, 'replay', 'master/journal', '--json');
    expect(replayed).toMatchObject({ code: 0, err: '' });
    const between = JSON.parse(replayed.out) as { machines: { snapshot: { inputs: number } | null }[] };
    expect(between.machines).toHaveLength(2);
    expect(between.machines[0]!.snapshot!.inputs).toBeGreaterThan(0);
    expect(between.machines[1]!.snapshot).toBeNull();
    // The first master goes, first in part, then whole; then the second one is cut as well.
    while (compactions() < 7) {
      await recordUntilOver();
      await compacted(0);
    }
    expect(await master.end('SIGTERM')).toBe(0);
    expect(master.log()).not.toContain('without a snapshot');

    const args = ['replay', 'master/journal', '--decisions', 'replayed.txt', '--json'];
    const after = await orrery(folder, ...args);
    expect(after).toMatchObject({ code: 0, err: '' });
    const { machines } = JSON.parse(after.out) as {
      machines: { snapshot: unknown; closed: string | null }[];
    };
    expect(machines).toHaveLength(1);
    expect(machines[0]).toMatchObject({ closed: 'the master was stopped' });
    expect(machines[0]!.snapshot).not.toBeNull();
    const lines = readFileSync(join(folder, 'replayed.txt'), 'utf8');
    expect(lines).toContain('subscribed framework');
    expect(readFileSync(join(folder, 'decisions-2.txt'), 'utf8').endsWith(lines)).toBe(true);
    // One snapshot stands for what is gone; a later one may be on its way to that.
    expect(filesLike(/^snapshot-/).length).toBeGreaterThan(0);
  },
  PATIENCE_MILLIS,
);
