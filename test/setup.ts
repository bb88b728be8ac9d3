import * as fc from 'fast-check';

/**
 * Replays a failing property: fast-check prints `seed` and `path`, and
 * `ORRERY_SEED=<seed> ORRERY_PATH=<path> npx vitest run <file>` runs just that case.
 * `ORRERY_RUNS` sets the number of runs of every property.
 */
const seed = process.env['ORRERY_SEED'];
const path = process.env['ORRERY_PATH'];
const runs = process.env['ORRERY_RUNS'];

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
