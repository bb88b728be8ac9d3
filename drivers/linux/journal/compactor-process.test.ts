import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { compactorProcess } from './compactor-process.ts';
import { unfinishedSnapshotName } from './journal-format.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orrery-compactor-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** A compactor of this program text, which knows the folder as `folder`, the segment as `segment`. */
function compactorOf(text: string) {
  return compactorProcess((of, segment) => [
    '--input-type=module',
    '-e',
    `const folder = ${JSON.stringify(of)}, segment = ${segment}; ${text}`,
  ]);
}

const never = new AbortController().signal;
const WRITE_UNFINISHED = `
  const { writeFileSync } = await import('node:fs');
  writeFileSync(folder + '/${unfinishedSnapshotName(7, 0).replace('.0.', ".' + process.pid + '.")}', 'half');
`;

test('it is told the folder and the segment, and has done its work when it ends with 0', async () => {
  await compactorOf(
    `const { writeFileSync } = await import('node:fs'); writeFileSync(folder + '/done', String(segment));`,
  )(folder, 7, never);
  expect(readFileSync(join(folder, 'done'), 'utf8')).toBe('7');
});

test('whatever else it ends with is told with its last words, and what it left unfinished is removed', async () => {
  await expect(
    compactorOf(`${WRITE_UNFINISHED} console.error('first'); console.error('no room'); process.exit(2);`)(
      folder,
      7,
      never,
    ),
  ).rejects.toThrow('the compactor ended with exit code 2: no room');
  await expect(
    compactorOf(`${WRITE_UNFINISHED} process.kill(process.pid, 'SIGKILL');`)(folder, 7, never),
  ).rejects.toThrow('the compactor ended with SIGKILL');
  expect(readdirSync(folder)).toEqual([]);
});

test('it is ended when it is no longer wanted', async () => {
  const end = new AbortController();
  const running = compactorOf(
    `${WRITE_UNFINISHED} writeFileSync(folder + '/pid', String(process.pid)); process.stdin.resume();`,
  )(folder, 7, end.signal);
  const ended = expect(running).rejects.toThrow('the compactor ended with SIGKILL');
  while (!existsSync(join(folder, 'pid'))) await sleep(10);
  end.abort();
  await ended;
  expect(readdirSync(folder)).toEqual(['pid']);
  const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});
