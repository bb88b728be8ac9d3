import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** Properties run this often for each mutant unless ORRERY_RUNS says otherwise, always with the same seed, and a failure is not made small. */
const RUNS = '50';
const SEED = '1';

/**
 * Runs test files with vitest in `root` until the first failure.
 * @param {string} root a checkout or a copy of one
 * @param {readonly string[]} tests files, relative to it
 * @param {number} limit milliseconds; 0 for none
 * @param {AbortSignal} signal ends it
 * @returns {Promise<{ outcome: 'passed' | 'failed' | 'timeLimit', text: string }>}
 */
export function runTests(root, tests, limit, signal) {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  return new Promise((resolve, reject) => {
    // A group of its own, so that a loop without end is ended with its threads and forks.
    const child = spawn(process.execPath, [vitest, 'run', '--bail', '1', '--reporter', 'dot', ...tests], {
      cwd: root,
      env: environment(),
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
    let late = false;
    const end = () => {
      // A process that did not start has no id; `error` tells of it.
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch (error) {
        if (error.code !== 'ESRCH') throw error;
      }
    };
    const timer =
      limit === 0
        ? undefined
        : setTimeout(() => {
            late = true;
            end();
          }, limit);
    signal.addEventListener('abort', end);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve({ outcome: late ? 'timeLimit' : code === 0 ? 'passed' : 'failed', text });
    });
  });
}

/** A vitest around this one must not be taken for the one that is started. */
function environment() {
  const env = { ORRERY_RUNS: RUNS, NO_COLOR: '1' };
  for (const [name, value] of Object.entries(process.env))
    if (!name.startsWith('VITEST') && name !== 'NODE_ENV' && name !== 'FORCE_COLOR') env[name] = value;
  return { ...env, ORRERY_SEED: SEED, ORRERY_SHRINK: '0' };
}
