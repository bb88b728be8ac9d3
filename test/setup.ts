import * as fc from 'fast-check';
import { vi } from 'vitest';

/**
 * Replays a failing property: fast-check prints `seed` and `path`, and
 * `ORRERY_SEED=<seed> ORRERY_PATH=<path> npx vitest run <file>` runs just that case.
 * In CI every run draws the same cases, so that a change is judged by what it changes; elsewhere, and with `ORRERY_SEED=random`, they are new each time.
 * `ORRERY_RUNS` sets the number of runs of every property, also where the test asks for a number of its own.
 * `ORRERY_SHRINK` is how many seconds a failure is made smaller at the most, 20 by default: histories of whole masters would shrink for many
 * minutes, and a run that has failed must say so soon.
 */
/** Of every property in CI. */
const CI_SEED = '20261127';
const given = process.env['ORRERY_SEED'] ?? (process.env['CI'] === undefined ? undefined : CI_SEED);
const seed = given === 'random' ? undefined : given;
const path = process.env['ORRERY_PATH'];
const runs = process.env['ORRERY_RUNS'];
const shrinkMilliseconds = 1_000 * Number(process.env['ORRERY_SHRINK'] ?? 20);

/** What is tried once the time to shrink is over counts as passed, unseen: the smallest failure so far is reported. */
function boundedShrink(): fc.PluginInstance<unknown> {
  let end = Number.POSITIVE_INFINITY;
  const note = (failure: fc.PropertyFailure | fc.PreconditionFailure | null) => {
    if (failure !== null && 'error' in failure && end === Number.POSITIVE_INFINITY)
      end = performance.now() + shrinkMilliseconds;
    return failure;
  };
  return {
    decorateRun: (run) => (value) => {
      if (performance.now() > end) return null;
      const ended = run(value);
      return ended instanceof Promise ? ended.then(note) : note(ended);
    },
  };
}

// One thread runs many test files over one fast-check: the first of them brings the plugin.
if (fc.readConfigureGlobal()?.reporter === undefined) fc.installGlobalPlugin(boundedShrink);

fc.configureGlobal({
  ...(seed === undefined ? {} : { seed: Number(seed) }),
  ...(path === undefined ? {} : { path }),
  ...(runs === undefined ? {} : { numRuns: Number(runs) }),
  reporter(out) {
    if (!out.failed) return;
    const replay = `ORRERY_SEED=${out.seed} ORRERY_PATH=${out.counterexamplePath ?? ''} npx vitest run <this file>`;
    throw new Error(`${fc.defaultReportMessage(out) ?? 'property failed'}\n\nReplay: ${replay}`, {
      cause: out.errorInstance,
    });
  },
});

if (runs !== undefined) {
  // Parameters of a call win over the global ones: they are changed on their way.
  vi.doMock('fast-check', () => ({
    ...fc,
    assert: (property: fc.IRawProperty<unknown>, parameters: fc.Parameters<unknown> = {}) =>
      fc.assert(property, { ...parameters, numRuns: Number(runs) }),
  }));
}
