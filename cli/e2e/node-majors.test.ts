import { execFileSync, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build, finished, ORRERY, temporaryFolder } from '../testing/command.ts';

// One hash whatever executes the program: other majors of Node than the one that runs the tests, named in ORRERY_NODES with colons between.

const others = (process.env['ORRERY_NODES'] ?? '').split(':').filter((path) => path !== '');
if (others.length === 0)
  console.warn('ORRERY_NODES names no other Node: hashes are compared on this one only');

const FAULTY_RUN = ['simulate', '--trace', 'g5k-medium', '--max-jobs', '200', '--faults', '--seed', '7'];

let folder: string;
let expected: readonly string[];

beforeAll(async () => {
  await build();
  folder = temporaryFolder();
  expected = await hashesOf(process.execPath, 'this');
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function json(node: string, args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, out, err } = await finished(
    spawn(node, [ORRERY, ...args, '--json'], { cwd: folder, timeout: 120_000 }),
  );
  if (code !== 0) throw new Error(`${node} ${args.join(' ')} ended with ${code}: ${err}`);
  return JSON.parse(out.trim().split('\n').at(-1)!) as Record<string, unknown>;
}

/** Of a replay under faults, and of a whole cluster with five masters. */
async function hashesOf(node: string, name: string): Promise<readonly string[]> {
  const run = await json(node, [...FAULTY_RUN, '--out', name]);
  const hunt = await json(node, ['hunt', '--seed', '4']);
  return [run['hash'], hunt['hash']].map((hash) => {
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    return String(hash);
  });
}

test('another process of this Node gives the same hashes', async () => {
  expect(await hashesOf(process.execPath, 'again')).toEqual(expected);
});

test.each(others)('%s gives the same hashes', async (node) => {
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  expect(version, 'a version of its own').not.toBe(process.version);
  expect(await hashesOf(node, version)).toEqual(expected);
});
