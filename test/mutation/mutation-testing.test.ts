import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, 'bin', 'mutation-testing.mjs'), ...args],
    { cwd: ROOT, encoding: 'utf8' },
  );
  return { status, stdout, stderr };
}

test('a change that the test notices is killed, and one that it does not is named with its place', () => {
  const { status, stdout, stderr } = run('test/mutation/sample/older.ts', '--json');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual({
    file: 'test/mutation/sample/older.ts',
    tests: ['test/mutation/sample/older.test.ts'],
    mutants: 2,
    tried: 2,
    killed: 1,
    score: 50,
    survivors: [{ line: 3, column: 12, operator: 'operator', before: '<', after: '<=' }],
    timeLimit: [],
  });
});

test.each([
  [['engine/nothing-here.ts'], 'there is no file engine/nothing-here.ts'],
  [[], 'one FILE is wanted, not 0; see --help'],
  [['README.md'], 'README.md is no TypeScript module to be tested'],
  [['../planted.ts'], '../planted.ts is not in this checkout'],
  [
    ['engine/master/index.ts'],
    'there is no engine/master/index.test.ts: name tests of engine/master/index.ts',
  ],
  [
    ['test/mutation/sample/older.ts', '--tests', 'no-such-test'],
    "no test file's path contains 'no-such-test'",
  ],
  [['test/mutation/sample/older.ts', '--limit', '0'], "--limit wants a whole number from 1, not '0'"],
  [['test/mutation/sample/older.ts', '--fast'], "Unknown option '--fast'"],
])('%j is refused in one line', (args, message) => {
  const { status, stdout, stderr } = run(...args);
  expect(status).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toContain(message);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});
