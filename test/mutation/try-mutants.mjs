import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mutantsOf, mutate } from './mutants.mjs';
import { runTests } from './run-tests.mjs';
import { Sandbox } from './sandbox.mjs';

/** A mutant may take this many times as long as the unchanged module, and some seconds more for a machine that is busy. */
const LIMIT_FACTOR = 4;
const LIMIT_EXTRA_MS = 10_000;

/**
 * Tries the mutants of one module, each in a copy of the tree.
 * @param {{ root: string, file: string, tests: readonly string[], limit: number, workers: number, signal: AbortSignal,
 *   progress: (done: number, of: number) => void }} options `file` and `tests` relative to `root`; `limit` is how many mutants at the most
 * @returns {Promise<{ all: number, tried: (import('./mutants.mjs').Mutant & { outcome: string })[] } | { failure: string }>}
 *   in the order of the text; `failure` is what the tests said if they fail without a mutant
 */
export async function tryMutants({ root, file, tests, limit, workers, signal, progress }) {
  const text = readFileSync(join(root, file), 'utf8');
  const mutants = mutantsOf(text);
  const tried = mutants.slice(0, limit);
  const outcomes = [];
  const sandboxes = [];
  try {
    sandboxes.push(new Sandbox(root));
    const start = performance.now();
    const plain = await runTests(sandboxes[0].root, tests, 0, signal);
    if (plain.outcome !== 'passed') return { failure: plain.text };
    const timeLimit = LIMIT_EXTRA_MS + LIMIT_FACTOR * (performance.now() - start);
    while (sandboxes.length < Math.min(workers, tried.length)) sandboxes.push(new Sandbox(root));

    let next = 0;
    let done = 0;
    const work = async (sandbox) => {
      while (next < tried.length && !signal.aborted) {
        const index = next++;
        sandbox.write(file, mutate(text, tried[index]));
        const { outcome } = await runTests(sandbox.root, tests, timeLimit, signal);
        outcomes[index] = outcome === 'passed' ? 'survived' : outcome === 'failed' ? 'killed' : 'timeLimit';
        progress(++done, tried.length);
      }
    };
    await Promise.all(sandboxes.map(work));
  } finally {
    for (const sandbox of sandboxes) sandbox.remove();
  }
  return {
    all: mutants.length,
    tried: tried.map((mutant, index) => ({ ...mutant, outcome: outcomes[index] })),
  };
}
