import {
  type HuntFailure,
  type HuntResult,
  type MutationEdit,
  type ScenarioSize,
  wholeCase,
} from '../../drivers/sim/hunt/index.ts';
import { WorkerLost, WorkerProcess } from './worker-process.ts';

/** Which seeds to run, and how long. */
export interface SeedsToRun {
  readonly from: number;
  /** Seeds in all; null for as many as the time allows. */
  readonly runs: number | null;
  /** Real time, ms; null for as long as it takes. */
  readonly maxMs: number | null;
  /** Processor time of all workers, µs; null for any. */
  readonly maxCpuMicros: number | null;
  /** No further seed begins once one has failed. */
  readonly stopsAtFailure: boolean;
  readonly workers: number;
  readonly edits: readonly MutationEdit[];
  readonly size: ScenarioSize | null;
}

/** One seed's outcome. */
export interface SeedResult {
  readonly seed: number;
  readonly result: HuntResult;
  readonly cpuMicros: number;
}

/** Totals so far. */
export interface SeedTotals {
  seeds: number;
  events: number;
  faults: number;
  /** Virtual time, µs. */
  duration: number;
  cpuMicros: number;
}

/** One seed in so many is run twice, and its hashes compared. */
const TWICE_ONE_IN = 16;
/** Real time after which a seed counts as one that never ends: none takes a tenth of it. */
const SEED_MAX_MS = 300_000;

/**
 * Runs seeds in ascending order on as many processes. What comes of a seed does not depend on the others, nor on the number of processes.
 *
 * @param onSeed called as seeds end, in the order of their ends
 * @returns failures by seed
 */
export async function runSeeds(
  job: SeedsToRun,
  totals: SeedTotals,
  onSeed: (one: SeedResult) => void,
): Promise<readonly SeedResult[]> {
  const started = performance.now();
  const failures: SeedResult[] = [];
  let next = job.from;
  const mayBegin = (): boolean => {
    if (job.runs !== null && next >= job.from + job.runs) return false;
    if (job.stopsAtFailure && failures.length > 0) return false;
    if (job.maxCpuMicros !== null && totals.cpuMicros >= job.maxCpuMicros) return false;
    return job.maxMs === null || performance.now() - started < job.maxMs;
  };
  const work = async (): Promise<void> => {
    let worker: WorkerProcess | null = null;
    while (mayBegin()) {
      const seed = next++;
      worker ??= new WorkerProcess(job.edits);
      const one = await runSeed(worker, seed, job.size);
      if (one.isLost) worker = null;
      totals.seeds++;
      totals.events += one.seed.result.events;
      totals.faults += one.seed.result.faults;
      totals.duration += one.seed.result.duration;
      totals.cpuMicros += one.seed.cpuMicros;
      if (one.seed.result.failure !== null) failures.push(one.seed);
      onSeed(one.seed);
    }
    worker?.end();
  };
  await Promise.all(Array.from({ length: job.workers }, work));
  return failures.sort((a, b) => a.seed - b.seed);
}

async function runSeed(
  worker: WorkerProcess,
  seed: number,
  size: ScenarioSize | null,
): Promise<{ readonly seed: SeedResult; readonly isLost: boolean }> {
  const isTwice = seed % TWICE_ONE_IN === 0;
  try {
    const answer = await worker.ask({ kind: 'run', which: wholeCase(seed, size), isTwice }, SEED_MAX_MS);
    if (answer.kind !== 'ran') throw new WorkerLost('a worker answers what it is asked');
    return { seed: { seed, result: answer.result, cpuMicros: answer.cpuMicros }, isLost: false };
  } catch (error) {
    if (!(error instanceof WorkerLost)) throw error;
    worker.end();
    const failure: HuntFailure = {
      property: 'L7',
      what: `L7: a step never ends, or takes all memory: ${error.message}`,
      at: 0 as HuntFailure['at'],
      stack: null,
    };
    const result: HuntResult = {
      hash: '',
      events: 0,
      duration: 0 as HuntResult['duration'],
      faults: 0,
      launches: 0,
      failure,
    };
    return { seed: { seed, result, cpuMicros: SEED_MAX_MS * 1_000 }, isLost: true };
  }
}
